//! Webhooks as they came in: an append-only inbox.

use crate::{
    ids::{PaymentId, WebhookId},
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
    /// It speaks of a payment that is not known here (yet).
    Unmatched,
    /// It contradicts itself; a read is due, and a person may want to know.
    Suspicious,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 5] =
        [Self::Accepted, Self::Duplicate, Self::BadSignature, Self::Unmatched, Self::Suspicious];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Duplicate => "DUPLICATE",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::Unmatched => "UNMATCHED",
            Self::Suspicious => "SUSPICIOUS",
        }
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    pub gateway: String,
    pub received_at: Timestamp,
    /// The same for each copy of one message; none if it is not authentic, so that a forgery takes nobody's place.
    pub dedupe_key: Option<String>,
    /// Our name for the payment that it speaks of.
    pub reference: Option<String>,
    pub payment: Option<PaymentId>,
    /// What it claims, in the gateway's words.
    pub claims: Option<String>,
    pub verdict: Verdict,
    /// The body as it came; of one that is not authentic, only its beginning.
    pub body: Vec<u8>,
}
