//! Prices, seats and clocks that change between the search and the payment: each is told, or paid back.

use dermaga_domain::{Code, Policy, booking::Then};
use dermaga_ports::{booking::BookingStatus, orders::OrderStatus};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::{
    audit::is_sold,
    deeds::Ordered,
    trips::{METER, Terms, Trip, crossing_trip, flight_trip, stay_trip, token_for},
    world::{HOUR, MINUTE, SECOND, World, by},
};

/// The money is back and nothing was sold.
async fn paid_back(world: &World, ordered: &Ordered) {
    assert_eq!(world.status(ordered.booking).await, BookingStatus::Failed);
    assert_eq!(world.order_status(ordered.order).await, OrderStatus::Cancelled);
    assert_eq!(world.refunded(), ordered.price);
    assert!(!world.records(&ordered.reference).await.iter().any(is_sold));
}

/// People accept another price.
fn at_most(trip: &Trip, price: i64) -> Trip {
    let mut trip = trip.clone();
    match &mut trip {
        Trip::Flight(new) => new.max_total = price,
        Trip::Stay(new) => new.max_total = Some(price),
        Trip::Crossing(new) => new.max_total = price,
        Trip::Credit(new) => new.max_total = Some(price),
        Trip::Bill(_) => {}
    }
    trip
}

#[tokio::test]
async fn a_price_that_rose_since_the_search_is_told_with_the_old_and_the_new_one() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let (flight, fare) = (world.flight(Terms::Flex).await, world.fares("2026-03-01", None).await.remove(0));
        let room = world.room("Kuta", "Beach Hotel").await;
        let (dearer, ship) = (flight.price.amount() + 25_000, fare.price.amount() + 5_000);
        world.play(&flight.offer.id, "price", json!({"amount": dearer})).await;
        world.play(&fare.offer.id, "price", json!({"amount": ship})).await;
        let rate = room.price.amount();
        for (trip, old, new) in [
            (flight_trip(&flight), flight.price.amount(), dearer),
            (crossing_trip(&fare, None), fare.price.amount(), ship),
            (at_most(&stay_trip(&room), rate - 1), rate - 1, rate),
            (at_most(&token_for("pln20", METER), 21_000), 21_000, 21_700),
        ] {
            let told = world.try_to_order(&trip).await.err().expect("refused");
            assert_eq!(told.code(), Code::PriceChanged, "{told}");
            let facts = told.facts().expect("both prices");
            assert_eq!((facts["old"].as_i64(), facts["new"].as_i64()), (Some(old), Some(new)), "{facts}");
            assert_eq!(told.faults()[0].pointer, "/max_total");
            let accepted = world.order(&at_most(&trip, new)).await;
            assert_eq!(accepted.price, new);
        }
        let made = world.get("/travel").await;
        assert_eq!(made.len(), 2, "one hold of each that is held, and nothing of what was refused: {made:?}");
        world.live(MINUTE, 20).await;
        world.close().await;
    }
}

#[tokio::test]
async fn a_price_that_rose_while_it_was_held_is_paid_back() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.paid(&flight_trip(&world.flight(Terms::Flex).await)).await;
        world.play(&ordered.reference, "price", json!({"amount": ordered.price + 1})).await;
        world.look_after().await;
        world.live(MINUTE, 2).await;
        paid_back(&world, &ordered).await;
        let reason = world.booking(ordered.booking).await.reason.expect("a reason");
        assert!(reason.contains("costs"), "{reason}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_price_that_rose_within_our_margin_is_ours_to_pay() {
    for engine in Engine::ALL {
        let policy = Policy { travel_margin: 1_000, ..Policy::default() };
        let world = World::with(engine, policy, |_| {}).await;
        let offer = world.flight(Terms::Flex).await;
        let cost = offer.offer.total.amount();
        assert_eq!(offer.price.amount(), cost + cost / 10, "ten in a hundred is ours");
        let ordered = world.paid(&flight_trip(&offer)).await;
        world.play(&ordered.reference, "price", json!({"amount": ordered.price})).await;
        world.look_after().await;
        world.live(MINUTE, 2).await;
        let booking = world.booking(ordered.booking).await;
        assert_eq!((booking.status, booking.cost), (BookingStatus::Fulfilled, Some(booking.price)));
        let lost = world.paid(&flight_trip(&world.flight(Terms::Flex).await)).await;
        world.play(&lost.reference, "price", json!({"amount": lost.price + 1})).await;
        world.look_after().await;
        world.live(MINUTE, 2).await;
        assert_eq!(world.status(lost.booking).await, BookingStatus::Failed, "a rupiah more is not");
        assert_eq!(world.refunded(), lost.price);
        world.close().await;
    }
}

#[tokio::test]
async fn an_order_waits_until_a_minute_before_the_hold_ends_and_no_longer() {
    for engine in Engine::ALL {
        let policy = Policy { payment_window: 2 * HOUR, ..Policy::default() };
        let world = World::with(engine, policy, |_| {}).await;
        let trip = world.crossing().await;
        let (late, in_time) = (world.order(&trip).await, world.order(&trip).await);
        let hold = world.booking(late.booking).await.clocks.hold.expect("it ends");
        assert_eq!(hold.since(world.now()), HOUR);
        let order = world.order_of(late.order).await;
        assert_eq!(hold.since(order.deadline.expect("a deadline")), MINUTE);
        assert!(order.pay_by < order.deadline, "and people hear of an earlier one");
        world.pass(59 * MINUTE - SECOND).await;
        world.pay(&world.ani, &in_time.payment).await;
        world.look_after().await;
        world.pass(SECOND).await;
        assert_eq!(world.order_status(late.order).await, OrderStatus::Expired);
        world.pay_late(&late.payment).await;
        world.live(MINUTE, 3).await;
        assert_eq!(world.status(in_time.booking).await, BookingStatus::Fulfilled, "the last second is in time");
        assert_eq!(world.status(late.booking).await, BookingStatus::Lapsed);
        assert_eq!(world.refunded(), late.price, "late money goes back");
        assert_eq!(world.order_status(late.order).await, OrderStatus::Expired);
        world.close().await;
    }
}

#[tokio::test]
async fn an_order_for_a_room_waits_until_a_minute_before_its_price_ends() {
    let policy = Policy { payment_window: 2 * HOUR, ..Policy::default() };
    let world = World::with(Engine::Sqlite, policy, |_| {}).await;
    let rate = world.room("Kuta", "Beach Hotel").await;
    let ends = rate.offer.expires_at.expect("a price that was confirmed ends");
    world.pass(10 * MINUTE).await;
    let ordered = world.order(&stay_trip(&rate)).await;
    let deadline = world.order_of(ordered.order).await.deadline.expect("a deadline");
    assert_eq!((ends.since(world.now()), ends.since(deadline)), (20 * MINUTE, MINUTE));
    world.pass(20 * MINUTE).await;
    assert_eq!(world.order_status(ordered.order).await, OrderStatus::Expired);
    let told = world.try_to_order(&stay_trip(&rate)).await.err().expect("refused");
    assert_eq!((told.code(), told.faults()[0].pointer.as_str()), (Code::OfferGone, "/quote_id"));
    world.close().await;
}

#[tokio::test]
async fn a_hold_that_ends_too_soon_for_anybody_to_pay_is_not_ordered() {
    let world = World::open(Engine::Sqlite).await;
    let trip = world.crossing().await;
    let booked = world.book(&world.ani, world.id(), &trip, Then::Wait).await.expect("holds");
    world.pass(57 * MINUTE).await;
    let line = dermaga_domain::orders::NewLine {
        ware: dermaga_ports::orders::Ware::Booking(booked.booking.id),
        quantity: 1,
        unit_price: None,
        note: None,
    };
    let new = dermaga_domain::orders::NewOrder { lines: vec![line], draft: false, payment: Some(by("qris")) };
    let told = world.app.orders.create(&world.ani.who, world.id(), new).await.expect_err("refused");
    assert_eq!(told.code(), Code::OfferGone, "{told}");
    world.pass(HOUR).await;
    world.close().await;
}

#[tokio::test]
async fn a_hold_that_the_supplier_gives_away_while_the_customer_pays_is_paid_back() {
    for engine in Engine::ALL {
        for flies in [true, false] {
            let world = World::open(engine).await;
            let trip = match flies {
                true => flight_trip(&world.flight(Terms::Flex).await),
                false => world.crossing().await,
            };
            let ordered = world.paid(&trip).await;
            world.play(&ordered.reference, "lapse", json!({})).await;
            world.look_after().await;
            world.live(MINUTE, 2).await;
            paid_back(&world, &ordered).await;
            world.close().await;
        }
    }
}

#[tokio::test]
async fn what_is_gone_is_told_before_it_is_paid_and_paid_back_after() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let (held, fare) = (world.flight(Terms::Flex).await, world.fares("2026-03-01", None).await.remove(0));
        let sold = world.flight(Terms::Promo).await;
        let ordered = world.paid(&flight_trip(&sold)).await;
        for id in [&held.offer.id, &fare.offer.id, &sold.offer.id] {
            world.play(id, "gone", json!({})).await;
        }
        for trip in [flight_trip(&held), crossing_trip(&fare, None)] {
            let told = world.try_to_order(&trip).await.err().expect("refused");
            assert_eq!(told.code(), Code::OfferGone, "{told}");
        }
        world.look_after().await;
        world.live(MINUTE, 2).await;
        paid_back(&world, &ordered).await;
        world.close().await;
    }
}

#[tokio::test]
async fn a_flight_that_is_moved_while_it_is_held_is_not_bought_blindly() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.order(&flight_trip(&world.flight(Terms::Flex).await)).await;
        world.play(&ordered.reference, "change", json!({})).await;
        world.pass(SECOND).await;
        world.pay(&world.ani, &ordered.payment).await;
        world.look_after().await;
        world.live(MINUTE, 2).await;
        paid_back(&world, &ordered).await;
        let reason = world.booking(ordered.booking).await.reason.expect("a reason");
        assert!(reason.contains("changed"), "{reason}");
        world.close().await;
    }
}

#[tokio::test]
async fn money_for_what_nobody_keeps_any_more_goes_back() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let mut back = 0;
        for trip in
            [flight_trip(&world.flight(Terms::Promo).await), stay_trip(&world.room("Kuta", "Beach Hotel").await)]
        {
            let ordered = world.order(&trip).await;
            world.live(MINUTE, 16).await;
            assert_eq!(world.order_status(ordered.order).await, OrderStatus::Expired);
            world.pay_late(&ordered.payment).await;
            world.live(MINUTE, 2).await;
            back += ordered.price;
            assert_eq!(world.refunded(), back);
            assert!(world.records(&ordered.reference).await.is_empty(), "nobody was asked to sell it");
        }
        world.close().await;
    }
}
