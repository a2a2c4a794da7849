//! A gateway that answers at once and moves no real money.
//!
//! For demonstrations and tests: whoever tops up a wallet through it is given money that nobody paid. A host that keeps
//! real books must not offer it.

use async_trait::async_trait;
use dermaga_ports::payments::{Charge, ChargeOutcome, PaymentGateway};

const INSTANT: &str = "instant";
/// Always refused, so that a client can see what a refusal looks like.
const INSTANT_DECLINED: &str = "instant_declined";

/// The sandbox that lives inside the host. It moves no real money.
///
/// It keeps no state and needs none: the answer to a charge follows from the charge, so asking again changes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct InstantSandbox;

#[async_trait]
impl PaymentGateway for InstantSandbox {
    fn name(&self) -> &str {
        "sandbox"
    }

    fn methods(&self) -> &[&'static str] {
        &[INSTANT, INSTANT_DECLINED]
    }

    async fn charge(&self, charge: &Charge) -> ChargeOutcome {
        match charge.method.as_str() {
            INSTANT => ChargeOutcome::Settled { reference: format!("sandbox-{}", charge.id) },
            INSTANT_DECLINED => ChargeOutcome::Refused { reason: "declined by the sandbox, as asked for".to_owned() },
            other => ChargeOutcome::Refused { reason: format!("the sandbox has no method {other}") },
        }
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        ids::TransactionId,
        money::{Currency, Money},
    };
    use uuid::Uuid;

    use super::*;

    fn charge(id: u128, method: &str) -> Charge {
        let amount = Money::new(50_000, Currency::Idr).expect("in range");
        Charge { id: TransactionId(Uuid::from_u128(id)), amount, method: method.to_owned() }
    }

    #[tokio::test]
    async fn settles_at_once_under_one_reference_for_each_charge() {
        let first = InstantSandbox.charge(&charge(1, "instant")).await;
        assert!(matches!(&first, ChargeOutcome::Settled { reference } if reference.starts_with("sandbox-")));
        assert_eq!(InstantSandbox.charge(&charge(1, "instant")).await, first);
        assert_ne!(InstantSandbox.charge(&charge(2, "instant")).await, first);
    }

    #[tokio::test]
    async fn refuses_with_a_reason_what_is_to_be_declined_and_what_it_does_not_know() {
        for method in ["instant_declined", "cash", ""] {
            let outcome = InstantSandbox.charge(&charge(1, method)).await;
            assert!(matches!(&outcome, ChargeOutcome::Refused { reason } if !reason.is_empty()), "{method}");
        }
    }

    #[test]
    fn offers_what_it_can_do_the_useful_one_first() {
        assert_eq!(InstantSandbox.name(), "sandbox");
        assert_eq!(InstantSandbox.methods(), ["instant", "instant_declined"]);
    }
}
