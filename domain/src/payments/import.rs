//! Refunds and disputes by the gateway's word.

use dermaga_ports::{
    auth::Principal,
    ids::RefundId,
    money::Money,
    payments::{
        Dispute, DisputeProgress, Payment, PaymentClass, PaymentState, Refund, RefundProgress, RefundState,
        SeenDispute, SeenRefund, Snapshot, Use,
    },
    store::UnitOfWork,
    time::Timestamp,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Payments,
    apply::{facts, refunded_status, told_by},
    bookings::Bookings,
    schedule::next_refund_check,
};
use crate::{core::Note, error::Result};

impl Payments {
    /// Refunds and disputes that the gateway shows, known here or not.
    pub(super) async fn import(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        seen: &Snapshot,
        now: Timestamp,
    ) -> Result<()> {
        if seen.refunds.is_empty() && seen.disputes.is_empty() && seen.refunded.is_none() {
            return Ok(());
        }
        let known = uow.refunds().of_payment(payment.id).await?;
        for shown in &seen.refunds {
            match known.iter().find(|refund| refund.key == shown.key) {
                Some(refund) => self.progress(uow, payment, refund.clone(), &shown.state, now).await?,
                None => self.import_refund(uow, payment, &shown.key, shown.amount, &shown.state, now).await?,
            }
        }
        let disputes = uow.refunds().disputes(payment.id).await?;
        for shown in &seen.disputes {
            let known = disputes.iter().find(|dispute| dispute.id == shown.id);
            if known.is_some_and(|dispute| (dispute.amount.amount(), dispute.state) == (shown.amount, shown.state)) {
                continue;
            }
            self.dispute(uow, payment, known, shown, now).await?;
        }
        self.compare(uow, payment, &known, seen, now).await
    }

    /// A sum of refunds beyond everything that could be in it: money went back that nobody here knows of.
    async fn compare(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        known: &[Refund],
        seen: &Snapshot,
        now: Timestamp,
    ) -> Result<()> {
        let Some(told) = seen.refunded.filter(|_| !payment.frozen) else { return Ok(()) };
        let sums = payment.sums;
        // Somebody else's refund that is not certain yet is not in our sums, and may be in theirs.
        let uncertain = |shown: &&SeenRefund| {
            shown.state == RefundProgress::Pending && known.iter().all(|refund| refund.key != shown.key)
        };
        let pending = seen.refunds.iter().filter(uncertain).fold(0_i64, |sum, shown| sum.saturating_add(shown.amount));
        let explained = (sums.refunded + sums.refund_pending + sums.charged_back).saturating_add(pending);
        if told > explained {
            let reason = format!("the gateway refunded {told}, of which {explained} is known here");
            return self.freeze(uow, payment, reason, now).await;
        }
        Ok(())
    }

    /// A refund that somebody made at the gateway. One that is not certain yet is looked at again when it is.
    async fn import_refund(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        key: &str,
        amount: i64,
        state: &RefundProgress,
        now: Timestamp,
    ) -> Result<()> {
        if *state != RefundProgress::Succeeded {
            return Ok(());
        }
        let amount = Money::new(amount, payment.amount.currency())?;
        let id = RefundId(Uuid::new_v5(&payment.id.0, format!("refund {key}").as_bytes()));
        let refund = Refund {
            key: key.to_owned(),
            state: RefundState::Succeeded,
            external: true,
            next_check_at: None,
            ..Refund::requested(id, payment, amount, "made at the gateway", now)
        };
        uow.refunds().add(&refund).await?;
        let mut transaction = self.transaction_of(uow, payment).await?;
        let given = Bookings { uow, now }.take_back(payment, &transaction, amount, &format!("refund {key}")).await?;
        payment.sums.refunded += amount.amount();
        if given && payment.used == Use::Funding {
            transaction.refunded = (transaction.refunded + amount.amount()).min(transaction.amount.amount());
            transaction.status = refunded_status(&transaction);
            self.save_transaction(uow, payment, &mut transaction, now).await?;
        }
        if !given || payment.sums.left() < 0 {
            payment.frozen = true;
            payment.reason = Some("somebody refunded at the gateway what was not there any more".to_owned());
        }
        self.tell_refund(uow, &told_by(payment), payment, &refund, now).await
    }

    /// A dispute is new or went on; a lost one costs money.
    async fn dispute(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        known: Option<&Dispute>,
        shown: &SeenDispute,
        now: Timestamp,
    ) -> Result<()> {
        let lost_before = known.filter(|dispute| dispute.state == DisputeProgress::Lost);
        let booked = lost_before.map_or(0, |dispute| dispute.amount.amount());
        let dispute = Dispute {
            payment: payment.id,
            id: shown.id.clone(),
            amount: Money::new(shown.amount, payment.amount.currency())?,
            state: shown.state,
            created_at: known.map_or(now, |dispute| dispute.created_at),
            updated_at: now,
        };
        let grown = shown.state == DisputeProgress::Lost && shown.amount > booked;
        if lost_before.is_some() && !grown {
            // What is booked stays booked; that the gateway says otherwise now is for a person.
            payment.frozen = true;
            payment.reason = Some(format!("dispute {} was lost and changed afterwards", dispute.id));
            return Ok(());
        }
        uow.refunds().put_dispute(&dispute).await?;
        if grown {
            let transaction = self.transaction_of(uow, payment).await?;
            // A gateway that tells one sum of several tells them as one dispute that grows.
            let what = match booked {
                0 => format!("dispute {}", dispute.id),
                booked => format!("dispute {} beyond {booked}", dispute.id),
            };
            let amount = Money::new(shown.amount - booked, payment.amount.currency())?;
            let given = Bookings { uow, now }.take_back(payment, &transaction, amount, &what).await?;
            payment.sums.charged_back += amount.amount();
            if !given || payment.sums.left() < 0 {
                payment.frozen = true;
                payment.reason = Some("the payer's bank took back what was not there any more".to_owned());
            }
        }
        let note = Note {
            actor: Some(&told_by(payment)),
            action: "payment.disputed",
            subject: format!("payment:{}", payment.id),
            detail: format!("{} {} {}", dispute.id, dispute.state.as_str(), dispute.amount),
        };
        self.0.file(uow, note, facts(payment), now).await
    }

    /// How far a refund is, by the gateway's word; what is over stays over.
    pub(super) async fn progress(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        mut refund: Refund,
        progress: &RefundProgress,
        now: Timestamp,
    ) -> Result<()> {
        let next = match progress {
            RefundProgress::Pending => RefundState::Pending,
            RefundProgress::Succeeded => RefundState::Succeeded,
            RefundProgress::Failed { .. } => RefundState::Failed,
        };
        if refund.external || refund.state.is_over() || refund.state == next {
            return Ok(());
        }
        refund.state = next;
        refund.failure = match progress {
            RefundProgress::Failed { reason } => Some(reason.clone()),
            _ => None,
        };
        refund.checks = 0;
        refund.next_check_at = next_refund_check(&refund, now);
        refund.updated_at = now;
        if next.is_over() {
            let amount = refund.amount.amount();
            let succeeded = next == RefundState::Succeeded;
            let mut transaction = self.transaction_of(uow, payment).await?;
            let mut books = Bookings { uow: &mut *uow, now };
            // More may follow than the two accounts of the refund.
            books.lock(payment, &transaction).await?;
            books.close_refund(&refund, succeeded).await?;
            payment.sums.refund_pending -= amount;
            if !succeeded && payment.state.class() == PaymentClass::Unfunded {
                // What the gateway took back while this was on its way was short of it.
                let what = format!("reversal of refund {}", refund.id);
                Bookings { uow, now }.take_back(payment, &transaction, refund.amount, &what).await?;
            }
            if succeeded {
                payment.sums.refunded += amount;
            }
            if !succeeded && payment.used == Use::Surplus && payment.state == PaymentState::Paid {
                self.surplus_to_wallet(uow, payment, &transaction, now).await?;
            }
            if !succeeded && payment.used == Use::Funding && payment.state == PaymentState::Paid {
                let transaction = self.transaction_of(uow, payment).await?;
                if self.0.is_owed(uow, &transaction, refund.id).await? {
                    self.credit_instead(uow, payment, transaction, refund.amount, now).await?;
                }
            }
            if succeeded && payment.used == Use::Funding {
                transaction.refunded += amount;
                transaction.status = refunded_status(&transaction);
                self.save_transaction(uow, payment, &mut transaction, now).await?;
            }
        }
        uow.refunds().save(&refund).await?;
        self.tell_refund(uow, &told_by(payment), payment, &refund, now).await
    }

    pub(super) async fn tell_refund(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        payment: &Payment,
        refund: &Refund,
        now: Timestamp,
    ) -> Result<()> {
        let note = Note {
            actor: Some(by),
            action: match refund.state {
                RefundState::Requested => "refund.requested",
                RefundState::Pending => "refund.pending",
                RefundState::Succeeded => "refund.succeeded",
                RefundState::Failed => "refund.failed",
            },
            subject: format!("refund:{}", refund.id),
            detail: format!("{} of payment {}: {}", refund.amount, payment.id, refund.reason),
        };
        let mut facts = facts(payment);
        facts["refund_id"] = json!(refund.id);
        facts["amount"] = json!(refund.amount.amount());
        facts["reason"] = json!(refund.failure.as_ref().unwrap_or(&refund.reason));
        self.0.file(uow, note, facts, now).await
    }
}
