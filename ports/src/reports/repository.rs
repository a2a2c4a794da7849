//! The sockets of the roll-ups.

use async_trait::async_trait;

use super::{Day, DayOffset, DayTotal, EndingTotal, Progress, Rollup, SealedLines, Summary, TransactionReport};
use crate::{
    StoreError,
    ids::{ReportId, TransactionId, UserId},
};

/// Reports inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Reports: Send {
    /// How far the roll-ups have come, locked until the unit of work ends: nobody else counts meanwhile.
    async fn lock(&mut self) -> Result<Progress, StoreError>;

    /// Moves the position to another batch, if position and offset are still what they were; answers whether they were.
    /// MUST leave the position locked, so that whoever else is about to count the same lines waits and then is told
    /// `false`.
    async fn advance(&mut self, from: Progress, to: u64) -> Result<bool, StoreError>;

    /// Adds to what is kept of days. Each key comes once.
    async fn add_days(&mut self, totals: &[DayTotal]) -> Result<(), StoreError>;

    /// Counts a transaction that ended without moving money, unless it has been counted; answers whether it was new.
    async fn add_ending(&mut self, transaction: TransactionId, ending: &EndingTotal) -> Result<bool, StoreError>;

    /// Forgets all roll-ups: days begin again before the first batch, and end at that offset from now on. Endings are
    /// counted anew from the transactions that have ended.
    async fn restart(&mut self, offset: DayOffset) -> Result<(), StoreError>;

    /// # Errors
    /// [`crate::Unique::Id`], or [`crate::Unique::Reference`] if the user has a report of that transaction; the unit of
    /// work goes on.
    async fn add(&mut self, report: &TransactionReport) -> Result<(), StoreError>;

    /// The report that a user has of a transaction.
    async fn find(&mut self, user: UserId, transaction: TransactionId)
    -> Result<Option<TransactionReport>, StoreError>;
}

/// Reports, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ReportQueries: Send + Sync {
    /// How far the roll-ups have come. MUST be cheap: it is asked all the time.
    async fn progress(&self) -> Result<Progress, StoreError>;

    /// The lines that moved money in the batches after `after`, in any order. From one batch up to about `lines` lines,
    /// not always as many as there are; none if there is no such batch.
    async fn sealed_lines(&self, after: u64, lines: u32) -> Result<Option<SealedLines>, StoreError>;

    /// What is kept of the days from the first to the last, and up to where: both MUST be of one moment.
    async fn days(&self, first: Day, last: Day) -> Result<Rollup, StoreError>;

    /// The transactions that ended without moving money from the first day to the last.
    async fn endings(&self, first: Day, last: Day) -> Result<Vec<EndingTotal>, StoreError>;

    /// Everything that a recount compares, at one moment.
    async fn check(&self) -> Result<Box<dyn ReportCheck>, StoreError>;

    async fn report(&self, id: ReportId) -> Result<Option<TransactionReport>, StoreError>;

    /// Somebody's reports, newest first, after so many; and how many there are.
    async fn reports(&self, user: UserId, offset: u64, limit: u32)
    -> Result<(Vec<TransactionReport>, u64), StoreError>;

    /// What went through somebody's wallets, by currency. MUST NOT read their history.
    async fn summaries(&self, user: UserId) -> Result<Vec<Summary>, StoreError>;
}

/// What is kept and what it is kept of, both at one moment, whatever is written meanwhile.
#[async_trait]
pub trait ReportCheck: Send {
    async fn progress(&mut self) -> Result<Progress, StoreError>;

    /// All days that are kept.
    async fn days(&mut self) -> Result<Vec<DayTotal>, StoreError>;

    /// The same from the whole journal, in one plain question that knows no position.
    async fn journal(&mut self, offset: DayOffset) -> Result<Vec<DayTotal>, StoreError>;

    /// See [`ReportQueries::sealed_lines`].
    async fn sealed_lines(&mut self, after: u64, lines: u32) -> Result<Option<SealedLines>, StoreError>;

    /// All endings that are kept.
    async fn endings(&mut self) -> Result<Vec<EndingTotal>, StoreError>;

    /// The same from the transactions that were counted.
    async fn transactions(&mut self, offset: DayOffset) -> Result<Vec<EndingTotal>, StoreError>;

    /// How many transactions have ended without moving money and were not counted yet.
    async fn uncounted(&mut self) -> Result<u64, StoreError>;
}
