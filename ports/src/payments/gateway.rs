//! The socket for payment gateways.
//!
//! # Three outcomes
//! A call that changes something at a gateway is done, refused, or its outcome is unknown: the line went dead, the
//! answer cannot be read, the server failed half-way. Only [`Outcome::Refused`] may close an attempt. What is unknown is
//! asked about ([`PaymentGateway::query`]), never repeated blindly and never given up.
//!
//! # What is true
//! A [`Snapshot`] comes from an authoritative read and is what the gateway said, mapped to one vocabulary but not
//! judged: whether the amount is right and whether a change is possible is decided in `domain::payments`. A webhook is a
//! [`Hint`] that a read is due, never a fact.
//!
//! # Declined at once
//! What is declined in the call itself is [`RefusalKind::Declined`], for charges, captures and refunds alike, even where
//! the gateway keeps a record of it: nothing can be paid or returned under it any more. [`GatewayState::Denied`] and
//! [`RefundProgress::Failed`] come from reads alone.

use async_trait::async_trait;

use super::{Method, MethodKind, PayAction};
use crate::{money::Money, time::Timestamp};

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    Done(T),
    /// The gateway said no. Nothing happened there.
    Refused(Refusal),
    /// It may or may not have happened. The text is for people who look into it; never a secret.
    Unknown(String),
}

/// Why a gateway said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// In the gateway's words where they fit for a person; never a secret.
    pub reason: String,
}

/// What a refusal means for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The payer's bank, wallet or the fraud engine declined.
    Declined,
    /// What was asked for is wrong, or this merchant may not ask for it: repeating it changes nothing.
    Invalid,
    /// The keys were not accepted: a fault of the configuration.
    Credentials,
    /// Something is there under this reference or key: a read says what.
    Duplicate,
    /// Not from the state that the payment is in: a read says which.
    WrongState,
    /// There is no such payment at the gateway.
    NotFound,
    /// This method or gateway cannot do it at all.
    NotSupported,
    /// More than is left of the payment, or than the merchant has.
    AmountTooLarge,
    /// Too many calls, or one of the same kind is under way: later.
    TryLater,
}

impl RefusalKind {
    /// The name in the database and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Invalid => "invalid",
            Self::Credentials => "credentials",
            Self::Duplicate => "duplicate",
            Self::WrongState => "wrong_state",
            Self::NotFound => "not_found",
            Self::NotSupported => "not_supported",
            Self::AmountTooLarge => "amount_too_large",
            Self::TryLater => "try_later",
        }
    }
}

/// A payment that a gateway shall take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCharge {
    /// Our name for it, unique at the gateway and for ever: 1 to 50 of `A-Z a-z 0-9 - _ ~ .`; stored before the call.
    pub reference: String,
    /// The same for the repetition of one call. Another one says: look again whether the reference is taken.
    pub idempotency_key: String,
    pub amount: Money,
    pub method: Method,
    /// When the payer's time is over. The gateway MUST be told.
    pub expires_at: Timestamp,
    /// What the payer reads on the gateway's page, at most 255 characters.
    pub description: Option<String>,
    /// Who pays, as far as the gateway wants to know.
    pub payer: Payer,
}

/// The payer, as a gateway may print it on a receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payer {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// A payment as both sides call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRef {
    /// Our name.
    pub reference: String,
    /// The gateway's, once it is known.
    pub provider_id: Option<String>,
    pub amount: Money,
    pub kind: MethodKind,
}

/// An amount that a gateway named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeenAmount {
    Exact(Money),
    /// It cannot be read as whole units of a known currency; the text as it came.
    Unreadable(String),
    /// The answer names none.
    Missing,
}

/// Where a payment stands at its gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayState {
    /// Waits for the payer.
    Pending,
    /// The fraud engine wants a person to look at it; the money may be held.
    Review,
    /// The money is reserved and waits for a capture.
    Authorized,
    /// The money is taken.
    Paid,
    /// Declined by the payer's bank or wallet, by the fraud engine or after a review. If it was paid before, the gateway
    /// took the money back.
    Denied { reason: String },
    /// It went wrong at the gateway.
    Failed { reason: String },
    /// By the merchant, or because nobody looked at a review. If it was captured before, the money was never settled.
    Cancelled,
    /// The payer's time, or the time of a capture, was over.
    Expired,
    /// A word that this version does not know.
    Unrecognised(String),
}

/// A refund as the gateway tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRefund {
    /// Our key, or the gateway's own for a refund that somebody made there.
    pub key: String,
    /// In the payment's currency.
    pub amount: i64,
    pub state: RefundProgress,
}

/// How far a refund is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundProgress {
    /// Accepted, not yet confirmed.
    Pending,
    Succeeded,
    Failed {
        reason: String,
    },
}

/// A dispute as the gateway tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenDispute {
    /// The gateway's id. Where it has none: one that follows from the payment, and `amount` is the sum of them all.
    pub id: String,
    /// In the payment's currency: at stake while it is open, taken back when it is lost.
    pub amount: i64,
    pub state: DisputeProgress,
}

/// How far a dispute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisputeProgress {
    Open,
    UnderReview,
    Won,
    Lost,
}

impl DisputeProgress {
    /// Every stage.
    pub const ALL: [DisputeProgress; 4] = [Self::Open, Self::UnderReview, Self::Won, Self::Lost];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::UnderReview => "UNDER_REVIEW",
            Self::Won => "WON",
            Self::Lost => "LOST",
        }
    }
}

/// What an authoritative read said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub state: GatewayState,
    /// What the payer pays or paid. After a capture of a part, some gateways tell the part here and not in `captured`.
    pub amount: SeenAmount,
    /// The part that was captured, where it differs from `amount`; smallest units.
    pub captured: Option<i64>,
    /// The gateway has passed the money on, or will without asking again.
    pub settled: bool,
    /// All refunds that the gateway shows; a gateway that only tells a sum shows none.
    pub refunds: Vec<SeenRefund>,
    /// What the gateway gives as the sum of refunds, in smallest units, where it gives one. It may count what is still
    /// pending and what was charged back; more than all of that is for a person.
    pub refunded: Option<i64>,
    pub disputes: Vec<SeenDispute>,
    pub provider_id: Option<String>,
    pub action: Option<PayAction>,
    pub expires_at: Option<Timestamp>,
    /// The answer with card numbers, tokens, names and addresses masked; for people who look into it.
    pub raw: String,
}

/// What a read found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Snapshot(Box<Snapshot>),
    /// The gateway does not know it (yet), or cannot be asked without its own id. That alone does not mean that nothing
    /// will be paid.
    Nothing,
}

/// A refund that a gateway shall make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    /// Unique at the gateway: asked for again, it answers the first refund. 1 to 50 of `A-Z a-z 0-9 - _`.
    pub key: String,
    /// In the payment's currency, more than 0.
    pub amount: Money,
    /// 1 to 255 characters.
    pub reason: String,
}

/// A webhook that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Our name for the payment that it speaks of.
    pub reference: Option<String>,
    /// The gateway's name for it.
    pub provider_id: Option<String>,
    /// The same for each copy of one message: what it says, never when it was sent.
    pub dedupe_key: String,
    /// The gateway's id of the delivery, where it has one.
    pub delivery_id: Option<String>,
    /// What it claims, in the gateway's word; for the list of webhooks.
    pub claims: String,
    /// It contradicts itself. It is stored, marked and verified like any other.
    pub suspicious: bool,
}

/// Why a webhook is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAuthentic {
    /// Signature or token is missing or wrong.
    #[error("the signature is missing or wrong")]
    Signature,
    /// It is not what this gateway sends.
    #[error("{0}")]
    Malformed(String),
}

/// What a gateway can do, besides taking payments, asking about them and refunding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The methods it offers; the first is the default.
    pub methods: Vec<MethodKind>,
    /// The banks of [`MethodKind::BankTransfer`]; the first is the default.
    pub banks: Vec<&'static str>,
    /// The methods of which it cannot tell by our reference whether a charge was created.
    pub unfindable: Vec<MethodKind>,
    /// A charge can be approved or denied after a review.
    pub reviews: bool,
}

impl Capabilities {
    /// Whether a read that finds nothing means that a charge whose outcome is unknown may be repeated: the gateway finds
    /// it by our reference, or takes no money twice under one. Where it does neither, such a charge is waited for until
    /// its deadline has passed.
    pub fn finds_by_reference(&self, kind: MethodKind) -> bool {
        !self.unfindable.contains(&kind)
    }
}

/// What a method allows of refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refundable {
    /// Any part, several times.
    Partly,
    /// All of it, once.
    WhollyOnly,
    /// Not through this gateway: pay it out or credit a wallet.
    No,
}

/// A payment gateway. No call may be made while a unit of work is open.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// Its name in the books, in the database and on the wire.
    fn name(&self) -> &str;

    fn capabilities(&self) -> &Capabilities;

    /// What can be refunded of a payment by this method.
    fn refundable(&self, kind: MethodKind) -> Refundable;

    /// Asks for a payment. MUST be called again only with the same content, under the rules of
    /// [`NewCharge::idempotency_key`]; a charge that is there already is [`RefusalKind::Duplicate`] or the first answer.
    /// By one of the methods that are [`Capabilities::unfindable`] a repetition may become a second charge.
    async fn create(&self, charge: &NewCharge) -> Outcome<Snapshot>;

    /// Reads where it stands. [`Outcome::Unknown`] when the gateway cannot be asked now.
    async fn query(&self, charge: &ChargeRef) -> Outcome<Found>;

    /// Takes it off the payer's list. A charge that is paid in this moment is [`RefusalKind::WrongState`]: read it.
    async fn cancel(&self, charge: &ChargeRef) -> Outcome<()>;

    /// Ends the payer's time. As [`Self::cancel`] where the gateway makes no difference.
    async fn expire(&self, charge: &ChargeRef) -> Outcome<()>;

    /// Takes what was authorised, or a part of it; the rest is released.
    async fn capture(&self, charge: &ChargeRef, amount: Money) -> Outcome<()>;

    /// Accepts a charge that is in review.
    async fn approve(&self, charge: &ChargeRef) -> Outcome<()>;

    /// Rejects a charge that is in review.
    async fn deny(&self, charge: &ChargeRef) -> Outcome<()>;

    /// Gives money back to where it came from. Idempotent by [`NewRefund::key`].
    async fn refund(&self, charge: &ChargeRef, refund: &NewRefund) -> Outcome<RefundProgress>;

    /// How far a refund is; `None` if the gateway does not know the key.
    async fn query_refund(&self, charge: &ChargeRef, key: &str) -> Outcome<Option<RefundProgress>>;

    /// Reads a webhook: pure, quick, and in constant time where it compares secrets.
    ///
    /// Names of headers are in lower case.
    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic>;
}
