//! The check-in that TixGo describes, word for word, but for the base path and the event that is made first.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use dermaga_tests::{
    client::{Answer, Client},
    hosts::{Host, JWT_SECRET},
    patience::within,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::doors::{Doors, event, text};

/// What its page "Manual Test Workflow" does with curl.
async fn manual_test_workflow(host: &Host) {
    let anyone = Client::anyone(host);
    // 1. Register
    let new = json!({ "username": "testuser", "password": "pass123", "role": "committee" });
    let registered = anyone.post("/auth/register", new.clone()).await.expect(201);
    assert_eq!((&registered["username"], &registered["role"]), (&json!("testuser"), &json!("committee")));
    anyone.post("/auth/register", new).await.problem(409, "username_taken");
    // 2. Login
    let login = json!({ "username": "testuser", "password": "pass123" });
    let login = anyone.post("/auth/login", login).await.expect(200);
    assert_eq!(login["token_type"], "bearer");
    let token = text(&login["access_token"]);
    let panitia = anyone.with_token(&token);
    // 3. Get user info
    let me = panitia.get("/auth/me").await.expect(200);
    assert_eq!((&me["username"], &me["role"]), (&json!("testuser"), &json!("committee")));
    event(&panitia, "evt-tixgo", json!({ "admission": "open" })).await;
    // 4. Create check-in
    let body = json!({ "event_id": "evt-tixgo", "ticket_id": "TICKET001" });
    let created = panitia.post("/checkins", body.clone()).await.expect(201);
    assert_eq!(created["status"], "checked_in");
    let record = &created["record"];
    assert_eq!(record["event_id"], "evt-tixgo");
    assert_eq!(record["ticket_id"], "TICKET001");
    assert_eq!(record["checked_in_by"], "testuser");
    assert!(text(&record["checked_in_at"]).ends_with('Z'));
    // 5. Get attendance
    let attendance = panitia.get("/attendance/evt-tixgo").await.expect(200);
    assert_eq!((&attendance["event_id"], &attendance["total_checkins"]), (&json!("evt-tixgo"), &json!(1)));
    let listed = &attendance["records"][0];
    for field in ["ticket_id", "checked_in_by", "checked_in_at"] {
        assert_eq!(listed[field], record[field], "{field}");
    }
    // What TixGo lets pass: the same ticket again.
    let again = panitia.post("/checkins", body.clone()).await.problem(409, "already_entered");
    assert_eq!(again["facts"]["first"]["checked_in_at"], record["checked_in_at"]);
    assert_eq!(again["facts"]["first"]["checked_in_by"], "testuser");
    tokens_that_do_not_count(&anyone, &token, &body).await;
    assert_eq!(panitia.get("/attendance/evt-tixgo").await.expect(200)["total_checkins"], 1);
}

/// "Token validation error": none, an expired one, one that another key has signed.
async fn tokens_that_do_not_count(anyone: &Client, token: &str, body: &Value) {
    let claims = token.split('.').nth(1).expect("three parts");
    let mut claims: Value = serde_json::from_slice(&BASE64.decode(claims).expect("base64")).expect("JSON");
    let signed = |claims: &Value, secret: &str| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&Header::new(Algorithm::HS256), claims, &key).expect("signs")
    };
    anyone.with_token(&signed(&claims, JWT_SECRET)).get("/attendance/evt-tixgo").await.expect(200);
    let foreign = signed(&claims, "another secret of at least thirty-two characters");
    let hour = 3_600;
    for moment in ["exp", "iat"] {
        claims[moment] = json!(claims[moment].as_i64().expect("seconds") - 24 * hour);
    }
    let expired = signed(&claims, JWT_SECRET);
    let refused = |answer: Answer, code: &str| {
        answer.problem(401, code);
    };
    for (client, code) in [
        (anyone.clone(), "token_missing"),
        (anyone.with_token(&expired), "token_expired"),
        (anyone.with_token(&foreign), "token_invalid"),
        (anyone.with_token("garbage"), "token_invalid"),
    ] {
        refused(client.post("/checkins", body.clone()).await, code);
        refused(client.get("/attendance/evt-tixgo").await, code);
        refused(client.get("/auth/me").await, code);
    }
}

#[tokio::test]
async fn the_workflow_of_tixgo_on_sqlite() {
    let doors = Doors::on_sqlite();
    within(60, manual_test_workflow(doors.first())).await;
}

#[tokio::test]
async fn the_workflow_of_tixgo_on_postgres() {
    let doors = Doors::on_postgres(1).await;
    within(60, manual_test_workflow(doors.first())).await;
}

#[tokio::test]
async fn the_demo_has_an_event_and_a_committee_member() {
    let doors = Doors::on_sqlite();
    let anyone = Client::anyone(doors.first());
    let login = json!({ "username": "panitia1", "password": dermaga_tests::hosts::COMMITTEE_PASSWORD });
    let login = anyone.post("/auth/login", login).await.expect(200);
    let panitia = anyone.with_token(&text(&login["access_token"]));
    let body = json!({ "event_id": "evt1", "ticket_id": "TICKET123" });
    assert_eq!(panitia.post("/checkins", body).await.expect(201)["record"]["checked_in_by"], "panitia1");
    let types = panitia.get("/events/evt1/ticket-types").await.expect(200);
    assert_eq!(types["items"][0]["available"], 500);
}

#[tokio::test]
async fn who_may_register_is_a_setting_and_never_an_administrator() {
    let doors = Doors::on_sqlite();
    let new = |name: &str, password: &str, role: &str| json!({ "username": name, "password": password, "role": role });
    let anyone = Client::anyone(doors.first());
    anyone.post("/auth/register", new("boss", "pass123", "admin")).await.problem(403, "role_not_open");
    anyone.post("/auth/register", new("short", "abc", "committee")).await.fault(422, "invalid", "/password");
    anyone.post("/auth/register", new("four", "abcd", "committee")).await.expect(201);
    let strict = [("DERMAGA_OPEN_ROLES", r#"["user"]"#), ("DERMAGA_MIN_PASSWORD", "9")];
    let strict = Host::start("dermaga-events", dermaga_tests::hosts::Folder::new(), &strict);
    let anyone = Client::anyone(&strict);
    anyone.post("/auth/register", new("helper", "pass123pass123", "committee")).await.problem(403, "role_not_open");
    anyone.post("/auth/register", new("guest", "pass123", "user")).await.fault(422, "invalid", "/password");
}
