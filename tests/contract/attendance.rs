//! Events, what is sold of them, tickets, and the keys that sign their codes.

use std::time::Duration;

use dermaga_ports::{
    StoreError, Unique,
    attendance::{
        Admission, Entry, Event, EventSlug, OrderLine, SecretKey, Ticket, TicketFilter, TicketKey, TicketState,
        TicketType,
    },
    ids::{TicketId, TicketTypeId},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine};

use crate::{all_pages, commit, fixtures::*};

pub fn slug(text: &str) -> EventSlug {
    text.parse().expect("a slug")
}

/// Everything is given.
pub fn event(id: &str) -> Event {
    Event {
        id: slug(id),
        name: "Konser 'Ümit'".to_owned(),
        venue: Some("Gedung A".to_owned()),
        starts_at: at(100),
        ends_at: at(1_000_000),
        doors_at: Some(at(50)),
        capacity: Some(3),
        admission: Admission::Listed,
        entry: Entry::Single,
        version: 1,
        created_at: at(1),
        updated_at: at(2),
    }
}

/// Only what has to be.
pub fn plain_event(id: &str) -> Event {
    Event { venue: None, doors_at: None, capacity: None, admission: Admission::Open, ..event(id) }
}

pub async fn add_event(database: &Database, event: &Event) {
    commit!(database, |unit| unit.attended_events().add(event));
}

fn ticket_type(n: u32, event: &str) -> TicketType {
    TicketType {
        id: TicketTypeId(id(n)),
        event: slug(event),
        name: format!("Kelas {n}"),
        price: idr(150_000),
        quota: 2,
        issued: 0,
        sale_from: Some(at(1)),
        sale_until: Some(at(2)),
        valid_from: Some(at(3)),
        valid_until: Some(at(4)),
        created_at: at(i64::from(n)),
    }
}

pub fn ticket(n: u32, event: &str) -> Ticket {
    Ticket {
        id: TicketId(id(n)),
        event: slug(event),
        ticket_type: None,
        holder: None,
        user: None,
        order: None,
        valid_from: None,
        valid_until: None,
        state: TicketState::Valid,
        ended_at: None,
        ended_because: None,
        created_at: at(i64::from(n)),
    }
}

pub async fn add_ticket(database: &Database, ticket: &Ticket) {
    commit!(database, |unit| unit.tickets().add(ticket));
}

pub async fn events_read_back_as_written(database: &Database) {
    let all = [event("a1"), plain_event("b-2"), Event { entry: Entry::Reentry, ..event("b2") }, event("c_3")];
    for event in all.iter().rev() {
        add_event(database, event).await;
    }
    let queries = database.store.attendance();
    for event in &all {
        assert_eq!(queries.event(&event.id).await, Ok(Some(event.clone())));
    }
    assert_eq!(queries.event(&slug("nowhere")).await, Ok(None));
    let listed = all_pages!(2, |page| queries.events(page));
    assert_eq!(listed, all, "in the order of their bytes, on both databases");
}

pub async fn an_event_has_its_id_for_itself(database: &Database) {
    add_event(database, &event("a1")).await;
    let mut unit = begin(database).await;
    let again = unit.attended_events().add(&plain_event("a1")).await;
    assert_eq!(again, Err(StoreError::Conflict(Unique::EventSlug)));
    unit.attended_events().add(&plain_event("a2")).await.expect("the unit goes on");
    unit.commit().await.expect("commits");
    assert_eq!(database.store.attendance().event(&slug("a1")).await, Ok(Some(event("a1"))));
}

pub async fn a_found_event_is_locked_and_a_crowd_at_the_door_is_not(database: &Database) {
    add_event(database, &event("a1")).await;
    let id = slug("a1");
    let mut door = begin(database).await;
    assert!(door.attended_events().find_at_door(&id).await.expect("reads").is_some());
    if database.engine == Engine::Postgres {
        // SQLite has one writer at a time, so nobody else is at the door there.
        let mut other = begin(database).await;
        let beside = tokio::time::timeout(Duration::from_secs(5), other.attended_events().find_at_door(&id)).await;
        assert!(beside.expect("does not wait").expect("reads").is_some());
        other.commit().await.expect("commits");
    }
    let waiting = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        let found = unit.attended_events().find(&slug("a1")).await.expect("reads").expect("is there");
        unit.attended_events().save(&Event { version: found.version + 1, ..found }).await.expect("saves");
        unit.commit().await.expect("commits");
    })
    .await;
    door.commit().await.expect("commits");
    waiting.await.expect("ends");
    let changed = database.store.attendance().event(&slug("a1")).await.expect("reads").expect("is there");
    assert_eq!(changed, Event { version: 2, ..event("a1") });
}

pub async fn ticket_types_read_back_and_count(database: &Database) {
    add_event(database, &event("a1")).await;
    add_event(database, &event("a2")).await;
    let bare =
        TicketType { sale_from: None, sale_until: None, valid_from: None, valid_until: None, ..ticket_type(2, "a1") };
    for one in [&ticket_type(1, "a1"), &bare, &ticket_type(3, "a2")] {
        commit!(database, |unit| unit.attended_events().add_type(one));
    }
    let queries = database.store.attendance();
    assert_eq!(queries.ticket_types(&slug("a1")).await, Ok(vec![ticket_type(1, "a1"), bare]));
    assert_eq!(queries.ticket_type(TicketTypeId(id(3))).await, Ok(Some(ticket_type(3, "a2"))));
    let mut unit = begin(database).await;
    let same_name = TicketType { name: ticket_type(1, "a1").name, ..ticket_type(9, "a1") };
    let refused = unit.attended_events().add_type(&same_name).await;
    assert_eq!(refused, Err(StoreError::Conflict(Unique::TicketTypeName)));
    let same_id = unit.attended_events().add_type(&ticket_type(1, "a2")).await;
    assert_eq!(same_id, Err(StoreError::Conflict(Unique::Id)));
    unit.attended_events().count_issued(TicketTypeId(id(1)), 2).await.expect("counts");
    unit.attended_events().count_issued(TicketTypeId(id(1)), -1).await.expect("counts");
    let found = unit.attended_events().find_type(TicketTypeId(id(1))).await.expect("reads").expect("is there");
    assert_eq!((found.issued, found.left()), (1, 1));
    unit.commit().await.expect("commits");
}

pub async fn more_than_the_quota_is_never_issued(database: &Database) {
    add_event(database, &event("a1")).await;
    commit!(database, |unit| unit.attended_events().add_type(&ticket_type(1, "a1")));
    for change in [3, -1] {
        let mut unit = begin(database).await;
        let refused = unit.attended_events().count_issued(TicketTypeId(id(1)), change).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{change}: {refused:?}");
    }
}

pub async fn tickets_read_back_and_are_listed(database: &Database) {
    let owner = add_user(database, 1).await;
    add_event(database, &event("a1")).await;
    add_event(database, &event("a2")).await;
    commit!(database, |unit| unit.attended_events().add_type(&ticket_type(1, "a1")));
    let full = Ticket {
        ticket_type: Some(TicketTypeId(id(1))),
        holder: Some("Siti Aminah".to_owned()),
        user: Some(owner.id),
        order: Some(OrderLine { order: dermaga_ports::ids::OrderId(id(77)), line: 3 }),
        valid_from: Some(at(5)),
        valid_until: Some(at(6)),
        ..ticket(1, "a1")
    };
    let ended = Ticket {
        state: TicketState::Revoked,
        ended_at: Some(at(9)),
        ended_because: Some("lost".to_owned()),
        ..ticket(2, "a1")
    };
    let all = [full.clone(), ended.clone(), ticket(3, "a1")];
    for one in all.iter().chain([&ticket(4, "a2")]) {
        add_ticket(database, one).await;
        assert_eq!(database.store.attendance().ticket(one.id).await, Ok(Some(one.clone())));
        let mut unit = begin(database).await;
        assert_eq!(unit.tickets().find(one.id).await, Ok(Some(one.clone())));
        assert_eq!(unit.tickets().add(one).await, Err(StoreError::Conflict(Unique::Id)));
    }
    let (queries, event) = (database.store.attendance(), slug("a1"));
    let listed = all_pages!(2, |page| queries.tickets(&event, TicketFilter::default(), page));
    assert_eq!(listed, all);
    let revoked = TicketFilter { state: Some(TicketState::Revoked), ..TicketFilter::default() };
    assert_eq!(queries.tickets(&event, revoked, PageRequest::first(10)).await.expect("reads").items, [ended]);
    let own = TicketFilter { user: Some(owner.id), ..TicketFilter::default() };
    assert_eq!(queries.tickets(&event, own, PageRequest::first(10)).await.expect("reads").items, [full]);
}

pub async fn tickets_of_a_line_are_found_together(database: &Database) {
    add_event(database, &event("a1")).await;
    let line = OrderLine { order: dermaga_ports::ids::OrderId(id(77)), line: 1 };
    for (n, order) in [(1, Some(line)), (2, Some(OrderLine { line: 2, ..line })), (3, Some(line)), (4, None)] {
        add_ticket(database, &Ticket { order, ..ticket(n, "a1") }).await;
    }
    let mut unit = begin(database).await;
    let found = unit.tickets().of_line(line).await.expect("reads");
    assert_eq!(found.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [TicketId(id(1)), TicketId(id(3))]);
    let ended = Ticket {
        state: TicketState::Cancelled,
        ended_at: Some(at(9)),
        ended_because: Some("order cancelled".to_owned()),
        ..found[0].clone()
    };
    unit.tickets().save(&ended).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(database.store.attendance().ticket(ended.id).await, Ok(Some(ended)));
}

pub async fn the_name_on_a_ticket_is_sealed_and_forgotten(database: &Database) {
    let owner = add_user(database, 1).await;
    add_event(database, &event("a1")).await;
    let named = |n, user| Ticket { holder: Some("Siti Aminah".to_owned()), user, ..ticket(n, "a1") };
    add_ticket(database, &named(1, Some(owner.id))).await;
    add_ticket(database, &named(2, None)).await;
    let stored = database.everything().await;
    assert!(!stored.windows(11).any(|part| part == b"Siti Aminah"), "a name is stored in the clear");
    let forgotten = commit!(database, |unit| unit.tickets().forget_holder(owner.id));
    assert_eq!(forgotten, 1);
    let holder = async |n| {
        let found = database.store.attendance().ticket(TicketId(id(n))).await.expect("reads").expect("is there");
        found.holder
    };
    assert_eq!((holder(1).await, holder(2).await.as_deref()), (None, Some("Siti Aminah")));
}

pub async fn revocations_come_in_their_order(database: &Database) {
    add_event(database, &event("a1")).await;
    for (n, ended_at) in [(1, 30), (2, 10), (3, 20)] {
        let ended = Ticket { state: TicketState::Revoked, ended_at: Some(at(ended_at)), ..ticket(n, "a1") };
        add_ticket(database, &ended).await;
    }
    add_ticket(database, &ticket(4, "a1")).await;
    let since = async |micros, limit| {
        let found = database.store.attendance().revocations(&slug("a1"), at(micros), limit).await.expect("reads");
        found.into_iter().map(|revoked| revoked.ticket).collect::<Vec<_>>()
    };
    let ids = |numbers: &[u32]| numbers.iter().map(|n| TicketId(id(*n))).collect::<Vec<_>>();
    assert_eq!(since(0, 10).await, ids(&[2, 3, 1]));
    assert_eq!(since(20, 10).await, ids(&[3, 1]), "also at that very moment");
    assert_eq!(since(0, 2).await, ids(&[2, 3]));
}

pub async fn keys_read_back_and_are_sealed(database: &Database) {
    let key = |number: u8| TicketKey {
        id: id(number.into()),
        number: number.into(),
        public: [number; 32],
        created_at: at(number.into()),
    };
    let secret = SecretKey::new(*b"a secret of thirty-two bytes 123");
    let queries = database.store.attendance();
    assert_eq!(queries.signing_key().await, Ok(None));
    for number in 1..=2 {
        commit!(database, |unit| unit.ticket_keys().add(&key(number), &secret));
    }
    let mut unit = begin(database).await;
    let taken = unit.ticket_keys().add(&TicketKey { id: id(9), ..key(2) }, &secret).await;
    assert_eq!(taken, Err(StoreError::Conflict(Unique::TicketKey)));
    drop(unit);
    assert_eq!(queries.signing_key().await, Ok(Some((key(2), secret))), "the newest signs");
    assert_eq!(queries.ticket_keys().await, Ok(vec![key(2), key(1)]));
    assert_eq!(queries.ticket_key(1).await, Ok(Some(key(1))));
    assert_eq!(queries.ticket_key(3).await, Ok(None));
    let stored = database.everything().await;
    assert!(!stored.windows(9).any(|part| part == b"thirty-tw"), "a key is stored in the clear");
    // Postgres shows bytes in hexadecimal.
    assert!(!stored.windows(18).any(|part| part == b"7468697274792d7477"), "a key is stored in the clear");
}

pub async fn impossible_records_are_refused_without_the_rules(database: &Database) {
    add_event(database, &event("a1")).await;
    commit!(database, |unit| unit.attended_events().add_type(&ticket_type(1, "a1")));
    add_ticket(database, &ticket(1, "a1")).await;
    for sql in [
        "UPDATE events SET ends_at = starts_at",
        "UPDATE events SET capacity = 0",
        "UPDATE events SET entry = 'twice'",
        "UPDATE ticket_types SET issued = 3",
        "UPDATE ticket_types SET price = -1",
        "UPDATE tickets SET state = 'REVOKED'",
        "UPDATE tickets SET order_line = 1",
        "UPDATE event_places SET taken = -1",
    ] {
        assert!(database.execute(sql).await.is_err(), "{sql}");
    }
}
