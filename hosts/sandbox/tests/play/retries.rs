//! How often a webhook is repeated, after which answer, and when.

use serde_json::{Value, json};

use crate::support::{LONG, Mood, SHORT, Stage};

/// When each attempt of the only webhook was made, in seconds after the first.
async fn attempts(stage: &Stage, reference: &str) -> Vec<i64> {
    let hooks = stage.look(&format!("/webhooks?ref={reference}")).await;
    let attempts = hooks[0]["attempts"].as_array().expect("a list").clone();
    let millis = |attempt: &Value| {
        let at = attempt["at"].as_str().and_then(dermaga_sandbox::Moment::parse).expect("a time");
        at.millis() / 1_000
    };
    let first = attempts.first().map(millis).unwrap_or_default();
    attempts.iter().map(|attempt| millis(attempt) - first).collect()
}

async fn state(stage: &Stage, reference: &str) -> Value {
    stage.look(&format!("/webhooks?ref={reference}")).await[0]["state"].clone()
}

#[tokio::test]
async fn midtrans_repeats_by_the_answer() {
    let stage = Stage::still().await;
    let moved = stage.sink.url("moved");
    for (name, mood, repetitions) in [
        ("500", Mood::Answer(500), 1),
        ("503", Mood::Answer(503), 4),
        ("400", Mood::Answer(400), 2),
        ("404", Mood::Answer(404), 2),
        ("401", Mood::Answer(401), 5),
        ("502", Mood::Answer(502), 5),
        ("301", Mood::Send(301, moved.clone()), 0),
        ("302", Mood::Send(302, moved.clone()), 0),
        ("303", Mood::Send(303, moved), 0),
        ("200", Mood::Answer(200), 0),
        ("202", Mood::Answer(202), 0),
        ("hang", Mood::Hang, 5),
    ] {
        if name == "hang" {
            stage.hurry().await;
        }
        stage.sink.mood(mood);
        let order = format!("M-{name}");
        stage.charge(&order, 1_000, json!({})).await;
        stage.advance(12 * 3_600).await;
        assert_eq!(attempts(&stage, &order).await.len(), 1 + repetitions, "after {name}");
        let end = if name.starts_with("20") { "delivered" } else { "given_up" };
        assert_eq!(state(&stage, &order).await, end, "after {name}");
    }
}

#[tokio::test]
async fn midtrans_waits_longer_and_longer() {
    let stage = Stage::still().await;
    stage.sink.mood(Mood::Answer(502));
    stage.charge("WAIT", 1_000, json!({})).await;
    stage.advance(12 * 3_600).await;
    let times = attempts(&stage, "WAIT").await;
    let waits: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (wait, minutes) in waits.iter().zip([2, 10, 30, 90, 210]) {
        // Up to a tenth more by chance, and a second for rounding.
        let least = minutes * 60 - 1;
        assert!((least..=minutes * 66 + 1).contains(wait), "{wait} s for {minutes} min");
    }
    assert_eq!(waits.len(), 5);

    stage.set(json!({"midtrans": {"retry_spacing": "minute"}})).await;
    stage.charge("MINUTE", 1_000, json!({})).await;
    stage.advance(3_600).await;
    let times = attempts(&stage, "MINUTE").await;
    assert!(times.windows(2).all(|pair| (59..=67).contains(&(pair[1] - pair[0]))), "{times:?}");
    assert_eq!(times.len(), 6);
}

#[tokio::test]
async fn midtrans_follows_temporary_redirections_with_the_body() {
    let stage = Stage::still().await;
    for code in [307, 308] {
        stage.sink.mood(Mood::Send(code, stage.sink.url("moved")));
        let order = format!("R-{code}");
        stage.charge(&order, 1_000, json!({})).await;
        stage.advance(0).await;
        let heard = stage.sink.take();
        let paths: Vec<_> = heard.iter().map(|hook| hook.path.as_str()).collect();
        assert_eq!(paths, ["/midtrans", "/moved"]);
        assert_eq!(heard[0].body, heard[1].body);
        assert_eq!(state(&stage, &order).await, "delivered");
    }
    // In a circle it gives up after five.
    stage.sink.mood(Mood::Send(307, stage.sink.url("midtrans")));
    stage.charge("CIRCLE", 1_000, json!({})).await;
    stage.advance(0).await;
    assert_eq!(stage.sink.take().len(), 6);
}

#[tokio::test]
async fn no_answer_in_time_is_a_failure() {
    let stage = Stage::still().await;
    stage.hurry().await;
    stage.sink.mood(Mood::Hang);
    stage.charge("HANG", 1_000, json!({})).await;
    stage.invoice("HANG-X~exp", 20_000, json!({})).await;
    stage.advance(60).await;
    for reference in ["HANG", "HANG-X~exp"] {
        let hooks = stage.look(&format!("/webhooks?ref={reference}")).await;
        let attempt = &hooks[0]["attempts"][0];
        assert_eq!(attempt["error"], format!("no answer within {SHORT} ms"));
        assert!(attempt["status"].is_null());
        assert!(attempt["next_retry"].is_string(), "it is tried again");
    }
    stage.sink.mood(Mood::Answer(200));
    stage.set(json!({"midtrans": {"timeout_ms": LONG}, "xendit": {"timeout_ms": LONG}})).await;
    stage.advance(900).await;
    assert_eq!(state(&stage, "HANG").await, "delivered");
    assert_eq!(state(&stage, "HANG-X~exp").await, "delivered");
}

#[tokio::test]
async fn nobody_at_the_address_is_a_failure_too() {
    let stage = Stage::still().await;
    stage.set(json!({"midtrans": {"webhook_url": "http://127.0.0.1:1/nobody"}})).await;
    stage.charge("NOBODY", 1_000, json!({})).await;
    stage.advance(12 * 3_600).await;
    assert_eq!(attempts(&stage, "NOBODY").await.len(), 6);
}

#[tokio::test]
async fn xendit_repeats_six_times_whatever_the_answer() {
    let stage = Stage::still().await;
    for (name, mood) in [
        ("500", Mood::Answer(500)),
        ("400", Mood::Answer(400)),
        ("301", Mood::Send(301, stage.sink.url("moved"))),
        ("307", Mood::Send(307, stage.sink.url("moved"))),
    ] {
        stage.sink.mood(mood);
        let reference = format!("X-{name}~exp");
        stage.invoice(&reference, 20_000, json!({})).await;
        stage.advance(25 * 3_600).await;
        let heard = stage.sink.take();
        assert_eq!(heard.len(), 7, "after {name}");
        let ids: Vec<_> = heard.iter().map(|hook| hook.header("webhook-id")).collect();
        assert!(!ids[0].is_empty() && ids.iter().all(|id| *id == ids[0]), "one id for all of them");
        let hours = attempts(&stage, &reference).await;
        assert_eq!(hours, [0, 900, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600]);
        assert_eq!(state(&stage, &reference).await, "given_up");
    }
}

#[tokio::test]
async fn an_envelope_carries_the_time_of_its_delivery() {
    let stage = Stage::still().await;
    stage.sink.mood(Mood::Answer(500));
    stage.request("ENVELOPE~pay1s", 20_000, "QRIS", json!({})).await.body(201);
    stage.advance(1).await;
    stage.sink.mood(Mood::Answer(200));
    stage.advance(900).await;
    assert_eq!(stage.sink.take_member("created"), ["2026-01-05T03:00:01.123Z", "2026-01-05T03:15:01.123Z"]);
}

#[tokio::test]
async fn a_webhook_id_can_be_left_out() {
    let stage = Stage::still().await;
    stage.set(json!({"xendit": {"webhook_id": false}})).await;
    stage.invoice("NO-ID~exp", 20_000, json!({})).await;
    stage.advance(0).await;
    assert_eq!(stage.sink.take()[0].header("webhook-id"), "");
}
