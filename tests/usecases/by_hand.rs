//! What only a person can decide about a booking, and what nobody gets by it.

use dermaga_domain::{Code, booking::Finding};
use dermaga_ports::{
    auth::{Principal, Role},
    booking::{Booking, BookingStatus, SaleState},
    ids::BookingId,
    orders::OrderStatus,
    paging::PageRequest,
    payments::{GatewayState, PaymentFilter},
    store::Store as _,
};
use dermaga_tests::databases::Engine;

use crate::{
    bookings::{PRICE, Scene},
    shop::{check, product, status},
    supplier::Mishap,
};

impl Scene {
    /// The supplier knocks and says that it gave the money for a booking back.
    async fn is_taken_back(&self, id: BookingId) -> Booking {
        self.counter.all_become(&SaleState::Returned);
        let reference = self.now(id).await.reference;
        let genuine = [("x-counter".to_owned(), "genuine".to_owned())];
        let heard = self.desk.app.bookings.take_webhook("counter", &genuine, reference.as_bytes()).await;
        assert_eq!(heard, Ok(true));
        self.look().await;
        let frozen = self.now(id).await;
        assert!(frozen.frozen, "{frozen:?}");
        frozen
    }

    async fn admin(&self) -> Principal {
        self.desk.person_of("budi", Role::Admin).await.0
    }

    async fn decide(&self, id: BookingId, finding: Finding) -> dermaga_domain::Result<Booking> {
        let admin = self.admin().await;
        self.desk.app.bookings.resolve(&admin, id, finding, "asked the supplier").await
    }
}

#[tokio::test]
async fn trap_18_a_supplier_that_takes_back_what_it_sold_leaves_it_to_a_person() {
    for engine in Engine::ALL {
        let scene = Scene::begin(engine).await;
        let (id, order) = scene.paid("qris").await;
        scene.look().await;
        assert_eq!(scene.now(id).await.status, BookingStatus::Fulfilled);
        let frozen = scene.is_taken_back(id).await;
        assert_eq!(frozen.status, BookingStatus::Fulfilled);
        assert_eq!((scene.refunded(), status(&scene.desk, order.id).await), (0, OrderStatus::Completed));

        let bookings = &scene.desk.app.bookings;
        let give_back = Finding::GiveBack { amount: None };
        let denied = bookings.resolve(&scene.ani, id, give_back.clone(), "I want it").await.expect_err("refused");
        assert_eq!(denied.code(), Code::PermissionDenied);
        let (admin, _) = scene.desk.person_of("budi", Role::Admin).await;
        let silent = bookings.resolve(&admin, id, give_back.clone(), " ").await.expect_err("refused");
        assert_eq!(silent.faults()[0].pointer, "/note");
        let ended = bookings.resolve(&admin, id, give_back.clone(), "the meter has no credit").await.expect("ends");
        assert_eq!((ended.status, ended.frozen), (BookingStatus::Cancelled, false));
        assert_eq!(ended.reason.as_deref(), Some("a person has looked into it"), "how they know is for the audit");
        scene.look().await;
        assert_eq!(scene.refunded(), PRICE);
        let again = bookings.resolve(&admin, id, give_back, "once more").await.expect_err("refused");
        assert_eq!(again.code(), Code::IllegalTransition, "it waits for nobody");
        assert_eq!(scene.refunded(), PRICE, "once");
        check(&scene.desk).await;
    }
}

#[tokio::test]
async fn what_was_kept_for_a_cancelled_booking_does_not_come_back_with_the_rest_of_its_order() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let shoes = product(&scene.desk, 3).await;
    let (id, order) = scene.mixed(shoes).await;
    scene.look().await;
    assert_eq!(scene.now(id).await.status, BookingStatus::Fulfilled);
    scene.is_taken_back(id).await;
    let ended = scene.decide(id, Finding::GiveBack { amount: Some(0) }).await.expect("ends");
    assert_eq!((ended.status, scene.refunded()), (BookingStatus::Cancelled, 0));
    let refused = scene.desk.app.orders.cancel(&scene.ani, order.id, None, None).await.expect_err("refused");
    assert_eq!(refused.code(), Code::IllegalTransition);
    assert_eq!((scene.refunded(), status(&scene.desk, order.id).await), (0, OrderStatus::Paid));
    check(&scene.desk).await;
}

#[tokio::test]
async fn nothing_is_bought_for_an_order_whose_money_was_taken_back() {
    let scene = Scene::begin(Engine::Sqlite).await;
    scene.counter.mishaps(&[Mishap::Pending]);
    let (id, order) = scene.paid("qris").await;
    scene.look().await;
    // Between two tries, as after a supplier that could not sell.
    let mut unit = scene.desk.database.store.begin().await.expect("begins");
    let mut cancelled = unit.orders().find(order.id).await.expect("reads").expect("is there");
    cancelled.status = OrderStatus::Cancelled;
    unit.orders().save(&cancelled).await.expect("saves");
    let mut booking = unit.bookings().find(id).await.expect("reads").expect("is there");
    booking.sent_at = None;
    unit.bookings().save(&booking).await.expect("saves");
    unit.commit().await.expect("commits");
    let heard = scene.counter.heard();
    scene.pass(std::time::Duration::from_secs(60)).await;
    let left = scene.now(id).await;
    assert_eq!((left.status, left.frozen), (BookingStatus::Unknown, true), "for a person");
    assert_eq!(scene.counter.heard(), heard, "and the supplier was not asked to sell it");
}

#[tokio::test]
async fn money_that_the_bank_takes_back_buys_nothing_more_and_what_it_bought_is_for_a_person() {
    for engine in Engine::ALL {
        for was_bought in [true, false] {
            let scene = Scene::begin(engine).await;
            let (id, order) = scene.paid("bank_transfer").await;
            if was_bought {
                scene.look().await;
                assert_eq!(status(&scene.desk, order.id).await, OrderStatus::Completed);
            }
            let payments = &scene.desk.app.payments;
            let paid = payments.payments(&scene.ani, PaymentFilter::default(), PageRequest::first(9)).await;
            let payment = paid.expect("lists").items.remove(0);
            let reversed = || GatewayState::Denied { reason: "reversed".to_owned() };
            scene.gateway.happen(&payment.reference, |charge| charge.state = reversed());
            payments.confirm(&scene.ani, payment.id).await.expect("asks");
            scene.pass(std::time::Duration::from_secs(60)).await;
            let stopped = scene.now(id).await;
            let (ends, order_ends) = match was_bought {
                true => (BookingStatus::Fulfilled, OrderStatus::Completed),
                false => (BookingStatus::Failed, OrderStatus::Cancelled),
            };
            assert_eq!((stopped.status, stopped.frozen), (ends, was_bought));
            assert_eq!(stopped.reason.as_deref(), Some("the payment was taken back"));
            assert_eq!(status(&scene.desk, order.id).await, order_ends);
            assert_eq!((scene.counter.sold(), scene.refunded()), (u32::from(was_bought), 0));
            check(&scene.desk).await;
        }
    }
}
