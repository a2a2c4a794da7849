//! Counting the books again: what the journal and the holds say, beside what the accounts say.
//!
//! Each question is one statement, so on both databases its answer is of one moment.

use dermaga_ports::{
    StoreError,
    ledger::{Account, AccountKind, Counters, Recount, TrialBalance},
};
use sqlx::FromRow;

use super::accounts::{AccountRow, account_columns};
use crate::codec::{named, parsed};

/// The balance after the last line that moved money, on either side: at most one row.
macro_rules! last_balance {
    ($account:literal, $until:literal) => {
        concat!(
            "SELECT balance FROM (\
                SELECT at, balance FROM (SELECT at, debit_balance AS balance FROM ledger_transfers \
                    WHERE debit = ",
            $account,
            " AND kind <= 3",
            $until,
            " ORDER BY at DESC LIMIT 1) AS debits \
             UNION ALL \
                SELECT at, balance FROM (SELECT at, credit_balance AS balance FROM ledger_transfers \
                    WHERE credit = ",
            $account,
            " AND kind <= 3",
            $until,
            " ORDER BY at DESC LIMIT 1) AS credits\
             ) AS sides ORDER BY at DESC LIMIT 1"
        )
    };
}

/// The same for a moment of the past.
pub(super) const LAST_BALANCE_UNTIL: &str = last_balance!("$1", " AND at <= $2");

pub(super) const RECOUNT: &str = concat!(
    "SELECT ",
    account_columns!(),
    ", COALESCE((SELECT CAST(SUM(t.amount) AS BIGINT) FROM ledger_transfers t \
        WHERE t.debit = a.id AND t.kind <= 3), 0) AS counted_debits_posted, \
     COALESCE((SELECT CAST(SUM(t.amount) AS BIGINT) FROM ledger_transfers t \
        WHERE t.credit = a.id AND t.kind <= 3), 0) AS counted_credits_posted, \
     COALESCE((SELECT CAST(SUM(h.amount) AS BIGINT) FROM ledger_holds h \
        WHERE h.debit = a.id AND h.state = 'open'), 0) AS counted_debits_pending, \
     COALESCE((SELECT CAST(SUM(h.amount) AS BIGINT) FROM ledger_holds h \
        WHERE h.credit = a.id AND h.state = 'open'), 0) AS counted_credits_pending, \
     COALESCE((",
    last_balance!("a.id", ""),
    "), 0) AS last_balance FROM ledger_accounts a WHERE a.id > $1 ORDER BY a.id LIMIT $2"
);

/// Millions of full accounts exceed 64 bits, which is an error in SQLite: the halves are summed apart.
pub(super) const TRIAL_BALANCE: &str = "SELECT kind, currency, COUNT(*) AS accounts, \
    CAST(SUM(debits_posted >> 32) AS BIGINT) AS debits_high, \
    CAST(SUM(debits_posted & 4294967295) AS BIGINT) AS debits_low, \
    CAST(SUM(credits_posted >> 32) AS BIGINT) AS credits_high, \
    CAST(SUM(credits_posted & 4294967295) AS BIGINT) AS credits_low \
    FROM ledger_accounts GROUP BY kind, currency ORDER BY kind, currency";

#[derive(FromRow)]
pub(super) struct RecountRow {
    #[sqlx(flatten)]
    account: AccountRow,
    counted_debits_posted: i64,
    counted_debits_pending: i64,
    counted_credits_posted: i64,
    counted_credits_pending: i64,
    last_balance: i64,
}

impl TryFrom<RecountRow> for Recount {
    type Error = StoreError;

    fn try_from(row: RecountRow) -> Result<Self, StoreError> {
        let counted = Counters {
            debits_posted: row.counted_debits_posted,
            debits_pending: row.counted_debits_pending,
            credits_posted: row.counted_credits_posted,
            credits_pending: row.counted_credits_pending,
        };
        Ok(Self { account: Account::try_from(row.account)?, counted, last_balance: row.last_balance })
    }
}

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
