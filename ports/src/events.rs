//! What happened, told to whoever subscribes: written in the same transaction as the change, delivered at least once.

use std::borrow::Cow;

use async_trait::async_trait;
use serde_json::Value;

use crate::{StoreError, ids::EventId, time::Timestamp};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: EventId,
    pub at: Timestamp,
    /// `context.what_happened`, for example `transaction.completed`; also the routing key of a broker.
    pub topic: Cow<'static, str>,
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

/// Why a subscriber could not handle an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotHandled {
    /// Something was away; the same event, handed over later, may work.
    #[error("not now: {0}")]
    Later(String),
    /// This event will never work. A person has to look at it.
    #[error("not ever: {0}")]
    Never(String),
}

/// Somebody who wants to know what happened.
///
/// An event comes at least once, and events of different subjects come in any order: `handle` MUST be idempotent by
/// [`Event::id`], and MUST NOT rely on having seen another subject's events.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Subscriber: Send + Sync {
    /// Its name, unique among subscribers and the same for ever: what it has seen is kept under it.
    fn name(&self) -> &'static str;

    /// What it wants: whole topics such as `payment.paid`, or all of a context as `payment.*`; `*` is everything.
    fn topics(&self) -> &'static [&'static str];

    /// Does what has to be done about an event.
    async fn handle(&self, event: &Event) -> Result<(), NotHandled>;
}

/// Whether a pattern of [`Subscriber::topics`] covers a topic.
pub fn covers(pattern: &str, topic: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => topic.starts_with(prefix),
        None => pattern == topic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_a_topic_a_context_or_everything() {
        assert!(covers("payment.paid", "payment.paid"));
        assert!(covers("payment.*", "payment.paid"));
        assert!(covers("*", "payment.paid"));
        assert!(!covers("payment.*", "payments.paid"));
        assert!(!covers("payment.paid", "payment.paid_late"));
    }
}
