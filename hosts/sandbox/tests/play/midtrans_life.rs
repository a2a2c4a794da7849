//! What happens to a transaction: by script, by its merchant, and by time.

use serde_json::{Value, json};

use crate::support::Stage;

async fn state(stage: &Stage, order: &str) -> (String, String) {
    let told = stage.status(order).await;
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    (text("transaction_status"), text("status_code"))
}

fn is(state: (String, String), status: &str, code: &str) {
    assert_eq!(state, (status.to_owned(), code.to_owned()));
}

#[tokio::test]
async fn without_a_script_it_waits_until_its_time_is_over() {
    let stage = Stage::still().await;
    let told = stage.charge("PLAIN", 1_000, json!({"payment_type": "gopay"})).await;
    stage.advance(899).await;
    is(state(&stage, "PLAIN").await, "pending", "201");
    stage.advance(1).await;
    is(state(&stage, "PLAIN").await, "expire", "407");
    let by_id = stage.status(told["transaction_id"].as_str().expect("an id")).await;
    assert_eq!(by_id["order_id"], "PLAIN", "either id will do");
    let heard = stage.sink.take();
    let codes: Vec<_> = heard.iter().map(|hook| hook.body["status_code"].clone()).collect();
    assert_eq!(codes, ["201", "202"], "a notification says 202 where the status says 407");
    assert_eq!(stage.sums("midtrans", "PLAIN").await, (0, 0, 0));
}

#[tokio::test]
async fn scripts_move_it_at_their_times() {
    let stage = Stage::still().await;
    for (order, before, after, status, code) in [
        ("S-1~pay5s", 4, 1, "settlement", "200"),
        ("S-2~exp5s", 4, 1, "expire", "407"),
        ("S-3~cancel5s", 4, 1, "cancel", "200"),
        ("S-4~fail5s", 4, 1, "failure", "202"),
    ] {
        stage.charge(order, 1_000, json!({})).await;
        stage.advance(before).await;
        is(state(&stage, order).await, "pending", "201");
        stage.advance(after).await;
        is(state(&stage, order).await, status, code);
    }
    stage.charge("S-5~exp", 1_000, json!({})).await;
    stage.advance(0).await;
    is(state(&stage, "S-5~exp").await, "expire", "407");
}

#[tokio::test]
async fn scripts_may_stand_in_the_metadata_or_in_a_custom_field() {
    let stage = Stage::still().await;
    stage.charge("M-1~exp1s", 1_000, json!({"metadata": {"sandbox": "~pay1s"}})).await;
    stage.charge("M-2~exp1s", 1_000, json!({"custom_field3": "~pay1s"})).await;
    stage.charge("M-3~pay1s", 1_000, json!({"custom_field3": "v=1"})).await;
    stage.advance(1).await;
    for order in ["M-1~exp1s", "M-2~exp1s", "M-3~pay1s"] {
        is(state(&stage, order).await, "settlement", "200");
    }
}

#[tokio::test]
async fn magic_amounts_are_scripts_where_they_are_switched_on() {
    let stage = Stage::still().await;
    stage.charge("PLAIN", 10_904, json!({})).await;
    stage.set(json!({"magic_amounts": true})).await;
    stage.charge("MAGIC", 10_904, json!({})).await;
    let denied = stage.core("/v2/charge", &Stage::order("DENIED", 10_901, json!({}))).await.body(200);
    assert_eq!(denied["status_code"], "202");
    stage.advance(5).await;
    is(state(&stage, "PLAIN").await, "pending", "201");
    is(state(&stage, "MAGIC").await, "expire", "407");
}

#[tokio::test]
async fn a_late_payment_comes_half_a_minute_after_the_end() {
    let stage = Stage::still().await;
    stage.charge("L~latepay", 1_000, json!({})).await;
    stage.advance(29).await;
    is(state(&stage, "L~latepay").await, "expire", "407");
    stage.advance(1).await;
    is(state(&stage, "L~latepay").await, "settlement", "200");
    assert_eq!(stage.sink.take_member("transaction_status"), ["pending", "expire", "settlement"]);
    assert_eq!(stage.sums("midtrans", "L~latepay").await, (1_000, 0, 0));
}

#[tokio::test]
async fn the_bank_may_take_a_payment_back() {
    let stage = Stage::still().await;
    stage.charge("R~reverse180s", 1_000, json!({"bank_transfer": {"bank": "permata"}})).await;
    stage.advance(1).await;
    assert_eq!(stage.sums("midtrans", "R~reverse180s").await, (1_000, 0, 0));
    stage.advance(180).await;
    is(state(&stage, "R~reverse180s").await, "deny", "202");
    assert_eq!(stage.sums("midtrans", "R~reverse180s").await, (0, 0, 0), "nothing is left of it");
}

#[tokio::test]
async fn a_charge_may_be_refused_at_once() {
    let stage = Stage::still().await;
    let body = Stage::order("D~deny", 1_000, json!({"payment_type": "gopay"}));
    let told = stage.core("/v2/charge", &body).await.body(200);
    assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("202"), &json!("deny")));
    assert_eq!(
        (&told["channel_response_code"], &told["status_message"]),
        (&json!("900"), &json!("GO-PAY transaction is rejected"))
    );
    stage.charge("D-2", 1_000, json!({})).await;
}

#[tokio::test]
async fn chargebacks_take_all_or_part() {
    let stage = Stage::still().await;
    let qris = json!({"payment_type": "qris"});
    stage.charge("C-1~cb1h", 10_000, qris.clone()).await;
    stage.charge("C-2~cbp1h.4000", 10_000, qris).await;
    stage.advance(3_600).await;
    is(state(&stage, "C-1~cb1h").await, "chargeback", "200");
    assert_eq!(stage.sums("midtrans", "C-1~cb1h").await, (10_000, 0, 10_000));
    is(state(&stage, "C-2~cbp1h.4000").await, "partial_chargeback", "200");
    assert_eq!(stage.sums("midtrans", "C-2~cbp1h.4000").await, (10_000, 0, 4_000));
    assert_eq!(stage.status("C-2~cbp1h.4000").await["refund_amount"], "4000.00");
}

#[tokio::test]
async fn the_merchant_cancels_and_expires_what_waits_and_nothing_else() {
    let stage = Stage::still().await;
    stage.charge("A-1", 1_000, json!({})).await;
    let told = stage.core("/v2/A-1/expire", &Value::Null).await.body(200);
    assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("407"), &json!("expire")));
    stage.charge("A-2", 1_000, json!({})).await;
    let told = stage.core("/v2/A-2/cancel", &Value::Null).await.body(200);
    assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("200"), &json!("cancel")));
    stage.charge("A-3~pay1s", 1_000, json!({})).await;
    stage.advance(1).await;
    for order in ["A-1", "A-2", "A-3~pay1s"] {
        for action in ["expire", "cancel", "approve", "deny"] {
            let told = stage.core(&format!("/v2/{order}/{action}"), &Value::Null).await.body(200);
            assert_eq!(told["status_code"], "412", "{action} {order}");
        }
    }
    is(state(&stage, "A-3~pay1s").await, "settlement", "200");
    assert_eq!(stage.core("/v2/NOBODY/cancel", &Value::Null).await.body(200)["status_code"], "404");
}

#[tokio::test]
async fn a_status_carries_a_signature_for_its_own_code() {
    let stage = Stage::still().await;
    stage.charge("SIG~exp", 1_000, json!({})).await;
    stage.advance(0).await;
    let key = dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
    let sign = |code: &str| dermaga_sandbox::midtrans::wire::signature("SIG~exp", code, "1000.00", key);
    assert_eq!(stage.status("SIG~exp").await["signature_key"], json!(sign("407")));
    let heard = stage.sink.take();
    assert_eq!(heard.last().expect("one").body["signature_key"], json!(sign("202")));
    assert_eq!(heard.last().expect("one").header("user-agent"), "Veritrans");
}

#[tokio::test]
async fn payments_show_when_and_how_they_were_made() {
    let stage = Stage::still().await;
    stage.charge("P-1~pay20m", 1_000, json!({"bank_transfer": {"bank": "bni"}})).await;
    stage.charge("P-2~pay1s", 1_000, json!({"payment_type": "qris"})).await;
    stage.charge("P-3~pay1s", 1_000, json!({"payment_type": "gopay"})).await;
    stage.advance(1_200).await;
    let told = stage.status("P-1~pay20m").await;
    assert_eq!(told["settlement_time"], "2026-01-05 10:20:00");
    assert_eq!(told["payment_amounts"], json!([{"paid_at": "2026-01-05 10:20:00", "amount": "1000.00"}]));
    assert_eq!(stage.status("P-2~pay1s").await["transaction_type"], "on-us");
    assert_eq!(stage.status("P-3~pay1s").await["payment_option_type"], "GOPAY_WALLET");
}
