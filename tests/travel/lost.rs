//! Answers that are lost, before or after the supplier did what it was asked for: nothing is ever made twice, and
//! whoever paid has the trip or the money.

use dermaga_domain::{
    Code,
    booking::{Finding, Then},
};
use dermaga_ports::{booking::BookingStatus, orders::OrderStatus};
use dermaga_tests::databases::Engine;

use crate::{
    audit::is_sold,
    trips::{METER, Terms, Trip, flight_trip, stay_trip, token_for},
    world::{HOUR, MINUTE, World, by},
};

/// The trips that are bought in one call after they are paid, each with that call.
async fn bought_at_once(world: &World) -> Vec<(Trip, &'static str)> {
    vec![
        (flight_trip(&world.flight(Terms::Promo).await), "/air/orders"),
        (stay_trip(&world.room("Kuta", "Beach Hotel").await), "/stays/bookings"),
        (token_for("pln20", METER), "/v1/transaction"),
    ]
}

/// Those that are kept first: the call that keeps them, and the one that pays.
async fn kept(world: &World) -> Vec<(Trip, &'static str, &'static str)> {
    vec![
        (flight_trip(&world.flight(Terms::Flex).await), "/air/orders", "/air/payments"),
        (world.crossing().await, "/ferry/bookings", "/ferry/bookings/*/actions/pay"),
    ]
}

/// How an answer is lost after the supplier did it, and before: as a time-out, which takes real seconds, and at once.
fn lost(engine: Engine) -> (&'static str, &'static str) {
    match engine {
        Engine::Sqlite => ("timeout_after_commit", "timeout_before_commit"),
        Engine::Postgres => ("reset", "status:502"),
    }
}

/// How often that call was made for it.
async fn calls(world: &World, reference: &str, path: &str) -> usize {
    let like = |heard: &String| heard.strip_prefix("POST ").is_some_and(|heard| fits(path, heard));
    world.heard(reference).await.iter().filter(|heard| like(heard)).count()
}

fn fits(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((head, tail)) => path.starts_with(head) && path.ends_with(tail),
    }
}

#[tokio::test]
async fn a_purchase_that_timed_out_after_it_was_made_is_found_and_not_made_again() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        for (trip, path) in bought_at_once(&world).await {
            let ordered = world.paid(&trip).await;
            world.fault(path, lost(engine).0).await;
            world.look_after().await;
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Unknown, "{path}");
            assert_eq!(world.order_status(ordered.order).await, OrderStatus::Paid);
            assert!(is_sold(&world.records(&ordered.reference).await[0]), "it was sold");
            world.live(MINUTE, 3).await;
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled, "{path}");
            assert_eq!(world.records(&ordered.reference).await.len(), 1, "{path}");
            // To ask how a credit stands is to send the purchase again: the reference guards it.
            let once = if path == "/v1/transaction" { 2 } else { 1 };
            assert_eq!(calls(&world, &ordered.reference, path).await, once, "{path}");
        }
        assert_eq!(world.refunded(), 0);
        world.close().await;
    }
}

#[tokio::test]
async fn a_purchase_that_timed_out_before_it_was_made_is_paid_back_once_or_made_once() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let mut back = 0;
        for nth in 0..3 {
            let (trip, path) = bought_at_once(&world).await.remove(nth);
            let ordered = world.paid(&trip).await;
            world.fault(path, lost(engine).1).await;
            world.look_after().await;
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Unknown, "{path}");
            world.live(15 * MINUTE, 8).await;
            let ended = world.status(ordered.booking).await;
            if path == "/v1/transaction" {
                assert_eq!(ended, BookingStatus::Fulfilled, "asking has bought it");
                assert!(is_sold(&world.records(&ordered.reference).await[0]));
                continue;
            }
            assert_eq!(ended, BookingStatus::Unknown, "Duffel may show it hours later");
            assert_eq!(world.refunded(), back, "so nothing was paid back yet");
            world.live(15 * MINUTE, 6).await;
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Failed, "{path}");
            back += ordered.price;
            assert_eq!(world.refunded(), back, "{path}");
            assert!(world.records(&ordered.reference).await.is_empty());
            assert_eq!(calls(&world, &ordered.reference, path).await, 1, "{path}");
            assert_eq!(world.order_status(ordered.order).await, OrderStatus::Cancelled);
        }
        world.close().await;
    }
}

#[tokio::test]
async fn an_accepted_booking_that_appears_later_is_found() {
    // As Duffel's test route LTN-STN, on a day on which the answer is also lost.
    let world = World::open(Engine::Sqlite).await;
    let ordered = world.paid(&flight_trip(&world.flight(Terms::Promo).await)).await;
    world.ear.be_deaf(true);
    world.fault("/air/orders", "reset").await;
    world.look_after().await;
    {
        let mut inside = world.sandbox.app.world();
        let order = inside.duffel.orders.values_mut().next().expect("it was made");
        order.visible = false;
    }
    world.live(15 * MINUTE, 8).await;
    assert_eq!(world.status(ordered.booking).await, BookingStatus::Unknown);
    world.sandbox.app.world().duffel.orders.values_mut().for_each(|order| order.visible = true);
    world.live(15 * MINUTE, 2).await;
    assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled);
    assert_eq!(world.records(&ordered.reference).await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_hold_whose_answer_is_lost_is_found_when_the_request_is_repeated() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        for (trip, path, _) in kept(&world).await {
            let id = world.id();
            world.fault(path, lost(engine).0).await;
            let order = || Then::Order(Some(by("qris")));
            let told = world.book(&world.ani, id, &trip, order()).await.expect_err("nobody knows");
            assert_eq!(told.code(), Code::SupplierUnavailable, "{path}");
            assert!(told.retry_after_seconds().is_some(), "{path}");
            let booked = world.book(&world.ani, id, &trip, order()).await.expect("is found");
            let reference = booked.booking.reference.clone();
            assert_eq!(booked.booking.status, BookingStatus::Held);
            assert_eq!(world.records(&reference).await.len(), 1, "{path}: held once");
            assert_eq!(calls(&world, &reference, path).await, 1, "{path}");
            let payment = booked.order.expect("is ordered").1.expect("is being paid");
            world.pay(&world.ani, &payment).await;
            world.look_after().await;
            world.pass(2 * MINUTE).await;
            assert_eq!(world.status(booked.booking.id).await, BookingStatus::Fulfilled);
        }
        world.close().await;
    }
}

#[tokio::test]
async fn a_hold_that_never_came_to_be_is_given_up_and_another_request_holds() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        for (trip, path, _) in kept(&world).await {
            let id = world.id();
            world.fault(path, lost(engine).1).await;
            let told = world.book(&world.ani, id, &trip, Then::Wait).await.expect_err("nobody knows");
            assert_eq!(told.code(), Code::SupplierUnavailable);
            let told = world.book(&world.ani, id, &trip, Then::Wait).await.expect_err("nobody knows yet");
            assert_eq!(told.code(), Code::SupplierUnavailable, "{path}");
            let again = world.book(&world.ani, world.id(), &trip, Then::Wait).await.expect("holds");
            assert_eq!(again.booking.status, BookingStatus::Held, "another request is another hold");
            world.live(10 * MINUTE, 20).await;
            let told = world.book(&world.ani, id, &trip, Then::Wait).await.expect_err("nothing is held");
            assert_eq!(told.code(), Code::OfferGone, "{path}: {told}");
        }
        world.pass(72 * HOUR).await;
        world.close().await;
    }
}

#[tokio::test]
async fn a_hold_that_turns_out_to_be_sold_waits_for_a_person_whoever_asks_again() {
    for then in [|| Then::Order(Some(by("qris"))), || Then::Wait] {
        let world = World::open(Engine::Sqlite).await;
        let trip = flight_trip(&world.flight(Terms::Flex).await);
        let id = world.id();
        world.fault("/air/orders", "reset").await;
        world.book(&world.ani, id, &trip, then()).await.expect_err("nobody knows");
        {
            let mut inside = world.sandbox.app.world();
            let order = inside.duffel.orders.values_mut().next().expect("it was made");
            order.paid = Some(order.created);
        }
        for _ in 0..3 {
            let told = world.book(&world.ani, id, &trip, then()).await.expect_err("a person decides");
            assert_eq!(
                told.code(),
                Code::SupplierUnavailable,
                "whoever hears that nothing is booked books twice: {told}"
            );
        }
        let waiting = world.inbox().await.remove(0);
        assert_eq!((waiting.status, waiting.frozen), (BookingStatus::Holding, true));
        assert_eq!(calls(&world, &waiting.reference, "/air/orders").await, 1);
        let nothing = Finding::GiveBack { amount: None };
        world.app.bookings.resolve(&world.staff, waiting.id, nothing, "they take it back").await.expect("ends");
        let told = world.book(&world.ani, id, &trip, then()).await.expect_err("nothing is booked");
        assert_eq!(told.code(), Code::OfferGone, "{told}");
        world.close_but(&[waiting.id]).await;
    }
}

#[tokio::test]
async fn a_hold_that_nobody_ordered_in_time_is_gone_for_whoever_asks_again() {
    let world = World::open(Engine::Sqlite).await;
    for (trip, path, _) in kept(&world).await {
        let id = world.id();
        world.book(&world.ani, id, &trip, Then::Wait).await.expect("is held");
        // The job has not been there yet: whether its time is over does not depend on that.
        world.clock.advance(72 * HOUR);
        let told = world.book(&world.ani, id, &trip, Then::Order(Some(by("qris")))).await.expect_err("is gone");
        assert_eq!(told.code(), Code::OfferGone, "{path}: {told}");
        world.pass(MINUTE).await;
    }
    world.close().await;
}

#[tokio::test]
async fn a_hold_that_nobody_asks_about_again_is_found_by_the_job() {
    let world = World::open(Engine::Sqlite).await;
    for (trip, path, _) in kept(&world).await {
        let id = world.id();
        world.fault(path, "reset").await;
        world.book(&world.ani, id, &trip, Then::Wait).await.expect_err("nobody knows");
        world.live(MINUTE, 5).await;
        let booked = world.book(&world.ani, id, &trip, Then::Wait).await.expect("is held");
        assert_eq!(booked.booking.status, BookingStatus::Held, "{path}");
        assert!(booked.booking.clocks.hold.is_some(), "{path}");
    }
    world.pass(72 * HOUR).await;
    world.close().await;
}

#[tokio::test]
async fn the_payment_of_a_hold_whose_answer_is_lost_is_seen_on_the_hold() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        for (trip, _, path) in kept(&world).await {
            let ordered = world.paid(&trip).await;
            world.ear.be_deaf(true);
            world.fault(path, lost(engine).0).await;
            world.look_after().await;
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Unknown, "{path}");
            world.live(MINUTE, 3).await;
            world.ear.be_deaf(false);
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled, "{path}");
            assert_eq!(calls(&world, &ordered.reference, path).await, 1, "{path}");
        }
        assert_eq!(world.refunded(), 0);
        world.close().await;
    }
}

#[tokio::test]
async fn the_payment_of_a_hold_that_never_arrived_is_made_once_more_and_only_then() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        for (trip, _, path) in kept(&world).await {
            let ordered = world.paid(&trip).await;
            world.fault(path, lost(engine).1).await;
            world.look_after().await;
            world.live(MINUTE, 2).await;
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Unknown, "{path}: it may be on its way");
            assert_eq!(calls(&world, &ordered.reference, path).await, 1, "{path}");
            world.live(MINUTE, 8).await;
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled, "{path}");
            assert_eq!(calls(&world, &ordered.reference, path).await, 2, "{path}");
            assert_eq!(world.records(&ordered.reference).await.len(), 1);
        }
        assert_eq!(world.refunded(), 0);
        world.close().await;
    }
}

#[tokio::test]
async fn the_payment_of_a_hold_that_lapses_before_it_can_be_repeated_goes_back() {
    let world = World::open(Engine::Sqlite).await;
    let mut back = 0;
    for (trip, _, path) in kept(&world).await {
        let ordered = world.paid(&trip).await;
        // The answer says nothing, and nothing was done.
        world.fault(path, "status:502").await;
        world.look_after().await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Unknown, "{path}");
        world.play(&ordered.reference, "lapse", serde_json::json!({})).await;
        world.live(MINUTE, 3).await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Failed, "{path}");
        back += ordered.price;
        assert_eq!(world.refunded(), back, "{path}");
    }
    world.close().await;
}

#[tokio::test]
async fn a_host_that_dies_while_it_buys_leaves_a_question_to_the_other() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.paid(&flight_trip(&world.flight(Terms::Promo).await)).await;
        // The host is stopped while the call hangs: it was sent, and nothing of the answer was stored.
        world.fault("/air/orders", "timeout_after_commit").await;
        let dying = world.beside.clone();
        let buying = tokio::spawn(async move { dying.bookings.look_after_due().await });
        while world.sandbox.app.world().duffel.orders.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        buying.abort();
        assert!(buying.await.expect_err("it was stopped").is_cancelled());
        world.look_after().await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Committing, "the other may still be at it");
        world.live(MINUTE, 6).await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled);
        assert_eq!(world.records(&ordered.reference).await.len(), 1);
        world.close().await;
    }
}
