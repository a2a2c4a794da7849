//! What waits for a person, and what a person decides: each ends once, and pays back once.

use dermaga_domain::{Code, booking::Finding};
use dermaga_ports::{
    booking::{Booking, BookingStatus},
    orders::OrderStatus,
};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::{
    audit::{BY_STAFF, LOOKED_INTO, is_sold},
    deeds::Ordered,
    trips::{METER, Terms, Trip, flight_trip, stay_trip, token_for},
    world::{DAY, MINUTE, World},
};

/// A bill whose payment never arrived: nobody can prove that, so after a day it waits for a person.
async fn nobody_knows(world: &World) -> Ordered {
    let bill = world.bill(&world.ani, "pln", "530000000001").await.expect("asks");
    let ordered = world.paid(&Trip::Bill(bill.booking.id)).await;
    let rule = json!({"match": {"ref": ordered.reference}, "mode": "status:500"});
    world.rule(&rule).await;
    world.look_after().await;
    world.live(15 * MINUTE, 100).await;
    let frozen = world.booking(ordered.booking).await;
    assert_eq!((frozen.status, frozen.frozen), (BookingStatus::Unknown, true), "{:?}", frozen.reason);
    ordered
}

/// A room that was sold, and of which the supplier tells nothing for a day.
async fn sold_in_silence(world: &World) -> Ordered {
    let ordered = world.paid(&stay_trip(&world.room("Kuta", "Beach Hotel").await)).await;
    world.fault("/stays/bookings", "reset").await;
    let silence = json!({"match": {"method": "GET", "path": "/stays/bookings*"}, "mode": "status:500", "times": 999});
    world.rule(&silence).await;
    world.look_after().await;
    world.live(15 * MINUTE, 100).await;
    let frozen = world.booking(ordered.booking).await;
    assert_eq!((frozen.status, frozen.frozen), (BookingStatus::Unknown, true), "{:?}", frozen.reason);
    ordered
}

async fn resolve(world: &World, ordered: &Ordered, finding: Finding) -> dermaga_domain::Result<Booking> {
    world.app.bookings.resolve(&world.staff, ordered.booking, finding, BY_STAFF).await
}

#[tokio::test]
async fn what_nobody_knows_keeps_its_money_and_its_place_in_the_inbox() {
    let world = World::open(Engine::Sqlite).await;
    let ordered = nobody_knows(&world).await;
    assert_eq!((world.refunded(), world.order_status(ordered.order).await), (0, OrderStatus::Paid));
    let waiting = world.inbox().await;
    assert_eq!(waiting.iter().map(|booking| booking.id).collect::<Vec<_>>(), [ordered.booking]);
    let since = waiting[0].updated_at;
    world.pass(3 * DAY).await;
    let later = world.inbox().await;
    assert_eq!(later[0].updated_at, since, "how old it is can be told");
    assert!(world.now().since(since) >= 3 * DAY);
    assert_eq!(world.refunded(), 0, "and nobody guesses");
    let told = world.app.orders.cancel(&world.ani.who, ordered.order, None, None).await.expect_err("refused");
    assert_eq!(told.code(), Code::IllegalTransition);
    let nobody = world.app.bookings.resolve(&world.ani.who, ordered.booking, Finding::Leave, BY_STAFF).await;
    assert_eq!(nobody.expect_err("refused").code(), Code::PermissionDenied);
    let silent = world.app.bookings.resolve(&world.staff, ordered.booking, Finding::AskAgain, " ").await;
    assert_eq!(silent.expect_err("refused").faults()[0].pointer, "/note");
    world.close().await;
}

#[tokio::test]
async fn a_person_who_found_it_sold_ends_it_without_a_refund() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = sold_in_silence(&world).await;
        let record = world.records(&ordered.reference).await.remove(0);
        assert!(is_sold(&record));
        let number = record["record"]["reference"].as_str().expect("a number").to_owned();
        let finding = Finding::Sold { supplier_reference: Some(number.clone()), serial: Some(number.clone()) };
        let resolved = resolve(&world, &ordered, finding.clone()).await.expect("resolves");
        assert_eq!((resolved.status, resolved.frozen), (BookingStatus::Fulfilled, false));
        assert_eq!(resolved.supplier_reference, Some(number));
        assert_eq!((world.order_status(ordered.order).await, world.refunded()), (OrderStatus::Completed, 0));
        assert_eq!(resolve(&world, &ordered, finding).await.expect_err("refused").code(), Code::IllegalTransition);
        world.close().await;
    }
}

#[tokio::test]
async fn a_person_who_found_nothing_gives_everything_back_once() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = nobody_knows(&world).await;
        let all = Finding::GiveBack { amount: None };
        let resolved = resolve(&world, &ordered, all.clone()).await.expect("resolves");
        assert_eq!((resolved.status, resolved.reason.as_deref()), (BookingStatus::Failed, Some(LOOKED_INTO)));
        assert_eq!(resolve(&world, &ordered, all).await.expect_err("refused").code(), Code::IllegalTransition);
        world.live(MINUTE, 5).await;
        assert_eq!(
            (world.refunded(), world.order_status(ordered.order).await),
            (ordered.price, OrderStatus::Cancelled)
        );
        world.close().await;
    }
}

#[tokio::test]
async fn a_person_who_has_it_asked_again_gets_the_answer_of_now() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let (lost, sold) = (nobody_knows(&world).await, sold_in_silence(&world).await);
        world.sandbox.app.world().faults.clear();
        for ordered in [&lost, &sold] {
            let asked = resolve(&world, ordered, Finding::AskAgain).await.expect("resolves");
            assert!(!asked.frozen && asked.next_check_at == Some(world.now()));
        }
        world.look_after().await;
        assert_eq!(world.status(sold.booking).await, BookingStatus::Fulfilled, "now it is told");
        let still = world.booking(lost.booking).await;
        assert_eq!((still.status, still.frozen), (BookingStatus::Unknown, true), "and here nothing is");
        assert_eq!(world.refunded(), 0);
        world.close().await;
    }
}

#[tokio::test]
async fn what_the_supplier_cancels_by_itself_waits_for_a_person_who_gives_it_back() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
        world.airline_cancels(&ordered.reference);
        world.pass(MINUTE).await;
        let frozen = world.booking(ordered.booking).await;
        assert_eq!((frozen.status, frozen.frozen), (BookingStatus::Fulfilled, true));
        assert_eq!((world.refunded(), world.told("booking.frozen").await), (0, 1));
        let told = world.app.bookings.cancel(&world.ani.who, ordered.booking, 0).await.expect_err("refused");
        assert_eq!(told.code(), Code::IllegalTransition);
        let wrong = resolve(&world, &ordered, Finding::GiveBack { amount: Some(ordered.price + 1) }).await;
        assert_eq!(wrong.expect_err("refused").faults()[0].pointer, "/refund");
        let part = Finding::GiveBack { amount: Some(ordered.price - 50_000) };
        let resolved = resolve(&world, &ordered, part).await.expect("resolves");
        assert_eq!(resolved.status, BookingStatus::Cancelled);
        world.live(MINUTE, 5).await;
        assert_eq!(world.refunded(), ordered.price - 50_000);
        world.close().await;
    }
}

#[tokio::test]
async fn a_credit_that_the_supplier_takes_back_waits_for_a_person_who_leaves_it() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.bought(&token_for("pln20", METER)).await;
        world.play(&ordered.reference, "return", json!({})).await;
        world.pass(MINUTE).await;
        let frozen = world.booking(ordered.booking).await;
        assert_eq!((frozen.status, frozen.frozen), (BookingStatus::Fulfilled, true));
        assert!(frozen.delivery.token.is_some(), "the customer may have used it");
        let sold = Finding::Sold { supplier_reference: None, serial: None };
        assert_eq!(resolve(&world, &ordered, sold).await.expect_err("refused").faults()[0].pointer, "/outcome");
        let left = resolve(&world, &ordered, Finding::Leave).await.expect("resolves");
        assert_eq!((left.status, left.frozen), (BookingStatus::Fulfilled, false));
        world.live(MINUTE, 3).await;
        assert_eq!((world.refunded(), world.inbox().await.len()), (0, 0));
        world.close_but(&[ordered.booking]).await;
    }
}

/// A flight that is being cancelled, and of which the supplier tells nothing for a day; and what was agreed for it.
async fn cancelled_in_silence(world: &World, mode: &str) -> (Ordered, i64) {
    let ordered = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
    let bookings = &world.app.bookings;
    let quote = bookings.quote_cancellation(&world.ani.who, ordered.booking).await.expect("quotes");
    let refund = quote.refund.amount();
    world.fault("/air/order_cancellations/*/actions/confirm", mode).await;
    let silence = json!({"match": {"method": "GET", "path": "/air/orders/*"}, "mode": "status:500", "times": 999});
    world.rule(&silence).await;
    let asked = bookings.cancel(&world.ani.who, ordered.booking, refund).await.expect("asks");
    assert_eq!(asked.status, BookingStatus::Cancelling);
    world.live(15 * MINUTE, 100).await;
    let frozen = world.booking(ordered.booking).await;
    assert_eq!((frozen.status, frozen.frozen), (BookingStatus::Cancelling, true), "{:?}", frozen.reason);
    world.sandbox.app.world().faults.clear();
    (ordered, refund)
}

#[tokio::test]
async fn a_cancellation_that_nobody_can_tell_of_is_ended_by_a_person_once() {
    let world = World::open(Engine::Sqlite).await;
    let mut back = 0;
    for (gives_back, mode) in [(true, "reset"), (false, "status:502")] {
        let (ordered, refund) = cancelled_in_silence(&world, mode).await;
        let finding = if gives_back { Finding::GiveBack { amount: Some(refund) } } else { Finding::Leave };
        let resolved = resolve(&world, &ordered, finding).await.expect("resolves");
        let expected = if gives_back { BookingStatus::Cancelled } else { BookingStatus::Fulfilled };
        assert_eq!(resolved.status, expected);
        back += if gives_back { refund } else { 0 };
        world.live(MINUTE, 5).await;
        assert_eq!(world.refunded(), back);
    }
    world.close().await;
}

#[tokio::test]
async fn what_was_agreed_for_a_cancellation_is_what_comes_back_unless_a_person_says_how_much() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let (ordered, agreed) = cancelled_in_silence(&world, "reset").await;
        assert!(agreed < ordered.price, "the airline keeps something");
        let resolved = resolve(&world, &ordered, Finding::GiveBack { amount: None }).await.expect("resolves");
        assert_eq!(resolved.status, BookingStatus::Cancelled);
        world.live(MINUTE, 5).await;
        assert_eq!(world.refunded(), agreed);
        world.close().await;
    }
}
