//! How Midtrans refuses: in the body, by HTTP, or both; order ids and idempotency keys.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::{Stage, Told};

const POST: Method = Method::POST;

/// A charge with a raw body.
async fn raw(stage: &Stage, body: String) -> Told {
    let url = format!("{}/v2/charge", stage.sandbox.midtrans_api());
    let key = dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
    let response = stage.http.post(url).basic_auth(key, Some("")).body(body).send().await.expect("an answer");
    Told(response.status().as_u16(), response.json().await.expect("JSON"))
}

#[tokio::test]
async fn most_refusals_are_200_with_a_code_in_the_body() {
    let stage = Stage::still().await;
    let told = stage.status("NOBODY").await;
    assert_eq!((&told["status_code"], &told["status_message"]), (&json!("404"), &json!("Transaction doesn't exist.")));
    assert_eq!(told["id"].as_str().map(str::len), Some(36));

    stage.charge("TWICE", 1_000, json!({})).await;
    let told = stage.core("/v2/charge", &Stage::order("TWICE", 1_000, json!({}))).await.body(200);
    assert_eq!(told["status_code"], "406");
    let told = stage.core("/v2/TWICE/approve", &Value::Null).await.body(200);
    assert_eq!(told["status_code"], "412");
    let told = stage.core("/v2/capture", &json!({"transaction_id": "NOBODY", "gross_amount": 1})).await.body(200);
    assert_eq!(told["status_code"], "404");
}

#[tokio::test]
async fn in_modern_mode_the_status_of_http_says_the_same() {
    let stage = Stage::still().await;
    stage.set(json!({"midtrans": {"http_errors": "modern"}})).await;
    let url = format!("{}/v2/NOBODY/status", stage.sandbox.midtrans_api());
    let key = dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
    assert_eq!(stage.call(Method::GET, &url, key, &[], &Value::Null).await.body(404)["status_code"], "404");
    assert_eq!(stage.call(Method::GET, &url, "wrong", &[], &Value::Null).await.body(401)["status_code"], "401");
    stage.charge("ONE", 1_000, json!({})).await;
    assert_eq!(stage.core("/v2/ONE/deny", &Value::Null).await.body(412)["status_code"], "412");
    assert_eq!(stage.core("/v2/ONE/expire", &Value::Null).await.body(200)["status_code"], "407", "that is a success");
}

#[tokio::test]
async fn who_has_no_key_is_told_so_in_each_apis_own_way() {
    let stage = Stage::still().await;
    let core = format!("{}/v2/ANY/status", stage.sandbox.midtrans_api());
    let right = dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
    let ask = |user: &str, password: &str| stage.http.get(&core).basic_auth(user, Some(password)).send();
    for (user, password) in [("wrong", ""), (right, "password"), ("", "")] {
        let told: Value = ask(user, password).await.expect("an answer").json().await.expect("JSON");
        assert_eq!(told["status_code"], "401", "{user}:{password}");
    }
    let told: Value = Client::new().get(&core).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(told["status_code"], "401");

    let snap = format!("{}/transactions", stage.sandbox.midtrans_snap());
    let told = stage.call(POST, &snap, "wrong", &[], &Stage::order("S", 1, json!({}))).await.body(401);
    assert!(told["error_messages"][0].as_str().is_some_and(|text| text.starts_with("Access denied")));
}

#[tokio::test]
async fn all_faults_of_a_charge_are_told_with_400() {
    let stage = Stage::still().await;
    let members = json!({
        "item_details": [{"id": "A", "name": "x".repeat(51), "price": 100, "quantity": 2}],
        "custom_field1": "x".repeat(256),
        "bank_transfer": {"bank": "nobank"},
    });
    let told = stage.core("/v2/charge", &Stage::order("", 1_000, members)).await.body(400);
    assert_eq!(told["status_code"], "400");
    let messages = told["validation_messages"].to_string();
    for named in ["order_id", "sum of item_details", "item_details[0].name", "custom_field1", "bank_transfer.bank"] {
        assert!(messages.contains(named), "{named} in {messages}");
    }
    assert_eq!(told["validation_messages"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn amounts_are_whole_numbers_and_items_add_up() {
    let stage = Stage::still().await;
    for wrong in [json!("1000"), json!(1000.5), json!(0), json!(-5), json!(null), json!(1e30)] {
        let mut body = Stage::order("AMOUNT", 1, json!({}));
        body["transaction_details"]["gross_amount"] = wrong.clone();
        let told = stage.core("/v2/charge", &body).await.body(400);
        assert!(told["validation_messages"][0].as_str().is_some_and(|text| text.contains("gross_amount")), "{wrong}");
    }
    let items = json!({"item_details": [
        {"name": "Nasi kotak", "price": 70_000, "quantity": 2}, {"name": "Ongkir", "price": 20_000, "quantity": 1},
        {"name": "Diskon", "price": -10_000, "quantity": 1},
    ]});
    stage.charge("ITEMS", 150_000, items).await;
}

#[tokio::test]
async fn order_ids_have_50_characters_at_most_and_few_signs() {
    let stage = Stage::still().await;
    stage.charge(&"x".repeat(50), 1_000, json!({})).await;
    for wrong in ["x".repeat(51), "a b".to_owned(), "a#b".to_owned(), "a/b".to_owned(), "é".to_owned()] {
        let told = stage.core("/v2/charge", &Stage::order(&wrong, 1_000, json!({}))).await.body(400);
        assert!(told["validation_messages"][0].as_str().is_some_and(|text| text.contains("order_id")), "{wrong}");
    }
    // Ids that look like something else in a path.
    for odd in ["charge", "capture", "token", "3ds", "A_b-c.d", "gopay"] {
        stage.charge(odd, 1_000, json!({})).await;
        assert_eq!(stage.status(odd).await["order_id"], odd);
    }
}

#[tokio::test]
async fn bodies_are_json_of_at_most_16_kilobytes() {
    let stage = Stage::still().await;
    assert_eq!(raw(&stage, "{".to_owned()).await.body(413)["status_code"], "413");
    let large = Stage::order("LARGE", 1_000, json!({"x": "x".repeat(17_000)})).to_string();
    assert_eq!(raw(&stage, large).await.body(413)["status_code"], "413");
    let fits = Stage::order("LARGE", 1_000, json!({"x": "x".repeat(15_000)})).to_string();
    assert_eq!(raw(&stage, fits).await.body(200)["status_code"], "201");
}

#[tokio::test]
async fn each_api_is_at_its_own_host() {
    let stage = Stage::still().await;
    let (api, base) = (stage.sandbox.midtrans_api(), stage.sandbox.base_url.clone());
    let key = dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
    for wrong in [format!("{api}/snap/v1/transactions"), format!("{base}/midtrans/app/v2/charge")] {
        stage.call(POST, &wrong, key, &[], &Stage::order("HOST", 1_000, json!({}))).await.body(404);
    }
    let status = format!("{api}/v2/X/status");
    let html = stage.call(Method::GET, &status, key, &[("accept", "text/html")], &Value::Null).await;
    assert_eq!(html.body(200)["status_code"], "403");
}

#[tokio::test]
async fn a_key_brings_the_first_success_again_for_five_minutes() {
    let stage = Stage::still().await;
    let key = [("idempotency-key", "8c1f-key-1")];
    let first = stage.core_with("/v2/charge", &key, &Stage::order("KEY-1", 1_000, json!({}))).await.body(200);
    let again = stage.core_with("/v2/charge", &key, &Stage::order("KEY-1", 1_000, json!({}))).await.body(200);
    assert_eq!(first, again);
    let other = stage.core_with("/v2/charge", &key, &Stage::order("KEY-2", 2_000, json!({}))).await.body(200);
    assert_eq!(first, other, "whatever the body says");
    assert_eq!(stage.look("/tx").await.as_array().map(Vec::len), Some(1));
    stage.advance(301).await;
    let late = stage.core_with("/v2/charge", &key, &Stage::order("KEY-1", 1_000, json!({}))).await.body(200);
    assert_eq!(late["status_code"], "406", "only the order's id guards now");
}

#[tokio::test]
async fn a_key_keeps_no_failure_and_is_sometimes_not_read() {
    let stage = Stage::still().await;
    let key = [("idempotency-key", "8c1f-key-2")];
    stage.core_with("/v2/charge", &key, &Stage::order("BAD ID", 1_000, json!({}))).await.body(400);
    let good = stage.core_with("/v2/charge", &key, &Stage::order("GOOD", 1_000, json!({}))).await.body(200);
    assert_eq!(good["status_code"], "201");

    let long = "k".repeat(47);
    let permata = json!({"bank_transfer": {"bank": "permata"}});
    for (key, order, members) in [(long.as_str(), "LONG", json!({})), ("short", "PERMATA", permata)] {
        let body = Stage::order(order, 1_000, members);
        let headers = [("idempotency-key", key)];
        assert_eq!(stage.core_with("/v2/charge", &headers, &body).await.body(200)["status_code"], "201");
        assert_eq!(stage.core_with("/v2/charge", &headers, &body).await.body(200)["status_code"], "406", "{order}");
    }
}

#[tokio::test]
async fn while_the_first_call_runs_the_second_is_told_202() {
    let stage = Stage::still().await;
    stage.fault(json!({"match": {"path": "/v2/charge"}, "mode": "slow:1000"})).await;
    let key = [("idempotency-key", "8c1f-key-3")];
    let body = Stage::order("SLOW", 1_000, json!({}));
    let first = stage.core_with("/v2/charge", &key, &body);
    let second = async {
        stage.heard("SLOW").await;
        stage.core_with("/v2/charge", &key, &body).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.clone().body(200)["status_code"], "201");
    assert_eq!(second, Told(202, json!({})));
    assert_eq!(stage.core_with("/v2/charge", &key, &body).await, first);
}

#[tokio::test]
async fn of_many_charges_of_one_order_at_once_one_is_made() {
    let stage = Stage::still().await;
    let body = Stage::order("RACE", 1_000, json!({}));
    let told = futures::future::join_all((0..20).map(|_| stage.core("/v2/charge", &body))).await;
    let made = told.iter().filter(|told| told.1["status_code"] == "201").count();
    let refused = told.iter().filter(|told| told.1["status_code"] == "406").count();
    assert_eq!((made, refused), (1, 19));

    let body = Stage::order("RACE-2", 1_000, json!({}));
    let key = [("idempotency-key", "race-2")];
    let told = futures::future::join_all((0..20).map(|_| stage.core_with("/v2/charge", &key, &body))).await;
    assert!(told.iter().all(|told| told.0 == 202 || told.1["status_code"] == "201"), "{told:?}");
    assert_eq!(stage.look("/tx?ref=RACE-2").await.as_array().map(Vec::len), Some(1));
}
