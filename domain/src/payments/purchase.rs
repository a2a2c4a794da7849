//! Paying for something through a gateway: a purchase that waits until its deadline, and attempts to fund it.

use dermaga_ports::{
    auth::Principal,
    ids::{OrderId, PaymentId, TransactionId, UserId},
    ledger::{Counterparty, Transaction, TransactionKind, TransactionStatus, Wallet},
    orders::OrderStatus,
    payments::{MethodKind, Payment, PaymentState},
    store::UnitOfWork,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    MethodChoice, Payments,
    pay::{no_merchant, slug},
};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    ledger::{Draft, Movement, NewTransaction, person},
    once::{id_taken, made_once},
};

/// A purchase to pay through a gateway.
#[derive(Debug, Clone)]
pub struct Purchase {
    pub merchant: String,
    pub terms: NewTransaction,
}

/// What an attempt is to fund.
#[derive(Debug, Clone)]
pub enum Payable {
    /// A purchase that is PENDING: another attempt.
    Transaction(TransactionId),
    /// An order that is CONFIRMED.
    Order(OrderId),
    /// A new one.
    Purchase(Purchase),
}

impl Payments {
    /// Starts an attempt to pay. Idempotent by `id`, which is also the id of a new transaction.
    ///
    /// # Errors
    /// [`Code::TransactionNotFound`], [`Code::OrderNotFound`], [`Code::PaymentWindowClosed`], [`Code::IllegalTransition`] if it is paid,
    /// [`Code::WalletNotFound`], [`Code::Invalid`], [`Code::PaymentRefused`] never: a refusal is a FAILED payment.
    pub async fn start(&self, by: &Principal, id: Uuid, payable: Payable, choice: MethodChoice) -> Result<Payment> {
        Permission::OwnPayments.check(by)?;
        let payer = person(by)?;
        let id = PaymentId(id);
        let make = self.begin(by, id, payable, choice);
        let payment = made_once(|| self.begun(payer, id), make).await?;
        if payment.state == PaymentState::Created { self.submit(id).await } else { Ok(payment) }
    }

    /// The attempt that a repetition finds.
    async fn begun(&self, payer: UserId, id: PaymentId) -> Result<Option<Payment>> {
        let known = self.0.ports.store.payments().payment(id).await?;
        if known.as_ref().is_some_and(|known| known.user != payer) {
            return Err(id_taken());
        }
        Ok(known)
    }

    /// Stores an attempt, and its purchase if that is a new one.
    async fn begin(&self, by: &Principal, id: PaymentId, payable: Payable, choice: MethodChoice) -> Result<Payment> {
        let now = self.0.now();
        if let Payable::Order(order) = payable {
            self.payable_order(by, order, now).await?;
        }
        self.may_choose(by, &choice).await?;
        let new = match &payable {
            Payable::Purchase(purchase) => Some(self.purchase(by, TransactionId(id.0), purchase, now).await?),
            Payable::Transaction(_) | Payable::Order(_) => None,
        };
        let mut uow = self.0.begin().await?;
        let transaction = match (payable, new) {
            (Payable::Transaction(id), _) => self.to_be_paid(&mut *uow, by, id, now).await?,
            (Payable::Order(order), _) => self.to_be_paid(&mut *uow, by, order.into(), now).await?,
            (Payable::Purchase(_), new) => {
                let new = new.ok_or_else(|| Error::internal("a purchase was not drawn up"))?;
                uow.transactions().add(&new).await?;
                new
            }
        };
        let payment = self.begin_attempt(&mut *uow, by, id, &transaction, &choice, now).await?;
        uow.commit().await?;
        Ok(payment)
    }

    /// Starts an attempt to pay an order, and answers the order's transaction. Idempotent by `id`.
    ///
    /// # Errors
    /// As [`Payments::start`].
    pub async fn pay_order(&self, by: &Principal, id: Uuid, order: OrderId, choice: MethodChoice) -> Result<Movement> {
        let mut choice = choice;
        if choice.method.as_deref() == Some(MethodKind::Wallet.as_str()) && choice.wallet.is_none() {
            let purchase = self.0.ports.store.transactions().transaction(order.into()).await?;
            choice.wallet = purchase.map(|purchase| purchase.wallet);
        }
        self.start(by, id, Payable::Order(order), choice).await?;
        let transaction = self.0.transaction(order.into()).await?;
        let found = self.0.ports.store.wallets().wallet(transaction.wallet, self.0.now()).await?;
        let balance = found.map_or(0, |(_, account)| account.counters.balance().posted);
        Ok(Movement { transaction, balance })
    }

    /// Whether the caller may pay so: only from a wallet of their own. Asked before a unit of work is open.
    ///
    /// # Errors
    /// [`Code::WalletNotFound`], [`Code::Invalid`] if no wallet is named.
    pub(crate) async fn may_choose(&self, by: &Principal, choice: &MethodChoice) -> Result<()> {
        if let Some(wallet) = choice.wallet {
            self.0.own_wallet(by, wallet).await.map_err(|error| error.at("/wallet_id"))?;
        } else if choice.method.as_deref() == Some(MethodKind::Wallet.as_str()) {
            return Err(Error::fault("/wallet_id", "is required to pay from a wallet"));
        }
        Ok(())
    }

    /// Stores an attempt to fund a purchase that is stored, as long as its payer has time.
    pub(crate) async fn begin_attempt(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        id: PaymentId,
        transaction: &Transaction,
        choice: &MethodChoice,
        now: Timestamp,
    ) -> Result<Payment> {
        let policy = &self.0.policy;
        let left = transaction.expires_at.map(|at| at.since(now).saturating_sub(policy.grace()));
        let window = policy.payment_window.min(left.unwrap_or(policy.payment_window));
        let mut payment = self.attempt(id, transaction, choice, window, now)?;
        self.store(uow, by, &mut payment, now).await?;
        Ok(payment)
    }

    /// Says in an order's own words why it cannot be paid.
    async fn payable_order(&self, by: &Principal, id: OrderId, now: Timestamp) -> Result<()> {
        let missing = || Error::new(Code::OrderNotFound, format!("There is no order {id} among yours."));
        let owner = person(by)?;
        let order = self.0.ports.store.orders().order(id).await?.filter(|order| order.buyer == owner);
        let order = order.ok_or_else(missing)?;
        match order.status_at(now) {
            OrderStatus::Confirmed if order.pay_by.is_some_and(|until| until > now) => Ok(()),
            OrderStatus::Confirmed | OrderStatus::Expired => {
                Err(Error::new(Code::PaymentWindowClosed, "The time to pay the order is over. Order again."))
            }
            OrderStatus::Draft => Err(Error::new(
                Code::IllegalTransition,
                "The order is a DRAFT: place it by POST /orders/{id}/place first.",
            )),
            status => Err(Error::new(Code::IllegalTransition, format!("The order is {}.", status.as_str()))),
        }
    }

    /// A new purchase of the caller, whose surplus money goes to the caller's wallet in that currency.
    async fn purchase(
        &self,
        by: &Principal,
        id: TransactionId,
        purchase: &Purchase,
        now: Timestamp,
    ) -> Result<Transaction> {
        let payer = person(by)?;
        let (amount, description, reference) = purchase.terms.validate()?;
        let name = purchase.merchant.trim().to_owned();
        slug(&name).ok_or_else(no_merchant)?;
        let wallet: Option<Wallet> = self.0.wallet_of(payer, amount.currency()).await?;
        let wallet = wallet.ok_or_else(|| {
            let told = format!(
                "You have no wallet in {}; open one first: money that comes too late goes there.",
                amount.currency()
            );
            Error::new(Code::WalletNotFound, told)
        })?;
        let draft = Draft {
            id,
            kind: TransactionKind::Payment,
            wallet: &wallet,
            counterparty: Counterparty::Merchant { name },
            amount,
            description,
            reference,
        };
        let expires_at = Some(now + self.0.policy.payment_window + self.0.policy.grace());
        Ok(Transaction { expires_at, ..draft.transaction(TransactionStatus::Pending, now) })
    }

    /// The caller's purchase that still waits for money.
    async fn to_be_paid(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        id: TransactionId,
        now: Timestamp,
    ) -> Result<Transaction> {
        let missing = || Error::new(Code::TransactionNotFound, format!("There is no transaction {id} among yours."));
        let owner = person(by)?;
        let transaction = uow.transactions().find(id).await?.filter(|found| found.user == owner).ok_or_else(missing)?;
        if transaction.kind != TransactionKind::Payment {
            let told = format!("A {} is not paid through a gateway again.", transaction.kind.as_str());
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if transaction.status != TransactionStatus::Pending {
            let told = format!("The transaction is {}; only a PENDING one can be paid.", transaction.status.as_str());
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if transaction.expires_at.is_none_or(|at| at.since(now) <= self.0.policy.grace()) {
            return Err(Error::new(Code::PaymentWindowClosed, "The time to pay it is over."));
        }
        Ok(transaction)
    }
}
