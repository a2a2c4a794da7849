//! The journal read for roll-ups: stretch by stretch, and all of it in one plain question.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    money::Money,
    reports::{DayOffset, DayTotal, EndingTotal, MovedLine, Progress, ReportCheck, SealedLines},
    time::Timestamp,
};
use sqlx::types::Json;
use uuid::Uuid;

use super::rows::{DayRow, EndingRow, PROGRESS, ProgressRow, records, side};
use crate::{
    codec::{self, Moment, corrupt, parsed},
    db::{CHUNK, Dialects, Tx},
    ledger::hexadecimal,
    unit_of_work::SqlUnitOfWork,
};

/// Found by key, however the statistics are: a plan that reads the whole journal for one stretch would do so for each.
const BY_KEY: &str = "SET LOCAL enable_seqscan = off";
/// But what is about the whole journal is not found by key.
const IN_ORDER: &str = "SET LOCAL enable_seqscan = on";
/// How many batches are looked at first. Large ones are few, and it takes long to look at many of them.
const FEW: u32 = 32;
/// Batches until they hold `$2` lines, among the next `$3`.
const BATCHES: &str = "SELECT number, lines FROM (\
        SELECT number, lines, SUM(length(lines)) OVER (ORDER BY number) - length(lines) AS earlier \
        FROM (SELECT number, lines FROM ledger_batches WHERE number > $1 ORDER BY number LIMIT $3) AS next\
    ) AS page WHERE earlier < 16 * $2 ORDER BY number";

/// What is not a customer's wallet, or else zeros.
macro_rules! sides {
    ($nobody:literal) => {
        concat!(
            "CASE d.kind WHEN 'wallet' THEN ",
            $nobody,
            " ELSE d.id END AS debit, CASE c.kind WHEN 'wallet' THEN ",
            $nobody,
            " ELSE c.id END AS credit"
        )
    };
}

/// Lines that moved money, with both accounts.
macro_rules! moved {
    () => {
        " FROM ledger_transfers t JOIN ledger_accounts d ON d.id = t.debit JOIN ledger_accounts c ON c.id = t.credit \
          WHERE t.kind <= 3"
    };
}

const LINES_POSTGRES: &str = concat!(
    "SELECT t.at, t.purpose, t.amount, d.currency, ",
    sides!("'00000000-0000-0000-0000-000000000000'::uuid"),
    moved!(),
    " AND t.id = ANY($1)"
);
/// As one text: SQLite hands its rows over one by one, which takes longer than reading them.
const LINES_SQLITE: &str = concat!(
    "SELECT json_group_array(json_array(at, purpose, amount, currency, hex(debit), hex(credit))) FROM (\
     SELECT t.at, t.purpose, t.amount, d.currency, ",
    sides!("zeroblob(16)"),
    moved!(),
    " AND t.id IN (SELECT unhex(value) FROM json_each($1)))"
);

/// The day of `t.at` and the rest of a roll-up's row.
macro_rules! whole_journal {
    ($day:literal, $nobody:literal) => {
        concat!(
            "SELECT day, currency, purpose, debit, credit, COUNT(*) AS lines, CAST(SUM(amount) AS BIGINT) AS amount FROM (\
             SELECT ",
            $day,
            " AS day, d.currency, t.purpose, t.amount, ",
            sides!($nobody),
            moved!(),
            ") AS lines GROUP BY day, currency, purpose, debit, credit"
        )
    };
}

/// `$1` is the offset in minutes.
const WHOLE_JOURNAL: Dialects = Dialects {
    postgres: whole_journal!(
        "(((t.at AT TIME ZONE 'UTC') + make_interval(mins => $1::int))::date - DATE '1970-01-01')::bigint",
        "'00000000-0000-0000-0000-000000000000'::uuid"
    ),
    sqlite: whole_journal!("(t.at + $1 * 60000000) / 86400000000", "zeroblob(16)"),
};

const DAYS: &str = "SELECT day, currency, purpose, debit, credit, lines, amount FROM report_days";
const ENDINGS: &str = "SELECT day, currency, kind, status, transactions, amount FROM report_endings";

/// Those transactions that ended without moving money and were counted, by the day on which they did; `$1` is the offset in minutes.
macro_rules! ended {
    ($day:literal) => {
        concat!(
            "SELECT day, currency, kind, status, COUNT(*) AS transactions, CAST(SUM(amount) AS BIGINT) AS amount FROM (\
             SELECT ",
            $day,
            " AS day, t.currency, t.kind, t.status, t.amount FROM transactions t \
             JOIN report_ended e ON e.transaction_id = t.id WHERE t.status IN ('FAILED', 'CANCELLED')) AS ended GROUP BY day, currency, kind, status"
        )
    };
}

macro_rules! ended_and_counted {
    ($begin:literal) => {
        $crate::db::Dialects {
            postgres: concat!(
                $begin,
                ended!(
                    "(((t.updated_at AT TIME ZONE 'UTC') + make_interval(mins => $1::int))::date \
                      - DATE '1970-01-01')::bigint"
                )
            ),
            sqlite: concat!($begin, ended!("(t.updated_at + $1 * 60000000) / 86400000000")),
        }
    };
}

const COUNTED: Dialects = ended_and_counted!("");
/// Counts them anew, once it is written down which they are.
pub(super) const COUNT_ENDINGS: Dialects =
    ended_and_counted!("INSERT INTO report_endings (day, currency, kind, status, transactions, amount) ");
const UNCOUNTED: &str = "SELECT COUNT(*) FROM transactions t WHERE t.status IN ('FAILED', 'CANCELLED') \
    AND NOT EXISTS (SELECT 1 FROM report_ended e WHERE e.transaction_id = t.id)";

/// A line in the order of the columns; `M` is a moment.
type Line<M> = (M, i16, i64, String, Uuid, Uuid);

fn moved_line<M>(line: Line<M>, moment: fn(M) -> Timestamp) -> Result<MovedLine, StoreError> {
    let (at, purpose, amount, currency, debit, credit) = line;
    Ok(MovedLine {
        at: moment(at),
        purpose: codec::purpose(purpose)?,
        amount: Money::new(amount, parsed(&currency)?).map_err(corrupt)?,
        debit: side(debit),
        credit: side(credit),
    })
}

/// A read-only transaction of one moment; it writes nothing and is rolled back at the end.
pub(super) struct SqlReportCheck(pub SqlUnitOfWork);

impl SqlReportCheck {
    /// The next batches, until they hold so many lines.
    async fn batches(&mut self, after: i64, lines: u32) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let mut most = FEW.min(lines);
        loop {
            let batches: Vec<(i64, Vec<u8>)> = on_tx!(self.0, |x| {
                let query = sqlx::query_as(BATCHES).bind(after).bind(i64::from(lines)).bind(i64::from(most));
                query.fetch_all(x).await
            })?;
            let held: usize = batches.iter().map(|(_, lines)| lines.len() / 16).sum();
            if batches.len() < most as usize || held >= lines as usize || most >= lines {
                return Ok(batches);
            }
            most = most.saturating_mul(8).min(lines);
        }
    }

    /// Tells Postgres how to plan what comes next.
    async fn plan(&mut self, how: &'static str) -> Result<(), StoreError> {
        if let Tx::Postgres(transaction) = self.0.open()? {
            let told = sqlx::query(how).execute(&mut **transaction).await.map(drop);
            self.0.settle(told)?;
        }
        Ok(())
    }

    async fn lines(&mut self, ids: &[Uuid]) -> Result<Vec<MovedLine>, StoreError> {
        match self.0.open()? {
            Tx::Postgres(transaction) => {
                let found = sqlx::query_as(LINES_POSTGRES).bind(ids).fetch_all(&mut **transaction).await;
                let found: Vec<Line<Moment>> = self.0.settle(found)?;
                found.into_iter().map(|line| moved_line(line, |moment| moment.0)).collect()
            }
            Tx::Sqlite(transaction) => {
                let found = sqlx::query_scalar(LINES_SQLITE).bind(hexadecimal(ids)).fetch_one(&mut **transaction).await;
                let Json(found): Json<Vec<Line<i64>>> = self.0.settle(found)?;
                found.into_iter().map(|line| moved_line(line, Timestamp::from_micros)).collect()
            }
        }
    }
}

#[async_trait]
impl ReportCheck for SqlReportCheck {
    async fn progress(&mut self) -> Result<Progress, StoreError> {
        let row: ProgressRow = on_tx!(self.0, |x| sqlx::query_as(PROGRESS).fetch_one(x).await)?;
        row.try_into()
    }

    async fn days(&mut self) -> Result<Vec<DayTotal>, StoreError> {
        let rows: Vec<DayRow> = on_tx!(self.0, |x| sqlx::query_as(DAYS).fetch_all(x).await)?;
        records(rows)
    }

    async fn journal(&mut self, offset: DayOffset) -> Result<Vec<DayTotal>, StoreError> {
        self.plan(IN_ORDER).await?;
        let sql = self.0.dialect(WHOLE_JOURNAL);
        let minutes = i64::from(offset.minutes());
        let rows: Vec<DayRow> = on_tx!(self.0, |x| sqlx::query_as(sql).bind(minutes).fetch_all(x).await)?;
        records(rows)
    }

    async fn sealed_lines(&mut self, after: u64, lines: u32) -> Result<Option<SealedLines>, StoreError> {
        let batches = self.batches(after.cast_signed(), lines).await?;
        let Some((end, _)) = batches.last() else { return Ok(None) };
        let end = end.unsigned_abs();
        self.plan(BY_KEY).await?;
        let bytes = batches.iter().flat_map(|(_, lines)| lines.as_chunks::<16>().0);
        let ids: Vec<Uuid> = bytes.map(|id| Uuid::from_bytes(*id)).collect();
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            found.extend(self.lines(chunk).await?);
        }
        Ok(Some(SealedLines { lines: found, end }))
    }

    async fn endings(&mut self) -> Result<Vec<EndingTotal>, StoreError> {
        let rows: Vec<EndingRow> = on_tx!(self.0, |x| sqlx::query_as(ENDINGS).fetch_all(x).await)?;
        records(rows)
    }

    async fn transactions(&mut self, offset: DayOffset) -> Result<Vec<EndingTotal>, StoreError> {
        let sql = self.0.dialect(COUNTED);
        let minutes = i64::from(offset.minutes());
        let rows: Vec<EndingRow> = on_tx!(self.0, |x| sqlx::query_as(sql).bind(minutes).fetch_all(x).await)?;
        records(rows)
    }

    async fn uncounted(&mut self) -> Result<u64, StoreError> {
        let count: i64 = on_tx!(self.0, |x| sqlx::query_scalar(UNCOUNTED).fetch_one(x).await)?;
        Ok(count.unsigned_abs())
    }
}
