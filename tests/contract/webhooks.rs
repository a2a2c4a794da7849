//! Endpoints, what is on its way to them, and the log of every call.

use std::time::Duration;

use dermaga_ports::{
    StoreError, Unique,
    events::Event,
    ids::{EndpointId, EventId, WebhookId},
    store::Store as _,
    webhooks::{Attempt, Endpoint, EndpointState, PreviousKey, SigningKey, SigningKeys, Webhook, WebhookState},
};
use dermaga_tests::databases::{Database, Engine};
use serde_json::json;

use crate::{all_pages, commit, fixtures::*};

fn key(byte: u8) -> SigningKey {
    SigningKey::new(vec![byte; 32]).expect("long enough")
}

fn endpoint(n: u32) -> Endpoint {
    Endpoint {
        id: EndpointId(id(n)),
        url: format!("https://example.com/{n}"),
        topics: vec!["payment.*".to_owned(), "order.made".to_owned()],
        description: None,
        keys: SigningKeys { current: key(1), previous: None },
        state: EndpointState::Enabled { failing_since: None },
        created_at: at(i64::from(n)),
    }
}

/// The n-th event on its way to an endpoint, with an attempt due at that moment.
fn webhook(n: u32, to: &Endpoint, due: i64) -> Webhook {
    let event = Event {
        id: EventId(id(n)),
        at: at(i64::from(n)),
        topic: "payment.paid".into(),
        subject: format!("payment:{n}"),
        payload: json!({ "number": n }),
    };
    let state = WebhookState::Waiting { next_try_at: at(due) };
    let created_at = at(i64::from(n));
    Webhook { id: WebhookId(id(n)), endpoint: to.id, event, state, tries: 0, created_at, attempts: Vec::new() }
}

async fn add(database: &Database, endpoints: &[&Endpoint]) {
    for endpoint in endpoints {
        commit!(database, |unit| unit.webhooks().add_endpoint(endpoint));
    }
}

async fn enqueue(database: &Database, webhooks: &[Webhook]) {
    commit!(database, |unit| unit.webhooks().add(webhooks));
}

/// The numbers of what is taken, lowest first.
async fn take(database: &Database, now: i64, busy: &[EndpointId], each: u32, limit: u32) -> Vec<u64> {
    let taken = commit!(database, |unit| unit.webhooks().take_due(at(now), at(now + 1_000), busy, each, limit));
    let mut numbers: Vec<u64> =
        taken.iter().map(|webhook| webhook.event.payload["number"].as_u64().expect("a number")).collect();
    numbers.sort_unstable();
    numbers
}

pub async fn endpoints_read_back_as_written(database: &Database) {
    assert_eq!(database.store.webhooks().has_enabled().await, Ok(false));
    let plain = endpoint(1);
    let rotating = Endpoint {
        description: Some("ours".to_owned()),
        keys: SigningKeys { current: key(2), previous: Some(PreviousKey { key: key(1), until: at(99) }) },
        state: EndpointState::Enabled { failing_since: Some(at(7)) },
        ..endpoint(2)
    };
    let disabled =
        Endpoint { state: EndpointState::Disabled { since: at(9), reason: "gone".to_owned() }, ..endpoint(3) };
    add(database, &[&disabled]).await;
    assert_eq!(database.store.webhooks().has_enabled().await, Ok(false));
    add(database, &[&rotating, &plain]).await;
    assert_eq!(database.store.webhooks().has_enabled().await, Ok(true));
    let all = [plain.clone(), rotating, disabled];
    assert_eq!(database.store.webhooks().endpoints().await.expect("reads"), all, "oldest first");
    for endpoint in &all {
        assert_eq!(database.store.webhooks().endpoint(endpoint.id).await, Ok(Some(endpoint.clone())));
        assert_eq!(commit!(database, |unit| unit.webhooks().find_endpoint(endpoint.id)), Some(endpoint.clone()));
    }
    // Whatever can change, changed to what another one is.
    for other in &all[1..] {
        let changed = Endpoint { id: plain.id, created_at: plain.created_at, ..other.clone() };
        commit!(database, |unit| unit.webhooks().save_endpoint(&changed));
        assert_eq!(database.store.webhooks().endpoint(plain.id).await, Ok(Some(changed)));
    }
    let mut unit = begin(database).await;
    assert_eq!(unit.webhooks().add_endpoint(&plain).await, Err(StoreError::Conflict(Unique::Id)));
    assert!(matches!(unit.webhooks().save_endpoint(&endpoint(9)).await, Err(StoreError::Stale(_))));
}

pub async fn a_found_endpoint_is_locked(database: &Database) {
    let endpoint = endpoint(1);
    add(database, &[&endpoint]).await;
    let mut unit = begin(database).await;
    unit.webhooks().find_endpoint(endpoint.id).await.expect("finds");
    let id = endpoint.id;
    let second = must_wait(database, move |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.webhooks().find_endpoint(id).await.expect("finds").expect("is there").state
    })
    .await;
    let state = EndpointState::Disabled { since: at(1), reason: "gone".to_owned() };
    unit.webhooks().save_endpoint(&Endpoint { state: state.clone(), ..endpoint }).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), state);
}

pub async fn webhooks_read_back_with_their_log(database: &Database) {
    let (one, other) = (endpoint(1), endpoint(2));
    add(database, &[&one, &other]).await;
    let all: Vec<Webhook> = (10..15).map(|n| webhook(n, &one, 5)).collect();
    enqueue(database, &all).await;
    enqueue(database, &[webhook(20, &other, 5)]).await;
    let attempt = |n: i64, status| Attempt {
        at: at(n),
        status,
        latency: Duration::from_millis(12),
        answer: format!("answer {n}"),
    };
    for (webhook, attempt) in
        [(12, attempt(1, Some(500))), (12, attempt(3, None)), (14, attempt(2, Some(204))), (20, attempt(4, Some(200)))]
    {
        commit!(database, |unit| unit.webhooks().log(WebhookId(id(webhook)), &attempt));
    }
    let delivered = Webhook { state: WebhookState::Delivered, tries: 1, ..all[4].clone() };
    let failed = Webhook { state: WebhookState::Failed, tries: 10, ..all[0].clone() };
    for changed in [&delivered, &failed] {
        commit!(database, |unit| unit.webhooks().save(changed));
        assert_eq!(commit!(database, |unit| unit.webhooks().find(changed.id)).as_ref(), Some(changed));
    }
    let found = all_pages!(2, |page| database.store.webhooks().webhooks(one.id, page));
    let expected = [
        Webhook { attempts: vec![attempt(2, Some(204))], ..delivered },
        all[3].clone(),
        Webhook { attempts: vec![attempt(1, Some(500)), attempt(3, None)], ..all[2].clone() },
        all[1].clone(),
        failed,
    ];
    assert_eq!(found, expected, "newest first");
    let mut unit = begin(database).await;
    assert!(matches!(unit.webhooks().save(&webhook(99, &one, 1)).await, Err(StoreError::Stale(_))));
}

pub async fn an_event_goes_to_an_endpoint_once(database: &Database) {
    let (one, other) = (endpoint(1), endpoint(2));
    add(database, &[&one, &other]).await;
    let first = webhook(10, &one, 5);
    enqueue(database, std::slice::from_ref(&first)).await;
    enqueue(database, &[Webhook { id: WebhookId(id(11)), ..first.clone() }]).await;
    enqueue(database, &[Webhook { id: WebhookId(id(12)), endpoint: other.id, ..first.clone() }]).await;
    assert_eq!(database.texts("SELECT topic FROM webhooks").await.len(), 2);
    assert_eq!(commit!(database, |unit| unit.webhooks().find(WebhookId(id(11)))), None);
}

pub async fn what_is_due_is_taken_fairly(database: &Database) {
    let (one, two) = (endpoint(1), endpoint(2));
    let gone = Endpoint { state: EndpointState::Disabled { since: at(9), reason: "gone".to_owned() }, ..endpoint(3) };
    add(database, &[&one, &two, &gone]).await;
    let many: Vec<Webhook> = (10..30).map(|n| webhook(n, &one, i64::from(n))).collect();
    enqueue(database, &many).await;
    let delivered = Webhook { state: WebhookState::Delivered, ..webhook(42, &two, 1) };
    enqueue(database, &[webhook(40, &two, 35), webhook(41, &two, 36), delivered, webhook(50, &gone, 1)]).await;
    assert_eq!(take(database, 9, &[], 8, 100).await, [0; 0]);
    assert_eq!(take(database, 35, &[], 3, 100).await, [10, 11, 12, 40]);
    assert_eq!(take(database, 35, &[], 3, 2).await, [13, 14]);
    assert_eq!(take(database, 36, &[one.id], 3, 100).await, [41]);
    assert_eq!(take(database, 36, &[one.id, two.id], 3, 100).await, [0; 0]);
    // Whoever has taken them must have died.
    assert_eq!(take(database, 1_036, &[one.id], 3, 100).await, [40, 41]);
}

pub async fn two_hosts_do_not_take_the_same_webhook(database: &Database) {
    let one = endpoint(1);
    add(database, &[&one]).await;
    enqueue(database, &(10..13).map(|n| webhook(n, &one, 1)).collect::<Vec<_>>()).await;
    let mut unit = begin(database).await;
    let taken = unit.webhooks().take_due(at(5), at(1_000), &[], 2, 10).await.expect("takes");
    assert_eq!(taken.len(), 2);
    if database.engine == Engine::Postgres {
        // Nobody waits for what somebody else is about to take.
        assert!(take(database, 5, &[], 10, 10).await.len() <= 1);
    }
    unit.commit().await.expect("commits");
    take(database, 5, &[], 10, 10).await;
    assert_eq!(take(database, 5, &[], 10, 10).await, [0; 0]);
}

pub async fn an_endpoint_goes_with_everything(database: &Database) {
    let (one, other) = (endpoint(1), endpoint(2));
    add(database, &[&one, &other]).await;
    enqueue(database, &[webhook(10, &one, 5), webhook(11, &other, 5)]).await;
    let attempt = Attempt { at: at(1), status: None, latency: Duration::ZERO, answer: String::new() };
    commit!(database, |unit| unit.webhooks().log(WebhookId(id(10)), &attempt));
    commit!(database, |unit| unit.webhooks().remove_endpoint(one.id));
    assert_eq!(database.store.webhooks().endpoint(one.id).await, Ok(None));
    assert_eq!(database.texts("SELECT subject FROM webhooks").await, ["payment:11"]);
    assert!(database.texts("SELECT answer FROM webhook_attempts").await.is_empty());
}

pub async fn old_webhooks_are_forgotten_unless_they_wait(database: &Database) {
    let one = endpoint(1);
    add(database, &[&one]).await;
    let done = |n, state| Webhook { state, ..webhook(n, &one, 5) };
    let all = [
        done(10, WebhookState::Delivered),
        done(11, WebhookState::Failed),
        webhook(12, &one, 5),
        done(13, WebhookState::Delivered),
    ];
    enqueue(database, &all).await;
    assert_eq!(commit!(database, |unit| unit.webhooks().forget(at(13), 1)), 1);
    assert_eq!(commit!(database, |unit| unit.webhooks().forget(at(13), 5)), 1);
    assert_eq!(commit!(database, |unit| unit.webhooks().forget(at(13), 5)), 0);
    assert_eq!(database.texts("SELECT subject FROM webhooks ORDER BY id").await, ["payment:12", "payment:13"]);
}
