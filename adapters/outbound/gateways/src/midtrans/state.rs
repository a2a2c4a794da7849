//! Where a payment stands, from `transaction_status` and `fraud_status`.

use dermaga_ports::payments::GatewayState;

use super::answer::Transaction;
use crate::wire::mask;

/// What the two statuses say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub state: GatewayState,
    /// The money is ours, or will be without our asking.
    pub settled: bool,
    /// Whether what was taken back is a dispute rather than a refund.
    pub charged_back: bool,
}

/// Reads the statuses in any case.
pub(super) fn standing(transaction: &Transaction) -> Standing {
    let status = transaction.transaction_status.word();
    let fraud = transaction.fraud_status.word();
    let is = |state| Standing { state, settled: false, charged_back: false };
    match (status.as_str(), fraud.as_str()) {
        ("PENDING", _) => is(GatewayState::Pending),
        ("AUTHORIZE" | "CAPTURE" | "CANCEL" | "DENY", "DENY") => is(by_the_fraud_engine()),
        ("AUTHORIZE", "ACCEPT" | "") => is(GatewayState::Authorized),
        ("CAPTURE", "ACCEPT" | "") => is(GatewayState::Paid),
        ("SETTLEMENT", "ACCEPT" | "") => Standing { settled: true, ..is(GatewayState::Paid) },
        // A challenge, or a word that nobody knows: a person has to look before anything is handed over.
        ("AUTHORIZE" | "CAPTURE" | "SETTLEMENT", _) => is(GatewayState::Review),
        ("DENY", _) => is(GatewayState::Denied { reason: reason(transaction) }),
        ("CANCEL", _) => is(GatewayState::Cancelled),
        ("EXPIRE", _) => is(GatewayState::Expired),
        ("FAILURE", _) => is(GatewayState::Failed { reason: reason(transaction) }),
        ("REFUND" | "PARTIAL_REFUND", _) => Standing { settled: true, ..is(GatewayState::Paid) },
        ("CHARGEBACK" | "PARTIAL_CHARGEBACK", _) => {
            Standing { settled: true, charged_back: true, state: GatewayState::Paid }
        }
        _ => is(GatewayState::Unrecognised(mask::words(transaction.transaction_status.or_empty(), &[]))),
    }
}

/// A denied review is told as `deny` by some answers and as `cancel` by others; it is the same thing.
fn by_the_fraud_engine() -> GatewayState {
    GatewayState::Denied { reason: "the fraud engine or a review denied it".to_owned() }
}

/// The bank's words, or Midtrans'.
pub(super) fn reason(transaction: &Transaction) -> String {
    let told = transaction.channel_response_message.get().or(transaction.status_message.get());
    told.map_or_else(|| "no reason was given".to_owned(), |told| mask::words(told, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(status: &str, fraud: &str) -> (GatewayState, bool) {
        let body = serde_json::json!({"transaction_status": status, "fraud_status": fraud, "status_message": "No."});
        let transaction: Transaction = serde_json::from_value(body).expect("a transaction");
        let Standing { state, settled, .. } = standing(&transaction);
        (state, settled)
    }

    #[test]
    fn every_pair_of_the_table_has_its_state() {
        use GatewayState::{Authorized, Cancelled, Expired, Paid, Pending, Review};
        for (status, fraud, state, settled) in [
            ("pending", "", Pending, false),
            ("pending", "challenge", Pending, false),
            ("authorize", "accept", Authorized, false),
            ("authorize", "", Authorized, false),
            ("authorize", "challenge", Review, false),
            ("capture", "accept", Paid, false),
            ("capture", "", Paid, false),
            ("capture", "challenge", Review, false),
            ("settlement", "accept", Paid, true),
            ("settlement", "", Paid, true),
            ("settlement", "challenge", Review, false),
            ("settlement", "deny", Review, false),
            ("cancel", "accept", Cancelled, false),
            ("cancel", "challenge", Cancelled, false),
            ("expire", "accept", Expired, false),
            ("partial_refund", "accept", Paid, true),
            ("refund", "", Paid, true),
            ("chargeback", "accept", Paid, true),
            ("partial_chargeback", "accept", Paid, true),
        ] {
            assert_eq!(stands(status, fraud), (state, settled), "{status} {fraud}");
        }
        assert_eq!(stands("failure", "").0, GatewayState::Failed { reason: "No.".to_owned() });
    }

    #[test]
    fn c10_23_a_denied_review_is_the_same_in_both_shapes() {
        let denied = stands("deny", "deny");
        assert!(matches!(denied.0, GatewayState::Denied { .. }));
        assert_eq!(stands("cancel", "deny"), denied);
        assert_eq!(stands("capture", "deny"), denied);
    }

    #[test]
    fn c10_42_case_does_not_matter_and_an_unknown_word_is_told() {
        assert_eq!(stands("SETTLEMENT", "Accept"), (GatewayState::Paid, true));
        assert_eq!(stands("on_hold", "accept").0, GatewayState::Unrecognised("on_hold".to_owned()));
        assert_eq!(stands("", "").0, GatewayState::Unrecognised(String::new()));
        assert_eq!(stands("settlement", "maybe").0, GatewayState::Review);
    }
}
