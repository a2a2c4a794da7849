//! Wallets: making them, and seeing what is in them.

use dermaga_ports::{
    StoreError, Unique,
    auth::{Principal, User},
    ids::{UserId, WalletId},
    ledger::{Account, Balance, Entry, MAX_WALLETS, Wallet, WalletName},
    money::Currency,
    paging::{Page, PageRequest},
    time::Timestamp,
};
use serde_json::json;

use super::Wallets;
use crate::{
    auth::{Permission, add_wallet},
    core::{Core, Note},
    error::{Code, Error, Result},
    faults::Faults,
};

/// What a new wallet shall be.
#[derive(Debug, Clone, Default)]
pub struct NewWallet {
    pub name: String,
    /// IDR unless named.
    pub currency: Option<String>,
}

/// A wallet with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletView {
    pub wallet: Wallet,
    pub balance: Balance,
}

/// What is in a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Funds {
    pub wallet: WalletId,
    pub currency: Currency,
    pub balance: Balance,
}

impl From<(Wallet, Account)> for WalletView {
    fn from((wallet, account): (Wallet, Account)) -> Self {
        Self { wallet, balance: account.counters.balance() }
    }
}

pub(super) fn wallet_not_found() -> Error {
    Error::new(Code::WalletNotFound, "There is no such wallet among yours.")
}

impl Wallets {
    /// Makes a wallet for the caller. Idempotent by `id`.
    ///
    /// # Errors
    /// [`Code::Invalid`] for faults of the fields or beyond [`MAX_WALLETS`], [`Code::WalletExists`].
    pub async fn create(&self, by: &Principal, id: WalletId, new: NewWallet) -> Result<WalletView> {
        Permission::OwnWallets.check(by)?;
        let owner = person(by)?;
        let mut faults = Faults::default();
        let name = faults.parse::<WalletName>("/name", Some(&new.name));
        let currency = faults.parse("/currency", new.currency.as_deref()).unwrap_or(Currency::Idr);
        faults.check()?;
        let Some(name) = name else { return Err(wallet_not_found()) };

        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let user = uow.users().find(owner).await?.filter(User::is_active);
        user.ok_or_else(|| Error::new(Code::AccountClosed, "The account is closed."))?;
        let wallets = uow.wallets().of_user(owner).await?;
        if let Some(made_before) = wallets.iter().find(|wallet| wallet.id == id) {
            return Ok(WalletView { wallet: made_before.clone(), balance: Balance::from(0) });
        }
        if wallets.len() >= MAX_WALLETS {
            return Err(Error::new(Code::Invalid, format!("Nobody may have more than {MAX_WALLETS} wallets.")));
        }
        let wallet = Wallet { id, owner, name, currency, is_default: false, closed: false, created_at: now };
        add_wallet(&mut *uow, &wallet).await.map_err(|error| match error {
            StoreError::Conflict(Unique::WalletName) => {
                let told = format!("You have a {currency} wallet called {} already.", wallet.name);
                Error::new(Code::WalletExists, told).at("/name")
            }
            other => other.into(),
        })?;
        let note = Note {
            actor: Some(by),
            action: "wallet.created",
            subject: format!("wallet:{id}"),
            detail: currency.to_string(),
        };
        self.0.file(&mut *uow, note, json!({ "wallet_id": id, "user_id": owner, "currency": currency }), now).await?;
        uow.commit().await?;
        Ok(WalletView { wallet, balance: Balance::from(0) })
    }

    /// The caller's wallets, oldest first.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`] for callers that own nothing.
    pub async fn list(&self, by: &Principal) -> Result<Vec<WalletView>> {
        Permission::OwnWallets.check(by)?;
        let found = self.0.ports.store.wallets().wallets(person(by)?, self.0.now()).await?;
        Ok(found.into_iter().map(WalletView::from).collect())
    }

    /// A wallet: one's own, or any for staff.
    ///
    /// # Errors
    /// [`Code::WalletNotFound`], for somebody else's too.
    pub async fn wallet(&self, by: &Principal, id: WalletId) -> Result<WalletView> {
        let found = self.0.ports.store.wallets().wallet(id, self.0.now()).await?.ok_or_else(wallet_not_found)?;
        self.may_read(by, found.0.owner).await?;
        Ok(found.into())
    }

    /// A wallet's balance, now or right after the last movement at or before a moment.
    ///
    /// # Errors
    /// [`Code::WalletNotFound`].
    pub async fn balance(&self, by: &Principal, id: WalletId, at: Option<Timestamp>) -> Result<Funds> {
        let store = &self.0.ports.store;
        let (_, title) = store.wallets().titles(&[id]).await?.pop().ok_or_else(wallet_not_found)?;
        self.may_read(by, title.owner).await?;
        let balance = match at {
            None => store.wallets().balances(&[id], self.0.now()).await?.pop().ok_or_else(wallet_not_found)?.1,
            Some(at) => store.ledger().balance_at(id.into(), at).await?.into(),
        };
        Ok(Funds { wallet: id, currency: title.currency, balance })
    }

    /// What is in a user's default wallet.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`] for somebody else's, [`Code::UserNotFound`] for staff.
    pub async fn balance_of_user(&self, by: &Principal, user: UserId) -> Result<WalletView> {
        self.0.authorise_owner(by, user, Permission::OwnWallets, Permission::ReadWallets).await?;
        let found = self.0.ports.store.wallets().default_wallet(user, self.0.now()).await?;
        let found = found.ok_or_else(|| Error::new(Code::UserNotFound, format!("There is no user {user}.")))?;
        Ok(found.into())
    }

    /// A wallet's movements in order, each with the balance after it.
    ///
    /// # Errors
    /// [`Code::WalletNotFound`].
    pub async fn statement(
        &self,
        by: &Principal,
        id: WalletId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        page: PageRequest<Timestamp>,
    ) -> Result<(WalletView, Page<Entry, Timestamp>)> {
        let view = self.wallet(by, id).await?;
        let entries = self.0.ports.store.ledger().entries(id.into(), from, to, page).await?;
        Ok((view, entries))
    }

    async fn may_read(&self, by: &Principal, owner: UserId) -> Result<()> {
        let allowed = self.0.authorise_owner(by, owner, Permission::OwnWallets, Permission::ReadWallets).await;
        allowed.map_err(|error| error.hidden_behind(wallet_not_found))
    }
}

/// The person behind a principal that has to own something.
pub(crate) fn person(by: &Principal) -> Result<UserId> {
    match by {
        Principal::User { id, .. } => Ok(*id),
        Principal::Service { .. } | Principal::Operator => {
            Err(Error::new(Code::PermissionDenied, "Only a person has wallets. Log in as one."))
        }
    }
}

impl Core {
    /// A wallet of the caller's own that takes part in something.
    pub async fn own_wallet(&self, by: &Principal, id: WalletId) -> Result<Wallet> {
        Permission::OwnWallets.check(by)?;
        let owner = person(by)?;
        let found = self.ports.store.wallets().wallet(id, self.now()).await?;
        let (wallet, _) = found.filter(|(wallet, _)| wallet.owner == owner).ok_or_else(wallet_not_found)?;
        Ok(wallet)
    }

    /// The open wallet that is meant when a user and a currency are named: the default one if it is kept in that
    /// currency, otherwise the oldest.
    pub async fn wallet_of(&self, user: UserId, currency: Currency) -> Result<Option<Wallet>> {
        Ok(meant(self.wallets_of(user).await?, currency))
    }

    /// All wallets of a user, oldest first.
    pub async fn wallets_of(&self, user: UserId) -> Result<Vec<Wallet>> {
        let wallets = self.ports.store.wallets().wallets(user, self.now()).await?;
        Ok(wallets.into_iter().map(|(wallet, _)| wallet).collect())
    }
}

/// The open wallet among these, oldest first, that is meant when a currency is named; see [`Core::wallet_of`].
pub(crate) fn meant(wallets: Vec<Wallet>, currency: Currency) -> Option<Wallet> {
    // Of equals `min_by_key` takes the first.
    wallets.into_iter().filter(|w| !w.closed && w.currency == currency).min_by_key(|w| !w.is_default)
}
