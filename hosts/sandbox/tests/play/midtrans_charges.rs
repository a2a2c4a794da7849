//! What each way to pay looks like on the wire, and the signatures.

use dermaga_sandbox::midtrans::wire::signature;
use serde_json::{Value, json};

use crate::support::Stage;

#[test]
fn signatures_are_those_of_the_providers_own_samples() {
    const KEY: &str = "SB-Mid-server-EXAMPLE00000000000";
    const TEST: &str = "SB-Mid-server-test";
    for (order, code, amount, key, expected) in [
        (
            "DCF-20260105-000123",
            "200",
            "150000.00",
            KEY,
            "0f76ab02450f91ea65280ca8b0b8efef272598e87f9af26862a89f9a6fd3384d5ff9d25c30b6ee93d9f2eb3741878359fde49392a1be70a0075f1718a6203d51",
        ),
        (
            "DCF-20260105-000123",
            "201",
            "150000.00",
            KEY,
            "c91a74eaba595c75812a952a8d82a9534f3eb73aab0b6c23d9903d6f5c87d8e842c80e5e4ed5a56c0f6e9b1eae2f41e8abf39a36a5488af708c13dee9b0525bb",
        ),
        (
            "DCF-20260105-000123",
            "202",
            "150000.00",
            KEY,
            "7f6ebdb2f27f3df91592f353aaa02ad73d6277ae390aa99835428d938c57b607222cc5d0fece9862b3704e8834b0c02e1eea77f1e1029f3809274dbcc5d09f96",
        ),
        (
            "DCF-20260105-000123",
            "407",
            "150000.00",
            KEY,
            "0cc558d85ec5c47369b9ec1b1b334ccc0ae83e28a7f28abd22374c375802761012aae2ccec00592589e0db7f9ef3a1b6fa571a65c31fd3645b598cbaf124e213",
        ),
        (
            "ORDER-sandbox-0002",
            "201",
            "75000.00",
            TEST,
            "db70270f6c27da2b564d4fffd9df3eeae578a7afba22bf5e6071711c7914d7a3d22ccaa533e864cf53742ca73c9e63016b0cbc1f97ee253a77b24b7a410d876a",
        ),
        (
            "ORDER-sandbox-0003",
            "202",
            "50000.00",
            TEST,
            "a51d1bd2aa8b1dca9228f3827cd641b6dadf52ebb9ed40fb45db6a06dbb33de7cde8e80caa93dfb5e6beeaaf44f698dc7f6f56edd46556eddaa2a774ff7692c6",
        ),
        (
            "ORDER-refund-0001",
            "200",
            "150000.00",
            TEST,
            "066b9923b82f27ba2aaa61bdea78133dcf3d442709a678c86dda29c6656c4cb9d11995e4357e074694e3da2e8d0e25d5afe0578df9f35d85a0365c197387d525",
        ),
    ] {
        assert_eq!(signature(order, code, amount, key), expected, "{order} {code}");
    }
}

/// What every answer to a charge says.
fn check_common(told: &Value, order: &str, kind: &str) {
    assert_eq!(told["status_code"], "201");
    assert_eq!(told["order_id"], order);
    assert_eq!(told["payment_type"], kind);
    assert_eq!(told["gross_amount"], "150000.00", "a text with two decimals");
    assert_eq!(told["currency"], "IDR");
    assert_eq!(told["transaction_status"], "pending");
    assert_eq!(told["transaction_time"], "2026-01-05 10:00:00", "Jakarta time without a zone");
    assert!(told["merchant_id"].as_str().is_some_and(|id| id.starts_with('G')));
    assert_eq!(told["transaction_id"].as_str().map(str::len), Some(36));
}

#[tokio::test]
async fn bank_transfers_have_an_account() {
    let stage = Stage::still().await;
    for bank in ["bca", "bni", "bri", "cimb"] {
        let order = format!("VA-{bank}");
        let told = stage.charge(&order, 150_000, json!({"bank_transfer": {"bank": bank}})).await;
        check_common(&told, &order, "bank_transfer");
        assert_eq!(told["va_numbers"][0]["bank"], bank);
        assert_eq!(told["va_numbers"][0]["va_number"].as_str().map(str::len), Some(11));
        assert_eq!(told["fraud_status"], "accept");
        assert_eq!(told["expiry_time"], "2026-01-06 10:00:00", "a day");
        assert_eq!(told["status_message"], "Success, Bank Transfer transaction is created");
    }
    let told = stage.charge("VA-permata", 150_000, json!({"bank_transfer": {"bank": "permata"}})).await;
    check_common(&told, "VA-permata", "bank_transfer");
    assert!(told["va_numbers"].is_null(), "Permata spells it differently");
    assert_eq!(told["permata_va_number"].as_str().map(str::len), Some(16));
    let own = stage.charge("VA-own", 150_000, json!({"bank_transfer": {"bank": "bca", "va_number": "111222"}})).await;
    assert!(own["va_numbers"][0]["va_number"].as_str().is_some_and(|number| number.ends_with("111222")));
}

#[tokio::test]
async fn bills_and_shops_have_codes() {
    let stage = Stage::still().await;
    let bill = json!({"payment_type": "echannel", "echannel": {"bill_info1": "Order", "bill_info2": "X"}});
    let told = stage.charge("BILL", 150_000, bill).await;
    check_common(&told, "BILL", "echannel");
    assert_eq!(told["biller_code"], "70012");
    assert_eq!(told["bill_key"].as_str().map(str::len), Some(12));

    for store in ["indomaret", "alfamart"] {
        let told = stage.charge(store, 150_000, json!({"payment_type": "cstore", "cstore": {"store": store}})).await;
        check_common(&told, store, "cstore");
        assert_eq!(told["store"], store);
        assert!(told["payment_code"].is_string());
        assert!(told["fraud_status"].is_null(), "shops do not ask the fraud engine");
    }
}

#[tokio::test]
async fn wallets_and_qr_codes_have_actions() {
    let stage = Stage::still().await;
    let named = |told: &Value| -> Vec<String> {
        let actions = told["actions"].as_array().expect("actions");
        actions.iter().map(|action| action["name"].as_str().expect("a name").to_owned()).collect()
    };
    let told = stage.charge("GOPAY", 150_000, json!({"payment_type": "gopay"})).await;
    check_common(&told, "GOPAY", "gopay");
    assert_eq!(told["expiry_time"], "2026-01-05 10:15:00");
    let names = named(&told);
    assert_eq!(names, ["generate-qr-code", "generate-qr-code-v2", "deeplink-redirect", "get-status", "cancel"]);

    let told = stage.charge("QRIS", 150_000, json!({"payment_type": "qris", "qris": {"acquirer": "gopay"}})).await;
    check_common(&told, "QRIS", "qris");
    assert_eq!(told["acquirer"], "gopay");
    assert!(told["qr_string"].as_str().is_some_and(|code| code.starts_with("000201")));
    assert_eq!(named(&told), ["generate-qr-code", "generate-qr-code-v2"]);
    for action in told["actions"].as_array().expect("actions") {
        let picture = stage.http.get(action["url"].as_str().expect("an address")).send().await.expect("an answer");
        assert_eq!(picture.headers()["content-type"], "image/png");
        assert!(picture.bytes().await.expect("bytes").starts_with(b"\x89PNG"));
    }

    let told = stage.charge("SHOPEE", 150_000, json!({"payment_type": "shopeepay"})).await;
    check_common(&told, "SHOPEE", "shopeepay");
    assert_eq!(named(&told), ["deeplink-redirect"]);
    assert_eq!(told["channel_response_code"], "0");
}

#[tokio::test]
async fn cards_are_charged_at_once_or_ask_the_bank() {
    let stage = Stage::still().await;
    let told = stage.card("CARD", 150_000, "4811111111111114", json!({"bank": "bni"})).await;
    assert_eq!((&told["status_code"], &told["transaction_status"]), (&json!("200"), &json!("capture")));
    assert_eq!((&told["masked_card"], &told["bank"]), (&json!("48111111-1114"), &json!("bni")));
    assert_eq!((&told["fraud_status"], &told["channel_response_code"]), (&json!("accept"), &json!("00")));
    assert!(told["redirect_url"].is_null());

    let told = stage.card("CARD-3DS", 150_000, "4811111111111114", json!({"authentication": true})).await;
    check_common(&told, "CARD-3DS", "credit_card");
    assert!(told["redirect_url"].as_str().is_some_and(|url| url.contains("/v2/3ds/redirect/")));
    assert_eq!(told["three_ds_version"], "2");
    assert_eq!(told["expiry_time"], "2026-01-05 10:10:00");
}

#[tokio::test]
async fn the_customers_time_can_be_set_within_bounds() {
    let stage = Stage::still().await;
    let expiry = |wish: Value| json!({"custom_expiry": wish, "payment_type": "gopay"});
    let half_an_hour = json!({"expiry_duration": 30});
    assert_eq!(stage.charge("E-1", 1, expiry(half_an_hour)).await["expiry_time"], "2026-01-05 10:30:00");
    let from = json!({"order_time": "2026-01-05 09:00:00 +0700", "expiry_duration": 2, "unit": "hour"});
    assert_eq!(stage.charge("E-2", 1, expiry(from)).await["expiry_time"], "2026-01-05 11:00:00");
    for wrong in [
        json!({"expiry_duration": 19, "unit": "second"}),
        json!({"expiry_duration": 8, "unit": "day"}),
        json!({"expiry_duration": "30"}),
        json!({"expiry_duration": 30, "unit": "week"}),
        json!({"expiry_duration": 30, "order_time": "2026-01-05T10:00:00Z"}),
    ] {
        let told = stage.core("/v2/charge", &Stage::order("E-3", 1, expiry(wrong.clone()))).await.body(400);
        assert_eq!(told["validation_messages"].as_array().map(Vec::len), Some(1), "{wrong}");
    }
}

#[tokio::test]
async fn every_seventh_bsi_account_has_the_orders_id() {
    let stage = Stage::still().await;
    for number in 1..=7 {
        let order = format!("BSI-{number}");
        let told = stage.charge(&order, 1_000, json!({"bank_transfer": {"bank": "bsi"}})).await;
        assert_eq!(told["transaction_id"] == order.as_str(), number == 7);
    }
    assert_eq!(stage.status("BSI-7").await["order_id"], "BSI-7");
}

#[tokio::test]
async fn what_the_merchant_sends_along_comes_back() {
    let stage = Stage::still().await;
    let members = json!({"custom_field1": "attempt=1", "metadata": {"attempt_id": "01J"}, "a_new_member": [1]});
    stage.charge("ECHO", 1_000, members).await;
    let told = stage.status("ECHO").await;
    assert_eq!(told["custom_field1"], "attempt=1");
    assert_eq!(told["metadata"]["attempt_id"], "01J");
}
