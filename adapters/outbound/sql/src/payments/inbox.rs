//! The inbox of webhooks.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    ids::{PaymentId, WebhookId},
    payments::{Verdict, Webhook, Webhooks},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, named},
    unit_of_work::SqlUnitOfWork,
};

macro_rules! webhook_columns {
    () => {
        "id, gateway, received_at, dedupe_key, reference, payment_id, claims, verdict, body"
    };
}

pub(super) use webhook_columns;

const INSERT: &str = concat!(
    "INSERT INTO payment_webhooks (",
    webhook_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
);
const BY_REFERENCE: &str = "SELECT id FROM payments WHERE gateway = $1 AND reference = $2";
const BY_PROVIDER_ID: &str = "SELECT id FROM payments WHERE gateway = $1 AND provider_id = $2 ORDER BY id LIMIT 1";
const ADOPT: &str = "UPDATE payment_webhooks SET payment_id = $3, verdict = 'ACCEPTED' \
    WHERE gateway = $1 AND reference = $2 AND verdict = 'UNMATCHED'";
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
    claims: Option<String>,
    verdict: String,
    body: Vec<u8>,
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: WebhookId(row.id),
            gateway: row.gateway,
            received_at: row.received_at.0,
            dedupe_key: row.dedupe_key,
            reference: row.reference,
            payment: row.payment_id.map(PaymentId),
            claims: row.claims,
            verdict: named(&Verdict::ALL, Verdict::as_str, &row.verdict)?,
            body: row.body,
        })
    }
}

#[async_trait]
impl Webhooks for SqlUnitOfWork {
    async fn add(&mut self, webhook: &Webhook) -> Result<(), StoreError> {
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(webhook.id.0)
                .bind(webhook.gateway.as_str())
                .bind(Moment(webhook.received_at))
                .bind(webhook.dedupe_key.as_deref())
                .bind(webhook.reference.as_deref())
                .bind(webhook.payment.map(Uuid::from))
                .bind(webhook.claims.as_deref())
                .bind(webhook.verdict.as_str())
                .bind(webhook.body.as_slice())
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

    async fn adopt(&mut self, gateway: &str, reference: &str, payment: PaymentId) -> Result<bool, StoreError> {
        let adopted = on_tx!(self, |x| {
            let query = sqlx::query(ADOPT).bind(gateway).bind(reference).bind(payment.0);
            query.execute(x).await.map(|done| done.rows_affected())
        })?;
        Ok(adopted > 0)
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let query = sqlx::query(FORGET).bind(Moment(before)).bind(i64::from(limit));
            query.execute(x).await.map(|done| done.rows_affected())
        })
    }
}
