//! What became of an event with each subscriber.
//!
//! A delivery that went well leaves a receipt, which is how a duplicate is recognised. One that did not is kept with its
//! event until another try goes well, or a person looks at it.

use async_trait::async_trait;

use super::Event;
use crate::{StoreError, ids::EventId, time::Timestamp};

/// Where a delivery that did not go well stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Another try is made at that moment. Until it goes well, later events of the same subject wait behind it.
    Waiting { next_try_at: Timestamp },
    /// Given up: a dead letter. Nothing waits behind it.
    Dead { since: Timestamp },
}

/// An event that a subscriber has not handled.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Counts up as deliveries are kept; lists page by it. 0 for one that is not kept yet.
    pub number: i64,
    /// The subscriber's name.
    pub subscriber: String,
    pub event: Event,
    pub state: DeliveryState,
    /// How often it was tried; 0 for an event that waits behind another of its subject.
    pub tries: u32,
    /// What the subscriber said last.
    pub last_error: Option<String>,
}

/// Deliveries inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Deliveries: Send {
    /// Writes receipts; whatever of these events waited or was dead with the subscriber does so no longer.
    async fn done(&mut self, subscriber: &str, events: &[EventId], now: Timestamp) -> Result<(), StoreError>;

    /// Keeps deliveries for later, in this order; those that are kept already stay as they are.
    async fn keep(&mut self, deliveries: &[Delivery]) -> Result<(), StoreError>;

    /// Writes state, tries and error of a delivery that is kept.
    async fn save(&mut self, delivery: &Delivery) -> Result<(), StoreError>;

    /// Takes deliveries to these subscribers whose next try is due at `now`, at most `limit`, and only the first one of
    /// each subject. Nobody else gets them before `until`.
    async fn take_due(
        &mut self,
        subscribers: &[&'static str],
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// The delivery of an event that is kept, locked.
    async fn find(&mut self, subscriber: &str, event: EventId) -> Result<Option<Delivery>, StoreError>;

    /// Forgets receipts from before that moment, at most `limit`; answers how many.
    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
