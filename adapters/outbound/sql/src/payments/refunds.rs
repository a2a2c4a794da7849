//! Refunds and disputes inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{PaymentId, RefundId},
    payments::{Dispute, DisputeProgress, Refund, RefundState, Refunds},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt, money, named, readable},
    db::Dialects,
    unit_of_work::SqlUnitOfWork,
};

macro_rules! refund_columns {
    () => {
        "id, payment_id, key, amount, currency, reason, state, failure, external, next_check_at, checks, created_at, \
         updated_at"
    };
}

macro_rules! select_refund {
    () => {
        concat!("SELECT ", refund_columns!(), " FROM payment_refunds")
    };
}

pub(super) const REFUND: &str = concat!(select_refund!(), " WHERE id = $1");
pub(super) const REFUNDS: &str = concat!(select_refund!(), " WHERE payment_id = $1 ORDER BY id");
pub(super) const DISPUTES: &str = "SELECT payment_id, id, amount, currency, state, created_at, updated_at \
    FROM payment_disputes WHERE payment_id = $1 ORDER BY id";
const INSERT: &str = concat!(
    "INSERT INTO payment_refunds (",
    refund_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING"
);
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM payment_refunds WHERE id = $1)";
const UPDATE: &str = "UPDATE payment_refunds SET state = $2, failure = $3, next_check_at = $4, checks = $5, \
    updated_at = $6 WHERE id = $1";
const PUT_DISPUTE: &str = "INSERT INTO payment_disputes (payment_id, id, amount, currency, state, created_at, \
    updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (payment_id, id) DO UPDATE SET \
    amount = excluded.amount, state = excluded.state, updated_at = excluded.updated_at";

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE payment_refunds SET next_check_at = $2 WHERE id IN (SELECT id FROM payment_refunds \
             WHERE next_check_at <= $1 ORDER BY next_check_at, id LIMIT $3",
            $lock,
            ") RETURNING ",
            refund_columns!()
        )
    };
}

const CLAIM: Dialects = Dialects { postgres: claim!(" FOR NO KEY UPDATE SKIP LOCKED"), sqlite: claim!("") };

#[derive(FromRow)]
pub(super) struct RefundRow {
    id: Uuid,
    payment_id: Uuid,
    key: String,
    amount: i64,
    currency: String,
    reason: String,
    state: String,
    failure: Option<String>,
    external: bool,
    next_check_at: Option<Moment>,
    checks: i64,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<RefundRow> for Refund {
    type Error = StoreError;

    fn try_from(row: RefundRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: RefundId(row.id),
            payment: PaymentId(row.payment_id),
            key: row.key,
            amount: money(row.amount, &row.currency)?,
            reason: row.reason,
            state: named(&RefundState::ALL, RefundState::as_str, &row.state)?,
            failure: row.failure,
            external: row.external,
            next_check_at: row.next_check_at.map(|moment| moment.0),
            checks: u32::try_from(row.checks).map_err(corrupt)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

pub(super) fn refunds(rows: Vec<RefundRow>) -> Result<Vec<Refund>, StoreError> {
    rows.into_iter().map(Refund::try_from).collect()
}

#[derive(FromRow)]
pub(super) struct DisputeRow {
    payment_id: Uuid,
    id: String,
    amount: i64,
    currency: String,
    state: String,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<DisputeRow> for Dispute {
    type Error = StoreError;

    fn try_from(row: DisputeRow) -> Result<Self, StoreError> {
        Ok(Self {
            payment: PaymentId(row.payment_id),
            id: row.id,
            amount: money(row.amount, &row.currency)?,
            state: named(&DisputeProgress::ALL, DisputeProgress::as_str, &row.state)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

pub(super) fn disputes(rows: Vec<DisputeRow>) -> Result<Vec<Dispute>, StoreError> {
    rows.into_iter().map(Dispute::try_from).collect()
}

#[async_trait]
impl Refunds for SqlUnitOfWork {
    async fn add(&mut self, refund: &Refund) -> Result<(), StoreError> {
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(refund.id.0)
                .bind(refund.payment.0)
                .bind(refund.key.as_str())
                .bind(refund.amount.amount())
                .bind(refund.amount.currency().code())
                .bind(refund.reason.as_str())
                .bind(refund.state.as_str())
                .bind(refund.failure.as_deref())
                .bind(refund.external)
                .bind(refund.next_check_at.map(Moment))
                .bind(i64::from(refund.checks))
                .bind(Moment(refund.created_at))
                .bind(Moment(refund.updated_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
        }
        Err(self.id_or_reference(EXISTS, refund.id.0).await?)
    }

    async fn of_payment(&mut self, payment: PaymentId) -> Result<Vec<Refund>, StoreError> {
        refunds(on_tx!(self, |x| sqlx::query_as(REFUNDS).bind(payment.0).fetch_all(x).await)?)
    }

    async fn find(&mut self, id: RefundId) -> Result<Option<Refund>, StoreError> {
        let row: Option<RefundRow> = on_tx!(self, |x| sqlx::query_as(REFUND).bind(id.0).fetch_optional(x).await)?;
        row.map(Refund::try_from).transpose()
    }

    async fn save(&mut self, refund: &Refund) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(refund.id.0)
                .bind(refund.state.as_str())
                .bind(refund.failure.as_deref())
                .bind(refund.next_check_at.map(Moment))
                .bind(i64::from(refund.checks))
                .bind(Moment(refund.updated_at))
                .execute(x)
                .await
                .map(drop)
        })
    }

    async fn claim_due(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Refund>, StoreError> {
        let sql = self.dialect(CLAIM);
        let rows: Vec<RefundRow> = on_tx!(self, |x| {
            let query = sqlx::query_as(sql).bind(Moment(now)).bind(Moment(until)).bind(i64::from(limit));
            query.fetch_all(x).await
        })?;
        Ok(readable("refund", rows.into_iter().map(|row| (row.id, Refund::try_from(row)))))
    }

    async fn disputes(&mut self, payment: PaymentId) -> Result<Vec<Dispute>, StoreError> {
        disputes(on_tx!(self, |x| sqlx::query_as(DISPUTES).bind(payment.0).fetch_all(x).await)?)
    }

    async fn put_dispute(&mut self, dispute: &Dispute) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            sqlx::query(PUT_DISPUTE)
                .bind(dispute.payment.0)
                .bind(dispute.id.as_str())
                .bind(dispute.amount.amount())
                .bind(dispute.amount.currency().code())
                .bind(dispute.state.as_str())
                .bind(Moment(dispute.created_at))
                .bind(Moment(dispute.updated_at))
                .execute(x)
                .await
                .map(drop)
        })
    }
}
