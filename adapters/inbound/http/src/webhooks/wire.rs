//! Endpoints and deliveries on the wire.

use dermaga_domain::webhooks::{NewEndpoint, Secret};
use dermaga_ports::webhooks::{Attempt, Endpoint, EndpointState, Webhook, WebhookState};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::wire::Moment;

/// An address that webhooks shall go to.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewWebhookEndpoint", skip_serializing_if_is_none)]
pub struct NewEndpointBody {
    /// Must begin with `https://` and lead to the public internet
    #[oai(validator(max_length = 2000))]
    pub url: String,
    /// Topics such as `transaction.completed`, all of a context as `transaction.*`, or `*` for everything
    #[oai(validator(min_items = 1, max_items = 20))]
    pub topics: Vec<String>,
    #[oai(validator(max_length = 200))]
    pub description: Option<String>,
}

impl From<NewEndpointBody> for NewEndpoint {
    fn from(body: NewEndpointBody) -> Self {
        Self { url: body.url, topics: body.topics, description: body.description }
    }
}

/// Whether webhooks go to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "WebhookEndpointStatus", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndpointStatus {
    Enabled,
    Disabled,
}

/// An address that webhooks go to.
#[derive(Clone, Object)]
#[oai(rename = "WebhookEndpoint", skip_serializing_if_is_none)]
pub struct EndpointBody {
    pub id: Uuid,
    pub url: String,
    pub topics: Vec<String>,
    pub description: Option<String>,
    pub status: EndpointStatus,
    /// Why it is disabled
    pub disabled_reason: Option<String>,
    pub disabled_at: Option<Moment>,
    /// Since when no attempt has gone well, if the last one has not
    pub failing_since: Option<Moment>,
    pub created_at: Moment,
    /// What webhooks are signed with, to check them as Standard Webhooks say; shown only when it is made
    pub secret: Option<String>,
}

impl EndpointBody {
    /// With the secret that was just made.
    pub fn telling(self, secret: Option<Secret>) -> Self {
        Self { secret: secret.map(|secret| secret.0), ..self }
    }
}

impl From<Endpoint> for EndpointBody {
    fn from(endpoint: Endpoint) -> Self {
        let (status, failing_since, disabled_at, disabled_reason) = match endpoint.state {
            EndpointState::Enabled { failing_since } => (EndpointStatus::Enabled, failing_since, None, None),
            EndpointState::Disabled { since, reason } => (EndpointStatus::Disabled, None, Some(since), Some(reason)),
        };
        Self {
            id: endpoint.id.into(),
            url: endpoint.url,
            topics: endpoint.topics,
            description: endpoint.description,
            status,
            disabled_reason,
            disabled_at: disabled_at.map(Moment),
            failing_since: failing_since.map(Moment),
            created_at: endpoint.created_at.into(),
            secret: None,
        }
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "WebhookDeliveryStatus", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryStatus {
    Waiting,
    Delivered,
    Failed,
}

/// A call that was made.
#[derive(Debug, Clone, Object)]
#[oai(rename = "WebhookAttempt", skip_serializing_if_is_none)]
pub struct AttemptBody {
    at: Moment,
    /// Absent if there was no answer
    status: Option<u16>,
    latency_ms: u64,
    /// The beginning of the answer; or, if there was none, why
    answer: String,
}

impl From<Attempt> for AttemptBody {
    fn from(attempt: Attempt) -> Self {
        let latency_ms = u64::try_from(attempt.latency.as_millis()).unwrap_or(u64::MAX);
        Self { at: attempt.at.into(), status: attempt.status, latency_ms, answer: attempt.answer }
    }
}

/// An event on its way to an endpoint.
#[derive(Debug, Clone, Object)]
#[oai(rename = "WebhookDelivery", skip_serializing_if_is_none)]
pub struct DeliveryBody {
    id: Uuid,
    /// The header `webhook-id`
    event_id: Uuid,
    topic: String,
    /// What the event is about
    subject: String,
    status: DeliveryStatus,
    /// Attempts since it was made or replayed
    tries: u32,
    next_try_at: Option<Moment>,
    created_at: Moment,
    attempts: Vec<AttemptBody>,
}

impl From<Webhook> for DeliveryBody {
    fn from(webhook: Webhook) -> Self {
        let (status, next_try_at) = match webhook.state {
            WebhookState::Waiting { next_try_at } => (DeliveryStatus::Waiting, Some(next_try_at)),
            WebhookState::Delivered => (DeliveryStatus::Delivered, None),
            WebhookState::Failed => (DeliveryStatus::Failed, None),
        };
        Self {
            id: webhook.id.into(),
            event_id: webhook.event.id.into(),
            topic: webhook.event.topic.into_owned(),
            subject: webhook.event.subject,
            status,
            tries: webhook.tries,
            next_try_at: next_try_at.map(Moment),
            created_at: webhook.created_at.into(),
            attempts: webhook.attempts.into_iter().map(AttemptBody::from).collect(),
        }
    }
}
