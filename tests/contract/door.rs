//! Scans: above all, that a ticket lets in once.

use dermaga_ports::{
    StoreError, Unique,
    attendance::{Checkin, CheckinFilter, Direction, Entry, Event, Outcome, Places, Presence, Reason, Staff},
    auth::User,
    ids::{CheckinId, TicketId},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_sql::SqlStore;
use dermaga_tests::databases::Database;

use crate::{
    all_pages,
    attendance::{add_event, add_ticket, event, plain_event, slug, ticket},
    commit,
    fixtures::*,
};

/// Of a code at the event `a1`.
fn scan(n: u32, code: &str) -> Checkin {
    Checkin {
        id: CheckinId(id(n)),
        event: slug("a1"),
        code: code.to_owned(),
        ticket: None,
        direction: Direction::Entry,
        outcome: Outcome::Ok,
        reason: None,
        against: None,
        once: true,
        by: Staff { id: None, name: None },
        device: None,
        gate: None,
        nonce: None,
        at: at(i64::from(n)),
        device_at: None,
        recorded_at: at(i64::from(n)),
        forced: false,
        annulled_at: None,
        annulled_by: None,
    }
}

fn refused(n: u32, code: &str, reason: Reason) -> Checkin {
    Checkin { outcome: Outcome::Refused, reason: Some(reason), ..scan(n, code) }
}

fn conflict(n: u32, code: &str) -> Checkin {
    let reason = Some(Reason::AlreadyEntered);
    Checkin { outcome: Outcome::Conflict, reason, forced: true, ..scan(n, code) }
}

async fn add(database: &Database, checkin: &Checkin) {
    commit!(database, |unit| unit.checkins().add(checkin));
}

async fn try_add(store: &SqlStore, checkin: &Checkin) -> Result<(), StoreError> {
    let mut unit = store.begin().await.expect("begins");
    unit.checkins().add(checkin).await?;
    unit.commit().await
}

async fn annul(database: &Database, checkin: &Checkin, when: i64) -> Checkin {
    let annulled = Checkin { annulled_at: Some(at(when)), ..checkin.clone() };
    commit!(database, |unit| unit.checkins().annul(&annulled));
    annulled
}

fn by(user: &User) -> Staff {
    Staff { id: Some(user.id), name: user.username.as_ref().map(ToString::to_string) }
}

pub async fn scans_read_back_as_written(database: &Database) {
    let panitia = add_user(database, 1).await;
    add_event(database, &event("a1")).await;
    add_ticket(database, &ticket(5, "a1")).await;
    add(database, &scan(1, "TICKET'1")).await;
    let full = Checkin {
        ticket: Some(TicketId(id(5))),
        against: Some(CheckinId(id(1))),
        by: by(&panitia),
        device: Some("scanner 1".to_owned()),
        gate: Some("gate 1".to_owned()),
        nonce: Some("n-1".to_owned()),
        device_at: Some(at(-5)),
        annulled_at: Some(at(7)),
        annulled_by: Some(panitia.id),
        ..conflict(2, "TICKET'1")
    };
    add(database, &full).await;
    let exit = Checkin { direction: Direction::Exit, once: false, ..scan(3, "TICKET'1") };
    add(database, &exit).await;
    for (n, reason) in (10..).zip(Reason::ALL) {
        add(database, &refused(n, "x", *reason)).await;
        let found = database.store.attendance().checkin(CheckinId(id(n))).await;
        assert_eq!(found, Ok(Some(refused(n, "x", *reason))));
    }
    for expected in [scan(1, "TICKET'1"), full.clone(), exit] {
        assert_eq!(database.store.attendance().checkin(expected.id).await, Ok(Some(expected.clone())));
        let mut unit = begin(database).await;
        assert_eq!(unit.checkins().find(expected.id).await, Ok(Some(expected)));
    }
    let by_nonce = database.store.attendance().by_nonce("scanner 1", "n-1").await;
    assert_eq!(by_nonce, Ok(Some(full)));
    assert_eq!(database.store.attendance().by_nonce("scanner 2", "n-1").await, Ok(None));
}

pub async fn a_code_enters_once(database: &Database) {
    add_event(database, &event("a1")).await;
    add_event(database, &event("a2")).await;
    add(database, &scan(1, "A")).await;
    let mut unit = begin(database).await;
    assert_eq!(unit.checkins().add(&scan(2, "A")).await, Err(StoreError::Conflict(Unique::Entry)));
    let first = unit.checkins().entered(&slug("a1"), "A").await;
    assert_eq!(first, Ok(Some(scan(1, "A"))), "the unit goes on, and finds who was first");
    unit.checkins().add(&scan(3, "B")).await.expect("another code");
    unit.checkins().add(&Checkin { event: slug("a2"), ..scan(4, "A") }).await.expect("another event");
    unit.checkins().add(&scan(5, "a")).await.expect("another case is another code");
    unit.commit().await.expect("commits");
}

/// Two units that have both seen that nobody has entered; how many of their scans are on record then.
async fn race(database: &Database) -> Vec<Result<(), StoreError>> {
    let second = database.second_store(dermaga_tests::databases::OPTIONS).await;
    for store in [&database.store, &second] {
        let mut unit = store.begin().await.expect("begins");
        assert_eq!(unit.checkins().entered(&slug("a1"), "A").await, Ok(None), "whoever only reads would let them in");
    }
    let runs = [(database.store.clone(), 1), (second.clone(), 2)]
        .map(|(store, n)| tokio::spawn(async move { try_add(&store, &scan(n, "A")).await }));
    let mut results = Vec::new();
    for run in runs {
        results.push(run.await.expect("ends"));
    }
    second.close().await;
    results
}

pub async fn of_two_who_come_at_once_one_enters(database: &Database) {
    add_event(database, &event("a1")).await;
    let results = race(database).await;
    let entered = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(entered, 1, "{results:?}");
    assert!(results.contains(&Err(StoreError::Conflict(Unique::Entry))), "{results:?}");
}

/// The negative control of the one before: it is the index that keeps the promise, and nothing else.
pub async fn without_the_index_both_would_enter(database: &Database) {
    add_event(database, &event("a1")).await;
    database.execute("DROP INDEX checkins_once").await.expect("drops");
    assert_eq!(race(database).await, [Ok(()), Ok(())]);
    let attended = database.store.attendance().attended(&event("a1")).await.expect("counts");
    assert_eq!(attended.total, 2, "one ticket, two guests");
}

pub async fn what_is_refused_annulled_or_may_come_back_is_not_counted(database: &Database) {
    add_event(database, &event("a1")).await;
    add(database, &scan(1, "A")).await;
    add(database, &refused(2, "A", Reason::AlreadyEntered)).await;
    add(database, &refused(3, "A", Reason::AlreadyEntered)).await;
    add(database, &conflict(4, "A")).await;
    let attended = async || database.store.attendance().attended(&event("a1")).await.expect("counts").total;
    assert_eq!(attended().await, 1);
    annul(database, &scan(1, "A"), 9).await;
    assert_eq!(attended().await, 0);
    add(database, &scan(5, "A")).await;
    let mut unit = begin(database).await;
    assert_eq!(unit.checkins().entered(&slug("a1"), "A").await, Ok(Some(scan(5, "A"))));
    assert_eq!(unit.checkins().add(&scan(6, "A")).await, Err(StoreError::Conflict(Unique::Entry)));
    drop(unit);
    for n in [7, 8] {
        add(database, &Checkin { once: false, ..scan(n, "B") }).await;
    }
    let reentry = Event { entry: Entry::Reentry, ..event("a1") };
    let attended = database.store.attendance().attended(&reentry).await.expect("counts");
    assert_eq!((attended.total, attended.inside), (2, 0), "A and B, however often, and nobody is known to be inside");
}

pub async fn a_nonce_is_used_once(database: &Database) {
    add_event(database, &event("a1")).await;
    let named = |n, device: &str, nonce: &str| Checkin {
        device: Some(device.to_owned()),
        nonce: Some(nonce.to_owned()),
        ..scan(n, &format!("code {n}"))
    };
    add(database, &named(1, "one", "x")).await;
    add(database, &named(2, "two", "x")).await;
    add(database, &named(3, "one", "y")).await;
    let mut unit = begin(database).await;
    let again = unit.checkins().add(&Checkin { code: "code 1".to_owned(), ..named(4, "one", "x") }).await;
    assert_eq!(again, Err(StoreError::Conflict(Unique::Nonce)), "and not that somebody has entered");
    unit.checkins().add(&named(5, "one", "z")).await.expect("the unit goes on");
    unit.commit().await.expect("commits");
}

pub async fn who_made_a_scan_is_looked_up(database: &Database) {
    let named = add_user(database, 1).await;
    let mut nameless = user(2);
    nameless.username = None;
    commit!(database, |unit| unit.users().add(&nameless, Some(&hash("hash"))));
    add_event(database, &event("a1")).await;
    add(database, &Checkin { by: by(&named), ..scan(1, "A") }).await;
    add(database, &Checkin { by: by(&nameless), ..scan(2, "B") }).await;
    add(database, &scan(3, "C")).await;
    let label = async |n| {
        let found = database.store.attendance().checkin(CheckinId(id(n))).await.expect("reads");
        found.expect("is there").by.label()
    };
    assert_eq!(label(1).await, "user1");
    assert_eq!(label(2).await, "Person 2", "by their full name, which is sealed");
    assert_eq!(label(3).await, "operator");
    nameless.full_name = None;
    commit!(database, |unit| unit.users().save(&nameless));
    assert_eq!(label(2).await, nameless.id.to_string(), "a name that is gone is gone everywhere");
}

pub async fn whoever_asks_where_somebody_is_waits(database: &Database) {
    add_event(database, &event("a1")).await;
    let mut first = begin(database).await;
    let outside = Presence { event: slug("a1"), code: "A".to_owned(), inside: false, last: None };
    assert_eq!(first.checkins().presence(&slug("a1"), "A").await, Ok(outside.clone()));
    let waiting = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.checkins().presence(&slug("a1"), "A").await
    })
    .await;
    let inside = Presence { inside: true, last: Some(id(1)), ..outside };
    first.checkins().save_presence(&inside).await.expect("saves");
    first.commit().await.expect("commits");
    assert_eq!(waiting.await.expect("ends"), Ok(inside), "and sees what the first has written");
    let reentry = Event { entry: Entry::Reentry, ..event("a1") };
    assert_eq!(database.store.attendance().attended(&reentry).await.expect("counts").inside, 1);
}

pub async fn the_last_place_is_taken_once(database: &Database) {
    add_event(database, &event("a1")).await;
    let take = |store: SqlStore| async move {
        let mut unit = store.begin().await.expect("begins");
        let place = unit.attended_events().take_place(&slug("a1"), 3).await.expect("answers");
        unit.commit().await.expect("commits");
        place
    };
    let runs: Vec<_> = (0..8).map(|_| tokio::spawn(take(database.store.clone()))).collect();
    let mut taken = 0;
    for run in runs {
        taken += usize::from(run.await.expect("ends") == Places::Taken);
    }
    assert_eq!(taken, 3);
    commit!(database, |unit| unit.attended_events().free_place(&slug("a1")));
    assert_eq!(take(database.store.clone()).await, Places::Taken);
    assert_eq!(take(database.store.clone()).await, Places::Full);
}

pub async fn places_are_counted_again_when_an_event_changes(database: &Database) {
    let unlimited = plain_event("a1");
    add_event(database, &unlimited).await;
    add(database, &scan(1, "A")).await;
    add(database, &scan(2, "B")).await;
    add(database, &refused(3, "C", Reason::Expired)).await;
    let mut unit = begin(database).await;
    unit.attended_events().find(&unlimited.id).await.expect("reads");
    unit.attended_events().save(&Event { capacity: Some(3), ..unlimited.clone() }).await.expect("saves");
    assert_eq!(unit.attended_events().take_place(&unlimited.id, 3).await, Ok(Places::Taken));
    assert_eq!(unit.attended_events().take_place(&unlimited.id, 3).await, Ok(Places::Full));
    assert_eq!(unit.attended_events().has_checkins(&unlimited.id).await, Ok(true));
}

pub async fn lists_are_in_order_and_filtered(database: &Database) {
    add_event(database, &event("a1")).await;
    add_event(database, &event("a2")).await;
    let mut came = Vec::new();
    for n in 1..=5 {
        came.push(scan(n, &format!("code {n}")));
        add(database, &came[came.len() - 1]).await;
    }
    add(database, &Checkin { event: slug("a2"), ..scan(6, "elsewhere") }).await;
    add(database, &refused(7, "code 1", Reason::AlreadyEntered)).await;
    add(database, &conflict(8, "code 1")).await;
    annul(database, &came.remove(2), 99).await;
    let (queries, event) = (database.store.attendance(), slug("a1"));
    let counted = all_pages!(2, |page| queries.checkins(&event, CheckinFilter::default(), page));
    assert_eq!(counted, came);
    for (outcome, n) in [(Outcome::Refused, 7), (Outcome::Conflict, 8)] {
        let filter = CheckinFilter { outcome: Some(outcome) };
        let found = queries.checkins(&event, filter, PageRequest::first(10)).await.expect("reads").items;
        assert_eq!(found.iter().map(|checkin| checkin.id).collect::<Vec<_>>(), [CheckinId(id(n))]);
    }
}

pub async fn what_changed_since_is_found(database: &Database) {
    add_event(database, &event("a1")).await;
    for n in 1..=4 {
        add(database, &scan(n, &format!("code {n}"))).await;
    }
    annul(database, &scan(1, "code 1"), 50).await;
    let since = async |micros| {
        let (queries, event) = (database.store.attendance(), slug("a1"));
        let found = all_pages!(1, |page| queries.changes(&event, at(micros), page));
        found.into_iter().map(|checkin| checkin.id.0).collect::<Vec<_>>()
    };
    assert_eq!(since(0).await, [id(1), id(2), id(3), id(4)]);
    assert_eq!(since(3).await, [id(1), id(3), id(4)], "what was annulled since is among it");
    assert!(since(51).await.is_empty());
}

pub async fn a_conflict_has_all_its_passages(database: &Database) {
    add_event(database, &event("a1")).await;
    add(database, &Checkin { at: at(500), ..scan(1, "B") }).await;
    add(database, &Checkin { at: at(400), ..conflict(2, "B") }).await;
    add(database, &refused(3, "B", Reason::AlreadyEntered)).await;
    add(database, &scan(4, "A")).await;
    add(database, &Checkin { reason: Some(Reason::Revoked), ..conflict(5, "C") }).await;
    let gone = conflict(6, "D");
    add(database, &gone).await;
    annul(database, &gone, 99).await;
    let (queries, event) = (database.store.attendance(), slug("a1"));
    let found = all_pages!(1, |page| queries.conflicts(&event, page));
    let shape: Vec<(String, Vec<CheckinId>)> =
        found.into_iter().map(|one| (one.code, one.passages.into_iter().map(|passage| passage.id).collect())).collect();
    let ids = |numbers: &[u32]| numbers.iter().map(|n| CheckinId(id(*n))).collect::<Vec<_>>();
    assert_eq!(
        shape,
        [("B".to_owned(), ids(&[2, 1])), ("C".to_owned(), ids(&[5]))],
        "in the order in which they happened"
    );
}
