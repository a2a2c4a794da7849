//! Payments inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::{PaymentId, TransactionId},
    payments::{Payment, Payments},
    time::Timestamp,
};
use sqlx::types::Json;
use uuid::Uuid;

use super::row::{PaymentRow, payment_columns, payments, select_payment, token};
use crate::{
    codec::{Moment, corrupt, readable},
    db::Dialects,
    unit_of_work::SqlUnitOfWork,
};

const INSERT: &str = concat!(
    "INSERT INTO payments (",
    payment_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
     $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38) ON CONFLICT DO NOTHING"
);
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM payments WHERE id = $1)";
const FIND: Dialects = locking!(select_payment!(), " WHERE id = $1");
const OF_TRANSACTION: Dialects = locking!(select_payment!(), " WHERE transaction_id = $1 ORDER BY id");
const UPDATE: &str = "UPDATE payments SET provider_id = $3, token = $4, state = $5, used = $6, captured = $7, \
    refunded = $8, refund_pending = $9, charged_back = $10, settled = $11, late = $12, reason = $13, frozen = $14, \
    action = $15, idempotency_key = $16, sent_at = $17, expires_at = $18, verified_at = $19, next_check_at = $20, \
    checks = $21, raw = $22, updated_at = $23, credited = $24, revision = revision + 1 WHERE id = $1 AND revision = $2";
const WAKE: &str = "UPDATE payments SET next_check_at = $2, checks = 0, revision = revision + 1 \
    WHERE id = $1";

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE payments SET next_check_at = $2 WHERE id IN (SELECT id FROM payments WHERE next_check_at <= $1 \
             ORDER BY next_check_at, id LIMIT $3",
            $lock,
            ") RETURNING ",
            payment_columns!()
        )
    };
}

/// Several hosts look after payments: each takes what no other has.
const CLAIM: Dialects = Dialects { postgres: claim!(" FOR NO KEY UPDATE SKIP LOCKED"), sqlite: claim!("") };

fn count(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(corrupt)
}

#[async_trait]
impl Payments for SqlUnitOfWork {
    async fn add(&mut self, payment: &Payment) -> Result<(), StoreError> {
        let revision = count(payment.revision)?;
        let token = token(payment, &self.keys)?;
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(payment.id.0)
                .bind(payment.transaction.0)
                .bind(payment.user.0)
                .bind(payment.gateway.as_str())
                .bind(payment.reference.as_str())
                .bind(payment.provider_id.as_deref())
                .bind(payment.amount.amount())
                .bind(payment.amount.currency().code())
                .bind(payment.method.kind.as_str())
                .bind(payment.method.bank.as_deref())
                .bind(payment.method.store.as_deref())
                .bind(token.as_deref())
                .bind(payment.method.wallet.map(Uuid::from))
                .bind(payment.method.authorize_only)
                .bind(payment.state.as_str())
                .bind(payment.used.as_str())
                .bind(payment.sums.captured)
                .bind(payment.sums.refunded)
                .bind(payment.sums.refund_pending)
                .bind(payment.sums.charged_back)
                .bind(payment.settled)
                .bind(payment.late)
                .bind(payment.reason.as_deref())
                .bind(payment.frozen)
                .bind(payment.action.as_ref().map(Json))
                .bind(payment.description.as_deref())
                .bind(payment.idempotency_key.as_str())
                .bind(payment.sent_at.map(Moment))
                .bind(Moment(payment.expires_at))
                .bind(payment.verified_at.map(Moment))
                .bind(payment.next_check_at.map(Moment))
                .bind(i64::from(payment.checks))
                .bind(payment.raw.as_deref())
                .bind(Moment(payment.created_at))
                .bind(Moment(payment.updated_at))
                .bind(revision)
                .bind(payment.sums.credited)
                .bind(payment.method.code)
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
        }
        Err(self.id_or_reference(EXISTS, payment.id.0).await?)
    }

    async fn find(&mut self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<PaymentRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn of_transaction(&mut self, transaction: TransactionId) -> Result<Vec<Payment>, StoreError> {
        let sql = self.dialect(OF_TRANSACTION);
        let rows = on_tx!(self, |x| sqlx::query_as(sql).bind(transaction.0).fetch_all(x).await)?;
        payments(rows, &self.keys)
    }

    async fn save(&mut self, payment: &Payment) -> Result<(), StoreError> {
        let revision = count(payment.revision)?;
        let token = token(payment, &self.keys)?;
        let saved = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(payment.id.0)
                .bind(revision)
                .bind(payment.provider_id.as_deref())
                .bind(token.as_deref())
                .bind(payment.state.as_str())
                .bind(payment.used.as_str())
                .bind(payment.sums.captured)
                .bind(payment.sums.refunded)
                .bind(payment.sums.refund_pending)
                .bind(payment.sums.charged_back)
                .bind(payment.settled)
                .bind(payment.late)
                .bind(payment.reason.as_deref())
                .bind(payment.frozen)
                .bind(payment.action.as_ref().map(Json))
                .bind(payment.idempotency_key.as_str())
                .bind(payment.sent_at.map(Moment))
                .bind(Moment(payment.expires_at))
                .bind(payment.verified_at.map(Moment))
                .bind(payment.next_check_at.map(Moment))
                .bind(i64::from(payment.checks))
                .bind(payment.raw.as_deref())
                .bind(Moment(payment.updated_at))
                .bind(payment.sums.credited)
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if saved == 1 { Ok(()) } else { Err(self.spend(StoreError::Stale(Entity::Payment))) }
    }

    async fn claim_due(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Payment>, StoreError> {
        let sql = self.dialect(CLAIM);
        let rows: Vec<PaymentRow> = on_tx!(self, |x| {
            let query = sqlx::query_as(sql).bind(Moment(now)).bind(Moment(until)).bind(i64::from(limit));
            query.fetch_all(x).await
        })?;
        Ok(readable("payment", rows.into_iter().map(|row| (row.id, row.open(&self.keys)))))
    }

    async fn wake(&mut self, id: PaymentId, now: Timestamp) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(WAKE).bind(id.0).bind(Moment(now)).execute(x).await.map(drop))
    }
}
