//! The till as the port sees it.

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::{
    ids::AccountId,
    ledger::Ledger,
    money::Money,
    payments::{
        Capabilities, ChargeRef, Found, Hint, MethodKind, NewCharge, NewRefund, NotAuthentic, Outcome, PaymentGateway,
        RefundProgress, Refundable, RefusalKind, Snapshot,
    },
    store::Store,
    system::Clock,
};

use super::{Movements, NAME, Till, reading::Charge, refund_id};
use crate::wire::{NotDone, as_read, outcome, refused, unknown};

/// Payments from wallets of this system, in-process. A charge is only reserved by [`PaymentGateway::create`]; what was
/// reserved is taken by [`PaymentGateway::capture`].
pub struct WalletGateway {
    till: Till,
    capabilities: Capabilities,
}

impl WalletGateway {
    /// Over the books of that store; whatever is posted goes through `ledger`.
    pub fn new(store: Arc<dyn Store>, ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>) -> Self {
        let capabilities =
            Capabilities { methods: vec![MethodKind::Wallet], banks: vec![], unfindable: vec![], reviews: false };
        Self { till: Till { store, ledger, clock }, capabilities }
    }

    async fn charge(&self, charge: &NewCharge) -> Result<Snapshot, NotDone> {
        if let Some(first) = self.till.read(&charge.reference).await? {
            return repeated(charge, first);
        }
        self.till.hold(charge).await?;
        match self.till.read(&charge.reference).await? {
            Some(made) => Ok(made.snapshot),
            None => Err(unknown("the hold is not to be seen")),
        }
    }

    async fn found(&self, charge: &ChargeRef) -> Result<Found, NotDone> {
        let read = self.till.read(&charge.reference).await?;
        Ok(read.map_or(Found::Nothing, |charge| Found::Snapshot(Box::new(charge.snapshot))))
    }

    async fn found_refund(&self, charge: &ChargeRef, key: &str) -> Result<Option<RefundProgress>, NotDone> {
        Movements::of(&charge.reference)?;
        let posted = self.till.is_posted(refund_id(charge, key)).await?;
        Ok(posted.then_some(RefundProgress::Succeeded))
    }
}

/// The first answer again, if it was the same question.
fn repeated(charge: &NewCharge, first: Charge) -> Result<Snapshot, NotDone> {
    let payer = charge.method.wallet.map(AccountId::from);
    if payer == Some(first.hold.debit) && charge.amount == first.hold.amount {
        return Ok(first.snapshot);
    }
    Err(refused(RefusalKind::Duplicate, "another charge has this reference"))
}

fn no_reviews() -> Outcome<()> {
    outcome(Err(refused(RefusalKind::NotSupported, "a payment from a wallet is not reviewed")))
}

#[async_trait]
impl PaymentGateway for WalletGateway {
    fn name(&self) -> &str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn refundable(&self, kind: MethodKind) -> Refundable {
        if kind == MethodKind::Wallet { Refundable::Partly } else { Refundable::No }
    }

    async fn create(&self, charge: &NewCharge) -> Outcome<Snapshot> {
        outcome(self.charge(charge).await)
    }

    async fn query(&self, charge: &ChargeRef) -> Outcome<Found> {
        as_read(self.found(charge).await)
    }

    async fn cancel(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.till.cancel(charge).await)
    }

    async fn expire(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.till.expire(charge).await)
    }

    async fn capture(&self, charge: &ChargeRef, amount: Money) -> Outcome<()> {
        outcome(self.till.capture(charge, amount).await)
    }

    async fn approve(&self, _: &ChargeRef) -> Outcome<()> {
        no_reviews()
    }

    async fn deny(&self, _: &ChargeRef) -> Outcome<()> {
        no_reviews()
    }

    async fn refund(&self, charge: &ChargeRef, refund: &NewRefund) -> Outcome<RefundProgress> {
        outcome(self.till.refund(charge, refund).await)
    }

    async fn query_refund(&self, charge: &ChargeRef, key: &str) -> Outcome<Option<RefundProgress>> {
        as_read(self.found_refund(charge, key).await)
    }

    fn read_webhook(&self, _: &[(String, String)], _: &[u8]) -> Result<Hint, NotAuthentic> {
        Err(NotAuthentic::Malformed("a wallet of this system sends no webhooks".to_owned()))
    }
}
