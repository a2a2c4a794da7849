//! The admin API.

use std::time::Duration;

use dermaga_sandbox::ClockMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{LONG, Mood, Stage};

const POST: Method = Method::POST;

#[tokio::test]
async fn the_clock_stands_still_until_it_is_told_and_counts_what_ran() {
    let stage = Stage::still().await;
    let told = stage.look("/clock").await;
    assert_eq!((&told["now"], &told["clock"]), (&json!("2026-01-05T03:00:00.123Z"), &json!("manual")));
    stage.charge("C~pay1h", 1_000, json!({})).await;
    assert_eq!(stage.look("/clock").await["waiting"], 3, "a notification, the payment, the end of its time");
    assert_eq!(stage.advance(3_599).await, 1);
    assert_eq!(stage.advance(1).await, 2);
    assert_eq!(stage.advance(0).await, 0);
    let told = stage.admin(POST, "/clock", &json!({"to": "2026-01-07T00:00:00Z"})).await.body(200);
    assert_eq!(
        (&told["now"], &told["ran"]),
        (&json!("2026-01-07T00:00:00.000Z"), &json!(0)),
        "an end without effect is none"
    );
    for wrong in [
        json!({}),
        json!({"advance_s": -1}),
        json!({"advance_s": "1"}),
        json!({"to": "2026-01-01T00:00:00Z"}),
        json!({"advance_s": 1u64 << 40}),
    ] {
        stage.admin(POST, "/clock", &wrong).await.body(400);
    }
}

#[tokio::test]
async fn a_fast_clock_needs_nobody() {
    let stage = Stage::with(ClockMode::Scaled(3_600), |_| {}).await;
    stage.charge("F~pay30m", 1_000, json!({})).await;
    let mut heard = Vec::new();
    for _ in 0..LONG / 50 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        heard.extend(stage.sink.take_member("transaction_status"));
        if heard.len() == 2 {
            break;
        }
    }
    assert_eq!(heard, ["pending", "settlement"], "in their order");
    assert_eq!(stage.status("F~pay30m").await["transaction_status"], "settlement");
}

#[tokio::test]
async fn payments_are_moved_by_hand() {
    let stage = Stage::still().await;
    let act = async |reference: &str, action: &str, body: Value| {
        stage.admin(POST, &format!("/tx/{reference}/{action}"), &body).await
    };
    stage.charge("M-1", 150_000, json!({"payment_type": "qris"})).await;
    let told = act("M-1", "pay", json!({"amount": 149_000, "payment_type": "gopay"})).await.body(200);
    assert_eq!((&told["status"], &told["provider"]), (&json!("settlement"), &json!("midtrans")));
    let told = stage.status("M-1").await;
    assert_eq!((&told["gross_amount"], &told["payment_type"]), (&json!("149000.00"), &json!("gopay")));
    act("M-1", "refund", json!({"amount": 9_000})).await.body(200);
    let foreign = stage.status("M-1").await["refunds"][0]["refund_key"].clone();
    assert!(foreign.as_str().is_some_and(|key| key.starts_with("dashboard-")));
    act("M-1", "refund", json!({"amount": 140_001})).await.body(409);
    act("M-1", "chargeback", json!({"amount": 1_000})).await.body(200);
    assert_eq!(stage.sums("midtrans", "M-1").await, (149_000, 9_000, 1_000));

    stage.charge("M-2", 1_000, json!({})).await;
    act("M-2", "expire", json!({})).await.body(200);
    act("M-2", "deny", json!({})).await.body(409);
    act("M-2", "pay", json!({})).await.body(200);
    act("M-2", "reverse", json!({})).await.body(200);
    assert_eq!(stage.status("M-2").await["transaction_status"], "deny");
    stage.charge("M-3", 1_000, json!({})).await;
    act("M-3", "cancel", json!({})).await.body(200);
    act("M-3", "dance", json!({})).await.body(404);
    act("M-3", "pay", json!({"amount": "5"})).await.body(400);
    act("NOBODY", "pay", json!({})).await.body(404);

    stage.invoice("X-1", 20_000, json!({})).await;
    act("X-1", "pay", json!({"payment_type": "DANA"})).await.body(200);
    act("X-1", "settle", json!({})).await.body(200);
    assert_eq!(stage.look("/tx?provider=xendit&ref=X-1").await[0]["status"], "SETTLED");
    act("X-1", "refund", json!({"amount": 5_000})).await.body(200);
    act("X-1", "refund", json!({"amount": 5_000})).await.body(409);
    stage.advance(5).await;
    assert_eq!(stage.sums("xendit", "X-1").await, (20_000, 5_000, 0));
    stage.request("X-2", 20_000, "CARDS", json!({})).await.body(201);
    act("X-2", "dispute", json!({})).await.body(409);
    act("X-2", "pay", json!({})).await.body(200);
    act("X-2", "chargeback", json!({"amount": 7_000})).await.body(200);
    assert_eq!(stage.sums("xendit", "X-2").await, (20_000, 0, 7_000));
}

#[tokio::test]
async fn forged_webhooks_are_sent_at_once_and_change_nothing() {
    let stage = Stage::still().await;
    stage.charge("I-1", 150_000, json!({})).await;
    let key = dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
    let sign = |code: &str| json!(dermaga_sandbox::midtrans::wire::signature("I-1", code, "150000.00", key));
    let inject = async |body: Value| stage.admin(POST, "/webhooks/inject", &body).await;
    let tampered = json!({"transaction_status": "settlement", "status_code": "200"});
    let told =
        inject(json!({"provider": "midtrans", "ref": "I-1", "overrides": tampered, "keep_signature": true})).await;
    assert_eq!(told.body(200)["outcome"], json!({"status": 200}));
    inject(json!({"provider": "midtrans", "ref": "I-1", "overrides": tampered})).await.body(200);
    inject(json!({"provider": "midtrans", "ref": "I-1", "overrides": {"signature_key": null}})).await.body(200);
    let heard = stage.sink.take();
    assert_eq!(heard[0].body["transaction_status"], "settlement");
    assert_eq!(heard[0].body["signature_key"], sign("201"), "the old one");
    assert_eq!(heard[1].body["signature_key"], sign("200"), "one that fits");
    assert_eq!(heard[2].body["signature_key"], Value::Null);
    assert_eq!(stage.status("I-1").await["transaction_status"], "pending");

    stage.sink.mood(Mood::Answer(401));
    let unknown = inject(json!({"provider": "midtrans", "ref": "NOBODY", "overrides": {"gross_amount": "5.00"}})).await;
    assert_eq!(unknown.body(200)["outcome"], json!({"status": 401}));
    stage.advance(12 * 3_600).await;
    let order = |hook: &crate::support::Hook| hook.body["order_id"] == "NOBODY";
    assert_eq!(stage.sink.take().iter().filter(|hook| order(hook)).count(), 1, "it is not repeated");

    stage.invoice("I-2", 20_000, json!({})).await;
    let headers = json!({"x-callback-token": "live-token", "webhook-id": null});
    inject(json!({"provider": "xendit", "ref": "I-2", "overrides": {"status": "PAID"}, "headers": headers}))
        .await
        .body(200);
    let hook = stage.sink.take().pop().expect("a webhook");
    assert_eq!((hook.header("x-callback-token"), hook.header("webhook-id")), ("live-token", ""));
    assert_eq!((&hook.body["status"], &hook.path), (&json!("PAID"), &"/xendit".to_owned()));
    inject(json!({"provider": "paypal", "ref": "I-2"})).await.body(400);
}

#[tokio::test]
async fn a_webhook_is_sent_again_as_often_as_one_likes() {
    let stage = Stage::still().await;
    stage.charge("R-1~pay1s", 1_000, json!({})).await;
    stage.advance(1).await;
    stage.sink.take();
    let hooks = stage.look("/webhooks?ref=R-1~pay1s").await;
    assert_eq!((&hooks[1]["kind"], &hooks[1]["state"]), (&json!("settlement"), &json!("delivered")));
    assert_eq!((&hooks[1]["attempts"][0]["status"], &hooks[1]["attempts"][0]["number"]), (&json!(200), &json!(1)));
    let path = format!("/webhooks/{}/redeliver?n=20&parallel=true", hooks[1]["id"]);
    let told = stage.admin(POST, &path, &Value::Null).await.body(200);
    assert_eq!(told["outcomes"], json!(vec![json!({"status": 200}); 20]));
    let heard = stage.sink.take();
    assert_eq!(heard.len(), 20);
    assert!(heard.iter().all(|hook| hook.body == heard[0].body));
    stage.admin(POST, "/webhooks/999/redeliver", &Value::Null).await.body(404);
    stage.admin(POST, "/webhooks/1/redeliver?n=0", &Value::Null).await.body(400);
}

#[tokio::test]
async fn calls_are_remembered_without_their_secrets() {
    let stage = Stage::still().await;
    stage.charge("Q-1", 1_000, json!({})).await;
    stage.status("Q-1").await;
    stage.card("Q-2", 1_000, "4811111111111114", json!({})).await;
    let calls = stage.look("/requests?ref=Q-1").await;
    let shown: Vec<_> =
        calls.as_array().expect("a list").iter().map(|one| (one["method"].clone(), one["path"].clone())).collect();
    assert_eq!(shown, [(json!("POST"), json!("/v2/charge")), (json!("GET"), json!("/v2/Q-1/status"))]);
    assert_eq!(calls[0]["headers"]["authorization"], "***");
    assert_eq!(calls[0]["body"]["transaction_details"]["gross_amount"], 1_000);
    stage.invoice("Q-3~pay1s", 20_000, json!({})).await;
    stage.advance(1).await;
    assert_eq!(stage.look("/webhooks?ref=Q-3~pay1s").await[0]["headers"]["x-callback-token"], "***");
    for journal in ["/requests", "/webhooks", "/tx", "/config"] {
        let all = stage.look(journal).await.to_string();
        for secret in ["U0ItTWlk", "4811111111111114", "tok-accept", "SB-Mid-server", "callback-token-", "xnd_"] {
            assert!(!all.contains(secret), "{secret} in {journal}");
        }
        assert!(!all.contains(dermaga_sandbox::config::XENDIT_CALLBACK_TOKEN), "{journal}");
    }
    assert_eq!(stage.look("/requests?ref=Q-2").await[0]["body"]["credit_card"]["token_id"], "***");
}

#[tokio::test]
async fn settings_change_and_a_reset_brings_the_first_ones_back() {
    let stage = Stage::still().await;
    stage.charge("Z-1", 1_000, json!({})).await;
    stage.fault(json!({"mode": "reset"})).await;
    stage.set(json!({"hang_ms": 7})).await;
    stage.advance(60).await;
    let told = stage.admin(Method::PUT, "/config", &json!({"hang_mss": 7})).await.body(400);
    assert!(told["error"].as_str().is_some_and(|why| why.contains("hang_mss")));
    assert_eq!(stage.look("/config").await["hang_ms"], 7);
    assert_eq!(stage.look("/config").await["midtrans"]["server_key"], "***");
    stage.admin(POST, "/reset", &Value::Null).await.body(200);
    assert_eq!(stage.look("/config").await["hang_ms"], crate::support::SHORT);
    assert_eq!(stage.look("/clock").await["now"], crate::support::EPOCH);
    for empty in ["/tx", "/webhooks", "/requests", "/faults"] {
        assert_eq!(stage.look(empty).await, json!([]), "{empty}");
    }
    stage.charge("Z-1", 1_000, json!({})).await;
}

#[tokio::test]
async fn one_seed_makes_the_same_ids() {
    let (one, other) = (Stage::still().await, Stage::still().await);
    let first = one.charge("SEED", 1_000, json!({})).await;
    assert_eq!(first["transaction_id"], other.charge("SEED", 1_000, json!({})).await["transaction_id"]);
}

#[tokio::test]
async fn what_the_admin_api_does_not_have_is_told() {
    let stage = Stage::still().await;
    let told = stage.admin(Method::GET, "/nothing", &Value::Null).await.body(404);
    assert!(told["error"].as_str().is_some_and(|why| why.contains("GET /nothing")));
    for wrong in [json!({"mode": "explode"}), json!({"mode": "reset", "math": {}}), json!({})] {
        stage.admin(POST, "/faults", &wrong).await.body(400);
    }
    stage.fault(json!({"mode": "html", "times": 3})).await;
    assert_eq!(stage.look("/faults").await[0]["times"], 3);
    stage.admin(Method::DELETE, "/faults", &Value::Null).await.body(200);
    stage.charge("FINE", 1_000, json!({})).await;
}

#[tokio::test]
async fn a_listing_shows_scripts_as_they_were_written() {
    let stage = Stage::still().await;
    stage.charge("L~pay1s~fly", 1_000, json!({})).await;
    let script = stage.look("/tx?provider=midtrans").await[0]["record"]["script"].clone();
    assert_eq!(script, json!({"tokens": "~pay1s~fly", "unknown": ["~fly"]}));
}

#[tokio::test]
async fn settings_can_be_changed_from_the_same_process() {
    let stage = Stage::still().await;
    let other = stage.sink.url("elsewhere");
    stage.sandbox.configure(|settings| settings.midtrans.webhook_url = other);
    stage.charge("ELSEWHERE", 1_000, json!({})).await;
    assert_eq!(stage.sandbox.app.advance(Duration::ZERO).await, 1);
    assert_eq!(stage.sink.take()[0].path, "/elsewhere");
}

#[tokio::test]
async fn a_sandbox_can_be_a_part_of_another_server() {
    use poem::{
        Route, Server,
        listener::{Acceptor, Listener, TcpListener},
    };
    let config =
        dermaga_sandbox::SandboxConfig { clock: ClockMode::Manual, ..dermaga_sandbox::SandboxConfig::default() };
    let (routes, app, _driver) = dermaga_sandbox::routes(&config).expect("it starts");
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a port");
    let address = *acceptor.local_addr()[0].as_socket_addr().expect("an address");
    app.world().settings.public_url = format!("http://{address}/play");
    let server = tokio::spawn(Server::new_with_acceptor(acceptor).run(Route::new().nest("/play", routes)));
    let body = json!({"external_id": "PART", "amount": 20_000});
    let request = reqwest::Client::new().post(format!("http://{address}/play/xendit/v2/invoices"));
    let request = request.basic_auth(dermaga_sandbox::config::XENDIT_SECRET_KEY, Some("")).json(&body);
    let told: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let page = told["invoice_url"].as_str().expect("an address");
    let page = reqwest::get(page).await.expect("a page");
    assert!(page.text().await.expect("a text").contains("PART"));
    let home = reqwest::get(format!("http://{address}/play/")).await.expect("a page").text().await.expect("a text");
    assert!(
        home.contains("action=\"/play/__sandbox/page/clock\"") && home.contains("href=\"/play/xendit/web/"),
        "{home}"
    );
    server.abort();
}

#[tokio::test]
async fn payments_without_a_script_get_the_planned_one_or_that_for_all() {
    let stage = Stage::still().await;
    let plan = json!({"match": {"provider": "midtrans", "amount": 5_000}, "script": "~exp1s"});
    stage.admin(POST, "/plans", &plan).await.body(201);
    stage.admin(POST, "/plans", &json!({"script": "~pay1s", "times": 2})).await.body(201);
    stage.admin(POST, "/plans", &json!({"script": "pay1s"})).await.body(400);
    stage.charge("P-1", 5_000, json!({})).await;
    stage.charge("P-2", 6_000, json!({})).await;
    stage.charge("P-3~cancel1s", 5_000, json!({})).await;
    stage.invoice("P-4", 20_000, json!({})).await;
    stage.charge("P-5", 5_000, json!({})).await;
    stage.set(json!({"default_script": "~cancel1s"})).await;
    stage.charge("P-6", 5_000, json!({})).await;
    stage.advance(1).await;
    for (order, status) in
        [("P-1", "expire"), ("P-2", "settlement"), ("P-3~cancel1s", "cancel"), ("P-5", "pending"), ("P-6", "cancel")]
    {
        assert_eq!(stage.status(order).await["transaction_status"], status, "{order}");
    }
    assert_eq!(stage.look("/tx?ref=P-4").await[0]["status"], "PAID");
    assert_eq!(stage.look("/plans").await, json!([]));
}

#[tokio::test]
async fn a_lost_call_with_a_plan_is_lost_once() {
    let stage = Stage::still().await;
    stage.set(json!({"hang_ms": 1})).await;
    stage.admin(POST, "/plans", &json!({"match": {"ref": "L-*"}, "script": "~hang.before~pay1s"})).await.body(201);
    let body = Stage::order("L-1", 1_000, json!({}));
    stage.core("/v2/charge", &body).await.body(504);
    assert_eq!(stage.core("/v2/charge", &body).await.body(200)["status_code"], "201");
    stage.advance(1).await;
    assert_eq!(stage.status("L-1").await["transaction_status"], "settlement", "the second call has the same script");
}
