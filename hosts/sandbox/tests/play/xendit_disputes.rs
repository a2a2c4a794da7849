//! Disputes at Xendit.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Stage, Told};

const POST: Method = Method::POST;

/// A card payment; the payment's id.
async fn paid(stage: &Stage, reference: &str) -> String {
    let told = stage.request(reference, 150_000, "CARDS", json!({})).await.body(201);
    stage.advance(1).await;
    stage.sink.take();
    told["latest_payment_id"].as_str().expect("an id").to_owned()
}

async fn simulate(stage: &Stage, payment: &str, scenario: &str, amount: Value) -> Told {
    let body = json!({"scenario": scenario, "payment_id": payment, "amount": amount, "currency": "IDR"});
    stage.xendit(POST, "/v1/disputes/simulate", &body).await
}

#[tokio::test]
async fn a_dispute_goes_its_way_and_takes_money_only_when_it_is_lost() {
    let stage = Stage::still().await;
    let payment = paid(&stage, "D-1~pay1s").await;
    let told = simulate(&stage, &payment, "CREATE_DISPUTE", json!("150000")).await.body(200);
    assert!(told["id"].as_str().is_some_and(|id| id.starts_with("mi-dspt-")));
    assert_eq!(told["amount"], json!({"initial": "150000.00", "terminal": null}), "texts here");
    assert_eq!(stage.sums("xendit", "D-1~pay1s").await, (150_000, 0, 0));
    for to in ["UNDER_REVIEW", "LOST"] {
        stage.admin(POST, "/tx/D-1~pay1s/dispute", &json!({"to": to})).await.body(200);
    }
    stage.admin(POST, "/tx/D-1~pay1s/dispute", &json!({"to": "NEVER"})).await.body(400);
    assert_eq!(stage.sums("xendit", "D-1~pay1s").await, (150_000, 0, 150_000));
    stage.advance(0).await;
    let heard = stage.sink.take();
    let events: Vec<_> = heard.iter().map(|hook| hook.body["event"].clone()).collect();
    assert_eq!(events, ["dispute.action_required", "dispute.under_review", "dispute.lost"]);
    assert_eq!((&heard[2].body["id"], &heard[2].body["status"]), (&told["id"], &json!("LOST")), "no envelope");
    assert_eq!(heard[2].body["payment_id"], json!(payment));
}

#[tokio::test]
async fn a_dispute_may_be_won_or_lost_in_part() {
    let stage = Stage::still().await;
    let won = paid(&stage, "D-2~pay1s").await;
    assert_eq!(simulate(&stage, &won, "DISPUTE_WON", Value::Null).await.0, 400, "there is none");
    simulate(&stage, &won, "CREATE_DISPUTE", Value::Null).await.body(200);
    assert_eq!(simulate(&stage, &won, "DISPUTE_WON", Value::Null).await.body(200)["status"], "WON");
    assert_eq!(stage.sums("xendit", "D-2~pay1s").await, (150_000, 0, 0));

    paid(&stage, "D-3~pay1s").await;
    stage.admin(POST, "/tx/D-3~pay1s/dispute", &json!({"to": "LOST", "amount": 50_000})).await.body(200);
    assert_eq!(stage.sums("xendit", "D-3~pay1s").await, (150_000, 0, 50_000));
    stage.advance(0).await;
    let last = stage.sink.take().pop().expect("a webhook").body;
    assert_eq!(last["amount"], json!({"initial": "150000.00", "terminal": "50000.00"}));
}

#[tokio::test]
async fn a_script_takes_the_money_back() {
    let stage = Stage::still().await;
    paid(&stage, "D-4~pay1s~cbp1h.20000").await;
    stage.invoice("D-5~cb1h", 20_000, json!({"payment_methods": ["CREDIT_CARD"]})).await;
    stage.advance(3_600).await;
    assert_eq!(stage.sums("xendit", "D-4~pay1s~cbp1h.20000").await, (150_000, 0, 20_000));
    assert_eq!(stage.sums("xendit", "D-5~cb1h").await, (20_000, 0, 20_000));
}

#[tokio::test]
async fn disputes_are_listed_page_by_page() {
    let stage = Stage::still().await;
    for reference in ["L-1~pay1s", "L-2~pay1s", "L-3~pay1s"] {
        let payment = paid(&stage, reference).await;
        simulate(&stage, &payment, "CREATE_DISPUTE_EXCEED_DEADLINE", Value::Null).await.body(200);
    }
    let list =
        async |query: &str| stage.xendit(Method::GET, &format!("/v1/disputes?{query}"), &Value::Null).await.body(200);
    let first = list("limit=2").await;
    assert_eq!((first["data"].as_array().map(Vec::len), &first["pagination"]["has_more"]), (Some(2), &json!(true)));
    assert_eq!(first["data"][0]["status_reason"], "EXCEEDED_DEADLINE");
    let cursor = first["pagination"]["next_cursor"].as_str().expect("a cursor");
    let rest = list(&format!("limit=2&cursor={cursor}")).await;
    assert_eq!(
        (rest["data"][0]["reference_id"].clone(), rest["pagination"]["has_more"].clone()),
        (json!("L-3~pay1s"), json!(false))
    );
    assert_eq!(list("status=WON").await["data"], json!([]));
    assert_eq!(list("status=LOST").await["data"].as_array().map(Vec::len), Some(3));
    let id = first["data"][0]["id"].as_str().expect("an id");
    assert_eq!(
        stage.xendit(Method::GET, &format!("/v1/disputes/{id}"), &Value::Null).await.body(200),
        first["data"][0]
    );
    stage.xendit(Method::GET, "/v1/disputes/mi-dspt-x", &Value::Null).await.body(404);
}

#[tokio::test]
async fn only_cards_and_qr_codes_are_disputed() {
    let stage = Stage::still().await;
    let told = stage.request("B~pay1s", 20_000, "DANA", json!({})).await.body(201);
    stage.advance(1).await;
    let payment = told["latest_payment_id"].as_str().expect("an id");
    simulate(&stage, payment, "CREATE_DISPUTE", Value::Null).await.body(400);
    simulate(&stage, "py-x", "CREATE_DISPUTE", Value::Null).await.body(404);
    let card = paid(&stage, "B-2~pay1s").await;
    simulate(&stage, &card, "CREATE_DISPUTE", json!("150001")).await.body(400);
    simulate(&stage, &card, "CREATE_DISPUTE", json!("1e5")).await.body(400);
    simulate(&stage, &card, "SHRUG", Value::Null).await.body(400);
}
