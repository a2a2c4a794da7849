//! What carriers do after they have sold, and how we hear of it.

use std::time::Duration;

use dermaga_domain::Code;
use dermaga_ports::booking::BookingStatus;
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::{
    trips::{METER, Terms, flight_trip, token_for},
    world::{HOUR, MINUTE, SECOND, World},
};

#[tokio::test]
async fn a_departure_that_is_moved_is_told_once() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
        let before = world.booking(ordered.booking).await;
        world.play(&ordered.reference, "change", json!({})).await;
        world.look_after().await;
        assert_eq!(world.told("booking.moved").await, 0, "nobody has told us yet");
        world.pass(SECOND).await;
        let moved = world.booking(ordered.booking).await;
        assert_eq!((moved.status, moved.frozen), (BookingStatus::Fulfilled, false));
        assert!(moved.reason.is_some_and(|reason| reason.contains("changed the departure")));
        assert_eq!(moved.delivery, before.delivery, "the ticket stays what it is");
        assert_eq!(world.told("booking.moved").await, 1);
        world.play(&ordered.reference, "change", json!({})).await;
        world.pass(MINUTE).await;
        assert_eq!(world.told("booking.moved").await, 1, "once is enough until somebody answers");
        world.close().await;
    }
}

#[tokio::test]
async fn a_webhook_that_nobody_hears_changes_nothing() {
    let world = World::open(Engine::Sqlite).await;
    let ordered = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
    world.ear.be_deaf(true);
    world.play(&ordered.reference, "change", json!({})).await;
    world.live(MINUTE, 10).await;
    assert_eq!(world.told("booking.moved").await, 0);
    world.close().await;
}

#[tokio::test]
async fn a_webhook_that_is_not_signed_by_the_supplier_wakes_nobody() {
    let world = World::open(Engine::Sqlite).await;
    let ordered = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
    world.sandbox.configure(|settings| settings.duffel.webhook_secret = "somebody-elses-secret".to_owned());
    let before = world.ear.answers().len();
    world.play(&ordered.reference, "change", json!({})).await;
    world.pass(SECOND).await;
    let answers = world.ear.answers();
    assert!(answers[before..].iter().all(|(_, status)| *status == 401) && answers.len() > before, "{answers:?}");
    assert_eq!(world.told("booking.moved").await, 0);
    let told = world.app.bookings.take_webhook("nobody", &[], b"{}").await.expect_err("refused");
    assert_eq!(told.code(), Code::WebhookRejected);
    world.close().await;
}

#[tokio::test]
async fn a_knock_is_not_forgotten_when_the_supplier_does_not_answer_the_question_why() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let [flown, spent] = [
            world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await,
            world.bought(&token_for("pln20", METER)).await,
        ];
        let silence = json!({"match": {"path": "*"}, "mode": "status:500", "times": 4});
        world.rule(&silence).await;
        world.airline_cancels(&flown.reference);
        world.play(&spent.reference, "return", json!({})).await;
        world.pass(SECOND).await;
        assert!(world.inbox().await.is_empty(), "nobody could ask");
        world.live(MINUTE, 3).await;
        assert_eq!(world.inbox().await.len(), 2, "and then somebody did");
        world.live(HOUR, 30).await;
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_knock_while_the_question_why_is_answered_is_heard() {
    let world = World::open(Engine::Sqlite).await;
    let flown = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
    world.play(&flown.reference, "change", json!({})).await;
    world.time(SECOND).await;
    // It is read as it is now, and the answer is a second on its way.
    let slow = json!({"match": {"method": "GET", "path": "/air/orders/*"}, "mode": "slow:1000", "times": 1});
    world.rule(&slow).await;
    tokio::join!(world.look_after(), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.airline_cancels(&flown.reference);
        world.time(SECOND).await;
    });
    assert_eq!(world.told("booking.moved").await, 1);
    world.look_after().await;
    assert_eq!(world.inbox().await.len(), 1, "whoever is at the airport has no flight");
    world.live(HOUR, 30).await;
    world.close().await;
}

#[tokio::test]
async fn tickets_are_there_the_moment_their_webhook_knocks_and_a_little_later_without_it() {
    for deaf in [false, true] {
        let world = World::open(Engine::Sqlite).await;
        let ordered = world.paid(&world.crossing().await).await;
        world.look_after().await;
        world.ear.be_deaf(deaf);
        // Half a minute after the payment there are tickets; a minute after it we would ask.
        world.pass(31 * SECOND).await;
        let expected = if deaf { BookingStatus::Unknown } else { BookingStatus::Fulfilled };
        assert_eq!(world.status(ordered.booking).await, expected);
        world.pass(30 * SECOND).await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Fulfilled);
        world.close().await;
    }
}

#[tokio::test]
async fn what_was_bought_is_left_in_peace_when_nothing_has_happened() {
    let world = World::open(Engine::Sqlite).await;
    let ordered = world.bought(&flight_trip(&world.flight(Terms::Flex).await)).await;
    let before = world.booking(ordered.booking).await;
    let calls = world.heard(&ordered.reference).await.len();
    world.live(HOUR, 48).await;
    assert_eq!(world.booking(ordered.booking).await, before);
    assert_eq!(world.heard(&ordered.reference).await.len(), calls, "nobody asks without a reason");
    world.close().await;
}
