//! Roll-ups, reports and summaries, read.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{ReportId, UserId},
    reports::{
        Day, DayTotal, EndingTotal, Progress, ReportCheck, ReportQueries, Rollup, SealedLines, Summary,
        TransactionReport,
    },
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    check::SqlReportCheck,
    papers::{self, ReportRow},
    rows::{DayRow, EndingRow, PROGRESS, ProgressRow, progress_columns, records},
};
use crate::{
    codec::{Moment, corrupt, parsed},
    store::SqlStore,
    unit_of_work::SqlUnitOfWork,
};

/// One statement, so the position is that of the days.
const DAYS: &str = concat!(
    "SELECT ",
    progress_columns!(),
    ", d.day, d.currency, d.purpose, d.debit, d.credit, d.lines, d.amount FROM report_state s CROSS JOIN ledger_seal h \
     LEFT JOIN report_days d ON d.day >= $1 AND d.day <= $2 ORDER BY d.day, d.currency, d.purpose, d.debit, d.credit"
);
const ENDINGS: &str = "SELECT day, currency, kind, status, transactions, amount FROM report_endings \
    WHERE day >= $1 AND day <= $2 ORDER BY day, currency, kind, status";
/// The accounts' own counters and the last line of each trail: as many rows as there are wallets.
const SUMMARIES: &str = "SELECT a.currency, CAST(SUM(a.lines) AS BIGINT) AS movements, \
    CAST(SUM(a.debits_posted) AS BIGINT) AS spent, CAST(SUM(a.credits_posted) AS BIGINT) AS received, MAX(t.at) AS last \
    FROM wallets w JOIN ledger_accounts a ON a.id = w.id LEFT JOIN ledger_transfers t ON t.id = a.last_line \
    WHERE w.owner = $1 GROUP BY a.currency ORDER BY a.currency";

#[derive(FromRow)]
struct RollupRow {
    #[sqlx(flatten)]
    progress: ProgressRow,
    day: Option<i64>,
    currency: Option<String>,
    purpose: Option<i16>,
    debit: Option<Uuid>,
    credit: Option<Uuid>,
    lines: Option<i64>,
    amount: Option<i64>,
}

impl RollupRow {
    /// The day's total; none if the period has no day at all.
    fn total(self) -> Result<Option<DayTotal>, StoreError> {
        let Some(day) = self.day else { return Ok(None) };
        let row = (self.currency, self.purpose, self.debit, self.credit, self.lines, self.amount);
        let (Some(currency), Some(purpose), Some(debit), Some(credit), Some(lines), Some(amount)) = row else {
            return Err(corrupt("half a day of a roll-up"));
        };
        DayRow { day, currency, purpose, debit, credit, lines, amount }.try_into().map(Some)
    }
}

#[derive(FromRow)]
struct SummaryRow {
    currency: String,
    movements: i64,
    spent: i64,
    received: i64,
    last: Option<Moment>,
}

impl TryFrom<SummaryRow> for Summary {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        Ok(Self {
            currency: parsed(&row.currency)?,
            movements: row.movements,
            spent: row.spent,
            received: row.received,
            last: row.last.map(|last| last.0),
        })
    }
}

#[async_trait]
impl ReportQueries for SqlStore {
    async fn progress(&self) -> Result<Progress, StoreError> {
        let row: ProgressRow = on_read!(self, |x| sqlx::query_as(PROGRESS).fetch_one(x).await)?;
        row.try_into()
    }

    async fn sealed_lines(&self, after: u64, lines: u32) -> Result<Option<SealedLines>, StoreError> {
        self.check().await?.sealed_lines(after, lines).await
    }

    async fn days(&self, first: Day, last: Day) -> Result<Rollup, StoreError> {
        let (first, last) = (i64::from(first.number()), i64::from(last.number()));
        let rows: Vec<RollupRow> = on_read!(self, |x| sqlx::query_as(DAYS).bind(first).bind(last).fetch_all(x).await)?;
        let first = rows.first().ok_or_else(|| corrupt("roll-ups without a position"))?;
        let progress = first.progress.try_into()?;
        let days = rows.into_iter().filter_map(|row| row.total().transpose()).collect::<Result<_, _>>()?;
        Ok(Rollup { progress, days })
    }

    async fn endings(&self, first: Day, last: Day) -> Result<Vec<EndingTotal>, StoreError> {
        let (first, last) = (i64::from(first.number()), i64::from(last.number()));
        let rows: Vec<EndingRow> =
            on_read!(self, |x| sqlx::query_as(ENDINGS).bind(first).bind(last).fetch_all(x).await)?;
        records(rows)
    }

    async fn check(&self) -> Result<Box<dyn ReportCheck>, StoreError> {
        self.reachable().await?;
        let transaction = self.heard(self.db.begin_snapshot().await).await?;
        let unit = SqlUnitOfWork::new(transaction, None, self.bell.clone(), self.keys.clone());
        Ok(Box::new(SqlReportCheck(unit)))
    }

    async fn report(&self, id: ReportId) -> Result<Option<TransactionReport>, StoreError> {
        let row: Option<ReportRow> =
            on_read!(self, |x| sqlx::query_as(papers::BY_ID).bind(id.0).fetch_optional(x).await)?;
        row.map(TransactionReport::try_from).transpose()
    }

    async fn reports(
        &self,
        user: UserId,
        offset: u64,
        limit: u32,
    ) -> Result<(Vec<TransactionReport>, u64), StoreError> {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let total: i64 = on_read!(self, |x| sqlx::query_scalar(papers::COUNT).bind(user.0).fetch_one(x).await)?;
        let rows: Vec<ReportRow> = on_read!(self, |x| {
            let query = sqlx::query_as(papers::OF_USER).bind(user.0).bind(i64::from(limit)).bind(offset);
            query.fetch_all(x).await
        })?;
        Ok((records(rows)?, total.unsigned_abs()))
    }

    async fn summaries(&self, user: UserId) -> Result<Vec<Summary>, StoreError> {
        let rows: Vec<SummaryRow> = on_read!(self, |x| sqlx::query_as(SUMMARIES).bind(user.0).fetch_all(x).await)?;
        records(rows)
    }
}
