//! What becomes of a transaction: completed, failed, cancelled, expired, refunded.
//!
//! Each of these locks the transaction first and decides on what it then sees, so of two administrators who settle the
//! same transaction, the second decides on the first one's result.

use dermaga_ports::{
    auth::Principal,
    ids::{TransactionId, TransferId},
    ledger::{Instruction, Posting, Purpose, Transaction, TransactionKind, TransactionStatus},
    money::Money,
    paging::PageRequest,
    payments::{PaymentFilter, Use},
    store::UnitOfWork,
    time::Timestamp,
};

use super::{
    Decision, Transactions, post,
    refusal::settled,
    transition,
    voucher::{self, note, payload},
};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    faults::Faults,
    payments::MANUAL,
};

/// Why a transaction that nobody settled was cancelled.
pub(super) const EXPIRED: &str = "expired";

/// A wish for another status, another description or both.
#[derive(Debug, Clone, Default)]
pub struct StatusChange {
    pub status: Option<TransactionStatus>,
    /// May change while the transaction is PENDING.
    pub description: Option<String>,
}

impl Transactions {
    /// Settles a pending transfer: COMPLETED moves the reserved money, FAILED and CANCELLED release it.
    ///
    /// Wishing for the present status again changes nothing.
    ///
    /// # Errors
    /// [`Code::TransactionNotFound`], [`Code::IllegalTransition`], [`Code::HoldExpired`].
    pub async fn change(&self, by: &Principal, id: TransactionId, change: StatusChange) -> Result<Transaction> {
        let mut faults = Faults::default();
        let description = faults.text("/description", change.description.as_deref(), 255);
        faults.check()?;
        self.may_settle(by, id).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut transaction = uow.transactions().find(id).await?.ok_or_else(|| missing(id))?;
        let before = transaction.clone();
        if let Some(description) = description {
            if transaction.status != TransactionStatus::Pending {
                let told = "The description can change only while the transaction is PENDING.";
                return Err(Error::new(Code::IllegalTransition, told));
            }
            transaction.description = Some(description);
        }
        if let Some(status) = change.status {
            self.settle(&mut *uow, &mut transaction, status, now).await?;
        }
        if transaction == before {
            // Nothing happened, so nobody is told.
            return Ok(transaction);
        }
        transaction.updated_at = now;
        uow.transactions().save(&transaction).await?;
        let mut note = note(Some(by), &transaction);
        if transaction.status == before.status {
            note.action = "transaction.described";
        }
        self.0.file(&mut *uow, note, payload(&transaction), now).await?;
        uow.commit().await?;
        Ok(transaction)
    }

    /// Cancels a pending transfer; the reserved money is free again. Cancelling it again changes nothing.
    ///
    /// # Errors
    /// [`Code::TransactionNotFound`], [`Code::IllegalTransition`].
    pub async fn cancel(&self, by: &Principal, id: TransactionId) -> Result<Transaction> {
        let status = Some(TransactionStatus::Cancelled);
        self.change(by, id, StatusChange { status, description: None }).await
    }

    /// Gives money of a completed transaction back, in one or several parts up to its amount.
    ///
    /// Idempotent by `id`, the id of the movement that gives it back. Without an amount, all that is left.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::TransactionNotFound`], [`Code::IllegalTransition`],
    /// [`Code::RefundExceeds`], [`Code::NotRefundable`], [`Code::InsufficientFunds`] of whoever received it.
    pub async fn refund(
        &self,
        by: &Principal,
        id: TransferId,
        transaction: TransactionId,
        amount: Option<i64>,
        reason: &str,
    ) -> Result<Transaction> {
        self.0.authorise(by, Permission::RefundTransactions).await?;
        let mut faults = Faults::default();
        if faults.text("/reason", Some(reason), 255).is_none() {
            faults.add("/reason", "is required: it goes into the audit trail");
        }
        faults.check()?;
        self.paid_from_a_wallet(transaction).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let missing = || Error::new(Code::TransactionNotFound, format!("There is no transaction {transaction}."));
        let mut transaction = uow.transactions().find(transaction).await?.ok_or_else(missing)?;
        if transaction.kind == TransactionKind::Topup {
            let told = "A top-up goes back the way it came, through its payment gateway.";
            return Err(Error::new(Code::NotRefundable, told));
        }
        let Some(original) = transaction.transfer else {
            transition(transaction.status, TransactionStatus::PartiallyRefunded)?;
            return Err(Error::internal("completed, but no line in the journal"));
        };
        let currency = transaction.amount.currency();
        let part = amount.map(|amount| Money::new(amount, currency)).transpose()?;
        let instruction = Instruction::Reverse { original, amount: part };
        let transfer = voucher::new_transfer(id, Purpose::Refund, instruction)?;
        let outcome = post::one(&mut *uow, transfer.into(), now).await?;
        let line = settled(outcome, currency)?;
        if line.replayed {
            return Ok(transaction);
        }
        transaction.refunded += line.transfer.amount.amount();
        transaction.status = match transaction.amount.amount() - transaction.refunded {
            0 => TransactionStatus::Refunded,
            _ => TransactionStatus::PartiallyRefunded,
        };
        transaction.updated_at = line.transfer.at;
        if !transaction.is_line() {
            uow.transactions().save(&transaction).await?;
        }
        let mut note = note(Some(by), &transaction);
        note.detail = format!("{} of {}: {reason}", line.transfer.amount, transaction.amount);
        self.0.file(&mut *uow, note, payload(&transaction), now).await?;
        uow.commit().await?;
        Ok(transaction)
    }

    /// What came through a gateway goes back through it; the books alone would say that it is back, and it would not be.
    async fn paid_from_a_wallet(&self, transaction: TransactionId) -> Result<()> {
        let filter = PaymentFilter { transaction: Some(transaction), ..PaymentFilter::default() };
        let attempts = self.0.ports.store.payments().payments(&filter, PageRequest::first(100)).await?;
        match attempts.items.into_iter().find(|payment| payment.used == Use::Funding) {
            None => Ok(()),
            Some(payment) => {
                let told = if payment.gateway == MANUAL {
                    "It was paid by a manual transfer, which no gateway gives back: cancel its order, and the money goes to \
                     the buyer's wallet, or transfer it back by hand."
                        .to_owned()
                } else {
                    format!("It was paid through {}: POST /payments/{}/refund.", payment.gateway, payment.id)
                };
                Err(Error::new(Code::NotRefundable, told))
            }
        }
    }

    /// Writes down that pending transfers have passed their deadline and releases their money; answers how many.
    ///
    /// This only tidies up: reads and decisions go by the deadline itself.
    ///
    /// # Errors
    /// When the store fails; nothing is half done.
    pub async fn expire_overdue(&self) -> Result<usize> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let overdue = uow.transactions().overdue(now, 100).await?;
        if overdue.is_empty() {
            return Ok(0);
        }
        // All at once: two calls would take their locks in no common order.
        let accounts: Vec<_> = overdue.iter().map(|transaction| transaction.wallet.into()).collect();
        post::release(&mut *uow, &accounts, now).await?;
        let count = overdue.len();
        for mut transaction in overdue {
            mark_expired(&mut transaction);
            transaction.updated_at = now;
            uow.transactions().save(&transaction).await?;
            let note = note(Some(&Principal::Operator), &transaction);
            self.0.file(&mut *uow, note, payload(&transaction), now).await?;
            if transaction.kind == TransactionKind::Payment {
                self.0.order_expired(&mut *uow, &transaction, now).await?;
            }
        }
        uow.commit().await?;
        Ok(count)
    }

    /// Whose it is never changes, so this is asked before a unit of work is open: the account of staff is looked up.
    async fn may_settle(&self, by: &Principal, id: TransactionId) -> Result<()> {
        let found = self.0.ports.store.transactions().transaction(id).await?;
        let transaction = found.ok_or_else(|| missing(id))?;
        // The receiver sees the transaction but cannot settle it.
        let (own, any) = (Permission::OwnTransactions, Permission::SettleTransactions);
        match self.0.authorise_owner(by, transaction.user, own, any).await {
            Ok(()) => Ok(()),
            Err(denied) if matches!(by, Principal::User { id, .. } if transaction.concerns(*id)) => Err(denied),
            Err(error) => Err(error.hidden_behind(|| missing(id))),
        }
    }

    async fn settle(
        &self,
        uow: &mut dyn UnitOfWork,
        transaction: &mut Transaction,
        to: TransactionStatus,
        now: Timestamp,
    ) -> Result<()> {
        use TransactionStatus::{Cancelled, Completed, Failed, PartiallyRefunded, Pending, Processing, Refunded};
        if matches!(to, PartiallyRefunded | Refunded) {
            let told = "Money is given back by POST /transactions/{id}/refund, not by naming the status.";
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if transition(transaction.status, to)? == Decision::AlreadyApplied {
            return Ok(());
        }
        if transaction.kind != TransactionKind::Transfer {
            let told = format!("A {} is settled by its payment, not by hand.", transaction.kind.as_str());
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if to == Cancelled && is_overdue(transaction, now) {
            post::release(uow, &[transaction.wallet.into()], now).await?;
            mark_expired(transaction);
            return Ok(());
        }
        let hold = TransferId::from(transaction.id);
        let instruction = match to {
            Completed => Some(Instruction::PostHold { hold, amount: None }),
            Failed | Cancelled => Some(Instruction::VoidHold { hold }),
            Pending | Processing | PartiallyRefunded | Refunded => None,
        };
        if let Some(instruction) = instruction {
            let id = self.0.id();
            let transfer = voucher::new_transfer(id, Purpose::Transfer, instruction)?;
            let outcome = post::one(uow, Posting::from(transfer), now).await?;
            settled(outcome, transaction.amount.currency())?;
            transaction.transfer = (to == Completed).then_some(id);
        }
        transaction.status = to;
        Ok(())
    }
}

fn missing(id: TransactionId) -> Error {
    Error::new(Code::TransactionNotFound, format!("There is no transaction {id} among yours."))
}

/// Whether a transaction's money is free again because its deadline has passed.
pub(super) fn is_overdue(transaction: &Transaction, now: Timestamp) -> bool {
    let open = matches!(transaction.status, TransactionStatus::Pending | TransactionStatus::Processing);
    open && transaction.expires_at.is_some_and(|deadline| deadline <= now)
}

/// Writes down what the deadline has done already.
fn mark_expired(transaction: &mut Transaction) {
    transaction.status = TransactionStatus::Cancelled;
    transaction.failure = Some(EXPIRED.to_owned());
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        auth::Role,
        ids::{UserId, WalletId},
        ledger::Counterparty,
        money::Currency,
    };
    use uuid::Uuid;

    use super::*;
    use crate::testing::{Bench, NOW, Shelf, Unit, account};

    fn overdue(number: u128) -> Transaction {
        let now = Timestamp::from_micros(NOW);
        let id = Uuid::from_u128(number);
        Transaction {
            id: id.into(),
            kind: TransactionKind::Transfer,
            status: TransactionStatus::Pending,
            user: account(1, Role::User).id,
            wallet: WalletId(id),
            counterparty: Counterparty::User { user: UserId(id), wallet: WalletId(id) },
            amount: Money::zero(Currency::Idr),
            refunded: 0,
            description: None,
            reference: None,
            failure: None,
            transfer: None,
            expires_at: Some(now),
            created_at: now,
            updated_at: now,
        }
    }

    #[tokio::test]
    async fn whatever_has_expired_is_locked_in_one_go() {
        let mut unit = Unit::with_papers();
        unit.transactions.expect_overdue().return_once(|_, _| Ok(vec![overdue(2), overdue(1)]));
        unit.transactions.expect_save().times(2).returning(|_| Ok(()));
        unit.books.expect_overdue_holds().returning(|_, _| Ok(vec![]));
        unit.books.expect_transfers().returning(|_| Ok(vec![]));
        unit.books.expect_write().returning(|_| Ok(()));
        unit.books.expect_lock().times(1).withf(|accounts| accounts.len() == 2).returning(|_| Ok(vec![]));
        let shelf = Shelf::default();
        shelf.units.lock().expect("no panic").push_back(unit);
        assert_eq!(Bench::default().app(shelf).transactions.expire_overdue().await, Ok(2));
    }
}
