//! Two hosts on one database, looking at the same moment; and what the audit of these tests would see if they were wrong.

use std::panic::AssertUnwindSafe;

use dermaga_domain::booking::Then;
use dermaga_ports::booking::BookingStatus;
use dermaga_tests::databases::Engine;
use futures::{FutureExt as _, future::join};

use crate::{
    trips::{METER, Terms, flight_trip, stay_trip, token_for},
    world::{MINUTE, World, by},
};

#[tokio::test]
async fn what_two_hosts_look_at_is_bought_once() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let mut all = Vec::new();
        for trip in [
            flight_trip(&world.flight(Terms::Flex).await),
            flight_trip(&world.flight(Terms::Promo).await),
            stay_trip(&world.room("Kuta", "Beach Hotel").await),
            world.crossing().await,
            token_for("pln20", METER),
        ] {
            all.push(world.paid(&trip).await);
            all.push(world.paid(&trip).await);
        }
        for _ in 0..4 {
            let (one, other) = join(world.app.bookings.look_after_due(), world.beside.bookings.look_after_due()).await;
            assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
            world.time(MINUTE).await;
        }
        for ordered in &all {
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled);
            assert_eq!(world.records(&ordered.reference).await.len(), 1);
        }
        assert_eq!((world.refunded(), world.told("booking.fulfilled").await), (0, all.len()));
        world.close().await;
    }
}

#[tokio::test]
async fn the_same_request_at_two_hosts_at_once_is_one_booking() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let trip = match flight_trip(&world.flight(Terms::Flex).await) {
            crate::trips::Trip::Flight(new) => new,
            other => panic!("{other:?} is no flight"),
        };
        let id: dermaga_ports::ids::OrderId = world.id();
        let new = || dermaga_domain::booking::NewFlight { then: Then::Order(Some(by("qris"))), ..trip.clone() };
        let who = &world.ani.who;
        let (one, other) =
            join(world.app.bookings.book_flight(who, id, new()), world.beside.bookings.book_flight(who, id, new()))
                .await;
        assert!(one.is_ok() || other.is_ok(), "{one:?} {other:?}");
        let again = world.app.bookings.book_flight(who, id, new()).await.expect("it is there");
        assert_eq!(again.booking.status, BookingStatus::Held);
        assert_eq!(world.records(&again.booking.reference).await.len(), 1, "one hold");
        assert_eq!(world.gateway.charges().len(), 1, "and one charge");
        world.live(MINUTE, 20).await;
        world.close().await;
    }
}

/// Whether the audit finds fault with a world.
async fn objects(world: &World) -> bool {
    AssertUnwindSafe(world.audit(&[&world.ani])).catch_unwind().await.is_err()
}

#[tokio::test]
async fn the_audit_sees_what_was_sold_twice_or_for_nothing_or_not_at_all() {
    let world = World::open(Engine::Sqlite).await;
    let (kept, back) = (flight_trip(&world.flight(Terms::Promo).await), token_for("xld10", "087800001232"));
    let ordered = world.bought(&kept).await;
    let refused = world.paid(&back).await;
    world.look_after().await;
    world.live(MINUTE, 2).await;
    assert_eq!(world.status(refused.booking).await, BookingStatus::Failed);
    assert!(!objects(&world).await, "all is well");

    let sandbox = || world.sandbox.app.world();
    let first = sandbox().duffel.orders.values().next().expect("was sold").clone();
    let second = dermaga_sandbox::duffel::book::Order { id: "ord_second".to_owned(), ..first.clone() };
    sandbox().duffel.orders.insert(second.id.clone(), second);
    assert!(objects(&world).await, "sold twice");
    sandbox().duffel.orders.remove("ord_second");
    assert!(!objects(&world).await);

    sandbox().duffel.orders.remove(&first.id);
    assert!(objects(&world).await, "said to be bought, and not sold");
    sandbox().duffel.orders.insert(first.id.clone(), first);
    assert!(!objects(&world).await);

    let rc = |rc| sandbox().digiflazz.purchases.values_mut().for_each(|purchase| purchase.rc = rc);
    rc(dermaga_sandbox::digiflazz::Rc::Success);
    assert!(objects(&world).await, "paid back, and sold all the same");
    rc(dermaga_sandbox::digiflazz::Rc::Failed);
    assert!(!objects(&world).await);

    world.gateway.happen(&refused.payment.reference, |charge| charge.refunds.clear());
    assert!(objects(&world).await, "said to be refunded, and not sent back");
    assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled);
}
