//! Notifications, and the claims on them.

use dermaga_ports::{
    StoreError, Unique,
    auth::{Language, User},
    error::Entity,
    ids::{EventId, NotificationId},
    notifications::{Channel, Content, Notification, NotificationFilter, State, Status},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine};
use serde_json::json;

use crate::{commit, fixtures::*};

const BOTH: [Channel; 2] = Channel::ALL;

fn pending(next_try_at: i64) -> State {
    State::Pending { next_try_at: at(next_try_at), lease_until: None }
}

/// To the n-th user's address, by nobody's event.
fn plain(n: u32, owner: u32) -> Notification {
    Notification {
        id: NotificationId(id(n)),
        user: user(owner).id,
        channel: Channel::Email,
        language: Language::Id,
        content: Content::Plain { message: "Halo\n'Ümit'".to_owned() },
        cause: None,
        state: pending(i64::from(n)),
        tries: 0,
        last_error: None,
        created_at: at(1),
        updated_at: at(2),
    }
}

/// Of the first event.
fn caused(n: u32, owner: u32) -> Notification {
    let data = json!({ "sum": { "amount": 9_007_199_254_740_991_i64, "currency": "IDR" }, "reference": "x" });
    Notification {
        content: Content::Template { name: "topup_arrived".to_owned(), data },
        cause: Some(EventId(id(1))),
        ..plain(n, owner)
    }
}

async fn add(database: &Database, notification: &Notification) {
    commit!(database, |unit| unit.notifications().add(notification));
}

async fn found(database: &Database, n: u32) -> Option<Notification> {
    database.store.notifications().notification(NotificationId(id(n))).await.expect("reads")
}

async fn listed(database: &Database, filter: &NotificationFilter, page: PageRequest<NotificationId>) -> Vec<u32> {
    let page = database.store.notifications().notifications(filter, page).await.expect("reads");
    let number = |notification: Notification| (1..=20).find(|n| notification.id.0 == id(*n)).expect("a known id");
    page.items.into_iter().map(number).collect()
}

/// What is due at that moment on these channels, in one unit of work that ends with it.
async fn due(database: &Database, channels: &[Channel], now: i64) -> Vec<NotificationId> {
    // Committed, because a dropped unit lets go of its rows a moment later.
    let due = commit!(database, |unit| unit.notifications().due(channels, at(now), 10));
    let any = database.store.notifications().any_due(channels, at(now)).await.expect("reads");
    assert_eq!(any, !due.is_empty(), "the cheap question has the same answer");
    due.into_iter().map(|notification| notification.id).collect()
}

fn ids(numbers: &[u32]) -> Vec<NotificationId> {
    numbers.iter().map(|n| NotificationId(id(*n))).collect()
}

pub async fn every_state_reads_back(database: &Database) {
    add_user(database, 1).await;
    let states = [
        pending(7),
        State::Pending { next_try_at: at(7), lease_until: Some(at(8)) },
        State::Sent { at: at(9), reference: Some("<1@example.com>".to_owned()) },
        State::Sent { at: at(9), reference: None },
        State::Failed { at: at(9) },
        State::Cancelled { at: at(9) },
    ];
    for (n, state) in (1..).zip(states) {
        let sms = Notification { channel: Channel::Sms, language: Language::En, ..plain(n, 1) };
        let kind = if n % 2 == 0 { sms } else { Notification { cause: Some(EventId(id(n))), ..caused(n, 1) } };
        let full = Notification { state: state.clone(), tries: n, last_error: Some("451 busy".to_owned()), ..kind };
        add(database, &full).await;
        assert_eq!(found(database, n).await, Some(full.clone()));
        let mut unit = begin(database).await;
        assert_eq!(unit.notifications().find(full.id).await, Ok(Some(full)));
    }
    assert_eq!(found(database, 20).await, None);
}

pub async fn a_save_writes_what_may_change(database: &Database) {
    add_user(database, 1).await;
    let first = caused(1, 1);
    add(database, &first).await;
    let changed = Notification {
        channel: Channel::Sms,
        content: Content::Plain { message: "Selamat".to_owned() },
        state: State::Sent { at: at(5), reference: Some("SM1".to_owned()) },
        tries: 3,
        last_error: Some("was busy".to_owned()),
        updated_at: at(6),
        ..first
    };
    commit!(database, |unit| unit.notifications().save(&changed));
    assert_eq!(found(database, 1).await, Some(changed));
    let mut unit = begin(database).await;
    assert_eq!(unit.notifications().save(&plain(2, 1)).await, Err(StoreError::Stale(Entity::Notification)));
}

pub async fn an_event_tells_a_person_of_a_thing_once(database: &Database) {
    for n in 1..=2 {
        add_user(database, n).await;
    }
    add(database, &caused(1, 1)).await;
    let twice = Err(StoreError::Conflict(Unique::NotificationCause));
    let mut unit = begin(database).await;
    assert_eq!(unit.notifications().add(&caused(1, 1)).await, Err(StoreError::Conflict(Unique::Id)));
    assert_eq!(unit.notifications().add(&caused(2, 1)).await, twice);
    // The unit of work goes on, with another person, another thing, another event.
    unit.notifications().add(&caused(3, 2)).await.expect("another person");
    let data = json!({});
    let other = Notification { content: Content::Template { name: "money_sent".to_owned(), data }, ..caused(4, 1) };
    unit.notifications().add(&other).await.expect("another thing");
    let next = Notification { cause: Some(EventId(id(2))), ..caused(5, 1) };
    unit.notifications().add(&next).await.expect("another event");
    // What nobody's event caused is no repetition of anything.
    unit.notifications().add(&plain(6, 1)).await.expect("a word");
    unit.notifications().add(&plain(7, 1)).await.expect("the same word again");
    unit.commit().await.expect("commits");
    // One that was withdrawn is not made again.
    let withdrawn = Notification { state: State::Cancelled { at: at(3) }, ..caused(1, 1) };
    commit!(database, |unit| unit.notifications().save(&withdrawn));
    let mut unit = begin(database).await;
    assert_eq!(unit.notifications().add(&caused(8, 1)).await, twice);
}

pub async fn of_two_subscribers_one_makes_it(database: &Database) {
    add_user(database, 1).await;
    let mut first = begin(database).await;
    first.notifications().add(&caused(1, 1)).await.expect("adds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.notifications().add(&caused(2, 1)).await
    })
    .await;
    first.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Err(StoreError::Conflict(Unique::NotificationCause)));
}

pub async fn a_found_notification_is_locked(database: &Database) {
    add_user(database, 1).await;
    let before = plain(1, 1);
    add(database, &before).await;
    let mut unit = begin(database).await;
    unit.notifications().find(before.id).await.expect("finds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.notifications().find(NotificationId(id(1))).await.expect("finds")
    })
    .await;
    let after = Notification { state: State::Failed { at: at(9) }, ..before };
    unit.notifications().save(&after).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Some(after));
}

pub async fn what_is_due_comes_longest_due_first(database: &Database) {
    add_user(database, 1).await;
    let states = [
        pending(30),
        pending(20),
        pending(41),
        State::Pending { next_try_at: at(10), lease_until: Some(at(41)) },
        State::Pending { next_try_at: at(25), lease_until: Some(at(40)) },
        State::Sent { at: at(1), reference: None },
        State::Failed { at: at(1) },
        State::Cancelled { at: at(1) },
    ];
    for (n, state) in (1..).zip(states) {
        add(database, &Notification { state, ..plain(n, 1) }).await;
    }
    let sms = Notification { channel: Channel::Sms, state: pending(5), ..plain(9, 1) };
    add(database, &sms).await;
    assert_eq!(due(database, &BOTH, 40).await, ids(&[9, 2, 5, 1]), "a lease counts until its end and no longer");
    assert_eq!(due(database, &[Channel::Email], 40).await, ids(&[2, 5, 1]));
    assert_eq!(due(database, &[Channel::Sms], 40).await, ids(&[9]));
    assert_eq!(due(database, &[], 40).await, ids(&[]));
    assert_eq!(due(database, &BOTH, 4).await, ids(&[]));
    let mut unit = begin(database).await;
    let one = unit.notifications().due(&BOTH, at(40), 1).await.expect("reads");
    assert_eq!(one, [sms]);
}

pub async fn two_hosts_do_not_claim_the_same(database: &Database) {
    add_user(database, 1).await;
    for n in 1..=4 {
        add(database, &plain(n, 1)).await;
    }
    let mut first = begin(database).await;
    let mine = first.notifications().due(&BOTH, at(40), 2).await.expect("reads");
    let claim = |store: dermaga_sql::SqlStore| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.notifications().due(&BOTH, at(40), 2).await.expect("reads")
    };
    let leased = |notification: &Notification| Notification {
        state: State::Pending { next_try_at: at(1), lease_until: Some(at(100)) },
        ..notification.clone()
    };
    let theirs = match database.engine {
        // The other host takes the next ones without waiting for the first.
        Engine::Postgres => {
            let theirs = claim(database.store.clone()).await;
            for notification in &mine {
                first.notifications().save(&leased(notification)).await.expect("saves");
            }
            first.commit().await.expect("commits");
            theirs
        }
        // There is one writer, so it waits, and then sees the leases.
        Engine::Sqlite => {
            let second = must_wait(database, claim).await;
            for notification in &mine {
                first.notifications().save(&leased(notification)).await.expect("saves");
            }
            first.commit().await.expect("commits");
            second.await.expect("ends")
        }
    };
    let numbers = |claimed: &[Notification]| claimed.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!((numbers(&mine), numbers(&theirs)), (ids(&[1, 2]), ids(&[3, 4])));
}

pub async fn lists_are_newest_first_and_filtered(database: &Database) {
    for n in 1..=2 {
        add_user(database, n).await;
    }
    for n in 1..=6 {
        let owner = if n % 2 == 0 { 2 } else { 1 };
        let channel = if n > 4 { Channel::Sms } else { Channel::Email };
        let state = if n < 3 { State::Failed { at: at(1) } } else { pending(1) };
        add(database, &Notification { channel, state, ..plain(n, owner) }).await;
    }
    let all = NotificationFilter::default();
    let of_first = NotificationFilter { user: Some(user(1).id), ..all.clone() };
    let failed = NotificationFilter { status: Some(Status::Failed), ..all.clone() };
    let texts = NotificationFilter { channel: Some(Channel::Sms), ..of_first.clone() };
    let page = PageRequest::first(10);
    assert_eq!(listed(database, &all, page).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(listed(database, &of_first, page).await, [5, 3, 1]);
    assert_eq!(listed(database, &failed, page).await, [2, 1]);
    assert_eq!(listed(database, &texts, page).await, [5]);
    let next = |after: u32| PageRequest::new(Some(NotificationId(id(after))), 2);
    assert_eq!(listed(database, &all, next(5)).await, [4, 3]);
    assert_eq!(listed(database, &of_first, next(5)).await, [3, 1]);
}

pub async fn what_a_person_was_told_is_forgotten_together(database: &Database) {
    for n in 1..=2 {
        add_user(database, n).await;
    }
    for (n, owner) in [(1, 1), (2, 2), (3, 1)] {
        add(database, &plain(n, owner)).await;
    }
    assert_eq!(commit!(database, |unit| unit.notifications().forget(user(1).id)), 2);
    assert_eq!(listed(database, &NotificationFilter::default(), PageRequest::first(10)).await, [2]);
}

pub async fn what_waits_is_counted_and_what_is_old_is_forgotten(database: &Database) {
    add_user(database, 1).await;
    let over = [
        State::Sent { at: at(10), reference: None },
        State::Failed { at: at(20) },
        State::Cancelled { at: at(30) },
        State::Sent { at: at(40), reference: None },
    ];
    for (n, state) in (1..).zip(over) {
        add(database, &Notification { state, ..plain(n, 1) }).await;
    }
    assert_eq!(database.store.notifications().waiting().await, Ok(0));
    for n in 5..=6 {
        add(database, &plain(n, 1)).await;
    }
    assert_eq!(database.store.notifications().waiting().await, Ok(2));
    let forget = async |limit| commit!(database, |unit| unit.notifications().forget_old(at(40), limit));
    let left = async || listed(database, &NotificationFilter::default(), PageRequest::first(10)).await;
    assert_eq!((forget(2).await, left().await), (2, vec![6, 5, 4, 3]), "the oldest go first");
    assert_eq!((forget(2).await, forget(2).await), (1, 0));
    assert_eq!(left().await, [6, 5, 4], "what waits is never old");
}

pub async fn a_language_is_kept_with_the_person(database: &Database) {
    let person = add_user(database, 1).await;
    let english = User { language: Language::En, ..person };
    commit!(database, |unit| unit.users().save(&english));
    assert_eq!(database.store.users().user(english.id).await, Ok(Some(english)));
}

pub async fn impossible_notifications_are_refused_without_the_rules(database: &Database) {
    add_user(database, 1).await;
    add(database, &plain(1, 1)).await;
    for impossible in [
        "status = 'SENT'",
        "next_try_at = NULL",
        "status = 'LOST'",
        "channel = 'PIGEON'",
        "message = NULL",
        "template = 'topup_arrived'",
        "reference = 'SM1'",
        "tries = -1",
        "language = 'xx'",
    ] {
        database.execute(&format!("UPDATE notifications SET {impossible}")).await.expect_err(impossible);
    }
    assert_eq!(found(database, 1).await, Some(plain(1, 1)));
}
