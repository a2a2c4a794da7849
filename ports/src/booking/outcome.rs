//! How a call to a supplier ends, and what its webhooks are.

use crate::{money::Money, time::Timestamp};

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    Done(T),
    /// The supplier said no, or was never asked. Nothing was made there.
    Refused(Refusal),
    /// It may or may not have been made: probe for it. The text is for people who look into it; never a secret.
    Unknown(String),
}

impl<T> Outcome<T> {
    /// The same with another content.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(done) => Outcome::Done(change(done)),
            Self::Refused(refusal) => Outcome::Refused(refusal),
            Self::Unknown(told) => Outcome::Unknown(told),
        }
    }
}

/// Why a supplier said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// The supplier's own code, where it gave one: for logs and for people who ask the supplier.
    pub code: Option<String>,
    /// In words that fit for a person; never a secret and nothing about a traveller.
    pub reason: String,
}

/// What a refusal means for what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalKind {
    /// What was offered, held or quoted is not to be had any more, or not now: search or quote again.
    OfferGone,
    /// It costs, or pays back, another sum than was expected.
    PriceChanged { new: Option<Money> },
    /// The carrier moved the departure: read the order and ask the customer.
    ScheduleChanged,
    /// What the customer gave is wrong. The field is a path in our own command: `travellers[0].given_name`.
    InvalidInput { field: String },
    /// Our balance with the supplier is too low: an operator has to fill it up.
    InsufficientSupplierBalance,
    /// The supplier, carrier or biller will not do it. Repeating changes nothing.
    Rejected,
    /// It was done before, or something else is there under this reference: read it.
    AlreadyDone,
    /// There is no such thing at the supplier.
    NotFound,
    /// Too many calls: not before then.
    RateLimited { retry_at: Option<Timestamp> },
    /// The supplier is away, and nothing was made: the same call may be made again.
    Unavailable,
    /// Keys, addresses or the account are not in order: page an operator.
    Misconfigured,
}

impl RefusalKind {
    /// The name in the database and in answers.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::OfferGone => "offer_gone",
            Self::PriceChanged { .. } => "price_changed",
            Self::ScheduleChanged => "schedule_changed",
            Self::InvalidInput { .. } => "invalid_input",
            Self::InsufficientSupplierBalance => "insufficient_supplier_balance",
            Self::Rejected => "rejected",
            Self::AlreadyDone => "already_done",
            Self::NotFound => "not_found",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Misconfigured => "misconfigured",
        }
    }

    /// Whether the very same call may be made again.
    pub fn may_repeat(&self) -> bool {
        matches!(self, Self::Unavailable | Self::RateLimited { .. })
    }
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    Record(Box<T>),
    /// The supplier shows nothing (yet). Whether that proves anything is said by `appears_within` of the trait.
    Nothing,
}

/// A webhook that was read: a hint that a read is due, never a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Our reference, where the webhook has it.
    pub reference: Option<String>,
    /// The supplier's id of what it speaks of.
    pub supplier_id: Option<String>,
    /// The same for each copy of one message.
    pub dedupe_key: String,
    /// What it claims, in the supplier's word; for the list of webhooks.
    pub claims: String,
}

/// Why a webhook is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAuthentic {
    /// The signature is missing, wrong or too old.
    #[error("the signature is missing, wrong or too old")]
    Signature,
    /// It is not what this supplier sends.
    #[error("{0}")]
    Malformed(String),
}
