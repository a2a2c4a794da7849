//! No gateway at all.

use async_trait::async_trait;
use dermaga_ports::{
    money::Money,
    payments::{
        Capabilities, ChargeRef, Found, Hint, MethodKind, NewCharge, NewRefund, NotAuthentic, Outcome, PaymentGateway,
        RefundProgress, Refundable, Refusal, RefusalKind, Snapshot,
    },
};

/// For a host whose money comes in by other ways: nothing can be paid through it.
#[derive(Debug, Clone)]
pub struct NoGateway(Capabilities);

impl Default for NoGateway {
    fn default() -> Self {
        Self(Capabilities { methods: vec![], banks: vec![], unfindable: vec![], reviews: false })
    }
}

fn refused<T>() -> Outcome<T> {
    Outcome::Refused(Refusal { kind: RefusalKind::NotSupported, reason: "this host has no payment gateway".to_owned() })
}

#[async_trait]
impl PaymentGateway for NoGateway {
    fn name(&self) -> &str {
        "none"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    fn refundable(&self, _: MethodKind) -> Refundable {
        Refundable::No
    }

    async fn create(&self, _: &NewCharge) -> Outcome<Snapshot> {
        refused()
    }

    async fn query(&self, _: &ChargeRef) -> Outcome<Found> {
        Outcome::Done(Found::Nothing)
    }

    async fn cancel(&self, _: &ChargeRef) -> Outcome<()> {
        refused()
    }

    async fn expire(&self, _: &ChargeRef) -> Outcome<()> {
        refused()
    }

    async fn capture(&self, _: &ChargeRef, _: Money) -> Outcome<()> {
        refused()
    }

    async fn approve(&self, _: &ChargeRef) -> Outcome<()> {
        refused()
    }

    async fn deny(&self, _: &ChargeRef) -> Outcome<()> {
        refused()
    }

    async fn refund(&self, _: &ChargeRef, _: &NewRefund) -> Outcome<RefundProgress> {
        refused()
    }

    async fn query_refund(&self, _: &ChargeRef, _: &str) -> Outcome<Option<RefundProgress>> {
        Outcome::Done(None)
    }

    fn read_webhook(&self, _: &[(String, String)], _: &[u8]) -> Result<Hint, NotAuthentic> {
        Err(NotAuthentic::Malformed("this host has no payment gateway".to_owned()))
    }
}
