//! Webhooks as they came in: an append-only inbox.

use crate::{
    ids::{NoticeId, PaymentId},
    time::Timestamp,
};

/// What was made of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A read is due because of it.
    Accepted,
    /// The same was said before.
    Duplicate,
    /// Signature or token are missing or wrong: nothing follows from it.
    BadSignature,
    /// It speaks of a payment that is not known here: payments are stored before a gateway hears of them.
    Unmatched,
    /// It contradicts itself; a read is due, and a person may want to know.
    Suspicious,
    /// It came under the id of another delivery and says something else. A read is due, and a person may want to know.
    Conflict,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 6] =
        [Self::Accepted, Self::Duplicate, Self::BadSignature, Self::Unmatched, Self::Suspicious, Self::Conflict];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Duplicate => "DUPLICATE",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::Unmatched => "UNMATCHED",
            Self::Suspicious => "SUSPICIOUS",
            Self::Conflict => "CONFLICT",
        }
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: NoticeId,
    pub gateway: String,
    pub received_at: Timestamp,
    /// The same for each copy of one message. None if it is not authentic, so that a forgery takes nobody's place, and
    /// none if it says in other words what was said before.
    pub dedupe_key: Option<String>,
    /// Our name for the payment that it speaks of.
    pub reference: Option<String>,
    pub payment: Option<PaymentId>,
    /// The gateway's id of the delivery, where it has one.
    pub delivery_id: Option<String>,
    /// What it claims, in the gateway's words.
    pub claims: Option<String>,
    pub verdict: Verdict,
    /// The body as it came; of one that is not authentic, only its beginning.
    pub body: Vec<u8>,
}
