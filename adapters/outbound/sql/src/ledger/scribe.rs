//! The ledger's batches on SQLite, written by a thread of their own: a whole batch changes threads once.
//!
//! Whoever writes needs the [`Turn`], and so does a batch: SQLite's own way to wait for another writer is to sleep and look
//! again.

use dermaga_ports::{
    StoreError,
    error::Entity,
    ledger::{Account, Changes, Transfer, Waypoint, seal::Head},
};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::{
    batch::{last_states, line_not_taken},
    seal,
};
use crate::{
    codec::{self, kind_code, purpose_code},
    desk::{Desk, Reply},
    error::from_file,
    turns::Turn,
};

const UPDATE_ACCOUNT: &str = "UPDATE ledger_accounts SET debits_posted = ?3, debits_pending = ?4, credits_posted = ?5, \
    credits_pending = ?6, touched_at = ?7, lines = ?8, last_line = ?9, revision = ?2 + 1 WHERE id = ?1 AND revision = ?2";
const INSERT_TRANSFER: &str = "INSERT INTO ledger_transfers (id, kind, purpose, debit, credit, amount, refers_to, \
    expires_at, at, debit_balance, credit_balance, debit_previous, credit_previous, description, actor) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
const INSERT_WAYPOINT: &str = "INSERT INTO ledger_waypoints (account, at, line) VALUES (?1, ?2, ?3)";

/// The thread, and the way to it. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Scribe(Desk<Order>);

/// A batch to be written.
#[derive(Debug)]
struct Order {
    changes: Changes,
    /// Nobody else writes while it is here, even if whoever ordered has given up waiting.
    turn: Turn,
    reply: Reply<u64>,
}

impl Scribe {
    /// Starts the thread.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn start(connection: Connection) -> Result<Self, StoreError> {
        let work = |connection: &mut Connection, Order { changes, turn, reply }| {
            let written = write(connection, &changes);
            drop(turn);
            // Whoever ordered it may have given up; what was written stays written.
            let _ = reply.send(written);
        };
        Desk::start("ledger", connection, work).map(Self)
    }

    /// Writes a batch in a transaction of its own, if each account still has the revision that was decided on; answers its
    /// number in the seal.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if one has not; and what the database says. Nothing was written then.
    pub(crate) async fn write(&self, turn: Turn, changes: Changes) -> Result<u64, StoreError> {
        self.0.order(|reply| Order { changes, turn, reply }).await
    }

    /// Waits until everything that was ordered is written and the connection is closed.
    pub(crate) async fn close(&self) {
        self.0.close().await;
    }
}

fn write(connection: &mut Connection, changes: &Changes) -> Result<u64, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(from_file)?;
    for account in last_states(&changes.accounts, |account| account.id.0) {
        if update(&transaction, account).map_err(from_file)? == 0 {
            return Err(StoreError::Stale(Entity::Account));
        }
    }
    for line in &changes.transfers {
        if journal(&transaction, line).map_err(from_file)? == 0 {
            return Err(line_not_taken());
        }
    }
    changes.waypoints.iter().try_for_each(|waypoint| mark(&transaction, waypoint)).map_err(from_file)?;
    let number = extend_seal(&transaction, &changes.transfers)?;
    transaction.commit().map(|()| number).map_err(from_file)
}

fn bytes(id: &Uuid) -> &[u8] {
    id.as_bytes()
}

fn update(transaction: &Transaction<'_>, account: &Account) -> rusqlite::Result<usize> {
    transaction.prepare_cached(UPDATE_ACCOUNT)?.execute(params![
        bytes(&account.id.0),
        account.revision.cast_signed(),
        account.counters.debits_posted,
        account.counters.debits_pending,
        account.counters.credits_posted,
        account.counters.credits_pending,
        account.touched_at.micros(),
        account.trail.lines.cast_signed(),
        account.trail.last.as_ref().map(|line| bytes(&line.0)),
    ])
}

fn journal(transaction: &Transaction<'_>, line: &Transfer) -> rusqlite::Result<usize> {
    transaction.prepare_cached(INSERT_TRANSFER)?.execute(params![
        bytes(&line.id.0),
        kind_code(line.kind),
        purpose_code(line.purpose),
        bytes(&line.debit.0),
        bytes(&line.credit.0),
        line.amount.amount(),
        line.refers_to.as_ref().map(|id| bytes(&id.0)),
        line.expires_at.map(|moment| moment.micros()),
        line.at.micros(),
        line.debit_balance,
        line.credit_balance,
        line.debit_previous.as_ref().map(|id| bytes(&id.0)),
        line.credit_previous.as_ref().map(|id| bytes(&id.0)),
        line.description.as_deref(),
        line.actor.as_deref(),
    ])
}

fn mark(transaction: &Transaction<'_>, waypoint: &Waypoint) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(INSERT_WAYPOINT)?;
    insert.execute(params![bytes(&waypoint.account.0), waypoint.at.micros(), bytes(&waypoint.line.0)]).map(drop)
}

fn extend_seal(transaction: &Transaction<'_>, lines: &[Transfer]) -> Result<u64, StoreError> {
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
    let head = transaction.prepare_cached(seal::HEAD).and_then(|mut query| query.query_row([], columns));
    let (number, link) = head.map_err(from_file)?;
    let (content, ids) = seal::imprint(lines);
    let head = Head { number: number.unsigned_abs(), link: codec::digest(&link)? }.extend(&content);
    let number = head.number.cast_signed();
    let moved = transaction.prepare_cached(seal::MOVE_HEAD).and_then(|mut end| end.execute(params![number, head.link]));
    moved.map_err(from_file)?;
    let sealed = transaction
        .prepare_cached(seal::INSERT)
        .and_then(|mut batch| batch.execute(params![number, content, head.link, ids]));
    sealed.map(|_| head.number).map_err(from_file)
}
