//! The way from the relay to the subscribers.

use async_trait::async_trait;

use super::Event;
use crate::StoreError;

/// Why events could not be taken along. They may or may not have arrived; they are handed over again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The broker is away, or has not confirmed in time; the text is for logs.
    #[error("the broker cannot be reached: {0}")]
    Unavailable(String),
    /// The store, where deliveries are accounted for.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A way for events to take.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait EventBus: Send + Sync {
    /// What it is called in reports about health.
    fn name(&self) -> &'static str;

    /// Takes events along, in order.
    ///
    /// MUST NOT answer `Ok` before nothing that crashes can lose one of them. Events of one subject MUST reach each
    /// subscriber in this order; an event that comes twice MUST be recognised at the other end, by its id.
    ///
    /// # Errors
    /// Some may have been taken along. All of them MUST be handed over again, in the same order.
    async fn publish(&self, events: &[Event]) -> Result<(), BusError>;

    /// Whether anybody would listen to this topic right now.
    async fn is_wanted(&self, topic: &str) -> bool;

    /// How it is.
    ///
    /// # Errors
    /// One short sentence for a person.
    async fn check(&self) -> Result<(), String>;
}

/// What a subscriber wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// The subscriber's name.
    pub subscriber: &'static str,
    /// See [`super::Subscriber::topics`].
    pub topics: &'static [&'static str],
}

impl Subscription {
    /// Whether the subscriber wants to hear of that topic.
    pub fn covers(&self, topic: &str) -> bool {
        self.topics.iter().any(|pattern| super::covers(pattern, topic))
    }
}

/// Where a bus ends: hands events to subscribers and keeps account of what became of them.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Who listens here.
    fn subscriptions(&self) -> Vec<Subscription>;

    /// Whether anybody who listens here would do something about that topic.
    async fn is_wanted(&self, topic: &str) -> bool;

    /// Hands events to one subscriber, in order. When this answers, each of them is done, waits for another try or is a
    /// dead letter; whatever was handed over before is left out. Topics that the subscriber does not want are passed over.
    ///
    /// # Errors
    /// The store failed, and nothing is known of these events: they MUST be handed over again, in the same order.
    async fn receive(&self, subscriber: &str, events: &[Event]) -> Result<(), StoreError>;
}
