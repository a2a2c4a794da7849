//! Nothing is sold twice, whoever orders, pays, cancels and delivers at once; and what happens without the lock.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{
    App, Code, Policy,
    inventory::StockChange,
    orders::{NewOrder, TakenElsewhere},
};
use dermaga_ports::{
    auth::Principal,
    ids::{ItemId, OrderId, ProductId},
    inventory::Hold,
    notifications::Senders,
    orders::{OrderFilter, OrderStatus},
    paging::PageRequest,
    store::Store,
    system::Clock as _,
};
use dermaga_tests::databases::Engine;
use fastrand::Rng;
use futures::future::join_all;

use crate::{
    desk::Desk,
    shop::{check, counts, line, order, product},
};

/// How many people there are in a crowd.
const CROWD: usize = 12;
/// What each of them does.
const STEPS: usize = 12;

/// One person's evening: orders, changes of mind, payments, and staff that delivers and counts.
async fn evening(desk: Arc<Desk>, app: App, who: Principal, product: ProductId, seed: u64) {
    let mut dice = Rng::with_seed(seed);
    let operator = Principal::Operator;
    for step in 0..STEPS {
        let filter = OrderFilter { product: Some(product), ..OrderFilter::default() };
        let orders = app.orders.orders(&operator, filter, PageRequest::first(50)).await.expect("lists").items;
        let any = (!orders.is_empty()).then(|| orders[dice.usize(..orders.len())].id);
        let done = match (dice.u8(..10), any) {
            (0..=4, _) | (_, None) => {
                let new = NewOrder { lines: vec![line(product, dice.i64(1..=3))], ..NewOrder::default() };
                app.orders.create(&who, desk.id(), new).await.map(drop)
            }
            (5, Some(order)) => app.orders.cancel(&operator, order, None, None).await.map(drop),
            (6, Some(order)) => app.orders.complete(&operator, order, None).await.map(drop),
            (7 | 8, Some(order)) => {
                let amount = app.orders.order(&operator, order).await.expect("is there").total.amount();
                let reference = format!("{seed}-{step}");
                let taken = TakenElsewhere { reference, amount, currency: None };
                app.orders.record_payment(&operator, order, taken).await.map(drop)
            }
            (_, Some(_)) => {
                desk.clock.advance(Duration::from_secs(100));
                let change = StockChange::Add(dice.i64(-2..=2));
                match change {
                    StockChange::Add(0) => app.transactions.expire_overdue().await.map(drop),
                    change => app.inventory.change_stock(&operator, desk.id(), product, change, None).await.map(drop),
                }
            }
        };
        if let Err(refused) = done {
            let expected = [
                Code::InsufficientStock,
                Code::IllegalTransition,
                Code::StockPromised,
                Code::Invalid,
                Code::ConcurrentChange,
                Code::RefundExceeds,
            ];
            assert!(expected.contains(&refused.code()), "seed {seed}: {refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crowd_does_at_once_the_stock_adds_up() {
    for (engine, seeds) in [(Engine::Sqlite, 0..6), (Engine::Postgres, 6..12)] {
        for seed in seeds {
            let (desk, _) = Desk::played_on(engine, Policy::default()).await;
            let desk = Arc::new(desk);
            let shoes = product(&desk, 20).await;
            let second = desk.beside(Senders::default());
            let mut crowd = Vec::new();
            for n in 0..CROWD {
                let (who, _) = desk.person(&format!("buyer{n}")).await;
                // Half of them at another host.
                let app = if n % 2 == 0 { desk.app.clone() } else { second.clone() };
                let own = seed * 1_000 + n as u64;
                crowd.push(tokio::spawn(evening(desk.clone(), app, who, shoes, own)));
            }
            for person in join_all(crowd).await {
                person.expect("nobody panics");
            }
            let (on_hand, allocated, held, available) = counts(&desk, shoes).await;
            assert!(allocated + held <= on_hand, "seed {seed}: {allocated} + {held} of {on_hand}");
            assert_eq!(available, on_hand - allocated - held, "seed {seed}");
            check(&desk).await;
            no_order_is_an_orphan(&desk).await;
            // When everybody's time is over, whatever nobody paid is free.
            desk.clock.advance(Duration::from_secs(3_600));
            while desk.app.transactions.expire_overdue().await.expect("tidies up") > 0 {}
            let (on_hand, allocated, held, _) = counts(&desk, shoes).await;
            assert!(held == 0 && allocated <= on_hand, "seed {seed}");
            check(&desk).await;
        }
    }
}

/// An order that waits holds what it needs; one that does not holds nothing.
async fn no_order_is_an_orphan(desk: &Desk) {
    let now = desk.clock.now();
    let mut page = PageRequest::first(100);
    loop {
        let orders = desk.app.orders.orders(&Principal::Operator, OrderFilter::default(), page).await.expect("lists");
        for order in orders.items {
            let (item, wanted) = order.items()[0];
            let holds = desk.database.store.inventory().holds(item, now, PageRequest::first(200)).await.expect("lists");
            let held: i64 = holds.items.iter().filter(|hold| hold.order == order.id).map(|hold| hold.quantity).sum();
            let waits = order.status_at(now) == OrderStatus::Confirmed;
            assert_eq!(held, if waits { wanted } else { 0 }, "{order:?}");
            let purchase = desk.database.store.transactions().transaction(order.transaction()).await.expect("reads");
            assert!(purchase.is_some(), "{order:?} has no purchase");
        }
        match orders.next {
            Some(next) => page = PageRequest::new(Some(next), 100),
            None => return,
        }
    }
}

/// The negative control: the same steps as a reservation, without its lock. Only where several write at once: SQLite has
/// one writer, so there the transaction itself is the lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_two_buyers_get_the_last_one() {
    let (desk, _) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    let shoes = product(&desk, 1).await;
    let mut orders: Vec<OrderId> = Vec::new();
    for name in ["ani", "eka"] {
        let (who, _) = desk.person(name).await;
        let bags = product(&desk, 1).await;
        orders.push(order(&desk, &who, bags, 1, None).await.expect("orders").0.id);
    }
    let (item, now) = (ItemId::from(shoes), desk.clock.now());
    let expires_at = now + Duration::from_secs(600);
    let mut first = desk.database.store.begin().await.expect("begins");
    let mut second = desk.database.store.begin().await.expect("begins");
    assert!(first.stock().held(&[item], now).await.expect("reads").is_empty());
    assert!(second.stock().held(&[item], now).await.expect("reads").is_empty());
    for (unit, order) in [(&mut first, orders[0]), (&mut second, orders[1])] {
        unit.stock().hold(&[Hold { order, item, quantity: 1, expires_at }]).await.expect("holds");
    }
    first.commit().await.expect("commits");
    second.commit().await.expect("commits");
    assert_eq!(counts(&desk, shoes).await.2, 2, "two hold the only one: this is what the lock prevents");
}
