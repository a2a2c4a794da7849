//! The shortest journey through everything.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Stage;

#[tokio::test]
async fn a_day_in_the_life_of_a_merchant() {
    let stage = Stage::still().await;

    let va = stage.charge("DCF-1~pay1s", 150_000, json!({})).await;
    assert_eq!(va["status_code"], "201");
    assert_eq!(va["va_numbers"][0]["bank"], "bca");
    assert!(stage.sink.take().is_empty(), "nothing is sent while the clock stands still");
    assert_eq!(stage.advance(1).await, 3, "two notifications and a payment");
    assert_eq!(stage.sink.take_member("transaction_status"), ["pending", "settlement"]);
    assert_eq!(stage.status("DCF-1~pay1s").await["transaction_status"], "settlement");
    let refused = stage.core("/v2/DCF-1~pay1s/refund", &json!({"refund_key": "R1", "reason": "x"})).await.body(200);
    assert_eq!(refused["status_code"], "412", "a bank transfer cannot be refunded");

    stage.charge("DCF-2~pay1s~dup3~reorder", 50_000, json!({"payment_type": "qris", "qris": {}})).await;
    stage.advance(1).await;
    let heard = stage.sink.take_member("transaction_status");
    assert_eq!(heard, ["settlement", "settlement", "settlement", "pending", "pending", "pending"]);

    let refund = json!({"refund_key": "R2", "amount": 20_000, "reason": "out of stock"});
    let first = stage.core("/v2/DCF-2~pay1s~dup3~reorder/refund", &refund).await.body(200);
    assert_eq!((&first["status_code"], &first["refund_amount"]), (&json!("200"), &json!("20000.00")));
    assert_eq!(stage.core("/v2/DCF-2~pay1s~dup3~reorder/refund", &refund).await.body(200), first);
    stage.advance(60).await;
    let confirmed: Vec<bool> =
        stage.sink.take().iter().map(|hook| !hook.body["refunds"][0]["bank_confirmed_at"].is_null()).collect();
    assert_eq!(confirmed, [false, false, false, true, true, true], "two notifications, three copies each");

    let invoice = stage.invoice("DCF-3~latepay", 75_000, json!({})).await;
    stage.advance(1).await;
    let url = format!("/v2/invoices/{}", invoice["id"].as_str().expect("an id"));
    assert_eq!(stage.xendit(Method::GET, &url, &Value::Null).await.body(200)["status"], "EXPIRED");
    stage.advance(30).await;
    assert_eq!(stage.xendit(Method::GET, &url, &Value::Null).await.body(200)["status"], "PAID");
    assert_eq!(stage.sink.take_member("status"), ["EXPIRED", "PAID"]);

    let ledger = stage.look("/assert/ledger").await;
    let sums = json!({"captured": 200_000, "refunded": 20_000, "charged_back": 0});
    assert_eq!(ledger["midtrans"]["currencies"]["IDR"], sums);
    assert_eq!(stage.sums("xendit", "DCF-3~latepay").await, (75_000, 0, 0));
    stage.sandbox.stop().await;
}
