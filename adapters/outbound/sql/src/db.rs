//! Two databases, one text of SQL: an enum of pools, an enum of transactions and the macros that dispatch on them.

use std::sync::Arc;

use sqlx::{PgPool, Postgres, SqlStr, Sqlite, SqlitePool, Transaction};

use crate::{
    awake::awake,
    deadline::{STATEMENT, in_time},
    lane::Lane,
    ledger::{scribe::Scribe, teller::Teller},
    turns::{Turn, Turns},
};

/// The pools of an open database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    Postgres {
        pool: PgPool,
        /// For the ledger's batches.
        append: Arc<Lane>,
        /// For questions that are gathered.
        gather: Arc<Lane>,
    },
    Sqlite {
        read: SqlitePool,
        /// One connection, for whoever has the turn.
        write: SqlitePool,
        turns: Turns,
        /// For the ledger's batches.
        append: Arc<Scribe>,
        /// For balances.
        tell: Arc<Teller>,
    },
}

/// An open transaction.
#[derive(Debug)]
pub(crate) enum Tx {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Transaction<'static, Sqlite>),
}

/// How transactions begin on Postgres.
pub(crate) const READ_COMMITTED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

impl Db {
    /// A transaction that may write, and the turn to do so where it takes one.
    pub(crate) async fn begin(&self) -> Result<(Tx, Option<Turn>), sqlx::Error> {
        Ok(match self {
            // Said aloud, because the locks rely on it: a statement that waited for a row sees the newest one.
            Self::Postgres { pool, .. } => (begun(pool, READ_COMMITTED).await?, None),
            Self::Sqlite { write, turns, .. } => {
                let turn = turns.next().await?;
                // Takes the write lock at once: no upgrade from reading to writing that could fail in the middle.
                (Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?), Some(turn))
            }
        })
    }

    /// The statement in the dialect of this database.
    pub(crate) fn dialect(&self, statement: Dialects) -> &'static str {
        match self {
            Self::Postgres { .. } => statement.postgres,
            Self::Sqlite { .. } => statement.sqlite,
        }
    }

    /// A transaction that sees one moment and writes nothing.
    pub(crate) async fn begin_snapshot(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Postgres { pool, .. } => begun(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
        })
    }
}

/// Begins to its end, even if nobody waits for it any more: the driver gives a connection back to the pool as it is when
/// it is interrupted here, and the next one would find itself inside of the transaction.
async fn begun(pool: &PgPool, how: &'static str) -> Result<Tx, sqlx::Error> {
    let connection = pool.acquire().await?;
    let beginning = tokio::spawn(in_time(STATEMENT, Transaction::begin(connection, Some(SqlStr::from_static(how)))));
    beginning.await.map_err(|_| sqlx::Error::BeginFailed)?.map(Tx::Postgres)
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(transaction) => in_time(STATEMENT, transaction.commit()).await,
            Self::Sqlite(transaction) => awake(transaction.commit()).await,
        }
    }
}

/// One statement where the dialects differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialects {
    pub(crate) postgres: &'static str,
    pub(crate) sqlite: &'static str,
}

/// How many ids go into one statement.
pub(crate) const CHUNK: usize = 1_024;

/// The numbers of rows that statements are made for. A statement's text differs for each number of rows, and only what
/// was prepared before is fast; so rows go in few sizes. 16 columns of the largest stay below SQLite's limit of 32,766
/// parameters.
const SIZES: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];

/// The rows in pieces of those sizes, largest first.
pub(crate) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (piece, rest) = rows.split_at(size);
        rows = rest;
        Some(piece)
    })
}

/// The ids in chunks of a power of two, filled up with repetitions, for the same reason.
pub(crate) fn id_chunks(ids: &[uuid::Uuid]) -> impl Iterator<Item = Vec<uuid::Uuid>> {
    ids.chunks(CHUNK).map(|chunk| {
        let last = chunk.last().copied().unwrap_or_default();
        let mut chunk = chunk.to_vec();
        chunk.resize(chunk.len().next_power_of_two(), last);
        chunk
    })
}

/// `on_read!(self, |x| query.fetch_one(x).await)`: a question outside any transaction, compiled once per database.
macro_rules! on_read {
    ($store:expr, |$x:ident| $body:expr) => {{
        $store.reachable().await?;
        let done = match &$store.db {
            $crate::db::Db::Postgres { pool: $x, .. } => {
                $crate::deadline::in_time($crate::deadline::STATEMENT, async { $body }).await
            }
            $crate::db::Db::Sqlite { read: $x, .. } => $body,
        };
        $store.heard(done).await
    }};
}

/// The same inside a unit of work, which is spent if the statement fails. SQLite is waited for [`awake`].
macro_rules! on_tx {
    ($unit:expr, |$x:ident| $body:expr) => {{
        let done = match $unit.open()? {
            $crate::db::Tx::Postgres(transaction) => {
                let $x = &mut **transaction;
                $crate::deadline::in_time($crate::deadline::STATEMENT, async { $body }).await
            }
            $crate::db::Tx::Sqlite(transaction) => {
                let $x = &mut **transaction;
                $crate::awake::awake(async { $body }).await
            }
        };
        $unit.settle(done)
    }};
}

/// The same for a statement that may run into a unique rule: behind a savepoint, so that the unit of work survives it.
macro_rules! on_savepoint {
    ($unit:expr, |$x:ident| $body:expr) => {{
        use sqlx::Connection as _;
        let done = match $unit.open()? {
            $crate::db::Tx::Postgres(transaction) => savepoint!(transaction, |$x| $body),
            $crate::db::Tx::Sqlite(transaction) => savepoint!(transaction, |$x| $body),
        };
        $unit.settle_conflict(done)
    }};
}

macro_rules! savepoint {
    ($transaction:expr, |$x:ident| $body:expr) => {
        match $transaction.begin().await {
            Ok(mut savepoint) => {
                let done = {
                    let $x = &mut *savepoint;
                    $body
                };
                match done {
                    Ok(value) => savepoint.commit().await.map(|()| value),
                    Err(error) => {
                        let undone = savepoint.rollback().await;
                        // A conflict that could not be undone is none to go on after. Any other error says more than
                        // the failed attempt to undo it, such as that the disk is full.
                        Err(if error.as_database_error().is_some_and(|e| e.is_unique_violation()) {
                            undone.err().unwrap_or(error)
                        } else {
                            error
                        })
                    }
                }
            }
            Err(error) => Err(error),
        }
    };
}

/// A query that locks the rows it answers.
macro_rules! locking {
    ($($text:tt)+) => {
        $crate::db::Dialects {
            postgres: concat!($($text)+, " FOR NO KEY UPDATE"),
            sqlite: concat!($($text)+),
        }
    };
}
