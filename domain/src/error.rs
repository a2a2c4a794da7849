//! What can go wrong, in one table.
//!
//! Every refusal a caller can meet has a stable [`Code`]. The table below gives each code the class that decides its
//! transport status and a title that never changes; the `detail` of an [`Error`] says what happened this time, to a
//! person. Transports map [`Class`] and nothing else, so a new code needs no change outside this file.

use std::fmt;

use dermaga_ports::{StoreError, Unique, money::MoneyError};
use serde_json::Value;

/// What kind of answer a code deserves, independent of any transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The caller has not shown who they are.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// There is no such thing, or it is not the caller's to know of.
    NotFound,
    /// The request is fine; the present state forbids it.
    Conflict,
    /// The request itself is wrong; [`Error::faults`] says where.
    Invalid,
    /// Too often; [`Error::retry_after`] says when to come back.
    Throttled,
    /// Somebody outside, whom this was to be handed to, did not take it.
    Upstream,
    /// A part of the system is away; the same request may work later.
    Unavailable,
    /// A bug or a damaged record. The cause is logged, never shown.
    Internal,
}

macro_rules! codes {
    ($($variant:ident, $code:literal, $class:ident, $title:literal;)*) => {
        /// A stable, machine-readable name for one kind of refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $variant,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)* }
            }

            /// What kind of answer it deserves.
            pub fn class(self) -> Class {
                match self { $(Code::$variant => Class::$class,)* }
            }

            /// Whether it says something about the system, and nothing about the request.
            pub fn is_about_the_system(self) -> bool {
                matches!(self.class(), Class::Throttled | Class::Upstream | Class::Unavailable | Class::Internal)
            }

            /// One sentence that is the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }
        }
    };
}

codes! {
    TokenMissing, "token_missing", Unauthenticated, "An access token is required";
    TokenInvalid, "token_invalid", Unauthenticated, "The access token is not valid";
    TokenExpired, "token_expired", Unauthenticated, "The access token has expired";
    ServiceTokenInvalid, "service_token_invalid", Unauthenticated, "A valid service token is required";
    WebhookRejected, "webhook_rejected", Unauthenticated, "The webhook is not authentic";
    InvalidCredentials, "invalid_credentials", Unauthenticated, "Invalid credentials";
    RefreshTokenInvalid, "refresh_token_invalid", Unauthenticated, "The refresh token is not valid";
    RefreshTokenReused, "refresh_token_reused", Unauthenticated, "The refresh token was used before";
    PermissionDenied, "permission_denied", Forbidden, "Permission denied";
    RoleNotOpen, "role_not_open", Forbidden, "This role cannot be chosen at registration";
    UserNotFound, "user_not_found", NotFound, "There is no such user";
    WalletNotFound, "wallet_not_found", NotFound, "There is no such wallet";
    TransactionNotFound, "transaction_not_found", NotFound, "There is no such transaction";
    SealNotFound, "seal_not_found", NotFound, "There are not so many sealed batches";
    PaymentNotFound, "payment_not_found", NotFound, "There is no such payment";
    AccountNotFound, "account_not_found", NotFound, "There is no such ledger account";
    NotificationNotFound, "notification_not_found", NotFound, "There is no such notification";
    ProductNotFound, "product_not_found", NotFound, "There is no such product";
    OrderNotFound, "order_not_found", NotFound, "There is no such order";
    BookingNotFound, "booking_not_found", NotFound, "There is no such booking";
    ReportNotFound, "report_not_found", NotFound, "There is no such report";
    DeadLetterNotFound, "dead_letter_not_found", NotFound, "There is no such dead letter";
    EndpointNotFound, "webhook_endpoint_not_found", NotFound, "There is no such webhook endpoint";
    WebhookNotFound, "webhook_delivery_not_found", NotFound, "There is no such webhook delivery";
    EventNotFound, "event_not_found", NotFound, "There is no such event";
    TicketTypeNotFound, "ticket_type_not_found", NotFound, "The event has no such ticket type";
    TicketNotFound, "ticket_not_found", NotFound, "There is no such ticket";
    CheckinNotFound, "checkin_not_found", NotFound, "There is no such check-in";
    UnknownCode, "unknown_code", NotFound, "No ticket has this code";
    UnreadableCode, "unreadable_code", NotFound, "The code is damaged or incomplete";
    ForgedCode, "forged_code", Forbidden, "The code is not signed by this system";
    WrongEvent, "wrong_event", Forbidden, "The ticket is for another event";
    NotOnList, "not_on_list", Forbidden, "The ticket is not on the list of this event";
    Revoked, "revoked", Forbidden, "The ticket was revoked";
    Cancelled, "cancelled", Forbidden, "What the ticket was bought with was cancelled";
    NotYetValid, "not_yet_valid", Forbidden, "The ticket is not valid yet";
    Expired, "expired", Forbidden, "The ticket is no longer valid";
    ListClosed, "list_closed", Conflict, "The doors of this event are closed";
    NoExits, "no_exits", Conflict, "This event lets in once and counts nobody out";
    AlreadyEntered, "already_entered", Conflict, "Somebody has entered with this ticket";
    NotInside, "not_inside", Conflict, "Nobody is inside with this ticket";
    EventFull, "event_full", Conflict, "The event is full";
    EventExists, "event_exists", Conflict, "An event of this id exists already";
    TicketTypeExists, "ticket_type_exists", Conflict, "The event has a ticket type of this name";
    TicketsSoldOut, "tickets_sold_out", Conflict, "There are not so many tickets left";
    AnnulTooLate, "annul_too_late", Conflict, "The time to annul a check-in is over";
    EmailTaken, "email_taken", Conflict, "The e-mail address is registered already";
    UsernameTaken, "username_taken", Conflict, "The username is registered already";
    LastAdmin, "last_admin", Conflict, "The last administrator cannot be removed";
    AccountNotEmpty, "account_not_empty", Conflict, "The account still holds money";
    WalletExists, "wallet_exists", Conflict, "A wallet of this name and currency exists already";
    InsufficientFunds, "insufficient_funds", Conflict, "Insufficient balance";
    AccountClosed, "account_closed", Conflict, "The account is closed";
    BalanceLimit, "balance_limit", Conflict, "The balance would exceed the largest amount that can be kept";
    IllegalTransition, "illegal_transition", Conflict, "The present status forbids this";
    InsufficientStock, "insufficient_stock", Conflict, "There are not enough of it";
    StockPromised, "stock_promised", Conflict, "Orders wait for more than would be left";
    ProductInUse, "product_in_use", Conflict, "Orders wait for this product";
    PriceChanged, "price_changed", Conflict, "The price has changed";
    OfferGone, "offer_gone", Conflict, "The offer is not to be had any more";
    HoldExpired, "hold_expired", Conflict, "The reservation has expired";
    PaymentWindowClosed, "payment_window_closed", Conflict, "The time to pay is over";
    RefundExceeds, "refund_exceeds", Conflict, "The refund exceeds what is left to refund";
    NotRefundable, "not_refundable", Conflict, "This transaction cannot be refunded here";
    TransferConflict, "transfer_conflict", Conflict, "This id was used for a different transfer";
    ReferenceTaken, "reference_taken", Conflict, "The reference was used before";
    IdempotencyInProgress, "idempotency_in_progress", Conflict, "The first request with this key is still running";
    ConcurrentChange, "concurrent_change", Conflict, "The record changed in the meantime";
    Invalid, "invalid", Invalid, "The request has faults";
    CurrencyMismatch, "currency_mismatch", Invalid, "The currencies differ";
    SelfTransfer, "self_transfer", Invalid, "Sender and receiver are the same";
    RecipientNotFound, "recipient_not_found", Invalid, "The receiver does not exist or is closed";
    NonceReused, "nonce_reused", Invalid, "The device has used this nonce for another scan";
    IdempotencyKeyReused, "idempotency_key_reused", Invalid, "The key was used with a different body";
    Throttled, "throttled", Throttled, "Too many attempts";
    PaymentRefused, "payment_refused", Conflict, "The payment gateway refused";
    GatewayUnavailable, "gateway_unavailable", Unavailable, "The payment gateway does not answer";
    SupplierUnavailable, "supplier_unavailable", Unavailable, "The supplier does not answer";
    DeliveryFailed, "delivery_failed", Upstream, "The message could not be delivered";
    StoreBusy, "store_busy", Unavailable, "The database is busy";
    StoreUnavailable, "store_unavailable", Unavailable, "The database cannot be reached";
    BusUnavailable, "bus_unavailable", Unavailable, "The message broker cannot be reached";
    Internal, "internal", Internal, "Something went wrong inside";
}

/// One thing wrong with the request, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the request body, for example `/amount`.
    pub pointer: String,
    /// What is expected there.
    pub detail: String,
}

impl Fault {
    /// A fault of the field at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { pointer: pointer.into(), detail: detail.to_string() }
    }
}

/// A refusal or a failure, ready to be told to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    detail: String,
    faults: Vec<Fault>,
    retry_after: Option<u64>,
    facts: Option<Box<Value>>,
    cause: Option<String>,
}

/// The answer of every use case.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A refusal with the words for this occurrence.
    pub fn new(code: Code, detail: impl fmt::Display) -> Self {
        Self { code, detail: detail.to_string(), faults: Vec::new(), retry_after: None, facts: None, cause: None }
    }

    /// Faults of the request's fields.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [one] => format!("{} {}", one.pointer.trim_start_matches('/'), one.detail),
            many => format!("{} fields have faults", many.len()),
        };
        Self { faults, ..Self::new(Code::Invalid, detail) }
    }

    /// A single fault of one field.
    pub fn fault(pointer: &str, detail: impl fmt::Display) -> Self {
        Self::invalid(vec![Fault::new(pointer, detail)])
    }

    /// A bug or damaged record; `cause` is for the log only.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let told = "The server could not finish this. Nothing was changed; the request id leads to the cause.";
        Self { cause: Some(cause.to_string()), ..Self::new(Code::Internal, told) }
    }

    /// The message broker is away; `cause` is for the log only.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        let told = "The message broker cannot be reached. Nothing is lost: events wait in the database.";
        Self { cause: Some(cause.to_string()), ..Self::new(Code::BusUnavailable, told) }
    }

    /// Names the fields that led here, each with its own words.
    #[must_use]
    pub fn with(self, faults: Vec<Fault>) -> Self {
        Self { faults, ..self }
    }

    /// Names the field that led here.
    #[must_use]
    pub fn at(mut self, pointer: &str) -> Self {
        let detail = self.detail.clone();
        self.faults.push(Fault::new(pointer, detail));
        self
    }

    /// Puts the pointers of all fields below the place of what they belong to.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        if self.faults.is_empty() {
            return self.at(place);
        }
        for fault in &mut self.faults {
            fault.pointer.insert_str(0, place);
        }
        self
    }

    /// Calls fields as whoever asked calls them: `named` answers the pointer for one, or nothing where it fits already.
    #[must_use]
    pub fn renamed(mut self, named: impl Fn(&str) -> Option<String>) -> Self {
        for fault in &mut self.faults {
            if let Some(pointer) = named(&fault.pointer) {
                fault.pointer = pointer;
            }
        }
        self
    }

    /// Says after how many seconds another attempt makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds what a program needs besides the code: old and new price, who was first.
    #[must_use]
    pub fn with_facts(mut self, facts: Value) -> Self {
        self.facts = Some(Box::new(facts));
        self
    }

    /// Answers `missing` instead of a denied permission: somebody else's record looks like one that is not there.
    #[must_use]
    pub fn hidden_behind(self, missing: impl FnOnce() -> Self) -> Self {
        if self.code == Code::PermissionDenied { missing() } else { self }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What happened this time, for a person.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Which fields are wrong; empty unless the request itself is.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Seconds until another attempt makes sense.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after
    }

    /// What a program needs besides the code.
    pub fn facts(&self) -> Option<&Value> {
        self.facts.as_deref()
    }

    /// What the log should say and the caller must not see.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    /// What is left when a use case did not expect this failure and so did not give it a better name.
    fn from(error: StoreError) -> Self {
        let cause = error.to_string();
        let known = match error {
            StoreError::Stale(_) => {
                Self::new(Code::ConcurrentChange, "Someone else changed it first. Read it again and repeat.")
            }
            StoreError::Busy => {
                Self::new(Code::StoreBusy, "The database has more to do than it can take right now. Try again shortly.")
                    .retry_after(1)
            }
            StoreError::Unavailable(_) => {
                // A connection that is lost during the commit leaves it open whether the commit went through.
                let told = "The database cannot be reached or written. Repeat the request later with the same \
                    Idempotency-Key or id: if it took effect after all, that finds out.";
                Self::new(Code::StoreUnavailable, told).retry_after(5)
            }
            StoreError::Conflict(Unique::Reference) => Self::new(
                Code::ReferenceTaken,
                "This wallet has another transaction of this kind under that reference.",
            ),
            StoreError::Conflict(_) | StoreError::Corrupt(_) => return Self::internal(cause),
        };
        Self { cause: Some(cause), ..known }
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrencyMismatch { .. } => Self::new(Code::CurrencyMismatch, error),
            MoneyError::OutOfRange => Self::new(Code::BalanceLimit, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn the_cause_of_an_internal_error_is_not_told() {
        let error = Error::internal("SELECT secret FROM users");
        assert!(!error.detail().contains("secret"));
        assert!(error.to_string().contains("secret"), "but it is logged");
    }
}
