//! Products and stock: what the counters may become, who waits for whom, and what the journal remembers.

use std::time::Duration;

use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    ids::{ItemId, MovementId, OrderId, ProductId},
    inventory::{Availability, Hold, Movement, MovementKind, Product, ProductFilter, ProductStatus, Stock},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{
    commit,
    fixtures::*,
    orders::{add_order, order},
};

pub fn product(n: u32, price: i64) -> Product {
    Product {
        id: ProductId(id(n)),
        name: format!("Product {n}"),
        description: None,
        price: idr(price),
        status: ProductStatus::Active,
        created_at: at(1),
        updated_at: at(1),
        revision: 0,
    }
}

/// A product with so many on hand.
pub async fn stocked(database: &Database, n: u32, count: i64) -> ItemId {
    let product = product(n, 1_000);
    let mut unit = begin(database).await;
    unit.products().add(&product).await.expect("adds");
    unit.stock().open(product.item()).await.expect("opens");
    if count > 0 {
        unit.stock().record(&movement(n + 10_000, product.item(), MovementKind::Received, count, 0)).await.expect("in");
    }
    unit.commit().await.expect("commits");
    product.item()
}

/// What is there of a product at that moment, as its price list says.
async fn offered(database: &Database, item: ItemId, now: i64) -> Availability {
    let found = database.store.inventory().product(ProductId(item.0), at(now)).await.expect("reads");
    found.expect("is there").1
}

pub fn movement(n: u32, item: ItemId, kind: MovementKind, on_hand: i64, allocated: i64) -> Movement {
    let by_order = matches!(kind, MovementKind::Allocated | MovementKind::Released | MovementKind::Sold);
    Movement {
        id: MovementId(id(n)),
        item,
        kind,
        on_hand,
        allocated,
        order: by_order.then(|| OrderId(id(1))),
        reason: Some("a reason".to_owned()),
        actor: "operator".to_owned(),
        at: at(2),
    }
}

pub async fn products_read_back_as_written(database: &Database) {
    let first = Product { description: Some("Ümit's \"Tas\"\n100%".to_owned()), ..product(1, 9_007_199_254_740_991) };
    commit!(database, |unit| unit.products().add(&first));
    let mut unit = begin(database).await;
    assert_eq!(unit.products().add(&first).await, Err(StoreError::Conflict(Unique::Id)));
    let changed = Product {
        name: "Another".to_owned(),
        description: None,
        price: idr(7),
        status: ProductStatus::Retired,
        updated_at: at(9),
        ..first.clone()
    };
    unit.products().save(&changed).await.expect("saves");
    unit.commit().await.expect("commits");
    let (found, there) = database.store.inventory().product(first.id, at(5)).await.expect("reads").expect("is there");
    assert_eq!(found, Product { revision: 1, ..changed });
    assert_eq!(
        (there.stock.on_hand, there.stock.allocated, there.held),
        (0, 0, 0),
        "what is not kept in stock is none"
    );
    let mut unit = begin(database).await;
    assert_eq!(unit.products().save(&first).await, Err(StoreError::Stale(Entity::Product)), "by an old revision");
}

pub async fn products_are_searched_and_page(database: &Database) {
    for (n, name) in [(1, "Sepatu Sport"), (2, "Tas Ransel"), (3, "sepatu kulit"), (4, "100% wol")] {
        commit!(database, |unit| unit.products().add(&Product { name: name.to_owned(), ..product(n, 1_000) }));
    }
    let list = |text: Option<&str>, status, page| {
        let filter = ProductFilter { text: text.map(str::to_owned), status };
        async move {
            let found = database.store.inventory().products(&filter, at(5), page).await.expect("reads");
            let ids: Vec<u128> = found.items.iter().map(|(product, _)| product.id.0.as_u128() & 0xffff).collect();
            (ids, found.next)
        }
    };
    assert_eq!(list(Some("SEPATU"), None, PageRequest::first(10)).await.0, [3, 1]);
    assert_eq!(list(Some("%"), None, PageRequest::first(10)).await.0, [4], "what a person types is no pattern");
    assert!(list(Some("\0"), None, PageRequest::first(10)).await.0.is_empty());
    let (first, next) = list(None, Some(ProductStatus::Active), PageRequest::first(3)).await;
    assert_eq!(first, [4, 3, 2]);
    assert_eq!(list(None, None, PageRequest::new(next, 3)).await.0, [1]);
    assert!(list(None, Some(ProductStatus::Retired), PageRequest::first(3)).await.0.is_empty());
}

pub async fn movements_add_up_to_the_counters(database: &Database) {
    let item = stocked(database, 1, 10).await;
    let mut unit = begin(database).await;
    for (n, kind, on_hand, allocated) in [
        (1, MovementKind::Allocated, 0, 4),
        (2, MovementKind::Sold, -3, -3),
        (3, MovementKind::Released, 0, -1),
        (4, MovementKind::Adjusted, -2, 0),
    ] {
        unit.stock().lock(&[item]).await.expect("locks");
        unit.stock().record(&movement(n, item, kind, on_hand, allocated)).await.expect("records");
    }
    assert_eq!(unit.stock().lock(&[item]).await.expect("locks"), [Stock { item, on_hand: 5, allocated: 0 }]);
    assert!(unit.stock().has_movement(MovementId(id(4))).await.expect("asks"));
    assert!(!unit.stock().has_movement(MovementId(id(5))).await.expect("asks"));
    unit.commit().await.expect("commits");
    let page = database.store.inventory().movements(item, PageRequest::first(2)).await.expect("reads");
    assert_eq!(page.items[0], movement(10_001, item, MovementKind::Received, 10, 0));
    assert_eq!(page.items[1], movement(4, item, MovementKind::Adjusted, -2, 0));
    let rest = database.store.inventory().movements(item, PageRequest::new(page.next, 10)).await.expect("reads");
    assert_eq!(rest.items.len(), 3);
    let recount = database.store.inventory().recounts(PageRequest::first(10)).await.expect("reads").items;
    assert!(recount.len() == 1 && recount[0].agrees(), "{recount:?}");
}

pub async fn counters_never_leave_their_bounds(database: &Database) {
    let item = stocked(database, 1, 5).await;
    for (n, kind, on_hand, allocated) in [
        (1, MovementKind::Allocated, 0, 6),
        (2, MovementKind::Adjusted, -6, 0),
        (3, MovementKind::Released, 0, -1),
        (4, MovementKind::Received, 1_000_000_000, 0),
    ] {
        let mut unit = begin(database).await;
        let refused = unit.stock().record(&movement(n, item, kind, on_hand, allocated)).await;
        assert_eq!(refused, Err(StoreError::Stale(Entity::Stock)), "{kind:?}");
        assert!(unit.commit().await.is_err(), "the unit is spent");
    }
    assert_eq!(offered(database, item, 5).await.stock, Stock { item, on_hand: 5, allocated: 0 });
}

pub async fn the_stock_journal_is_append_only(database: &Database) {
    stocked(database, 1, 5).await;
    for statement in ["UPDATE stock_movements SET on_hand = 1", "DELETE FROM stock_movements"] {
        assert!(database.execute(statement).await.is_err(), "{statement}");
    }
}

pub async fn holds_end_by_their_time_or_are_released(database: &Database) {
    let (first, second) = (stocked(database, 1, 10).await, stocked(database, 2, 10).await);
    add_customer(database, 7).await;
    for n in [1, 2] {
        add_order(database, &order(n, 7, ProductId(first.0))).await;
    }
    let hold =
        |order, item, quantity, expires| Hold { order: OrderId(id(order)), item, quantity, expires_at: at(expires) };
    let holds = [hold(1, first, 3, 100), hold(1, second, 1, 100), hold(2, first, 4, 200)];
    commit!(database, |unit| unit.stock().hold(&holds));
    let held = |now| async move {
        let mut unit = begin(database).await;
        let mut held = unit.stock().held(&[first, second], at(now)).await.expect("reads");
        held.sort_unstable();
        held
    };
    assert_eq!(held(99).await, [(first, 7), (second, 1)]);
    assert_eq!(held(100).await, [(first, 4)], "a hold ends with its last moment");
    assert_eq!(held(200).await, []);
    let there = offered(database, first, 99).await;
    assert_eq!((there.held, there.available()), (7, 3));

    commit!(database, |unit| unit.stock().hold(&[hold(1, first, 5, 100)]));
    assert_eq!(held(99).await, [(first, 9), (second, 1)], "replaced, not added");
    commit!(database, |unit| unit.stock().extend(OrderId(id(1)), at(300)));
    assert_eq!(held(250).await, [(first, 5), (second, 1)]);
    let page = database.store.inventory().holds(first, at(99), PageRequest::first(1)).await.expect("reads");
    assert_eq!(page.items, [hold(1, first, 5, 300)]);
    let rest = database.store.inventory().holds(first, at(99), PageRequest::new(page.next, 9)).await.expect("reads");
    assert_eq!(rest.items, [hold(2, first, 4, 200)]);
    commit!(database, |unit| unit.stock().release(OrderId(id(1))));
    assert_eq!(held(99).await, [(first, 4)]);
}

pub async fn whoever_locks_an_item_is_alone_with_it(database: &Database) {
    let (first, second) = (stocked(database, 1, 1).await, stocked(database, 2, 1).await);
    let mut unit = begin(database).await;
    let locked = unit.stock().lock(&[second, first, ItemId(id(9)), first]).await.expect("locks");
    assert_eq!(locked.iter().map(|stock| stock.item).collect::<Vec<_>>(), [first, second], "in order, each once");
    let waiting = must_wait(database, move |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.stock().lock(&[first]).await.expect("locks")
    })
    .await;
    unit.stock().record(&movement(1, first, MovementKind::Allocated, 0, 1)).await.expect("records");
    unit.commit().await.expect("commits");
    let seen = tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("is let in").expect("no panic");
    assert_eq!(seen, [Stock { item: first, on_hand: 1, allocated: 1 }], "it sees what was committed meanwhile");
}

pub async fn a_recount_finds_what_is_wrong(database: &Database) {
    let item = stocked(database, 1, 10).await;
    database.execute("UPDATE stock SET on_hand = 12, allocated = 2").await.expect("tampers");
    let mut unit = begin(database).await;
    let recount = unit.stock().recount(item).await.expect("reads").expect("is there");
    assert_eq!(recount.kept, Stock { item, on_hand: 12, allocated: 2 });
    assert_eq!((recount.counted, recount.promised), (Stock { item, on_hand: 10, allocated: 0 }, 0));
    assert!(!recount.agrees());
    unit.stock().reset(recount.counted).await.expect("resets");
    assert!(unit.stock().recount(item).await.expect("reads").expect("is there").agrees());
    assert_eq!(unit.stock().recount(ItemId(id(9))).await, Ok(None));
}

pub async fn a_product_goes_with_its_stock(database: &Database) {
    let item = stocked(database, 1, 10).await;
    commit!(database, |unit| unit.products().remove(ProductId(item.0)));
    assert_eq!(database.store.inventory().product(ProductId(item.0), at(5)).await, Ok(None));
    assert_eq!(begin(database).await.stock().lock(&[item]).await.expect("asks"), []);
}
