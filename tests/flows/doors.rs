//! What the tests of the door share: hosts of events on either database, and a committee.

use dermaga_tests::{
    client::{Answer, Client},
    hosts::{Folder, Host},
    postgres::{Durability, Server},
};
use serde_json::{Value, json};

/// Hosts on one database, and the server under it if it needs one.
pub struct Doors {
    pub hosts: Vec<Host>,
    _server: Option<Server>,
}

impl Doors {
    /// One host with its own file.
    pub fn on_sqlite() -> Self {
        Self { hosts: vec![Host::start("dermaga-events", Folder::new(), &[])], _server: None }
    }

    /// So many hosts on one Postgres.
    pub async fn on_postgres(count: usize) -> Self {
        let server = Server::start(Durability::None).await;
        server.execute("postgres", "CREATE DATABASE events").await.expect("creates");
        let url = server.url("events");
        // One after the other: the first one makes the demo's data.
        let start = |_| Host::start("dermaga-events", Folder::new(), &[("DATABASE_URL", &url)]);
        let hosts = (0..count).map(start).collect();
        Self { hosts, _server: Some(server) }
    }

    pub fn first(&self) -> &Host {
        &self.hosts[0]
    }
}

/// Somebody of the committee, who has registered as such.
pub async fn committee(host: &Host, name: &str) -> Client {
    let anyone = Client::anyone(host);
    let new = json!({ "username": name, "password": "pass123", "role": "committee" });
    let registered = anyone.post("/auth/register", new).await.expect(201);
    assert_eq!((&registered["username"], &registered["role"]), (&json!(name), &json!("committee")));
    login(host, name).await
}

pub async fn login(host: &Host, name: &str) -> Client {
    let anyone = Client::anyone(host);
    let login = anyone.post("/auth/login", json!({ "username": name, "password": "pass123" })).await.expect(200);
    assert_eq!(login["token_type"], "bearer");
    anyone.with_token(login["access_token"].as_str().expect("a token"))
}

/// An event from now on for a century, with whatever else is said of it.
pub async fn event(panitia: &Client, id: &str, extra: Value) -> Value {
    let mut body = json!({
        "event_id": id, "name": "Konser", "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2126-01-01T00:00:00Z",
    });
    body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
    panitia.post("/events", body).await.expect(201)
}

/// A ticket, as its holder reads it.
pub async fn ticket(panitia: &Client, event: &str, extra: Value) -> Value {
    let mut body = json!({ "holder": "Siti Aminah" });
    body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
    let issued = panitia.post(&format!("/events/{event}/tickets"), body).await.expect(201);
    assert!(issued.get("code").is_none(), "an answer that may be kept for repetitions holds no code");
    let read = panitia.get(&format!("/tickets/{}", text(&issued["id"]))).await.expect(200);
    assert_eq!(read["state"], "VALID");
    read
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

pub async fn check_in(panitia: &Client, event: &str, shown: &str) -> Answer {
    panitia.post("/checkins", json!({ "event_id": event, "ticket_id": shown })).await
}
