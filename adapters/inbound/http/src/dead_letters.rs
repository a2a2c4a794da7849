//! `/dead-letters`: events that a subscriber could not handle.

use dermaga_ports::{
    events::{Delivery, DeliveryState},
    paging::PageRequest,
};
use poem::web::Data;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{DEFAULT_LIMIT, List, Moment},
};

/// `/dead-letters`
pub struct DeadLettersApi;

/// Where an undelivered event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "DeadLetterStatus", rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    /// It was given up
    Dead,
    /// It is handed over again
    Waiting,
}

/// An event that a subscriber could not handle.
#[derive(Debug, Clone, Object)]
#[oai(rename = "DeadLetter", skip_serializing_if_is_none)]
struct DeadLetterBody {
    /// Who could not handle it
    subscriber: String,
    event_id: Uuid,
    topic: String,
    /// What it is about
    subject: String,
    /// When it happened
    at: Moment,
    payload: Value,
    status: Status,
    /// How often it was handed over since it was kept or replayed
    tries: u32,
    /// What the subscriber said last
    last_error: Option<String>,
    /// Since when it is given up
    dead_since: Option<Moment>,
}

impl From<Delivery> for DeadLetterBody {
    fn from(delivery: Delivery) -> Self {
        let (status, dead_since) = match delivery.state {
            DeliveryState::Dead { since } => (Status::Dead, Some(since.into())),
            DeliveryState::Waiting { .. } => (Status::Waiting, None),
        };
        Self {
            subscriber: delivery.subscriber,
            event_id: delivery.event.id.into(),
            topic: delivery.event.topic.into_owned(),
            subject: delivery.event.subject,
            at: delivery.event.at.into(),
            payload: delivery.event.payload,
            status,
            tries: delivery.tries,
            last_error: delivery.last_error,
            dead_since,
        }
    }
}

#[OpenApi(prefix_path = "/dead-letters", tag = "Tag::Events")]
impl DeadLettersApi {
    /// Events that a subscriber could not handle, the last one first
    #[oai(path = "/", method = "get", operation_id = "list_dead_letters")]
    async fn list(
        &self,
        person: Person,
        deps: Data<&Deps>,
        subscriber: Query<Option<String>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        /// `next` of the part before
        after: Query<Option<i64>>,
    ) -> ApiResult<Json<List<DeadLetterBody>>> {
        let page = PageRequest::new(after.0, limit.0.unwrap_or(DEFAULT_LIMIT));
        let found = deps.app.events.dead_letters(&person.0, subscriber.0.as_deref(), page).await?;
        Ok(Json(List::of(found)))
    }

    /// Hand an event to its subscriber again
    ///
    /// From the first try on. It is safe to repeat: a subscriber knows what it is done with.
    #[oai(path = "/:subscriber/:event_id/replay", method = "post", operation_id = "replay_dead_letter")]
    async fn replay(
        &self,
        person: Person,
        deps: Data<&Deps>,
        subscriber: Path<String>,
        event_id: Path<Uuid>,
    ) -> ApiResult<Json<DeadLetterBody>> {
        let delivery = deps.app.events.replay(&person.0, &subscriber.0, event_id.0.into()).await?;
        Ok(Json(delivery.into()))
    }
}
