//! How notifications travel when a script bends their way.

use serde_json::json;

use crate::support::Stage;

#[tokio::test]
async fn each_is_sent_as_often_as_asked() {
    let stage = Stage::still().await;
    stage.charge("D-1~pay1s~dup3", 1_000, json!({})).await;
    stage.advance(1).await;
    let heard = stage.sink.take_member("transaction_status");
    assert_eq!(heard, ["pending", "pending", "pending", "settlement", "settlement", "settlement"]);
}

#[tokio::test]
async fn the_first_waits_for_the_second_and_comes_after_it() {
    let stage = Stage::still().await;
    stage.charge("D-2~pay60s~reorder", 1_000, json!({})).await;
    stage.advance(59).await;
    assert!(stage.sink.take().is_empty());
    stage.advance(1).await;
    assert_eq!(stage.sink.take_member("transaction_status"), ["settlement", "pending"]);
    // Only the first two change places.
    stage.advance(86_400).await;
    stage.invoice("D-2x~pay1s~settle~reorder", 20_000, json!({})).await;
    stage.advance(3_600).await;
    assert!(stage.sink.take().is_empty(), "an invoice has one webhook, which waits for ever");
}

#[tokio::test]
async fn the_news_may_be_faster_than_the_answer() {
    let stage = Stage::still().await;
    let told = stage.charge("D-3~early", 1_000, json!({})).await;
    assert_eq!(told["transaction_status"], "pending", "the answer is as old as the charge");
    assert_eq!(stage.sink.take_member("transaction_status"), ["settlement"], "it came without the clock moving");
    stage.advance(0).await;
    assert_eq!(stage.sink.take_member("transaction_status"), ["pending"]);

    let invoice = stage.invoice("D-4~early", 20_000, json!({})).await;
    assert_eq!(invoice["status"], "PENDING");
    assert_eq!(stage.sink.take_member("status"), ["PAID"]);
    stage.request("D-5~early", 20_000, "DANA", json!({})).await.body(201);
    assert_eq!(stage.sink.take_member("event"), ["payment.capture"]);
}

#[tokio::test]
async fn some_never_come_and_some_come_later() {
    let stage = Stage::still().await;
    stage.charge("D-6~pay1s~drop", 1_000, json!({})).await;
    stage.charge("D-7~pay1s~delay1h", 1_000, json!({})).await;
    stage.advance(3_599).await;
    assert!(stage.sink.take().is_empty());
    stage.advance(2).await;
    assert_eq!(stage.sink.take_member("order_id"), ["D-7~pay1s~delay1h", "D-7~pay1s~delay1h"]);
    let dropped = stage.look("/webhooks?ref=D-6~pay1s~drop").await;
    let states: Vec<_> = dropped.as_array().expect("a list").iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["dropped", "dropped"], "the journal knows what should have come");
    assert_eq!(stage.status("D-6~pay1s~drop").await["transaction_status"], "settlement");
}

#[tokio::test]
async fn proofs_may_be_wrong_or_missing() {
    let stage = Stage::still().await;
    let key = dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
    let right = |order: &str| dermaga_sandbox::midtrans::wire::signature(order, "201", "1000.00", key);
    for order in ["D-8", "D-8~badsig", "D-8~nosig"] {
        stage.charge(order, 1_000, json!({})).await;
    }
    for reference in ["D-9~pay1s", "D-9~pay1s~badsig", "D-9~pay1s~nosig"] {
        stage.invoice(reference, 20_000, json!({})).await;
    }
    stage.advance(1).await;
    let heard = stage.sink.take();
    let signatures: Vec<_> = heard[..3].iter().map(|hook| hook.body["signature_key"].clone()).collect();
    assert_eq!(signatures[0], json!(right("D-8")));
    assert_ne!(signatures[1], json!(right("D-8~badsig")));
    assert_eq!(signatures[1].as_str().map(str::len), Some(128), "it looks like one");
    assert!(signatures[2].is_null());
    let token = dermaga_sandbox::config::XENDIT_CALLBACK_TOKEN;
    let tokens: Vec<_> = heard[3..].iter().map(|hook| hook.header("x-callback-token")).collect();
    assert_eq!((tokens[0], tokens[2]), (token, ""));
    assert!(tokens[1] != token && !tokens[1].is_empty());
}

#[tokio::test]
async fn the_charge_says_where_its_notifications_go() {
    let stage = Stage::still().await;
    let (other, third) = (stage.sink.url("other"), stage.sink.url("third"));
    let list = format!("{other}, {third}, {}", stage.sink.url("too-many"));
    for (order, header) in [("H-1", "x-override-notification"), ("H-2", "x-append-notification")] {
        let headers = [(header, list.as_str())];
        stage.core_with("/v2/charge", &headers, &Stage::order(order, 1_000, json!({}))).await.body(200);
    }
    stage.advance(0).await;
    let heard: Vec<_> = stage.sink.take().into_iter().map(|hook| (hook.body["order_id"].clone(), hook.path)).collect();
    let expected = [("H-1", "/other"), ("H-1", "/third"), ("H-2", "/midtrans"), ("H-2", "/other"), ("H-2", "/third")];
    assert_eq!(heard, expected.map(|(order, path)| (json!(order), path.to_owned())));
}

#[tokio::test]
async fn without_an_address_nothing_is_sent() {
    let stage = Stage::still().await;
    stage.set(json!({"midtrans": {"webhook_url": ""}})).await;
    stage.charge("NOWHERE~pay1s", 1_000, json!({})).await;
    assert_eq!(stage.advance(1).await, 1, "the payment alone");
    assert_eq!(stage.look("/webhooks").await, json!([]));
}
