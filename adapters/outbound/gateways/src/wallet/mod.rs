//! A wallet of this system as a payment gateway.
//!
//! A charge is a hold from the payer's wallet to the cash that this gateway holds for us; a capture posts it, a
//! cancellation voids it, its deadline ends it, a refund reverses what was posted. The ids of all these movements follow
//! from the charge's reference and the refund's key, so a repeated call finds what the first one did: that makes every
//! operation idempotent without a record of its own.
//!
//! It decides nothing about balances: the ledger does.

mod gateway;
mod reading;

use std::sync::Arc;

use dermaga_ports::{
    StoreError,
    ids::{AccountId, TransferId},
    ledger::{Instruction, Ledger, NewTransfer, Posting, Purpose, RefusalReason, SystemAccount, Voucher},
    money::{Currency, Money},
    payments::{ChargeRef, MethodKind, NewCharge, NewRefund, RefundProgress, RefusalKind},
    store::Store,
    system::Clock,
};

pub use self::gateway::WalletGateway;
use crate::wire::{NotDone, captures, invalid, reference, refused, unknown};

/// The gateway's name.
const NAME: &str = "wallet";

/// What does the work.
struct Till {
    store: Arc<dyn Store>,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
}

/// The ids of the movements that a charge may have.
struct Movements {
    hold: TransferId,
    capture: TransferId,
    void: TransferId,
    expiry: TransferId,
}

impl Movements {
    /// # Errors
    /// A reference that no gateway takes.
    fn of(text: &str) -> Result<Self, NotDone> {
        let text = reference::reference(text)?;
        let id = |step| reference::movement(&[NAME, step, text]);
        Ok(Self { hold: id("hold"), capture: id("capture"), void: id("void"), expiry: id("expiry") })
    }
}

fn refund_id(charge: &ChargeRef, key: &str) -> TransferId {
    reference::movement(&[NAME, "refund", &charge.reference, key])
}

impl Till {
    /// Reserves the amount in the payer's wallet.
    async fn hold(&self, charge: &NewCharge) -> Result<(), NotDone> {
        let ids = Movements::of(&charge.reference)?;
        let payer = self.payer(charge).await?;
        let credit = self.cash(charge.amount.currency()).await.map_err(lost)?;
        let instruction =
            Instruction::Hold { debit: payer, credit, amount: charge.amount, expires_at: Some(charge.expires_at) };
        let hold = NewTransfer::new(ids.hold, Purpose::Payment, instruction)
            .map_err(|illegal| invalid(illegal.to_string()))?
            .described(charge.description.clone());
        self.post(hold).await
    }

    /// The account that pays: a wallet, and no account of the system.
    async fn payer(&self, charge: &NewCharge) -> Result<AccountId, NotDone> {
        if charge.method.kind != MethodKind::Wallet {
            let told = format!("the wallet has no method {}", charge.method.kind);
            return Err(refused(RefusalKind::NotSupported, told));
        }
        let wallet = charge.method.wallet.ok_or_else(|| invalid("it must be said which wallet pays"))?;
        let title = self.store.wallets().titles(&[wallet]).await.map_err(lost)?.pop();
        let Some((_, title)) = title else { return Err(invalid("there is no such wallet")) };
        if title.currency != charge.amount.currency() {
            return Err(invalid(format!("the wallet is kept in {}", title.currency)));
        }
        if charge.expires_at <= self.clock.now() {
            return Err(invalid("the payer's time is over before it began"));
        }
        Ok(wallet.into())
    }

    /// Our cash at this gateway, opened when it is needed for the first time.
    async fn cash(&self, currency: Currency) -> Result<AccountId, StoreError> {
        let now = self.clock.now();
        let cash = SystemAccount::GatewayCash { gateway: NAME.to_owned() }.open(currency, now);
        if self.store.ledger().account(cash.id, now).await?.is_none() {
            let mut uow = self.store.begin().await?;
            uow.books().open(&cash).await?;
            uow.commit().await?;
        }
        Ok(cash.id)
    }

    async fn capture(&self, charge: &ChargeRef, amount: Money) -> Result<(), NotDone> {
        let ids = Movements::of(&charge.reference)?;
        captures(charge, amount)?;
        let instruction = Instruction::PostHold { hold: ids.hold, amount: Some(amount) };
        self.step(ids.capture, Purpose::Payment, instruction).await
    }

    async fn cancel(&self, charge: &ChargeRef) -> Result<(), NotDone> {
        let ids = Movements::of(&charge.reference)?;
        self.step(ids.void, Purpose::Payment, Instruction::VoidHold { hold: ids.hold }).await
    }

    /// The same as [`Self::cancel`] for the books; the id tells later which it was.
    async fn expire(&self, charge: &ChargeRef) -> Result<(), NotDone> {
        let ids = Movements::of(&charge.reference)?;
        self.step(ids.expiry, Purpose::Payment, Instruction::VoidHold { hold: ids.hold }).await
    }

    async fn refund(&self, charge: &ChargeRef, refund: &NewRefund) -> Result<RefundProgress, NotDone> {
        let ids = Movements::of(&charge.reference)?;
        reference::refund(refund)?;
        let id = refund_id(charge, &refund.key);
        // Asked for again, even with other content, the first refund is the answer.
        if self.is_posted(id).await? {
            return Ok(RefundProgress::Succeeded);
        }
        let instruction = Instruction::Reverse { original: ids.capture, amount: Some(refund.amount) };
        let reverse = NewTransfer::new(id, Purpose::Refund, instruction)
            .map_err(|illegal| invalid(illegal.to_string()))?
            .described(Some(refund.reason.clone()));
        match self.post(reverse).await {
            // Somebody asked for the same at the same moment.
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::Duplicate => Ok(RefundProgress::Succeeded),
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => {
                // Nothing was captured; is there a charge at all?
                let kind = if self.is_posted(ids.hold).await? { RefusalKind::WrongState } else { refusal.kind };
                Err(refused(kind, "nothing was taken from the wallet"))
            }
            Err(other) => Err(other),
            Ok(()) => Ok(RefundProgress::Succeeded),
        }
    }

    async fn step(&self, id: TransferId, purpose: Purpose, instruction: Instruction) -> Result<(), NotDone> {
        let step = NewTransfer::new(id, purpose, instruction).map_err(|illegal| invalid(illegal.to_string()))?;
        match self.post(step).await {
            // The same step with another amount: the charge is past it.
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::Duplicate => {
                Err(refused(RefusalKind::WrongState, "it was captured with another amount"))
            }
            other => other,
        }
    }

    async fn post(&self, transfer: NewTransfer) -> Result<(), NotDone> {
        let posted = self.ledger.post(vec![Voucher::from(Posting::from(transfer))]).await.map_err(lost)?;
        match posted.into_iter().next() {
            Some(Ok(_)) => Ok(()),
            Some(Err(refusal)) => Err(told(&refusal.reason)),
            None => Err(unknown("the ledger gave no answer")),
        }
    }
}

/// The ledger's refusals in the words of payments. What is in the wallet is not told.
fn told(reason: &RefusalReason) -> NotDone {
    let (kind, words) = match reason {
        RefusalReason::IdTaken => (RefusalKind::Duplicate, "another charge has this reference"),
        RefusalReason::ReferenceNotFound(_) => (RefusalKind::NotFound, "there is no such charge"),
        RefusalReason::WrongKind(_) => (RefusalKind::NotFound, "there is no such charge"),
        RefusalReason::HoldNotOpen(_) => (RefusalKind::WrongState, "it is closed already"),
        RefusalReason::HoldExpired(_) => (RefusalKind::WrongState, "its time is over"),
        RefusalReason::ExceedsReference { .. } => (RefusalKind::AmountTooLarge, "that is more than is left of it"),
        RefusalReason::InsufficientFunds { .. } => (RefusalKind::Declined, "the wallet holds less than that"),
        RefusalReason::AccountClosed(_) => (RefusalKind::Declined, "the wallet is closed"),
        RefusalReason::AccountNotFound(_) => (RefusalKind::Invalid, "there is no such wallet"),
        RefusalReason::CurrencyMismatch { .. } => (RefusalKind::Invalid, "the wallet is kept in another currency"),
        RefusalReason::CounterOverflow(_) => (RefusalKind::Invalid, "the amount is too large to be counted"),
    };
    refused(kind, words)
}

/// What the store cannot do may have been done all the same.
fn lost(error: StoreError) -> NotDone {
    unknown(match error {
        StoreError::Busy => "the ledger is busy",
        StoreError::Unavailable(_) => "the ledger is away",
        _ => "the ledger failed",
    })
}
