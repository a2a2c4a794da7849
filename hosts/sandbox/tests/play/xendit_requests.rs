//! Payment requests at Xendit.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Stage, Told};

const GET: Method = Method::GET;
const POST: Method = Method::POST;

async fn get(stage: &Stage, request: &Value) -> Value {
    let path = format!("/v3/payment_requests/{}", request["payment_request_id"].as_str().expect("an id"));
    stage.xendit(GET, &path, &Value::Null).await.body(200)
}

async fn on_payment(stage: &Stage, request: &Value, action: &str, body: &Value) -> Told {
    let path = format!("/v3/payments/{}{action}", request["latest_payment_id"].as_str().expect("an id"));
    stage.xendit(if action.is_empty() { GET } else { POST }, &path, body).await
}

#[tokio::test]
async fn each_kind_of_channel_says_what_the_customer_has_to_do() {
    let stage = Stage::still().await;
    for (channel, kind, descriptor) in [
        ("BRI_VIRTUAL_ACCOUNT", "PRESENT_TO_CUSTOMER", "VIRTUAL_ACCOUNT_NUMBER"),
        ("ALFAMART", "PRESENT_TO_CUSTOMER", "PAYMENT_CODE"),
        ("QRIS", "PRESENT_TO_CUSTOMER", "QR_STRING"),
        ("DANA", "REDIRECT_CUSTOMER", "WEB_URL"),
        ("CARDS", "REDIRECT_CUSTOMER", "WEB_URL"),
    ] {
        let told = stage.request(channel, 150_000, channel, json!({"metadata": {"a": "b"}})).await.body(201);
        for (name, prefix) in [("payment_request_id", "pr-"), ("latest_payment_id", "py-")] {
            let id = told[name].as_str().expect("an id");
            assert!(id.starts_with(prefix) && id.len() == 39, "{id}");
        }
        assert_eq!((&told["status"], &told["channel_code"]), (&json!("REQUIRES_ACTION"), &json!(channel)));
        assert_eq!((&told["request_amount"], &told["capture_method"]), (&json!(150_000), &json!("AUTOMATIC")));
        assert_eq!(
            (&told["actions"][0]["type"], &told["actions"][0]["descriptor"]),
            (&json!(kind), &json!(descriptor))
        );
        assert_eq!(told["metadata"]["a"], "b");
        assert_eq!(get(&stage, &told).await, told);
        assert_eq!(on_payment(&stage, &told, "", &Value::Null).await.body(200)["status"], "PENDING");
    }
}

#[tokio::test]
async fn a_payment_is_told_in_an_envelope_with_its_captures() {
    let stage = Stage::still().await;
    let told = stage.request("P~pay1s", 150_000, "QRIS", json!({})).await.body(201);
    stage.advance(1).await;
    let hook = stage.sink.take().pop().expect("a webhook");
    assert_eq!((&hook.body["event"], &hook.body["data"]["status"]), (&json!("payment.capture"), &json!("SUCCEEDED")));
    let data = &hook.body["data"];
    assert_eq!(data["payment_request_id"], told["payment_request_id"]);
    assert_eq!((&data["reference_id"], &data["captures"][0]["capture_amount"]), (&json!("P~pay1s"), &json!(150_000)));
    assert_eq!(data["captures"][0]["capture_timestamp"], "2026-01-05T03:00:01.123Z");
    assert_eq!(get(&stage, &told).await["status"], "SUCCEEDED");
    assert_eq!(on_payment(&stage, &told, "", &Value::Null).await.body(200), *data);
    assert_eq!(stage.sums("xendit", "P~pay1s").await, (150_000, 0, 0));
}

#[tokio::test]
async fn scripts_end_a_request() {
    let stage = Stage::still().await;
    for (reference, status, payment, events) in [
        ("S-1~exp1s", "EXPIRED", "EXPIRED", vec!["payment_request.expiry"]),
        ("S-2~fail1s", "FAILED", "FAILED", vec!["payment.failure"]),
        ("S-3~cancel1s", "CANCELED", "CANCELED", vec![]),
        ("S-4~latepay", "SUCCEEDED", "SUCCEEDED", vec!["payment_request.expiry", "payment.capture"]),
        ("S-5~latepay.keep", "EXPIRED", "SUCCEEDED", vec!["payment_request.expiry", "payment.capture"]),
    ] {
        let told = stage.request(reference, 20_000, "DANA", json!({})).await.body(201);
        stage.advance(30).await;
        assert_eq!(get(&stage, &told).await["status"], status, "{reference}");
        assert_eq!(on_payment(&stage, &told, "", &Value::Null).await.body(200)["status"], payment, "{reference}");
        assert_eq!(stage.sink.take_member("event"), events, "{reference}");
    }
    let refused = stage.request("S-6~deny", 20_000, "DANA", json!({})).await.body(201);
    assert_eq!((&refused["status"], &refused["failure_code"]), (&json!("FAILED"), &json!("USER_DECLINED_PAYMENT")));
}

#[tokio::test]
async fn a_request_expires_when_it_said() {
    let stage = Stage::still().await;
    let members = json!({"channel_properties": {"expires_at": "2026-01-05T04:00:00Z"}});
    let told = stage.request("T", 20_000, "BCA_VIRTUAL_ACCOUNT", members).await.body(201);
    stage.advance(3_599).await;
    assert_eq!(get(&stage, &told).await["status"], "REQUIRES_ACTION");
    stage.advance(1).await;
    assert_eq!(get(&stage, &told).await["status"], "EXPIRED");
    let past = json!({"channel_properties": {"expires_at": "2026-01-05T03:00:00Z"}});
    stage.request("T-2", 20_000, "BCA_VIRTUAL_ACCOUNT", past).await.body(400);
}

#[tokio::test]
async fn test_amounts_fail_a_card_as_documented() {
    let stage = Stage::still().await;
    for (amount, code) in [
        (10_051, "EXPIRED_CARD"),
        (10_052, "SUSPECTED_FRAUDULENT"),
        (10_053, "DECLINED_BY_PROCESSOR"),
        (10_054, "INSUFFICIENT_BALANCE"),
        (10_055, "STOLEN_CARD"),
        (10_056, "INACTIVE_OR_UNAUTHORIZED_CARD"),
        (10_057, "PROCESSOR_ERROR"),
        (10_058, "INVALID_CVV"),
        (10_059, "DECLINED_BY_ISSUER"),
    ] {
        let told = stage.request(code, amount, "CARDS", json!({})).await.body(201);
        assert_eq!((&told["status"], &told["failure_code"]), (&json!("FAILED"), &json!(code)));
    }
    stage.advance(0).await;
    assert_eq!(stage.sink.take()[0].body["data"]["failure_code"], "EXPIRED_CARD");
    let other = stage.request("OTHER", 10_051, "DANA", json!({})).await.body(201);
    assert_eq!(other["status"], "REQUIRES_ACTION", "only cards");
}

#[tokio::test]
async fn money_can_be_held_captured_and_let_go() {
    let stage = Stage::still().await;
    let manual = json!({"capture_method": "MANUAL"});
    let told = stage.request("H-1~pay1s", 50_000, "CARDS", manual.clone()).await.body(201);
    let wait = on_payment(&stage, &told, "/capture", &json!({"capture_amount": 1})).await.body(400);
    assert_eq!(wait["error_code"], "INELIGIBLE_TRANSACTION_STATUS", "nothing is held yet");
    stage.advance(1).await;
    assert_eq!(get(&stage, &told).await["status"], "AUTHORIZED");
    assert_eq!(stage.sums("xendit", "H-1~pay1s").await, (0, 0, 0));
    let more = on_payment(&stage, &told, "/capture", &json!({"capture_amount": 50_001})).await.body(400);
    assert_eq!(more["error_code"], "CAPTURE_AMOUNT_EXCEEDED");
    let part = on_payment(&stage, &told, "/capture", &json!({"capture_amount": 40_000})).await.body(200);
    assert_eq!((&part["status"], &part["captures"][0]["capture_amount"]), (&json!("SUCCEEDED"), &json!(40_000)));
    on_payment(&stage, &told, "/capture", &json!({"capture_amount": 10_000})).await.body(400);
    assert_eq!(stage.sums("xendit", "H-1~pay1s").await, (40_000, 0, 0));

    let told = stage.request("H-2~pay1s~auth", 50_000, "DANA", json!({})).await.body(201);
    let idle = stage.request("H-3~pay1s", 50_000, "CARDS", manual.clone()).await.body(201);
    stage.advance(1).await;
    stage.sink.take();
    assert_eq!(on_payment(&stage, &told, "/cancel", &Value::Null).await.body(200)["status"], "CANCELED");
    on_payment(&stage, &told, "/cancel", &Value::Null).await.body(400);
    stage.advance(7 * 86_400).await;
    assert_eq!(get(&stage, &idle).await["status"], "EXPIRED", "a hold lasts a week");
    assert_eq!(stage.sink.take_member("event"), ["payment.expiry"]);
    stage.request("H-4", 50_000, "QRIS", manual).await.body(400);
}

#[tokio::test]
async fn cancelling_and_simulating_need_a_request_that_waits() {
    let stage = Stage::still().await;
    let act = async |request: &Value, action: &str, body: Value| {
        let id = request["payment_request_id"].as_str().expect("an id");
        stage.xendit(POST, &format!("/v3/payment_requests/{id}/{action}"), &body).await
    };
    let one = stage.request("C-1", 20_000, "BRI_VIRTUAL_ACCOUNT", json!({})).await.body(201);
    assert_eq!(act(&one, "cancel", Value::Null).await.body(200)["status"], "CANCELED");
    assert_eq!(act(&one, "cancel", Value::Null).await.body(400)["error_code"], "INACTIVE_PAYMENT_REQUEST");
    assert_eq!(act(&one, "simulate", json!({})).await.body(400)["error_code"], "INACTIVE_PAYMENT_REQUEST");

    let two = stage.request("C-2", 20_000, "BRI_VIRTUAL_ACCOUNT", json!({})).await.body(201);
    act(&two, "simulate", json!({"amount": "x"})).await.body(400);
    assert_eq!(act(&two, "simulate", json!({"amount": 20_000})).await.body(200)["status"], "PENDING");
    assert_eq!(get(&stage, &two).await["status"], "SUCCEEDED");
    assert_eq!(act(&two, "cancel", Value::Null).await.body(400)["error_code"], "INELIGIBLE_TRANSACTION_STATUS");
}

#[tokio::test]
async fn a_code_that_stays_takes_several_payments() {
    let stage = Stage::still().await;
    let reusable = json!({"type": "REUSABLE_PAYMENT_CODE"});
    let told = stage.request("R-1", 20_000, "BRI_VIRTUAL_ACCOUNT", reusable).await.body(201);
    assert_eq!((&told["status"], &told["latest_payment_id"]), (&json!("ACCEPTING_PAYMENTS"), &Value::Null));
    for _ in 0..2 {
        stage.admin(POST, "/tx/R-1/pay", &json!({})).await.body(200);
    }
    assert_eq!(get(&stage, &told).await["status"], "ACCEPTING_PAYMENTS");
    assert_eq!(stage.sums("xendit", "R-1").await, (40_000, 0, 0));
}

#[tokio::test]
async fn wrong_requests_are_refused_with_the_place() {
    let stage = Stage::still().await;
    for (members, path) in [
        (json!({"type": "GIFT"}), "/body/type"),
        (json!({"country": "SG"}), "/body/country"),
        (json!({"currency": "USD"}), "/body/currency"),
        (json!({"channel_code": "CASH"}), "/body/channel_code"),
        (json!({"request_amount": "20000"}), "/body/request_amount"),
        (json!({"reference_id": "x".repeat(256)}), "/body/reference_id"),
        (json!({"capture_method": "LATER"}), "/body/capture_method"),
    ] {
        let told = stage.request("W", 20_000, "QRIS", members).await.body(400);
        assert_eq!((&told["error_code"], &told["errors"][0]["path"]), (&json!("API_VALIDATION_ERROR"), &json!(path)));
    }
    for (channel, amount) in [("BCA_VIRTUAL_ACCOUNT", 9_999), ("INDOMARET", 2_500_001), ("CARDS", 4_999)] {
        let told = stage.request("W", amount, channel, json!({})).await.body(400);
        assert_eq!(told["error_code"], "INVALID_VALUE_ERROR");
    }
    stage.request("TWICE", 20_000, "CARDS", json!({})).await.body(201);
    let told = stage.request("TWICE", 20_000, "CARDS", json!({})).await.body(409);
    assert_eq!(told["error_code"], "DUPLICATE_ERROR");
    stage.request("TWICE", 20_000, "QRIS", json!({})).await.body(201);

    let url = format!("{}/v3/payment_requests", stage.sandbox.xendit());
    let key = dermaga_sandbox::config::XENDIT_SECRET_KEY;
    let told = stage.call(POST, &url, key, &[], &json!({})).await.body(400);
    assert_eq!(told["errors"][0]["path"], "/headers/api-version");
    let unknown = "/v3/payment_requests/pr-00000000-0000-0000-0000-000000000000";
    assert_eq!(stage.xendit(GET, unknown, &Value::Null).await.body(404)["error_code"], "DATA_NOT_FOUND");
    stage.xendit(GET, "/v3/payment_requests/pr-1", &Value::Null).await.body(400);
}
