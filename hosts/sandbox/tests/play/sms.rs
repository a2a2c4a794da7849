//! The SMS provider.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Stage, Told};

const ACCOUNT: &str = dermaga_sandbox::config::TWILIO_ACCOUNT_SID;
const TOKEN: &str = dermaga_sandbox::config::TWILIO_AUTH_TOKEN;

async fn send_as(stage: &Stage, user: &str, password: &str, form: &[(&str, &str)]) -> Told {
    let url = format!("{}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", stage.sandbox.twilio());
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(form);
    let request = stage.http.post(url).basic_auth(user, Some(password));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.finish());
    let response = request.send().await.expect("an answer");
    Told(response.status().as_u16(), response.json().await.expect("JSON"))
}

async fn send(stage: &Stage, to: &str, text: &str) -> Told {
    send_as(stage, ACCOUNT, TOKEN, &[("To", to), ("From", "Dermaga"), ("Body", text)]).await
}

#[tokio::test]
async fn a_message_is_taken_and_arrives() {
    let stage = Stage::still().await;
    let told = send(&stage, "+628110000001", "Kode Anda 123456").await.body(201);
    assert_eq!(told["sid"].as_str().map(str::len), Some(34));
    assert_eq!((&told["status"], &told["num_segments"]), (&json!("queued"), &json!("1")));
    assert_eq!(told["date_created"], "Mon, 05 Jan 2026 03:00:00 +0000");
    stage.advance(3).await;
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{}.json", told["sid"].as_str().expect("an id"));
    let url = format!("{}{path}", stage.sandbox.twilio());
    let now: Value = stage
        .http
        .get(url)
        .basic_auth(ACCOUNT, Some(TOKEN))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(now["status"], "delivered");

    send(&stage, "+628110000002", "x").await.body(201);
    let all = stage.look("/sms").await;
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let one = stage.look("/sms?to=%2B628110000001").await;
    assert_eq!((&one[0]["body"], &one[1]), (&json!("Kode Anda 123456"), &Value::Null));
}

#[tokio::test]
async fn who_has_no_key_sends_nothing() {
    let stage = Stage::still().await;
    let form = [("To", "+628110000001"), ("From", "Dermaga"), ("Body", "x")];
    for (user, password) in [(ACCOUNT, "wrong"), ("ACwrong", TOKEN), ("", "")] {
        let told = send_as(&stage, user, password, &form).await.body(401);
        assert_eq!((&told["code"], &told["status"]), (&json!(20_003), &json!(401)));
    }
    assert_eq!(stage.look("/sms").await, json!([]));
}

#[tokio::test]
async fn wrong_messages_are_refused_with_twilios_codes() {
    let stage = Stage::still().await;
    let long = "x".repeat(1_601);
    for (form, code) in [
        (vec![("From", "D"), ("Body", "x")], 21_604),
        (vec![("To", "+628110000001"), ("Body", "x")], 21_603),
        (vec![("To", "+628110000001"), ("From", "D")], 21_602),
        (vec![("To", "08110000001"), ("From", "D"), ("Body", "x")], 21_211),
        (vec![("To", "+628110000001"), ("From", "D"), ("Body", &long)], 21_617),
        (vec![("To", "+15005550001"), ("From", "D"), ("Body", "x")], 21_211),
        (vec![("To", "+15005550004"), ("From", "D"), ("Body", "x")], 21_610),
        (vec![("To", "+628110000001"), ("From", "+15005550008"), ("Body", "x")], 21_611),
    ] {
        let told = send_as(&stage, ACCOUNT, TOKEN, &form).await.body(400);
        assert_eq!(told["code"], code, "{form:?}");
        assert!(told["more_info"].as_str().is_some_and(|url| url.ends_with(&code.to_string())));
        assert!(told["message"].is_string());
    }
    assert_eq!(stage.look("/sms").await, json!([]));
}

#[tokio::test]
async fn refusals_come_on_demand_and_end() {
    let stage = Stage::still().await;
    let refusal = json!({"to": "+628110000001", "code": 21_610, "times": 1});
    stage.admin(Method::POST, "/sms/refuse", &refusal).await.body(201);
    send(&stage, "+628110000002", "x").await.body(201);
    assert_eq!(send(&stage, "+628110000001", "x").await.body(400)["code"], 21_610);
    send(&stage, "+628110000001", "x").await.body(201);

    stage.admin(Method::POST, "/sms/refuse", &json!({"code": 20_429, "status": 429})).await.body(201);
    for _ in 0..2 {
        send(&stage, "+628110000003", "x").await.body(429);
    }
    stage.admin(Method::DELETE, "/sms/refuse", &Value::Null).await.body(200);
    send(&stage, "+628110000003", "x").await.body(201);
    stage.fault(json!({"match": {"provider": "twilio"}, "mode": "status:503"})).await;
    assert_eq!(send(&stage, "+628110000003", "x").await.body(503)["status"], 503);
}

#[tokio::test]
async fn a_messaging_service_may_send() {
    let stage = Stage::still().await;
    let form = [("To", "+628110000001"), ("MessagingServiceSid", "MG123"), ("Body", "x")];
    let told = send_as(&stage, ACCOUNT, TOKEN, &form).await.body(201);
    assert_eq!((&told["from"], &told["messaging_service_sid"]), (&Value::Null, &json!("MG123")));
}
