//! Outbound webhooks: what happened, sent to addresses that an administrator has named.
//!
//! # Shape
//! - [`Endpoint`]: an address, the topics that go there, and the [`SigningKeys`] that prove who sent them.
//! - [`Webhook`]: one event on its way to one endpoint, with each [`Attempt`] to bring it there.
//! - [`WebhookSender`]: the socket for what makes the call.

mod address;
mod endpoint;
mod sender;
mod webhook;

pub use address::is_public;
pub use endpoint::{Endpoint, EndpointState, MAX_ENDPOINTS, PreviousKey, SigningKey, SigningKeys};
pub use sender::{Answer, Request, WebhookSender};
pub use webhook::{Attempt, Webhook, WebhookQueries, WebhookState, Webhooks};

#[cfg(feature = "mocks")]
pub use {
    sender::MockWebhookSender,
    webhook::{MockWebhookQueries, MockWebhooks},
};
