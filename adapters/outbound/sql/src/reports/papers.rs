//! Reports of transactions as rows.

use dermaga_ports::{
    StoreError,
    ids::{ReportId, TransactionId, UserId},
    ledger::{TransactionKind, TransactionStatus},
    reports::TransactionReport,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, money, named},
    unit_of_work::SqlUnitOfWork,
};

macro_rules! report_columns {
    () => {
        "id, user_id, transaction_id, kind, status, amount, currency, created_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO reports (",
    report_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
);
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM reports WHERE id = $1)";
const FIND: &str = concat!("SELECT ", report_columns!(), " FROM reports WHERE user_id = $1 AND transaction_id = $2");
pub(super) const BY_ID: &str = concat!("SELECT ", report_columns!(), " FROM reports WHERE id = $1");
pub(super) const OF_USER: &str =
    concat!("SELECT ", report_columns!(), " FROM reports WHERE user_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3");
pub(super) const COUNT: &str = "SELECT COUNT(*) FROM reports WHERE user_id = $1";

#[derive(FromRow)]
pub(super) struct ReportRow {
    id: Uuid,
    user_id: Uuid,
    transaction_id: Uuid,
    kind: String,
    status: String,
    amount: i64,
    currency: String,
    created_at: Moment,
}

impl TryFrom<ReportRow> for TransactionReport {
    type Error = StoreError;

    fn try_from(row: ReportRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ReportId(row.id),
            user: UserId(row.user_id),
            transaction: TransactionId(row.transaction_id),
            kind: named(&TransactionKind::ALL, TransactionKind::as_str, &row.kind)?,
            status: named(&TransactionStatus::ALL, TransactionStatus::as_str, &row.status)?,
            amount: money(row.amount, &row.currency)?,
            created_at: row.created_at.0,
        })
    }
}

pub(super) async fn add(unit: &mut SqlUnitOfWork, report: &TransactionReport) -> Result<(), StoreError> {
    let added = on_tx!(unit, |x| {
        sqlx::query(INSERT)
            .bind(report.id.0)
            .bind(report.user.0)
            .bind(report.transaction.0)
            .bind(report.kind.as_str())
            .bind(report.status.as_str())
            .bind(report.amount.amount())
            .bind(report.amount.currency().code())
            .bind(Moment(report.created_at))
            .execute(x)
            .await
            .map(|done| done.rows_affected())
    })?;
    if added == 1 {
        return Ok(());
    }
    Err(unit.id_or_reference(EXISTS, report.id.0).await?)
}

pub(super) async fn find(
    unit: &mut SqlUnitOfWork,
    user: UserId,
    transaction: TransactionId,
) -> Result<Option<TransactionReport>, StoreError> {
    let row: Option<ReportRow> =
        on_tx!(unit, |x| sqlx::query_as(FIND).bind(user.0).bind(transaction.0).fetch_optional(x).await)?;
    row.map(TransactionReport::try_from).transpose()
}
