//! The books themselves, for those who keep them.

use dermaga_ports::{
    auth::Principal,
    ids::AccountId,
    ledger::{Account, Entry, TrialBalance},
    paging::{Page, PageRequest},
    time::Timestamp,
};

use super::Books;
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
};

impl Books {
    /// All accounts in the order of their ids.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn accounts(&self, by: &Principal, page: PageRequest<AccountId>) -> Result<Page<Account, AccountId>> {
        self.0.authorise(by, Permission::ReadLedger).await?;
        Ok(self.0.ports.store.ledger().accounts(page).await?)
    }

    /// An account's movements in order, each with the balance after it.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::AccountNotFound`].
    pub async fn entries(
        &self,
        by: &Principal,
        id: AccountId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        page: PageRequest<Timestamp>,
    ) -> Result<Page<Entry, Timestamp>> {
        self.0.authorise(by, Permission::ReadLedger).await?;
        if self.0.ports.store.ledger().account(id, self.0.now()).await?.is_none() {
            return Err(Error::new(Code::AccountNotFound, format!("There is no account {id}.")));
        }
        Ok(self.0.ports.store.ledger().entries(id, from, to, page).await?)
    }

    /// The sums by kind and currency; debits and credits of a currency are equal, or the books are broken.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn trial_balance(&self, by: &Principal) -> Result<Vec<TrialBalance>> {
        self.0.authorise(by, Permission::ReadLedger).await?;
        Ok(self.0.ports.store.ledger().trial_balance().await?)
    }
}
