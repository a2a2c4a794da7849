//! What the money did, added up: by day, by purpose, and by the accounts that are not a customer's.
//!
//! # Shape
//! - [`Day`] and [`DayOffset`]: a day as the business counts it.
//! - [`MovedLine`] becomes a [`DayTotal`]: the roll-up of the journal. It is kept up to a sealed batch, see [`Progress`].
//! - [`EndingTotal`]: transactions that ended without moving money, of which the journal knows nothing.
//! - [`TransactionReport`]: one transaction as it was, written down for its owner. [`Summary`]: somebody's sums.
//! - [`Reports`] changes, [`ReportQueries`] answers, [`ReportCheck`] has both sides of a recount at one moment.
//!
//! The journal is the truth. Whatever is kept here can be thrown away and counted again.

mod day;
mod paper;
mod repository;
mod totals;

pub use day::{Day, DayOffset, NotADay, NotAnOffset};
pub use paper::{Summary, TransactionReport};
pub use repository::{ReportCheck, ReportQueries, Reports};
pub use totals::{DayKey, DayTotal, EndingKey, EndingTotal, MovedLine, Progress, Rollup, SealedLines};

#[cfg(feature = "mocks")]
pub use repository::{MockReportQueries, MockReports};
