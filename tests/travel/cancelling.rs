//! Cancelling what was bought: what it gives is told first, and then exactly that comes back, once.

use dermaga_domain::{Code, ledger::NewWallet};
use dermaga_ports::{booking::BookingStatus, orders::OrderStatus, system::Clock as _, time::Timestamp};
use dermaga_tests::databases::Engine;
use futures::future::join;

use crate::{
    deeds::Ordered,
    trips::{METER, Terms, Trip, crossing_trip, flight_trip, stay_trip, token_for},
    world::{DAY, HOUR, MINUTE, World},
};

/// What can be cancelled, each with the call that does it.
async fn cancellable(world: &World) -> Vec<(Trip, &'static str)> {
    vec![
        (flight_trip(&world.flight(Terms::Flex).await), "/air/order_cancellations/*/actions/confirm"),
        (stay_trip(&world.room("Kuta", "Beach Hotel").await), "/stays/bookings/*/actions/cancel"),
        (world.crossing().await, "/ferry/cancellations/*/actions/confirm"),
    ]
}

/// What a cancellation gives now, and what is kept.
async fn quoted(world: &World, ordered: &Ordered) -> (i64, i64) {
    let quote = world.app.bookings.quote_cancellation(&world.ani.who, ordered.booking).await.expect("quotes");
    (quote.refund.amount(), quote.fee.amount())
}

async fn cancel(world: &World, ordered: &Ordered, expected: i64) -> dermaga_domain::Result<BookingStatus> {
    let cancelled = world.app.bookings.cancel(&world.ani.who, ordered.booking, expected).await;
    cancelled.map(|booking| booking.status)
}

async fn until(world: &World, moment: &str) {
    let moment: Timestamp = moment.parse().expect("a time");
    world.pass(moment.since(world.clock.now())).await;
}

#[tokio::test]
async fn a_flight_gives_back_all_but_its_penalty() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
        let penalty = ordered.price / 4;
        assert_eq!(quoted(&world, &ordered).await, (ordered.price - penalty, penalty));
        let wrong = cancel(&world, &ordered, ordered.price).await.expect_err("refused");
        assert_eq!(wrong.code(), Code::PriceChanged);
        let facts = wrong.facts().expect("both sums");
        assert_eq!(
            (facts["old"].as_i64(), facts["new"].as_i64()),
            (Some(ordered.price), Some(ordered.price - penalty))
        );
        assert_eq!(facts["fee"].as_i64(), Some(penalty));
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled, "nothing was cancelled");
        assert_eq!(world.refunded(), 0);

        for _ in 0..2 {
            let cancelled = cancel(&world, &ordered, ordered.price - penalty).await;
            assert_eq!(cancelled, Ok(BookingStatus::Cancelled), "and repeating it is once");
        }
        world.live(MINUTE, 3).await;
        assert_eq!(world.refunded(), ordered.price - penalty);
        assert_eq!(world.order_status(ordered.order).await, OrderStatus::Completed);
        let voucher = world.app.bookings.voucher(&world.ani.who, ordered.booking).await.expect_err("refused");
        assert_eq!(voucher.code(), Code::IllegalTransition, "nobody travels on it");
        world.close().await;
    }
}

#[tokio::test]
async fn a_fare_without_a_refund_is_cancelled_for_nothing() {
    let world = World::open(Engine::Sqlite).await;
    let ordered = world.bought(&flight_trip(&world.flight(Terms::Promo).await)).await;
    assert_eq!(quoted(&world, &ordered).await, (0, ordered.price));
    assert_eq!(cancel(&world, &ordered, 0).await, Ok(BookingStatus::Cancelled));
    world.live(MINUTE, 3).await;
    assert_eq!(world.refunded(), 0);
    world.close().await;
}

#[tokio::test]
async fn a_room_gives_back_what_its_timeline_says_for_the_day() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        // From two in the afternoon of 10 February in Bali: all until three days before, half until the day before.
        let mut back = 0;
        for (now, share) in [("2026-02-07T05:55:00Z", 2), ("2026-02-09T05:55:00Z", 1), ("2026-02-09T06:05:00Z", 0)] {
            let rate = world.room("Kuta", "Beach Hotel").await;
            let ordered = world.bought(&stay_trip(&rate)).await;
            until(&world, now).await;
            let refund = ordered.price * share / 2;
            assert_eq!(quoted(&world, &ordered).await, (refund, ordered.price - refund), "{now}");
            assert_eq!(cancel(&world, &ordered, refund).await, Ok(BookingStatus::Cancelled), "{now}");
            world.live(MINUTE, 3).await;
            back += refund;
            assert_eq!(world.refunded(), back, "{now}");
        }
        world.close().await;
    }
}

#[tokio::test]
async fn a_crossing_gives_back_its_percentage_until_two_hours_before() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        // The ship at noon in Jakarta, which is 05:00 in Greenwich.
        let fares = world.fares("2026-01-06", Some("IVA")).await;
        let [early, late] = [
            world.bought(&crossing_trip(&fares[2], Some("IVA"))).await,
            world.bought(&crossing_trip(&fares[2], Some("IVA"))).await,
        ];
        until(&world, "2026-01-06T02:55:00Z").await;
        let refund = early.price * 375 / 1_000;
        assert_eq!(quoted(&world, &early).await, (refund, early.price - refund));
        assert_eq!(cancel(&world, &early, refund).await, Ok(BookingStatus::Cancelled));
        until(&world, "2026-01-06T03:05:00Z").await;
        assert_eq!(quoted(&world, &late).await, (0, late.price));
        assert_eq!(cancel(&world, &late, 0).await, Ok(BookingStatus::Cancelled));
        world.live(MINUTE, 3).await;
        assert_eq!(world.refunded(), refund);
        world.close().await;
    }
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_found_and_pays_back_once() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let mut back = 0;
        for mode in ["timeout_after_commit", "timeout_before_commit", "reset", "status:502"] {
            // A real time-out takes seconds, so one of each kind is enough for it.
            let slow = mode.starts_with("timeout");
            for (trip, path) in cancellable(&world).await.into_iter().take(if slow { 1 } else { 3 }) {
                let ordered = world.bought(&trip).await;
                let (refund, _) = quoted(&world, &ordered).await;
                world.ear.be_deaf(true);
                world.fault(path, mode).await;
                assert_eq!(cancel(&world, &ordered, refund).await, Ok(BookingStatus::Cancelling), "{path} {mode}");
                assert_eq!(world.refunded(), back, "{path} {mode}: nobody knows yet");
                world.live(MINUTE, 6).await;
                world.ear.be_deaf(false);
                assert_eq!(world.status(ordered.booking).await, BookingStatus::Cancelled, "{path} {mode}");
                back += refund;
                assert_eq!(world.refunded(), back, "{path} {mode}");
                assert_eq!(cancel(&world, &ordered, refund).await, Ok(BookingStatus::Cancelled), "{path} {mode}");
            }
        }
        world.live(MINUTE, 3).await;
        assert_eq!(world.refunded(), back);
        world.close().await;
    }
}

#[tokio::test]
async fn credits_with_the_carrier_are_kept_though_the_answer_was_lost() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let dollars = NewWallet { name: "Dollars".to_owned(), currency: Some("USD".to_owned()) };
        world.app.wallets.create(&world.ani.who, world.id(), dollars).await.expect("opens");
        let ordered = world.bought(&flight_trip(&world.flights("LTN", "SYD", Terms::Flex).await[0])).await;
        assert_eq!(quoted(&world, &ordered).await, (0, ordered.price), "no money comes back");
        world.ear.be_deaf(true);
        world.fault("/air/order_cancellations/*/actions/confirm", "reset").await;
        assert_eq!(cancel(&world, &ordered, 0).await, Ok(BookingStatus::Cancelling));
        world.live(MINUTE, 6).await;
        let cancelled = world.booking(ordered.booking).await;
        assert_eq!((cancelled.status, world.refunded()), (BookingStatus::Cancelled, 0));
        let [credit] = &cancelled.delivery.credits[..] else { panic!("one credit") };
        assert!(credit.reveal().contains("CREDIT"), "it has its code");
        world.close().await;
    }
}

#[tokio::test]
async fn a_refund_that_changed_since_it_was_quoted_is_told_and_quoted_anew() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        // A room: the quote ends with the step that it was made in.
        let room = world.bought(&stay_trip(&world.room("Kuta", "Beach Hotel").await)).await;
        // A ship: the quote is good for half an hour, and the port closes within it.
        until(&world, "2026-02-06T02:00:00Z").await;
        let fares = world.fares("2026-02-07", Some("IVA")).await;
        let ship = world.bought(&crossing_trip(&fares[3], Some("IVA"))).await;
        until(&world, "2026-02-07T05:55:00Z").await;
        let mut back = 0;
        for (ordered, now) in [(&room, room.price / 2), (&ship, 0)] {
            if ordered.booking == ship.booking {
                // It leaves at four in the afternoon in Jakarta, so until two the percentage comes back.
                until(&world, "2026-02-07T06:50:00Z").await;
            }
            let (before, _) = quoted(&world, ordered).await;
            assert!(before > now);
            world.pass(15 * MINUTE).await;
            let told = cancel(&world, ordered, before).await.expect_err("it is less by now");
            assert_eq!(told.code(), Code::PriceChanged, "{told}");
            let facts = told.facts().expect("both sums");
            assert_eq!((facts["old"].as_i64(), facts["new"].as_i64()), (Some(before), Some(now)), "{facts}");
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled, "nothing was cancelled");
            assert_eq!(world.refunded(), back);
            assert_eq!(cancel(&world, ordered, now).await, Ok(BookingStatus::Cancelled), "at the new sum it is");
            back += now;
            world.live(MINUTE, 3).await;
            assert_eq!(world.refunded(), back);
        }
        world.close().await;
    }
}

#[tokio::test]
async fn a_quote_that_nobody_confirms_changes_nothing_and_ends() {
    let world = World::open(Engine::Sqlite).await;
    let ordered = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
    let (refund, _) = quoted(&world, &ordered).await;
    world.pass(2 * HOUR).await;
    assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled);
    assert_eq!(cancel(&world, &ordered, refund).await, Ok(BookingStatus::Cancelled), "a new one says the same");
    world.live(MINUTE, 3).await;
    assert_eq!(world.refunded(), refund);
    world.close().await;
}

#[tokio::test]
async fn two_who_cancel_at_once_cancel_once() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        for (trip, _) in cancellable(&world).await {
            let before = world.refunded();
            let ordered = world.bought(&trip).await;
            let (refund, _) = quoted(&world, &ordered).await;
            let who = &world.ani.who;
            let (one, other) = join(
                world.app.bookings.cancel(who, ordered.booking, refund),
                world.beside.bookings.cancel(who, ordered.booking, refund),
            )
            .await;
            assert!(one.is_ok() || other.is_ok(), "{one:?} {other:?}");
            world.live(MINUTE, 5).await;
            assert_eq!(world.status(ordered.booking).await, BookingStatus::Cancelled);
            assert_eq!(world.refunded() - before, refund);
        }
        world.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_cancelled_says_why() {
    let world = World::open(Engine::Sqlite).await;
    let credit = world.bought(&token_for("pln20", METER)).await;
    let held = world.order(&flight_trip(&world.flight(Terms::Flex).await)).await;
    for (ordered, word) in [(&credit, "Credits"), (&held, "order")] {
        let told = world.app.bookings.quote_cancellation(&world.ani.who, ordered.booking).await.expect_err("refused");
        assert_eq!(told.code(), Code::IllegalTransition);
        assert!(told.detail().contains(word), "{told}");
        assert_eq!(cancel(&world, ordered, 0).await.expect_err("refused").code(), Code::IllegalTransition);
    }
    let stranger = world.person("citra").await;
    let hidden = world.app.bookings.cancel(&stranger.who, credit.booking, 0).await.expect_err("hidden");
    assert_eq!(hidden.code(), Code::BookingNotFound);
    world.pass(DAY).await;
    world.close().await;
}
