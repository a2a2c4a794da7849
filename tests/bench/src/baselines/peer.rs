//! A peer in the same language: the crate `doubleentry`, in process, on SQLite.
//!
//! It keeps a Merkle log over everything, which Dermaga does not, and has no HTTP, no users and no wallets, which Dermaga
//! has. It is measured as its own benchmark does: one entry of two postings a call, each durable before the next.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use doubleentry::{AccountKind, Amount, Entry, Ledger, LedgerId, MemoSalt, currency::EUR, date, store::SqlStore};

/// Entries a second.
///
/// # Errors
/// What the crate says.
pub async fn measure(folder: &Path, seconds: f64) -> Result<f64> {
    let file = tempfile::Builder::new().prefix("peer-").tempdir_in(folder)?;
    let url = format!("sqlite://{}?mode=rwc", file.path().join("peer.db").display());
    let store = SqlStore::sqlite(&url).await?;
    let ledger = Ledger::new(store, LedgerId::new("example.com/bench")?).await?;
    let ledger = ledger.with_salt_source(|| MemoSalt([1; 16]));
    let day = date!("2026-01-01");
    ledger.declare_currency(EUR, 2, day).await?;
    for (path, kind) in [
        ("Assets:Cash", AccountKind::Asset),
        ("Assets:Bank", AccountKind::Asset),
        ("Income:Sales", AccountKind::Income),
    ] {
        ledger.open(path, kind, day).await?;
    }
    ledger.define_months(2026, 1..=12).await?;
    let amount = Amount::from_minor(100)?;
    let mut written = 0_u32;
    let (begin, length) = (Instant::now(), Duration::from_secs_f64(seconds));
    while begin.elapsed() < length {
        let debit = if written.is_multiple_of(2) { "Assets:Cash" } else { "Assets:Bank" };
        let entry = Entry::new(format!("entry-{written}"), date!("2026-06-15"));
        ledger.record(entry.debit(debit, amount, EUR).credit("Income:Sales", amount, EUR)).await?;
        written += 1;
    }
    Ok(f64::from(written) / begin.elapsed().as_secs_f64())
}
