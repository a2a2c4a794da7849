//! Events: the outbox, what is read of it and of the seal, and what became of each delivery.

mod deliveries;
mod outbox;
mod queries;

use dermaga_ports::{events::Event, ids::EventId};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::codec::Moment;

/// An event in columns. Wherever one is kept, these are called the same.
#[derive(FromRow)]
pub(crate) struct EventRow {
    event: Uuid,
    at: Moment,
    topic: String,
    subject: String,
    payload: Json<Value>,
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            id: EventId(row.event),
            at: row.at.0,
            topic: row.topic.into(),
            subject: row.subject,
            payload: row.payload.0,
        }
    }
}
