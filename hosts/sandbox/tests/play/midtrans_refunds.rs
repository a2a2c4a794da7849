//! Giving money back at Midtrans.

use serde_json::{Value, json};

use crate::support::Stage;

/// A payment by QR code, unless by another way.
async fn paid(stage: &Stage, order: &str, amount: i64, kind: &str) {
    stage.charge(order, amount, json!({"payment_type": kind})).await;
    stage.advance(1).await;
    stage.sink.take();
}

async fn refund(stage: &Stage, order: &str, key: &str, amount: i64) -> Value {
    let body = json!({"refund_key": key, "amount": amount, "reason": "out of stock"});
    stage.core(&format!("/v2/{order}/refund"), &body).await.body(200)
}

#[tokio::test]
async fn parts_add_up_to_the_whole() {
    let stage = Stage::still().await;
    paid(&stage, "P~pay1s", 60_000, "qris").await;
    for (key, status) in [("R1", "partial_refund"), ("R2", "partial_refund"), ("R3", "refund")] {
        let told = refund(&stage, "P~pay1s", key, 20_000).await;
        assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("200"), &json!(status)));
        assert_eq!((&told["refund_key"], &told["refund_amount"]), (&json!(key), &json!("20000.00")));
        assert!(told["refund_chargeback_id"].is_number());
    }
    let told = stage.status("P~pay1s").await;
    assert_eq!(told["refund_amount"], "60000.00");
    assert_eq!(told["refunds"].as_array().map(Vec::len), Some(3));
    assert_eq!(stage.sums("midtrans", "P~pay1s").await, (60_000, 60_000, 0));
    assert_eq!(refund(&stage, "P~pay1s", "R4", 1).await["status_code"], "412");
}

#[tokio::test]
async fn nobody_gets_back_more_than_was_paid() {
    let stage = Stage::still().await;
    paid(&stage, "M~pay1s", 50_000, "qris").await;
    for amount in [50_001, 0, -1] {
        assert_eq!(refund(&stage, "M~pay1s", "R1", amount).await["status_code"], "414", "{amount}");
    }
    refund(&stage, "M~pay1s", "R2", 30_000).await;
    assert_eq!(refund(&stage, "M~pay1s", "R3", 20_001).await["status_code"], "414");
    let (one, other) = tokio::join!(refund(&stage, "M~pay1s", "R4", 15_000), refund(&stage, "M~pay1s", "R5", 15_000));
    let mut codes = [one["status_code"].clone(), other["status_code"].clone()].map(|code| code.to_string());
    codes.sort();
    assert_eq!(codes, ["\"200\"", "\"414\""], "of two at once one is too much");
    assert_eq!(stage.sums("midtrans", "M~pay1s").await, (50_000, 45_000, 0));
}

#[tokio::test]
async fn one_key_is_one_refund_for_a_week() {
    let stage = Stage::still().await;
    paid(&stage, "K~pay1s", 50_000, "qris").await;
    paid(&stage, "K2~pay1s", 50_000, "qris").await;
    let first = refund(&stage, "K~pay1s", "R1", 20_000).await;
    let other = refund(&stage, "K~pay1s", "R1", 30_000).await;
    assert_eq!(other["refund_amount"], first["refund_amount"], "the first result, whatever the amount");
    assert_eq!(refund(&stage, "K2~pay1s", "R1", 1_000).await["status_code"], "406", "another order's key");
    assert_eq!(stage.sums("midtrans", "K~pay1s").await, (50_000, 20_000, 0));
    stage.advance(7 * 86_400 + 1).await;
    assert_eq!(refund(&stage, "K~pay1s", "R1", 20_000).await["status_code"], "406");
}

#[tokio::test]
async fn the_bank_confirms_with_a_second_notification() {
    let stage = Stage::still().await;
    paid(&stage, "N~pay1s~rf2n", 50_000, "gopay").await;
    refund(&stage, "N~pay1s~rf2n", "R1", 50_000).await;
    stage.advance(19).await;
    let first = stage.sink.take();
    assert_eq!(first.len(), 1);
    assert_eq!(
        (&first[0].body["transaction_status"], &first[0].body["status_code"]),
        (&json!("refund"), &json!("200"))
    );
    assert_eq!(first[0].body["refund_key"], "R1");
    assert!(first[0].body["refunds"][0]["bank_confirmed_at"].is_null());
    stage.advance(1).await;
    let second = stage.sink.take();
    assert_eq!(second[0].body["refunds"][0]["bank_confirmed_at"], "2026-01-05 10:00:21");

    paid(&stage, "N2~pay1s~rfpend2h", 50_000, "gopay").await;
    refund(&stage, "N2~pay1s~rfpend2h", "R2", 50_000).await;
    stage.advance(7_199).await;
    assert_eq!(stage.sink.take().len(), 1);
    stage.advance(1).await;
    assert_eq!(stage.sink.take().len(), 1);
}

#[tokio::test]
async fn a_refund_may_be_denied() {
    let stage = Stage::still().await;
    paid(&stage, "D~pay1s~rfdeny", 50_000, "gopay").await;
    let body = json!({"refund_key": "R1", "amount": 10_000, "reason": "x"});
    let told = stage.core("/v2/D~pay1s~rfdeny/refund/online/direct", &body).await.body(200);
    assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("202"), &json!("settlement")));
    assert_eq!(told["refund_amount"], "0.00");
    assert_eq!(stage.sums("midtrans", "D~pay1s~rfdeny").await, (50_000, 0, 0));
}

#[tokio::test]
async fn only_what_is_settled_and_refundable_is_refunded() {
    let stage = Stage::still().await;
    stage.charge("W-1", 1_000, json!({"payment_type": "qris"})).await;
    stage.charge("W-2~pay1s", 1_000, json!({})).await;
    stage.charge("W-3~pay1s", 1_000, json!({"payment_type": "cstore", "cstore": {"store": "alfamart"}})).await;
    stage.card("W-4", 1_000, "4811111111111114", json!({})).await;
    stage.card("W-5~settle", 1_000, "4811111111111114", json!({})).await;
    stage.advance(1).await;
    for order in ["W-1", "W-2~pay1s", "W-3~pay1s", "W-4"] {
        assert_eq!(refund(&stage, order, "R", 500).await["status_code"], "412", "{order}");
    }
    let direct = json!({"refund_key": "R", "amount": 500, "reason": "x"});
    let told = stage.core("/v2/W-5~settle/refund/online/direct", &direct).await.body(200);
    assert_eq!(told["status_code"], "412", "cards are not refunded directly");
    assert_eq!(refund(&stage, "W-5~settle", "R", 500).await["status_code"], "200");
    assert_eq!(refund(&stage, "NOBODY", "R", 500).await["status_code"], "404");
}

#[tokio::test]
async fn some_wallets_refund_all_or_nothing() {
    let stage = Stage::still().await;
    paid(&stage, "F-1~pay1s", 1_000, "shopeepay").await;
    paid(&stage, "F-2~pay1s", 1_000, "ovo").await;
    for order in ["F-1~pay1s", "F-2~pay1s"] {
        assert_eq!(refund(&stage, order, order.split('~').next().expect("a name"), 500).await["status_code"], "414");
        assert_eq!(refund(&stage, order, order.split('~').next().expect("a name"), 1_000).await["status_code"], "200");
    }
}

#[tokio::test]
async fn a_refund_comes_too_late_after_its_window() {
    let stage = Stage::still().await;
    paid(&stage, "T-1~pay1s", 1_000, "ovo").await;
    paid(&stage, "T-2~pay1s", 1_000, "gopay").await;
    stage.advance(8 * 86_400).await;
    assert_eq!(refund(&stage, "T-1~pay1s", "R1", 1_000).await["status_code"], "412", "seven days");
    assert_eq!(refund(&stage, "T-2~pay1s", "R2", 1_000).await["status_code"], "200", "45 days");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let stage = Stage::still().await;
    paid(&stage, "B~pay1s", 1_000, "qris").await;
    for (body, named) in [
        (json!({"amount": 5}), "refund_key"),
        (json!({"refund_key": "a b", "amount": 5}), "refund_key"),
        (json!({"refund_key": "a", "amount": "5"}), "amount"),
        (json!({"refund_key": "a", "reason": "x".repeat(256)}), "reason"),
    ] {
        let told = stage.core("/v2/B~pay1s/refund", &body).await.body(400);
        assert!(told["validation_messages"][0].as_str().is_some_and(|text| text.contains(named)), "{told}");
    }
    let whole = stage.core("/v2/B~pay1s/refund", &json!({"refund_key": "all"})).await.body(200);
    assert_eq!(whole["refund_amount"], "1000.00", "without an amount it is all");
}

#[tokio::test]
async fn shopeepay_sleeps_at_night_if_it_is_told_to() {
    let stage = Stage::still().await;
    stage.set(json!({"midtrans": {"night_refusals": true}})).await;
    paid(&stage, "Z~pay1s", 1_000, "shopeepay").await;
    // From 10:00:01 to 23:55 in Jakarta.
    stage.advance(13 * 3_600 + 55 * 60).await;
    let body = json!({"refund_key": "R1", "reason": "x"});
    let told = stage.core("/v2/Z~pay1s/refund/online/direct", &body).await.body(200);
    assert_eq!(told["status_code"], "202");
    stage.advance(6 * 3_600 + 5 * 60).await;
    let told = stage.core("/v2/Z~pay1s/refund/online/direct", &body).await.body(200);
    assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("200"), &json!("refund")));
}
