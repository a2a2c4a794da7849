//! The socket for what makes the calls.

use std::time::Duration;

use async_trait::async_trait;

/// A call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    /// The header `webhook-id`: the same for every attempt.
    pub id: String,
    /// The header `webhook-timestamp`: seconds since 1970.
    pub timestamp: i64,
    /// The header `webhook-signature`.
    pub signature: String,
    /// JSON, exactly as it was signed.
    pub body: String,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, if there was an answer at all.
    pub status: Option<u16>,
    /// The beginning of the answer's body; or, if there was none, why.
    pub text: String,
    /// How long it took.
    pub latency: Duration,
}

/// Makes the calls.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Posts the body with the headers of Standard Webhooks.
    ///
    /// MUST end within 30 seconds, MUST NOT follow redirects, and MUST NOT connect to an address that is not public
    /// unless it was told that this is development: the name is resolved once, every address it leads to is checked, and
    /// the connection goes to a checked address. MUST NOT be called while a unit of work is open.
    async fn send(&self, request: &Request) -> Answer;
}
