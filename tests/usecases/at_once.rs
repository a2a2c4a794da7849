//! The same request several times at once, as it comes after a time-out: whoever is slower finds what the other one made,
//! and is not refused for what is the other one's doing.
//!
//! On Postgres: on SQLite they come one after the other by themselves.

use std::future::Future;

use dermaga_domain::{
    Policy,
    auth::Registration,
    orders::NewOrder,
    payments::{Payable, Purchase},
};
use dermaga_ports::ids::{PaymentId, TransactionId};
use dermaga_tests::databases::Engine;
use futures::future::join_all;

use crate::{
    desk::{Desk, rupiah},
    shop::{by, check, counts, line, order, product},
};

/// Asks eight times.
async fn eight<T, F: Future<Output = T>>(ask: impl Fn() -> F) -> Vec<T> {
    join_all((0..8).map(|_| ask())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_eight_times_at_once_has_one_account() {
    let (desk, _) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    for n in 0..4 {
        let id = desk.id();
        let registration = Registration {
            email: Some(format!("ani{n}@example.com")),
            username: Some(format!("ani{n}")),
            password: "correct horse".to_owned(),
            ..Registration::default()
        };
        let accounts = eight(|| desk.app.auth.register(id, registration.clone())).await;
        assert!(accounts.iter().all(|made| made.as_ref().is_ok_and(|made| made.id == id)), "{accounts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_orders_the_last_pieces_eight_times_at_once_has_one_order() {
    let (desk, _) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    let (ani, _) = desk.person("ani").await;
    for _ in 0..4 {
        let (shoes, id) = (product(&desk, 2).await, desk.id());
        let new = NewOrder { lines: vec![line(shoes, 2)], draft: false, payment: Some(by("qris")) };
        let orders = eight(|| desk.app.orders.create(&ani, id, new.clone())).await;
        assert!(orders.iter().all(|made| made.as_ref().is_ok_and(|(order, _)| order.id == id)), "{orders:?}");
        assert_eq!(counts(&desk, shoes).await, (2, 0, 2, 0));
    }
    check(&desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_pays_eight_times_at_once_has_one_attempt() {
    let (desk, gateway) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    let (ani, _) = desk.person("ani").await;
    let shoes = product(&desk, 9).await;
    for _ in 0..4 {
        let (placed, _) = order(&desk, &ani, shoes, 1, None).await.expect("orders");
        let kopi = Purchase { merchant: "Kopi".to_owned(), terms: rupiah(500) };
        for payable in [Payable::Order(placed.id), Payable::Purchase(kopi)] {
            let (id, before) = (desk.id(), gateway.charges().len());
            let attempts = eight(|| desk.app.payments.start(&ani, id, payable.clone(), by("qris"))).await;
            assert!(
                attempts.iter().all(|made| made.as_ref().is_ok_and(|made| made.id == PaymentId(id))),
                "{attempts:?}"
            );
            assert_eq!(gateway.charges().len(), before + 1);
        }
    }
    check(&desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_tops_up_eight_times_at_once_has_it_once() {
    let (desk, gateway) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    let (ani, wallet) = desk.person("ani").await;
    let id: TransactionId = desk.id();
    let answers = eight(|| desk.topup(&ani, id, &wallet, 500)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(gateway.charges().len(), 1);
    check(&desk).await;
}
