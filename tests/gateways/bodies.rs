//! What is sent: the wire forms that the gateways' documentation asks for, byte for byte where it matters.

use dermaga_ports::payments::{Method, MethodKind, NewCharge, PayAction, PaymentGateway, RefundProgress};
use serde_json::{Value, json};

use crate::{
    kit::{CARD_TOKEN, charge, core, done, later, refund, rupiah, snap, unknown, xendit},
    stub::{Reply, Seen, Stub},
};

/// What Core is sent for a charge.
async fn sent_to_core(charge: NewCharge) -> Seen {
    let stub = Stub::answering([Reply::Cut]).await;
    unknown(core(&stub.url).create(&charge).await);
    stub.seen().remove(0)
}

async fn core_body(change: impl FnOnce(&mut NewCharge)) -> Value {
    let mut charge = charge("DCF-1", MethodKind::Qris);
    change(&mut charge);
    sent_to_core(charge).await.json()
}

#[tokio::test]
async fn a_charge_carries_its_key_its_account_and_where_to_report() {
    let seen = sent_to_core(charge("DCF-1", MethodKind::Qris)).await;
    assert_eq!(seen.line, "POST /v2/charge");
    assert_eq!(seen.header("authorization"), Some("Basic U0ItTWlkLXNlcnZlci1FWEFNUExFMDAwMDAwMDAwMDA6"));
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("x-override-notification"), Some("https://shop.example/webhooks/midtrans"));
    let key = seen.header("idempotency-key").expect("a key").to_owned();
    assert_eq!(key.len(), 36);
    let again = sent_to_core(charge("DCF-1", MethodKind::Qris)).await;
    assert_eq!(again.header("idempotency-key"), Some(key.as_str()), "the same for the repetition");
}

#[tokio::test]
async fn a_charge_says_how_much_of_what_until_when_and_by_whom() {
    let body = core_body(|charge| charge.description = Some("Order 7 ~pay1s".to_owned())).await;
    assert_eq!(body["transaction_details"], json!({"order_id": "DCF-1", "gross_amount": 150_000}));
    assert_eq!(body["payment_type"], "qris");
    assert_eq!(body["custom_field1"], "DCF-1");
    assert_eq!(body["custom_field3"], "Order 7 ~pay1s");
    let expiry = json!({"order_time": "2026-01-05 10:00:00 +0700", "expiry_duration": 3600, "unit": "second"});
    assert_eq!(body["custom_expiry"], expiry);
    let payer = json!({"first_name": "Sari Wulandari", "email": "sari@example.com", "phone": "+628110000001"});
    assert_eq!(body["customer_details"], payer);
}

#[tokio::test]
async fn each_method_has_its_own_member() {
    let member = |kind: MethodKind, change: fn(&mut Method), name: &'static str| async move {
        let body = core_body(|charge| {
            *charge = self::charge("DCF-1", kind);
            change(&mut charge.method);
        })
        .await;
        assert_eq!(body["payment_type"], name);
        body[name].clone()
    };
    let keep: fn(&mut Method) = |_| {};
    assert_eq!(member(MethodKind::BankTransfer, keep, "bank_transfer").await, json!({"bank": "bca"}));
    let permata = member(MethodKind::BankTransfer, |method| method.bank = Some("permata".to_owned()), "bank_transfer");
    assert_eq!(permata.await, json!({"bank": "permata"}));
    let bill = member(MethodKind::Echannel, keep, "echannel").await;
    assert_eq!(bill, json!({"bill_info1": "Payment", "bill_info2": "DCF-1"}));
    let gopay = member(MethodKind::Gopay, keep, "gopay").await;
    assert_eq!(gopay, json!({"enable_callback": true, "callback_url": "https://shop.example/back"}));
    let shopee = member(MethodKind::Shopeepay, keep, "shopeepay").await;
    assert_eq!(shopee, json!({"callback_url": "https://shop.example/back"}));
    let card = member(MethodKind::CreditCard, keep, "credit_card").await;
    assert_eq!(card, json!({"token_id": CARD_TOKEN, "authentication": true}));
    let held = member(MethodKind::CreditCard, |method| method.authorize_only = true, "credit_card").await;
    assert_eq!(held["type"], "authorize");
    let counter = member(MethodKind::Cstore, |method| method.store = Some("alfamart".to_owned()), "cstore").await;
    assert_eq!(counter, json!({"store": "alfamart", "message": "DCF-1"}));
}

#[tokio::test]
async fn a_page_of_snap_has_its_own_words_for_the_same() {
    let stub = Stub::answering([Reply::Json(
        201,
        r#"{"token":"t-1","redirect_url":"https://app.example/snap/v3/redirection/t-1"}"#.to_owned(),
    )])
    .await;
    let snapshot = done(snap(&stub.url).create(&charge("DCF-1", MethodKind::Page)).await);
    assert_eq!(snapshot.provider_id.as_deref(), Some("t-1"));
    let url = "https://app.example/snap/v3/redirection/t-1".to_owned();
    assert_eq!(snapshot.action, Some(PayAction::Open { url }));
    let seen = stub.seen().remove(0);
    assert_eq!(seen.line, "POST /snap/v1/transactions");
    let body = seen.json();
    let expiry = json!({"start_time": "2026-01-05 10:00:00 +0700", "unit": "minute", "duration": 60});
    assert_eq!(body["expiry"], expiry);
    assert_eq!(body["credit_card"], json!({"secure": true}));
    assert_eq!(body["callbacks"]["finish"], "https://shop.example/back");
    assert_eq!(body["transaction_details"]["gross_amount"], 150_000);
}

#[tokio::test]
async fn an_invoice_and_a_payment_request_of_xendit() {
    let nothing_yet = Reply::Json(200, "[]".to_owned());
    let stub = Stub::answering([nothing_yet, Reply::Cut]).await;
    let mut page = charge("DCF-1", MethodKind::Page);
    page.description = Some("Order 7".to_owned());
    unknown(xendit(&stub.url).create(&page).await);
    let mut direct = charge("DCF-2", MethodKind::BankTransfer);
    direct.method.bank = Some("bri".to_owned());
    unknown(xendit(&stub.url).create(&direct).await);
    let mut card = charge("DCF-3", MethodKind::CreditCard);
    card.method.authorize_only = true;
    unknown(xendit(&stub.url).create(&card).await);

    let mut seen = stub.seen();
    let first = seen.remove(0);
    assert_eq!(first.line, "GET /v2/invoices?external_id=DCF-1&limit=10", "there may be one already");
    assert_eq!(seen[0].line, "POST /v2/invoices");
    assert_eq!(seen[0].header("authorization"), Some("Basic eG5kX2RldmVsb3BtZW50X0VYQU1QTEUwMDAwOg=="));
    let body = seen[0].json();
    assert_eq!(
        (&body["external_id"], &body["amount"], &body["currency"]),
        (&json!("DCF-1"), &json!(150_000), &json!("IDR"))
    );
    assert_eq!((&body["invoice_duration"], &body["metadata"]), (&json!(3_600), &json!({"note": "Order 7"})));

    assert_eq!(seen[1].line, "POST /v3/payment_requests");
    assert_eq!(seen[1].header("api-version"), Some("2024-11-11"));
    let body = seen[1].json();
    assert_eq!(body["channel_code"], "BRI_VIRTUAL_ACCOUNT");
    assert_eq!(body["channel_properties"]["expires_at"], "2026-01-05T04:00:00Z");
    assert_eq!(body["channel_properties"]["display_name"], "Sari Wulandari");
    assert_eq!(body["capture_method"], "AUTOMATIC");

    let body = seen[2].json();
    assert_eq!((&body["payment_token_id"], &body["capture_method"]), (&json!(CARD_TOKEN), &json!("MANUAL")));
}

#[tokio::test]
async fn a_refund_goes_the_way_that_the_method_has() {
    let accepted = r#"{"status_code":"200","order_id":"DCF-1","transaction_status":"partial_refund","currency":"IDR",
        "refund_amount":"20000.00","refund_key":"R-1"}"#;
    let stub = Stub::answering([Reply::Json(200, accepted.to_owned())]).await;
    let gateway = core(&stub.url);
    let of = |kind| later(&charge("DCF-1", kind), None);
    let direct = done(gateway.refund(&of(MethodKind::Gopay), &refund("R-1", 20_000)).await);
    assert_eq!(direct, RefundProgress::Succeeded);
    let by_hand = done(gateway.refund(&of(MethodKind::CreditCard), &refund("R-1", 20_000)).await);
    assert_eq!(by_hand, RefundProgress::Pending, "the bank has to confirm it");
    let seen = stub.seen();
    assert_eq!(seen[0].line, "POST /v2/DCF-1/refund/online/direct");
    assert_eq!(seen[0].json(), json!({"refund_key": "R-1", "amount": 20_000, "reason": "out of stock"}));
    assert_eq!(seen[1].line, "POST /v2/DCF-1/refund");
}

#[tokio::test]
async fn the_literal_mark_of_an_expiry_stays() {
    let invoice = r#"{"id":"695b2f1e8f1d2a0012ab34cd","external_id":"DCF-1","status":"PENDING","amount":150000}"#;
    let stub = Stub::answering([
        Reply::Json(200, format!("[{invoice}]")),
        Reply::Json(200, invoice.replace("PENDING", "EXPIRED")),
    ])
    .await;
    done(xendit(&stub.url).expire(&later(&charge("DCF-1", MethodKind::Page), None)).await);
    let lines: Vec<String> = stub.seen().into_iter().map(|seen| seen.line).collect();
    let expected = ["GET /v2/invoices?external_id=DCF-1&limit=10", "POST /invoices/695b2f1e8f1d2a0012ab34cd/expire!"];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn c10_26_a_capture_names_the_transaction_and_the_part() {
    let captured = r#"{"status_code":"200","order_id":"DCF-1","transaction_status":"capture"}"#;
    let stub = Stub::answering([Reply::Json(200, captured.to_owned())]).await;
    let held = later(&charge("DCF-1", MethodKind::CreditCard), Some("0b4e8f5e"));
    done(core(&stub.url).capture(&held, rupiah(120_000)).await);
    let seen = stub.seen().remove(0);
    assert_eq!(seen.line, "POST /v2/capture");
    assert_eq!(seen.json(), json!({"transaction_id": "0b4e8f5e", "gross_amount": 120_000}));
}
