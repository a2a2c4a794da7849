//! The roll-ups: what is added up, and up to where.

use super::{Day, DayOffset};
use crate::{
    ids::AccountId,
    ledger::{Purpose, TransactionKind, TransactionStatus},
    money::{Currency, Money},
    time::Timestamp,
};

/// A line of the journal that moved money, as far as roll-ups care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedLine {
    pub at: Timestamp,
    pub purpose: Purpose,
    pub amount: Money,
    /// The debited account; none for a customer's wallet.
    pub debit: Option<AccountId>,
    /// The credited account; none for a customer's wallet.
    pub credit: Option<AccountId>,
}

/// The lines of a stretch of sealed batches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealedLines {
    pub lines: Vec<MovedLine>,
    /// The number of the last batch.
    pub end: u64,
}

/// What lines have in common that are added up: one row for each. Wallets are not told apart, so there are as many rows
/// in a day as there are ways that money takes, however many customers send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayKey {
    pub day: Day,
    pub currency: Currency,
    pub purpose: Purpose,
    /// None for customers' wallets.
    pub debit: Option<AccountId>,
    /// None for customers' wallets.
    pub credit: Option<AccountId>,
}

/// The lines of a day that have all of that in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTotal {
    pub key: DayKey,
    pub count: i64,
    /// In the smallest unit of the currency.
    pub amount: i64,
}

/// What transactions have in common that ended without moving money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EndingKey {
    /// When they ended.
    pub day: Day,
    pub currency: Currency,
    pub kind: TransactionKind,
    pub status: TransactionStatus,
}

/// The transactions of a day that ended without moving money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndingTotal {
    pub key: EndingKey,
    pub count: i64,
    /// What they would have moved.
    pub amount: i64,
}

/// How far the roll-ups have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where the days of the roll-ups end; none as long as nothing was ever counted.
    pub offset: Option<DayOffset>,
    /// The last sealed batch that was counted.
    pub position: u64,
    /// The last sealed batch.
    pub head: u64,
}

/// The roll-ups of some days, and what they are the roll-ups of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    pub progress: Progress,
    pub days: Vec<DayTotal>,
}
