//! Walking back along an account's trail.
//!
//! Each line names the line before it on both of its accounts, and every 64th line of an account is a waypoint that can
//! be found by its time. So whatever lies in the past is at most 64 steps behind a waypoint, however long the history,
//! and nothing but the primary key of the journal has to be kept up to date while money moves.

use dermaga_ports::{
    StoreError,
    ids::AccountId,
    ledger::{Transfer, WAYPOINT_EVERY},
    time::Timestamp,
};

use super::transfers::{TransferRow, transfer_columns};
use crate::{codec::Moment, store::SqlStore};

/// The nearest place behind a moment from which one can walk back: a waypoint, or else the end of the trail.
macro_rules! from_behind {
    ($moment:literal) => {
        concat!(
            "COALESCE((SELECT line FROM ledger_waypoints WHERE account = $1 AND at >= ",
            $moment,
            " ORDER BY at LIMIT 1), (SELECT last_line FROM ledger_accounts WHERE id = $1))"
        )
    };
}

/// The lines of account `$1` as `walk`, each with its `step`: back from the line `$start` until `$from` has been passed or
/// so many steps were taken. The beginning of a statement.
macro_rules! walk_back {
    ($start:expr, from $from:literal, steps $steps:literal) => {
        concat!(
            "WITH RECURSIVE walk AS (SELECT l.*, 1 AS step FROM ledger_transfers l WHERE l.id = ",
            $start,
            " UNION ALL SELECT l.*, w.step + 1 FROM walk w JOIN ledger_transfers l \
                ON l.id = CASE WHEN w.debit = $1 THEN w.debit_previous ELSE w.credit_previous END \
                WHERE w.at >= ",
            $from,
            " AND w.step < ",
            $steps,
            ") "
        )
    };
}

pub(super) use {from_behind, walk_back};

/// Back from behind `$2` (exclusive) until `$3` has been passed or `$4` steps were taken, newest first.
const WALK: &str = concat!(
    walk_back!(from_behind!("$2"), from "$3", steps "$4"),
    "SELECT ",
    transfer_columns!(),
    " FROM walk t JOIN ledger_accounts a ON a.id = $1 ORDER BY t.step"
);

/// The moment of the waypoint that lies `$3` waypoints behind `$2`.
const AHEAD: &str = "SELECT at FROM ledger_waypoints WHERE account = $1 AND at >= $2 ORDER BY at LIMIT 1 OFFSET $3";

/// The waypoints are as far apart as this.
const STRIDE: i64 = WAYPOINT_EVERY.cast_signed();

impl SqlStore {
    /// The lines of an account before `until`, newest first: those from `from` on, but at most `limit`.
    pub(super) async fn lines_before(
        &self,
        account: AccountId,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError> {
        // The walk begins up to a stride too late.
        let steps = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(STRIDE);
        let rows: Vec<TransferRow> = on_read!(self, |x| {
            let query = sqlx::query_as(WALK).bind(account.0).bind(Moment(until)).bind(Moment(from)).bind(steps);
            query.fetch_all(x).await
        })?;
        let lines = rows
            .into_iter()
            .map(Transfer::try_from)
            .filter(|line| line.as_ref().map_or(true, |line| line.at >= from && line.at < until));
        lines.take(limit).collect()
    }

    /// The lines of an account from `from` on and before `until`, oldest first, at most `limit`.
    pub(super) async fn lines_from(
        &self,
        account: AccountId,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError> {
        // So many waypoints ahead there are at least as many lines as are wanted.
        let strides = i64::try_from(limit).unwrap_or(i64::MAX) / STRIDE + 1;
        let ahead: Option<Moment> = on_read!(self, |x| {
            let query = sqlx::query_scalar(AHEAD).bind(account.0).bind(Moment(from)).bind(strides);
            query.fetch_optional(x).await
        })?;
        let until = ahead.map_or(until, |ahead| until.min(ahead.0));
        let mut lines = self.lines_before(account, from, until, usize::MAX).await?;
        lines.reverse();
        lines.truncate(limit);
        Ok(lines)
    }

    /// The last line of an account at or before a moment.
    pub(super) async fn last_line_at(&self, account: AccountId, at: Timestamp) -> Result<Option<Transfer>, StoreError> {
        let until = Timestamp::from_micros(at.micros().saturating_add(1));
        Ok(self.lines_before(account, Timestamp::from_micros(i64::MIN), until, 1).await?.pop())
    }
}

/// What an account had after one of its lines.
pub(super) fn balance_after(account: AccountId, line: &Transfer) -> i64 {
    if line.debit == account { line.debit_balance } else { line.credit_balance }
}
