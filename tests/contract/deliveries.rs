//! What became of an event with each subscriber, and the outbox's other side.

use std::time::Duration;

use dermaga_ports::{
    StoreError,
    events::{Arrears, Backlog, Delivery, DeliveryState, Event, Lease},
    ids::EventId,
    ledger::TransactionStatus,
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine};
use serde_json::json;

use crate::{
    all_pages,
    clerk::{Clerk, funding, holding, moving, reversing, seen},
    commit,
    fixtures::*,
};

fn event(n: u32) -> Event {
    Event {
        id: EventId(id(n)),
        at: at(i64::from(n)),
        topic: "payment.paid".into(),
        subject: format!("payment:{}", n % 3),
        payload: json!({ "number": n, "name": "Ümit" }),
    }
}

/// The n-th event, waiting for a try at that moment.
fn waiting(subscriber: &str, n: u32, due: i64) -> Delivery {
    let state = DeliveryState::Waiting { next_try_at: at(due) };
    Delivery { number: 0, subscriber: subscriber.to_owned(), event: event(n), state, tries: 0, last_error: None }
}

fn dead(subscriber: &str, n: u32, since: i64) -> Delivery {
    let state = DeliveryState::Dead { since: at(since) };
    Delivery { state, tries: 10, last_error: Some("away".to_owned()), ..waiting(subscriber, n, 0) }
}

fn ids(numbers: &[u32]) -> Vec<EventId> {
    numbers.iter().map(|n| EventId(id(*n))).collect()
}

async fn keep(database: &Database, deliveries: &[Delivery]) {
    commit!(database, |unit| unit.deliveries().keep(deliveries));
}

async fn take(database: &Database, subscribers: &[&'static str], now: i64, limit: u32) -> Vec<u32> {
    let taken = commit!(database, |unit| unit.deliveries().take_due(subscribers, at(now), at(now + 1_000), limit));
    taken.iter().map(|delivery| delivery.event.payload["number"].as_u64().expect("a number") as u32).collect()
}

async fn handed_over(database: &Database, subscriber: &str, numbers: &[u32]) -> Vec<EventId> {
    let mut found = database.store.events().handed_over(subscriber, &ids(numbers)).await.expect("reads");
    found.sort();
    found
}

pub async fn deliveries_read_back_as_written(database: &Database) {
    let (one, two) = (waiting("mail", 1, 5), dead("mail", 2, 7));
    keep(database, &[one.clone(), two.clone()]).await;
    for expected in [one, two.clone()] {
        let found = commit!(database, |unit| unit.deliveries().find("mail", expected.event.id)).expect("is kept");
        assert!(found.number > 0);
        assert_eq!(found, Delivery { number: found.number, ..expected });
    }
    assert_eq!(commit!(database, |unit| unit.deliveries().find("other", two.event.id)), None);
    assert_eq!(commit!(database, |unit| unit.deliveries().find("ma\0il", two.event.id)), None);
    let again = Delivery { tries: 3, last_error: Some("nul \0".to_owned()), ..waiting("mail", 2, 9) };
    commit!(database, |unit| unit.deliveries().save(&again));
    let found = commit!(database, |unit| unit.deliveries().find("mail", two.event.id)).expect("is kept");
    assert_eq!((found.state, found.tries), (again.state, 3));
    assert_eq!(found.last_error.as_deref(), Some("nul \u{fffd}"));
    let mut unit = begin(database).await;
    let lost = unit.deliveries().save(&waiting("mail", 3, 1)).await;
    assert!(matches!(lost, Err(StoreError::Stale(_))), "{lost:?}");
}

pub async fn what_is_kept_stays_as_it_is(database: &Database) {
    keep(database, &[waiting("mail", 1, 5)]).await;
    keep(database, &[dead("mail", 1, 7), waiting("mail", 2, 7)]).await;
    let found = commit!(database, |unit| unit.deliveries().find("mail", EventId(id(1)))).expect("is kept");
    assert_eq!(found.state, DeliveryState::Waiting { next_try_at: at(5) });
    assert_eq!(database.texts("SELECT subscriber FROM event_deliveries").await.len(), 2);
}

pub async fn receipts_and_what_is_kept_are_recognised(database: &Database) {
    keep(database, &[waiting("mail", 1, 5), dead("mail", 2, 7)]).await;
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&[3, 4]), at(9)));
    // Twice is the same as once.
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&[4, 4]), at(10)));
    assert_eq!(handed_over(database, "mail", &[1, 2, 3, 4, 5]).await, ids(&[1, 2, 3, 4]));
    assert_eq!(handed_over(database, "other", &[1, 2, 3, 4, 5]).await, ids(&[]));
    assert_eq!(handed_over(database, "mail", &[]).await, ids(&[]));
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&[1]), at(11)));
    assert_eq!(commit!(database, |unit| unit.deliveries().find("mail", EventId(id(1)))), None);
    assert_eq!(handed_over(database, "mail", &[1]).await, ids(&[1]));
}

pub async fn many_are_handled_at_once(database: &Database) {
    let all: Vec<u32> = (1..=1_100).collect();
    let deliveries: Vec<Delivery> = all.iter().map(|n| waiting("mail", *n, 5)).collect();
    keep(database, &deliveries).await;
    assert_eq!(handed_over(database, "mail", &all).await.len(), 1_100);
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&all), at(9)));
    assert_eq!(handed_over(database, "mail", &all).await.len(), 1_100);
    assert!(database.texts("SELECT subscriber FROM event_deliveries").await.is_empty());
    let subjects: Vec<String> = all.iter().map(|n| format!("s:{n}")).collect();
    assert!(database.store.events().held_up("mail", &subjects).await.expect("reads").is_empty());
}

pub async fn a_subject_is_held_up_by_what_waits(database: &Database) {
    keep(database, &[waiting("mail", 1, 5), dead("mail", 2, 7), waiting("other", 3, 7)]).await;
    let subjects = ["payment:0", "payment:1", "payment:2", "payment:1"].map(str::to_owned);
    let held_up = async |subscriber| database.store.events().held_up(subscriber, &subjects).await.expect("reads");
    assert_eq!(held_up("mail").await, ["payment:1"]);
    assert_eq!(held_up("other").await, ["payment:0"]);
    assert!(held_up("nobody").await.is_empty());
}

pub async fn only_the_first_of_a_subject_is_due(database: &Database) {
    // Subjects: 1 and 4 are the same, 2 and 5, 3 is alone; 6 belongs to somebody else and 9 is dead before 3.
    let kept = [dead("mail", 9, 1), waiting("mail", 1, 5), waiting("mail", 2, 50), waiting("mail", 3, 6)];
    keep(database, &kept).await;
    keep(database, &[waiting("mail", 4, 1), waiting("mail", 5, 1), waiting("other", 6, 1)]).await;
    assert_eq!(take(database, &["mail"], 4, 10).await, [0; 0], "4 waits behind 1, and 5 behind 2");
    assert_eq!(take(database, &["mail"], 10, 10).await, [1, 3]);
    assert_eq!(take(database, &["mail"], 10, 10).await, [0; 0], "they are taken");
    assert_eq!(take(database, &["mail"], 1_010, 10).await, [1, 2, 3], "until whoever has them must have died");
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&[1]), at(11)));
    assert_eq!(take(database, &["mail"], 11, 10).await, [4]);
    assert_eq!(take(database, &[], 10_000, 10).await, [0; 0]);
    assert_eq!(take(database, &["mail", "other"], 10_000, 1).await.len(), 1);
}

pub async fn two_hosts_do_not_take_the_same(database: &Database) {
    keep(database, &(1..=3).map(|n| waiting("mail", n, 1)).collect::<Vec<_>>()).await;
    let mut unit = begin(database).await;
    let first = unit.deliveries().take_due(&["mail"], at(5), at(1_000), 2).await.expect("takes");
    assert_eq!(first.len(), 2);
    if database.engine == Engine::Postgres {
        // Nobody waits for what somebody else is about to take.
        assert_eq!(take(database, &["mail"], 5, 10).await.len(), 1);
        unit.commit().await.expect("commits");
    } else {
        unit.commit().await.expect("commits");
        assert_eq!(take(database, &["mail"], 5, 10).await.len(), 1);
    }
}

pub async fn dead_letters_are_listed_and_page(database: &Database) {
    let kept: Vec<Delivery> = (1..=7)
        .map(|n| if n == 4 { waiting("mail", n, 1) } else { dead(if n < 6 { "mail" } else { "sms" }, n, 1) })
        .collect();
    keep(database, &kept).await;
    let numbers =
        |letters: Vec<Delivery>| -> Vec<EventId> { letters.into_iter().map(|letter| letter.event.id).collect() };
    let events = database.store.events();
    assert_eq!(numbers(all_pages!(2, |page| events.dead_letters(None, page))), ids(&[7, 6, 5, 3, 2, 1]));
    assert_eq!(numbers(all_pages!(3, |page| events.dead_letters(Some("mail"), page))), ids(&[5, 3, 2, 1]));
    let nobody = events.dead_letters(Some("a\0"), PageRequest::first(5)).await.expect("reads");
    assert!(nobody.items.is_empty());
}

pub async fn what_is_untold_or_dead_is_counted(database: &Database) {
    let arrears = async || database.store.events().arrears().await.expect("counts");
    assert_eq!(arrears().await, Arrears::default());
    keep(database, &[waiting("mail", 1, 5), dead("mail", 2, 7), dead("other", 2, 7)]).await;
    commit!(database, |unit| unit.outbox().publish(&event(1)));
    commit!(database, |unit| unit.outbox().publish(&event(2)));
    assert_eq!(arrears().await, Arrears { untold: 2, dead: 2 });
    commit!(database, |unit| unit.outbox().told(&ids(&[1]), 0, at(9)));
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&[2]), at(9)));
    assert_eq!(arrears().await, Arrears { untold: 1, dead: 1 });
}

pub async fn receipts_are_forgotten_by_age(database: &Database) {
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&[1, 2, 3]), at(1)));
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&[4]), at(2)));
    assert_eq!(commit!(database, |unit| unit.deliveries().forget(at(2), 2)), 2);
    assert_eq!(commit!(database, |unit| unit.deliveries().forget(at(2), 2)), 1);
    assert_eq!(commit!(database, |unit| unit.deliveries().forget(at(2), 2)), 0);
    assert_eq!(handed_over(database, "mail", &[1, 2, 3, 4]).await, ids(&[4]));
}

pub async fn the_lease_is_one_relays(database: &Database) {
    let lease = |holder: u32, now: i64, until: i64| Lease { holder: id(holder), now: at(now), until: at(until) };
    let ask = async |lease| commit!(database, |unit| unit.outbox().lease(lease));
    assert_eq!(ask(lease(1, 0, 100)).await, Some(0));
    assert_eq!(ask(lease(2, 99, 200)).await, None);
    assert_eq!(ask(lease(1, 50, 150)).await, Some(0), "its own can be made longer");
    assert_eq!(ask(lease(2, 149, 250)).await, None);
    assert_eq!(ask(lease(2, 150, 250)).await, Some(0));
    assert_eq!(ask(lease(1, 151, 251)).await, None);
    commit!(database, |unit| unit.outbox().told(&[], 7, at(160)));
    commit!(database, |unit| unit.outbox().told(&[], 5, at(161)));
    assert_eq!(ask(lease(2, 170, 170)).await, Some(7), "it never moves back");
    assert_eq!(ask(lease(1, 170, 300)).await, Some(7), "given up early");
    if database.engine == Engine::Postgres {
        // Whoever is about to take it is not waited for.
        let mut unit = begin(database).await;
        assert_eq!(unit.outbox().lease(lease(1, 171, 300)).await, Ok(Some(7)));
        assert_eq!(ask(lease(2, 1_000, 2_000)).await, None);
    }
}

pub async fn what_was_told_is_told(database: &Database) {
    assert_eq!(database.store.events().backlog().await, Ok(Backlog::default()));
    // Ids in another order than that of the commits, which is the one that counts.
    for n in [3, 1, 2] {
        commit!(database, |unit| unit.outbox().publish(&event(n)));
    }
    assert_eq!(database.store.events().backlog().await, Ok(Backlog { events: true, position: 0, head: 0 }));
    assert_eq!(commit!(database, |unit| unit.outbox().untold(2)), [event(3), event(1)]);
    commit!(database, |unit| unit.outbox().told(&ids(&[3, 1]), 0, at(10)));
    assert_eq!(commit!(database, |unit| unit.outbox().untold(2)), [event(2)]);
    commit!(database, |unit| unit.outbox().told(&ids(&[2]), 0, at(20)));
    assert_eq!(database.store.events().backlog().await, Ok(Backlog::default()));
    assert_eq!(commit!(database, |unit| unit.outbox().forget(at(20), 1)), 1);
    assert_eq!(commit!(database, |unit| unit.outbox().forget(at(20), 5)), 1);
    assert_eq!(commit!(database, |unit| unit.outbox().forget(at(20), 5)), 0);
    assert_eq!(database.texts("SELECT subject FROM outbox").await.len(), 1);
}

pub async fn transfers_come_in_the_order_of_the_seal(database: &Database) {
    let ((_, one), (_, two)) = (add_customer(database, 1).await, add_customer(database, 2).await);
    let cash = system_account(5);
    open(database, &[&cash]).await;
    let clerk = Clerk::of(database);
    let mut expected = Vec::new();
    // Six batches; in two of them there is nothing between wallets.
    clerk.post(vec![funding(10, cash.id, one.id, 1_000), funding(11, cash.id, two.id, 1_000)]).await;
    let mut seal = async |lines| {
        let lines = clerk.post(lines).await;
        expected.extend(lines.iter().filter(|line| line.debit == one.id.into()).map(|line| seen(line, &one, &two)));
    };
    seal(vec![moving(59, one.id, two.id, 1), moving(52, one.id, two.id, 2).described(Some("Sarapan".to_owned()))])
        .await;
    seal(vec![moving(51, one.id, two.id, 3)]).await;
    clerk.post(vec![holding(60, one.id.into(), two.id.into(), 5, None), moving(61, cash.id, one.id, 3)]).await;
    clerk.post(vec![reversing(62, 59, Some(1)), moving(63, one.id, two.id, 4)]).await;
    let head = database.store.ledger().head().await.expect("reads").number;
    assert_eq!(head, 5);
    let stretch = async |after, until, lines| {
        let stretch = database.store.events().sealed_transfers(after, until, lines).await.expect("reads")?;
        Some((stretch.transfers.iter().map(|one| one.id.0.as_u128() & 0xff).collect::<Vec<_>>(), stretch.end))
    };
    assert_eq!(stretch(0, head, 100).await, Some((vec![59, 52, 51, 63], 5)));
    assert_eq!(stretch(0, 1, 100).await, Some((vec![], 1)));
    assert_eq!(stretch(1, 3, 100).await, Some((vec![59, 52, 51], 3)));
    // About so many lines, and a batch as a whole.
    assert_eq!(stretch(1, head, 1).await, Some((vec![59, 52], 2)));
    assert_eq!(stretch(2, head, 2).await, Some((vec![51], 4)));
    assert_eq!(stretch(5, 5, 100).await, None);
    // As they were made, whatever went back since.
    let made = database.store.events().sealed_transfers(1, 3, 100).await.expect("reads").expect("some").transfers;
    assert_eq!(made, expected);
    assert!(made.iter().all(|one| one.status == TransactionStatus::Completed && one.refunded == 0));
}

pub async fn the_bell_rings_when_there_is_something_to_tell(database: &Database) {
    let bell = database.store.bell();
    let rings = async || tokio::time::timeout(Duration::from_millis(50), bell.notified()).await.is_ok();
    assert!(!rings().await);
    commit!(database, |unit| unit.outbox().publish(&event(1)));
    assert!(rings().await);
    // A unit that is dropped, and one that leaves nothing to tell.
    let mut unit = begin(database).await;
    unit.outbox().publish(&event(2)).await.expect("publishes");
    drop(unit);
    commit!(database, |unit| unit.deliveries().done("mail", &ids(&[1]), at(1)));
    assert!(!rings().await);
    let ((_, one), (_, two)) = (add_customer(database, 1).await, add_customer(database, 2).await);
    let cash = system_account(5);
    open(database, &[&cash]).await;
    let clerk = Clerk::of(database);
    clerk.post(vec![funding(10, cash.id, one.id, 1_000)]).await;
    assert!(rings().await);
    // Twice, because what is remembered and what is not go different ways.
    for n in 50..54 {
        clerk.post(vec![moving(n, one.id, two.id, 1)]).await;
        assert!(rings().await, "{n}");
    }
}
