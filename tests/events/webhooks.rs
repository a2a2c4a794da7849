//! Webhooks to a real server: what it is sent, what becomes of its answers, and what is kept of both.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dermaga_domain::{
    Code,
    webhooks::{Courier, NewEndpoint},
};
use dermaga_ports::{
    auth::Principal,
    events::{Event, Subscriber},
    ids::{EndpointId, WebhookId},
    paging::PageRequest,
    system::Clock as _,
    webhooks::{Endpoint, EndpointState, Webhook, WebhookState},
};
use dermaga_tests::{
    databases::Database,
    sink::{Call, Reply, Sink},
};
use dermaga_webhooks::HttpSender;
use futures::future::join_all;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    house::{House, event, fresh, relay_all},
    schemes::on_every_database,
};

on_every_database! {
    a_webhook_is_signed_and_says_what_happened
    an_endpoint_gets_its_topics_once
    what_fails_is_sent_again_by_the_schedule
    what_was_answered_is_in_the_log
    an_endpoint_that_is_gone_is_disabled
    an_endpoint_that_fails_for_days_is_disabled
    both_secrets_sign_while_one_replaces_the_other
    what_was_delivered_can_be_sent_again
    two_hosts_send_each_webhook_once
    a_removed_endpoint_gets_nothing_more
    what_was_sent_long_ago_is_forgotten
    a_slow_endpoint_leaves_room_for_others
    an_endpoint_that_cannot_be_is_refused
}

const OPERATOR: Principal = Principal::Operator;

/// Everything between an event and the call.
struct Post {
    house: House,
    courier: Courier,
}

impl Post {
    fn on(database: &Database) -> Self {
        // The client refuses to be built without a provider of cryptography, even for plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let house = House::on(&database.store);
        let courier = house.app.webhooks.courier(Arc::new(HttpSender::new(true).expect("a client")));
        Self { house, courier }
    }

    async fn endpoint(&self, url: &str, topics: &[&str]) -> (Endpoint, String) {
        let topics = topics.iter().map(|&topic| topic.to_owned()).collect();
        let new = NewEndpoint { url: url.to_owned(), topics, description: Some("for a test".to_owned()) };
        let (endpoint, secret) = self.house.app.webhooks.create(&OPERATOR, fresh(), new).await.expect("creates");
        (endpoint, secret.expect("its secret").0)
    }

    /// What a host does with an event: from the outbox to the webhooks that wait.
    async fn tell(&self, events: &[Event]) {
        self.house.file(events).await;
        let hooks = Arc::new(self.house.app.webhooks.clone()) as Arc<dyn Subscriber>;
        relay_all(&self.house.relay(&[hooks]).0).await;
    }

    /// Makes the calls that are due; answers how many.
    async fn send(&self) -> usize {
        let mut sent = 0;
        loop {
            let taken = self.courier.take(&[], 50).await.expect("takes");
            if taken.is_empty() {
                return sent;
            }
            sent += taken.len();
            for attempt in join_all(taken.into_iter().map(|webhook| self.courier.attempt(webhook))).await {
                attempt.expect("is written down");
            }
        }
    }

    async fn log(&self, endpoint: EndpointId) -> Vec<Webhook> {
        let page = PageRequest::<WebhookId>::first(200);
        self.house.app.webhooks.deliveries(&OPERATOR, endpoint, page).await.expect("lists").items
    }

    async fn state(&self, endpoint: EndpointId) -> EndpointState {
        self.house.app.webhooks.endpoint(&OPERATOR, endpoint).await.expect("is there").state
    }
}

/// The signature of a call, computed as RFC 2104 says and by nothing of ours.
fn signature(secret: &str, call: &Call) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
    let content = format!("{}.{}.{}", call.headers["webhook-id"], call.headers["webhook-timestamp"], call.body);
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(&key);
    let hash = |pad: u8, content: &[u8]| {
        Sha256::new().chain_update(block.map(|byte| byte ^ pad)).chain_update(content).finalize()
    };
    format!("v1,{}", STANDARD.encode(hash(0x5c, &hash(0x36, content.as_bytes()))))
}

fn json(call: &Call) -> Value {
    serde_json::from_str(&call.body).expect("JSON")
}

fn status(status: u16) -> Reply {
    Reply::Status(status, format!("said {status}"))
}

async fn a_webhook_is_signed_and_says_what_happened(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering([]).await);
    let (_, secret) = post.endpoint(&sink.url("/hooks?a=b"), &["payment.*"]).await;
    let happened = event("payment.paid", "payment:1", 7);
    post.tell(std::slice::from_ref(&happened)).await;
    assert_eq!(post.send().await, 1);
    let call = sink.calls().remove(0);
    assert_eq!(call.path, "/hooks?a=b");
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!(call.headers["webhook-id"], happened.id.to_string());
    let now = post.house.clock.now().micros() / 1_000_000;
    assert_eq!(call.headers["webhook-timestamp"], now.to_string());
    assert_eq!(call.headers["webhook-signature"], signature(&secret, &call));
    let body = json(&call);
    assert_eq!(body["type"], "payment.paid");
    assert_eq!(body["timestamp"], happened.at.to_string());
    assert_eq!(body["data"], happened.payload);
    assert_eq!(body.as_object().expect("fields").len(), 3);
    // The secret is in one place and nowhere else.
    let bare = secret.strip_prefix("whsec_").expect("a secret");
    for table in ["audit_entries", "outbox"] {
        let column = if table == "outbox" { "CAST(payload AS TEXT)" } else { "detail" };
        let texts = database.texts(&format!("SELECT {column} FROM {table}")).await;
        assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains(bare)), "{table}");
    }
}

async fn an_endpoint_gets_its_topics_once(database: &Database) {
    let (post, all, some) = (Post::on(database), Sink::answering([]).await, Sink::answering([]).await);
    post.endpoint(&all.url("/"), &["*"]).await;
    post.endpoint(&some.url("/"), &["payment.paid", "order.*"]).await;
    let events = [event("payment.paid", "p:1", 1), event("payment.lost", "p:1", 2), event("order.made", "o:1", 3)];
    post.tell(&events).await;
    post.send().await;
    // Handed over again, as after a crash before the receipt was written.
    database.execute("DELETE FROM event_receipts").await.expect("forgets");
    database.execute("UPDATE outbox SET told_at = NULL").await.expect("forgets");
    post.tell(&[]).await;
    post.send().await;
    let topics = |sink: &Sink| {
        let mut topics: Vec<String> =
            sink.calls().iter().map(|call| json(call)["type"].as_str().expect("a topic").to_owned()).collect();
        topics.sort();
        topics
    };
    assert_eq!(topics(&some), ["order.made", "payment.paid"]);
    let of_endpoints = "webhook.endpoint_created";
    assert_eq!(topics(&all), ["order.made", "payment.lost", "payment.paid", of_endpoints, of_endpoints]);
}

async fn what_fails_is_sent_again_by_the_schedule(database: &Database) {
    let post = Post::on(database);
    let sink = Sink::answering([status(500), Reply::HangUp, Reply::Redirect("http://127.0.0.1:1/".to_owned())]).await;
    let (endpoint, secret) = post.endpoint(&sink.url("/"), &["a.b"]).await;
    post.tell(&[event("a.b", "s:1", 1)]).await;
    for (pause, calls) in [(0, 1), (4, 1), (2, 2), (299, 2), (61, 3), (1_799, 3), (361, 4), (100_000, 4)] {
        post.house.clock.advance(Duration::from_secs(pause));
        post.send().await;
        assert_eq!(sink.calls().len(), calls, "after {pause} more seconds");
    }
    // The same message, signed anew each time.
    let calls = sink.calls();
    assert!(calls.iter().all(|call| call.headers["webhook-signature"] == signature(&secret, call)));
    assert!(calls.iter().all(|call| call.headers["webhook-id"] == calls[0].headers["webhook-id"]));
    assert!(calls.windows(2).all(|pair| pair[0].headers["webhook-timestamp"] < pair[1].headers["webhook-timestamp"]));
    let webhook = post.log(endpoint.id).await.remove(0);
    assert_eq!((webhook.state, webhook.tries), (WebhookState::Delivered, 4));
    let statuses: Vec<_> = webhook.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), None, Some(302), Some(204)]);
    assert_eq!(post.state(endpoint.id).await, EndpointState::Enabled { failing_since: None });
}

async fn what_was_answered_is_in_the_log(database: &Database) {
    let long = "x".repeat(5_000);
    let replies = [Reply::Status(503, long.clone()), Reply::Status(500, "nul \0 and ü".to_owned())];
    let (post, sink) = (Post::on(database), Sink::answering(replies).await);
    let (endpoint, _) = post.endpoint(&sink.url("/"), &["*"]).await;
    post.send().await;
    let before = post.house.clock.now();
    post.tell(&[event("a.b", "s:1", 1)]).await;
    while sink.calls().len() < 2 {
        post.send().await;
    }
    let answers: Vec<_> = post.log(endpoint.id).await.into_iter().flat_map(|webhook| webhook.attempts).collect();
    assert_eq!(answers.len(), 2);
    let of = |status| answers.iter().find(|attempt| attempt.status == Some(status)).expect("is in the log");
    assert_eq!(of(503).answer, long[..1_024]);
    assert!(of(500).answer.starts_with("nul ") && of(500).answer.ends_with(" and ü"), "{:?}", of(500).answer);
    assert!(answers.iter().all(|attempt| attempt.at >= before && attempt.latency < Duration::from_secs(20)));
    let EndpointState::Enabled { failing_since } = post.state(endpoint.id).await else { panic!("it is enabled") };
    assert_eq!(failing_since, Some(before));
}

async fn an_endpoint_that_is_gone_is_disabled(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering([status(410)]).await);
    let (endpoint, _) = post.endpoint(&sink.url("/"), &["a.*"]).await;
    post.tell(&[event("a.b", "s:1", 1)]).await;
    post.send().await;
    let EndpointState::Disabled { reason, .. } = post.state(endpoint.id).await else { panic!("it is enabled") };
    assert!(reason.contains("410"), "{reason}");
    let webhook = post.log(endpoint.id).await.remove(0);
    assert_eq!(webhook.state, WebhookState::Failed);
    let refused = post.house.app.webhooks.replay(&OPERATOR, endpoint.id, webhook.id).await.expect_err("is disabled");
    assert_eq!(refused.code(), Code::IllegalTransition);
    post.tell(&[event("a.b", "s:1", 2)]).await;
    post.house.clock.advance(Duration::from_secs(3_600));
    assert_eq!(post.send().await, 0);
    let disabled = "SELECT actor FROM audit_entries WHERE action = 'webhook.endpoint_disabled'";
    assert_eq!(database.texts(disabled).await, ["service:webhooks"]);
    // Until somebody enables it.
    let enabled = post.house.app.webhooks.enable(&OPERATOR, endpoint.id).await.expect("enables");
    assert_eq!(enabled.state, EndpointState::Enabled { failing_since: None });
    post.house.app.webhooks.replay(&OPERATOR, endpoint.id, webhook.id).await.expect("replays");
    assert_eq!(post.send().await, 1);
    assert_eq!(post.log(endpoint.id).await[0].state, WebhookState::Delivered);
}

async fn an_endpoint_that_fails_for_days_is_disabled(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering(vec![status(500); 100]).await);
    let (endpoint, _) = post.endpoint(&sink.url("/"), &["a.*"]).await;
    for day in 0..=5 {
        let state = post.state(endpoint.id).await;
        assert!(matches!(state, EndpointState::Enabled { .. }), "on day {day}: {state:?}");
        post.tell(&[event("a.b", "s:1", day)]).await;
        post.send().await;
        post.house.clock.advance(Duration::from_secs(24 * 3_600));
    }
    let EndpointState::Disabled { reason, .. } = post.state(endpoint.id).await else { panic!("it is enabled") };
    assert!(reason.contains("2026-01-01"), "{reason}");
    let calls = sink.calls().len();
    post.house.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!((post.send().await, sink.calls().len()), (0, calls));
}

async fn both_secrets_sign_while_one_replaces_the_other(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering([]).await);
    let (endpoint, old) = post.endpoint(&sink.url("/"), &["a.*"]).await;
    let (_, new) = post.house.app.webhooks.rotate(&OPERATOR, endpoint.id).await.expect("rotates");
    assert_ne!(old, new.0);
    post.tell(&[event("a.b", "s:1", 1)]).await;
    post.send().await;
    post.house.clock.advance(Duration::from_secs(24 * 3_600));
    post.tell(&[event("a.b", "s:1", 2)]).await;
    post.send().await;
    let [first, second] = &sink.calls()[..] else { panic!("two calls") };
    assert_eq!(first.headers["webhook-signature"], format!("{} {}", signature(&new.0, first), signature(&old, first)));
    assert_eq!(second.headers["webhook-signature"], signature(&new.0, second));
}

async fn what_was_delivered_can_be_sent_again(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering([]).await);
    let (endpoint, _) = post.endpoint(&sink.url("/"), &["a.*"]).await;
    let (other, _) = post.endpoint(&sink.url("/other"), &["b.*"]).await;
    post.tell(&[event("a.b", "s:1", 1)]).await;
    post.send().await;
    let webhook = post.log(endpoint.id).await.remove(0);
    let replay = |endpoint, id| post.house.app.webhooks.replay(&OPERATOR, endpoint, id);
    assert_eq!(replay(endpoint.id, fresh()).await.expect_err("unknown").code(), Code::WebhookNotFound);
    assert_eq!(replay(other.id, webhook.id).await.expect_err("of another").code(), Code::WebhookNotFound);
    assert_eq!(replay(fresh(), webhook.id).await.expect_err("unknown").code(), Code::EndpointNotFound);
    assert_eq!(replay(endpoint.id, webhook.id).await.expect("replays").tries, 0);
    assert_eq!(post.send().await, 1);
    let calls = sink.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].headers["webhook-id"], calls[1].headers["webhook-id"]);
    assert_eq!(post.log(endpoint.id).await[0].attempts.len(), 2);
}

async fn two_hosts_send_each_webhook_once(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering([]).await);
    let endpoints = ["/one", "/two", "/three"];
    for path in endpoints {
        post.endpoint(&sink.url(path), &["a.*"]).await;
    }
    let events: Vec<Event> = (0..40).map(|n| event("a.b", "s:1", n)).collect();
    post.tell(&events).await;
    let other = Post { house: House::at(&database.store, post.house.clock.clone()), courier: post.courier.clone() };
    let (one, two) = futures::join!(post.send(), other.send());
    assert_eq!(one + two, 120);
    let mut calls: Vec<(String, String)> =
        sink.calls().iter().map(|call| (call.path.clone(), call.headers["webhook-id"].clone())).collect();
    calls.sort();
    calls.dedup();
    assert_eq!((calls.len(), sink.calls().len()), (120, 120));
}

async fn a_removed_endpoint_gets_nothing_more(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering([]).await);
    let (endpoint, _) = post.endpoint(&sink.url("/"), &["a.*"]).await;
    post.tell(&[event("a.b", "s:1", 1)]).await;
    // Taken, and not sent yet.
    let taken = post.courier.take(&[], 10).await.expect("takes").remove(0);
    post.house.app.webhooks.remove(&OPERATOR, endpoint.id).await.expect("removes");
    post.courier.attempt(taken).await.expect("there is nobody to call");
    assert!(sink.calls().is_empty());
    let refused = post.house.app.webhooks.remove(&OPERATOR, endpoint.id).await.expect_err("it is gone");
    assert_eq!(refused.code(), Code::EndpointNotFound);
    assert!(database.texts("SELECT topic FROM webhooks").await.is_empty());
}

async fn what_was_sent_long_ago_is_forgotten(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering([Reply::Status(204, String::new()), status(500)]).await);
    let (endpoint, _) = post.endpoint(&sink.url("/"), &["a.*"]).await;
    post.tell(&[event("a.b", "s:1", 1)]).await;
    post.send().await;
    post.tell(&[event("a.b", "s:1", 2)]).await;
    post.send().await;
    post.house.clock.advance(Duration::from_secs(30 * 24 * 3_600));
    assert_eq!(post.courier.tidy().await, Ok(0));
    post.house.clock.advance(Duration::from_secs(1));
    assert_eq!(post.courier.tidy().await, Ok(1), "what waits is kept");
    assert_eq!(post.log(endpoint.id).await.len(), 1);
}

async fn a_slow_endpoint_leaves_room_for_others(database: &Database) {
    let (post, sink) = (Post::on(database), Sink::answering([]).await);
    let (slow, _) = post.endpoint(&sink.url("/slow"), &["a.*"]).await;
    post.tell(&(0..30).map(|n| event("a.b", "s:1", n)).collect::<Vec<_>>()).await;
    let (quick, _) = post.endpoint(&sink.url("/quick"), &["b.*"]).await;
    post.tell(&[event("b.c", "s:1", 1)]).await;
    let taken = post.courier.take(&[], 20).await.expect("takes");
    let count = |endpoint: &Endpoint| taken.iter().filter(|webhook| webhook.endpoint == endpoint.id).count();
    assert_eq!((count(&slow), count(&quick)), (8, 1));
    // Nobody else gets those, and none to an endpoint that is busy.
    assert!(post.courier.take(&[slow.id], 20).await.expect("takes").is_empty());
    assert_eq!(post.courier.take(&[], 20).await.expect("takes").len(), 8);
    assert_eq!(post.courier.take(&[], 3).await.expect("takes").len(), 3);
    // Whoever has taken them has died: after a minute others get them.
    post.house.clock.advance(Duration::from_secs(61));
    assert_eq!(post.send().await, 31);
    assert_eq!(sink.calls().len(), 31);
}

async fn an_endpoint_that_cannot_be_is_refused(database: &Database) {
    let post = Post::on(database);
    let create = async |url: &str, topics: &[&str]| {
        let topics = topics.iter().map(|&topic| topic.to_owned()).collect();
        let new = NewEndpoint { url: url.to_owned(), topics, description: None };
        let refused = post.house.app.webhooks.create(&OPERATOR, fresh(), new).await.expect_err(url);
        refused.faults().iter().map(|fault| fault.pointer.clone()).collect::<Vec<_>>()
    };
    assert_eq!(create("http://example.com/", &["*"]).await, ["/url"]);
    assert_eq!(create("https://example.com/", &[]).await, ["/topics"]);
    assert_eq!(create("ftp://example.com/", &["*", "a", "a.b.c"]).await, ["/url", "/topics/1", "/topics/2"]);
    // The same id finds the same endpoint, and no secret.
    let (endpoint, _) = post.endpoint("https://example.com/", &["*"]).await;
    let new = NewEndpoint { url: endpoint.url.clone(), topics: endpoint.topics.clone(), description: None };
    let (again, secret) = post.house.app.webhooks.create(&OPERATOR, endpoint.id, new).await.expect("finds it");
    assert_eq!((again, secret), (endpoint, None));
}
