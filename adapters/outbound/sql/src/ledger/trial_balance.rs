//! The sums by kind and currency: one statement, so on both databases its answer is of one moment.

use dermaga_ports::{
    StoreError,
    ledger::{AccountKind, TrialBalance},
};
use sqlx::FromRow;

use crate::codec::{named, parsed};

/// Millions of full accounts exceed 64 bits, which is an error in SQLite: the halves are summed apart.
pub(super) const TRIAL_BALANCE: &str = "SELECT kind, currency, COUNT(*) AS accounts, \
    CAST(SUM(debits_posted >> 32) AS BIGINT) AS debits_high, \
    CAST(SUM(debits_posted & 4294967295) AS BIGINT) AS debits_low, \
    CAST(SUM(credits_posted >> 32) AS BIGINT) AS credits_high, \
    CAST(SUM(credits_posted & 4294967295) AS BIGINT) AS credits_low \
    FROM ledger_accounts GROUP BY kind, currency ORDER BY kind, currency";

#[derive(FromRow)]
pub(super) struct TrialBalanceRow {
    kind: String,
    currency: String,
    accounts: i64,
    debits_high: i64,
    debits_low: i64,
    credits_high: i64,
    credits_low: i64,
}

impl TryFrom<TrialBalanceRow> for TrialBalance {
    type Error = StoreError;

    fn try_from(row: TrialBalanceRow) -> Result<Self, StoreError> {
        let whole = |high: i64, low: i64| (i128::from(high) << 32) + i128::from(low);
        Ok(Self {
            kind: named(&AccountKind::ALL, AccountKind::as_str, &row.kind)?,
            currency: parsed(&row.currency)?,
            accounts: row.accounts,
            debits: whole(row.debits_high, row.debits_low),
            credits: whole(row.credits_high, row.credits_low),
        })
    }
}
