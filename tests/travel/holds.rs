//! What a supplier keeps for us: for the price that was agreed, as long as somebody wants it, and given back afterwards.

use dermaga_domain::{Code, booking::Then};
use dermaga_ports::booking::{Booking, BookingStatus};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::{
    trips::{Terms, crossing_trip, flight_trip},
    world::{MINUTE, SECOND, World, by},
};

/// The only booking there is.
async fn the_booking(world: &World) -> Booking {
    let [booking] = &world.bookings().await[..] else { panic!("one booking") };
    booking.clone()
}

/// Whether the supplier keeps it no longer.
async fn is_given_back(world: &World, reference: &str) -> bool {
    let record = &world.records(reference).await[0]["record"];
    !record["cancelled"].is_null() || record["status"] == "cancelled"
}

#[tokio::test]
async fn what_became_dearer_while_it_was_asked_for_is_told_and_given_back() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let offer = world.flight(Terms::Flex).await;
        let (id, trip, agreed) = (world.id(), flight_trip(&offer), offer.price.amount());
        let order = || Then::Order(Some(by("qris")));
        world.fault("/air/orders", "reset").await;
        world.book(&world.ani, id, &trip, order()).await.expect_err("nobody knows");
        let reference = the_booking(&world).await.reference;
        world.play(&reference, "price", json!({"amount": agreed + 1})).await;
        let told = world.book(&world.ani, id, &trip, order()).await.expect_err("it is dearer");
        assert_eq!(told.code(), Code::PriceChanged, "{told}");
        let facts = told.facts().expect("both prices");
        assert_eq!((facts["old"].as_i64(), facts["new"].as_i64()), (Some(agreed), Some(agreed + 1)), "{facts}");
        let dropped = the_booking(&world).await;
        assert_eq!((dropped.status, dropped.order), (BookingStatus::Lapsed, None));
        assert!(world.gateway.charges().is_empty(), "nobody was asked to pay");
        world.look_after().await;
        assert!(is_given_back(&world, &reference).await, "others want the seat");
        let again = world.book(&world.ani, id, &trip, order()).await.expect_err("it is over");
        assert_eq!(again.code(), Code::OfferGone);
        world.close().await;
    }
}

#[tokio::test]
async fn what_nobody_orders_is_given_back_when_its_price_ends() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let flight = flight_trip(&world.flight(Terms::Flex).await);
        let held = world.book(&world.ani, world.id(), &flight, Then::Wait).await.expect("holds").booking;
        let until = held.good_until().expect("an end");
        assert!(held.clocks.hold.is_some_and(|hold| hold > until), "the airline would keep it for longer");
        world.pass(until.since(world.now()) - SECOND).await;
        assert_eq!(world.status(held.id).await, BookingStatus::Held);
        assert!(!is_given_back(&world, &held.reference).await, "it may still be ordered");
        world.pass(SECOND).await;
        let lapsed = world.booking(held.id).await;
        assert_eq!((lapsed.status, lapsed.next_check_at), (BookingStatus::Lapsed, None));
        assert_eq!(lapsed.reason.as_deref(), Some("nobody ordered it in time"));
        assert!(is_given_back(&world, &held.reference).await, "others want the seat");
        world.close().await;
    }
}

#[tokio::test]
async fn what_is_held_and_could_not_be_paid_is_given_back() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.paid(&flight_trip(&world.flight(Terms::Flex).await)).await;
        world.play(&ordered.reference, "price", json!({"amount": ordered.price + 1})).await;
        world.look_after().await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Failed);
        world.look_after().await;
        assert!(is_given_back(&world, &ordered.reference).await, "others want the seat");
        world.live(MINUTE, 2).await;
        assert_eq!(world.refunded(), ordered.price);
        world.close().await;
    }
}

#[tokio::test]
async fn a_supplier_that_keeps_nothing_because_of_us_is_told_to_staff_and_not_to_customers() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let fare = world.fares("2026-03-01", None).await.remove(0);
        let trips = [
            (flight_trip(&world.flight(Terms::Flex).await), "/air/orders"),
            (crossing_trip(&fare, None), "/ferry/bookings"),
        ];
        for (nth, (trip, path)) in trips.iter().enumerate() {
            // A key that the supplier does not know.
            world.fault(path, "status:401").await;
            let told = world.book(&world.ani, world.id(), trip, Then::Wait).await.expect_err("refused");
            assert_eq!(told.code(), Code::SupplierUnavailable, "{path}: {told}");
            assert_eq!(world.told("supplier.trouble").await, nth + 1, "{path}");
        }
        let bookings = world.bookings().await;
        assert_eq!(bookings.len(), 2);
        for booking in bookings {
            assert_eq!(booking.status, BookingStatus::Lapsed);
            assert_eq!(booking.reason.as_deref(), Some("the supplier cannot sell it right now"));
        }
        world.close().await;
    }
}
