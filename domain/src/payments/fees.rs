//! What gateways keep for their work.
//!
//! Gateways do not say in their answers what they keep; the contract with them does. So it is a table of the host.

use dermaga_ports::{
    money::Money,
    payments::{MethodKind, Payment},
};
use serde::{Deserialize, Serialize};

use crate::core::Policy;

/// What a gateway keeps of a payment by a method: a part of it and a fixed sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeRule {
    pub gateway: String,
    /// As on the wire, for example `bank_transfer`; all methods unless named.
    #[serde(default)]
    pub method: Option<String>,
    /// Hundredths of a percent; rounded up, as gateways do.
    #[serde(default)]
    pub basis_points: u32,
    /// In the smallest unit of the payment's currency.
    #[serde(default)]
    pub fixed: u32,
}

impl FeeRule {
    fn covers(&self, gateway: &str, method: MethodKind) -> bool {
        self.gateway == gateway && self.method.as_deref().is_none_or(|name| name == method.as_str())
    }

    /// Never more than the amount.
    fn of(&self, amount: i64) -> i64 {
        // At most 2^53 times 2^32: beyond 64 bits, far within 128.
        let part = (i128::from(amount) * i128::from(self.basis_points) + 9_999) / 10_000;
        i64::try_from(part + i128::from(self.fixed)).map_or(amount, |fee| fee.min(amount))
    }
}

impl Policy {
    /// What is kept of a payment: by the first rule that covers it, and nothing if none does.
    pub(super) fn fee(&self, payment: &Payment) -> Option<Money> {
        let rule = self.fees.iter().find(|rule| rule.covers(&payment.gateway, payment.method.kind))?;
        let fee = rule.of(payment.amount.amount());
        Money::new(fee, payment.amount.currency()).ok().filter(|fee| fee.is_positive())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_rounded_up_and_never_exceeds_the_amount() {
        let rule = FeeRule { gateway: "g".to_owned(), method: None, basis_points: 70, fixed: 0 };
        assert_eq!(rule.of(100_000), 700);
        assert_eq!(rule.of(101), 1);
        let flat = FeeRule { basis_points: 0, fixed: 4_000, ..rule };
        assert_eq!((flat.of(50_000), flat.of(3_000)), (4_000, 3_000));
        let absurd = FeeRule { basis_points: u32::MAX, ..flat };
        assert_eq!(absurd.of(dermaga_ports::money::MAX_AMOUNT), dermaga_ports::money::MAX_AMOUNT);
    }
}
