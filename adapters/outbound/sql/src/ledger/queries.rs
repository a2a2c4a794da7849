//! The books, read: accounts, statements and balances of the past.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::AccountId,
    ledger::{Account, Entry, LedgerQueries, Recount, Transfer, TrialBalance},
    paging::{Page, PageRequest},
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    accounts::{AccountRow, account_columns, live_account_columns},
    recount::{LAST_BALANCE_UNTIL, RECOUNT, RecountRow, TRIAL_BALANCE, TrialBalanceRow},
    transfers::{TransferRow, transfer_columns},
};
use crate::{
    codec::{Moment, earliest, latest},
    store::SqlStore,
};

const ACCOUNT: &str = concat!("SELECT ", live_account_columns!(), " FROM ledger_accounts a WHERE a.id = $1");
const ACCOUNTS: &str =
    concat!("SELECT ", account_columns!(), " FROM ledger_accounts a WHERE a.id > $1 ORDER BY a.id LIMIT $2");
const COUNT: &str = "SELECT COUNT(*) FROM ledger_accounts";

/// One side of a statement: a range of an index, cut off before it meets the other side.
macro_rules! side {
    ($account:literal) => {
        concat!(
            "SELECT id, kind, purpose, debit, credit, amount, refers_to, expires_at, at, debit_balance, credit_balance \
             FROM (SELECT id, kind, purpose, debit, credit, amount, refers_to, expires_at, at, debit_balance, \
                credit_balance FROM ledger_transfers WHERE ",
            $account,
            " = $1 AND kind <= 3 AND at >= $2 AND at < $3 ORDER BY at LIMIT $4) AS side"
        )
    };
}

const ENTRIES: &str = concat!(
    "SELECT ",
    transfer_columns!(),
    " FROM (",
    side!("debit"),
    " UNION ALL ",
    side!("credit"),
    ") AS t JOIN ledger_accounts a ON a.id = t.debit ORDER BY t.at LIMIT $4"
);

/// A line of the journal as this account sees it.
fn entry(account: AccountId, transfer: Transfer) -> Entry {
    if transfer.debit == account {
        Entry { amount: -transfer.amount.amount(), balance: transfer.debit_balance, transfer }
    } else {
        Entry { amount: transfer.amount.amount(), balance: transfer.credit_balance, transfer }
    }
}

#[async_trait]
impl LedgerQueries for SqlStore {
    async fn account(&self, id: AccountId, now: Timestamp) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> =
            on_read!(self, |x| { sqlx::query_as(ACCOUNT).bind(id.0).bind(Moment(now)).fetch_optional(x).await })?;
        row.map(Account::try_from).transpose()
    }

    async fn accounts(&self, page: PageRequest<AccountId>) -> Result<Page<Account, AccountId>, StoreError> {
        let after = page.after.map_or(Uuid::nil(), Uuid::from);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<AccountRow> =
            on_read!(self, |x| sqlx::query_as(ACCOUNTS).bind(after).bind(limit).fetch_all(x).await)?;
        let accounts = rows.into_iter().map(Account::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(accounts, page.limit(), |account: &Account| account.id))
    }

    async fn balance_at(&self, id: AccountId, at: Timestamp) -> Result<i64, StoreError> {
        let balance: Option<i64> = on_read!(self, |x| {
            sqlx::query_scalar(LAST_BALANCE_UNTIL).bind(id.0).bind(Moment(at)).fetch_optional(x).await
        })?;
        Ok(balance.unwrap_or_default())
    }

    async fn entries(
        &self,
        id: AccountId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        page: PageRequest<Timestamp>,
    ) -> Result<Page<Entry, Timestamp>, StoreError> {
        // Right after the last entry of the page before: moments are whole microseconds.
        let after = page.after.map(|last| Timestamp::from_micros(last.micros().saturating_add(1)));
        let from = from.max(after).map_or_else(earliest, Moment);
        let to = to.map_or_else(latest, Moment);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<TransferRow> = on_read!(self, |x| {
            sqlx::query_as(ENTRIES).bind(id.0).bind(from).bind(to).bind(limit).fetch_all(x).await
        })?;
        let entries =
            rows.into_iter().map(|row| Ok(entry(id, row.try_into()?))).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Page::from_surplus(entries, page.limit(), |entry: &Entry| entry.transfer.at))
    }

    async fn trial_balance(&self) -> Result<Vec<TrialBalance>, StoreError> {
        let rows: Vec<TrialBalanceRow> = on_read!(self, |x| sqlx::query_as(TRIAL_BALANCE).fetch_all(x).await)?;
        rows.into_iter().map(TrialBalance::try_from).collect()
    }

    async fn count_accounts(&self) -> Result<u64, StoreError> {
        let count: i64 = on_read!(self, |x| sqlx::query_scalar(COUNT).fetch_one(x).await)?;
        Ok(count.unsigned_abs())
    }

    async fn recount(&self, page: PageRequest<AccountId>) -> Result<Page<Recount, AccountId>, StoreError> {
        let after = page.after.map_or(Uuid::nil(), Uuid::from);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<RecountRow> =
            on_read!(self, |x| sqlx::query_as(RECOUNT).bind(after).bind(limit).fetch_all(x).await)?;
        let recounts = rows.into_iter().map(Recount::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(recounts, page.limit(), |recount: &Recount| recount.account.id))
    }
}
