//! Wallets: accounts of the ledger that people own.

use std::{fmt, str::FromStr};

use async_trait::async_trait;

use super::{Account, Balance};
use crate::{
    StoreError,
    ids::{UserId, WalletId},
    money::Currency,
    time::Timestamp,
};

/// The most wallets one person may have.
pub const MAX_WALLETS: usize = 50;

/// What its owner calls a wallet: 1 to 50 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WalletName(String);

impl WalletName {
    /// The name of the wallet made at registration.
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WalletName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim();
        if (1..=50).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
            return Ok(Self(name.to_owned()));
        }
        Err("must have 1 to 50 characters")
    }
}

impl fmt::Display for WalletName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A wallet. Its money is in the ledger account of the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    pub id: WalletId,
    pub owner: UserId,
    pub name: WalletName,
    pub currency: Currency,
    /// The one that is meant when only the user is named; each user has exactly one.
    pub is_default: bool,
    pub closed: bool,
    pub created_at: Timestamp,
}

/// What never changes about a wallet, so that it may be remembered for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Title {
    pub owner: UserId,
    pub currency: Currency,
}

/// Wallets inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Wallets: Send {
    /// # Errors
    /// [`crate::Unique::WalletName`] if the owner has one of this name and currency.
    async fn add(&mut self, wallet: &Wallet) -> Result<(), StoreError>;

    async fn find(&mut self, id: WalletId) -> Result<Option<Wallet>, StoreError>;

    /// All of a user's wallets, oldest first.
    async fn of_user(&mut self, owner: UserId) -> Result<Vec<Wallet>, StoreError>;

    /// Marks all of a user's wallets as closed; their accounts are closed separately.
    async fn close_all(&mut self, owner: UserId) -> Result<(), StoreError>;
}

/// Wallets, read together with their accounts.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait WalletQueries: Send + Sync {
    /// The wallet and its account, without holds that are past their deadline at `now`.
    async fn wallet(&self, id: WalletId, now: Timestamp) -> Result<Option<(Wallet, Account)>, StoreError>;

    /// What is in those that exist among several, open or closed, in any order. The same holds are left out.
    async fn balances(&self, ids: &[WalletId], now: Timestamp) -> Result<Vec<(WalletId, Balance)>, StoreError>;

    /// Whose the wallets are, and in which currency each is kept; of those that exist among `ids`, open or closed.
    async fn titles(&self, ids: &[WalletId]) -> Result<Vec<(WalletId, Title)>, StoreError>;

    /// The user's default wallet.
    async fn default_wallet(&self, owner: UserId, now: Timestamp) -> Result<Option<(Wallet, Account)>, StoreError>;

    /// All of a user's wallets, oldest first; never more than [`MAX_WALLETS`].
    async fn wallets(&self, owner: UserId, now: Timestamp) -> Result<Vec<(Wallet, Account)>, StoreError>;
}
