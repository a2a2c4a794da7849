//! Cards: tokens, the bank's question, challenges, holds.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Stage;

const GOOD: &str = "4811111111111114";

#[tokio::test]
async fn test_cards_answer_as_documented() {
    let stage = Stage::still().await;
    for (number, code, status, fraud) in [
        (GOOD, "200", "capture", "accept"),
        ("5211111111111117", "200", "capture", "accept"),
        ("4911111111111113", "202", "deny", "accept"),
        ("5111111111111118", "202", "deny", "accept"),
        ("4511111111111117", "201", "capture", "challenge"),
        ("5510111111111115", "201", "capture", "challenge"),
        ("4611111111111116", "202", "deny", "deny"),
    ] {
        let told = stage.card(number, 1_000, number, json!({})).await;
        let shown = (&told["status_code"], &told["transaction_status"], &told["fraud_status"]);
        assert_eq!(shown, (&json!(code), &json!(status), &json!(fraud)), "{number}");
    }
    let denied = stage.status("4911111111111113").await;
    assert_eq!((&denied["status_code"], &denied["channel_response_code"]), (&json!("202"), &json!("05")));
    let good = stage.status(GOOD).await;
    assert_eq!((&good["channel_response_code"], &good["eci"]), (&json!("00"), &json!("05")));
}

#[tokio::test]
async fn a_token_is_good_for_one_charge() {
    let stage = Stage::still().await;
    let token = stage.token(GOOD).await;
    assert!(token.starts_with("tok-accept-"));
    let body = |order: &str, token: &str| {
        Stage::order(order, 1_000, json!({"payment_type": "credit_card", "credit_card": {"token_id": token}}))
    };
    assert_eq!(stage.core("/v2/charge", &body("T-1", &token)).await.body(200)["status_code"], "200");
    assert_eq!(stage.core("/v2/charge", &body("T-2", &token)).await.body(200)["status_code"], "411");
    assert_eq!(stage.core("/v2/charge", &body("T-3", "tok-accept-made-up")).await.body(200)["status_code"], "411");
    let none = Stage::order("T-4", 1_000, json!({"payment_type": "credit_card"}));
    stage.core("/v2/charge", &none).await.body(400);
    assert!(!stage.look("/requests").await.to_string().contains(&token), "the journal does not know it");
}

#[tokio::test]
async fn tokens_are_for_browsers_that_know_the_client_key() {
    let stage = Stage::still().await;
    let url = format!("{}/v2/token?client_key=wrong&card_number={GOOD}", stage.sandbox.midtrans_api());
    assert_eq!(stage.call(Method::GET, &url, "", &[], &Value::Null).await.body(200)["status_code"], "401");
    let key = dermaga_sandbox::config::MIDTRANS_CLIENT_KEY;
    let url = format!("{}/v2/token?client_key={key}&card_number=12", stage.sandbox.midtrans_api());
    let told = stage.call(Method::GET, &url, "", &[], &Value::Null).await.body(400);
    assert_eq!(told["validation_messages"].as_array().map(Vec::len), Some(4), "{told}");
}

#[tokio::test]
async fn a_cards_money_arrives_next_day_at_16() {
    let stage = Stage::still().await;
    stage.card("N-1", 1_000, GOOD, json!({})).await;
    // From 10:00 in Jakarta to 16:00 of the next day.
    stage.advance(30 * 3_600 - 1).await;
    assert_eq!(stage.status("N-1").await["transaction_status"], "capture");
    stage.advance(1).await;
    let told = stage.status("N-1").await;
    assert_eq!(
        (&told["transaction_status"], &told["settlement_time"]),
        (&json!("settlement"), &json!("2026-01-06 16:00:00"))
    );
    stage.card("N-2~settle", 1_000, GOOD, json!({})).await;
    stage.advance(0).await;
    assert_eq!(stage.status("N-2~settle").await["transaction_status"], "settlement");
}

#[tokio::test]
async fn a_capture_is_cancelled_until_its_money_arrives() {
    let stage = Stage::still().await;
    stage.card("V-1", 1_000, GOOD, json!({})).await;
    assert_eq!(stage.sums("midtrans", "V-1").await, (1_000, 0, 0));
    assert_eq!(stage.core("/v2/V-1/cancel", &Value::Null).await.body(200)["transaction_status"], "cancel");
    assert_eq!(stage.sums("midtrans", "V-1").await, (0, 0, 0));
    stage.card("V-2~settle", 1_000, GOOD, json!({})).await;
    stage.advance(0).await;
    assert_eq!(stage.core("/v2/V-2~settle/cancel", &Value::Null).await.body(200)["status_code"], "412");
}

#[tokio::test]
async fn somebody_looks_at_a_challenge_or_it_is_cancelled_after_a_day() {
    let stage = Stage::still().await;
    let pending = stage.card("C-1~challenge", 1_000, GOOD, json!({})).await;
    assert_eq!((&pending["status_code"], &pending["fraud_status"]), (&json!("201"), &json!("challenge")));
    assert_eq!(stage.sums("midtrans", "C-1~challenge").await, (0, 0, 0), "nobody has it yet");
    let told = stage.core("/v2/C-1~challenge/approve", &Value::Null).await.body(200);
    assert_eq!((&told["transaction_status"], &told["fraud_status"]), (&json!("capture"), &json!("accept")));
    stage.advance(31 * 3_600).await;
    assert_eq!(stage.status("C-1~challenge").await["transaction_status"], "settlement");

    for (order, status) in [("C-2~challenge", "deny"), ("C-3~challenge~denyshape.cancel", "cancel")] {
        stage.card(order, 1_000, GOOD, json!({})).await;
        let told = stage.core(&format!("/v2/{order}/deny"), &Value::Null).await.body(200);
        let shown = (&told["status_code"], &told["transaction_status"], &told["fraud_status"]);
        assert_eq!(shown, (&json!("200"), &json!(status), &json!("deny")));
    }
    stage.card("C-4~challenge", 1_000, GOOD, json!({})).await;
    stage.advance(26 * 3_600).await;
    assert_eq!(stage.status("C-4~challenge").await["transaction_status"], "cancel");
}

#[tokio::test]
async fn the_banks_question_ends_by_script() {
    let stage = Stage::still().await;
    for (order, status) in
        [("3-1~3ds", "capture"), ("3-2~3ds.fail", "deny"), ("3-3~3ds.abandon", "expire"), ("3-4~3ds~pay5m", "capture")]
    {
        let told = stage.card(order, 1_000, GOOD, json!({})).await;
        assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("201"), &json!("pending")), "{order}");
        stage.advance(900).await;
        assert_eq!(stage.status(order).await["transaction_status"], status, "{order}");
    }
}

#[tokio::test]
async fn a_hold_is_captured_once_in_full_or_in_part_within_a_week() {
    let stage = Stage::still().await;
    let hold = json!({"type": "authorize"});
    let told = stage.card("H-1", 1_000, GOOD, hold.clone()).await;
    assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("200"), &json!("authorize")));
    assert_eq!(stage.sums("midtrans", "H-1").await, (0, 0, 0));
    let id = told["transaction_id"].as_str().expect("an id").to_owned();
    let capture = async |amount: i64| {
        stage.core("/v2/capture", &json!({"transaction_id": id, "gross_amount": amount})).await.body(200)
    };
    assert_eq!(capture(1_001).await["status_code"], "412");
    let told = capture(700).await;
    assert_eq!((&told["transaction_status"], &told["gross_amount"]), (&json!("capture"), &json!("700.00")));
    assert_eq!(capture(300).await["status_code"], "412");
    assert_eq!(stage.sums("midtrans", "H-1").await, (700, 0, 0));

    stage.card("H-2~auth", 1_000, GOOD, json!({})).await;
    stage.advance(8 * 86_400 - 1).await;
    assert_eq!(stage.status("H-2~auth").await["transaction_status"], "authorize", "the time to pay is another one");
    stage.advance(1).await;
    assert_eq!(stage.status("H-2~auth").await["transaction_status"], "expire");
}

#[tokio::test]
async fn a_capture_that_the_bank_refuses_leaves_the_hold() {
    let stage = Stage::still().await;
    stage.card("X~auth~deny", 1_000, GOOD, json!({})).await;
    let told = stage.core("/v2/capture", &json!({"transaction_id": "X~auth~deny"})).await.body(200);
    assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("202"), &json!("deny")));
    assert_eq!(stage.status("X~auth~deny").await["transaction_status"], "authorize");
}
