//! What became of each delivery: receipts for what is done, and rows for what is not.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    events::{Deliveries, Delivery, DeliveryState},
    ids::EventId,
    time::Timestamp,
};
use sqlx::{FromRow, QueryBuilder, types::Json};
use uuid::Uuid;

use super::EventRow;
use crate::{
    codec::{Moment, corrupt, storable, unfindable},
    db::{Dialects, id_chunks, pieces},
    unit_of_work::SqlUnitOfWork,
};

macro_rules! delivery_columns {
    () => {
        "number, subscriber, event, at, topic, subject, payload, state, tries, next_try_at, dead_since, last_error"
    };
}

pub(super) use delivery_columns;

const FIND: Dialects =
    locking!("SELECT ", delivery_columns!(), " FROM event_deliveries WHERE subscriber = $1 AND event = $2");
const SAVE: &str = "UPDATE event_deliveries SET state = $3, tries = $4, next_try_at = $5, dead_since = $6, \
    last_error = $7 WHERE subscriber = $1 AND event = $2";
const DUE: &str = "WITH due AS MATERIALIZED (SELECT d.number FROM event_deliveries d \
    WHERE d.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM event_deliveries e WHERE e.state = 'waiting' \
        AND e.subscriber = d.subscriber AND e.subject = d.subject AND e.number < d.number) AND d.next_try_at <= ";
const DUE_END: Dialects = Dialects { postgres: " FOR UPDATE SKIP LOCKED", sqlite: "" };
const FORGET: &str = "DELETE FROM event_receipts WHERE (subscriber, event) IN \
    (SELECT subscriber, event FROM event_receipts WHERE at < $1 ORDER BY at LIMIT $2)";

#[derive(FromRow)]
pub(super) struct DeliveryRow {
    number: i64,
    subscriber: String,
    #[sqlx(flatten)]
    event: EventRow,
    state: String,
    tries: i64,
    next_try_at: Option<Moment>,
    dead_since: Option<Moment>,
    last_error: Option<String>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        let state = match (row.state.as_str(), row.next_try_at, row.dead_since) {
            ("waiting", Some(Moment(next_try_at)), None) => DeliveryState::Waiting { next_try_at },
            ("dead", None, Some(Moment(since))) => DeliveryState::Dead { since },
            (state, ..) => return Err(corrupt(format_args!("a delivery that is half {state}"))),
        };
        Ok(Self {
            number: row.number,
            subscriber: row.subscriber,
            event: row.event.into(),
            state,
            tries: u32::try_from(row.tries).map_err(corrupt)?,
            last_error: row.last_error,
        })
    }
}

/// A state in columns: its name, the next try, and since when it is dead.
fn columns(state: DeliveryState) -> (&'static str, Option<Moment>, Option<Moment>) {
    match state {
        DeliveryState::Waiting { next_try_at } => ("waiting", Some(Moment(next_try_at)), None),
        DeliveryState::Dead { since } => ("dead", None, Some(Moment(since))),
    }
}

#[async_trait]
impl Deliveries for SqlUnitOfWork {
    async fn done(&mut self, subscriber: &str, events: &[EventId], now: Timestamp) -> Result<(), StoreError> {
        for piece in pieces(events) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new("INSERT INTO event_receipts (subscriber, event, at) ");
                query.push_values(piece, |mut row, event| {
                    row.push_bind(subscriber).push_bind(event.0).push_bind(Moment(now));
                });
                query.push(" ON CONFLICT (subscriber, event) DO NOTHING");
                query.build().execute(x).await.map(drop)
            })?;
        }
        let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
        for chunk in id_chunks(&ids) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new("DELETE FROM event_deliveries WHERE subscriber = ");
                query.push_bind(subscriber).push(" AND event IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(*id);
                });
                list.push_unseparated(")");
                query.build().execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }

    async fn keep(&mut self, deliveries: &[Delivery]) -> Result<(), StoreError> {
        for piece in pieces(deliveries) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(
                    "INSERT INTO event_deliveries (subscriber, event, at, topic, subject, payload, state, tries, \
                     next_try_at, dead_since, last_error) ",
                );
                query.push_values(piece, |mut row, delivery| {
                    let (state, next_try_at, dead_since) = columns(delivery.state);
                    let event = &delivery.event;
                    row.push_bind(delivery.subscriber.as_str()).push_bind(event.id.0).push_bind(Moment(event.at));
                    row.push_bind(event.topic.as_ref()).push_bind(event.subject.as_str());
                    row.push_bind(Json(&event.payload)).push_bind(state).push_bind(i64::from(delivery.tries));
                    row.push_bind(next_try_at).push_bind(dead_since);
                    row.push_bind(delivery.last_error.as_deref().map(storable));
                });
                query.push(" ON CONFLICT (subscriber, event) DO NOTHING");
                query.build().execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }

    async fn save(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        let (state, next_try_at, dead_since) = columns(delivery.state);
        let changed = on_tx!(self, |x| {
            sqlx::query(SAVE)
                .bind(delivery.subscriber.as_str())
                .bind(delivery.event.id.0)
                .bind(state)
                .bind(i64::from(delivery.tries))
                .bind(next_try_at)
                .bind(dead_since)
                .bind(delivery.last_error.as_deref().map(storable))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(self.spend(StoreError::Stale(Entity::Delivery))) } else { Ok(()) }
    }

    async fn take_due(
        &mut self,
        subscribers: &[&'static str],
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        if subscribers.is_empty() {
            return Ok(Vec::new());
        }
        let end = self.dialect(DUE_END);
        let mut rows: Vec<DeliveryRow> = on_tx!(self, |x| {
            let mut query = QueryBuilder::new(DUE);
            query.push_bind(Moment(now)).push(" AND d.subscriber IN (");
            let mut list = query.separated(", ");
            subscribers.iter().for_each(|subscriber| {
                list.push_bind(*subscriber);
            });
            list.push_unseparated(") ORDER BY d.next_try_at, d.number LIMIT ");
            query.push_bind(i64::from(limit)).push(end);
            query.push(") UPDATE event_deliveries SET next_try_at = ").push_bind(Moment(until));
            query.push(concat!(" WHERE number IN (SELECT number FROM due) RETURNING ", delivery_columns!()));
            query.build_query_as().fetch_all(x).await
        })?;
        rows.sort_by_key(|row| row.number);
        rows.into_iter().map(Delivery::try_from).collect()
    }

    async fn find(&mut self, subscriber: &str, event: EventId) -> Result<Option<Delivery>, StoreError> {
        if unfindable(&[Some(subscriber)]) {
            return Ok(None);
        }
        let sql = self.dialect(FIND);
        let row: Option<DeliveryRow> =
            on_tx!(self, |x| sqlx::query_as(sql).bind(subscriber).bind(event.0).fetch_optional(x).await)?;
        row.map(Delivery::try_from).transpose()
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let done = sqlx::query(FORGET).bind(Moment(before)).bind(i64::from(limit)).execute(x).await;
            done.map(|done| done.rows_affected())
        })
    }
}
