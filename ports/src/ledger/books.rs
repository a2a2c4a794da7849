//! The books as stored: accounts, journal and holds, to be decided on and to be read.

use async_trait::async_trait;

use super::{Account, AccountKind, Balance, Changes, Reversed, Transfer, seal::Head};
use crate::{
    StoreError,
    ids::{AccountId, TransferId},
    money::{Currency, Money},
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// A reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The transfer that made it.
    pub id: TransferId,
    pub debit: AccountId,
    pub credit: AccountId,
    pub amount: Money,
    pub expires_at: Option<Timestamp>,
    pub state: HoldState,
}

impl Hold {
    /// Whether it still reserves money at that moment. A deadline counts by itself, whether or not anyone tidied up.
    pub fn reserves(&self, now: Timestamp) -> bool {
        self.state == HoldState::Open && self.expires_at.is_none_or(|deadline| now < deadline)
    }
}

/// What became of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    Open,
    Posted,
    Voided,
    Expired,
}

impl HoldState {
    /// Every state.
    pub const ALL: [HoldState; 4] = [Self::Open, Self::Posted, Self::Voided, Self::Expired];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Posted => "posted",
            Self::Voided => "voided",
            Self::Expired => "expired",
        }
    }
}

/// The books inside a unit of work. Adapters read and write; `domain::ledger` decides.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Books: Send {
    /// Adds an account unless it is there already.
    async fn open(&mut self, account: &Account) -> Result<(), StoreError>;

    /// The accounts that exist among `ids`, locked until the unit of work ends.
    ///
    /// MUST take the locks in ascending order of id, whatever the order asked for: then two batches cannot deadlock.
    async fn lock(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError>;

    /// The lines of the journal that exist among `ids`.
    async fn transfers(&mut self, ids: &[TransferId]) -> Result<Vec<Transfer>, StoreError>;

    /// The holds that exist among `ids`. Their accounts' locks protect them.
    async fn holds(&mut self, ids: &[TransferId]) -> Result<Vec<Hold>, StoreError>;

    /// Open holds past their deadline that touch any of these accounts, at most 1,000.
    async fn overdue_holds(&mut self, accounts: &[AccountId], now: Timestamp) -> Result<Vec<Hold>, StoreError>;

    /// How much of each of these transfers has been reversed; transfers without reversals are left out.
    async fn reversed(&mut self, ids: &[TransferId]) -> Result<Vec<Reversed>, StoreError>;

    /// Whether an account has open holds on either side.
    async fn has_open_holds(&mut self, account: AccountId) -> Result<bool, StoreError>;

    /// Marks an account as closed.
    async fn close(&mut self, account: AccountId) -> Result<(), StoreError>;

    /// Stores what a batch changed. The journal MUST be append-only: neither this nor anything else rewrites a line.
    /// With the commit of the unit of work, the seal MUST cover the new lines as one more batch.
    async fn write(&mut self, changes: &Changes) -> Result<(), StoreError>;
}

/// The books in one go, for postings that only move money at once: no unit of work, as few round trips as possible.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Journal: Send + Sync {
    /// The accounts that exist among `ids`, as they are now.
    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError>;

    /// Stores accounts, lines and waypoints in one commit, and seals the lines as one more batch; answers its number.
    ///
    /// MUST be durable when it answers, and MUST lock accounts in ascending order of id. `changes` has neither holds nor
    /// reversals.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if any account has another revision than the one that was decided on, and
    /// [`crate::Unique::Id`] if a line with one of the ids is there; nothing was written then.
    ///
    /// A database that took another one's place may lack what that one had acknowledged last, and have given the same
    /// revisions to something else. So when one may have, this MUST be [`StoreError::Stale`] of
    /// [`crate::error::Entity::Journal`], once: whoever remembers anything forgets everything.
    async fn append(&self, changes: &Changes) -> Result<u64, StoreError>;

    /// The same under locks, for accounts that others write as well: locks those that exist among `ids` in ascending
    /// order, asks `decide` what becomes of them, stores that and commits. Nothing is written if it answers `None`.
    ///
    /// # Errors
    /// [`crate::Unique::Id`] if a line with one of the ids is there; nothing was written then.
    async fn append_locked<'d>(&self, ids: &[AccountId], decide: Decide<'d>) -> Result<(), StoreError>;
}

/// A decision on accounts that were just locked.
pub type Decide<'d> = &'d mut (dyn FnMut(Vec<Account>) -> Option<Changes> + Send);

/// A line of the journal as one account sees it; only lines that moved money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its time is unique among the account's entries, so lists page by it.
    pub transfer: Transfer,
    /// Positive if the account gained, negative if it lost.
    pub amount: i64,
    /// The posted balance after it.
    pub balance: i64,
}

/// The counters of all accounts of one kind and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialBalance {
    pub kind: AccountKind,
    pub currency: Currency,
    pub accounts: i64,
    pub debits: i128,
    pub credits: i128,
}

/// The books, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LedgerQueries: Send + Sync {
    /// An account; its pending counters without holds that are past their deadline at `now`.
    async fn account(&self, id: AccountId, now: Timestamp) -> Result<Option<Account>, StoreError>;

    /// All accounts in the order of their ids.
    async fn accounts(&self, page: PageRequest<AccountId>) -> Result<Page<Account, AccountId>, StoreError>;

    /// The posted balance right after the last entry at or before `at`; 0 if there is none.
    async fn balance_at(&self, id: AccountId, at: Timestamp) -> Result<i64, StoreError>;

    /// The entries of an account in the order of the journal, from `from` (inclusive) to `to` (exclusive).
    async fn entries(
        &self,
        id: AccountId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        page: PageRequest<Timestamp>,
    ) -> Result<Page<Entry, Timestamp>, StoreError>;

    /// The end of the seal.
    async fn head(&self) -> Result<Head, StoreError>;

    /// The seal as it was after the batch of this number.
    async fn head_at(&self, number: u64) -> Result<Option<Head>, StoreError>;

    /// Sums by kind and currency, all of one moment.
    async fn trial_balance(&self) -> Result<Vec<TrialBalance>, StoreError>;
}

/// The balance at a past moment has no holds: they are not history.
impl From<i64> for Balance {
    fn from(posted: i64) -> Self {
        Self { posted, available: posted }
    }
}
