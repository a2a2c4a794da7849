//! The outbox: events wait here, in the same transaction as the change they tell of.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    events::{Event, Outbox},
};
use sqlx::types::Json;

use crate::{codec::Moment, unit_of_work::SqlUnitOfWork};

const INSERT: &str = "INSERT INTO outbox (id, at, topic, subject, payload) VALUES ($1, $2, $3, $4, $5)";

#[async_trait]
impl Outbox for SqlUnitOfWork {
    async fn publish(&mut self, event: &Event) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(event.id.0)
                .bind(Moment(event.at))
                .bind(event.topic.as_ref())
                .bind(event.subject.as_str())
                .bind(Json(&event.payload))
                .execute(x)
                .await
                .map(drop)
        })
    }
}
