//! Notifications: whether one is from Midtrans, which payment it speaks of, and whether it was there before.

use dermaga_ports::payments::{Hint, NotAuthentic};
use serde_json::Value;

use super::{answer::Transaction, signature::is_authentic};
use crate::wire::{
    Secret,
    hint::{digest, known_name, word},
};

/// Reads one. The signature covers three members; they MUST be texts, as Midtrans sends them.
pub(super) fn read(body: &[u8], key: &Secret) -> Result<Hint, NotAuthentic> {
    let malformed = |told: &str| NotAuthentic::Malformed(told.to_owned());
    let text = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8"))?;
    let signed: Value = serde_json::from_str(text).map_err(|_| malformed("the body is not JSON"))?;
    let member = |name: &str| signed.get(name).and_then(Value::as_str).ok_or(NotAuthentic::Signature);
    let (order, code, amount) = (member("order_id")?, member("status_code")?, member("gross_amount")?);
    if !is_authentic(order, code, amount, member("signature_key")?, key) {
        return Err(NotAuthentic::Signature);
    }
    let told: Transaction = serde_json::from_str(text).map_err(|_| malformed("it is no notification of a payment"))?;
    let status = told.transaction_status.word();
    let confirmed = told.refunds.iter().filter(|refund| refund.bank_confirmed_at.get().is_some()).count();
    Ok(Hint {
        reference: known_name(Some(order)),
        provider_id: known_name(told.transaction_id.get()),
        dedupe_key: digest(&[
            told.transaction_id.or_empty(),
            &status,
            &told.fraud_status.word(),
            code,
            told.refund_amount.or_empty(),
            &confirmed.to_string(),
        ]),
        delivery_id: None,
        claims: word(told.transaction_status.or_empty()),
        // A replayed message can claim another status, but not with the code that belongs to it.
        suspicious: claims_money(&status) && code != "200",
    })
}

fn claims_money(status: &str) -> bool {
    matches!(status, "SETTLEMENT" | "CAPTURE" | "REFUND" | "PARTIAL_REFUND" | "CHARGEBACK" | "PARTIAL_CHARGEBACK")
}
