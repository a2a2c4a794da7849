//! Webhooks: who sent them, what they speak of, and whether they were there before.

use dermaga_ports::payments::{Hint, NotAuthentic, PaymentGateway};
use serde_json::{Value, json};

use crate::kit::{CALLBACK_TOKEN, core, snap, xendit};

/// Of order DCF-20260105-000123 over 150000.00, by its code.
const SIGNED_200: &str = "0f76ab02450f91ea65280ca8b0b8efef272598e87f9af26862a89f9a6fd3384d5ff9d25c30b6ee93d9f2eb3741878359fde49392a1be70a0075f1718a6203d51";
const SIGNED_201: &str = "c91a74eaba595c75812a952a8d82a9534f3eb73aab0b6c23d9903d6f5c87d8e842c80e5e4ed5a56c0f6e9b1eae2f41e8abf39a36a5488af708c13dee9b0525bb";
const SIGNED_202: &str = "7f6ebdb2f27f3df91592f353aaa02ad73d6277ae390aa99835428d938c57b607222cc5d0fece9862b3704e8834b0c02e1eea77f1e1029f3809274dbcc5d09f96";

const NOWHERE: &str = "http://127.0.0.1:9";

fn notification(status: &str, code: &str, signature: &str) -> Value {
    json!({
        "transaction_time": "2026-01-05 10:00:03", "transaction_status": status, "status_code": code,
        "transaction_id": "3f0e6c2a-7b4b-4e0b-9c8a-1a2b3c4d5e6f", "signature_key": signature,
        "payment_type": "bank_transfer", "order_id": "DCF-20260105-000123", "gross_amount": "150000.00",
        "fraud_status": "accept", "currency": "IDR",
    })
}

fn midtrans(body: &Value) -> Result<Hint, NotAuthentic> {
    let read = core(NOWHERE).read_webhook(&[], body.to_string().as_bytes());
    assert_eq!(snap(NOWHERE).read_webhook(&[], body.to_string().as_bytes()), read, "Snap reads it alike");
    read
}

fn from_xendit(body: &Value) -> Result<Hint, NotAuthentic> {
    let headers = [("x-callback-token".to_owned(), CALLBACK_TOKEN.to_owned())];
    xendit(NOWHERE).read_webhook(&headers, body.to_string().as_bytes())
}

#[test]
fn a_notification_names_its_payment_and_what_it_claims() {
    let hint = midtrans(&notification("settlement", "200", SIGNED_200)).expect("authentic");
    assert_eq!(hint.reference.as_deref(), Some("DCF-20260105-000123"));
    assert_eq!(hint.provider_id.as_deref(), Some("3f0e6c2a-7b4b-4e0b-9c8a-1a2b3c4d5e6f"));
    assert_eq!((hint.claims.as_str(), hint.suspicious, hint.delivery_id), ("settlement", false, None));
    assert!(!midtrans(&notification("pending", "201", SIGNED_201)).expect("authentic").suspicious);
    assert!(!midtrans(&notification("expire", "202", SIGNED_202)).expect("authentic").suspicious);
}

#[test]
fn c10_07_a_forged_missing_or_respelled_signature_is_no_signature() {
    let good = notification("settlement", "200", SIGNED_200);
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let mut missing = good.clone();
    missing.as_object_mut().expect("an object").remove("signature_key");
    for forged in [
        missing,
        with("signature_key", json!(SIGNED_200.to_uppercase())),
        with("signature_key", json!(SIGNED_201)),
        with("signature_key", json!("")),
        with("signature_key", Value::Null),
        with("order_id", json!("DCF-20260105-000124")),
        with("gross_amount", json!("1.00")),
        with("gross_amount", json!(150_000.00)),
        with("status_code", json!(200)),
        with("order_id", json!(["DCF-20260105-000123"])),
    ] {
        assert_eq!(midtrans(&forged), Err(NotAuthentic::Signature), "{forged}");
    }
}

#[test]
fn c10_08_a_replay_with_another_status_is_authentic_and_suspicious() {
    let hint = midtrans(&notification("settlement", "201", SIGNED_201)).expect("the signature does not cover it");
    assert!(hint.suspicious);
    let honest = midtrans(&notification("pending", "201", SIGNED_201)).expect("authentic");
    assert_ne!(hint.dedupe_key, honest.dedupe_key, "it does not take the place of the honest one");
}

#[test]
fn c10_02_copies_have_one_key_and_news_have_another() {
    let first = notification("settlement", "200", SIGNED_200);
    let mut copy = first.clone();
    copy["transaction_time"] = json!("2026-01-05 10:09:03");
    let key = |body: &Value| midtrans(body).expect("authentic").dedupe_key;
    assert_eq!(key(&first), key(&copy));

    let mut refunded = notification("partial_refund", "200", SIGNED_200);
    refunded["refund_amount"] = json!("20000.00");
    refunded["refunds"] = json!([{"refund_key": "R-1", "refund_amount": "20000.00"}]);
    let mut confirmed = refunded.clone();
    confirmed["refunds"][0]["bank_confirmed_at"] = json!("2026-01-07 09:00:20");
    let keys = [key(&first), key(&refunded), key(&confirmed), key(&notification("deny", "202", SIGNED_202))];
    let different: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len(), "a refund has two notifications");
}

#[test]
fn what_is_no_notification_is_malformed() {
    for body in ["", "hello", "[1,2", "\u{0}"] {
        let read = core(NOWHERE).read_webhook(&[], body.as_bytes());
        assert!(matches!(read, Err(NotAuthentic::Malformed(_))), "{body}");
    }
    assert_eq!(core(NOWHERE).read_webhook(&[], b"[]"), Err(NotAuthentic::Signature));
    assert!(matches!(core(NOWHERE).read_webhook(&[], &[0xff, 0xfe]), Err(NotAuthentic::Malformed(_))));
}

#[test]
fn c10_48_a_wrong_or_missing_token_is_not_xendit() {
    let body = invoice("PAID").to_string();
    let with = |headers: &[(&str, &str)]| {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        xendit(NOWHERE).read_webhook(&headers, body.as_bytes())
    };
    assert!(with(&[("x-callback-token", CALLBACK_TOKEN)]).is_ok());
    assert_eq!(with(&[]), Err(NotAuthentic::Signature));
    assert_eq!(with(&[("x-callback-token", "")]), Err(NotAuthentic::Signature));
    assert_eq!(with(&[("x-callback-token", "token-of-another-environment")]), Err(NotAuthentic::Signature));
    assert_eq!(with(&[("x-callback-token", &CALLBACK_TOKEN[..5])]), Err(NotAuthentic::Signature));
    assert_eq!(with(&[("x-callback-token", &CALLBACK_TOKEN.to_uppercase())]), Err(NotAuthentic::Signature));
}

fn invoice(status: &str) -> Value {
    json!({"id": "695b2f1e8f1d2a0012ab34cd", "external_id": "DCF-1", "status": status, "amount": 150_000,
        "paid_amount": 150_000, "payment_id": "ewc_1", "currency": "IDR"})
}

fn paid_request() -> Value {
    json!({"event": "payment.capture", "created": "2026-01-05T03:12:12.000Z", "data": {
        "payment_id": "py-1", "payment_request_id": "pr-1", "reference_id": "DCF-1", "status": "SUCCEEDED",
        "captures": [{"capture_id": "cap-1", "capture_amount": 150_000}]}})
}

#[test]
fn xendit_tells_of_invoices_payments_refunds_and_disputes() {
    let hint = from_xendit(&invoice("PAID")).expect("authentic");
    assert_eq!(hint.reference.as_deref(), Some("DCF-1"));
    assert_eq!(hint.provider_id.as_deref(), Some("695b2f1e8f1d2a0012ab34cd"));
    assert_eq!((hint.claims.as_str(), hint.suspicious), ("invoice.paid", false));
    assert!(!from_xendit(&json!({"id": "1", "external_id": "DCF-1", "status": "EXPIRED"})).expect("it").suspicious);

    let hint = from_xendit(&paid_request()).expect("authentic");
    assert_eq!((hint.reference.as_deref(), hint.provider_id.as_deref()), (Some("DCF-1"), Some("pr-1")));
    assert_eq!((hint.claims.as_str(), hint.suspicious), ("payment.capture", false));

    let dispute = json!({"event": "dispute.lost", "id": "mi-dspt-1", "status": "LOST", "payment_id": "py-1",
        "reference_id": "DCF-1", "amount": {"initial": "1.00", "terminal": null}, "updated_at": "2026-02-20T03:00:00.000Z"});
    let hint = from_xendit(&dispute).expect("authentic");
    assert_eq!((hint.reference.as_deref(), hint.claims.as_str()), (Some("DCF-1"), "dispute.lost"));
}

#[test]
fn c10_57_a_refund_in_two_envelopes_is_the_same_refund() {
    let refund = json!({"id": "rfd-1", "payment_request_id": "pr-1", "invoice_id": null, "reference_id": "R-1",
        "status": "SUCCEEDED", "amount": 50_000});
    let plain = from_xendit(&json!({"event": "refund.succeeded", "data": refund})).expect("authentic");
    let nested = from_xendit(&json!({"event": "refund.succeeded", "data": {"event": "x", "data": refund}}));
    assert_eq!(nested.expect("authentic"), plain);
    assert_eq!(plain.provider_id.as_deref(), Some("pr-1"));
    assert_eq!(plain.reference, None, "the reference inside is that of the refund");
    for (metadata, reference) in [(json!({"payment": "DCF-1"}), Some("DCF-1")), (json!("x"), None), (json!([1]), None)]
    {
        let mut told = refund.clone();
        told["metadata"] = metadata;
        let hint = from_xendit(&json!({"event": "refund.succeeded", "data": told})).expect("authentic");
        assert_eq!(hint.reference.as_deref(), reference, "what we told Xendit, and nothing else");
    }
    assert!(!plain.suspicious);
}

#[test]
fn c10_49_the_key_of_a_webhook_is_what_it_says_and_not_its_delivery() {
    let with = |body: &Value, id: &str| {
        let headers = [("x-callback-token", CALLBACK_TOKEN), ("webhook-id", id)];
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        xendit(NOWHERE).read_webhook(&headers, body.to_string().as_bytes()).expect("authentic")
    };
    let mut again = paid_request();
    again["created"] = json!("2026-01-05T09:12:12.000Z");
    let (first, second) = (with(&paid_request(), "w-1"), with(&again, "w-2"));
    assert_eq!(first.dedupe_key, second.dedupe_key, "another delivery of the same event");
    assert_eq!((first.delivery_id.as_deref(), second.delivery_id.as_deref()), (Some("w-1"), Some("w-2")));

    let mut other = paid_request();
    other["data"]["captures"] = json!([{"capture_id": "cap-2"}]);
    assert_ne!(with(&other, "w-1").dedupe_key, first.dedupe_key, "another event under one delivery id");
    assert_ne!(with(&invoice("PAID"), "w").dedupe_key, with(&invoice("EXPIRED"), "w").dedupe_key);
}

#[test]
fn c10_51_a_webhook_that_contradicts_itself_is_marked() {
    let mut short = invoice("PAID");
    short["paid_amount"] = json!(149_999);
    assert!(from_xendit(&short).expect("authentic").suspicious);
    let mut failed = paid_request();
    failed["data"]["status"] = json!("FAILED");
    assert!(from_xendit(&failed).expect("authentic").suspicious);
}

#[test]
fn no_sender_decides_how_long_the_stored_texts_are() {
    let long = "x".repeat(50_000);
    let mut body = notification("settlement", "200", SIGNED_200);
    body["transaction_status"] = json!(long);
    body["transaction_id"] = json!(long);
    let hint = midtrans(&body).expect("authentic");
    assert!(hint.dedupe_key.len() <= 64 && hint.claims.len() <= 100);
    assert_eq!(hint.provider_id, None);
    let mut paid = paid_request();
    paid["data"]["reference_id"] = json!("../../x y");
    assert_eq!(from_xendit(&paid).expect("authentic").reference, None);
    for body in [json!({}), json!({"id": "1"}), json!([1]), json!("x")] {
        assert!(matches!(from_xendit(&body), Err(NotAuthentic::Malformed(_))), "{body}");
    }
}
