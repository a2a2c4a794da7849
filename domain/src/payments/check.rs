//! Looking after attempts and refunds: reading at the gateway what is so, and going on from there.
//!
//! A look is claimed for a minute and changes nothing while it waits for the gateway; its result is applied only to the
//! revision that it was read for. So hosts may look side by side, and a webhook that comes in between makes the look
//! begin again instead of applying old news.

use dermaga_ports::{
    ids::{PaymentId, RefundId},
    payments::{
        Found, NewRefund, Outcome, Payment, PaymentClass, PaymentState, Refund, RefundProgress, RefundState, Refusal,
        RefusalKind, Snapshot,
    },
    store::UnitOfWork,
};
use futures::future::{join, join_all};
use uuid::Uuid;

use super::{
    MANUAL, Payments,
    schedule::{GRACE, KEY_LIFE, LEASE, LOOKS_BEFORE_REPEATING, next_refund_check, next_try},
    start::charge_ref,
};
use crate::error::{Error, Result};

/// How many are claimed at a time.
const BATCH: u32 = 32;

impl Payments {
    /// Looks after what is due; answers how many there were. Called by a job, and harmless to call at any time.
    ///
    /// # Errors
    /// When the store fails. A gateway that does not answer is no error: it is asked again later.
    pub async fn look_after_due(&self) -> Result<usize> {
        let now = self.0.now();
        if !self.0.ports.store.payments().anything_due(now).await? {
            return Ok(0);
        }
        let mut uow = self.0.begin().await?;
        let payments = uow.payments().claim_due(now, now + LEASE, BATCH).await?;
        let refunds = uow.refunds().claim_due(now, now + LEASE, BATCH).await?;
        uow.commit().await?;
        let count = payments.len() + refunds.len();
        let looks = payments.into_iter().map(|payment| async move { self.look(payment).await.map(drop) });
        let refunds = refunds.into_iter().map(|refund| async move { self.pursue(refund.id).await.map(drop) });
        let (looked, pursued) = join(join_all(looks), join_all(refunds)).await;
        for done in looked.into_iter().chain(pursued) {
            done?;
        }
        Ok(count)
    }

    /// Looks after one attempt now.
    pub(super) async fn look(&self, payment: Payment) -> Result<Payment> {
        if payment.gateway == MANUAL {
            return self.look_at_manual(payment).await;
        }
        match payment.state {
            PaymentState::Created if payment.expires_at <= self.0.now() => self.never_sent(payment.id).await,
            PaymentState::Created => self.submit(payment.id).await,
            _ => self.read(payment).await,
        }
    }

    async fn never_sent(&self, id: PaymentId) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, id).await?;
        if payment.state == PaymentState::Created {
            self.close(&mut *uow, &mut payment, PaymentState::Expired, None, now).await?;
            uow.commit().await?;
        }
        Ok(payment)
    }

    /// A manual transfer has no gateway to ask: it ends with its time, unless the payer has said that it is on its way.
    async fn look_at_manual(&self, payment: Payment) -> Result<Payment> {
        let now = self.0.now();
        if payment.state != PaymentState::Pending || payment.expires_at > now {
            return self.unheard(payment.id, String::new()).await;
        }
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, payment.id).await?;
        if payment.state == PaymentState::Pending {
            self.close(&mut *uow, &mut payment, PaymentState::Expired, None, now).await?;
            uow.commit().await?;
        }
        Ok(payment)
    }

    /// Reads at the gateway and applies what it says.
    async fn read(&self, payment: Payment) -> Result<Payment> {
        let Some(gateway) = self.0.ports.gateways.named(&payment.gateway) else {
            return self.unheard(payment.id, format!("this host has no gateway {}", payment.gateway)).await;
        };
        match gateway.query(&charge_ref(&payment)).await {
            Outcome::Done(Found::Snapshot(snapshot)) => {
                let applied = self.apply_read(&payment, &snapshot).await?;
                self.end_time(applied).await
            }
            Outcome::Done(Found::Nothing) => self.nothing_there(payment).await,
            Outcome::Refused(refusal) if refusal.kind != RefusalKind::TryLater => {
                self.unheard(payment.id, refusal.reason).await
            }
            // A webhook may have wanted this look, and is not sent again.
            Outcome::Refused(Refusal { reason, .. }) | Outcome::Unknown(reason) => {
                self.later(payment.id, reason, next_try).await
            }
        }
    }

    /// Applies a read to the revision that it was made for; to any other one, not at all.
    async fn apply_read(&self, read_for: &Payment, snapshot: &Snapshot) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let payment = self.locked(&mut *uow, read_for.id).await?;
        if payment.revision != read_for.revision {
            // Whoever changed it has planned the next look, or a webhook wants one at once.
            return Ok(payment);
        }
        let applied = self.apply(&mut *uow, payment, snapshot, now).await?;
        uow.commit().await?;
        Ok(applied)
    }

    /// Past the payer's time, a gateway that still waits is told to stop, and read once more: paid beats expired.
    async fn end_time(&self, payment: Payment) -> Result<Payment> {
        let over = payment.expires_at + GRACE <= self.0.now();
        if !over || payment.state != PaymentState::Pending || payment.frozen {
            return Ok(payment);
        }
        let Some(gateway) = self.0.ports.gateways.named(&payment.gateway) else { return Ok(payment) };
        let charge = charge_ref(&payment);
        if let Outcome::Unknown(_) = gateway.expire(&charge).await {
            return Ok(payment);
        }
        let Some(payment) = self.0.ports.store.payments().payment(payment.id).await? else { return Ok(payment) };
        match gateway.query(&charge).await {
            Outcome::Done(Found::Snapshot(snapshot)) => self.apply_read(&payment, &snapshot).await,
            _ => Ok(payment),
        }
    }

    /// The gateway does not know the attempt.
    async fn nothing_there(&self, payment: Payment) -> Result<Payment> {
        let now = self.0.now();
        let over = payment.expires_at + GRACE <= now;
        if payment.state.class() != PaymentClass::Open {
            return self.unheard(payment.id, String::new()).await;
        }
        let held = matches!(payment.state, PaymentState::Review | PaymentState::Authorized);
        if over && !held {
            let mut uow = self.0.begin().await?;
            let mut payment = self.locked(&mut *uow, payment.id).await?;
            if payment.state.class() == PaymentClass::Open {
                let never = payment.state == PaymentState::Submitting;
                let reason = never.then(|| "the gateway never knew of it".to_owned());
                self.close(&mut *uow, &mut payment, PaymentState::Expired, reason, now).await?;
                uow.commit().await?;
            }
            return Ok(payment);
        }
        let gateway = self.0.ports.gateways.named(&payment.gateway);
        let finds = gateway.is_some_and(|gateway| gateway.capabilities().finds_by_reference(payment.method.kind));
        if payment.state == PaymentState::Submitting && finds && payment.checks >= LOOKS_BEFORE_REPEATING {
            return self.repeat(payment).await;
        }
        self.unheard(payment.id, "the gateway does not know of it yet".to_owned()).await
    }

    /// Sends a charge again that never arrived: under the same key while the gateway keeps it, and under another one
    /// after that, so that it looks whether the reference is taken.
    async fn repeat(&self, read_for: Payment) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, read_for.id).await?;
        if payment.revision != read_for.revision {
            return Ok(payment);
        }
        if payment.sent_at.is_none_or(|sent| now.since(sent) >= KEY_LIFE) {
            payment.idempotency_key = self.0.id::<Uuid>().to_string();
            payment.sent_at = Some(now);
        }
        payment.next_check_at = Some(now + LEASE);
        payment.checks = 0;
        uow.payments().save(&payment).await?;
        uow.commit().await?;
        payment.revision += 1;
        self.send(payment).await
    }

    /// Goes on with a refund: sends it, or asks about it, and writes down the answer.
    pub(crate) async fn pursue(&self, id: RefundId) -> Result<Refund> {
        let store = &self.0.ports.store;
        let gone = || Error::internal(format!("refund {id} or its payment vanished"));
        let refund = store.payments().refund(id).await?.ok_or_else(gone)?;
        let payment = store.payments().payment(refund.payment).await?.ok_or_else(gone)?;
        if refund.state.is_over() {
            return Ok(refund);
        }
        let Some(gateway) = self.0.ports.gateways.named(&payment.gateway) else {
            return self.refund_later(id).await;
        };
        let charge = charge_ref(&payment);
        let known = if refund.checks == 0 && refund.state == RefundState::Requested {
            // Never sent, so far as anyone knows; repeating it under its key is safe in any case.
            None
        } else {
            match gateway.query_refund(&charge, &refund.key).await {
                Outcome::Done(known) => known,
                Outcome::Refused(_) | Outcome::Unknown(_) => return self.refund_later(id).await,
            }
        };
        if let Some(progress) = known {
            return self.refund_progress(id, &progress).await;
        }
        let order = NewRefund { key: refund.key.clone(), amount: refund.amount, reason: refund.reason.clone() };
        match gateway.refund(&charge, &order).await {
            Outcome::Done(progress) => self.refund_progress(id, &progress).await,
            Outcome::Refused(refusal) => match refusal.kind {
                RefusalKind::TryLater | RefusalKind::Duplicate => self.refund_later(id).await,
                _ => self.refund_progress(id, &RefundProgress::Failed { reason: refusal.reason }).await,
            },
            Outcome::Unknown(_) => self.refund_later(id).await,
        }
    }

    async fn refund_later(&self, id: RefundId) -> Result<Refund> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let (mut refund, _) = self.locked_refund(&mut *uow, id).await?;
        if !refund.state.is_over() {
            refund.next_check_at = next_refund_check(&refund, now);
            refund.checks = refund.checks.saturating_add(1);
            refund.updated_at = now;
            uow.refunds().save(&refund).await?;
            uow.commit().await?;
        }
        Ok(refund)
    }

    async fn refund_progress(&self, id: RefundId, progress: &RefundProgress) -> Result<Refund> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let (refund, mut payment) = self.locked_refund(&mut *uow, id).await?;
        let before = refund.state;
        self.progress(&mut *uow, &mut payment, refund, progress, now).await?;
        uow.payments().save(&payment).await?;
        uow.commit().await?;
        if before == RefundState::Pending && *progress == RefundProgress::Pending {
            return self.refund_later(id).await;
        }
        let found = self.0.ports.store.payments().refund(id).await?;
        found.ok_or_else(|| Error::internal(format!("refund {id} vanished")))
    }

    /// A refund and its payment, whose lock protects both.
    async fn locked_refund(&self, uow: &mut dyn UnitOfWork, id: RefundId) -> Result<(Refund, Payment)> {
        let gone = || Error::internal(format!("refund {id} vanished"));
        let refund = uow.refunds().find(id).await?.ok_or_else(gone)?;
        // What was read before the lock may have changed under it.
        let payment = self.locked(uow, refund.payment).await?;
        Ok((uow.refunds().find(id).await?.ok_or_else(gone)?, payment))
    }
}
