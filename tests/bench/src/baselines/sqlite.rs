//! The baseline on SQLite: how fast it takes the baseline's row at all, from the process that owns the file.
//!
//! Prepared statements, no balances, nothing else in the process, the log on the disk at every commit. What a ledger on
//! SQLite does per second lies below what is measured with many rows a transaction; how far above the value for one
//! row a transaction it gets is what batching is worth.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use fastrand::Rng;
use rusqlite::{Connection, params};

use crate::world::PEOPLE;

/// Rows a second with so many rows in each transaction.
///
/// # Errors
/// What SQLite says.
pub fn measure(folder: &Path, indexes: u8, rows: u32, seconds: f64) -> Result<f64> {
    let file = tempfile::Builder::new().prefix("limit-").tempdir_in(folder)?;
    let mut connection = Connection::open(file.path().join("limit.db"))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch(
        "CREATE TABLE transfers (id BLOB PRIMARY KEY, debit INTEGER NOT NULL, credit INTEGER NOT NULL,
            amount INTEGER NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    )?;
    for side in ["debit", "credit"].into_iter().take(indexes.into()) {
        connection.execute_batch(&format!("CREATE INDEX by_{side} ON transfers ({side}, created_at)"))?;
    }
    let mut rng = Rng::with_seed(1);
    let people = i64::try_from(PEOPLE)?;
    let mut written = 0_u32;
    let (begin, length) = (Instant::now(), Duration::from_secs_f64(seconds));
    while begin.elapsed() < length {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO transfers VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for _ in 0..rows {
                written += 1;
                // In order, as ids of version 7 are: the kindest ids for an index.
                let id = (u128::from(written) << 80 | u128::from(rng.u64(..))).to_be_bytes();
                let (debit, credit) = (rng.i64(1..=people), rng.i64(1..=people));
                insert.execute(params![id, debit, credit, rng.i64(1..=9), i64::from(written)])?;
            }
        }
        transaction.commit()?;
    }
    Ok(f64::from(written) / begin.elapsed().as_secs_f64())
}

/// The version of SQLite that is linked into this program and into the hosts.
pub fn version() -> &'static str {
    rusqlite::version()
}
