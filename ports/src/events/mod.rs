//! What happened, told to whoever subscribes: written in the same transaction as the change, delivered at least once.
//!
//! # Shape
//! - [`Event`] and [`Outbox`]: what happened, filed with the change; the relay takes it from there.
//! - [`EventBus`]: the way to the subscribers, inside the process or over a broker. Whatever comes out at the other end
//!   goes to the [`Receiver`], which hands it to its [`Subscriber`]s and keeps account of it as [`Deliveries`].
//!
//! Transfers at once have no row in the outbox: [`EventQueries::sealed_transfers`] reads them from the batches of the
//! seal, whose numbers have no gaps and come in the order of the commits.

mod bus;
mod delivery;

use std::borrow::Cow;

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

pub use bus::{BusError, EventBus, Receiver, Subscription};
pub use delivery::{Deliveries, Delivery, DeliveryState};

use crate::{
    StoreError,
    ids::EventId,
    ledger::Transaction,
    paging::{Page, PageRequest},
    time::Timestamp,
};

#[cfg(feature = "mocks")]
pub use {
    bus::{MockEventBus, MockReceiver},
    delivery::MockDeliveries,
};

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

/// Who may relay: one of several hosts at a time, so that events of one subject keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Another for each relay that runs.
    pub holder: Uuid,
    pub now: Timestamp,
    /// When somebody else may take over.
    pub until: Timestamp,
}

/// The outbox inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Outbox: Send {
    /// Appends; visible to the relay exactly when the unit of work commits.
    async fn publish(&mut self, event: &Event) -> Result<(), StoreError>;

    /// Takes the relay's lease, or makes its own last longer. Answers the number of the last sealed batch whose
    /// transfers were told, or nothing while somebody else has the lease. Whoever has taken it keeps others who ask
    /// waiting until this unit of work ends.
    async fn lease(&mut self, lease: Lease) -> Result<Option<u64>, StoreError>;

    /// Events that were not told yet, at most `limit`, in the order in which they were appended. An event that was
    /// appended before these and committed after them is among the next: no position is kept.
    async fn untold(&mut self, limit: u32) -> Result<Vec<Event>, StoreError>;

    /// Notes that these events, and all transfers up to that batch, were told. The position never moves back.
    async fn told(&mut self, events: &[EventId], position: u64, now: Timestamp) -> Result<(), StoreError>;

    /// Forgets events that were told before that moment, at most `limit`; answers how many.
    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// How much is left to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// There are events in the outbox that were not told.
    pub events: bool,
    /// The last sealed batch whose transfers were told.
    pub position: u64,
    /// The last sealed batch.
    pub head: u64,
}

/// How much was not told yet, and how much nobody could handle; each up to [`COUNTED`](crate::paging::COUNTED).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrears {
    /// Events in the outbox.
    pub untold: u64,
    /// Dead letters.
    pub dead: u64,
}

/// A stretch of sealed batches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The transfers at once in it, in the order of the seal.
    pub transfers: Vec<Transaction>,
    /// The number of its last batch.
    pub end: u64,
}

/// Events and deliveries, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait EventQueries: Send + Sync {
    /// MUST be cheap: it is asked all the time.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Cheap: it is asked every few seconds.
    async fn arrears(&self) -> Result<Arrears, StoreError>;

    /// The transfers at once in the batches after `after` and up to `until`, as they were when they were made: what
    /// went back since is left out. From one batch up to about `lines` lines; none if there is no such batch.
    async fn sealed_transfers(&self, after: u64, until: u64, lines: u32) -> Result<Option<Stretch>, StoreError>;

    /// Which of these events the subscriber has been handed already: done, waiting for another try, or dead.
    async fn handed_over(&self, subscriber: &str, events: &[EventId]) -> Result<Vec<EventId>, StoreError>;

    /// Which of these subjects have an event that waits for another try with the subscriber.
    async fn held_up(&self, subscriber: &str, subjects: &[String]) -> Result<Vec<String>, StoreError>;

    /// Deliveries that were given up, the one that was kept last first; of one subscriber or of all.
    async fn dead_letters<'a>(
        &self,
        subscriber: Option<&'a str>,
        page: PageRequest<i64>,
    ) -> Result<Page<Delivery, i64>, StoreError>;
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

    /// Does what has to be done about an event. MUST come to an end by itself, within seconds.
    async fn handle(&self, event: &Event) -> Result<(), NotHandled>;

    /// Whether nothing would come of any event right now, so that nobody has to hand it over.
    async fn is_idle(&self) -> bool {
        false
    }
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
