//! Reports of single transactions, and what went through somebody's wallets.

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    ids::{ReportId, TransactionId, UserId},
    reports::{Summary, TransactionReport},
};

use super::Reports;
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    ledger::Transactions,
};

/// A page of somebody's reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPage {
    /// Newest first.
    pub reports: Vec<TransactionReport>,
    /// How many there are on all pages.
    pub total: u64,
}

/// What went through somebody's wallets, by currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSummary {
    pub user: UserId,
    pub currencies: Vec<Summary>,
}

impl Reports {
    /// Writes down a transaction as it is now for one of its two sides. The same transaction is reported to the same
    /// person once: repeated, it answers the first report.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::TransactionNotFound`], [`Code::Invalid`] for a transaction of other people.
    pub async fn make(
        &self,
        by: &Principal,
        id: ReportId,
        user: UserId,
        transaction: TransactionId,
    ) -> Result<TransactionReport> {
        self.0.authorise(by, Permission::MakeReports).await?;
        let found = Transactions::new(self.0.clone()).transaction(by, transaction).await?;
        if !found.concerns(user) {
            return Err(Error::fault("/transaction_id", "must be a transaction of this user"));
        }
        let report = TransactionReport {
            id,
            user,
            transaction,
            kind: found.kind,
            status: found.status,
            amount: found.amount,
            created_at: self.0.now(),
        };
        let mut uow = self.0.begin().await?;
        match uow.reports().add(&report).await {
            Ok(()) => {
                uow.commit().await?;
                Ok(report)
            }
            Err(StoreError::Conflict(Unique::Id | Unique::Reference)) => {
                let first = uow.reports().find(user, transaction).await?;
                first.ok_or_else(|| Error::internal(format!("report {id} is there, of another transaction")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A report.
    ///
    /// # Errors
    /// [`Code::ReportNotFound`], also for somebody else's.
    pub async fn report(&self, by: &Principal, id: ReportId) -> Result<TransactionReport> {
        let missing = || Error::new(Code::ReportNotFound, format!("There is no report {id} among yours."));
        let report = self.0.ports.store.reports().report(id).await?.ok_or_else(missing)?;
        let allowed = self.0.authorise_owner(by, report.user, Permission::OwnReports, Permission::ReadReports).await;
        allowed.map_err(|error| error.hidden_behind(missing))?;
        Ok(report)
    }

    /// A page of somebody's reports, newest first; pages are counted from 1.
    ///
    /// # Errors
    /// [`Code::UserNotFound`], also for somebody else's.
    pub async fn reports_of(&self, by: &Principal, user: UserId, page: u32, per_page: u32) -> Result<ReportPage> {
        self.may_read_of(by, user).await?;
        let before = u64::from(page.saturating_sub(1)) * u64::from(per_page);
        let (reports, total) = self.0.ports.store.reports().reports(user, before, per_page).await?;
        Ok(ReportPage { reports, total })
    }

    /// What went through somebody's wallets so far: movements, everything that left them, everything that came in, and when
    /// the last was. What is given back counts as coming in for the payer and as leaving for the payee; nothing is
    /// taken out of the sums afterwards.
    ///
    /// The ledger's own counters answer, so it costs the same after ten movements and after ten million.
    ///
    /// # Errors
    /// [`Code::UserNotFound`], also for somebody else's.
    pub async fn summary(&self, by: &Principal, user: UserId) -> Result<UserSummary> {
        self.may_read_of(by, user).await?;
        let currencies = self.0.ports.store.reports().summaries(user).await?;
        Ok(UserSummary { user, currencies })
    }

    async fn may_read_of(&self, by: &Principal, user: UserId) -> Result<()> {
        let missing = || Error::new(Code::UserNotFound, format!("There is no user {user} that you may look up."));
        let allowed = self.0.authorise_owner(by, user, Permission::OwnReports, Permission::ReadReports).await;
        allowed.map_err(|error| error.hidden_behind(missing))?;
        match self.0.ports.store.users().user(user).await? {
            Some(_) => Ok(()),
            None => Err(missing()),
        }
    }
}
