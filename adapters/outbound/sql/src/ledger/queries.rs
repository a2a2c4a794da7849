//! The books, read: accounts, statements and balances of the past.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::AccountId,
    ledger::{Account, Entry, LedgerQueries, Transfer, TrialBalance, seal::Head},
    paging::{Page, PageRequest},
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    accounts::{ACCOUNT_PAGE, AccountRow, live_account_columns},
    seal::{HEAD, HeadRow},
    trail::balance_after,
    trial_balance::{TRIAL_BALANCE, TrialBalanceRow},
};
use crate::{
    codec::{Moment, earliest, latest},
    store::SqlStore,
};

const ACCOUNT: &str = concat!("SELECT ", live_account_columns!(), " FROM ledger_accounts a WHERE a.id = $1");
const HEAD_AT: &str = "SELECT number, link FROM ledger_batches WHERE number = $1";

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
            on_read!(self, |x| sqlx::query_as(ACCOUNT).bind(id.0).bind(Moment(now)).fetch_optional(x).await)?;
        row.map(Account::try_from).transpose()
    }

    async fn accounts(&self, page: PageRequest<AccountId>) -> Result<Page<Account, AccountId>, StoreError> {
        let after = page.after.map_or(Uuid::nil(), Uuid::from);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<AccountRow> =
            on_read!(self, |x| sqlx::query_as(ACCOUNT_PAGE).bind(after).bind(limit).fetch_all(x).await)?;
        let accounts = rows.into_iter().map(Account::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(accounts, page.limit(), |account: &Account| account.id))
    }

    async fn balance_at(&self, id: AccountId, at: Timestamp) -> Result<i64, StoreError> {
        let line = self.last_line_at(id, at).await?;
        Ok(line.map_or(0, |line| balance_after(id, &line)))
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
        let from = from.max(after).unwrap_or(earliest().0);
        let to = to.unwrap_or(latest().0);
        let lines = self.lines_from(id, from, to, page.limit() as usize + 1).await?;
        let entries = lines.into_iter().map(|line| entry(id, line)).collect();
        Ok(Page::from_surplus(entries, page.limit(), |entry: &Entry| entry.transfer.at))
    }

    async fn head(&self) -> Result<Head, StoreError> {
        let row: HeadRow = on_read!(self, |x| sqlx::query_as(HEAD).fetch_one(x).await)?;
        row.try_into()
    }

    async fn head_at(&self, number: u64) -> Result<Option<Head>, StoreError> {
        let Ok(number) = i64::try_from(number) else { return Ok(None) };
        let row: Option<HeadRow> = on_read!(self, |x| sqlx::query_as(HEAD_AT).bind(number).fetch_optional(x).await)?;
        row.map(Head::try_from).transpose()
    }

    async fn trial_balance(&self) -> Result<Vec<TrialBalance>, StoreError> {
        let rows: Vec<TrialBalanceRow> = on_read!(self, |x| sqlx::query_as(TRIAL_BALANCE).fetch_all(x).await)?;
        rows.into_iter().map(TrialBalance::try_from).collect()
    }
}
