//! Calls whose answer does not come, comes late, or is nonsense.

use std::time::{Duration, Instant};

use dermaga_sandbox::ClockMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Stage;

/// How long a call hangs here, longer than anybody waits.
const HANG: u64 = 3_000;

async fn hanging() -> Stage {
    Stage::with(ClockMode::Manual, |settings| settings.hang_ms = HANG).await
}

/// A charge by somebody who does not wait for long. Nothing if no answer came.
async fn impatient(stage: &Stage, order: &str) -> Option<u16> {
    let url = format!("{}/v2/charge", stage.sandbox.midtrans_api());
    let request = stage.http.post(url).basic_auth(dermaga_sandbox::config::MIDTRANS_SERVER_KEY, Some(""));
    let request = request.timeout(Duration::from_millis(HANG / 2)).json(&Stage::order(order, 1_000, json!({})));
    request.send().await.ok().map(|response| response.status().as_u16())
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_leaves_a_transaction() {
    let stage = hanging().await;
    assert_eq!(impatient(&stage, "H-1~hang.after").await, None);
    assert_eq!(stage.status("H-1~hang.after").await["transaction_status"], "pending");
    let again = stage.core("/v2/charge", &Stage::order("H-1~hang.after", 1_000, json!({}))).await.body(200);
    assert_eq!(again["status_code"], "406", "it is there already");
}

#[tokio::test]
async fn with_its_key_the_lost_answer_can_be_had_again() {
    let stage = hanging().await;
    let key = [("idempotency-key", "lost-1")];
    let body = Stage::order("H-2~hang.after", 1_000, json!({}));
    let started = Instant::now();
    let first = async { (stage.core_with("/v2/charge", &key, &body).await, started.elapsed()) };
    let second = async {
        stage.heard("H-2~hang.after").await;
        (stage.core_with("/v2/charge", &key, &body).await, started.elapsed())
    };
    let ((late, long), (again, soon)) = tokio::join!(first, second);
    assert!(long >= Duration::from_millis(HANG), "the first call hangs");
    assert!(soon < long, "the second does not");
    assert_eq!(late, again);
}

#[tokio::test]
async fn an_answer_lost_before_the_commit_leaves_nothing_once() {
    let stage = hanging().await;
    assert_eq!(impatient(&stage, "H-3~hang.before").await, None);
    assert_eq!(stage.status("H-3~hang.before").await["status_code"], "404");
    stage.charge("H-3~hang.before", 1_000, json!({})).await;

    stage.set(json!({"hang_ms": 1})).await;
    let invoice = json!({"external_id": "H-4~hang.before", "amount": 20_000});
    stage.xendit(Method::POST, "/v2/invoices", &invoice).await.body(504);
    let found = "/v2/invoices?external_id=H-4~hang.before";
    assert_eq!(stage.xendit(Method::GET, found, &Value::Null).await.body(200), json!([]));
    stage.invoice("H-4~hang.before", 20_000, json!({})).await;
}

#[tokio::test]
async fn a_charge_may_be_under_way_for_three_seconds() {
    let stage = Stage::still().await;
    let body = Stage::order("P-1~inproc~pay10s", 1_000, json!({}));
    let key = [("idempotency-key", "under-way-1")];
    for _ in 0..2 {
        assert_eq!(stage.core_with("/v2/charge", &key, &body).await.body(202), json!({}));
        assert_eq!(stage.status("P-1~inproc~pay10s").await["status_code"], "404");
        stage.advance(1).await;
    }
    stage.advance(1).await;
    assert_eq!(stage.status("P-1~inproc~pay10s").await["transaction_status"], "pending");
    assert_eq!(stage.core_with("/v2/charge", &key, &body).await.body(200)["status_code"], "201", "the key knows it");
    assert_eq!(stage.core("/v2/charge", &body).await.body(200)["status_code"], "406");
    stage.advance(10).await;
    assert_eq!(stage.status("P-1~inproc~pay10s").await["transaction_status"], "settlement");
}

#[tokio::test]
async fn a_charge_may_be_refused_with_any_code_always_or_at_first() {
    let stage = Stage::still().await;
    for code in ["402", "410", "429", "500", "503", "505"] {
        let order = format!("E~e{code}");
        for _ in 0..2 {
            let told = stage.core("/v2/charge", &Stage::order(&order, 1_000, json!({}))).await.body(200);
            assert_eq!(told["status_code"], code);
        }
        assert_eq!(stage.status(&order).await["status_code"], "404");
    }
    let order = Stage::order("E~e503.2", 1_000, json!({}));
    for code in ["503", "503", "201", "406"] {
        assert_eq!(stage.core("/v2/charge", &order).await.body(200)["status_code"], code);
    }
    let invoice = json!({"external_id": "E~e429", "amount": 20_000});
    let told = stage.xendit(Method::POST, "/v2/invoices", &invoice).await.body(429);
    assert_eq!(told["error_code"], "RATE_LIMIT_EXCEEDED");
    let told = stage.request("E~e503", 20_000, "QRIS", json!({})).await.body(503);
    assert_eq!(told["error_code"], "CHANNEL_UNAVAILABLE");
}

#[tokio::test]
async fn a_fault_before_the_commit_changes_nothing_and_one_after_it_does() {
    let stage = Stage::still().await;
    for (order, mode, there) in [
        ("F-1", "timeout_before_commit", false),
        ("F-2", "timeout_after_commit", true),
        ("F-3", "status:503", false),
        ("F-4", "html", true),
        ("F-5", "truncate", true),
        ("F-6", "reset", true),
    ] {
        stage.fault(json!({"match": {"method": "POST", "path": "/v2/charge", "ref": order}, "mode": mode})).await;
        stage.charge("SOMEBODY-ELSE", 1_000, json!({})).await;
        let url = format!("{}/v2/charge", stage.sandbox.midtrans_api());
        let request = stage.http.post(url).basic_auth(dermaga_sandbox::config::MIDTRANS_SERVER_KEY, Some(""));
        let sent = request.json(&Stage::order(order, 1_000, json!({}))).send().await;
        let text = match sent {
            Ok(response) => (response.status().as_u16(), response.text().await.ok()),
            Err(_) => (0, None),
        };
        match mode {
            "html" => assert!(text.1.as_deref().is_some_and(|text| text.starts_with("<html>")), "{text:?}"),
            "truncate" | "reset" => assert_eq!(text.1, None, "{mode}: the body is not whole"),
            "status:503" => assert_eq!(text.0, 503),
            "timeout_before_commit" => assert_eq!(text.0, 504),
            _ => assert_eq!(text.0, 200),
        }
        let known = stage.status(order).await["status_code"] == "201";
        assert_eq!(known, there, "{mode}");
        assert_eq!(stage.look("/faults").await, json!([]), "{mode} was met once");
        stage.admin(Method::POST, "/reset", &Value::Null).await.body(200);
    }
}

#[tokio::test]
async fn a_slow_answer_is_late_and_whole() {
    let stage = Stage::still().await;
    stage.fault(json!({"mode": "slow:200"})).await;
    let started = Instant::now();
    stage.charge("SLOW", 1_000, json!({})).await;
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn too_many_calls_say_when_to_come_back() {
    let stage = Stage::still().await;
    stage.fault(json!({"match": {"provider": "xendit"}, "mode": "status:429"})).await;
    let url = format!("{}/v2/invoices", stage.sandbox.xendit());
    let ask = || stage.http.get(&url).basic_auth(dermaga_sandbox::config::XENDIT_SECRET_KEY, Some("")).send();
    let response = ask().await.expect("an answer");
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["rate-limit-remaining"], "0");
    assert_eq!(response.headers()["rate-limit-reset"], "30");

    stage.set(json!({"xendit": {"rate_limit": 2}})).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        let response = ask().await.expect("an answer");
        let left = response.headers()["rate-limit-remaining"].to_str().expect("a text").to_owned();
        told.push((response.status().as_u16(), left));
    }
    assert_eq!(told, [(200, "1".to_owned()), (200, "0".to_owned()), (429, "0".to_owned())]);
    stage.advance(60).await;
    assert_eq!(ask().await.expect("an answer").status(), 200, "in the next minute");
}
