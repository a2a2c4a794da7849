//! Bookings: ordered, paid, bought; refused and paid back; in doubt, and never bought twice.

use std::time::Duration;

use dermaga_domain::{
    Code, Policy, Result,
    booking::NewCredit,
    orders::{NewLine, NewOrder},
};
use dermaga_ports::{
    auth::{Principal, Role},
    booking::{Booking, BookingFilter, BookingStatus, RefusalKind, SaleState},
    ids::{BookingId, ProductId},
    ledger::{SystemAccount, Wallet},
    orders::{Order, OrderStatus, Ware},
    paging::PageRequest,
    payments::{Payment, RefundProgress},
};
use dermaga_tests::{databases::Engine, played::Played};

use crate::{
    desk::Desk,
    shop::{by, check, earned, line, product, status},
    supplier::{Counter, Mishap, TOKEN},
};

pub const MINUTE: Duration = Duration::from_secs(60);
pub const METER: &str = "5300 0000-0001";
/// What a token costs the customer.
pub const PRICE: i64 = 21_700;

pub struct Scene {
    pub desk: Desk,
    pub gateway: Played,
    pub counter: Counter,
    pub ani: Principal,
    wallet: Wallet,
}

impl Scene {
    pub async fn begin(engine: Engine) -> Self {
        let counter = Counter::default();
        let (desk, gateway) = Desk::buying_on(engine, Policy::default(), counter.clone()).await;
        let (ani, wallet) = desk.person("ani").await;
        Self { desk, gateway, counter, ani, wallet }
    }

    pub async fn order(&self, max_total: Option<i64>, method: &str) -> Result<(Booking, Order, Option<Payment>)> {
        let new =
            NewCredit { sku: "pln20".to_owned(), customer_no: METER.to_owned(), max_total, payment: Some(by(method)) };
        self.desk.app.bookings.buy_credit(&self.ani, self.desk.id(), new).await
    }

    /// A token that is ordered and paid, and that nobody has bought yet.
    pub async fn paid(&self, method: &str) -> (BookingId, Order) {
        let (booking, order, payment) = self.order(None, method).await.expect("orders");
        let payment = payment.expect("is being paid");
        assert_eq!((booking.status, booking.order), (BookingStatus::Quoted, Some(order.id)));
        self.gateway.pay(&payment.reference);
        self.desk.app.payments.confirm(&self.ani, payment.id).await.expect("asks");
        assert_eq!(self.now(booking.id).await.status, BookingStatus::Committing);
        (booking.id, order)
    }

    /// Two of that and a booking in one order that is paid.
    pub async fn mixed(&self, shoes: ProductId) -> (BookingId, Order) {
        let (first, ..) = self.order(None, "qris").await.expect("orders");
        // A booking alone, as it is before anybody orders it.
        let mut unit = dermaga_ports::store::Store::begin(&self.desk.database.store).await.expect("begins");
        let free = Booking {
            id: self.desk.id(),
            reference: "free".to_owned(),
            order: None,
            revision: 0,
            ..self.now(first.id).await
        };
        unit.bookings().add(&free).await.expect("adds");
        unit.commit().await.expect("commits");
        let lines = vec![line(shoes, 2), NewLine { ware: Ware::Booking(free.id), ..line(shoes, 1) }];
        let mixed = NewOrder { lines, draft: false, payment: Some(by("qris")) };
        let (order, payment) = self.desk.app.orders.create(&self.ani, self.desk.id(), mixed).await.expect("orders");
        let payment = payment.expect("is being paid");
        self.gateway.pay(&payment.reference);
        self.desk.app.payments.confirm(&self.ani, payment.id).await.expect("asks");
        (free.id, order)
    }

    /// The same, after the supplier has refused the booking.
    pub async fn mixed_without_its_booking(&self, shoes: ProductId) -> (BookingId, Order) {
        let (booking, order) = self.mixed(shoes).await;
        self.counter.mishaps(&[Mishap::Refused(RefusalKind::Rejected)]);
        self.look().await;
        assert_eq!(self.now(booking).await.status, BookingStatus::Failed);
        (booking, order)
    }

    pub async fn now(&self, id: BookingId) -> Booking {
        self.desk.app.bookings.booking(&self.ani, id).await.expect("is there").booking
    }

    pub async fn look(&self) {
        while self.desk.app.bookings.look_after_due().await.expect("looks after") > 0 {}
    }

    pub async fn pass(&self, time: Duration) {
        self.desk.clock.advance(time);
        self.look().await;
        self.desk.look_after().await;
    }

    /// What the travel agency has earned, and the shop, to which orders of several businesses belong.
    pub async fn earned(&self) -> i64 {
        let travel = SystemAccount::Merchant { slug: "dermaga-travel".to_owned() };
        self.desk.account(travel).await + earned(&self.desk).await
    }

    /// What went back through the gateway.
    pub fn refunded(&self) -> i64 {
        self.gateway.charges().values().map(dermaga_tests::played::Charge::refunded).sum()
    }
}

#[tokio::test]
async fn what_is_paid_is_bought_and_the_order_is_complete() {
    for engine in Engine::ALL {
        let scene = Scene::begin(engine).await;
        let (id, order) = scene.paid("qris").await;
        assert_eq!(order.total.amount(), PRICE);
        assert!(scene.counter.heard().is_empty(), "nobody was asked before it was paid");
        scene.look().await;
        let bought = scene.now(id).await;
        assert_eq!((bought.status, bought.cost.map(|cost| cost.amount())), (BookingStatus::Fulfilled, Some(20_200)));
        assert_eq!(bought.delivery.token.expect("a token").reveal(), TOKEN);
        assert_eq!(status(&scene.desk, order.id).await, OrderStatus::Completed);
        assert_eq!((scene.counter.heard(), scene.earned().await), (vec!["buy"], PRICE));
        check(&scene.desk).await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_nothing_is_bought_twice() {
    for engine in Engine::ALL {
        let scene = Scene::begin(engine).await;
        scene.counter.mishaps(&[Mishap::LostAfter]);
        let (id, order) = scene.paid("qris").await;
        scene.look().await;
        assert_eq!(scene.now(id).await.status, BookingStatus::Unknown);
        assert_eq!(status(&scene.desk, order.id).await, OrderStatus::Paid);
        scene.counter.deaf(true);
        scene.pass(MINUTE).await;
        scene.pass(Duration::from_secs(59)).await;
        assert_eq!(scene.counter.heard(), ["buy", "ask"], "not more than once a minute");
        scene.counter.deaf(false);
        scene.pass(MINUTE).await;
        assert_eq!(scene.now(id).await.status, BookingStatus::Fulfilled);
        assert_eq!((scene.counter.sold(), scene.refunded()), (1, 0));
        assert_eq!(scene.counter.heard(), ["buy", "ask", "ask"]);
        assert_eq!(status(&scene.desk, order.id).await, OrderStatus::Completed);
        check(&scene.desk).await;
    }
}

#[tokio::test]
async fn a_host_that_dies_while_it_buys_leaves_a_question_and_no_second_purchase() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let (id, _) = scene.paid("qris").await;
    // Stored as sent, and then nothing more was written.
    let mut unit = dermaga_ports::store::Store::begin(&scene.desk.database.store).await.expect("begins");
    let mut booking = unit.bookings().find(id).await.expect("reads").expect("is there");
    booking.sent_at = Some(booking.updated_at);
    unit.bookings().save(&booking).await.expect("saves");
    unit.commit().await.expect("commits");
    scene.look().await;
    assert_eq!(scene.counter.heard(), ["ask"]);
    assert_eq!(scene.now(id).await.status, BookingStatus::Unknown, "nothing there proves nothing");
}

#[tokio::test]
async fn what_the_supplier_refuses_is_paid_back_the_way_it_came() {
    // A bank transfer has no way back here.
    for (method, by_gateway, to_wallet) in [("qris", PRICE, 0), ("bank_transfer", 0, PRICE)] {
        let scene = Scene::begin(Engine::Sqlite).await;
        scene.counter.mishaps(&[Mishap::Refused(RefusalKind::Rejected)]);
        let (id, order) = scene.paid(method).await;
        scene.look().await;
        let failed = scene.now(id).await;
        assert_eq!((failed.status, failed.frozen), (BookingStatus::Failed, false), "{:?}", failed.reason);
        scene.pass(MINUTE).await;
        assert_eq!(scene.refunded(), by_gateway, "{method}");
        assert_eq!(scene.desk.balance(&scene.ani, &scene.wallet).await.0, to_wallet, "{method}");
        assert_eq!(status(&scene.desk, order.id).await, OrderStatus::Cancelled);
        assert_eq!((scene.earned().await, scene.counter.sold()), (0, 0));
        check(&scene.desk).await;
    }
}

#[tokio::test]
async fn a_refund_that_the_gateway_refuses_goes_to_the_wallet() {
    let scene = Scene::begin(Engine::Sqlite).await;
    scene.counter.mishaps(&[Mishap::Refused(RefusalKind::Rejected)]);
    scene.gateway.refunds_end(&[RefundProgress::Failed { reason: "the account is closed".to_owned() }]);
    scene.paid("qris").await;
    scene.look().await;
    scene.pass(MINUTE).await;
    assert_eq!(scene.desk.balance(&scene.ani, &scene.wallet).await.0, PRICE);
    check(&scene.desk).await;
}

#[tokio::test]
async fn of_a_mixed_order_only_the_booking_that_failed_is_paid_back() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let shoes = product(&scene.desk, 3).await;
    let (first, alone, _) = scene.order(None, "qris").await.expect("orders");
    let twice =
        NewOrder { lines: vec![NewLine { ware: Ware::Booking(first.id), ..line(shoes, 1) }], ..NewOrder::default() };
    let refused = scene.desk.app.orders.create(&scene.ani, scene.desk.id(), twice).await.expect_err("refused");
    assert_eq!(refused.faults()[0].pointer, "/lines/0/booking_id", "it is in order {}: {refused}", alone.id);

    let (_, order) = scene.mixed_without_its_booking(shoes).await;
    assert_eq!(order.total.amount(), 2_000 + PRICE);
    assert_eq!(status(&scene.desk, order.id).await, OrderStatus::Paid, "the shoes are still to be delivered");
    assert_eq!((scene.refunded(), scene.earned().await), (PRICE, 2_000));
    scene.desk.app.orders.cancel(&scene.ani, order.id, None, None).await.expect("cancels");
    assert_eq!((scene.refunded(), scene.earned().await), (2_000 + PRICE, 0), "and then the rest");
    check(&scene.desk).await;
}

#[tokio::test]
async fn a_supplier_that_cannot_sell_now_is_tried_again_for_half_an_hour() {
    let scene = Scene::begin(Engine::Sqlite).await;
    scene.counter.mishaps(&[
        Mishap::Refused(RefusalKind::Unavailable),
        Mishap::Refused(RefusalKind::InsufficientSupplierBalance),
    ]);
    let (first, _) = scene.paid("qris").await;
    scene.look().await;
    assert_eq!(scene.now(first).await.status, BookingStatus::Committing);
    scene.pass(Duration::from_secs(5)).await;
    scene.pass(Duration::from_secs(15)).await;
    assert_eq!(scene.now(first).await.status, BookingStatus::Fulfilled);
    assert_eq!(scene.counter.heard(), ["buy", "buy", "buy"]);

    scene.counter.mishaps(&vec![Mishap::Refused(RefusalKind::Unavailable); 99]);
    let (second, _) = scene.paid("qris").await;
    scene.look().await;
    for _ in 0..30 {
        scene.pass(MINUTE).await;
    }
    assert_eq!(scene.now(second).await.status, BookingStatus::Failed);
    assert_eq!((scene.refunded(), scene.counter.sold()), (PRICE, 1));
    check(&scene.desk).await;
}

#[tokio::test]
async fn what_is_pending_ends_by_a_webhook_s_knock_or_by_asking() {
    let scene = Scene::begin(Engine::Sqlite).await;
    scene.counter.mishaps(&[Mishap::Pending]);
    let (id, _) = scene.paid("qris").await;
    scene.look().await;
    scene.counter.all_become(&SaleState::Succeeded);
    scene.look().await;
    assert_eq!(scene.now(id).await.status, BookingStatus::Unknown, "nobody has told");
    let bookings = &scene.desk.app.bookings;
    let reference = scene.now(id).await.reference;
    let genuine = [("x-counter".to_owned(), "genuine".to_owned())];
    let forged = bookings.take_webhook("counter", &[], reference.as_bytes()).await.expect_err("refused");
    assert_eq!(forged.code(), Code::WebhookRejected);
    assert_eq!(bookings.take_webhook("counter", &genuine, b"somebody else's").await, Ok(false));
    scene.look().await;
    assert_eq!(scene.counter.heard(), ["buy"]);
    assert_eq!(bookings.take_webhook("counter", &genuine, reference.as_bytes()).await, Ok(true));
    scene.look().await;
    assert_eq!(scene.now(id).await.status, BookingStatus::Fulfilled);
    assert_eq!(bookings.take_webhook("counter", &genuine, reference.as_bytes()).await, Ok(true));
    scene.look().await;
    assert_eq!(scene.counter.heard(), ["buy", "ask", "ask"], "suppliers change what they said");
    assert_eq!(scene.now(id).await.status, BookingStatus::Fulfilled);
    scene.pass(15 * MINUTE).await;
    assert_eq!(scene.counter.heard(), ["buy", "ask", "ask"], "what is done is asked about when somebody knocks");
}

#[tokio::test]
async fn what_nobody_finds_out_in_a_day_is_for_a_person_and_keeps_its_money() {
    let scene = Scene::begin(Engine::Sqlite).await;
    scene.counter.mishaps(&[Mishap::LostBefore]);
    let (id, order) = scene.paid("qris").await;
    scene.look().await;
    for _ in 0..97 {
        scene.pass(15 * MINUTE).await;
    }
    let frozen = scene.now(id).await;
    assert_eq!((frozen.status, frozen.frozen), (BookingStatus::Unknown, true));
    assert_eq!((scene.refunded(), status(&scene.desk, order.id).await), (0, OrderStatus::Paid));
    let (admin, _) = scene.desk.person_of("budi", Role::Admin).await;
    let filter = BookingFilter { frozen: Some(true), ..BookingFilter::default() };
    let waiting = scene.desk.app.bookings.bookings(&admin, filter, PageRequest::first(9)).await.expect("lists");
    assert_eq!(waiting.items.iter().map(|booking| booking.id).collect::<Vec<_>>(), [id]);
    let refused = scene.desk.app.orders.cancel(&scene.ani, order.id, None, None).await.expect_err("refused");
    assert_eq!(refused.code(), Code::IllegalTransition);
    check(&scene.desk).await;
}

#[tokio::test]
async fn an_order_that_is_not_paid_takes_its_booking_with_it() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let (expired, _, late) = scene.order(None, "qris").await.expect("orders");
    let (cancelled, order, _) = scene.order(None, "qris").await.expect("orders");
    scene.desk.app.orders.cancel(&scene.ani, order.id, None, None).await.expect("cancels");
    assert_eq!(scene.now(cancelled.id).await.status, BookingStatus::Lapsed);
    scene.desk.clock.advance(20 * MINUTE);
    scene.desk.app.transactions.expire_overdue().await.expect("tidies up");
    assert_eq!(scene.now(expired.id).await.status, BookingStatus::Lapsed);
    scene.gateway.pay(&late.expect("is being paid").reference);
    scene.pass(60 * MINUTE).await;
    assert!(scene.counter.heard().is_empty(), "late money buys nothing");
    assert_eq!((scene.refunded(), scene.earned().await), (PRICE, 0));
    check(&scene.desk).await;
}

#[tokio::test]
async fn a_higher_price_than_was_seen_is_told_and_somebody_else_s_booking_is_not_there() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let refused = scene.order(Some(PRICE - 1), "qris").await.expect_err("refused");
    assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (Code::PriceChanged, "/max_total"));
    assert!(refused.detail().contains("21700") && refused.detail().contains("21699"), "{refused}");
    let (booking, ..) = scene.order(Some(PRICE), "qris").await.expect("orders");
    let (budi, _) = scene.desk.person("budi").await;
    let hidden = scene.desk.app.bookings.booking(&budi, booking.id).await.expect_err("hidden");
    assert_eq!(hidden.code(), Code::BookingNotFound);
    let own = scene.desk.app.bookings.bookings(&budi, BookingFilter::default(), PageRequest::first(9)).await;
    assert!(own.expect("lists").items.is_empty());
}
