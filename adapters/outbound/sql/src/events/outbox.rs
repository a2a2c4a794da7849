//! The outbox: events wait here, in the same transaction as the change they tell of, until the relay has told them.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    events::{Event, Lease, Outbox},
    ids::EventId,
    time::Timestamp,
};
use sqlx::{QueryBuilder, types::Json};
use uuid::Uuid;

use super::EventRow;
use crate::{
    codec::Moment,
    db::{Dialects, id_chunks},
    unit_of_work::SqlUnitOfWork,
};

const INSERT: &str = "INSERT INTO outbox (id, at, topic, subject, payload) VALUES ($1, $2, $3, $4, $5)";
/// Whoever is about to take the lease is not waited for.
const LEASE: Dialects = Dialects {
    postgres: "WITH free AS (SELECT id FROM event_relay WHERE holder IS NULL OR holder = $1 OR lease_until <= $2 \
            FOR UPDATE SKIP LOCKED) \
        UPDATE event_relay r SET holder = $1, lease_until = $3 FROM free WHERE r.id = free.id RETURNING r.position",
    sqlite: "UPDATE event_relay SET holder = $1, lease_until = $3 \
        WHERE holder IS NULL OR holder = $1 OR lease_until <= $2 RETURNING position",
};
const UNTOLD: &str = "SELECT id AS event, at, topic, subject, payload FROM outbox WHERE told_at IS NULL \
    ORDER BY seq LIMIT $1";
const MOVE: &str = "UPDATE event_relay SET position = $1 WHERE position < $1";
const FORGET: &str = "DELETE FROM outbox WHERE seq IN \
    (SELECT seq FROM outbox WHERE told_at < $1 ORDER BY told_at LIMIT $2)";

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
        })?;
        self.has_news = true;
        Ok(())
    }

    async fn lease(&mut self, lease: Lease) -> Result<Option<u64>, StoreError> {
        let sql = self.dialect(LEASE);
        let position: Option<i64> = on_tx!(self, |x| {
            let query = sqlx::query_scalar(sql).bind(lease.holder).bind(Moment(lease.now)).bind(Moment(lease.until));
            query.fetch_optional(x).await
        })?;
        Ok(position.map(i64::unsigned_abs))
    }

    async fn untold(&mut self, limit: u32) -> Result<Vec<Event>, StoreError> {
        let rows: Vec<EventRow> = on_tx!(self, |x| sqlx::query_as(UNTOLD).bind(i64::from(limit)).fetch_all(x).await)?;
        Ok(rows.into_iter().map(Event::from).collect())
    }

    async fn told(&mut self, events: &[EventId], position: u64, now: Timestamp) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
        for chunk in id_chunks(&ids) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new("UPDATE outbox SET told_at = ");
                query.push_bind(Moment(now)).push(" WHERE id IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(*id);
                });
                list.push_unseparated(")");
                query.build().execute(x).await.map(drop)
            })?;
        }
        on_tx!(self, |x| sqlx::query(MOVE).bind(position.cast_signed()).execute(x).await.map(drop))
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let done = sqlx::query(FORGET).bind(Moment(before)).bind(i64::from(limit)).execute(x).await;
            done.map(|done| done.rows_affected())
        })
    }
}
