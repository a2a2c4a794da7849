//! Suppliers that say no: to us, to the customer's number, to the day.

use dermaga_domain::{
    Code,
    booking::{NewCrossing, NewFlight, Then},
    orders::{NewLine, NewOrder},
};
use dermaga_ports::{booking::BookingStatus, orders::OrderStatus, orders::Ware};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::{
    trips::{METER, Terms, Trip, flight_trip, stay_trip, token_for},
    world::{HOUR, MINUTE, SECOND, World, by},
};

#[tokio::test]
async fn an_empty_balance_is_our_trouble_for_half_an_hour_and_then_the_money_goes_back() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let deposit = async |amount: i64| world.play("digiflazz", "balance", json!({"amount": amount})).await;
        deposit(1_000).await;
        let ordered = world.paid(&token_for("pln20", METER)).await;
        world.look_after().await;
        let waits = world.booking(ordered.booking).await;
        assert_eq!((waits.status, waits.frozen), (BookingStatus::Committing, false));
        assert_eq!(waits.reason.as_deref(), Some("the supplier cannot sell it right now"), "our purse is our business");
        assert_eq!(world.told("supplier.trouble").await, 1, "whoever fills it hears of it");
        world.live(MINUTE, 24).await;
        assert_eq!((world.status(ordered.booking).await, world.refunded()), (BookingStatus::Committing, 0));
        world.live(MINUTE, 6).await;
        assert_eq!((world.status(ordered.booking).await, world.refunded()), (BookingStatus::Failed, ordered.price));
        assert_eq!(world.order_status(ordered.order).await, OrderStatus::Cancelled);

        let lucky = world.paid(&token_for("pln20", METER)).await;
        world.look_after().await;
        world.live(MINUTE, 3).await;
        deposit(1_000_000).await;
        world.live(MINUTE, 6).await;
        assert_eq!(world.status(lucky.booking).await, BookingStatus::Fulfilled, "filled in time, it is bought");
        assert_eq!(world.refunded(), ordered.price);
        assert!(world.told("supplier.trouble").await > 2);
        world.close().await;
    }
}

#[tokio::test]
async fn a_low_balance_is_told_once() {
    let world = World::open(Engine::Sqlite).await;
    let high = world.app.bookings.balance(false).await.expect("asks").expect("a balance");
    assert!(!high.low);
    assert_eq!(world.told("supplier.trouble").await, 0);
    world.play("digiflazz", "balance", json!({"amount": 499_999})).await;
    let low = world.app.bookings.balance(high.low).await.expect("asks").expect("a balance");
    assert!(low.low && low.amount.amount() == 499_999);
    let again = world.app.bookings.balance(low.low).await.expect("asks").expect("a balance");
    assert!(again.low);
    assert_eq!(world.told("supplier.trouble").await, 1);
    world.close().await;
}

#[tokio::test]
async fn a_supplier_that_is_away_for_a_while_is_tried_again() {
    let world = World::open(Engine::Sqlite).await;
    for (trip, path) in [
        (flight_trip(&world.flight(Terms::Promo).await), "/air/orders"),
        (flight_trip(&world.flight(Terms::Flex).await), "/air/payments"),
    ] {
        let ordered = world.paid(&trip).await;
        world.faults(path, "status:503", 3).await;
        world.look_after().await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Committing, "nothing was made");
        world.live(30 * SECOND, 12).await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled, "{path}");
        assert_eq!(world.records(&ordered.reference).await.len(), 1);
    }
    world.close().await;
}

#[tokio::test]
async fn a_wrong_number_is_told_at_once_or_paid_back() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let told = world.bill(&world.ani, "pln", "530000000009").await.expect_err("refused");
        assert_eq!((told.code(), told.faults()[0].pointer.as_str()), (Code::Invalid, "/customer_no"));
        // Of a credit the biller looks at the number when it is bought.
        let mut back = 0;
        for (sku, number) in [("pln20", "530000000000"), ("xld10", "087800001232"), ("xld10", "087800001234")] {
            let ordered = world.paid(&token_for(sku, number)).await;
            world.look_after().await;
            world.live(MINUTE, 3).await;
            let failed = world.booking(ordered.booking).await;
            assert_eq!((failed.status, failed.frozen), (BookingStatus::Failed, false), "{number}");
            assert!(failed.reason.is_some());
            back += ordered.price;
            assert_eq!(world.refunded(), back, "{number}");
            assert_eq!(world.order_status(ordered.order).await, OrderStatus::Cancelled);
        }
        let pending = world.paid(&token_for("xld10", "087800001233")).await;
        world.look_after().await;
        assert_eq!(world.status(pending.booking).await, BookingStatus::Unknown);
        world.pass(31 * SECOND).await;
        assert_eq!(world.status(pending.booking).await, BookingStatus::Fulfilled, "its webhook has knocked");
        world.close().await;
    }
}

#[tokio::test]
async fn a_bill_of_yesterday_is_paid_by_nobody() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        // It is ten in the morning in Jakarta, and the day has fourteen hours left.
        world.pass(13 * HOUR + 40 * MINUTE).await;
        let (unordered, late, slow) = (
            world.bill(&world.ani, "pln", "530000000001").await.expect("asks").booking.id,
            world.bill(&world.ani, "pdam", "1013226").await.expect("asks").booking.id,
            world.bill(&world.ani, "bpjs", "8801234560001").await.expect("asks").booking.id,
        );
        let late = world.order(&Trip::Bill(late)).await;
        let slow = world.order(&Trip::Bill(slow)).await;
        world.pass(9 * MINUTE).await;
        // Paid on the day, and looked after on the next one.
        world.pay(&world.ani, &slow.payment).await;
        assert_eq!(world.status(slow.booking).await, BookingStatus::Committing);
        world.time(12 * MINUTE).await;
        let told = world.try_to_order(&Trip::Bill(unordered)).await.err().expect("refused");
        assert_eq!((told.code(), told.faults()[0].pointer.as_str()), (Code::OfferGone, "/inquiry_id"));
        // And this one is paid on the next day.
        world.pay_late(&late.payment).await;
        world.look_after().await;
        world.live(MINUTE, 3).await;
        assert_eq!(world.status(slow.booking).await, BookingStatus::Failed);
        assert_eq!(world.status(late.booking).await, BookingStatus::Lapsed);
        assert_eq!(world.refunded(), slow.price + late.price, "both are back");
        for ordered in [&slow, &late] {
            let heard = world.heard(&ordered.reference).await;
            assert_eq!(heard.len(), 1, "the inquiry, and no payment: {heard:?}");
        }
        world.close().await;
    }
}

#[tokio::test]
async fn of_several_trips_in_one_order_the_one_that_cannot_be_had_is_paid_back() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let promo = world.flight(Terms::Promo).await;
        let trips = [flight_trip(&promo), flight_trip(&world.flight(Terms::Flex).await), world.crossing().await];
        let mut booked = Vec::new();
        for trip in &trips {
            booked.push(world.book(&world.ani, world.id(), trip, Then::Wait).await.expect("books").booking);
        }
        let line = |id| NewLine { ware: Ware::Booking(id), quantity: 1, unit_price: None, note: None };
        let lines = booked.iter().map(|booking| line(booking.id)).collect();
        let new = NewOrder { lines, draft: false, payment: Some(by("qris")) };
        let (order, payment) = world.app.orders.create(&world.ani.who, world.id(), new).await.expect("orders");
        let prices: Vec<i64> = booked.iter().map(|booking| booking.price.amount()).collect();
        assert_eq!(order.total.amount(), prices.iter().sum::<i64>());
        world.pay(&world.ani, &payment.expect("is being paid")).await;
        world.play(&promo.offer.id, "gone", json!({})).await;
        world.look_after().await;
        assert_eq!(world.order_status(order.id).await, OrderStatus::Paid, "the rest is still on its way");
        world.live(MINUTE, 3).await;
        let mut ends = Vec::new();
        for booking in &booked {
            ends.push(world.status(booking.id).await);
        }
        assert_eq!(ends, [BookingStatus::Failed, BookingStatus::Fulfilled, BookingStatus::Fulfilled]);
        assert_eq!((world.order_status(order.id).await, world.refunded()), (OrderStatus::Completed, prices[0]));

        let bookings = &world.app.bookings;
        let refund = bookings.quote_cancellation(&world.ani.who, booked[2].id).await.expect("quotes").refund.amount();
        bookings.cancel(&world.ani.who, booked[2].id, refund).await.expect("cancels");
        world.live(MINUTE, 3).await;
        assert_eq!(world.refunded(), prices[0] + refund, "and a part of another one, besides");
        assert_eq!(world.order_status(order.id).await, OrderStatus::Completed);
        world.close().await;
    }
}

#[tokio::test]
async fn a_name_that_no_ticket_takes_is_refused_before_anybody_is_asked() {
    let world = World::open(Engine::Sqlite).await;
    let trips = [
        flight_trip(&world.flight(Terms::Promo).await),
        flight_trip(&world.flight(Terms::Flex).await),
        stay_trip(&world.room("Kuta", "Beach Hotel").await),
        world.crossing().await,
    ];
    for trip in &trips {
        for bad in ["Budi1", "ブディ", &"x".repeat(21)] {
            for (given, field) in [(true, "given_name"), (false, "family_name")] {
                let mut trip = trip.clone();
                let (place, first, last) = match &mut trip {
                    Trip::Stay(new) => {
                        let (first, last) = &mut new.guests[0];
                        ("guests", first, last)
                    }
                    Trip::Flight(NewFlight { passengers, .. }) | Trip::Crossing(NewCrossing { passengers, .. }) => {
                        let one = &mut passengers[0];
                        ("passengers", &mut one.given_name, &mut one.family_name)
                    }
                    other => panic!("nobody is named in {other:?}"),
                };
                if given {
                    *first = bad.into()
                } else {
                    *last = Some(bad.into())
                }
                let told = world.try_to_order(&trip).await.err().expect("refused");
                let pointers: Vec<&str> = told.faults().iter().map(|fault| fault.pointer.as_str()).collect();
                assert_eq!((told.code(), pointers), (Code::Invalid, vec![&*format!("/{place}/0/{field}")]), "{bad}");
            }
        }
    }
    assert!(world.bookings().await.is_empty() && world.gateway.charges().is_empty(), "nothing was begun");
    world.close().await;
}
