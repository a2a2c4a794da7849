//! Sending and announcing over mocks: what is asked of which port, and in which order.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dermaga_ports::{
    StoreError,
    auth::{Email, Language, Principal, Role, User},
    events::{Event, NotHandled, Subscriber as _},
    ids::{EventId, NotificationId},
    notifications::{Channel, Content, MockSender, Notification, Receipt, Recipient, SendError, State, Status},
    time::Timestamp,
};
use serde_json::json;
use uuid::Uuid;

use super::LEASE;
use crate::{
    Code,
    testing::{Bench, NOW, Shelf, Unit, account},
};

fn now() -> Timestamp {
    Timestamp::from_micros(NOW)
}

fn ani() -> User {
    let email: Email = "ani@example.com".parse().expect("an address");
    User { email: Some(email), full_name: Some("Ani".to_owned()), ..account(1, Role::User) }
}

fn pending() -> Notification {
    Notification {
        id: NotificationId(Uuid::from_u128(5)),
        user: ani().id,
        channel: Channel::Email,
        language: Language::En,
        content: Content::Plain { message: "Hello".to_owned() },
        cause: None,
        state: State::Pending { next_try_at: now(), lease_until: None },
        tries: 0,
        last_error: None,
        created_at: now(),
        updated_at: now(),
    }
}

fn claimed() -> Notification {
    let state = State::Pending { next_try_at: now(), lease_until: Some(now() + LEASE) };
    Notification { state, tries: 1, ..pending() }
}

/// A store with one notification that is due, and these units of work.
fn shelf(units: impl IntoIterator<Item = Unit>) -> Shelf {
    let mut shelf = Shelf::default();
    shelf.notifications.expect_any_due().returning(|_, _| Ok(true));
    shelf.users.expect_user().returning(|_| Ok(Some(ani())));
    shelf.units.lock().expect("no panic").extend(units);
    shelf
}

/// The unit of work that claims.
fn claiming() -> Unit {
    let mut unit = Unit::default();
    unit.notifications.expect_due().times(1).returning(|_, _, _| Ok(vec![pending()]));
    unit.notifications.expect_save().times(1).withf(|saved| *saved == claimed()).returning(|_| Ok(()));
    unit
}

fn sender(outcome: Result<Receipt, SendError>) -> MockSender {
    let mut sender = MockSender::new();
    sender.expect_channel().return_const(Channel::Email);
    sender.expect_send().times(1).returning(move |_| outcome.clone());
    sender
}

#[tokio::test]
async fn the_claim_is_committed_before_the_message_leaves_and_nothing_is_open_meanwhile() {
    let mut settling = Unit::default();
    settling.notifications.expect_find().returning(|_| Ok(Some(claimed())));
    settling.notifications.expect_save().times(1).returning(|saved| {
        assert_eq!(saved.state, State::Sent { at: now(), reference: Some("r".to_owned()) });
        Ok(())
    });
    let shelf = shelf([claiming(), settling]);
    let (open, seen) = (shelf.open.clone(), Arc::new(AtomicUsize::new(usize::MAX)));
    let mut sender = MockSender::new();
    sender.expect_channel().return_const(Channel::Email);
    let looked = seen.clone();
    sender.expect_send().times(1).returning(move |message| {
        looked.store(open.load(Ordering::SeqCst), Ordering::SeqCst);
        let Recipient::Email { address, name } = &message.to else { panic!("an e-mail address") };
        assert_eq!((address.as_str(), name.as_deref()), ("ani@example.com", Some("Ani")));
        assert!(message.text.starts_with("Hello Ani,\n\nHello\n"), "{}", message.text);
        Ok(Receipt { reference: Some("r".to_owned()) })
    });
    let app = Bench { senders: vec![sender], ..Bench::default() }.app(shelf);
    let delivery = app.notifications.send_next().await.expect("answers").expect("is due");
    assert_eq!((delivery.status, delivery.tries), (Status::Sent, 1));
    assert_eq!(seen.load(Ordering::SeqCst), 0, "units of work that were open while the message left");
}

#[tokio::test]
async fn whoever_lost_the_claim_writes_nothing() {
    let theirs = State::Pending { next_try_at: now(), lease_until: Some(now() + LEASE + LEASE) };
    for taken_over in [theirs, State::Sent { at: now(), reference: None }] {
        let found = Notification { state: taken_over.clone(), tries: 2, ..claimed() };
        let mut settling = Unit::default();
        // A save would fail the test: none is expected.
        settling.notifications.expect_find().return_once(move |_| Ok(Some(found)));
        let outcome = Err(SendError::Permanent("no such address".to_owned()));
        let app = Bench { senders: vec![sender(outcome)], ..Bench::default() }.app(shelf([claiming(), settling]));
        let delivery = app.notifications.send_next().await.expect("answers").expect("had one");
        assert_eq!(delivery.status, taken_over.status());
    }
}

#[tokio::test]
async fn without_a_sender_nothing_is_claimed() {
    // No unit of work may be opened, and no question asked.
    let app = Bench::default().app(Shelf::default());
    assert_eq!(app.notifications.send_next().await, Ok(None));
    let mut unit = Unit::default();
    unit.notifications.expect_find().return_once(|_| Ok(Some(pending())));
    let shelf = Shelf::default();
    shelf.units.lock().expect("no panic").push_back(unit);
    let app = Bench::default().app(shelf);
    let refused = app.notifications.send(&Principal::Operator, pending().id).await.expect_err("nobody to send it");
    assert_eq!(refused.code(), Code::DeliveryFailed);
}

#[tokio::test]
async fn a_store_that_is_away_is_a_reason_to_come_later() {
    let event = |payload| Event {
        id: EventId(Uuid::from_u128(9)),
        at: now(),
        topic: "transaction.completed".into(),
        subject: "transaction:42".to_owned(),
        payload,
    };
    let topup = || event(json!({ "type": "topup", "user_id": ani().id, "amount": 5, "currency": "IDR" }));
    let mut away = Shelf::default();
    away.users.expect_user().returning(|_| Err(StoreError::Unavailable("gone".to_owned())));
    let app = Bench::default().app(away);
    assert!(matches!(app.notifications.handle(&topup()).await, Err(NotHandled::Later(_))));
    let mut broken = Unit::default();
    broken.notifications.expect_add().return_once(|_| Err(StoreError::Corrupt("a row".to_owned())));
    let mut idle = MockSender::new();
    idle.expect_channel().return_const(Channel::Email);
    let app = Bench { senders: vec![idle], ..Bench::default() }.app(shelf([broken]));
    assert!(matches!(app.notifications.handle(&topup()).await, Err(NotHandled::Never(_))));
    assert!(matches!(app.notifications.handle(&event(json!({}))).await, Err(NotHandled::Never(_))));
}
