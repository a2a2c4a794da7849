//! Orders: what is kept of them, and which lists they are in.

use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    ids::{OrderId, ProductId, UserId},
    orders::{Line, Order, OrderFilter, OrderNumber, OrderStatus, Ware},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{commit, fixtures::*};

/// The n-th order: two of that product for that user, to be paid within 1,000 microseconds.
pub fn order(n: u32, buyer: u32, product: ProductId) -> Order {
    let line =
        Line { ware: Ware::Product(product), title: "Tas".to_owned(), quantity: 2, unit_price: idr(500), note: None };
    Order {
        id: OrderId(id(n)),
        number: OrderNumber(format!("0000-{n:04}")),
        buyer: UserId(id(buyer)),
        status: OrderStatus::Confirmed,
        lines: vec![line],
        total: idr(1_000),
        pay_by: Some(at(900)),
        deadline: Some(at(1_000)),
        reason: None,
        created_at: at(1),
        updated_at: at(1),
        revision: 0,
    }
}

pub async fn add_order(database: &Database, order: &Order) {
    commit!(database, |unit| unit.orders().add(order));
}

fn product(n: u32) -> ProductId {
    ProductId(id(n))
}

pub async fn orders_read_back_as_written(database: &Database) {
    add_customer(database, 7).await;
    let mut wanted = order(1, 7, product(1));
    for n in 0..99 {
        let note = (n % 2 == 0).then(|| format!("note {n} Ümit's\n\"tas\""));
        wanted.lines.push(Line {
            ware: Ware::Product(product(n)),
            quantity: 1_000_000,
            note,
            ..wanted.lines[0].clone()
        });
    }
    add_order(database, &wanted).await;
    assert_eq!(database.store.orders().order(wanted.id).await, Ok(Some(wanted.clone())));
    assert_eq!(database.store.orders().order(OrderId(id(2))).await, Ok(None));

    let changed = Order {
        status: OrderStatus::Cancelled,
        total: idr(77),
        pay_by: None,
        deadline: None,
        reason: Some("changed my mind".to_owned()),
        updated_at: at(9),
        ..wanted.clone()
    };
    commit!(database, |unit| unit.orders().save(&changed));
    let found = database.store.orders().order(wanted.id).await.expect("reads").expect("is there");
    assert_eq!(found, Order { revision: 1, ..changed.clone() });
    let mut unit = begin(database).await;
    assert_eq!(unit.orders().save(&changed).await, Err(StoreError::Stale(Entity::Order)), "by an old revision");
}

pub async fn lines_are_rewritten_as_a_whole(database: &Database) {
    add_customer(database, 7).await;
    let mut draft = Order { status: OrderStatus::Draft, ..order(1, 7, product(1)) };
    add_order(database, &draft).await;
    draft.lines = vec![Line { unit_price: idr(600), ..draft.lines[0].clone() }];
    commit!(database, |unit| unit.orders().rewrite(&draft));
    let mut unit = begin(database).await;
    assert_eq!(unit.orders().find(draft.id).await, Ok(Some(draft)));
}

pub async fn ids_and_numbers_are_unique(database: &Database) {
    add_customer(database, 7).await;
    let first = order(1, 7, product(1));
    add_order(database, &first).await;
    let mut unit = begin(database).await;
    let same_id = Order { number: OrderNumber("1111-1111".to_owned()), ..first.clone() };
    assert_eq!(unit.orders().add(&same_id).await, Err(StoreError::Conflict(Unique::Id)));
    let same_number = Order { id: OrderId(id(2)), ..first.clone() };
    assert_eq!(unit.orders().add(&same_number).await, Err(StoreError::Conflict(Unique::Reference)));
    unit.orders().add(&order(2, 7, product(1))).await.expect("the unit goes on");
    unit.commit().await.expect("commits");
}

pub async fn a_found_order_is_locked(database: &Database) {
    add_customer(database, 7).await;
    let wanted = order(1, 7, product(1));
    add_order(database, &wanted).await;
    let mut unit = begin(database).await;
    unit.orders().find(wanted.id).await.expect("reads");
    let order = wanted.id;
    let waiting = must_wait(database, move |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.orders().find(order).await.expect("reads").expect("is there").status
    })
    .await;
    unit.orders().save(&Order { status: OrderStatus::Paid, ..wanted }).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(waiting.await.expect("no panic"), OrderStatus::Paid, "it sees what was committed meanwhile");
}

pub async fn lists_go_by_the_moment(database: &Database) {
    for buyer in [7, 8] {
        add_customer(database, buyer).await;
    }
    let with = |n, buyer, status| Order { status, ..order(n, buyer, product(n % 2)) };
    for wanted in [
        with(1, 7, OrderStatus::Confirmed),
        with(2, 7, OrderStatus::Paid),
        with(3, 8, OrderStatus::Confirmed),
        with(4, 8, OrderStatus::Expired),
        with(5, 7, OrderStatus::Draft),
    ] {
        add_order(database, &wanted).await;
    }
    let list = |filter: OrderFilter, now| async move {
        let found = database.store.orders().orders(&filter, at(now), PageRequest::first(10)).await.expect("reads");
        found.items.iter().map(|order| order.id.0.as_u128() & 0xffff).collect::<Vec<_>>()
    };
    let by = |status| OrderFilter { status: Some(status), ..OrderFilter::default() };
    assert_eq!(list(by(OrderStatus::Confirmed), 999).await, [3, 1]);
    assert_eq!(list(by(OrderStatus::Expired), 999).await, [4]);
    assert!(list(by(OrderStatus::Confirmed), 1_000).await.is_empty(), "nobody has to write it down");
    assert_eq!(list(by(OrderStatus::Expired), 1_000).await, [4, 3, 1]);
    assert_eq!(list(OrderFilter { buyer: Some(UserId(id(7))), ..OrderFilter::default() }, 0).await, [5, 2, 1]);
    let number = Some(OrderNumber("0000-0003".to_owned()));
    assert_eq!(list(OrderFilter { number, ..OrderFilter::default() }, 0).await, [3]);
    assert_eq!(list(OrderFilter { product: Some(product(0)), ..OrderFilter::default() }, 0).await, [4, 2]);
    let first = database.store.orders().orders(&OrderFilter::default(), at(0), PageRequest::first(3)).await;
    let next = first.expect("reads").next;
    assert_eq!(next, Some(OrderId(id(3))));
    let rest = database.store.orders().orders(&OrderFilter::default(), at(0), PageRequest::new(next, 3)).await;
    assert_eq!(rest.expect("reads").items.len(), 2);
}

pub async fn what_was_ordered_and_what_is_open_is_known(database: &Database) {
    for buyer in [7, 8, 9] {
        add_customer(database, buyer).await;
    }
    add_order(database, &order(1, 7, product(1))).await;
    add_order(database, &Order { status: OrderStatus::Paid, ..order(2, 8, product(2)) }).await;
    add_order(database, &Order { status: OrderStatus::Completed, ..order(3, 9, product(2)) }).await;
    let mut unit = begin(database).await;
    assert_eq!(unit.orders().names_product(product(1)).await, Ok(true));
    assert_eq!(unit.orders().names_product(product(9)).await, Ok(false));
    for (buyer, now, open) in [(7, 999, true), (7, 1_000, false), (8, 5_000, true), (9, 0, false)] {
        assert_eq!(unit.orders().has_open(UserId(id(buyer)), at(now)).await, Ok(open), "{buyer} at {now}");
    }
}
