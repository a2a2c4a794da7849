//! Manual transfers: no gateway, but a person who reads the bank's statement.
//!
//! The amount carries a code of its own, so that the line on the statement names the payment. Who says "I have paid", with
//! or without a proof, stops the clock once: the purchase waits until somebody has looked.

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    ids::{PaymentId, TransactionId},
    ledger::Transaction,
    money::Money,
    payments::{GatewayState, Payment, PaymentState, SeenAmount, Snapshot},
    store::UnitOfWork,
    time::{DAY, Timestamp},
};

use super::{MANUAL, Payments};
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
};

/// How long an amount stays taken after the time to pay it is over: bank statements lag, and so do payers.
const QUARANTINE_DAYS: u32 = 7;

impl Payments {
    /// Accepts a manual transfer that is in review: a person has seen the money. Never overrides a gateway.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::PaymentNotFound`], [`Code::IllegalTransition`].
    pub async fn accept(&self, by: &Principal, id: PaymentId) -> Result<Payment> {
        self.0.authorise(by, Permission::ManagePayments).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let payment = self.locked(&mut *uow, id).await?;
        if payment.gateway != MANUAL {
            let told = format!("The payment is {}'s to confirm.", payment.gateway);
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if payment.state == PaymentState::Paid {
            return Ok(payment);
        }
        if payment.state != PaymentState::Review {
            let told = format!("The payment is {}; only one in REVIEW is accepted.", payment.state.as_str());
            return Err(Error::new(Code::IllegalTransition, told));
        }
        let seen = seen_by_a_person(&payment);
        let applied = self.apply(&mut *uow, payment, &seen, now).await?;
        let note = Note {
            actor: Some(by),
            action: "payment.accepted",
            subject: format!("payment:{id}"),
            detail: format!("{} by {}", applied.amount, applied.method.kind),
        };
        uow.audit().record(&self.0.entry(note, now)).await?;
        uow.commit().await?;
        Ok(applied)
    }

    /// The payer says that a manual transfer is on its way.
    pub(super) async fn to_review(&self, by: &Principal, id: PaymentId) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let payment = self.locked(&mut *uow, id).await?;
        if payment.state != PaymentState::Pending {
            return Ok(payment);
        }
        let seen = Snapshot { state: GatewayState::Review, ..seen_by_a_person(&payment) };
        let applied = self.apply(&mut *uow, payment, &seen, now).await?;
        self.wait_for_review(&mut *uow, &applied, now).await?;
        let note = Note {
            actor: Some(by),
            action: "payment.said_paid",
            subject: format!("payment:{id}"),
            detail: applied.amount.to_string(),
        };
        uow.audit().record(&self.0.entry(note, now)).await?;
        uow.commit().await?;
        Ok(applied)
    }

    /// What is announced in time is not lost while a person has not looked: the purchase waits for them, once.
    async fn wait_for_review(&self, uow: &mut dyn UnitOfWork, payment: &Payment, now: Timestamp) -> Result<()> {
        let mut transaction = self.transaction_of(uow, payment).await?;
        let (policy, planned) = (&self.0.policy, self.planned_deadline(&transaction));
        let deadline = (now + policy.review_window).min(planned + policy.review_window);
        if transaction.expires_at.is_some_and(|at| at < deadline) {
            self.0.move_deadline(uow, &mut transaction, deadline, now).await?;
        }
        Ok(())
    }

    /// Nobody waits any longer than without the review. The attempts of the transaction MUST be locked.
    pub(super) async fn wait_no_longer(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<()> {
        let mut transaction = self.transaction_of(uow, payment).await?;
        let deadline = self.planned_deadline(&transaction).max(now);
        let attempts = uow.payments().of_transaction(transaction.id).await?;
        let another = attempts.iter().any(|other| other.state == PaymentState::Review && other.id != payment.id);
        if !another && transaction.expires_at.is_some_and(|at| at > deadline) {
            self.0.move_deadline(uow, &mut transaction, deadline, now).await?;
        }
        Ok(())
    }

    /// When money for a purchase stops counting, unless somebody reviews a payment of it.
    fn planned_deadline(&self, transaction: &Transaction) -> Timestamp {
        transaction.created_at + self.0.policy.payment_window + self.0.policy.grace()
    }

    /// Adds a code to the amount of a manual transfer that nobody else is to transfer at this time. Where all are taken the
    /// amount stays as it is, and the reference has to name the payment.
    pub(super) async fn mark(&self, uow: &mut dyn UnitOfWork, payment: &mut Payment, now: Timestamp) -> Result<()> {
        let base = payment.amount;
        // Up to Rp 999, or 99 cents.
        let most = if base.currency().scale() == 0 { 999 } else { 99 };
        let until = payment.expires_at + self.0.policy.review_window + QUARANTINE_DAYS * DAY;
        let taken = uow.manual_transfers().taken_amounts(base, most, now).await?;
        // The ids are random at their end, so payments begin to look at different places.
        let first = i64::try_from(payment.id.0.as_u128() % 997).unwrap_or_default();
        for step in 0..most {
            let code = (first + step) % most + 1;
            let Ok(amount) = Money::new(base.amount() + code, base.currency()) else { continue };
            if taken.contains(&amount.amount()) {
                continue;
            }
            if uow.manual_transfers().take_amount(payment.id, amount, until, now).await? {
                payment.amount = amount;
                payment.method.code = Some(code);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes down a payment that somebody else took for a purchase. Idempotent by `id`.
    pub(crate) async fn record(
        &self,
        by: &Principal,
        id: PaymentId,
        purchase: TransactionId,
        reference: &str,
    ) -> Result<Payment> {
        if let Some(known) = self.0.ports.store.payments().payment(id).await? {
            return Ok(known);
        }
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let found = uow.transactions().find(purchase).await?;
        let transaction = found.ok_or_else(|| Error::internal(format!("an order without its purchase {purchase}")))?;
        let mut payment = self.manual_attempt(id, &transaction, now);
        payment.reference = reference.to_owned();
        match uow.payments().add(&payment).await {
            Err(StoreError::Conflict(Unique::Id)) => {
                // Somebody said the same at the same moment, and was quicker.
                drop(uow);
                let known = self.0.ports.store.payments().payment(id).await?;
                return known.ok_or_else(|| Error::internal(format!("payment {id} is there and is not")));
            }
            Err(StoreError::Conflict(_)) => {
                let told = "Another payment was recorded under this reference.";
                return Err(Error::new(Code::ReferenceTaken, told).at("/reference"));
            }
            other => other?,
        }
        let seen = seen_by_a_person(&payment);
        let applied = self.apply(&mut *uow, payment, &seen, now).await?;
        let note = Note {
            actor: Some(by),
            action: "payment.recorded",
            subject: format!("payment:{id}"),
            detail: format!("{} under {reference}", applied.amount),
        };
        uow.audit().record(&self.0.entry(note, now)).await?;
        uow.commit().await?;
        Ok(applied)
    }
}

/// What a person who has seen the money would say as a gateway.
fn seen_by_a_person(payment: &Payment) -> Snapshot {
    Snapshot {
        state: GatewayState::Paid,
        amount: SeenAmount::Exact(payment.amount),
        captured: None,
        settled: true,
        refunds: vec![],
        refunded: None,
        disputes: vec![],
        provider_id: None,
        action: None,
        expires_at: None,
        raw: "{}".to_owned(),
    }
}
