//! Roll-ups as rows.

use dermaga_ports::{
    StoreError,
    ids::AccountId,
    ledger::{TransactionKind, TransactionStatus},
    reports::{Day, DayKey, DayOffset, DayTotal, EndingKey, EndingTotal, Progress},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::codec::{self, corrupt, named, parsed};

/// Zeros stand for all wallets: a column that can be missing could be in no primary key.
pub(super) fn side_column(side: Option<AccountId>) -> Uuid {
    side.map_or(Uuid::nil(), Uuid::from)
}

pub(super) fn side(column: Uuid) -> Option<AccountId> {
    (!column.is_nil()).then_some(AccountId(column))
}

pub(super) fn day(number: i64) -> Result<Day, StoreError> {
    i32::try_from(number).map(Day::from_number).map_err(corrupt)
}

pub(super) fn offset(minutes: i64) -> Result<DayOffset, StoreError> {
    DayOffset::from_minutes(i16::try_from(minutes).map_err(corrupt)?).map_err(corrupt)
}

/// [`Progress`] from the state as `s` and the end of the seal as `h`.
macro_rules! progress_columns {
    () => {
        "s.utc_offset, s.position, h.number AS head"
    };
}

pub(super) use progress_columns;

pub(super) const PROGRESS: &str =
    concat!("SELECT ", progress_columns!(), " FROM report_state s CROSS JOIN ledger_seal h");

#[derive(FromRow, Clone, Copy)]
pub(super) struct ProgressRow {
    utc_offset: Option<i64>,
    position: i64,
    head: i64,
}

impl TryFrom<ProgressRow> for Progress {
    type Error = StoreError;

    fn try_from(row: ProgressRow) -> Result<Self, StoreError> {
        Ok(Self {
            offset: row.utc_offset.map(offset).transpose()?,
            position: row.position.unsigned_abs(),
            head: row.head.unsigned_abs(),
        })
    }
}

#[derive(FromRow)]
pub(super) struct DayRow {
    pub day: i64,
    pub currency: String,
    pub purpose: i16,
    pub debit: Uuid,
    pub credit: Uuid,
    pub lines: i64,
    pub amount: i64,
}

impl TryFrom<DayRow> for DayTotal {
    type Error = StoreError;

    fn try_from(row: DayRow) -> Result<Self, StoreError> {
        let key = DayKey {
            day: day(row.day)?,
            currency: parsed(&row.currency)?,
            purpose: codec::purpose(row.purpose)?,
            debit: side(row.debit),
            credit: side(row.credit),
        };
        Ok(Self { key, count: row.lines, amount: row.amount })
    }
}

#[derive(FromRow)]
pub(super) struct EndingRow {
    day: i64,
    currency: String,
    kind: String,
    status: String,
    transactions: i64,
    amount: i64,
}

impl TryFrom<EndingRow> for EndingTotal {
    type Error = StoreError;

    fn try_from(row: EndingRow) -> Result<Self, StoreError> {
        let key = EndingKey {
            day: day(row.day)?,
            currency: parsed(&row.currency)?,
            kind: named(&TransactionKind::ALL, TransactionKind::as_str, &row.kind)?,
            status: named(&TransactionStatus::ALL, TransactionStatus::as_str, &row.status)?,
        };
        Ok(Self { key, count: row.transactions, amount: row.amount })
    }
}

/// Rows as records.
pub(super) fn records<R, T: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}
