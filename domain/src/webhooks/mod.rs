//! Webhooks to others: what happened, sent to the addresses that an administrator has named, as Standard Webhooks
//! (<https://www.standardwebhooks.com>) say it.
//!
//! # Shape
//! - [`endpoints`]: naming addresses, replacing their secrets, looking at what was sent and sending it again.
//! - [`subscriber`]: hears of every event and puts a webhook on its way to each endpoint that wants it.
//! - [`courier`]: makes the calls that are due, decides when to try again and when to give up.
//! - [`sign`]: the signature. [`address`]: where webhooks may go.

mod address;
mod courier;
mod endpoints;
mod sign;
mod subscriber;

use std::sync::Arc;

pub use courier::Courier;
use dermaga_ports::webhooks::WebhookSender;
pub use endpoints::{NewEndpoint, Secret};

use crate::core::Core;

/// The use cases of webhooks. It is a subscriber to all events as well.
#[derive(Clone)]
pub struct Webhooks(Arc<Core>);

impl Webhooks {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// What makes the calls.
    pub fn courier(&self, sender: Arc<dyn WebhookSender>) -> Courier {
        Courier::new(self.0.clone(), sender)
    }
}
