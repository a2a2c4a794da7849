//! What is written about people besides their accounts: answers that are kept for repetitions, messages, and what
//! gateways told. Sealed like everything personal.

use dermaga_ports::{
    auth::Language,
    booking::{Booking, Customer, Delivery},
    idempotency::{KeyRecord, KeyScope, KeyState},
    ids::{NoticeId, NotificationId, UserId},
    notifications::{Channel, Content, Notification, State},
    paging::PageRequest,
    payments::{Verdict, Webhook},
    store::Store as _,
};
use dermaga_sql::SqlStore;
use dermaga_tests::databases::Database;
use serde_json::json;

use crate::{bookings, commit, fixtures::*};

/// How many values [`write`] seals.
pub const COUNT: u64 = 6;

/// A part of each of them that must not be found in the clear.
pub const WORDS: [&str; 6] = [
    "Siti Rahayu",
    "rumah di Jalan Melati",
    "Budi Hartono",
    "siti@example.net",
    "530011223344",
    "99998888777766665555",
];

/// What may be found: the answer of a transfer says what the ledger says.
pub const CLEAR: &str = "the-answer-of-a-transfer";

fn scope(operation: &'static str) -> KeyScope {
    KeyScope { caller: "anyone".to_owned(), operation, key: "key".to_owned() }
}

fn answered(n: u32, body: &str) -> KeyRecord {
    let state = KeyState::Answered { status: 201, body: body.to_owned() };
    KeyRecord { fingerprint: [7; 32], seed: id(n), state, created_at: at(1) }
}

fn register() -> KeyRecord {
    answered(90, r#"{"full_name":"Siti Rahayu"}"#)
}

fn notification(n: u32, content: Content) -> Notification {
    Notification {
        id: NotificationId(id(n)),
        user: UserId(id(1)),
        channel: Channel::Email,
        language: Language::Id,
        content,
        cause: None,
        state: State::Pending { next_try_at: at(5), lease_until: None },
        tries: 0,
        last_error: None,
        created_at: at(1),
        updated_at: at(1),
    }
}

fn notifications() -> [Notification; 2] {
    let message = "Kiriman ke rumah di Jalan Melati".to_owned();
    let data = json!({ "from": "Budi Hartono", "sum": { "amount": 9_007_199_254_740_991_i64, "currency": "IDR" } });
    [
        notification(91, Content::Plain { message }),
        notification(92, Content::Template { name: "transfer_arrived".to_owned(), data }),
    ]
}

fn webhook() -> Webhook {
    Webhook {
        id: NoticeId(id(93)),
        gateway: "xendit".to_owned(),
        received_at: at(1),
        dedupe_key: Some("paid".to_owned()),
        reference: None,
        payment: None,
        delivery_id: None,
        claims: Some("invoice.paid".to_owned()),
        verdict: Verdict::Unmatched,
        body: br#"{"payer_email":"siti@example.net"}"#.to_vec(),
    }
}

/// A credit that was bought for a meter.
fn booking() -> Booking {
    Booking {
        customer: Customer { number: Some("530011223344".into()), ..Customer::default() },
        delivery: Delivery { token: Some("99998888777766665555".into()), ..Delivery::default() },
        ..bookings::booking(95, 1)
    }
}

/// Writes one of each. The first user MUST be there.
pub async fn write(database: &Database) {
    let transfer = answered(94, CLEAR);
    for (operation, record) in [("register", register()), ("transfer", transfer)] {
        // As it happens: claimed first, answered later.
        let running = KeyRecord { state: KeyState::Running { lease_until: at(9) }, ..record.clone() };
        commit!(database, |unit| unit.idempotency_keys().add(&scope(operation), &running));
        commit!(database, |unit| unit.idempotency_keys().save(&scope(operation), at(9), &record.state));
    }
    for notification in notifications() {
        commit!(database, |unit| unit.notifications().add(&notification));
    }
    commit!(database, |unit| unit.inbox().add(&webhook()));
    commit!(database, |unit| unit.bookings().add(&booking()));
}

/// That a store reads all of it.
pub async fn assert_reads(store: &SqlStore) {
    let mut unit = store.begin().await.expect("begins");
    assert_eq!(unit.idempotency_keys().find(&scope("register")).await, Ok(Some(register())));
    assert_eq!(unit.idempotency_keys().find(&scope("transfer")).await, Ok(Some(answered(94, CLEAR))));
    drop(unit);
    for notification in notifications() {
        assert_eq!(store.notifications().notification(notification.id).await, Ok(Some(notification)));
    }
    let webhooks = store.payments().webhooks(None, PageRequest::first(9)).await.expect("reads");
    assert_eq!(webhooks.items, [webhook()]);
    assert_eq!(store.bookings().booking(booking().id).await, Ok(Some(booking())));
}

/// That without its keys a store reads none of what is sealed.
pub async fn assert_refuses(store: &SqlStore) {
    let mut unit = store.begin().await.expect("begins");
    assert!(unit.idempotency_keys().find(&scope("register")).await.is_err());
    drop(unit);
    for notification in notifications() {
        assert!(store.notifications().notification(notification.id).await.is_err());
    }
    assert!(store.payments().webhooks(None, PageRequest::first(9)).await.is_err());
    assert!(store.bookings().booking(booking().id).await.is_err());
}
