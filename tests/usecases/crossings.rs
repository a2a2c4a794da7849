//! Two who need the same records at once: neither waits for the other in a circle, nor for a connection that the other has.
//!
//! On Postgres, where several write at once. A test holds one lock, lets a use case run until it waits for it, and then
//! wants what the use case may have by now only if it takes its locks in the documented order.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{
    Policy,
    orders::TakenElsewhere,
    payments::{Payable, Step},
};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::TransactionId,
    ledger::{SystemAccount, TransactionStatus},
    money::Currency,
    orders::OrderStatus,
    payments::PaymentState,
    store::Store,
};
use dermaga_tests::{databases::Engine, patience::until};
use futures::future::join_all;

use crate::{
    bookings::Scene,
    desk::{Desk, rupiah, user},
    payments::buy,
    shop::{by, check, earned, order, product, staff, status},
};

const HOUR: Duration = Duration::from_secs(3_600);

/// Waits until so many wait for a lock.
async fn waiting(desk: &Desk, wanted: usize) {
    let asked = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(&format!("{wanted} wait for a lock"), async || {
        (desk.database.texts(asked).await.len() == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_decides_about_an_order_takes_its_goods_before_its_bookings() {
    for delivers in [true, false] {
        let scene = Scene::begin(Engine::Postgres).await;
        let shoes = product(&scene.desk, 3).await;
        let (booking, order) = scene.mixed_without_its_booking(shoes).await;
        // As somebody does who orders the same goods, and a booking that is in another order.
        let mut other = scene.desk.database.store.begin().await.expect("begins");
        other.stock().lock(&[shoes.into()]).await.expect("locks");
        let orders = scene.desk.app.orders.clone();
        let decision = tokio::spawn(async move {
            match delivers {
                true => orders.complete(&Principal::Operator, order.id, None).await,
                false => orders.cancel(&Principal::Operator, order.id, None, None).await,
            }
        });
        waiting(&scene.desk, 1).await;
        other.bookings().find(booking).await.expect("nobody has it").expect("is there");
        other.commit().await.expect("commits");
        decision.await.expect("no panic").expect("decides");
        check(&scene.desk).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_rejects_an_announced_transfer_takes_all_attempts_before_their_purchase() {
    let (desk, _) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    let (ani, _) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let first = buy(&desk, &ani, 10_000, by("manual_transfer")).await;
    let purchase = first.transaction;
    let again = Payable::Transaction(purchase);
    let second = desk.app.payments.start(&ani, desk.id(), again, by("manual_transfer")).await.expect("starts");
    desk.app.payments.confirm(&ani, first.id).await.expect("announces");
    // As whoever writes down what became of the second one.
    let mut other = desk.database.store.begin().await.expect("begins");
    other.payments().find(second.id).await.expect("locks").expect("is there");
    let payments = desk.app.payments.clone();
    let rejected = tokio::spawn(async move { payments.step(&admin, first.id, Step::Deny).await });
    waiting(&desk, 1).await;
    other.transactions().find(purchase).await.expect("nobody has it").expect("is there");
    other.commit().await.expect("commits");
    assert_eq!(rejected.await.expect("no panic").expect("rejects").state, PaymentState::Failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_record_one_payment_at_once_both_hear_that_it_is_there() {
    let (desk, _) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    let (ani, _) = desk.person("ani").await;
    let shoes = product(&desk, 3).await;
    let (placed, _) = order(&desk, &ani, shoes, 2, None).await.expect("orders");
    let mut other = desk.database.store.begin().await.expect("begins");
    other.transactions().find(placed.transaction()).await.expect("locks").expect("is there");
    let both: Vec<_> = (0..2)
        .map(|_| {
            let orders = desk.app.orders.clone();
            let taken = TakenElsewhere { reference: "POS-1".to_owned(), amount: 2_000, currency: None };
            tokio::spawn(async move { orders.record_payment(&Principal::Operator, placed.id, taken).await })
        })
        .collect();
    waiting(&desk, 2).await;
    other.commit().await.expect("commits");
    for one in join_all(both).await {
        assert_eq!(one.expect("no panic").expect("is recorded").status, OrderStatus::Paid);
    }
    assert_eq!((status(&desk, placed.id).await, earned(&desk).await), (OrderStatus::Paid, 2_000));
    check(&desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gives_money_back_takes_what_is_overdue_with_the_first_lock() {
    let (desk, gateway) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    let (ani, wallet) = desk.person("ani").await;
    let (budi, theirs) = desk.person("budi").await;
    let shoes = product(&desk, 3).await;
    let topup: TransactionId = desk.id();
    desk.topup(&ani, topup, &wallet, 1_000).await.expect("starts");
    // What is paid so goes back to the wallet.
    let (placed, payment) = order(&desk, &ani, shoes, 2, Some("bank_transfer")).await.expect("orders");
    for payment in [desk.payment(topup.0.into()).await, payment.expect("is being paid")] {
        gateway.pay(&payment.reference);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    }
    // A day later it is overdue, and nobody has written that down.
    let transactions = &desk.app.transactions;
    transactions.start_transfer(&ani, desk.id(), user(&ani), user(&budi), rupiah(10)).await.expect("reserves");
    desk.clock.advance(25 * HOUR);
    // As whoever moves money from Budi to the shop.
    let merchant = SystemAccount::Merchant { slug: "dermaga-shop".to_owned() }.id(Currency::Idr);
    let mut other = desk.database.store.begin().await.expect("begins");
    other.books().lock(&[theirs.id.into()]).await.expect("locks");
    let orders = desk.app.orders.clone();
    let called_off = tokio::spawn(async move { orders.cancel(&Principal::Operator, placed.id, None, None).await });
    waiting(&desk, 1).await;
    other.books().lock(&[merchant]).await.expect("nobody has it");
    other.commit().await.expect("commits");
    called_off.await.expect("no panic").expect("cancels");
    assert_eq!((status(&desk, placed.id).await, earned(&desk).await), (OrderStatus::Cancelled, 0));
    check(&desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_settle_at_once_leave_each_other_a_connection() {
    let (desk, gateway) = Desk::played_on(Engine::Postgres, Policy::default()).await;
    let desk = Arc::new(desk);
    let (ani, wallet) = desk.person("ani").await;
    let (budi, _) = desk.person("budi").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let topup: TransactionId = desk.id();
    desk.topup(&ani, topup, &wallet, 1_000).await.expect("starts");
    let paying = desk.payment(topup.0.into()).await;
    gateway.pay(&paying.reference);
    desk.app.payments.confirm(&ani, paying.id).await.expect("asks");
    let mut pending: Vec<TransactionId> = Vec::new();
    for _ in 0..20 {
        let id = desk.id();
        desk.app.transactions.start_transfer(&ani, id, user(&ani), user(&budi), rupiah(10)).await.expect("reserves");
        pending.push(id);
    }
    let all = pending.into_iter().map(|id| {
        let (desk, admin) = (desk.clone(), admin.clone());
        tokio::spawn(async move { desk.app.transactions.cancel(&admin, id).await })
    });
    for one in join_all(all).await {
        assert_eq!(one.expect("no panic").expect("cancels").status, TransactionStatus::Cancelled);
    }
    assert_eq!(desk.balance(&ani, &wallet).await, (1_000, 1_000));
    desk.check().await;
}
