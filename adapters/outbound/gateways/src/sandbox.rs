//! A gateway that answers at once and moves no real money.
//!
//! For demonstrations and tests: whoever tops up a wallet through it is given money that nobody paid. A host that keeps
//! real books must not offer it.

use async_trait::async_trait;
use dermaga_ports::{
    money::Money,
    payments::{
        Capabilities, ChargeRef, Found, GatewayState, Hint, MethodKind, NewCharge, NewRefund, NotAuthentic, Outcome,
        PaymentGateway, RefundProgress, Refundable, Refusal, RefusalKind, SeenAmount, Snapshot,
    },
};

/// The sandbox that lives inside the host. It moves no real money.
///
/// It keeps no state and needs none: every answer follows from the question, so asking again changes nothing.
#[derive(Debug, Clone)]
pub struct InstantSandbox(Capabilities);

impl Default for InstantSandbox {
    fn default() -> Self {
        let methods = vec![MethodKind::Instant, MethodKind::InstantDeclined];
        Self(Capabilities { methods, banks: vec![], unfindable: vec![], reviews: false })
    }
}

fn refused<T>(kind: RefusalKind, reason: impl Into<String>) -> Outcome<T> {
    Outcome::Refused(Refusal { kind, reason: reason.into() })
}

fn paid(reference: &str, amount: Money) -> Snapshot {
    Snapshot {
        state: GatewayState::Paid,
        amount: SeenAmount::Exact(amount),
        captured: None,
        settled: true,
        refunds: vec![],
        refunded: None,
        disputes: vec![],
        provider_id: Some(format!("sandbox-{reference}")),
        action: None,
        expires_at: None,
        raw: "{}".to_owned(),
    }
}

#[async_trait]
impl PaymentGateway for InstantSandbox {
    fn name(&self) -> &str {
        "sandbox"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    fn refundable(&self, _: MethodKind) -> Refundable {
        Refundable::Partly
    }

    async fn create(&self, charge: &NewCharge) -> Outcome<Snapshot> {
        match charge.method.kind {
            MethodKind::Instant => Outcome::Done(paid(&charge.reference, charge.amount)),
            MethodKind::InstantDeclined => refused(RefusalKind::Declined, "declined by the sandbox, as asked for"),
            other => refused(RefusalKind::NotSupported, format!("the sandbox has no method {other}")),
        }
    }

    async fn query(&self, charge: &ChargeRef) -> Outcome<Found> {
        Outcome::Done(match charge.kind {
            MethodKind::Instant => Found::Snapshot(Box::new(paid(&charge.reference, charge.amount))),
            _ => Found::Nothing,
        })
    }

    async fn cancel(&self, _: &ChargeRef) -> Outcome<()> {
        refused(RefusalKind::WrongState, "it was paid at once")
    }

    async fn expire(&self, charge: &ChargeRef) -> Outcome<()> {
        self.cancel(charge).await
    }

    async fn capture(&self, _: &ChargeRef, _: Money) -> Outcome<()> {
        refused(RefusalKind::WrongState, "it was paid at once")
    }

    async fn approve(&self, _: &ChargeRef) -> Outcome<()> {
        refused(RefusalKind::NotSupported, "the sandbox reviews nothing")
    }

    async fn deny(&self, charge: &ChargeRef) -> Outcome<()> {
        self.approve(charge).await
    }

    async fn refund(&self, _: &ChargeRef, _: &NewRefund) -> Outcome<RefundProgress> {
        Outcome::Done(RefundProgress::Succeeded)
    }

    async fn query_refund(&self, _: &ChargeRef, _: &str) -> Outcome<Option<RefundProgress>> {
        // It forgets, and making the refund again is harmless.
        Outcome::Done(None)
    }

    fn read_webhook(&self, _: &[(String, String)], _: &[u8]) -> Result<Hint, NotAuthentic> {
        Err(NotAuthentic::Malformed("the sandbox inside the host sends no webhooks".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        money::Currency,
        payments::{Method, Payer},
        time::Timestamp,
    };

    use super::*;

    fn charge(reference: &str, kind: MethodKind) -> NewCharge {
        NewCharge {
            reference: reference.to_owned(),
            idempotency_key: reference.to_owned(),
            amount: Money::new(50_000, Currency::Idr).expect("in range"),
            method: Method::plain(kind),
            expires_at: Timestamp::from_micros(0),
            description: None,
            payer: Payer::default(),
        }
    }

    #[tokio::test]
    async fn settles_at_once_under_one_id_for_each_charge() {
        let sandbox = InstantSandbox::default();
        let first = sandbox.create(&charge("a", MethodKind::Instant)).await;
        let Outcome::Done(snapshot) = &first else { panic!("{first:?}") };
        assert_eq!((&snapshot.state, snapshot.settled), (&GatewayState::Paid, true));
        assert_eq!(sandbox.create(&charge("a", MethodKind::Instant)).await, first);
        assert_ne!(sandbox.create(&charge("b", MethodKind::Instant)).await, first);
    }

    #[tokio::test]
    async fn refuses_with_a_reason_what_is_to_be_declined_and_what_it_does_not_know() {
        for kind in [MethodKind::InstantDeclined, MethodKind::Qris] {
            let outcome = InstantSandbox::default().create(&charge("a", kind)).await;
            assert!(matches!(&outcome, Outcome::Refused(refusal) if !refusal.reason.is_empty()), "{kind}");
        }
    }

    #[test]
    fn offers_what_it_can_do_the_useful_one_first() {
        let sandbox = InstantSandbox::default();
        assert_eq!(sandbox.name(), "sandbox");
        assert_eq!(sandbox.capabilities().methods, [MethodKind::Instant, MethodKind::InstantDeclined]);
    }
}
