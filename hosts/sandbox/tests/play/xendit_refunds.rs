//! Refunds at Xendit.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Stage, Told};

const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// A payment request that is paid; its id.
async fn paid(stage: &Stage, reference: &str, channel: &str) -> String {
    let told = stage.request(reference, 100_000, channel, json!({})).await.body(201);
    stage.advance(1).await;
    stage.sink.take();
    told["payment_request_id"].as_str().expect("an id").to_owned()
}

async fn refund(stage: &Stage, request: &str, reference: &str, members: Value) -> Told {
    let mut body = json!({"payment_request_id": request, "reference_id": reference, "reason": "REQUESTED_BY_CUSTOMER"});
    if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
        body.extend(members);
    }
    stage.xendit(POST, "/refunds", &body).await
}

fn code(told: Told, status: u16) -> String {
    told.body(status)["error_code"].as_str().expect("a code").to_owned()
}

#[tokio::test]
async fn a_refund_waits_and_then_succeeds() {
    let stage = Stage::still().await;
    let request = paid(&stage, "R-1~pay1s", "DANA").await;
    let told = refund(&stage, &request, "R-1-A", json!({"amount": 40_000})).await.body(200);
    assert!(told["id"].as_str().is_some_and(|id| id.starts_with("rfd-")));
    assert_eq!((&told["status"], &told["amount"]), (&json!("PENDING"), &json!(40_000)));
    assert_eq!((&told["channel_code"], &told["payment_method_type"]), (&json!("DANA"), &json!("EWALLET")));
    assert_eq!(stage.sums("xendit", "R-1~pay1s").await, (100_000, 0, 0));
    stage.advance(5).await;
    let hook = stage.sink.take().pop().expect("a webhook");
    assert_eq!((&hook.body["event"], &hook.body["data"]["id"]), (&json!("refund.succeeded"), &told["id"]));
    let now = stage.xendit(GET, &format!("/refunds/{}", told["id"].as_str().expect("an id")), &Value::Null).await;
    assert_eq!(now.body(200)["status"], "SUCCEEDED");
    assert_eq!(stage.sums("xendit", "R-1~pay1s").await, (100_000, 40_000, 0));
    let rest = refund(&stage, &request, "R-1-B", json!({})).await.body(200);
    assert_eq!(rest["amount"], 60_000, "without an amount it is the rest");
}

#[tokio::test]
async fn one_at_a_time_and_never_more_than_was_paid() {
    let stage = Stage::still().await;
    let request = paid(&stage, "R-2~pay1s", "QRIS").await;
    assert_eq!(code(refund(&stage, &request, "A", json!({"amount": 100_001})).await, 400), "REFUND_AMOUNT_EXCEEDED");
    refund(&stage, &request, "B", json!({"amount": 60_000})).await.body(200);
    assert_eq!(code(refund(&stage, &request, "C", json!({"amount": 1})).await, 400), "REFUND_IN_PROGRESS");
    stage.advance(5).await;
    assert_eq!(code(refund(&stage, &request, "D", json!({"amount": 40_001})).await, 400), "REFUND_AMOUNT_EXCEEDED");
    assert_eq!(code(refund(&stage, &request, "B", json!({"amount": 1})).await, 409), "DUPLICATE_ERROR");
    assert_eq!(stage.sums("xendit", "R-2~pay1s").await, (100_000, 60_000, 0));
}

#[tokio::test]
async fn a_key_brings_the_first_answer_and_another_body_is_a_conflict() {
    let stage = Stage::still().await;
    let request = paid(&stage, "R-3~pay1s", "DANA").await;
    let key = [("idempotency-key", "refund-1")];
    let body = json!({"payment_request_id": request, "reason": "OTHERS", "reference_id": "K", "amount": 10_000});
    let first = stage.xendit_with(POST, "/refunds", &key, &body).await;
    assert_eq!(first.0, 200);
    assert_eq!(stage.xendit_with(POST, "/refunds", &key, &body).await, first);
    let other = json!({"payment_request_id": request, "reason": "OTHERS", "reference_id": "K", "amount": 20_000});
    assert_eq!(code(stage.xendit_with(POST, "/refunds", &key, &other).await, 409), "IDEMPOTENCY_ERROR");
    stage.advance(86_401).await;
    let late = stage.xendit_with(POST, "/refunds", &key, &body).await;
    assert_eq!(code(late, 409), "DUPLICATE_ERROR", "the key is forgotten, the reference is not");
}

#[tokio::test]
async fn a_refund_may_fail_take_its_time_or_be_cancelled() {
    let stage = Stage::still().await;
    let denied = paid(&stage, "R-4~pay1s~rfdeny", "DANA").await;
    refund(&stage, &denied, "A", json!({"amount": 10_000})).await.body(200);
    stage.advance(5).await;
    let hook = stage.sink.take().pop().expect("a webhook");
    assert_eq!(
        (&hook.body["event"], &hook.body["data"]["failure_code"]),
        (&json!("refund.failed"), &json!("REFUND_FAILED"))
    );
    assert_eq!(stage.sums("xendit", "R-4~pay1s~rfdeny").await, (100_000, 0, 0));
    refund(&stage, &denied, "B", json!({"amount": 100_000})).await.body(200);

    let slow = paid(&stage, "R-5~pay1s~rfpend1h", "DANA").await;
    let told = refund(&stage, &slow, "C", json!({"amount": 10_000})).await.body(200);
    stage.advance(3_599).await;
    let path = format!("/refunds/{}", told["id"].as_str().expect("an id"));
    assert_eq!(stage.xendit(GET, &path, &Value::Null).await.body(200)["status"], "PENDING");
    let cancelled = stage.xendit(POST, &format!("{path}/cancel"), &Value::Null).await.body(200);
    assert_eq!(cancelled["status"], "CANCELLED", "with two L");
    stage.xendit(POST, &format!("{path}/cancel"), &Value::Null).await.body(400);
    stage.advance(1).await;
    assert_eq!(stage.sums("xendit", "R-5~pay1s~rfpend1h").await, (100_000, 0, 0));
}

#[tokio::test]
async fn a_refunds_own_script_counts_before_the_payments() {
    let stage = Stage::still().await;
    let request = paid(&stage, "R-6~pay1s", "DANA").await;
    refund(&stage, &request, "OWN~rfdeny~nest", json!({"amount": 10_000})).await.body(200);
    stage.advance(5).await;
    let body = stage.sink.take().pop().expect("a webhook").body;
    assert_eq!(body["event"], "refund.failed");
    assert_eq!(body["data"]["data"]["reference_id"], "OWN~rfdeny~nest", "an envelope too many");
}

#[tokio::test]
async fn what_cannot_be_refunded_is_refused_by_its_reason() {
    let stage = Stage::still().await;
    for (reference, channel) in [("N-1~pay1s", "BRI_VIRTUAL_ACCOUNT"), ("N-2~pay1s", "ALFAMART")] {
        let request = paid(&stage, reference, channel).await;
        assert_eq!(code(refund(&stage, &request, reference, json!({})).await, 403), "REFUND_NOT_SUPPORTED");
    }
    let whole = paid(&stage, "N-3~pay1s", "LINKAJA").await;
    assert_eq!(code(refund(&stage, &whole, "A", json!({"amount": 5})).await, 403), "PARTIAL_REFUND_NOT_SUPPORTED");
    refund(&stage, &whole, "B", json!({})).await.body(200);
    let open = stage.request("N-4", 20_000, "DANA", json!({})).await.body(201);
    let open = open["payment_request_id"].as_str().expect("an id");
    assert_eq!(code(refund(&stage, open, "C", json!({})).await, 400), "INELIGIBLE_TRANSACTION_STATUS");
    assert_eq!(code(refund(&stage, "pr-unknown", "D", json!({})).await, 404), "DATA_NOT_FOUND");
    let old = paid(&stage, "N-5~pay1s", "OVO").await;
    stage.advance(15 * 86_400).await;
    assert_eq!(code(refund(&stage, &old, "E", json!({})).await, 400), "INELIGIBLE_TRANSACTION_STATUS");
    for wrong in [
        json!({"reason": "WHY NOT"}),
        json!({"amount": 0}),
        json!({"amount": "5"}),
        json!({"payment_request_id": null}),
    ] {
        assert_eq!(code(refund(&stage, &old, "F", wrong).await, 400), "API_VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn refunds_of_an_invoice_are_found_again() {
    let stage = Stage::still().await;
    let invoice = stage.invoice("I-1~pay1s", 100_000, json!({"payment_methods": ["DANA"]})).await;
    stage.advance(1).await;
    let id = invoice["id"].as_str().expect("an id");
    for reference in ["I-A", "I-B", "I-C"] {
        let body = json!({"invoice_id": id, "reference_id": reference, "amount": 10_000, "reason": "DUPLICATE"});
        stage.xendit(POST, "/refunds", &body).await.body(200);
        stage.advance(5).await;
    }
    let list = stage.xendit(GET, &format!("/refunds?invoice_id={id}&limit=2"), &Value::Null).await.body(200);
    let references = |list: &Value| -> Vec<Value> {
        list["data"].as_array().expect("a list").iter().map(|one| one["reference_id"].clone()).collect()
    };
    assert_eq!((references(&list), &list["has_more"]), (vec![json!("I-A"), json!("I-B")], &json!(true)));
    let last = list["data"][1]["id"].as_str().expect("an id");
    let rest = stage.xendit(GET, &format!("/refunds?invoice_id={id}&after_id={last}"), &Value::Null).await.body(200);
    assert_eq!((references(&rest), &rest["has_more"]), (vec![json!("I-C")], &json!(false)));
    let none = stage.xendit(GET, "/refunds?payment_request_id=pr-x", &Value::Null).await.body(200);
    assert_eq!(references(&none), Vec::<Value>::new());
    assert_eq!(stage.sums("xendit", "I-1~pay1s").await, (100_000, 30_000, 0));
}
