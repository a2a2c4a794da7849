//! What happened, told to whoever subscribes: written in the same transaction as the change, delivered at least once.

use async_trait::async_trait;
use serde_json::Value;

use crate::{StoreError, ids::EventId, time::Timestamp};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: EventId,
    pub at: Timestamp,
    /// `context.what_happened`, for example `transaction.completed`; also the routing key of a broker.
    pub topic: &'static str,
    /// The record it is about, as `kind:<id>`; events of one subject keep their order.
    pub subject: String,
    /// Facts that a subscriber needs without asking back. Amounts in smallest units, never secrets.
    pub payload: Value,
}

/// The outbox inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Outbox: Send {
    /// Appends; visible to the relay exactly when the unit of work commits.
    async fn publish(&mut self, event: &Event) -> Result<(), StoreError>;
}
