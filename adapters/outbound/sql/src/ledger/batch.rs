//! Writing what a batch changed: a few statements, whatever its size.
//!
//! Here the dialects differ most. Postgres is a round trip away and takes whole columns as arrays: one statement for
//! accounts, lines and waypoints. SQLite is in the process and knows no arrays: it gets rows in statements of few sizes.

use std::collections::BTreeMap;

use dermaga_ports::{
    StoreError,
    error::Entity,
    ledger::{Account, Changes, Hold, Reversed, Transfer, Waypoint},
};
use sqlx::{QueryBuilder, SqliteConnection, postgres::PgArguments, query::Query};
use uuid::Uuid;

use crate::{
    codec::{Moment, kind_code, purpose_code},
    db::{Tx, pieces},
    error::from_driver,
    unit_of_work::SqlUnitOfWork,
};

/// What stores a batch in Postgres, as an expression that is true. Migration 0015 says what it does; its errors are those
/// of the tables, `DM001` unless every account has the revision that was expected, and `P0001` unless every line was taken.
macro_rules! store_batch {
    () => {
        "ledger_store($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
            $23, $24, $25, $26, $27)"
    };
}

pub(super) use store_batch;

const STORE_BATCH: &str = concat!("SELECT ", store_batch!());

// VALUES names its columns column1, column2 .. in SQLite.
const UPDATE_ACCOUNTS: &str = "UPDATE ledger_accounts SET debits_posted = v.column2, debits_pending = v.column3, \
    credits_posted = v.column4, credits_pending = v.column5, touched_at = v.column6, lines = v.column7, \
    last_line = v.column8, revision = v.column9 + 1 FROM (";
const UPDATE_ACCOUNTS_END: &str = ") AS v WHERE ledger_accounts.id = v.column1 AND revision = v.column9";
const INSERT_TRANSFERS: &str = "INSERT INTO ledger_transfers (id, kind, purpose, debit, credit, amount, refers_to, \
    expires_at, at, debit_balance, credit_balance, debit_previous, credit_previous, description, actor) ";
const INSERT_WAYPOINTS: &str = "INSERT INTO ledger_waypoints (account, at, line) ";
const SAVE_HOLDS: &str = "INSERT INTO ledger_holds (id, debit, credit, amount, expires_at, state) ";
const SAVE_HOLDS_END: &str = " ON CONFLICT (id) DO UPDATE SET state = excluded.state";
const SAVE_REVERSALS: &str = "INSERT INTO ledger_reversals (original, reversed, at) ";
const SAVE_REVERSALS_END: &str = " ON CONFLICT (original) DO UPDATE SET reversed = excluded.reversed, at = excluded.at";

/// The last state of each record that a batch changed, by id: one statement may not change a row twice.
pub(super) fn last_states<T: Copy>(changed: impl IntoIterator<Item = T>, id: impl Fn(T) -> Uuid) -> Vec<T> {
    let by_id: BTreeMap<Uuid, T> = changed.into_iter().map(|record| (id(record), record)).collect();
    by_id.into_values().collect()
}

/// A column of records.
fn column<T, C>(records: &[T], value: impl Fn(&T) -> C) -> Vec<C> {
    records.iter().map(value).collect()
}

/// A statement with the parameters of [`store_batch`]. `accounts` are in ascending order of id.
pub(super) fn bind_batch<'q>(sql: &'static str, changes: &Changes) -> Query<'q, sqlx::Postgres, PgArguments> {
    let accounts = last_states(&changes.accounts, |account| account.id.0);
    let (lines, waypoints) = (&changes.transfers, &changes.waypoints);
    sqlx::query(sql)
        .bind(column(&accounts, |account| account.id.0))
        .bind(column(&accounts, |account| account.counters.debits_posted))
        .bind(column(&accounts, |account| account.counters.debits_pending))
        .bind(column(&accounts, |account| account.counters.credits_posted))
        .bind(column(&accounts, |account| account.counters.credits_pending))
        .bind(column(&accounts, |account| account.touched_at.to_datetime()))
        .bind(column(&accounts, |account| account.trail.lines.cast_signed()))
        .bind(column(&accounts, |account| account.trail.last.map(Uuid::from)))
        .bind(column(&accounts, |account| account.revision.cast_signed()))
        .bind(column(lines, |line| line.id.0))
        .bind(column(lines, |line| kind_code(line.kind)))
        .bind(column(lines, |line| purpose_code(line.purpose)))
        .bind(column(lines, |line| line.debit.0))
        .bind(column(lines, |line| line.credit.0))
        .bind(column(lines, |line| line.amount.amount()))
        .bind(column(lines, |line| line.refers_to.map(Uuid::from)))
        .bind(column(lines, |line| line.expires_at.map(|moment| moment.to_datetime())))
        .bind(column(lines, |line| line.at.to_datetime()))
        .bind(column(lines, |line| line.debit_balance))
        .bind(column(lines, |line| line.credit_balance))
        .bind(column(lines, |line| line.debit_previous.map(Uuid::from)))
        .bind(column(lines, |line| line.credit_previous.map(Uuid::from)))
        .bind(column(lines, |line| line.description.clone()))
        .bind(column(lines, |line| line.actor.clone()))
        .bind(column(waypoints, |waypoint| waypoint.account.0))
        .bind(column(waypoints, |waypoint| waypoint.at.to_datetime()))
        .bind(column(waypoints, |waypoint| waypoint.line.0))
}

impl SqlUnitOfWork {
    /// Stores accounts, lines and waypoints; the lines are sealed when the unit of work commits.
    pub(super) async fn write_batch(&mut self, changes: &Changes) -> Result<(), StoreError> {
        if changes.accounts.is_empty() && changes.transfers.is_empty() {
            return Ok(());
        }
        let done = match self.open()? {
            Tx::Postgres(transaction) => {
                bind_batch(STORE_BATCH, changes).execute(&mut **transaction).await.map(drop).map_err(from_driver)
            }
            Tx::Sqlite(transaction) => sqlite_batch(transaction, changes).await,
        };
        done.map_err(|failure| self.spend(failure))?;
        self.unsealed.extend_from_slice(&changes.transfers);
        Ok(())
    }

    pub(super) async fn write_holds(&mut self, holds: &[Hold]) -> Result<(), StoreError> {
        for piece in pieces(&last_states(holds, |hold| hold.id.0)) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(SAVE_HOLDS);
                query.push_values(piece, |mut row, hold| {
                    row.push_bind(hold.id.0)
                        .push_bind(hold.debit.0)
                        .push_bind(hold.credit.0)
                        .push_bind(hold.amount.amount())
                        .push_bind(hold.expires_at.map(Moment))
                        .push_bind(hold.state.as_str());
                });
                query.push(SAVE_HOLDS_END);
                query.build().execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }

    pub(super) async fn write_reversals(&mut self, reversed: &[Reversed]) -> Result<(), StoreError> {
        for piece in pieces(&last_states(reversed, |reversed| reversed.original.0)) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(SAVE_REVERSALS);
                query.push_values(piece, |mut row, reversed| {
                    row.push_bind(reversed.original.0).push_bind(reversed.total).push_bind(Moment(reversed.at));
                });
                query.push(SAVE_REVERSALS_END);
                query.build().execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }
}

/// A trigger of somebody else's may drop a line without a word.
pub(super) fn line_not_taken() -> StoreError {
    StoreError::Corrupt("the journal did not take every line".to_owned())
}

async fn sqlite_batch(connection: &mut SqliteConnection, changes: &Changes) -> Result<(), StoreError> {
    for piece in pieces(&last_states(&changes.accounts, |account| account.id.0)) {
        let stored = sqlite_accounts(connection, piece).await.map_err(from_driver)?;
        if stored != piece.len() as u64 {
            return Err(StoreError::Stale(Entity::Account));
        }
    }
    for piece in pieces(&changes.transfers) {
        let taken = sqlite_transfers(connection, piece).await.map_err(from_driver)?;
        if taken != piece.len() as u64 {
            return Err(line_not_taken());
        }
    }
    for piece in pieces(&changes.waypoints) {
        sqlite_waypoints(connection, piece).await.map_err(from_driver)?;
    }
    Ok(())
}

async fn sqlite_accounts(connection: &mut SqliteConnection, accounts: &[&Account]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(UPDATE_ACCOUNTS);
    query.push_values(accounts, |mut row, account| {
        row.push_bind(account.id.0)
            .push_bind(account.counters.debits_posted)
            .push_bind(account.counters.debits_pending)
            .push_bind(account.counters.credits_posted)
            .push_bind(account.counters.credits_pending)
            .push_bind(Moment(account.touched_at))
            .push_bind(account.trail.lines.cast_signed())
            .push_bind(account.trail.last.map(Uuid::from))
            .push_bind(account.revision.cast_signed());
    });
    query.push(UPDATE_ACCOUNTS_END);
    query.build().execute(connection).await.map(|done| done.rows_affected())
}

async fn sqlite_transfers(connection: &mut SqliteConnection, lines: &[Transfer]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(INSERT_TRANSFERS);
    query.push_values(lines, |mut row, line| {
        row.push_bind(line.id.0)
            .push_bind(kind_code(line.kind))
            .push_bind(purpose_code(line.purpose))
            .push_bind(line.debit.0)
            .push_bind(line.credit.0)
            .push_bind(line.amount.amount())
            .push_bind(line.refers_to.map(Uuid::from))
            .push_bind(line.expires_at.map(Moment))
            .push_bind(Moment(line.at))
            .push_bind(line.debit_balance)
            .push_bind(line.credit_balance)
            .push_bind(line.debit_previous.map(Uuid::from))
            .push_bind(line.credit_previous.map(Uuid::from))
            .push_bind(line.description.as_deref())
            .push_bind(line.actor.as_deref());
    });
    query.build().execute(connection).await.map(|done| done.rows_affected())
}

async fn sqlite_waypoints(connection: &mut SqliteConnection, waypoints: &[Waypoint]) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::new(INSERT_WAYPOINTS);
    query.push_values(waypoints, |mut row, waypoint| {
        row.push_bind(waypoint.account.0).push_bind(Moment(waypoint.at)).push_bind(waypoint.line.0);
    });
    query.build().execute(connection).await.map(drop)
}
