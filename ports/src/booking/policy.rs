//! What is paid back when somebody does not go. Suppliers write it in five ways; here it is one list of steps.

use serde::{Deserialize, Serialize};

use crate::{money::Money, time::Timestamp};

/// Until when a step holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// That moment itself is too late.
    At(Timestamp),
    /// The journey begins. The offer's segments say when.
    Departure,
}

/// What is paid back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    Amount(Money),
    /// Hundredths of a percent of what was paid: 10000 is everything.
    BasisPoints(u16),
    /// All but this.
    AllBut(Money),
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStep {
    pub until: Until,
    pub refund: Share,
    /// At least this is kept.
    pub min_fee: Option<Money>,
}

/// The conditions of a cancellation, as they were when it was sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The first step that still holds counts; after the last, and without any, nothing is paid back.
    Steps(Vec<PolicyStep>),
    /// The supplier does not say. That is not a no.
    Unknown,
    /// It is allowed, but what it costs is only told by a cancellation quote.
    AskSupplier,
}

/// What a policy promises at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Refund(Money),
    /// Only the supplier knows.
    Unknown,
}

impl Policy {
    /// What is paid back of `paid` to somebody who cancels then. Rounded down; never less than nothing and never more
    /// than was paid.
    pub fn at(&self, now: Timestamp, departed: bool, paid: Money) -> Expected {
        let Self::Steps(steps) = self else { return Expected::Unknown };
        let holds = |step: &&PolicyStep| match step.until {
            Until::At(moment) => now < moment,
            Until::Departure => !departed,
        };
        let Some(step) = steps.iter().find(holds) else { return Expected::Refund(Money::zero(paid.currency())) };
        let refund = match step.refund {
            Share::Amount(amount) => amount.amount(),
            Share::BasisPoints(points) => {
                let part = i128::from(paid.amount()) * i128::from(points) / 10_000;
                i64::try_from(part).unwrap_or(paid.amount())
            }
            Share::AllBut(fee) => paid.amount() - fee.amount(),
        };
        let mixed = match step.refund {
            Share::Amount(other) | Share::AllBut(other) => other.currency() != paid.currency(),
            Share::BasisPoints(_) => false,
        };
        if mixed || step.min_fee.is_some_and(|fee| fee.currency() != paid.currency()) {
            return Expected::Unknown;
        }
        let most = paid.amount() - step.min_fee.map_or(0, Money::amount);
        let refund = refund.min(most).clamp(0, paid.amount().max(0));
        Money::new(refund, paid.currency()).map_or(Expected::Unknown, Expected::Refund)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn idr(amount: i64) -> Money {
        Money::new(amount, Currency::Idr).expect("in range")
    }

    fn moment(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn step(until: &str, refund: Share) -> PolicyStep {
        PolicyStep { until: Until::At(moment(until)), refund, min_fee: None }
    }

    #[test]
    fn the_first_step_that_still_holds_counts_and_its_moment_is_too_late() {
        let policy = Policy::Steps(vec![
            step("2027-03-20T12:00:00Z", Share::Amount(idr(799))),
            step("2027-03-22T12:00:00Z", Share::Amount(idr(400))),
        ]);
        for (now, refund) in [
            ("2027-03-20T11:59:59Z", 799),
            ("2027-03-20T12:00:00Z", 400),
            ("2027-03-22T11:59:59Z", 400),
            ("2027-03-22T12:00:00Z", 0),
        ] {
            assert_eq!(policy.at(moment(now), false, idr(799)), Expected::Refund(idr(refund)), "{now}");
        }
        assert_eq!(
            Policy::Steps(Vec::new()).at(moment("2027-01-01T00:00:00Z"), false, idr(5)),
            Expected::Refund(idr(0))
        );
    }

    #[test]
    fn a_percentage_is_rounded_down_and_the_least_fee_is_kept() {
        let of = |points, min_fee: i64, paid| {
            let until = Until::At(moment("2027-01-02T00:00:00Z"));
            let steps = vec![PolicyStep { until, refund: Share::BasisPoints(points), min_fee: Some(idr(min_fee)) }];
            Policy::Steps(steps).at(moment("2027-01-01T00:00:00Z"), false, idr(paid))
        };
        assert_eq!(of(3_750, 25_000, 749_128), Expected::Refund(idr(280_923)));
        assert_eq!(of(7_500, 25_000, 60_000), Expected::Refund(idr(35_000)));
        assert_eq!(of(7_500, 25_000, 20_000), Expected::Refund(idr(0)));
    }

    #[test]
    fn unknown_is_not_a_no_and_currencies_do_not_mix() {
        let now = moment("2027-01-01T00:00:00Z");
        assert_eq!(Policy::Unknown.at(now, false, idr(5)), Expected::Unknown);
        assert_eq!(Policy::AskSupplier.at(now, false, idr(5)), Expected::Unknown);
        let dollars = Money::new(100, Currency::Usd).expect("in range");
        let policy = |refund| Policy::Steps(vec![PolicyStep { until: Until::Departure, refund, min_fee: None }]);
        assert_eq!(policy(Share::Amount(dollars)).at(now, false, idr(5)), Expected::Unknown);
        assert_eq!(policy(Share::AllBut(idr(2))).at(now, false, idr(5)), Expected::Refund(idr(3)));
        assert_eq!(policy(Share::AllBut(idr(2))).at(now, true, idr(5)), Expected::Refund(idr(0)));
    }
}
