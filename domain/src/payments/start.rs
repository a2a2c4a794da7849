//! Starting an attempt: stored first, sent second, and never sent while a unit of work is open.

use std::time::Duration;

use dermaga_ports::{
    auth::Principal,
    ids::{PaymentId, WalletId},
    ledger::{SystemAccount, Transaction},
    payments::{
        CardToken, ChargeRef, Method, MethodKind, NewCharge, Outcome, PayAction, Payer, Payment, PaymentState,
        RefusalKind, Snapshot, Sums, Use,
    },
    store::UnitOfWork,
    time::Timestamp,
};

use super::{
    MANUAL, Payments,
    apply::facts,
    schedule::{LEASE, next_check},
};
use crate::{
    core::Note,
    error::{Code, Error, Result},
};

/// How somebody wants to pay.
#[derive(Debug, Clone, Default)]
pub struct MethodChoice {
    /// The gateway's default method unless named.
    pub method: Option<String>,
    /// The first that offers the method unless named.
    pub gateway: Option<String>,
    pub bank: Option<String>,
    pub store: Option<String>,
    pub token: Option<CardToken>,
    pub authorize_only: bool,
    /// The wallet to pay from, for the method `wallet`.
    pub wallet: Option<WalletId>,
}

/// As both sides call it.
pub(super) fn charge_ref(payment: &Payment) -> ChargeRef {
    ChargeRef {
        reference: payment.reference.clone(),
        provider_id: payment.provider_id.clone(),
        amount: payment.amount,
        kind: payment.method.kind,
    }
}

impl Payments {
    /// An attempt to fund a transaction, ready to be stored. `window` is the payer's time.
    pub(super) fn attempt(
        &self,
        id: PaymentId,
        transaction: &Transaction,
        choice: &MethodChoice,
        window: Duration,
        now: Timestamp,
    ) -> Result<Payment> {
        let (gateway, method) = self.0.ports.gateways.choose(choice)?;
        Ok(self.attempt_by(id, transaction, gateway, method, window, now))
    }

    /// An attempt that no gateway of ours carries.
    pub(super) fn manual_attempt(&self, id: PaymentId, transaction: &Transaction, now: Timestamp) -> Payment {
        let method = Method::plain(MethodKind::ManualTransfer);
        self.attempt_by(id, transaction, MANUAL.to_owned(), method, Duration::ZERO, now)
    }

    fn attempt_by(
        &self,
        id: PaymentId,
        transaction: &Transaction,
        gateway: String,
        method: Method,
        window: Duration,
        now: Timestamp,
    ) -> Payment {
        let manual = gateway == MANUAL;
        let account = self.0.ports.gateways.manual_account().unwrap_or_default().to_owned();
        let mut payment = Payment {
            id,
            transaction: transaction.id,
            user: transaction.user,
            reference: format!("DMG-{}", id.0.simple()),
            provider_id: None,
            amount: transaction.amount,
            method,
            state: if manual { PaymentState::Pending } else { PaymentState::Created },
            used: Use::Nothing,
            sums: Sums::default(),
            settled: false,
            late: false,
            reason: None,
            frozen: false,
            action: manual.then_some(PayAction::TransferAndConfirm { account }),
            description: transaction.description.clone(),
            idempotency_key: id.to_string(),
            sent_at: None,
            expires_at: now + window,
            verified_at: None,
            next_check_at: None,
            checks: 0,
            raw: None,
            created_at: now,
            updated_at: now,
            revision: 0,
            gateway,
        };
        payment.next_check_at = next_check(&payment, now);
        payment
    }

    /// Stores an attempt with its papers, and what its money needs: a manual transfer an amount of its own, any other the
    /// gateway's account.
    pub(super) async fn store(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        payment: &mut Payment,
        now: Timestamp,
    ) -> Result<()> {
        if payment.gateway == MANUAL {
            self.mark(uow, payment, now).await?;
        } else {
            let cash = SystemAccount::GatewayCash { gateway: payment.gateway.clone() };
            uow.books().open(&cash.open(payment.amount.currency(), now)).await?;
        }
        uow.payments().add(payment).await?;
        let note = Note {
            actor: Some(by),
            action: "payment.created",
            subject: format!("payment:{}", payment.id),
            detail: format!("{} by {} {}", payment.amount, payment.gateway, payment.method.kind),
        };
        self.0.file(uow, note, facts(payment), now).await
    }

    /// Sends an attempt that is stored and not sent, and writes down the answer.
    pub(crate) async fn submit(&self, id: PaymentId) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, id).await?;
        if payment.state != PaymentState::Created {
            return Ok(payment);
        }
        payment.state = PaymentState::Submitting;
        payment.sent_at = Some(now);
        payment.checks = 0;
        payment.next_check_at = Some(now + LEASE);
        payment.updated_at = now;
        uow.payments().save(&payment).await?;
        uow.commit().await?;
        payment.revision += 1;
        self.send(payment).await
    }

    /// Sends a charge that is SUBMITTING and writes down the answer.
    pub(super) async fn send(&self, payment: Payment) -> Result<Payment> {
        let Some(gateway) = self.0.ports.gateways.named(&payment.gateway) else {
            return self.unheard(payment.id, format!("this host has no gateway {}", payment.gateway)).await;
        };
        let user = self.0.ports.store.users().user(payment.user).await?;
        let payer = user.map_or_else(Payer::default, |user| Payer {
            name: user.full_name,
            email: user.email.map(|email| email.to_string()),
            phone: user.phone.map(|phone| phone.to_string()),
        });
        let charge = NewCharge {
            reference: payment.reference.clone(),
            idempotency_key: payment.idempotency_key.clone(),
            amount: payment.amount,
            method: payment.method.clone(),
            expires_at: payment.expires_at,
            description: payment.description.clone(),
            payer,
        };
        match gateway.create(&charge).await {
            Outcome::Done(snapshot) => self.created(&payment, &snapshot).await,
            Outcome::Refused(refusal) => match refusal.kind {
                // It is there, or it may be there soon: a read tells.
                RefusalKind::Duplicate | RefusalKind::TryLater => self.unheard(payment.id, refusal.reason).await,
                _ => self.refused(payment.id, refusal.reason).await,
            },
            Outcome::Unknown(reason) => self.unheard(payment.id, reason).await,
        }
    }

    /// The gateway has taken the charge. A webhook may have been quicker, so this is applied to whatever is known now:
    /// an answer to a creation is never newer than a read.
    async fn created(&self, sent: &Payment, snapshot: &Snapshot) -> Result<Payment> {
        let (id, now) = (sent.id, self.0.now());
        let mut uow = self.0.begin().await?;
        let payment = self.locked(&mut *uow, id).await?;
        let overtaken = payment.revision != sent.revision;
        let applied = self.apply(&mut *uow, payment, snapshot, now).await?;
        // The look that a quicker webhook wanted is still due: the answer is older than what it spoke of.
        if overtaken {
            uow.payments().wake(id, now).await?;
        }
        uow.commit().await?;
        Ok(applied)
    }

    /// The gateway said no: nothing is there, and nothing will come.
    pub(super) async fn refused(&self, id: PaymentId, reason: String) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, id).await?;
        if payment.state == PaymentState::Submitting {
            payment.method.token = None;
            self.close(&mut *uow, &mut payment, PaymentState::Failed, Some(reason), now).await?;
            uow.commit().await?;
        }
        Ok(payment)
    }

    /// Nobody knows what became of a call: it is asked about soon.
    pub(super) async fn unheard(&self, id: PaymentId, reason: String) -> Result<Payment> {
        self.later(id, reason, next_check).await
    }

    /// Nothing came of a look: the next one is as planned, or sooner.
    pub(super) async fn later(
        &self,
        id: PaymentId,
        reason: String,
        next: fn(&Payment, Timestamp) -> Option<Timestamp>,
    ) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, id).await?;
        if payment.state == PaymentState::Submitting {
            payment.reason = Some(reason);
        }
        payment.next_check_at = next(&payment, now);
        payment.checks = payment.checks.saturating_add(1);
        uow.payments().save(&payment).await?;
        uow.commit().await?;
        Ok(payment)
    }

    /// Ends an attempt without money, by our own decision.
    pub(super) async fn close(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        state: PaymentState,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<()> {
        payment.state = state;
        payment.reason = reason;
        payment.checks = 0;
        self.closed(uow, payment, now).await?;
        payment.next_check_at = next_check(payment, now);
        payment.updated_at = now;
        self.tell(uow, payment, now).await?;
        Ok(uow.payments().save(payment).await?)
    }

    /// An attempt that must be there, locked.
    pub(super) async fn locked(&self, uow: &mut dyn UnitOfWork, id: PaymentId) -> Result<Payment> {
        uow.payments().find(id).await?.ok_or_else(|| missing(id))
    }
}

pub(super) fn missing(id: PaymentId) -> Error {
    Error::new(Code::PaymentNotFound, format!("There is no payment {id} among yours."))
}
