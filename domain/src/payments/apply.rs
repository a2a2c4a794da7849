//! Writing down what a gateway said: the attempt, its transaction, the books, and the papers, in one unit of work.

use dermaga_ports::{
    auth::Principal,
    ids::RefundId,
    ledger::{Transaction, TransactionKind, TransactionStatus},
    money::Money,
    payments::{GatewayState, Payment, PaymentClass, PaymentState, Refund, Refundable, SeenAmount, Snapshot, Use},
    store::UnitOfWork,
    time::Timestamp,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Payments,
    bookings::Bookings,
    schedule::next_check,
    transitions::{Judgement, judge},
};
use crate::{
    core::Note,
    error::{Error, Result},
    ledger::{note, payload},
};

/// Who did what a gateway's word made us do: that gateway.
pub(super) fn told_by(payment: &Payment) -> Principal {
    Principal::Service { name: payment.gateway.clone() }
}

impl Payments {
    /// Applies a gateway's answer to a locked attempt and stores it. The answer MUST have been read for the revision
    /// that is locked.
    pub(super) async fn apply(
        &self,
        uow: &mut dyn UnitOfWork,
        mut payment: Payment,
        seen: &Snapshot,
        now: Timestamp,
    ) -> Result<Payment> {
        let before = payment.clone();
        payment.provider_id = seen.provider_id.clone().or(payment.provider_id);
        payment.raw = Some(seen.raw.clone());
        payment.verified_at = Some(now);
        match judge(&payment, seen) {
            _ if payment.frozen => self.of_a_frozen(uow, &mut payment, seen, now).await?,
            Judgement::Move(state, reason) => self.go(uow, &mut payment, state, reason, seen, now).await?,
            Judgement::Mismatch(reason) => {
                payment.settled |= seen.settled;
                self.set_aside(uow, &mut payment, seen, reason, now).await?;
            }
            Judgement::Returned => {
                let reason = "the gateway took the money back and now says that it is paid".to_owned();
                self.freeze(uow, &mut payment, reason, now).await?;
            }
            Judgement::Unrecognised(word) => payment.reason = Some(format!("the gateway says {word:?}")),
            Judgement::Same if payment.state == PaymentState::Paid => payment.settled |= seen.settled,
            Judgement::Same => payment.action = seen.action.clone().or(payment.action),
            Judgement::Stale => {}
        }
        if payment.state == PaymentState::Paid || payment.used == Use::Suspense {
            self.import(uow, &mut payment, seen, now).await?;
        }
        let moved = payment.state != before.state || payment.sums != before.sums || payment.frozen != before.frozen;
        payment.checks = if moved { 0 } else { payment.checks.saturating_add(1) };
        payment.next_check_at = next_check(&payment, now);
        payment.updated_at = if moved { now } else { payment.updated_at };
        uow.payments().save(&payment).await?;
        Ok(payment)
    }

    /// What a person has to look at goes nowhere by itself, but money that the gateway takes back is gone all the same.
    async fn of_a_frozen(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        seen: &Snapshot,
        now: Timestamp,
    ) -> Result<()> {
        let has_money = payment.state == PaymentState::Paid || payment.used == Use::Suspense;
        let state = match seen.state {
            GatewayState::Denied { .. } if has_money => PaymentState::Reversed,
            GatewayState::Cancelled if has_money && !payment.settled => PaymentState::Voided,
            _ => return Ok(()),
        };
        if payment.state.class() == PaymentClass::Unfunded {
            return Ok(());
        }
        payment.state = state;
        self.give_up(uow, payment, now).await?;
        self.tell(uow, payment, now).await
    }

    /// Moves an attempt, with everything that follows.
    async fn go(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        to: PaymentState,
        reason: Option<String>,
        seen: &Snapshot,
        now: Timestamp,
    ) -> Result<()> {
        let from = payment.state;
        payment.state = to;
        payment.reason = reason;
        // A token is good for one charge, and the charge has been heard of.
        payment.method.token = None;
        match to.class() {
            PaymentClass::Open => {
                payment.action = seen.action.clone().or(payment.action.take());
                if let Some(expires_at) = seen.expires_at {
                    payment.expires_at = payment.expires_at.min(expires_at);
                }
                self.processing(uow, payment, now).await?;
            }
            PaymentClass::Closed => self.closed(uow, payment, now).await?,
            PaymentClass::Funded => {
                payment.settled = seen.settled;
                payment.late = from.class() == PaymentClass::Closed;
                payment.sums.captured = payment.amount.amount();
                self.take_in(uow, payment, now).await?;
            }
            PaymentClass::Unfunded => self.give_up(uow, payment, now).await?,
        }
        self.tell(uow, payment, now).await
    }

    /// The transaction of a locked attempt, locked too.
    pub(super) async fn transaction_of(&self, uow: &mut dyn UnitOfWork, payment: &Payment) -> Result<Transaction> {
        let found = uow.transactions().find(payment.transaction).await?;
        found.ok_or_else(|| Error::internal(format!("payment {} without its transaction", payment.id)))
    }

    /// A top-up is under way as soon as its gateway knows of it.
    async fn processing(&self, uow: &mut dyn UnitOfWork, payment: &Payment, now: Timestamp) -> Result<()> {
        let mut transaction = self.transaction_of(uow, payment).await?;
        if transaction.kind == TransactionKind::Topup && transaction.status == TransactionStatus::Pending {
            transaction.status = TransactionStatus::Processing;
            self.save_transaction(uow, payment, &mut transaction, now).await?;
        }
        Ok(())
    }

    /// A top-up has one attempt and ends with it; a purchase may be tried again until its deadline.
    pub(super) async fn closed(&self, uow: &mut dyn UnitOfWork, payment: &Payment, now: Timestamp) -> Result<()> {
        let mut transaction = self.transaction_of(uow, payment).await?;
        let open = matches!(transaction.status, TransactionStatus::Pending | TransactionStatus::Processing);
        if transaction.kind != TransactionKind::Topup || !open {
            return Ok(());
        }
        transaction.status = match payment.state {
            PaymentState::Failed => TransactionStatus::Failed,
            _ => TransactionStatus::Cancelled,
        };
        transaction.failure = payment.reason.clone().or_else(|| Some(payment.state.as_str().to_lowercase()));
        self.save_transaction(uow, payment, &mut transaction, now).await
    }

    /// Money has come: it funds the transaction if that still waits for it, and is the payer's again otherwise.
    async fn take_in(&self, uow: &mut dyn UnitOfWork, payment: &mut Payment, now: Timestamp) -> Result<()> {
        let mut transaction = self.transaction_of(uow, payment).await?;
        let open = matches!(transaction.status, TransactionStatus::Pending | TransactionStatus::Processing);
        // By the deadline itself, and not by whether a job has written down that it has passed.
        let waits = open && transaction.expires_at.is_none_or(|deadline| deadline > now);
        Bookings { uow: &mut *uow, now }.lock(payment, &transaction).await?;
        let waits = waits && self.0.still_wanted(uow, &transaction, now).await?;
        let mut books = Bookings { uow: &mut *uow, now };
        let funded = if waits { books.fund(payment, &transaction).await? } else { None };
        if let Some(transfer) = funded {
            books.fee(payment, &self.0.policy).await?;
            if let Some(code) = payment.method.code
                && books.return_code(payment, &transaction, code).await?
            {
                payment.sums.credited += code;
            }
            payment.used = Use::Funding;
            transaction.status = TransactionStatus::Completed;
            transaction.transfer = Some(transfer);
            self.save_transaction(uow, payment, &mut transaction, now).await?;
            return self.0.order_paid(uow, &told_by(payment), &transaction, now).await;
        }
        payment.used = Use::Surplus;
        books.surplus(payment).await?;
        books.fee(payment, &self.0.policy).await?;
        let gateway = self.0.ports.gateways.named(&payment.gateway);
        let refundable = gateway.map_or(Refundable::No, |gateway| gateway.refundable(payment.method.kind));
        let to_wallet = transaction.kind == TransactionKind::Topup || refundable == Refundable::No;
        if to_wallet {
            return self.surplus_to_wallet(uow, payment, &transaction, now).await;
        }
        let id = RefundId(Uuid::new_v5(&payment.id.0, b"refund of a surplus"));
        let reason = if payment.late { "paid too late" } else { "paid twice" };
        let refund = Refund::requested(id, payment, payment.amount, reason, now);
        books.reserve(&refund, payment, &transaction).await?;
        payment.sums.refund_pending += refund.amount.amount();
        uow.refunds().add(&refund).await?;
        Ok(())
    }

    /// Surplus money that does not go back through its gateway goes to the payer's wallet, or else to a person.
    pub(super) async fn surplus_to_wallet(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        transaction: &Transaction,
        now: Timestamp,
    ) -> Result<()> {
        if !(Bookings { uow, now }).credit_surplus(payment, transaction).await? {
            let reason = "the money came too late or twice, and the payer's wallet cannot take it";
            payment.reason = Some(reason.to_owned());
            payment.frozen = true;
        }
        Ok(())
    }

    /// The gateway took the money back.
    async fn give_up(&self, uow: &mut dyn UnitOfWork, payment: &mut Payment, now: Timestamp) -> Result<()> {
        let mut transaction = self.transaction_of(uow, payment).await?;
        let amount = Money::new(payment.sums.left().max(0), payment.amount.currency())?;
        if amount.amount() == 0 {
            // It went back before, which leaves an order as it is; now there is nothing that pays for it any more.
            if payment.used == Use::Funding {
                self.0.order_unpaid(uow, &told_by(payment), &transaction, now).await?;
            }
            return Ok(());
        }
        let given = Bookings { uow, now }.take_back(payment, &transaction, amount, "reversal").await?;
        if given && payment.used == Use::Funding {
            transaction.refunded += amount.amount();
            transaction.status = refunded_status(&transaction);
            self.save_transaction(uow, payment, &mut transaction, now).await?;
        }
        if payment.used == Use::Funding {
            self.0.order_unpaid(uow, &told_by(payment), &transaction, now).await?;
        }
        if !given {
            payment.reason = Some("the gateway took the money back after it was spent".to_owned());
            payment.frozen = true;
        }
        Ok(())
    }

    /// Money is there that is not what was asked for: into suspense, and to a person.
    async fn set_aside(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        seen: &Snapshot,
        reason: String,
        now: Timestamp,
    ) -> Result<()> {
        if let SeenAmount::Exact(amount) = seen.amount
            && payment.used == Use::Nothing
            && amount.is_positive()
        {
            let amount = seen.captured.map_or(Ok(amount), |captured| Money::new(captured, amount.currency()))?;
            let transaction = self.transaction_of(uow, payment).await?;
            let mut books = Bookings { uow: &mut *uow, now };
            books.lock(payment, &transaction).await?;
            books.suspense(payment, amount).await?;
            if amount.currency() == payment.amount.currency() {
                payment.sums.captured = amount.amount();
            }
            payment.used = Use::Suspense;
        }
        self.freeze(uow, payment, reason, now).await
    }

    /// Leaves an attempt to a person.
    pub(super) async fn freeze(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        reason: String,
        now: Timestamp,
    ) -> Result<()> {
        payment.frozen = true;
        payment.reason = Some(reason);
        self.tell(uow, payment, now).await
    }

    pub(super) async fn save_transaction(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &Payment,
        transaction: &mut Transaction,
        now: Timestamp,
    ) -> Result<()> {
        transaction.updated_at = now;
        uow.transactions().save(transaction).await?;
        self.0.file(uow, note(Some(&told_by(payment)), transaction), payload(transaction), now).await
    }

    /// Files what became of an attempt.
    pub(super) async fn tell(&self, uow: &mut dyn UnitOfWork, payment: &Payment, now: Timestamp) -> Result<()> {
        let note = Note {
            actor: Some(&told_by(payment)),
            action: action(payment),
            subject: format!("payment:{}", payment.id),
            detail: match &payment.reason {
                Some(reason) => format!("{} {}: {reason}", payment.method.kind, payment.amount),
                None => format!("{} {}", payment.method.kind, payment.amount),
            },
        };
        self.0.file(uow, note, facts(payment), now).await
    }
}

/// The status of a transaction of which some went back.
pub(super) fn refunded_status(transaction: &Transaction) -> TransactionStatus {
    if transaction.refunded >= transaction.amount.amount() {
        TransactionStatus::Refunded
    } else {
        TransactionStatus::PartiallyRefunded
    }
}

/// The event and audit action of an attempt in its present state.
fn action(payment: &Payment) -> &'static str {
    if payment.frozen {
        return "payment.frozen";
    }
    match payment.state {
        PaymentState::Created => "payment.created",
        PaymentState::Submitting => "payment.submitted",
        PaymentState::Pending => "payment.pending",
        PaymentState::Review => "payment.review",
        PaymentState::Authorized => "payment.authorized",
        PaymentState::Failed => "payment.failed",
        PaymentState::Cancelled => "payment.cancelled",
        PaymentState::Expired => "payment.expired",
        PaymentState::Paid if payment.used == Use::Surplus => "payment.surplus",
        PaymentState::Paid => "payment.paid",
        PaymentState::Voided => "payment.voided",
        PaymentState::Reversed => "payment.reversed",
    }
}

/// The facts of an attempt that subscribers get.
pub(super) fn facts(payment: &Payment) -> Value {
    json!({
        "payment_id": payment.id,
        "transaction_id": payment.transaction,
        "user_id": payment.user,
        "gateway": payment.gateway,
        "method": payment.method.kind.as_str(),
        "state": payment.state.as_str(),
        "used": payment.used.as_str(),
        "late": payment.late,
        "amount": payment.amount.amount(),
        "currency": payment.amount.currency(),
        "reason": payment.reason,
    })
}
