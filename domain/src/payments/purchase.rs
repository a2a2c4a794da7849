//! Paying for something through a gateway: a purchase that waits until its deadline, and attempts to fund it.

use std::time::Duration;

use dermaga_ports::{
    auth::Principal,
    ids::{PaymentId, TransactionId},
    ledger::{Counterparty, SystemAccount, Transaction, TransactionKind, TransactionStatus, Wallet},
    payments::{MethodKind, Payment, PaymentState},
    store::UnitOfWork,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    MANUAL, MethodChoice, Payments,
    pay::{no_merchant, slug},
};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    ledger::{Draft, NewTransaction, person},
};

/// How much longer than the payer's own time a purchase waits: a payment in the last second is told a little later.
const TOLD_LATER: Duration = Duration::from_secs(5 * 60);

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
    /// A new one.
    Purchase(Purchase),
}

impl Payments {
    /// Starts an attempt to pay. Idempotent by `id`, which is also the id of a new transaction.
    ///
    /// # Errors
    /// [`Code::TransactionNotFound`], [`Code::PaymentWindowClosed`], [`Code::IllegalTransition`] if it is paid,
    /// [`Code::WalletNotFound`], [`Code::Invalid`], [`Code::PaymentRefused`] never: a refusal is a FAILED payment.
    pub async fn start(&self, by: &Principal, id: Uuid, payable: Payable, choice: MethodChoice) -> Result<Payment> {
        Permission::OwnWallets.check(by)?;
        let payer = person(by)?;
        let id = PaymentId(id);
        if let Some(known) = self.0.ports.store.payments().payment(id).await? {
            if known.user != payer {
                return Err(Error::new(Code::TransferConflict, "This id was used for something else."));
            }
            return if known.state == PaymentState::Created { self.submit(id).await } else { Ok(known) };
        }
        if let Some(wallet) = choice.wallet {
            self.0.own_wallet(by, wallet).await.map_err(|error| error.at("/wallet_id"))?;
        } else if choice.method.as_deref() == Some(MethodKind::Wallet.as_str()) {
            return Err(Error::fault("/wallet_id", "is required to pay from a wallet"));
        }
        let now = self.0.now();
        let window = self.0.policy.payment_window;
        let mut uow = self.0.begin().await?;
        let (transaction, window) = match payable {
            Payable::Transaction(id) => {
                let transaction = self.to_be_paid(&mut *uow, by, id, now).await?;
                let deadline = transaction.expires_at.map_or(window, |at| at.since(now).saturating_sub(TOLD_LATER));
                (transaction, window.min(deadline))
            }
            Payable::Purchase(purchase) => {
                let new = self.purchase(by, TransactionId(id.0), &purchase, now).await?;
                uow.transactions().add(&new).await?;
                (new, window)
            }
        };
        let payment = self.attempt(id, &transaction, &choice, window, now)?;
        if payment.gateway != MANUAL {
            let cash = SystemAccount::GatewayCash { gateway: payment.gateway.clone() };
            uow.books().open(&cash.open(payment.amount.currency(), now)).await?;
        }
        self.store(&mut *uow, by, &payment, now).await?;
        uow.commit().await?;
        if payment.gateway == MANUAL { Ok(payment) } else { self.submit(id).await }
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
        let expires_at = Some(now + self.0.policy.payment_window + TOLD_LATER);
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
        if transaction.expires_at.is_none_or(|at| at.since(now) <= TOLD_LATER) {
            return Err(Error::new(Code::PaymentWindowClosed, "The time to pay it is over."));
        }
        Ok(transaction)
    }
}
