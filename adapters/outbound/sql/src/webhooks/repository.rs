//! Endpoints and webhooks inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::{EndpointId, WebhookId},
    time::Timestamp,
    webhooks::{Attempt, Endpoint, Webhook, Webhooks},
};
use sqlx::{QueryBuilder, types::Json};

use super::{
    endpoints::{Columns, EndpointRow, endpoint_columns},
    queries::{WebhookRow, columns, webhook_columns},
};
use crate::{
    codec::{Moment, storable},
    db::{Dialects, pieces},
    unit_of_work::SqlUnitOfWork,
};

const ADD_ENDPOINT: &str = concat!(
    "INSERT INTO webhook_endpoints (",
    endpoint_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
);
const FIND_ENDPOINT: Dialects = locking!("SELECT ", endpoint_columns!(), " FROM webhook_endpoints WHERE id = $1");
const SAVE_ENDPOINT: &str = "UPDATE webhook_endpoints SET url = $2, topics = $3, description = $4, signing_key = $5, \
    previous_key = $6, previous_until = $7, failing_since = $8, disabled_at = $9, disabled_reason = $10 WHERE id = $1";
const REMOVE_ENDPOINT: &str = "DELETE FROM webhook_endpoints WHERE id = $1";
const FIND: Dialects = locking!("SELECT ", webhook_columns!(), " FROM webhooks WHERE id = $1");
const SAVE: &str = "UPDATE webhooks SET state = $2, tries = $3, next_try_at = $4 WHERE id = $1";
const LOG: &str = "INSERT INTO webhook_attempts (webhook, at, status, latency, answer) VALUES ($1, $2, $3, $4, $5)";
/// For each endpoint the few that are due first: one that has piled up a million costs no more than the others.
const DUE: Dialects = Dialects { postgres: "CROSS JOIN LATERAL (", sqlite: "JOIN webhooks first ON first.id IN (" };
const DUE_OF_EACH: Dialects =
    Dialects { postgres: ") first WHERE e.disabled_at IS NULL", sqlite: ") WHERE e.disabled_at IS NULL" };
const DUE_END: Dialects = Dialects { postgres: " FOR UPDATE SKIP LOCKED", sqlite: "" };
const FORGET: &str = "DELETE FROM webhooks WHERE id IN \
    (SELECT id FROM webhooks WHERE state <> 'waiting' AND created_at < $1 ORDER BY created_at LIMIT $2)";

#[async_trait]
impl Webhooks for SqlUnitOfWork {
    async fn add_endpoint(&mut self, endpoint: &Endpoint) -> Result<(), StoreError> {
        let columns = Columns::of(endpoint, &self.keys)?;
        on_savepoint!(self, |x| {
            sqlx::query(ADD_ENDPOINT)
                .bind(endpoint.id.0)
                .bind(endpoint.url.as_str())
                .bind(Json(&endpoint.topics))
                .bind(endpoint.description.as_deref())
                .bind(columns.signing_key.as_slice())
                .bind(columns.previous_key.as_deref())
                .bind(columns.previous_until)
                .bind(columns.failing_since)
                .bind(columns.disabled_at)
                .bind(columns.disabled_reason)
                .bind(Moment(endpoint.created_at))
                .execute(x)
                .await
                .map(drop)
        })
    }

    async fn find_endpoint(&mut self, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        let sql = self.dialect(FIND_ENDPOINT);
        let row: Option<EndpointRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn save_endpoint(&mut self, endpoint: &Endpoint) -> Result<(), StoreError> {
        let columns = Columns::of(endpoint, &self.keys)?;
        let changed = on_tx!(self, |x| {
            sqlx::query(SAVE_ENDPOINT)
                .bind(endpoint.id.0)
                .bind(endpoint.url.as_str())
                .bind(Json(&endpoint.topics))
                .bind(endpoint.description.as_deref())
                .bind(columns.signing_key.as_slice())
                .bind(columns.previous_key.as_deref())
                .bind(columns.previous_until)
                .bind(columns.failing_since)
                .bind(columns.disabled_at)
                .bind(columns.disabled_reason)
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(self.spend(StoreError::Stale(Entity::Endpoint))) } else { Ok(()) }
    }

    async fn remove_endpoint(&mut self, id: EndpointId) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(REMOVE_ENDPOINT).bind(id.0).execute(x).await.map(drop))
    }

    async fn add(&mut self, webhooks: &[Webhook]) -> Result<(), StoreError> {
        for piece in pieces(webhooks) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(concat!("INSERT INTO webhooks (", webhook_columns!(), ") "));
                query.push_values(piece, |mut row, webhook| {
                    let ((state, next_try_at), event) = (columns(webhook.state), &webhook.event);
                    row.push_bind(webhook.id.0).push_bind(webhook.endpoint.0);
                    row.push_bind(event.id.0).push_bind(Moment(event.at)).push_bind(event.topic.as_ref());
                    row.push_bind(event.subject.as_str()).push_bind(Json(&event.payload));
                    row.push_bind(state).push_bind(i64::from(webhook.tries)).push_bind(next_try_at);
                    row.push_bind(Moment(webhook.created_at));
                });
                query.push(" ON CONFLICT (endpoint, event) DO NOTHING");
                query.build().execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }

    async fn find(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<WebhookRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(Webhook::try_from).transpose()
    }

    async fn save(&mut self, webhook: &Webhook) -> Result<(), StoreError> {
        let (state, next_try_at) = columns(webhook.state);
        let changed = on_tx!(self, |x| {
            let query = sqlx::query(SAVE).bind(webhook.id.0).bind(state).bind(i64::from(webhook.tries));
            query.bind(next_try_at).execute(x).await.map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(self.spend(StoreError::Stale(Entity::Webhook))) } else { Ok(()) }
    }

    async fn log(&mut self, webhook: WebhookId, attempt: &Attempt) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            sqlx::query(LOG)
                .bind(webhook.0)
                .bind(Moment(attempt.at))
                .bind(attempt.status.map(i64::from))
                .bind(i64::try_from(attempt.latency.as_millis()).unwrap_or(i64::MAX))
                .bind(storable(&attempt.answer))
                .execute(x)
                .await
                .map(drop)
        })
    }

    async fn take_due(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        busy: &[EndpointId],
        each: u32,
        limit: u32,
    ) -> Result<Vec<Webhook>, StoreError> {
        let (from, of_each, end) = (self.dialect(DUE), self.dialect(DUE_OF_EACH), self.dialect(DUE_END));
        let rows: Vec<WebhookRow> = on_tx!(self, |x| {
            let mut query = QueryBuilder::new(
                "WITH due AS MATERIALIZED (SELECT w.id FROM webhooks w WHERE w.id IN (\
                 SELECT first.id FROM webhook_endpoints e ",
            );
            query.push(from);
            query.push("SELECT x.id FROM webhooks x WHERE x.endpoint = e.id AND x.state = 'waiting' ");
            query.push("AND x.next_try_at <= ").push_bind(Moment(now));
            query.push(" ORDER BY x.next_try_at LIMIT ").push_bind(i64::from(each)).push(of_each);
            if !busy.is_empty() {
                query.push(" AND e.id NOT IN (");
                let mut list = query.separated(", ");
                busy.iter().for_each(|id| {
                    list.push_bind(id.0);
                });
                list.push_unseparated(")");
            }
            // Said again for the rows themselves: whoever waited for their locks sees them as they are now.
            query.push(") AND w.state = 'waiting' AND w.next_try_at <= ").push_bind(Moment(now));
            query.push(" ORDER BY w.next_try_at, w.id LIMIT ").push_bind(i64::from(limit)).push(end);
            query.push(") UPDATE webhooks SET next_try_at = ").push_bind(Moment(until));
            query.push(concat!(" WHERE id IN (SELECT id FROM due) RETURNING ", webhook_columns!()));
            query.build_query_as().fetch_all(x).await
        })?;
        rows.into_iter().map(Webhook::try_from).collect()
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let done = sqlx::query(FORGET).bind(Moment(before)).bind(i64::from(limit)).execute(x).await;
            done.map(|done| done.rows_affected())
        })
    }
}
