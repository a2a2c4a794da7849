//! `actions`: addresses that the answer to a charge hands to the customer. They are chosen by name and never built.

use serde_json::{Value, json};

use super::transaction::Transaction;

/// What can be done with a wallet's payment; with a QR code or without.
pub fn wallet(transaction: &Transaction, base: &str, with_qr: bool) -> Value {
    let id = &transaction.transaction_id;
    let page = format!("{base}/midtrans/app/simulator/{id}");
    let mut actions = if with_qr { qr(transaction, base) } else { json!([]) };
    if let Value::Array(list) = &mut actions {
        list.push(json!({"name": "deeplink-redirect", "method": "GET", "url": page}));
        if with_qr {
            list.push(
                json!({"name": "get-status", "method": "GET", "url": format!("{base}/midtrans/api/v2/{id}/status")}),
            );
            let cancel = format!("{base}/midtrans/api/v2/{id}/cancel");
            list.push(json!({"name": "cancel", "method": "POST", "url": cancel, "fields": []}));
        }
    }
    actions
}

/// Where the QR codes are.
pub fn qr(transaction: &Transaction, base: &str) -> Value {
    let (kind, id) = (transaction.channel.kind(), &transaction.transaction_id);
    // The second address carries another id on purpose: nobody may build it.
    let other = format!("A1{}ID", id.replace('-', ""));
    json!([
        {"name": "generate-qr-code", "method": "GET", "url": format!("{base}/midtrans/api/v2/{kind}/{id}/qr-code")},
        {"name": "generate-qr-code-v2", "method": "GET",
         "url": format!("{base}/midtrans/api/v4/qris/gopay/{other}/qr-code")},
    ])
}

/// A text in the form of an EMV code. It can be read, not paid.
pub fn qr_string(transaction: &Transaction) -> String {
    let amount = transaction.gross.to_string();
    let id: String = transaction.transaction_id.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    format!("00020101021226{:02}{id}5204581253033605402{:02}{amount}5802ID6304ABCD", id.len(), amount.len())
}
