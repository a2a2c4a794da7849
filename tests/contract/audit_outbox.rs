//! The audit trail and the outbox.

use dermaga_ports::{
    StoreError, Unique,
    audit::{AuditEntry, AuditFilter},
    events::Event,
    ids::{AuditId, EventId},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine};
use serde_json::json;

use crate::{commit, fixtures::*};

fn entry(n: u32) -> AuditEntry {
    AuditEntry {
        id: AuditId(id(n)),
        at: at(i64::from(n)),
        actor: format!("user:{}", n % 2),
        action: if n <= 3 { "auth.registered" } else { "transaction.refunded" },
        subject: format!("wallet:{}", n % 3),
        detail: format!("detail {n}"),
    }
}

async fn record(database: &Database, numbers: std::ops::RangeInclusive<u32>) {
    let mut unit = begin(database).await;
    for n in numbers {
        unit.audit().record(&entry(n)).await.expect("records");
    }
    unit.commit().await.expect("commits");
}

async fn found(database: &Database, filter: &AuditFilter) -> Vec<AuditId> {
    let page = database.store.audit().audit(filter, PageRequest::first(100)).await.expect("reads");
    page.items.into_iter().map(|record| record.id).collect()
}

fn ids(numbers: &[u32]) -> Vec<AuditId> {
    numbers.iter().map(|n| AuditId(id(*n))).collect()
}

pub async fn the_trail_is_newest_first_and_pages(database: &Database) {
    record(database, 1..=5).await;
    let (mut records, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let request = PageRequest::new(after, 2);
        let page = database.store.audit().audit(&AuditFilter::default(), request).await.expect("reads");
        records.extend(page.items);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((records.len(), pages), (5, 3));
    for (n, record) in (1..=5).rev().zip(records) {
        let entry = entry(n);
        assert_eq!((record.id, record.at), (entry.id, entry.at));
        assert_eq!((record.actor, record.action.as_str()), (entry.actor, entry.action));
        assert_eq!((record.subject, record.detail), (entry.subject, entry.detail));
    }
    let mut unit = begin(database).await;
    assert_eq!(unit.audit().record(&entry(1)).await, Err(StoreError::Conflict(Unique::Id)));
}

pub async fn the_trail_is_filtered(database: &Database) {
    record(database, 1..=6).await;
    let everything = AuditFilter::default();
    let actor = AuditFilter { actor: Some("user:1".to_owned()), ..everything.clone() };
    assert_eq!(found(database, &actor).await, ids(&[5, 3, 1]));
    let action = AuditFilter { action: Some("transaction.refunded".to_owned()), ..everything.clone() };
    assert_eq!(found(database, &action).await, ids(&[6, 5, 4]));
    let subject = AuditFilter { subject: Some("wallet:0".to_owned()), ..everything.clone() };
    assert_eq!(found(database, &subject).await, ids(&[6, 3]));
    let time = AuditFilter { from: Some(at(2)), to: Some(at(4)), ..everything.clone() };
    assert_eq!(found(database, &time).await, ids(&[3, 2]));
    let all = AuditFilter {
        actor: actor.actor,
        action: Some("auth.registered".to_owned()),
        subject: Some("wallet:0".to_owned()),
        from: Some(at(1)),
        to: Some(at(6)),
    };
    assert_eq!(found(database, &all).await, ids(&[3]));
    let nobody = AuditFilter { actor: Some("user:1\0".to_owned()), ..everything };
    assert_eq!(found(database, &nobody).await, ids(&[]));
}

pub async fn the_trail_is_append_only(database: &Database) {
    record(database, 1..=1).await;
    let mut attempts = vec!["UPDATE audit_entries SET detail = 'nothing'", "DELETE FROM audit_entries"];
    if database.engine == Engine::Postgres {
        attempts.push("TRUNCATE audit_entries");
    }
    for attempt in attempts {
        let refused = database.execute(attempt).await.expect_err(attempt);
        assert!(refused.contains("append-only"), "{attempt}: {refused}");
    }
    assert_eq!(found(database, &AuditFilter::default()).await, ids(&[1]));
}

pub async fn events_appear_with_the_commit(database: &Database) {
    let event = Event {
        id: EventId(id(1)),
        at: at(1),
        topic: "transaction.completed".into(),
        subject: "transaction:1".to_owned(),
        payload: json!({ "amount": 9_007_199_254_740_991_i64, "name": "Ümit 'x'", "tags": [1, null] }),
    };
    let mut unit = begin(database).await;
    unit.outbox().publish(&event).await.expect("publishes");
    assert!(database.texts("SELECT topic FROM outbox").await.is_empty());
    unit.commit().await.expect("commits");
    assert_eq!(database.texts("SELECT topic FROM outbox").await, [event.topic.as_ref()]);
    assert_eq!(database.texts("SELECT subject FROM outbox").await, [event.subject.as_str()]);
    let payload = database.texts("SELECT CAST(payload AS TEXT) FROM outbox").await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&payload[0]).expect("is JSON"), event.payload);

    let mut unit = begin(database).await;
    assert_eq!(unit.outbox().publish(&event).await, Err(StoreError::Conflict(Unique::Id)));
    drop(unit);
    let next = Event { id: EventId(id(2)), ..event };
    commit!(database, |unit| unit.outbox().publish(&next));
    assert_eq!(database.texts("SELECT topic FROM outbox").await.len(), 2);
}
