//! Snap: sessions, their one error shape, and the customer's choice.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Stage;

async fn create(stage: &Stage, order: &str, members: Value) -> Value {
    stage.snap("/transactions", &Stage::order(order, 150_000, members)).await.body(201)
}

#[tokio::test]
async fn a_session_is_a_token_and_an_address_and_no_transaction_yet() {
    let stage = Stage::still().await;
    let told = create(&stage, "S-1", json!({})).await;
    let token = told["token"].as_str().expect("a token");
    assert_eq!(token.len(), 36);
    assert!(told["redirect_url"].as_str().is_some_and(|url| url.ends_with(&format!("/snap/v3/redirection/{token}"))));
    stage.advance(60).await;
    assert_eq!(stage.status("S-1").await["status_code"], "404", "until a method is chosen");
    assert!(stage.sink.take().is_empty());
}

#[tokio::test]
async fn a_scripts_customer_chooses_the_first_method_and_pays() {
    let stage = Stage::still().await;
    create(&stage, "S-2~pay1s", json!({"enabled_payments": ["credit_card", "gopay", "bca_va"]})).await;
    assert_eq!(stage.status("S-2~pay1s").await["status_code"], "404");
    stage.advance(1).await;
    let told = stage.status("S-2~pay1s").await;
    assert_eq!((&told["transaction_status"], &told["payment_type"]), (&json!("settlement"), &json!("gopay")));
    assert_eq!(stage.sink.take_member("transaction_status"), ["pending", "settlement"]);

    create(&stage, "S-3~challenge", json!({})).await;
    stage.advance(0).await;
    let told = stage.status("S-3~challenge").await;
    assert_eq!((&told["payment_type"], &told["fraud_status"]), (&json!("credit_card"), &json!("challenge")));
}

#[tokio::test]
async fn after_a_refusal_the_customer_may_try_again() {
    let stage = Stage::still().await;
    create(&stage, "S-4~deny~pay5s", json!({"enabled_payments": ["gopay"]})).await;
    stage.advance(4).await;
    assert_eq!(stage.status("S-4~deny~pay5s").await["transaction_status"], "deny");
    stage.advance(1).await;
    assert_eq!(stage.status("S-4~deny~pay5s").await["transaction_status"], "settlement");
    // Not so at the core.
    let body = Stage::order("CORE~deny~pay5s", 1_000, json!({"payment_type": "gopay"}));
    stage.core("/v2/charge", &body).await.body(200);
    stage.advance(5).await;
    assert_eq!(stage.status("CORE~deny~pay5s").await["transaction_status"], "deny");
}

#[tokio::test]
async fn a_second_request_kills_the_first_token_until_a_method_is_chosen() {
    let stage = Stage::still().await;
    let first = create(&stage, "S-5", json!({})).await;
    let second = create(&stage, "S-5", json!({})).await;
    assert_ne!(first["token"], second["token"]);
    let page = async |told: &Value| {
        let url = told["redirect_url"].as_str().expect("an address");
        stage.http.get(url).send().await.expect("a page").text().await.expect("a text")
    };
    assert!(page(&first).await.contains("<strong id=\"status\">over</strong>"));
    assert!(page(&second).await.contains("<strong id=\"status\">open</strong>"));
    stage.admin(Method::POST, "/tx/S-5/pay", &json!({"method": "bca_va"})).await.body(200);
    let told = stage.snap("/transactions", &Stage::order("S-5", 150_000, json!({}))).await.body(400);
    assert!(told["error_messages"][0].as_str().is_some_and(|text| text.contains("paid and utilized")));
}

#[tokio::test]
async fn a_session_is_cancelled_once_and_only_while_it_is_open() {
    let stage = Stage::still().await;
    let open = create(&stage, "S-6", json!({})).await;
    let cancel = async |told: &Value| {
        let path = format!("/transactions/{}/cancel", told["token"].as_str().expect("a token"));
        stage.snap(&path, &Value::Null).await
    };
    assert_eq!(cancel(&open).await.body(200)["canceled_at"], "2026-01-05 10:00:00");
    assert_eq!(cancel(&open).await.body(400)["error_messages"], json!(["token already canceled"]));
    let chosen = create(&stage, "S-7~exp1h", json!({})).await;
    stage.advance(0).await;
    assert_eq!(cancel(&chosen).await.body(400)["error_messages"], json!(["Transaction is on progress"]));
    let unknown = stage.snap("/transactions/nothing/cancel", &Value::Null).await.body(404);
    assert_eq!(unknown["error_messages"], json!(["token not found"]));
}

#[tokio::test]
async fn faults_are_a_list_of_sentences() {
    let stage = Stage::still().await;
    let body = Stage::order("", 1_000, json!({"item_details": [{"name": "x", "price": 1, "quantity": 1}]}));
    let told = stage.snap("/transactions", &body).await.body(400);
    assert_eq!(told["error_messages"].as_array().map(Vec::len), Some(2), "{told}");
    assert!(told["status_code"].is_null());
    let script = Stage::order("E~e503", 1_000, json!({}));
    assert!(stage.snap("/transactions", &script).await.body(503)["error_messages"].is_array());
}

#[tokio::test]
async fn the_customers_time_begins_with_the_choice() {
    let stage = Stage::still().await;
    create(&stage, "S-8", json!({"expiry": {"duration": 30, "unit": "minute"}, "enabled_payments": ["bca_va"]})).await;
    stage.advance(600).await;
    stage.admin(Method::POST, "/tx/S-8/choose", &json!({})).await.body(200);
    assert_eq!(stage.status("S-8").await["expiry_time"], "2026-01-05 10:40:00");
    create(&stage, "S-9", json!({})).await;
    stage.advance(86_400).await;
    stage.admin(Method::POST, "/tx/S-9/pay", &json!({})).await.body(409);
}
