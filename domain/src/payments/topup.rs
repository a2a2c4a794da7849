//! Putting money into a wallet through a payment gateway.
//!
//! A top-up is a transaction with one attempt of the same id. Both are stored before the gateway is called; if the
//! process dies in between, the repetition of the request, or the job that looks after attempts, goes on where it ended.

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    ids::{PaymentId, TransactionId, UserId, WalletId},
    ledger::{Counterparty, TransactionKind, TransactionStatus, Wallet},
    money::MAX_AMOUNT,
    payments::{MethodKind, Payment, PaymentState},
};

use super::{MethodChoice, Payments};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    ledger::{Draft, Movement, NewTransaction, Party, in_currency, note, payload, person},
    once::{id_taken, made_once},
};

/// How much, and how it is paid; by the first gateway's first method unless named.
#[derive(Debug, Clone, Default)]
pub struct Topup {
    pub topup: NewTransaction,
    pub choice: MethodChoice,
}

impl Payments {
    /// Tops up a wallet of the caller, named or the default one. Idempotent by `id`.
    ///
    /// The transaction is COMPLETED if the gateway has settled at once, PROCESSING while it waits for the payer, and
    /// PENDING while nobody knows whether the gateway has heard of it. The payment says what the payer has to do.
    ///
    /// # Errors
    /// [`Code::WalletNotFound`] for a wallet that is not the caller's, [`Code::PaymentRefused`] with the gateway's
    /// reason, [`Code::Invalid`] for the amount or an unknown method, [`Code::TransferConflict`] for an id that stands
    /// for something else.
    pub async fn topup(
        &self,
        by: &Principal,
        id: TransactionId,
        into: Party,
        topup: Topup,
    ) -> Result<(Movement, Payment)> {
        let made = made_once(|| self.topped_up(by, id, &into, &topup), self.top_up(by, id, &into, &topup)).await;
        let (mut payment, wallet) = made?;
        if payment.state == PaymentState::Created {
            payment = self.submit(payment.id).await?;
        }
        self.result(payment, wallet).await
    }

    /// What a repetition finds, whatever the wallet and the gateways have become since.
    async fn topped_up(
        &self,
        by: &Principal,
        id: TransactionId,
        into: &Party,
        topup: &Topup,
    ) -> Result<Option<(Payment, WalletId)>> {
        let Some(payment) = self.0.ports.store.payments().payment(PaymentId(id.0)).await? else { return Ok(None) };
        let known = self.0.transaction(payment.transaction).await?;
        let is_same_wallet = match into {
            Party::Wallet(wallet) => known.wallet == *wallet,
            Party::User(user) => known.user == *user,
        };
        let is_same = known.user == person(by)? && is_same_wallet && known.amount.amount() == topup.topup.amount;
        if known.kind != TransactionKind::Topup || !is_same {
            return Err(id_taken());
        }
        Ok(Some((payment, known.wallet)))
    }

    /// Stores transaction and attempt before anything leaves the house.
    async fn top_up(
        &self,
        by: &Principal,
        id: TransactionId,
        into: &Party,
        topup: &Topup,
    ) -> Result<(Payment, WalletId)> {
        let wallet = match into {
            Party::Wallet(wallet) => self.0.own_wallet(by, *wallet).await?,
            Party::User(user) => self.own_default_wallet(by, *user).await?,
        };
        if wallet.closed {
            return Err(Error::new(Code::AccountClosed, "The wallet is closed."));
        }
        let terms = in_currency(wallet.currency, topup.topup.clone())?;
        self.has_room(&wallet, terms.amount).await?;
        let (amount, description, reference) = terms.validate()?;
        let now = self.0.now();
        let (gateway, method) = self.0.ports.gateways.choose(&topup.choice)?;
        if method.kind == MethodKind::Wallet {
            return Err(Error::fault("/method", "must bring money in: a wallet is not topped up from a wallet"));
        }
        let counterparty = Counterparty::Gateway { name: gateway, method: method.kind.to_string() };
        let draft =
            Draft { id, kind: TransactionKind::Topup, wallet: &wallet, counterparty, amount, description, reference };
        let transaction = draft.transaction(TransactionStatus::Pending, now);
        let window = self.0.policy.topup_window;
        let mut payment = self.attempt(PaymentId(id.0), &transaction, &topup.choice, window, now)?;
        let mut uow = self.0.begin().await?;
        uow.transactions().add(&transaction).await.map_err(|error| match error {
            StoreError::Conflict(Unique::Id) => id_taken(),
            other => other.into(),
        })?;
        self.0.file(&mut *uow, note(Some(by), &transaction), payload(&transaction), now).await?;
        self.store(&mut *uow, by, &mut payment, now).await?;
        uow.commit().await?;
        Ok((payment, wallet.id))
    }

    /// Nobody shall pay what the wallet cannot keep.
    async fn has_room(&self, wallet: &Wallet, amount: i64) -> Result<()> {
        let found = self.0.ports.store.wallets().wallet(wallet.id, self.0.now()).await?;
        let credits = found.map_or(0, |(_, account)| account.counters.credits_posted);
        if credits.checked_add(amount).is_none_or(|sum| sum > MAX_AMOUNT) {
            return Err(Error::new(Code::BalanceLimit, "The balance would exceed what can be kept exactly."));
        }
        Ok(())
    }

    async fn own_default_wallet(&self, by: &Principal, user: UserId) -> Result<Wallet> {
        Permission::OwnWallets.check(by)?;
        if person(by)? != user {
            return Err(Error::new(Code::PermissionDenied, "Only the owner tops up a wallet."));
        }
        let found = self.0.ports.store.wallets().default_wallet(user, self.0.now()).await?;
        let (wallet, _) = found.ok_or_else(|| Error::new(Code::UserNotFound, "The account is closed."))?;
        Ok(wallet)
    }

    async fn result(&self, payment: Payment, wallet: WalletId) -> Result<(Movement, Payment)> {
        if payment.state == PaymentState::Failed {
            let reason = payment.reason.unwrap_or_default();
            let told = format!("The payment gateway refused: {}.", reason.trim_end_matches('.'));
            return Err(Error::new(Code::PaymentRefused, told));
        }
        let transaction = self.0.transaction(payment.transaction).await?;
        let mut line = None;
        if let Some(transfer) = transaction.transfer {
            let mut uow = self.0.begin().await?;
            line = uow.books().transfers(&[transfer]).await?.pop();
        }
        let balance = match line {
            Some(line) => line.credit_balance,
            None => {
                let found = self.0.ports.store.wallets().wallet(wallet, self.0.now()).await?;
                found.map_or(0, |(_, account)| account.counters.balance().posted)
            }
        };
        Ok((Movement { transaction, balance }, payment))
    }
}
