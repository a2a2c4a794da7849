//! Transactions: starting them by hand, and finding them again.

use dermaga_ports::{
    auth::{Principal, User},
    ids::{TransactionId, UserId, WalletId},
    ledger::{
        Counterparty, Instruction, Purpose, SystemAccount, Transaction, TransactionFilter, TransactionKind,
        TransactionStats, TransactionStatus, Wallet,
    },
    money::{Currency, Money},
    paging::{Page, PageRequest},
    time::Timestamp,
};

use super::{Draft, Movement, Transactions, Wallets, settle, voucher, wallets::person};
use crate::{
    auth::Permission,
    core::Core,
    error::{Code, Error, Result},
    faults::Faults,
};

/// The longest description and reference.
const MAX_TEXT: usize = 255;

/// Whose wallet takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The user's wallet in the currency of the amount.
    User(UserId),
    Wallet(WalletId),
}

/// A movement between two parties, or between one and the system.
#[derive(Debug, Clone, Default)]
pub struct NewTransaction {
    pub amount: i64,
    /// IDR unless named.
    pub currency: Option<String>,
    pub description: Option<String>,
    /// The caller's own name for it.
    pub reference: Option<String>,
}

impl NewTransaction {
    pub(crate) fn validate(&self) -> Result<(Money, Option<String>, Option<String>)> {
        let mut faults = Faults::default();
        let amount = faults.amount(self.amount, self.currency.as_deref());
        let description = faults.text("/description", self.description.as_deref(), MAX_TEXT);
        let reference = faults.text("/reference", self.reference.as_deref(), MAX_TEXT);
        faults.check()?;
        Ok((amount, description, reference))
    }
}

fn not_found(id: TransactionId) -> Error {
    Error::new(Code::TransactionNotFound, format!("There is no transaction {id} among yours."))
}

impl Transactions {
    /// Reserves money of a sender for a receiver: the transaction is PENDING until it is completed or cancelled, or the
    /// deadline releases the money. Idempotent by `id`.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`] for somebody else's money, [`Code::RecipientNotFound`], [`Code::SelfTransfer`],
    /// [`Code::InsufficientFunds`], [`Code::Invalid`].
    pub async fn start_transfer(
        &self,
        by: &Principal,
        id: TransactionId,
        sender: UserId,
        receiver: UserId,
        new: NewTransaction,
    ) -> Result<Movement> {
        self.0.authorise_owner(by, sender, Permission::OwnWallets, Permission::TransferForOthers).await?;
        let (amount, description, reference) = new.validate()?;
        let from = self.0.wallet_of(sender, amount.currency()).await?;
        let from = from.ok_or_else(|| no_wallet(amount.currency()).at("/sender_id"))?;
        let to = self.0.recipient(receiver, amount.currency()).await.map_err(|e| e.at("/receiver_id"))?;
        let now = self.0.now();
        let expires_at = Some(now + self.0.policy.pending_lifetime);
        let instruction = Instruction::Hold { debit: from.id.into(), credit: to.id.into(), amount, expires_at };
        let transfer = voucher::new_transfer(id.into(), Purpose::Transfer, instruction)?;
        let counterparty = Counterparty::User { user: to.owner, wallet: to.id };
        let kind = TransactionKind::Transfer;
        let draft = Draft { id, kind, wallet: &from, counterparty, amount, description, reference };
        let transaction = Transaction { expires_at, ..draft.transaction(TransactionStatus::Pending, now) };
        self.0.submit(by, transfer, transaction, now).await
    }

    /// A service or an administrator moves money into or out of a user's wallet.
    ///
    /// Idempotent by `id` and, where it is given, by reference.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::UserNotFound`] or [`Code::WalletNotFound`], [`Code::InsufficientFunds`],
    /// [`Code::TransferConflict`] for a reference that was used with another amount, [`Code::Invalid`].
    pub async fn adjust(
        &self,
        by: &Principal,
        id: TransactionId,
        kind: TransactionKind,
        party: Party,
        new: NewTransaction,
    ) -> Result<Movement> {
        let permission = match party {
            Party::User(_) => Permission::AdjustBalances,
            Party::Wallet(_) => Permission::DeductWallets,
        };
        self.0.authorise(by, permission).await?;
        let (wallet, new) = match party {
            Party::User(user) => (self.wallet_to_adjust(user, &new).await?, new),
            Party::Wallet(wallet) => {
                let found = self.0.ports.store.wallets().wallet(wallet, self.0.now()).await?;
                let missing = || Error::new(Code::WalletNotFound, format!("There is no wallet {wallet}."));
                let (wallet, _) = found.ok_or_else(missing)?;
                let new = in_currency(wallet.currency, new)?;
                (wallet, new)
            }
        };
        let (amount, description, reference) = new.validate()?;
        if let Some(reference) = &reference
            && let Some(done) = self.done_before(&wallet, kind, reference, amount).await?
        {
            return Ok(done);
        }
        let counterparty = Counterparty::Staff { name: by.into() };
        let draft =
            Draft { id, kind, wallet: &wallet, counterparty, amount, description, reference: reference.clone() };
        match (self.0.execute(by, draft, SystemAccount::Clearing).await, reference) {
            // Two first calls with one reference at once: the other one has won.
            (Err(error), Some(reference)) if error.code() == Code::ReferenceTaken => {
                self.done_before(&wallet, kind, &reference, amount).await?.ok_or(error)
            }
            (result, _) => result,
        }
    }

    async fn wallet_to_adjust(&self, user: UserId, new: &NewTransaction) -> Result<Wallet> {
        let (amount, ..) = new.validate()?;
        match self.0.wallet_of(user, amount.currency()).await? {
            Some(wallet) => Ok(wallet),
            None if self.0.ports.store.users().user(user).await?.is_some() => Err(no_wallet(amount.currency())),
            None => Err(Error::new(Code::UserNotFound, format!("There is no user {user}."))),
        }
    }

    async fn done_before(
        &self,
        wallet: &Wallet,
        kind: TransactionKind,
        reference: &str,
        amount: Money,
    ) -> Result<Option<Movement>> {
        let mut uow = self.0.begin().await?;
        let Some(transaction) = uow.transactions().find_by_reference(wallet.id, kind, reference).await? else {
            return Ok(None);
        };
        if transaction.amount != amount {
            let told = format!("The reference {reference} was used for {}.", transaction.amount);
            return Err(Error::new(Code::TransferConflict, told));
        }
        let line = uow.books().transfers(&[transaction.id.into()]).await?.pop();
        let line = line.ok_or_else(|| Error::internal("a completed transaction without a line in the journal"))?;
        let (_, incoming) = voucher::purpose(kind);
        let balance = if incoming { line.credit_balance } else { line.debit_balance };
        Ok(Some(Movement { transaction, balance }))
    }

    /// A transaction: one's own, on either side, or any for staff.
    ///
    /// # Errors
    /// [`Code::TransactionNotFound`], for somebody else's too.
    pub async fn transaction(&self, by: &Principal, id: TransactionId) -> Result<Transaction> {
        let found = self.0.ports.store.transactions().transaction(id).await?.ok_or_else(|| not_found(id))?;
        self.0.may_see(by, &found).await?;
        Ok(at_present(found, self.0.now()))
    }

    /// Transactions, newest first: the caller's own, those of a wallet or a user, or all of them for staff.
    ///
    /// # Errors
    /// [`Code::UserNotFound`] or [`Code::WalletNotFound`] for somebody else's.
    pub async fn transactions(
        &self,
        by: &Principal,
        filter: TransactionFilter,
        page: PageRequest<TransactionId>,
    ) -> Result<Page<Transaction, TransactionId>> {
        let filter = self.within_reach(by, filter).await?;
        let found = self.0.ports.store.transactions().transactions(&filter, page).await?;
        let now = self.0.now();
        Ok(found.map(|transaction| at_present(transaction, now)))
    }

    /// Sums over the caller's transactions in one currency.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`] for callers that own nothing.
    pub async fn stats(
        &self,
        by: &Principal,
        currency: Currency,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<TransactionStats> {
        Permission::OwnTransactions.check(by)?;
        let user = person(by)?;
        Ok(self.0.ports.store.transactions().stats(user, currency, from, to).await?)
    }

    /// Narrows a filter to what the caller may see.
    async fn within_reach(&self, by: &Principal, filter: TransactionFilter) -> Result<TransactionFilter> {
        if let Some(user) = filter.user {
            let allowed =
                self.0.authorise_owner(by, user, Permission::OwnTransactions, Permission::ReadTransactions).await;
            let missing = || Error::new(Code::UserNotFound, format!("There is no user {user} that you may look up."));
            allowed.map_err(|error| error.hidden_behind(missing))?;
        } else if let Some(wallet) = filter.wallet {
            Wallets::new(self.0.clone()).wallet(by, wallet).await?;
        } else if let Principal::User { id, role, .. } = by
            && !Permission::ReadTransactions.granted_to(*role)
        {
            Permission::OwnTransactions.check(by)?;
            return Ok(TransactionFilter { user: Some(*id), ..filter });
        } else {
            self.0.authorise(by, Permission::ReadTransactions).await?;
        }
        Ok(filter)
    }
}

/// A transaction as its deadline makes it at that moment, whether or not a job has written that down.
fn at_present(transaction: Transaction, now: Timestamp) -> Transaction {
    if settle::is_overdue(&transaction, now) {
        let failure = Some(settle::EXPIRED.to_owned());
        return Transaction { status: TransactionStatus::Cancelled, failure, ..transaction };
    }
    transaction
}

/// Reads the amount in the wallet's currency unless another is named, which is then a mismatch.
pub(crate) fn in_currency(kept: Currency, new: NewTransaction) -> Result<NewTransaction> {
    let kept = kept.code();
    match new.currency.as_deref() {
        Some(named) if named != kept && named.parse::<Currency>().is_ok() => {
            let told = format!("The wallet is kept in {kept}, the amount is in {named}.");
            Err(Error::new(Code::CurrencyMismatch, told).at("/currency"))
        }
        Some(_) => Ok(new),
        None => Ok(NewTransaction { currency: Some(kept.to_owned()), ..new }),
    }
}

fn no_wallet(currency: Currency) -> Error {
    Error::new(Code::CurrencyMismatch, format!("There is no wallet in {currency} to move this amount."))
}

impl Core {
    /// Whether the caller may see a transaction.
    pub async fn may_see(&self, by: &Principal, transaction: &Transaction) -> Result<()> {
        let owner = match by {
            Principal::User { id, .. } if transaction.concerns(*id) => *id,
            _ => transaction.user,
        };
        let allowed = self.authorise_owner(by, owner, Permission::OwnTransactions, Permission::ReadTransactions).await;
        allowed.map_err(|error| error.hidden_behind(|| not_found(transaction.id)))
    }

    /// The open wallet of a receiver.
    pub async fn recipient(&self, user: UserId, currency: Currency) -> Result<Wallet> {
        let account = self.ports.store.users().user(user).await?;
        account.filter(User::is_active).ok_or_else(no_recipient)?;
        let other_currency =
            || Error::new(Code::CurrencyMismatch, format!("The receiver has no wallet in {currency}."));
        self.wallet_of(user, currency).await?.ok_or_else(other_currency)
    }
}

pub(super) fn no_recipient() -> Error {
    Error::new(Code::RecipientNotFound, "The receiver does not exist or has closed the account.")
}
