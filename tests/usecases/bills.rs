//! Bills and price lists: asked for on a day and paid on it, and nothing that costs nothing.

use dermaga_domain::{Code, booking::NewInquiry};
use dermaga_ports::{
    booking::{BookingFilter, BookingStatus},
    ids::BookingId,
    orders::OrderStatus,
    paging::PageRequest,
};
use dermaga_tests::databases::Engine;

use crate::{
    bookings::{METER, MINUTE, Scene},
    shop::{by, check, status},
    supplier::Mishap,
};

#[tokio::test]
async fn a_bill_is_asked_for_and_paid_and_not_on_another_day() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let bookings = &scene.desk.app.bookings;
    let ask = async |number: &str, id: BookingId| {
        let new = NewInquiry { sku: "pln".to_owned(), customer_no: number.to_owned(), amount: None, year: None };
        bookings.inquire(&scene.ani, id, new).await
    };
    let wrong = ask("530000000009", scene.desk.id()).await.expect_err("refused");
    assert_eq!(wrong.faults()[0].pointer, "/customer_no");
    let id = scene.desk.id();
    let (bill, again) = (ask(METER, id).await.expect("asks"), ask(METER, id).await.expect("asks"));
    assert_eq!((again.booking.id, again.period.as_deref()), (id, Some("202601")));
    assert_eq!((bill.booking.price.amount(), bill.booking.status), (150_000, BookingStatus::Quoted));
    // The test's day begins at seven in the morning in Jakarta, and ends seventeen hours later.
    assert_eq!(bill.booking.good_until().expect("it ends").since(bill.booking.created_at), 17 * 60 * MINUTE);

    let (_, order, payment) =
        bookings.pay_bill(&scene.ani, scene.desk.id(), id, Some(by("qris"))).await.expect("orders");
    let twice = bookings.pay_bill(&scene.ani, scene.desk.id(), id, None).await.expect_err("refused");
    assert_eq!(twice.faults()[0].pointer, "/inquiry_id");
    let payment = payment.expect("is being paid");
    scene.gateway.pay(&payment.reference);
    scene.counter.mishaps(&[Mishap::LostAfter]);
    scene.desk.app.payments.confirm(&scene.ani, payment.id).await.expect("asks");
    scene.look().await;
    scene.pass(MINUTE).await;
    assert_eq!(scene.now(id).await.status, BookingStatus::Fulfilled);
    assert_eq!((scene.counter.heard(), scene.counter.sold()), (vec!["buy", "ask"], 1));
    assert_eq!(status(&scene.desk, order.id).await, OrderStatus::Completed);

    let (late, gone) = (scene.desk.id(), scene.desk.id());
    ask(METER, late).await.expect("asks");
    scene.desk.clock.advance(16 * 60 * MINUTE + 54 * MINUTE);
    let short = bookings.pay_bill(&scene.ani, scene.desk.id(), late, None).await.expect_err("refused");
    assert_eq!(short.code(), Code::OfferGone, "nobody pays in what is left of the day: {short}");
    scene.desk.clock.advance(6 * MINUTE);
    let over = bookings.pay_bill(&scene.ani, scene.desk.id(), late, None).await.expect_err("refused");
    assert_eq!((over.code(), over.faults()[0].pointer.as_str()), (Code::OfferGone, "/inquiry_id"));
    let yesterday = ask(METER, gone).await.expect("asks").booking;
    assert_eq!(yesterday.good_until(), Some(yesterday.created_at), "a bill of another day cannot be paid");
    check(&scene.desk).await;
}

#[tokio::test]
async fn a_bill_that_costs_nothing_is_no_bill() {
    let scene = Scene::begin(Engine::Sqlite).await;
    scene.counter.free_of_charge();
    let new = NewInquiry { sku: "pln".to_owned(), customer_no: METER.to_owned(), amount: None, year: None };
    let refused = scene.desk.app.bookings.inquire(&scene.ani, scene.desk.id(), new).await.expect_err("refused");
    assert_eq!(refused.code(), Code::OfferGone);
    let booked = scene.desk.app.bookings.bookings(&scene.ani, BookingFilter::default(), PageRequest::first(9)).await;
    assert!(booked.expect("lists").items.is_empty());
}

#[tokio::test]
async fn a_credit_that_costs_nothing_is_not_sold_for_what_is_ours() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let credits = async || {
        let listed = scene.desk.app.bookings.products(Some("pln")).await.expect("lists");
        listed.into_iter().filter(|one| one.price.is_some()).count()
    };
    assert_eq!(credits().await, 1);
    scene.counter.free_of_charge();
    assert_eq!(credits().await, 0);
    let refused = scene.order(None, "qris").await.expect_err("refused");
    assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (Code::Invalid, "/sku"));
}
