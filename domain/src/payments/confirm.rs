//! What people do about an attempt while it is open: say that they have paid, capture, approve, deny, cancel.
//!
//! None of this overrides a gateway: each asks it to act, reads what is so afterwards and applies that.

use std::sync::Arc;

use dermaga_ports::{
    auth::Principal,
    ids::PaymentId,
    payments::{Outcome, Payment, PaymentClass, PaymentGateway, PaymentState, RefusalKind},
};

use super::{
    MANUAL, Payments,
    start::{charge_ref, missing},
};
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
};

/// What staff may ask a gateway to do with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Take what is authorised.
    Capture,
    /// Accept what is in review.
    Approve,
    /// Reject what is in review.
    Deny,
    /// Take it off the payer's list, or release what is authorised.
    Cancel,
}

impl Payments {
    /// "I have paid": asks the gateway. A payment from a wallet is captured, a manual transfer goes to review.
    ///
    /// # Errors
    /// [`Code::PaymentNotFound`] for somebody else's, [`Code::PaymentWindowClosed`], [`Code::GatewayUnavailable`].
    pub async fn confirm(&self, by: &Principal, id: PaymentId) -> Result<Payment> {
        let payment = self.own(by, id).await?;
        let in_time = payment.expires_at > self.0.now();
        let confirmed = match payment.state {
            PaymentState::Pending if payment.gateway == MANUAL && in_time => self.to_review(by, id).await?,
            PaymentState::Authorized if payment.method.wallet.is_some() && in_time => {
                self.step_on(payment, Step::Capture).await?
            }
            // Also when it is too late: what was paid is found all the same.
            _ => self.look(payment).await?,
        };
        match confirmed.state {
            PaymentState::Submitting => Err(unavailable()),
            PaymentState::Pending | PaymentState::Expired if !in_time && !confirmed.frozen => {
                Err(Error::new(Code::PaymentWindowClosed, "The time to pay it is over."))
            }
            _ => Ok(confirmed),
        }
    }

    /// Staff lets the gateway act; the owner may cancel.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::PaymentNotFound`], [`Code::IllegalTransition`] when the present state or the
    /// gateway forbids it, [`Code::GatewayUnavailable`] when nobody knows whether it was done: it is looked after.
    pub async fn step(&self, by: &Principal, id: PaymentId, step: Step) -> Result<Payment> {
        let payment = match step {
            Step::Cancel => self.own(by, id).await?,
            Step::Capture | Step::Approve | Step::Deny => {
                self.0.authorise(by, Permission::ManagePayments).await?;
                let found = self.0.ports.store.payments().payment(id).await?;
                found.ok_or_else(|| missing(id))?
            }
        };
        let allowed = match step {
            Step::Capture => payment.state == PaymentState::Authorized,
            Step::Approve | Step::Deny => payment.state == PaymentState::Review,
            Step::Cancel if payment.state == PaymentState::Cancelled => return Ok(payment),
            Step::Cancel => payment.state.class() == PaymentClass::Open || unsettled(&payment),
        };
        if payment.gateway == MANUAL && step == Step::Approve && payment.state.class() == PaymentClass::Open {
            let told = format!(
                "No gateway reviews a manual transfer. Whoever has seen the money accepts it: POST /payments/{id}/confirm."
            );
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if !allowed || payment.frozen {
            return Err(Error::new(Code::IllegalTransition, format!("The payment is {}.", payment.state.as_str())));
        }
        let now = self.0.now();
        let note = Note {
            actor: Some(by),
            action: match step {
                Step::Capture => "payment.capture_asked",
                Step::Approve => "payment.approve_asked",
                Step::Deny => "payment.deny_asked",
                Step::Cancel => "payment.cancel_asked",
            },
            subject: format!("payment:{id}"),
            detail: format!("{} by {}", payment.amount, payment.method.kind),
        };
        let mut uow = self.0.begin().await?;
        uow.audit().record(&self.0.entry(note, now)).await?;
        if payment.gateway == MANUAL || payment.state == PaymentState::Created {
            // All of them before their purchase: whoever is rejected is asked below whether another one is in review.
            uow.payments().of_transaction(payment.transaction).await?;
            let mut payment = self.locked(&mut *uow, id).await?;
            let state = if step == Step::Deny { PaymentState::Failed } else { PaymentState::Cancelled };
            let here = payment.gateway == MANUAL || payment.state == PaymentState::Created;
            if !here || payment.state.class() != PaymentClass::Open || matches!(step, Step::Capture | Step::Approve) {
                return Err(Error::new(Code::IllegalTransition, format!("The payment is {}.", payment.state.as_str())));
            }
            let reason = (step == Step::Deny).then(|| "rejected after a review".to_owned());
            let reviewed = payment.state == PaymentState::Review;
            self.close(&mut *uow, &mut payment, state, reason, now).await?;
            if reviewed {
                self.wait_no_longer(&mut *uow, &payment, now).await?;
            }
            uow.commit().await?;
            return Ok(payment);
        }
        uow.commit().await?;
        self.step_on(payment, step).await
    }

    /// Takes what is authorised, all of it: a purchase is paid whole or not at all.
    ///
    /// # Errors
    /// Those of [`Self::step`], and [`Code::Invalid`] for another amount than was authorised.
    pub async fn capture(&self, by: &Principal, id: PaymentId, amount: Option<i64>) -> Result<Payment> {
        if let Some(amount) = amount {
            self.0.authorise(by, Permission::ManagePayments).await?;
            let whole = self.0.ports.store.payments().payment(id).await?.ok_or_else(|| missing(id))?.amount;
            if amount != whole.amount() {
                let told = format!(
                    "must be {}, which is all that was authorised: a purchase is paid whole. Give back the rest \
                     afterwards: POST /payments/{id}/refund",
                    whole.amount()
                );
                return Err(Error::fault("/amount", told));
            }
        }
        self.step(by, id, Step::Capture).await
    }

    /// Asks the gateway to act, and reads what is so afterwards, whatever it answered.
    async fn step_on(&self, payment: Payment, step: Step) -> Result<Payment> {
        let gateway = self.gateway(&payment)?;
        let charge = charge_ref(&payment);
        let outcome = match step {
            Step::Capture => gateway.capture(&charge, payment.amount).await,
            Step::Approve => gateway.approve(&charge).await,
            Step::Deny => gateway.deny(&charge).await,
            Step::Cancel => gateway.cancel(&charge).await,
        };
        let looked = self.look(payment.clone()).await?;
        match outcome {
            Outcome::Done(()) => Ok(looked),
            Outcome::Refused(refusal) if refusal.kind == RefusalKind::WrongState && looked.state != payment.state => {
                let told = format!("The payment is {} in the meantime.", looked.state.as_str());
                Err(Error::new(Code::IllegalTransition, told))
            }
            Outcome::Refused(refusal) => {
                let told = format!("{} refused: {}.", payment.gateway, refusal.reason.trim_end_matches('.'));
                Err(Error::new(Code::IllegalTransition, told))
            }
            Outcome::Unknown(_) => Err(unavailable()),
        }
    }

    /// Takes an attempt off the payer's list, so far as that is possible right now: its purchase is called off.
    pub(crate) async fn call_off(&self, payment: Payment) -> Result<Payment> {
        if payment.gateway != MANUAL && payment.state != PaymentState::Created {
            return self.step_on(payment, Step::Cancel).await;
        }
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, payment.id).await?;
        let here = payment.gateway == MANUAL || payment.state == PaymentState::Created;
        // What a payer has announced is looked at, also when the purchase was called off: the money may be there.
        if here && payment.state.class() == PaymentClass::Open && payment.state != PaymentState::Review {
            self.close(&mut *uow, &mut payment, PaymentState::Cancelled, None, now).await?;
            uow.commit().await?;
        }
        Ok(payment)
    }

    fn gateway(&self, payment: &Payment) -> Result<&Arc<dyn PaymentGateway>> {
        self.0.ports.gateways.named(&payment.gateway).ok_or_else(|| {
            Error::new(Code::GatewayUnavailable, format!("This host has no gateway {}.", payment.gateway))
        })
    }
}

/// A card that was captured and not settled yet: a cancellation voids it.
fn unsettled(payment: &Payment) -> bool {
    payment.state == PaymentState::Paid && !payment.settled
}

fn unavailable() -> Error {
    let told =
        "The payment gateway does not answer. Nothing is lost: the payment is looked after until its state is known.";
    Error::new(Code::GatewayUnavailable, told).retry_after(10)
}
