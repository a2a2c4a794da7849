//! Bookings: what is kept of them, who may take them, and what is forgotten.

use dermaga_ports::{
    StoreError, Unique,
    booking::{
        Booking, BookingFilter, BookingKind, BookingStatus, CancellationQuote, Clocks, Contact, Customer, Delivery,
        Document, DocumentKind, FerryVehicle, Payload, Policy, PolicyStep, RefundTo, Share, Traveller, TravellerKind,
        Until,
    },
    error::Entity,
    ids::{BookingId, OrderId, ProductId, UserId},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{
    clerk::{nonsense, sql_id},
    commit,
    fixtures::*,
    orders,
};

/// The n-th booking of that user: a credit that is quoted.
pub fn booking(n: u32, user: u32) -> Booking {
    Booking {
        id: BookingId(id(n)),
        user: UserId(id(user)),
        kind: BookingKind::Ppob,
        supplier: "counter".to_owned(),
        status: BookingStatus::Quoted,
        reference: format!("B-{n}"),
        title: "PLN Token 20.000".to_owned(),
        price: idr(21_700),
        max_cost: idr(21_700),
        cost: None,
        order: None,
        offer: Payload(r#"{"sku":"pln20"}"#.to_owned()),
        customer: Customer { number: Some("530000000001".into()), ..Customer::default() },
        policy: None,
        clocks: Clocks::default(),
        supplier_id: None,
        supplier_reference: None,
        delivery: Delivery::default(),
        cancellation: None,
        sent_at: None,
        paid_at: None,
        next_check_at: None,
        checks: 0,
        reason: None,
        frozen: false,
        created_at: at(1),
        updated_at: at(1),
        revision: 0,
    }
}

fn quote() -> CancellationQuote {
    CancellationQuote {
        id: "ore_1".to_owned(),
        order_id: "ord_1".to_owned(),
        refund: Some(idr(15_000)),
        fee: None,
        refund_to: RefundTo::Balance,
        expires_at: Some(at(60)),
    }
}

async fn add(database: &Database, booking: &Booking) {
    commit!(database, |unit| unit.bookings().add(booking));
}

async fn found(database: &Database, n: u32) -> Option<Booking> {
    database.store.bookings().booking(BookingId(id(n))).await.expect("reads")
}

fn full(n: u32) -> Booking {
    let traveller = Traveller {
        kind: TravellerKind::Adult,
        title: None,
        gender: None,
        given_name: "Budi".into(),
        family_name: None,
        born_on: Some("1987-07-24".into()),
        document: None,
    };
    let contact = Contact { name: "Budi".into(), email: "b@example.com".into(), phone: "+62812345".into() };
    let step = PolicyStep { until: Until::At(at(50)), refund: Share::BasisPoints(5_000), min_fee: Some(idr(5)) };
    Booking {
        kind: BookingKind::Flight,
        customer: Customer {
            travellers: vec![traveller],
            contact: Some(contact),
            vehicle: Some(FerryVehicle { class: "IVA".to_owned(), plate: "B 1234 XYZ".into(), length_cm: Some(420) }),
            requests: Some("high floor".into()),
            loyalty_number: Some("GA-1".into()),
            ..Customer::default()
        },
        policy: Some(Policy::Steps(vec![step])),
        clocks: Clocks {
            offer: Some(at(10)),
            hold: Some(at(20)),
            price: Some(at(15)),
            bill: Some("2026-01-05".parse().expect("a day")),
        },
        ..booking(n, 7)
    }
}

pub async fn bookings_read_back_as_written(database: &Database) {
    add_customer(database, 7).await;
    orders::add_order(database, &orders::order(5, 7, ProductId(id(1)))).await;
    for (n, wanted) in [(1, booking(1, 7)), (2, full(2))] {
        add(database, &wanted).await;
        assert_eq!(found(database, n).await, Some(wanted));
    }
    assert_eq!(found(database, 3).await, None);
    let ticket =
        Document { kind: DocumentKind::ETicket, number: "126-1".to_owned(), traveller: Some(0), qr: Some("qr".into()) };
    let changed = Booking {
        status: BookingStatus::Fulfilled,
        cost: Some(idr(20_000)),
        order: Some(OrderId(id(5))),
        clocks: Clocks { hold: Some(at(99)), ..full(2).clocks },
        supplier_id: Some("ord_1".to_owned()),
        supplier_reference: Some("ABC123".to_owned()),
        delivery: Delivery {
            documents: vec![ticket],
            serial: Some("serial".into()),
            token: Some("12345678901234567890".into()),
            credits: vec!["CREDIT-1".into()],
        },
        cancellation: Some(quote()),
        sent_at: Some(at(3)),
        paid_at: Some(at(2)),
        next_check_at: Some(at(4)),
        checks: 7,
        reason: Some("as it is".to_owned()),
        frozen: true,
        updated_at: at(5),
        ..full(2)
    };
    commit!(database, |unit| unit.bookings().save(&changed));
    assert_eq!(found(database, 2).await, Some(Booking { revision: 1, ..changed.clone() }));
    let mut unit = begin(database).await;
    assert_eq!(unit.bookings().save(&changed).await, Err(StoreError::Stale(Entity::Booking)), "by an old revision");
}

pub async fn ids_and_references_at_a_supplier_are_unique(database: &Database) {
    add_customer(database, 7).await;
    add(database, &booking(1, 7)).await;
    let mut unit = begin(database).await;
    let same_id = Booking { reference: "other".to_owned(), ..booking(1, 7) };
    assert_eq!(unit.bookings().add(&same_id).await, Err(StoreError::Conflict(Unique::Id)));
    let same_reference = Booking { reference: "B-1".to_owned(), ..booking(2, 7) };
    assert_eq!(unit.bookings().add(&same_reference).await, Err(StoreError::Conflict(Unique::Reference)));
    let elsewhere = Booking { supplier: "ferry".to_owned(), ..same_reference };
    unit.bookings().add(&elsewhere).await.expect("the unit goes on");
    unit.commit().await.expect("commits");
}

pub async fn a_found_booking_is_locked(database: &Database) {
    add_customer(database, 7).await;
    add(database, &booking(1, 7)).await;
    let mut unit = begin(database).await;
    let wanted = unit.bookings().find(BookingId(id(1))).await.expect("reads").expect("is there");
    let waiting = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.bookings().find(BookingId(id(1))).await.expect("reads").expect("is there").status
    })
    .await;
    unit.bookings().save(&Booking { status: BookingStatus::Lapsed, ..wanted }).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(waiting.await.expect("no panic"), BookingStatus::Lapsed, "it sees what was committed meanwhile");
}

pub async fn what_is_due_is_taken_by_one(database: &Database) {
    add_customer(database, 7).await;
    for (n, due) in [(1, Some(30)), (2, Some(10)), (3, None), (4, Some(31))] {
        add(database, &Booking { next_check_at: due.map(at), ..booking(n, 7) }).await;
    }
    let reached = ["counter".to_owned(), "duffel".to_owned()];
    let due = async |now| database.store.bookings().anything_due(&reached, at(now)).await.expect("reads");
    assert!(!due(9).await && due(10).await);
    // A host leaves alone what is of suppliers that it does not reach.
    for elsewhere in [vec![], vec!["duffel".to_owned()]] {
        assert_eq!(database.store.bookings().anything_due(&elsewhere, at(99)).await, Ok(false));
        let taken = commit!(database, |unit| unit.bookings().claim_due(&elsewhere, at(99), at(100), 9));
        assert!(taken.is_empty());
    }
    let claim = async |limit| {
        let taken = commit!(database, |unit| unit.bookings().claim_due(&reached, at(30), at(90), limit));
        let mut taken: Vec<(BookingId, u64)> = taken.iter().map(|one| (one.id, one.revision)).collect();
        taken.sort_unstable();
        taken
    };
    assert_eq!(claim(1).await, [(BookingId(id(2)), 0)], "the oldest first");
    assert_eq!(claim(9).await, [(BookingId(id(1)), 0)]);
    assert_eq!(claim(9).await, []);
    assert!(due(31).await);
    assert_eq!(found(database, 1).await.and_then(|one| one.next_check_at), Some(at(90)));
}

pub async fn one_that_cannot_be_read_holds_up_nobody(database: &Database) {
    add_customer(database, 7).await;
    for n in 1..=2 {
        add(database, &Booking { next_check_at: Some(at(i64::from(n))), ..booking(n, 7) }).await;
    }
    let ruin = format!("UPDATE bookings SET customer = {} WHERE id = {}", nonsense(database), sql_id(database, id(1)));
    assert_eq!(database.execute(&ruin).await, Ok(1));
    let suppliers = ["counter".to_owned()];
    let claim = async || commit!(database, |unit| unit.bookings().claim_due(&suppliers, at(30), at(90), 9));
    assert_eq!(claim().await.iter().map(|one| one.id).collect::<Vec<_>>(), [BookingId(id(2))]);
    assert!(claim().await.is_empty(), "it is put off like any other");
}

pub async fn a_knock_wakes_what_waits_and_nothing_else(database: &Database) {
    add_customer(database, 7).await;
    add(database, &Booking { next_check_at: Some(at(50)), ..booking(1, 7) }).await;
    add(database, &Booking { next_check_at: Some(at(5)), supplier_id: Some("s-2".to_owned()), ..booking(2, 7) }).await;
    add(database, &Booking { supplier_id: Some("s-3".to_owned()), ..booking(3, 7) }).await;
    for (supplier, reference, supplier_id, known) in [
        ("counter", Some("B-1"), None, true),
        ("ferry", Some("B-1"), None, false),
        ("counter", Some("B-9"), None, false),
        ("counter", None, None, false),
        ("counter", Some("B\0"), None, false),
        ("counter", None, Some("s-2"), true),
        ("counter", Some("B-9"), Some("s-3"), true),
    ] {
        let heard = commit!(database, |unit| unit.bookings().wake(supplier, reference, supplier_id, at(20)));
        assert_eq!(heard, known, "{supplier} {reference:?} {supplier_id:?}");
    }
    // What was bought may change or be taken back; what waits for a person is theirs.
    let bought = |n| Booking { status: BookingStatus::Fulfilled, paid_at: Some(at(1)), ..booking(n, 7) };
    add(database, &bought(4)).await;
    add(database, &Booking { frozen: true, ..bought(5) }).await;
    for n in [4, 5] {
        let reference = format!("B-{n}");
        assert!(commit!(database, |unit| unit.bookings().wake("counter", Some(&reference), None, at(20))));
    }
    let mut next = Vec::new();
    for n in 1..=5 {
        next.push(found(database, n).await.and_then(|one| one.next_check_at));
    }
    assert_eq!(next, [Some(at(20)), Some(at(5)), None, Some(at(20)), None]);
    assert_eq!(database.store.bookings().frozen().await, Ok(1));
}

pub async fn lists_are_newest_first_and_filtered(database: &Database) {
    for user in [7, 8] {
        add_customer(database, user).await;
    }
    orders::add_order(database, &orders::order(5, 7, ProductId(id(1)))).await;
    add(database, &Booking { order: Some(OrderId(id(5))), ..booking(1, 7) }).await;
    add(database, &Booking { status: BookingStatus::Lapsed, ..booking(2, 8) }).await;
    add(database, &Booking { order: Some(OrderId(id(5))), kind: BookingKind::Ferry, ..booking(3, 7) }).await;
    add(database, &Booking { frozen: true, ..booking(4, 8) }).await;
    let list = async |filter: BookingFilter| {
        let found = crate::all_pages!(2, |page| database.store.bookings().bookings(&filter, page));
        found.iter().map(|one| (1..=9).find(|n| one.id.0 == id(*n)).expect("a known id")).collect::<Vec<u32>>()
    };
    let all = BookingFilter::default;
    assert_eq!(list(all()).await, [4, 3, 2, 1]);
    assert_eq!(list(BookingFilter { user: Some(UserId(id(8))), ..all() }).await, [4, 2]);
    assert_eq!(list(BookingFilter { kind: Some(BookingKind::Ferry), ..all() }).await, [3]);
    assert_eq!(list(BookingFilter { status: Some(BookingStatus::Quoted), ..all() }).await, [4, 3, 1]);
    assert_eq!(list(BookingFilter { frozen: Some(true), ..all() }).await, [4]);
    assert_eq!(list(BookingFilter { frozen: Some(false), order: Some(OrderId(id(5))), ..all() }).await, [3, 1]);
    let mut unit = begin(database).await;
    let of_order = unit.bookings().of_order(OrderId(id(5))).await.expect("reads");
    assert_eq!(of_order.iter().map(|one| one.id).collect::<Vec<_>>(), [BookingId(id(1)), BookingId(id(3))]);
}

pub async fn what_is_forgotten_of_a_user_is_forgotten_of_nobody_else(database: &Database) {
    for user in [7, 8] {
        add_customer(database, user).await;
        let delivery = Delivery { token: Some("12345678901234567890".into()), ..Delivery::default() };
        add(database, &Booking { delivery, ..booking(user, user) }).await;
    }
    commit!(database, |unit| unit.bookings().forget(UserId(id(7))));
    let (gone, kept) = (found(database, 7).await.expect("is there"), found(database, 8).await.expect("is there"));
    assert_eq!((gone.customer, gone.delivery), (Customer::default(), Delivery::default()));
    assert!(kept.customer.number.is_some() && kept.delivery.token.is_some());
    assert_eq!((gone.price, gone.reference), (idr(21_700), "B-7".to_owned()), "the books stay");
}

pub async fn what_cannot_be_is_refused_and_what_was_changed_is_corrupt(database: &Database) {
    add_customer(database, 7).await;
    add(database, &booking(1, 7)).await;
    for impossible in [
        "status = 'LOST'",
        "kind = 'train'",
        "price = 0",
        "max_cost = 0",
        "cost = -1",
        "checks = -1",
        "supplier = NULL",
        "status = 'COMMITTING'",
        "status = 'FULFILLED'",
        "status = 'CANCELLING'",
    ] {
        database.execute(&format!("UPDATE bookings SET {impossible}")).await.expect_err(impossible);
    }
    let wrong = format!("UPDATE bookings SET customer = {}", nonsense(database));
    assert_eq!(database.execute(&wrong).await, Ok(1));
    let read = database.store.bookings().booking(BookingId(id(1))).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    let listed = database.store.bookings().bookings(&BookingFilter::default(), PageRequest::first(9)).await;
    assert!(matches!(listed, Err(StoreError::Corrupt(_))), "{listed:?}");
}
