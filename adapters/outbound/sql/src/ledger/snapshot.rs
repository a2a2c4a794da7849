//! Everything the ledger holds, read in one transaction that sees one moment.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{AccountId, TransferId},
    ledger::{
        Account, Extent, Hold, Reversed, Snapshot, Waypoint,
        seal::{Head, SealedBatch},
    },
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    accounts::{ACCOUNT_PAGE, AccountRow},
    ahead::Ahead,
    books::{HoldRow, ReversedRow, select_hold},
    seal::{HEAD, HeadRow},
};
use crate::{
    codec::{Moment, earliest},
    unit_of_work::SqlUnitOfWork,
};

const EXTENT: &str = "SELECT (SELECT COUNT(*) FROM ledger_transfers) AS lines, \
    (SELECT COUNT(*) FROM ledger_accounts) AS accounts, (SELECT COUNT(*) FROM ledger_holds) AS holds, \
    (SELECT COUNT(*) FROM ledger_reversals) AS reversals, (SELECT COUNT(*) FROM ledger_waypoints) AS waypoints";
const LINE_IDS: &str = "SELECT id FROM ledger_transfers WHERE id > $1 ORDER BY id LIMIT $2";
const HOLDS: &str = select_hold!("h.id > $1 ORDER BY h.id LIMIT $2");
const REVERSALS: &str =
    "SELECT original, reversed, at FROM ledger_reversals WHERE original > $1 ORDER BY original LIMIT $2";
const WAYPOINTS: &str = "SELECT account, at, line FROM ledger_waypoints WHERE (account, at) > ($1, $2) \
    ORDER BY account, at LIMIT $3";

/// A read-only transaction of one moment; it writes nothing and is rolled back at the end.
pub(crate) struct SqlSnapshot(Ahead);

impl SqlSnapshot {
    pub(crate) fn new(unit: SqlUnitOfWork) -> Self {
        Self(Ahead::of(unit))
    }
}

#[derive(FromRow)]
struct ExtentRow {
    lines: i64,
    accounts: i64,
    holds: i64,
    reversals: i64,
    waypoints: i64,
}

pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[async_trait]
impl Snapshot for SqlSnapshot {
    async fn extent(&mut self) -> Result<Extent, StoreError> {
        let row: ExtentRow = on_tx!(self.0.unit().await?, |x| sqlx::query_as(EXTENT).fetch_one(x).await)?;
        Ok(Extent {
            lines: row.lines.unsigned_abs(),
            accounts: row.accounts.unsigned_abs(),
            holds: row.holds.unsigned_abs(),
            reversals: row.reversals.unsigned_abs(),
            waypoints: row.waypoints.unsigned_abs(),
        })
    }

    async fn head(&mut self) -> Result<Option<Head>, StoreError> {
        let row: Option<HeadRow> = on_tx!(self.0.unit().await?, |x| sqlx::query_as(HEAD).fetch_optional(x).await)?;
        row.map(Head::try_from).transpose()
    }

    async fn batches(&mut self, after: u64, limit: usize) -> Result<Vec<SealedBatch>, StoreError> {
        self.0.batches(after, limit).await
    }

    async fn line_ids(&mut self, after: Option<TransferId>, limit: usize) -> Result<Vec<TransferId>, StoreError> {
        let after = after.map_or(Uuid::nil(), Uuid::from);
        let ids: Vec<Uuid> = on_tx!(self.0.unit().await?, |x| sqlx::query_scalar(LINE_IDS)
            .bind(after)
            .bind(rows(limit))
            .fetch_all(x)
            .await)?;
        Ok(ids.into_iter().map(TransferId).collect())
    }

    async fn accounts(&mut self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or(Uuid::nil(), Uuid::from);
        let rows: Vec<AccountRow> = on_tx!(self.0.unit().await?, |x| sqlx::query_as(ACCOUNT_PAGE)
            .bind(after)
            .bind(rows(limit))
            .fetch_all(x)
            .await)?;
        rows.into_iter().map(Account::try_from).collect()
    }

    async fn holds(&mut self, after: Option<TransferId>, limit: usize) -> Result<Vec<Hold>, StoreError> {
        let after = after.map_or(Uuid::nil(), Uuid::from);
        let rows: Vec<HoldRow> =
            on_tx!(self.0.unit().await?, |x| sqlx::query_as(HOLDS).bind(after).bind(rows(limit)).fetch_all(x).await)?;
        rows.into_iter().map(Hold::try_from).collect()
    }

    async fn reversals(&mut self, after: Option<TransferId>, limit: usize) -> Result<Vec<Reversed>, StoreError> {
        let after = after.map_or(Uuid::nil(), Uuid::from);
        let rows: Vec<ReversedRow> = on_tx!(self.0.unit().await?, |x| sqlx::query_as(REVERSALS)
            .bind(after)
            .bind(rows(limit))
            .fetch_all(x)
            .await)?;
        Ok(rows.into_iter().map(Reversed::from).collect())
    }

    async fn waypoints(
        &mut self,
        after: Option<(AccountId, Timestamp)>,
        limit: usize,
    ) -> Result<Vec<Waypoint>, StoreError> {
        let (account, at) = after.map_or((Uuid::nil(), earliest()), |(account, at)| (account.0, Moment(at)));
        let rows: Vec<(Uuid, Moment, Uuid)> = on_tx!(self.0.unit().await?, |x| {
            sqlx::query_as(WAYPOINTS).bind(account).bind(at).bind(rows(limit)).fetch_all(x).await
        })?;
        let waypoint = |(account, at, line): (Uuid, Moment, Uuid)| Waypoint {
            account: AccountId(account),
            at: at.0,
            line: TransferId(line),
        };
        Ok(rows.into_iter().map(waypoint).collect())
    }
}
