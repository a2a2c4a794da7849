//! Bodies of the wrong shape: all their faults, each at its place.

use serde_json::json;

use super::*;

/// The faults of an order, as `pointer detail`.
async fn faults(body: Value) -> Vec<String> {
    faults_at("/v1/orders", body.to_string()).await
}

async fn faults_at(path: &str, body: String) -> Vec<String> {
    let client = client();
    let request = client.post(path).content_type("application/json").body(body);
    let (problem, _) = refused(request, 422, "invalid").await;
    let errors = problem["errors"].as_array().expect("a list of faults");
    let text = |fault: &Value, name: &str| fault[name].as_str().expect("a text").to_owned();
    errors.iter().map(|fault| format!("{} {}", text(fault, "pointer"), text(fault, "detail"))).collect()
}

fn with(name: &str, value: Value) -> Value {
    let mut order = order();
    order[name] = value;
    order
}

async fn taken(body: Value) -> Value {
    let client = client();
    answered(client.post("/v1/orders").content_type("application/json").body(body.to_string())).await
}

#[tokio::test]
async fn a_right_order_is_taken() {
    assert_eq!(taken(order()).await, order());
    let client = client();
    let request = client.post("/v1/orders").content_type("application/merge+json; charset=utf-8");
    answered(request.body(order().to_string())).await;
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let body = json!({"amount": "5", "kind": "GIFT", "address": {"zip": 1.5}, "lines": [{"quantity": 300}], "note": 5});
    assert_eq!(
        faults(body).await,
        [
            "/amount must be a whole number, not a text",
            "/kind must be one of TRANSFER, TOP_UP",
            "/owner is required",
            "/address/city is required",
            "/address/zip must be a whole number",
            "/lines/0/product is required",
            "/lines/0/quantity must be at most 255",
            "/note must be a text, not a number",
        ]
    );
}

#[tokio::test]
async fn the_body_itself_can_be_wrong() {
    assert_eq!(faults(json!([])).await, [" must be an object, not a list"]);
    assert_eq!(faults(Value::Null).await, [" must be an object, not null"]);
}

#[tokio::test]
async fn numbers_that_are_no_amounts() {
    assert_eq!(faults(with("amount", json!(50_000.5))).await, ["/amount must be a whole number"]);
    assert_eq!(faults(with("amount", json!(0))).await, ["/amount must be at least 1"]);
    let most = "/amount must be at most 9007199254740991";
    for huge in [json!(9_007_199_254_740_992_i64), json!(u64::MAX), json!(1e300)] {
        assert_eq!(faults(with("amount", huge)).await, [most]);
    }
    let beyond = order().to_string().replace("50000", "1e400");
    let found = faults_at("/v1/orders", beyond).await;
    assert_eq!(found, ["/amount is a number too large to be kept exactly"]);
    assert_eq!(taken(with("amount", json!(9_007_199_254_740_991_i64))).await["amount"], 9_007_199_254_740_991_i64);
    assert_eq!(taken(with("amount", json!(5.0))).await["amount"], 5, "a whole number written at length");
}

#[tokio::test]
async fn texts_have_lengths_and_syntax() {
    let city = |city: &str| with("address", json!({ "city": city }));
    assert_eq!(faults(city("")).await, ["/address/city must have 1 to 20 characters"]);
    assert_eq!(faults(city(&"é".repeat(21))).await, ["/address/city must have 1 to 20 characters"]);
    taken(city(&"é".repeat(20))).await;
    assert_eq!(faults(with("owner", json!("me"))).await, ["/owner must be a UUID"]);
    assert_eq!(faults(with("urgent", json!("yes"))).await, ["/urgent must be true or false, not a text"]);
}

#[tokio::test]
async fn lists_have_lengths() {
    let line = json!({"product": ANY_ID, "quantity": 1});
    assert_eq!(faults(with("lines", json!(vec![line.clone(); 4]))).await, ["/lines must have at most 3 entries"]);
    taken(with("lines", json!(vec![line; 3]))).await;
}

#[tokio::test]
async fn absent_is_not_null_and_unknown_is_tolerated() {
    assert_eq!(faults(with("note", Value::Null)).await, ["/note must not be null; leave it out instead"]);
    assert_eq!(faults(with("kind", Value::Null)).await, ["/kind must be a text, not null"]);
    taken(with("colour", json!("red"))).await;
}

#[tokio::test]
async fn a_union_is_chosen_by_its_tag() {
    let pay = async |body: Value| faults_at("/v1/payments", body.to_string()).await;
    assert_eq!(pay(json!({})).await, ["/method is required and must be one of credit_card, bank_transfer"]);
    assert_eq!(pay(json!({"method": "gold"})).await, ["/method must be one of credit_card, bank_transfer"]);
    assert_eq!(pay(json!({"method": "bank_transfer", "token": "x"})).await, ["/bank is required"]);
    let body = json!({"method": "credit_card", "token": "x"});
    let client = client();
    let request = client.post("/v1/payments").content_type("application/json").body(body.to_string());
    assert_eq!(answered(request).await, body);
}

#[tokio::test]
async fn a_thousand_faults_make_no_long_answer() {
    let lines = vec![json!({}); 3];
    assert_eq!(faults(with("lines", json!(lines))).await.len(), 6);
    let mut value = json!(vec!["x"; 1000]);
    assert_eq!(crate::edge::shape::faults::<Vec<i32>>(&mut value).len(), 100);
}

#[test]
fn keys_are_escaped_in_pointers() {
    let mut value = json!({"a/b~c": "x"});
    let faults = crate::edge::shape::faults::<std::collections::HashMap<String, i32>>(&mut value);
    assert_eq!(faults[0].pointer, "/a~1b~0c");
}
