//! Roll-ups inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{TransactionId, UserId},
    reports::{DayOffset, DayTotal, EndingTotal, Progress, Reports, TransactionReport},
};
use sqlx::QueryBuilder;

use super::{
    check::COUNT_ENDINGS,
    papers,
    rows::{ProgressRow, progress_columns, side_column},
};
use crate::{
    codec::purpose_code,
    db::{Dialects, pieces},
    unit_of_work::SqlUnitOfWork,
};

/// The end of the seal is only looked at: whoever counts must not hold up whoever pays.
const LOCK: Dialects = Dialects {
    postgres: concat!(
        "SELECT ",
        progress_columns!(),
        " FROM report_state s CROSS JOIN ledger_seal h FOR NO KEY UPDATE OF s"
    ),
    sqlite: super::rows::PROGRESS,
};
const ADVANCE: &str = "UPDATE report_state SET position = $2 WHERE position = $1 AND utc_offset = $3";
const DAYS: &str = "INSERT INTO report_days (day, currency, purpose, debit, credit, lines, amount) ";
const ADD_TO_DAYS: &str = " ON CONFLICT (day, currency, purpose, debit, credit) DO UPDATE SET \
    lines = report_days.lines + excluded.lines, amount = report_days.amount + excluded.amount";
const NEW_ENDING: &str = "INSERT INTO report_ended (transaction_id) VALUES ($1) ON CONFLICT DO NOTHING";
const ADD_ENDING: &str = "INSERT INTO report_endings (day, currency, kind, status, transactions, amount) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (day, currency, kind, status) DO UPDATE SET \
    transactions = report_endings.transactions + excluded.transactions, \
    amount = report_endings.amount + excluded.amount";

const RESTART: &str = "UPDATE report_state SET position = 0, utc_offset = $1";
const FORGET: [&str; 3] = ["DELETE FROM report_days", "DELETE FROM report_endings", "DELETE FROM report_ended"];
const COUNT_ENDED: &str =
    "INSERT INTO report_ended (transaction_id) SELECT id FROM transactions WHERE status IN ('FAILED', 'CANCELLED')";

#[async_trait]
impl Reports for SqlUnitOfWork {
    async fn lock(&mut self) -> Result<Progress, StoreError> {
        let sql = self.dialect(LOCK);
        let row: ProgressRow = on_tx!(self, |x| sqlx::query_as(sql).fetch_one(x).await)?;
        row.try_into()
    }

    async fn advance(&mut self, from: Progress, to: u64) -> Result<bool, StoreError> {
        let offset = from.offset.map(|offset| i64::from(offset.minutes()));
        let moved = on_tx!(self, |x| {
            let query = sqlx::query(ADVANCE).bind(from.position.cast_signed()).bind(to.cast_signed()).bind(offset);
            query.execute(x).await.map(|done| done.rows_affected())
        })?;
        Ok(moved == 1)
    }

    async fn add_days(&mut self, totals: &[DayTotal]) -> Result<(), StoreError> {
        for piece in pieces(totals) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(DAYS);
                query.push_values(piece, |mut row, DayTotal { key, count, amount }| {
                    row.push_bind(i64::from(key.day.number())).push_bind(key.currency.code());
                    row.push_bind(purpose_code(key.purpose));
                    row.push_bind(side_column(key.debit)).push_bind(side_column(key.credit));
                    row.push_bind(*count).push_bind(*amount);
                });
                query.push(ADD_TO_DAYS);
                query.build().execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }

    async fn add_ending(&mut self, transaction: TransactionId, ending: &EndingTotal) -> Result<bool, StoreError> {
        let new = on_tx!(self, |x| {
            let done = sqlx::query(NEW_ENDING).bind(transaction.0).execute(x).await;
            done.map(|done| done.rows_affected())
        })?;
        if new == 0 {
            return Ok(false);
        }
        on_tx!(self, |x| {
            sqlx::query(ADD_ENDING)
                .bind(i64::from(ending.key.day.number()))
                .bind(ending.key.currency.code())
                .bind(ending.key.kind.as_str())
                .bind(ending.key.status.as_str())
                .bind(ending.count)
                .bind(ending.amount)
                .execute(x)
                .await
                .map(drop)
        })?;
        Ok(true)
    }

    async fn restart(&mut self, offset: DayOffset) -> Result<(), StoreError> {
        let minutes = i64::from(offset.minutes());
        // The state first: its lock keeps everybody else from counting.
        on_tx!(self, |x| sqlx::query(RESTART).bind(minutes).execute(x).await.map(drop))?;
        for sql in FORGET {
            on_tx!(self, |x| sqlx::query(sql).execute(x).await.map(drop))?;
        }
        on_tx!(self, |x| sqlx::query(COUNT_ENDED).execute(x).await.map(drop))?;
        let sql = self.dialect(COUNT_ENDINGS);
        on_tx!(self, |x| sqlx::query(sql).bind(minutes).execute(x).await.map(drop))
    }

    async fn add(&mut self, report: &TransactionReport) -> Result<(), StoreError> {
        papers::add(self, report).await
    }

    async fn find(
        &mut self,
        user: UserId,
        transaction: TransactionId,
    ) -> Result<Option<TransactionReport>, StoreError> {
        papers::find(self, user, transaction).await
    }
}
