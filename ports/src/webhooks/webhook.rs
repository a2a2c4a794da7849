//! Webhooks on their way, and the log of what became of them.

use std::time::Duration;

use async_trait::async_trait;

use super::Endpoint;
use crate::{
    StoreError,
    events::Event,
    ids::{EndpointId, WebhookId},
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// Where a webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookState {
    /// The next attempt is made at that moment, if the endpoint is enabled then.
    Waiting { next_try_at: Timestamp },
    /// The endpoint has taken it.
    Delivered,
    /// Every attempt has failed; it can be replayed.
    Failed,
}

/// An event on its way to an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    pub id: WebhookId,
    pub endpoint: EndpointId,
    pub event: Event,
    pub state: WebhookState,
    /// Attempts since it was made or replayed; they decide on the pause before the next.
    pub tries: u32,
    pub created_at: Timestamp,
    /// What became of each attempt, the first one first. Only filled by [`WebhookQueries::webhooks`].
    pub attempts: Vec<Attempt>,
}

/// One call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub at: Timestamp,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took, to the millisecond.
    pub latency: Duration,
    /// The beginning of the answer; or, if there was none, why.
    pub answer: String,
}

/// Endpoints and webhooks inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Webhooks: Send {
    /// # Errors
    /// [`crate::Unique::Id`] if there is an endpoint of that id.
    async fn add_endpoint(&mut self, endpoint: &Endpoint) -> Result<(), StoreError>;

    /// Locked until the unit of work ends.
    async fn find_endpoint(&mut self, id: EndpointId) -> Result<Option<Endpoint>, StoreError>;

    /// Writes address, topics, description, keys and state.
    async fn save_endpoint(&mut self, endpoint: &Endpoint) -> Result<(), StoreError>;

    /// Removes an endpoint, its webhooks and their log.
    async fn remove_endpoint(&mut self, id: EndpointId) -> Result<(), StoreError>;

    /// Adds webhooks; an event that is on its way to the same endpoint already is left out.
    async fn add(&mut self, webhooks: &[Webhook]) -> Result<(), StoreError>;

    /// Locked until the unit of work ends; without its attempts.
    async fn find(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;

    /// Writes state and tries.
    async fn save(&mut self, webhook: &Webhook) -> Result<(), StoreError>;

    /// Adds to the log of a webhook.
    async fn log(&mut self, webhook: WebhookId, attempt: &Attempt) -> Result<(), StoreError>;

    /// Takes webhooks to enabled endpoints whose next attempt is due at `now`: at most `each` to one endpoint, none to
    /// those that are `busy`, at most `limit` altogether. Nobody else gets them before `until`.
    async fn take_due(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        busy: &[EndpointId],
        each: u32,
        limit: u32,
    ) -> Result<Vec<Webhook>, StoreError>;

    /// Forgets webhooks that were made before that moment and are not waiting, with their log; at most `limit`. Answers
    /// how many.
    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// Endpoints and webhooks, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait WebhookQueries: Send + Sync {
    /// All of them, oldest first; never more than [`super::MAX_ENDPOINTS`].
    async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError>;

    async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, StoreError>;

    /// Whether any endpoint is enabled.
    async fn has_enabled(&self) -> Result<bool, StoreError>;

    /// What was sent to an endpoint, newest first, with every attempt.
    async fn webhooks(
        &self,
        endpoint: EndpointId,
        page: PageRequest<WebhookId>,
    ) -> Result<Page<Webhook, WebhookId>, StoreError>;
}
