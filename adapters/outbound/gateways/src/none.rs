//! No gateway at all.

use async_trait::async_trait;
use dermaga_ports::payments::{Charge, ChargeOutcome, PaymentGateway};

/// For a host whose money comes in by other ways: nothing can be topped up through it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGateway;

#[async_trait]
impl PaymentGateway for NoGateway {
    fn name(&self) -> &str {
        "none"
    }

    fn methods(&self) -> &[&'static str] {
        &[]
    }

    async fn charge(&self, _: &Charge) -> ChargeOutcome {
        ChargeOutcome::Refused { reason: "this host has no payment gateway".to_owned() }
    }
}
