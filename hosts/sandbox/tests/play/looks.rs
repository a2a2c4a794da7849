//! Payments that look odd to who hears of them or asks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Stage;

/// Charges and pays; gives what the status and the last notification say of that member.
async fn midtrans(stage: &Stage, order: &str, member: &str) -> Value {
    stage.charge(order, 150_000, json!({"payment_type": "gopay"})).await;
    stage.advance(1).await;
    let status = stage.status(order).await;
    let heard = stage.sink.take();
    let last = heard.last().expect("a notification");
    assert_eq!(last.body[member], status[member], "both say the same");
    let text = |name: &str| last.body[name].as_str().unwrap_or_default();
    let key = dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
    let code = text("status_code");
    let signature = dermaga_sandbox::midtrans::wire::signature(order, code, text("gross_amount"), key);
    assert_eq!(text("signature_key"), signature, "the signature is right for what is said");
    status[member].clone()
}

/// Makes an invoice and pays it; gives what is then said of it and what was told.
async fn invoice(stage: &Stage, reference: &str) -> (Value, Value) {
    let made = stage.invoice(reference, 150_000, json!({})).await;
    stage.advance(1).await;
    let path = format!("/v2/invoices/{}", made["id"].as_str().expect("an id"));
    let told = stage.sink.take().pop().expect("a webhook").body;
    (stage.xendit(Method::GET, &path, &Value::Null).await.body(200), told)
}

#[tokio::test]
async fn the_amount_may_differ() {
    let stage = Stage::still().await;
    assert_eq!(midtrans(&stage, "A-1~pay1s~amt.p1", "gross_amount").await, "150001.00");
    assert_eq!(midtrans(&stage, "A-2~pay1s~amt.m250", "gross_amount").await, "149750.00");
    assert_eq!(stage.sums("midtrans", "A-2~pay1s~amt.m250").await, (149_750, 0, 0), "that is what was paid");
    let (told, heard) = invoice(&stage, "A-3~pay1s~amt.m1").await;
    for side in [told, heard] {
        assert_eq!((&side["amount"], &side["paid_amount"]), (&json!(150_000), &json!(149_999)));
    }
    assert_eq!(stage.sums("xendit", "A-3~pay1s~amt.m1").await, (149_999, 0, 0));
}

#[tokio::test]
async fn the_amount_may_be_spelled_oddly() {
    let stage = Stage::still().await;
    for (form, text) in [
        ("int", "150000"),
        ("dec50", "150000.50"),
        ("exp", "15e4"),
        ("neg", "-150000.00"),
        ("huge", "99999999999999999999.00"),
    ] {
        let order = format!("F~pay1s~amtfmt.{form}");
        assert_eq!(midtrans(&stage, &order, "gross_amount").await, text);
    }
    for (form, value) in [
        ("int", json!("150000")),
        ("exp", json!("15e4")),
        ("neg", json!(-150_000)),
        ("huge", json!("99999999999999999999")),
    ] {
        let (told, _) = invoice(&stage, &format!("F~pay1s~amtfmt.{form}")).await;
        assert_eq!(told["paid_amount"], value);
    }
    let (told, _) = invoice(&stage, "F~pay1s~amtfmt.dec50").await;
    assert_eq!(told["paid_amount"].to_string(), "150000.5");
}

#[tokio::test]
async fn the_currency_may_be_another_or_none() {
    let stage = Stage::still().await;
    assert_eq!(midtrans(&stage, "C-1~pay1s~cur.USD", "currency").await, "USD");
    assert_eq!(midtrans(&stage, "C-2~pay1s~cur.none", "currency").await, Value::Null);
    assert_eq!(invoice(&stage, "C-3~pay1s~cur.USD").await.0["currency"], "USD");
    assert_eq!(invoice(&stage, "C-4~pay1s~cur.none").await.1["currency"], Value::Null);
    let ledger = stage.look("/assert/ledger").await;
    assert_eq!(ledger["midtrans"]["currencies"]["USD"]["captured"], 150_000);
    assert_eq!(ledger["xendit"]["currencies"]["USD"]["captured"], 150_000);
}

#[tokio::test]
async fn it_may_be_paid_in_another_way_than_asked_for() {
    let stage = Stage::still().await;
    assert_eq!(midtrans(&stage, "P-1~pay1s~ptype.qris", "payment_type").await, "qris");
    let (told, _) = invoice(&stage, "P-2~pay1s~ptype.QRIS").await;
    assert_eq!((&told["payment_method"], &told["payment_channel"]), (&json!("QR_CODE"), &json!("QRIS")));
}

#[tokio::test]
async fn the_status_may_be_unknown_or_in_capitals() {
    let stage = Stage::still().await;
    assert_eq!(midtrans(&stage, "S-1~pay1s~st.on_hold", "transaction_status").await, "on_hold");
    assert_eq!(midtrans(&stage, "S-2~pay1s~upper", "transaction_status").await, "SETTLEMENT");
    assert_eq!(invoice(&stage, "S-3~pay1s~st.ON_HOLD").await.1["status"], "ON_HOLD");
}

#[tokio::test]
async fn members_may_be_missing_new_null_or_of_another_type() {
    let stage = Stage::still().await;
    assert_eq!(midtrans(&stage, "O-1~pay1s~shape.odd", "fraud_status").await, Value::Null);
    let told = stage.status("O-1~pay1s~shape.odd").await;
    assert_eq!(told.get("approval_code"), Some(&Value::Null));
    assert!(told["a_member_of_tomorrow"].is_object());
    stage.core("/v2/O-1~pay1s~shape.odd/refund", &json!({"refund_key": "R", "amount": 5})).await.body(200);
    let told = stage.status("O-1~pay1s~shape.odd").await;
    assert!(told["refunds"][0]["refund_chargeback_id"].is_string());
    let (told, heard) = invoice(&stage, "O-2~pay1s~shape.odd").await;
    for side in [told, heard] {
        assert_eq!((&side["amount"], &side["paid_amount"]), (&json!("150000"), &json!("150000")));
        assert_eq!(side.get("description"), Some(&Value::Null));
    }
}

#[tokio::test]
async fn a_charges_own_answer_stays_as_it_should() {
    let stage = Stage::still().await;
    let told = stage.charge("Q~amt.p1~cur.USD~upper~shape.odd", 150_000, json!({})).await;
    assert_eq!((&told["gross_amount"], &told["currency"]), (&json!("150000.00"), &json!("IDR")));
    assert_eq!(told["transaction_status"], "pending");
}
