//! Giving money back through the gateway that took it.
//!
//! The money is reserved first: two refunds at once cannot give back more than there is, and whoever has the money cannot
//! spend it while the gateway thinks.

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    ids::{PaymentId, RefundId},
    ledger::Transaction,
    money::Money,
    payments::{Payment, PaymentState, Refund, Refundable, Use},
    store::UnitOfWork,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Payments, apply::refunded_status, bookings::Bookings, schedule::LEASE};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    faults::Faults,
    once::id_taken,
};

impl Payments {
    /// Gives a payment's money back, or a part of it; without an amount, all that is left. Idempotent by `id`.
    ///
    /// The refund is SUCCEEDED or FAILED if the gateway is sure at once, PENDING while it confirms, and REQUESTED while
    /// nobody knows whether it has heard.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::PaymentNotFound`], [`Code::IllegalTransition`] unless it is paid,
    /// [`Code::NotRefundable`] by this method, [`Code::RefundExceeds`], [`Code::InsufficientFunds`] of whoever has the
    /// money, [`Code::Invalid`].
    pub async fn refund(
        &self,
        by: &Principal,
        id: RefundId,
        payment: PaymentId,
        amount: Option<i64>,
        reason: &str,
    ) -> Result<Refund> {
        self.0.authorise(by, Permission::RefundPayments).await?;
        let mut faults = Faults::default();
        let reason = faults.text("/reason", Some(reason), 255).unwrap_or_default();
        if reason.is_empty() {
            faults.add("/reason", "is required: the gateway and the audit trail want it");
        }
        if amount.is_some_and(|amount| amount <= 0) {
            faults.add("/amount", "must be more than 0");
        }
        faults.check()?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut paid = self.locked(&mut *uow, payment).await?;
        if let Some(known) = uow.refunds().find(id).await? {
            return made_before(known, &paid, amount);
        }
        let amount = self.refundable_amount(&paid, amount)?;
        let transaction = self.transaction_of(&mut *uow, &paid).await?;
        let refund = Refund::requested(id, &paid, amount, &reason, now);
        self.request(&mut *uow, by, &mut paid, &transaction, refund, now).await?;
        uow.commit().await?;
        self.pursue(id).await
    }

    /// Reserves a refund's money and stores it, to be sent after this unit of work.
    async fn request(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        paid: &mut Payment,
        transaction: &Transaction,
        mut refund: Refund,
        now: Timestamp,
    ) -> Result<()> {
        // Sent right after this; by somebody else if that does not happen.
        refund.next_check_at = Some(now + LEASE);
        Bookings { uow: &mut *uow, now }.reserve(&refund, paid, transaction).await?;
        paid.sums.refund_pending += refund.amount.amount();
        paid.updated_at = now;
        match uow.refunds().add(&refund).await {
            Err(StoreError::Conflict(Unique::Id | Unique::Reference)) => {
                return Err(id_taken());
            }
            other => other?,
        }
        uow.payments().save(paid).await?;
        self.tell_refund(uow, by, paid, &refund, now).await
    }

    /// Gives back all that is left of the payment that funded a purchase: through its gateway, which the caller asks for
    /// after the unit of work by the id that is answered, or else to the payer's wallet.
    ///
    /// # Errors
    /// [`Code::NotRefundable`] while a person has to look at the payment, [`Code::InsufficientFunds`].
    pub(crate) async fn give_back(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        payment: Payment,
        transaction: Transaction,
        why: &str,
        now: Timestamp,
    ) -> Result<Option<RefundId>> {
        not_frozen(&payment)?;
        let left = Money::new(payment.sums.left().max(0), payment.amount.currency())?;
        if !left.is_positive() {
            return Ok(None);
        }
        let id = RefundId(Uuid::new_v5(&payment.id.0, b"refund of a cancelled purchase"));
        self.give_back_part(uow, by, (payment, transaction), (id, left), why, now).await
    }

    /// Gives back a part of the payment that funded a purchase, as [`Payments::give_back`] does with all of it. `id` is
    /// the refund's.
    ///
    /// # Errors
    /// [`Code::NotRefundable`] while a person has to look at the payment, [`Code::RefundExceeds`],
    /// [`Code::InsufficientFunds`].
    pub(crate) async fn give_back_part(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        (mut payment, transaction): (Payment, Transaction),
        (id, amount): (RefundId, Money),
        why: &str,
        now: Timestamp,
    ) -> Result<Option<RefundId>> {
        not_frozen(&payment)?;
        match self.refundable_amount(&payment, Some(amount.amount())) {
            Ok(amount) => {
                let refund = Refund::requested(id, &payment, amount, why, now);
                self.request(uow, by, &mut payment, &transaction, refund, now).await?;
                Ok(Some(id))
            }
            Err(error) if error.code() == Code::NotRefundable => {
                self.credit_instead(uow, &mut payment, transaction, amount, now).await?;
                uow.payments().save(&payment).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Money of a purchase that cannot go back through its gateway goes to the payer's wallet, or else to a person. The
    /// caller stores the payment.
    pub(super) async fn credit_instead(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        mut transaction: Transaction,
        amount: Money,
        now: Timestamp,
    ) -> Result<()> {
        let mut books = Bookings { uow: &mut *uow, now };
        if !books.credit(payment, &transaction, amount).await? {
            payment.reason =
                Some("the purchase was cancelled, and the payer's wallet cannot take the money".to_owned());
            payment.frozen = true;
            return self.tell(uow, payment, now).await;
        }
        payment.sums.credited += amount.amount();
        payment.updated_at = now;
        transaction.refunded += amount.amount();
        transaction.status = refunded_status(&transaction);
        self.save_transaction(uow, payment, &mut transaction, now).await
    }

    /// Locks what a purchase's money may move between, before the order's own locks.
    pub(crate) async fn lock_books(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &Payment,
        transaction: &Transaction,
        now: Timestamp,
    ) -> Result<()> {
        Bookings { uow, now }.lock(payment, transaction).await
    }

    /// How much can be given back, in view of what was and of what the method allows.
    fn refundable_amount(&self, payment: &Payment, amount: Option<i64>) -> Result<Money> {
        if payment.state != PaymentState::Paid {
            let told = match payment.state {
                PaymentState::Authorized => "The money is only reserved: cancel the payment instead.",
                _ => "Only a payment that is PAID can be refunded.",
            };
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if payment.frozen || payment.used != Use::Funding {
            let told = match payment.used {
                Use::Surplus => "The money came too late or twice and goes back by itself.",
                _ => "A person has to look at this payment first.",
            };
            return Err(Error::new(Code::NotRefundable, told));
        }
        let left = payment.sums.left();
        let wanted = amount.unwrap_or(left);
        let currency = payment.amount.currency();
        if wanted > left || left <= 0 {
            return Err(Error::new(Code::RefundExceeds, format!("Only {currency} {} is left.", left.max(0))));
        }
        let gateway = self.0.ports.gateways.named(&payment.gateway);
        match gateway.map_or(Refundable::No, |gateway| gateway.refundable(payment.method.kind)) {
            Refundable::Partly => {}
            Refundable::WhollyOnly if wanted == payment.sums.captured => {}
            Refundable::WhollyOnly => {
                let told = format!("{} can be refunded as a whole only.", payment.method.kind);
                return Err(Error::new(Code::NotRefundable, told).at("/amount"));
            }
            Refundable::No => {
                let told = format!(
                    "{} cannot be refunded through {}: credit the payer's wallet or pay it out.",
                    payment.method.kind, payment.gateway
                );
                return Err(Error::new(Code::NotRefundable, told));
            }
        }
        Ok(Money::new(wanted, currency)?)
    }
}

/// Nothing goes back by itself of what a person has to look at.
fn not_frozen(payment: &Payment) -> Result<()> {
    if payment.frozen {
        let told = format!("A person has to look at payment {} first.", payment.id);
        return Err(Error::new(Code::NotRefundable, told));
    }
    Ok(())
}

/// The refund that an id stands for already, if it is the one that is asked for.
fn made_before(known: Refund, payment: &Payment, amount: Option<i64>) -> Result<Refund> {
    if known.payment == payment.id && amount.is_none_or(|amount| amount == known.amount.amount()) {
        return Ok(known);
    }
    Err(id_taken())
}
