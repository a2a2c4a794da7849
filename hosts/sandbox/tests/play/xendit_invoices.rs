//! Invoices at Xendit.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Stage;

const GET: Method = Method::GET;
const POST: Method = Method::POST;

async fn get(stage: &Stage, invoice: &Value) -> Value {
    let path = format!("/v2/invoices/{}", invoice["id"].as_str().expect("an id"));
    stage.xendit(GET, &path, &Value::Null).await.body(200)
}

#[tokio::test]
async fn an_invoice_says_how_it_can_be_paid() {
    let stage = Stage::still().await;
    let members = json!({
        "description": "Order 1", "payer_email": "sari@example.com", "invoice_duration": 3_600,
        "payment_methods": ["BCA", "ALFAMART", "DANA", "QRIS"], "metadata": {"attempt_id": "01J"},
        "items": [{"name": "Nasi kotak", "quantity": 2, "price": 70_000}], "fees": [{"type": "ADMIN", "value": 10_000}],
        "success_redirect_url": "https://app.example/finish",
    });
    let told = stage.invoice("INV-1", 150_000, members).await;
    assert_eq!(told["id"].as_str().map(str::len), Some(24));
    assert_eq!((&told["external_id"], &told["status"]), (&json!("INV-1"), &json!("PENDING")));
    assert_eq!((&told["amount"], &told["currency"]), (&json!(150_000), &json!("IDR")));
    assert_eq!(told["created"], "2026-01-05T03:00:00.123Z");
    assert_eq!(told["expiry_date"], "2026-01-05T04:00:00.123Z");
    assert_eq!(told["available_banks"][0]["bank_code"], "BCA");
    assert_eq!(told["available_banks"][0]["transfer_amount"], 150_000);
    assert_eq!(told["available_retail_outlets"], json!([{"retail_outlet_name": "ALFAMART"}]));
    assert_eq!(told["available_ewallets"], json!([{"ewallet_type": "DANA"}]));
    assert_eq!(told["available_qr_codes"], json!([{"qr_code_type": "QRIS"}]));
    assert_eq!(told["should_exclude_credit_card"], true);
    assert_eq!(told["metadata"]["attempt_id"], "01J");
    assert_eq!(told["items"][0]["price"], 70_000, "they need not add up");
    assert_eq!(get(&stage, &told).await, told);
}

#[tokio::test]
async fn a_payment_is_told_flat_and_with_its_channel() {
    let stage = Stage::still().await;
    for (reference, method, channel, own) in [
        ("W-1~pay1s", "BCA", "BANK_TRANSFER", "bank_code"),
        ("W-2~pay1s", "DANA", "EWALLET", "ewallet_type"),
        ("W-3~pay1s", "QRIS", "QR_CODE", "payment_details"),
        ("W-4~pay1s", "CREDIT_CARD", "CREDIT_CARD", "credit_card_charge_id"),
        ("W-5~pay1s", "INDOMARET", "RETAIL_OUTLET", "retail_outlet_name"),
    ] {
        stage.invoice(reference, 150_000, json!({"payment_methods": [method]})).await;
        stage.advance(1).await;
        let hook = stage.sink.take().pop().expect("a webhook");
        assert_eq!(hook.header("x-callback-token"), dermaga_sandbox::config::XENDIT_CALLBACK_TOKEN);
        let body = hook.body;
        assert_eq!((&body["external_id"], &body["status"]), (&json!(reference), &json!("PAID")), "no envelope");
        assert_eq!((&body["payment_method"], &body["payment_channel"]), (&json!(channel), &json!(method)));
        assert_eq!((&body["paid_amount"], &body["is_high"]), (&json!(150_000), &json!(false)));
        assert!(body["paid_at"].is_string() && body["payment_id"].is_string(), "{body}");
        assert!(!body[own].is_null(), "{own} in {body}");
    }
}

#[tokio::test]
async fn settled_is_not_told_and_expired_is() {
    let stage = Stage::still().await;
    let settled = stage.invoice("S-1~pay1s~settle", 20_000, json!({})).await;
    let expired = stage.invoice("S-2", 20_000, json!({"invoice_duration": 60})).await;
    stage.advance(60).await;
    assert_eq!(get(&stage, &settled).await["status"], "SETTLED");
    assert_eq!(get(&stage, &expired).await["status"], "EXPIRED");
    let heard = stage.sink.take();
    let told: Vec<_> = heard.iter().map(|hook| hook.body["status"].clone()).collect();
    assert_eq!(told, ["PAID", "EXPIRED"]);
    assert!(heard[1].body["paid_at"].is_null() && heard[1].body["payment_id"].is_null());
}

#[tokio::test]
async fn late_money_may_leave_the_invoice_expired() {
    let stage = Stage::still().await;
    let told = stage.invoice("L~latepay.keep", 20_000, json!({})).await;
    stage.advance(30).await;
    let now = get(&stage, &told).await;
    assert_eq!((&now["status"], &now["paid_amount"]), (&json!("EXPIRED"), &json!(20_000)));
    assert_eq!(stage.sink.take_member("status"), ["EXPIRED", "PAID"]);
    assert_eq!(stage.sums("xendit", "L~latepay.keep").await, (20_000, 0, 0), "the money is real");
}

#[tokio::test]
async fn only_what_waits_can_be_expired() {
    let stage = Stage::still().await;
    let expire = async |invoice: &Value| {
        let path = format!("/invoices/{}/expire!", invoice["id"].as_str().expect("an id"));
        stage.xendit(POST, &path, &Value::Null).await
    };
    let open = stage.invoice("E-1", 20_000, json!({})).await;
    assert_eq!(expire(&open).await.body(200)["status"], "EXPIRED");
    expire(&open).await.body(400);
    let paid = stage.invoice("E-2~pay1s", 20_000, json!({})).await;
    stage.advance(1).await;
    expire(&paid).await.body(400);
    assert_eq!(get(&stage, &paid).await["status"], "PAID");
    let told = expire(&json!({"id": "0123456789abcdef01234567"})).await.body(404);
    assert_eq!(told["error_code"], "INVOICE_NOT_FOUND_ERROR");
}

#[tokio::test]
async fn one_reference_may_have_several_invoices_that_are_found_again() {
    let stage = Stage::still().await;
    let first = stage.invoice("SAME~pay1s", 20_000, json!({})).await;
    let second = stage.invoice("SAME~pay1s", 30_000, json!({"metadata": {"sandbox": "~exp1s"}})).await;
    stage.invoice("OTHER", 20_000, json!({})).await;
    stage.advance(1).await;
    let found = async |query: &str| {
        let list =
            stage.xendit(GET, &format!("/v2/invoices?external_id=SAME~pay1s{query}"), &Value::Null).await.body(200);
        list.as_array().expect("a bare array").iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    let (first, second) = (first["id"].clone(), second["id"].clone());
    assert_eq!(found("").await, [second.clone(), first.clone()], "the newest first");
    assert_eq!(found("&limit=1").await, vec![second.clone()]);
    let last = second.as_str().expect("an id").to_owned();
    assert_eq!(found(&format!("&limit=1&last_invoice={last}")).await, vec![first.clone()]);
    for query in ["&statuses=PAID", "&statuses=%5B%22PAID%22%5D", "&statuses=SETTLED,PAID", "&statuses[]=PAID"] {
        assert_eq!(found(query).await, vec![first.clone()], "{query}");
    }
    assert_eq!(found("&statuses=PAID&statuses=EXPIRED").await.len(), 2);
    assert!(found("&created_after=2026-01-06T00:00:00Z").await.is_empty());
    let paid_both = stage.admin(POST, &format!("/tx/{last}/pay"), &json!({})).await;
    paid_both.body(200);
    assert_eq!(stage.sums("xendit", "SAME~pay1s").await, (50_000, 0, 0), "a surplus");
}

#[tokio::test]
async fn refusals_have_a_status_and_a_code() {
    let stage = Stage::still().await;
    for (body, code) in [
        (json!({"external_id": "X", "amount": "20000"}), "API_VALIDATION_ERROR"),
        (json!({"external_id": "", "amount": 20_000}), "API_VALIDATION_ERROR"),
        (json!({"external_id": "X", "amount": 20_000, "invoice_duration": 0}), "API_VALIDATION_ERROR"),
        (json!({"external_id": "X", "amount": 9_999}), "MINIMAL_TRANSFER_AMOUNT_ERROR"),
        (json!({"external_id": "X", "amount": 1_000_000_001}), "MAXIMUM_TRANSFER_AMOUNT_ERROR"),
        (json!({"external_id": "X", "amount": 20_000, "currency": "EUR"}), "UNSUPPORTED_CURRENCY"),
        (json!({"external_id": "X", "amount": 20_000, "payer_email": "sari"}), "EMAIL_FORMAT_ERROR"),
        (
            json!({"external_id": "X", "amount": 20_000, "payment_methods": ["CASH"]}),
            "UNAVAILABLE_PAYMENT_METHOD_ERROR",
        ),
        (json!({"external_id": "X", "amount": 20_000, "payment_methods": []}), "NO_COLLECTION_METHODS_ERROR"),
    ] {
        let told = stage.xendit(POST, "/v2/invoices", &body).await.body(400);
        assert_eq!(told["error_code"], code, "{body}");
        assert!(told["message"].is_string());
        assert_eq!(told["errors"][0]["path"].is_string(), code == "API_VALIDATION_ERROR");
    }
    let url = format!("{}/v2/invoices", stage.sandbox.xendit());
    let told = stage.call(GET, &url, "wrong", &[], &Value::Null).await.body(401);
    assert_eq!(told["error_code"], "INVALID_API_KEY");
    let response = stage.http.get(&url).basic_auth(dermaga_sandbox::config::XENDIT_SECRET_KEY, Some("x")).send().await;
    assert_eq!(response.expect("an answer").status(), 401, "there is no password");
    stage.xendit(GET, "/v2/nowhere", &Value::Null).await.body(404);
    assert_eq!(stage.xendit(GET, "/v2/invoices", &Value::Null).await.body(200), json!([]), "nothing was made");
}

#[tokio::test]
async fn decimals_are_cut_off_and_a_slash_at_the_end_is_no_matter() {
    let stage = Stage::still().await;
    let body = json!({"external_id": "CUT", "amount": 20_550.5});
    assert_eq!(stage.xendit(POST, "/v2/invoices/", &body).await.body(200)["amount"], 20_550);
}
