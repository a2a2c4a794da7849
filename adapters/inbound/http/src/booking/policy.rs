//! Conditions on the wire: what is paid back when somebody does not go, and whether they may go at another time.

use dermaga_ports::booking::{ChangeTerms, Policy, PolicyStep, Share, Until};
use poem_openapi::{Enum, Object};

use crate::wire::Moment;

/// What is known of the conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "PolicyKind", rename_all = "snake_case")]
pub enum PolicyName {
    /// The steps say it
    Steps,
    /// The supplier does not say. That is not a no
    Unknown,
    /// It is allowed, and a cancellation quote tells what it costs
    AskSupplier,
}

/// What is paid back until then.
#[derive(Debug, Clone, Object)]
#[oai(rename = "PolicyStep", skip_serializing_if_is_none)]
pub struct StepBody {
    /// That moment itself is too late; without one, until the departure
    pub until: Option<Moment>,
    /// This sum, in the smallest unit of the currency
    pub refund_amount: Option<i64>,
    /// Or this part, in percent
    pub refund_percent: Option<String>,
    /// Or all but this sum
    pub fee_amount: Option<i64>,
    /// At least this is kept
    pub min_fee: Option<i64>,
}

/// What is paid back when somebody does not go. The first step that still holds counts; after the last, nothing is paid
/// back.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CancellationPolicy")]
pub struct PolicyBody {
    pub kind: PolicyName,
    pub steps: Vec<StepBody>,
}

impl From<&Policy> for PolicyBody {
    fn from(policy: &Policy) -> Self {
        let (kind, steps) = match policy {
            Policy::Steps(steps) => (PolicyName::Steps, steps.iter().map(Into::into).collect()),
            Policy::Unknown => (PolicyName::Unknown, Vec::new()),
            Policy::AskSupplier => (PolicyName::AskSupplier, Vec::new()),
        };
        Self { kind, steps }
    }
}

impl From<&PolicyStep> for StepBody {
    fn from(step: &PolicyStep) -> Self {
        let until = match step.until {
            Until::At(moment) => Some(moment.into()),
            Until::Departure => None,
        };
        let min_fee = step.min_fee.map(|fee| fee.amount());
        let none = Self { until, refund_amount: None, refund_percent: None, fee_amount: None, min_fee };
        match step.refund {
            Share::Amount(amount) => Self { refund_amount: Some(amount.amount()), ..none },
            Share::BasisPoints(points) => Self { refund_percent: Some(percent(points)), ..none },
            Share::AllBut(fee) => Self { fee_amount: Some(fee.amount()), ..none },
        }
    }
}

/// Hundredths of a percent as people write them.
fn percent(points: u16) -> String {
    match points % 100 {
        0 => format!("{}", points / 100),
        rest => format!("{}.{rest:02}", points / 100).trim_end_matches('0').to_owned(),
    }
}

/// Whether another departure may be taken later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "ChangeTerms", rename_all = "snake_case")]
pub enum ChangeName {
    No,
    /// For `change_fee`
    ForFee,
    AskSupplier,
    /// The supplier does not say. That is not a no
    Unknown,
}

/// The terms, and the fee if one is told.
pub fn change(terms: ChangeTerms) -> (ChangeName, Option<i64>) {
    match terms {
        ChangeTerms::No => (ChangeName::No, None),
        ChangeTerms::For(fee) => (ChangeName::ForFee, Some(fee.amount())),
        ChangeTerms::AskSupplier => (ChangeName::AskSupplier, None),
        ChangeTerms::Unknown => (ChangeName::Unknown, None),
    }
}

/// The conditions in sentences, for a page to print.
pub fn in_words(policy: Option<&Policy>) -> Vec<String> {
    let unknown = "The supplier does not say what comes back: ask for a quote before you cancel.";
    match policy {
        None | Some(Policy::Unknown) => vec![unknown.to_owned()],
        Some(Policy::AskSupplier) => vec!["It can be cancelled. A quote tells what that costs.".to_owned()],
        Some(Policy::Steps(steps)) if steps.is_empty() => vec!["Nothing comes back.".to_owned()],
        Some(Policy::Steps(steps)) => steps.iter().map(sentence).collect(),
    }
}

fn sentence(step: &PolicyStep) -> String {
    let until = match step.until {
        Until::At(moment) => format!("before {moment}"),
        Until::Departure => "before the departure".to_owned(),
    };
    let refund = match step.refund {
        Share::Amount(amount) => format!("{amount} come back"),
        Share::BasisPoints(points) => format!("{} % come back", percent(points)),
        Share::AllBut(fee) => format!("all but {fee} comes back"),
    };
    let kept = step.min_fee.map(|fee| format!(", and at least {fee} is kept")).unwrap_or_default();
    format!("Cancelled {until}, {refund}{kept}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_of_a_percent_are_written_short() {
        for (points, text) in [(10_000, "100"), (3_750, "37.5"), (25, "0.25"), (0, "0"), (105, "1.05")] {
            assert_eq!(percent(points), text);
        }
    }
}
