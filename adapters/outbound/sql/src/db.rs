//! Two databases, one text of SQL: an enum of pools, an enum of transactions and the macros that dispatch on them.

use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// The pools of an open database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    Postgres(PgPool),
    /// SQLite has one writer at a time whatever we do; a queue in front of it is fairer than its own waiting.
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
    },
}

/// An open transaction.
#[derive(Debug)]
pub(crate) enum Tx {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Transaction<'static, Sqlite>),
}

impl Db {
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            // Said aloud, because the locks below rely on it: a statement that waited for a row sees the newest one.
            Self::Postgres(pool) => Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?),
            // Takes the write lock at once: no upgrade from reading to writing that could fail in the middle.
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
        })
    }
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await,
            Self::Sqlite(transaction) => transaction.commit().await,
        }
    }
}

/// One statement where the dialects differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialects {
    pub(crate) postgres: &'static str,
    pub(crate) sqlite: &'static str,
}

/// How many rows go into one statement: 15 columns of so many rows stay below SQLite's limit of 32,766 parameters.
pub(crate) const CHUNK: usize = 1_000;

/// Whether a statement of so many rows is worth keeping prepared. Its text differs for each number of rows, so only
/// the common ones are: a few rows, and full chunks.
pub(crate) fn worth_preparing(rows: usize) -> bool {
    rows <= 8 || rows == CHUNK
}

/// `on_read!(self, |x| query.fetch_one(x).await)`: a question outside any transaction, compiled once per database.
macro_rules! on_read {
    ($store:expr, |$x:ident| $body:expr) => {{
        $store.reachable().await?;
        let done = match &$store.db {
            $crate::db::Db::Postgres($x) => $body,
            $crate::db::Db::Sqlite { read: $x, .. } => $body,
        };
        match done {
            Ok(answer) => Ok(answer),
            Err(error) => Err($store.refusal(error).await),
        }
    }};
}

/// The same inside a unit of work, which is spent if the statement fails.
macro_rules! on_tx {
    ($unit:expr, |$x:ident| $body:expr) => {{
        let done = match $unit.open()? {
            $crate::db::Tx::Postgres(transaction) => {
                let $x = &mut **transaction;
                $body
            }
            $crate::db::Tx::Sqlite(transaction) => {
                let $x = &mut **transaction;
                $body
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
