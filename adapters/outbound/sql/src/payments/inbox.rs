//! The inbox of webhooks.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    ids::{NoticeId, PaymentId},
    payments::{Inbox, Verdict, Webhook},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, named},
    personal::{Column, PersonalKeys},
    unit_of_work::SqlUnitOfWork,
};

macro_rules! webhook_columns {
    () => {
        "id, gateway, received_at, dedupe_key, reference, payment_id, delivery_id, claims, verdict, body"
    };
}

pub(super) use webhook_columns;

const INSERT: &str = concat!(
    "INSERT INTO payment_webhooks (",
    webhook_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
);
const BY_REFERENCE: &str = "SELECT id FROM payments WHERE gateway = $1 AND reference = $2";
const BY_PROVIDER_ID: &str = "SELECT id FROM payments WHERE gateway = $1 AND provider_id = $2 ORDER BY id LIMIT 1";
const DELIVERED: &str = concat!(
    "SELECT ",
    webhook_columns!(),
    " FROM payment_webhooks WHERE gateway = $1 AND delivery_id = $2 ORDER BY id"
);
const FORGET: &str = "DELETE FROM payment_webhooks WHERE id IN \
    (SELECT id FROM payment_webhooks WHERE received_at < $1 ORDER BY received_at LIMIT $2)";

#[derive(FromRow)]
pub(super) struct WebhookRow {
    id: Uuid,
    gateway: String,
    received_at: Moment,
    dedupe_key: Option<String>,
    reference: Option<String>,
    payment_id: Option<Uuid>,
    delivery_id: Option<String>,
    claims: Option<String>,
    verdict: String,
    body: Vec<u8>,
}

impl WebhookRow {
    pub(super) fn open(self, keys: &PersonalKeys) -> Result<Webhook, StoreError> {
        let row = self;
        Ok(Webhook {
            id: NoticeId(row.id),
            gateway: row.gateway,
            received_at: row.received_at.0,
            dedupe_key: row.dedupe_key,
            reference: row.reference,
            payment: row.payment_id.map(PaymentId),
            delivery_id: row.delivery_id,
            claims: row.claims,
            verdict: named(&Verdict::ALL, Verdict::as_str, &row.verdict)?,
            body: keys.open(Column::NoticeBody, row.id, &row.body)?,
        })
    }
}

#[async_trait]
impl Inbox for SqlUnitOfWork {
    async fn add(&mut self, webhook: &Webhook) -> Result<(), StoreError> {
        let body = self.keys.seal(Column::NoticeBody, webhook.id.0, &webhook.body)?;
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(webhook.id.0)
                .bind(webhook.gateway.as_str())
                .bind(Moment(webhook.received_at))
                .bind(webhook.dedupe_key.as_deref())
                .bind(webhook.reference.as_deref())
                .bind(webhook.payment.map(Uuid::from))
                .bind(webhook.delivery_id.as_deref())
                .bind(webhook.claims.as_deref())
                .bind(webhook.verdict.as_str())
                .bind(body.as_slice())
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict(Unique::Reference)) }
    }

    async fn payment_of(&mut self, gateway: &str, reference: &str) -> Result<Option<PaymentId>, StoreError> {
        let found: Option<Uuid> = on_tx!(self, |x| {
            sqlx::query_scalar(BY_REFERENCE).bind(gateway).bind(reference).fetch_optional(x).await
        })?;
        Ok(found.map(PaymentId))
    }

    async fn payment_by_provider_id(&mut self, gateway: &str, id: &str) -> Result<Option<PaymentId>, StoreError> {
        let found: Option<Uuid> =
            on_tx!(self, |x| sqlx::query_scalar(BY_PROVIDER_ID).bind(gateway).bind(id).fetch_optional(x).await)?;
        Ok(found.map(PaymentId))
    }

    async fn delivered(&mut self, gateway: &str, delivery: &str) -> Result<Vec<Webhook>, StoreError> {
        let rows: Vec<WebhookRow> =
            on_tx!(self, |x| sqlx::query_as(DELIVERED).bind(gateway).bind(delivery).fetch_all(x).await)?;
        rows.into_iter().map(|row| row.open(&self.keys)).collect()
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let query = sqlx::query(FORGET).bind(Moment(before)).bind(i64::from(limit));
            query.execute(x).await.map(|done| done.rows_affected())
        })
    }
}
