//! We are ill while the gateway tells us, or die before it does.

use std::time::Duration;

use dermaga_ports::payments::{Payment, PaymentState};
use dermaga_tests::{databases::Engine, ear::Mood};
use serde_json::json;

use crate::{
    house::{CORE, EACH, HOUR, House, INVOICE, MINUTE, PRICE, REQUEST, SECOND, SNAP},
    webhooks::paid_once,
};

/// How often the server tried until it gave up or was heard.
async fn attempts(house: &House, payment: &Payment) -> usize {
    let sent = house.sent(payment).await;
    sent.last().expect("something was sent")["attempts"].as_array().expect("attempts").len()
}

pub async fn c10_47_an_endpoint_that_fails_is_told_again_and_the_money_is_found(engine: Engine) {
    let hang = Mood::Silence(Duration::from_millis(1_500));
    let moods = [
        (Mood::Status(500), 2),
        (Mood::Status(503), 5),
        (Mood::Status(400), 3),
        (Mood::Status(404), 3),
        (Mood::Status(301), 1),
        (hang, 6),
    ];
    for (mood, tries) in moods {
        for way in [CORE, INVOICE, REQUEST] {
            let house = House::with(engine, |settings| {
                settings.midtrans.timeout_ms = 200;
                settings.xendit.timeout_ms = 200;
            })
            .await;
            let payment = house.buy(way, "").await;
            house.time(2 * SECOND).await;
            house.ear.be([mood; 40]);
            house.play(&payment, "pay", json!({})).await;
            // Nobody looks after anything: only the number of tries is of interest.
            for _ in 0..50 {
                house.time(HOUR).await;
            }
            let tries = if way.provider() == "xendit" { 7 } else { tries };
            assert_eq!(attempts(&house, &payment).await, tries, "{way:?} {mood:?}");
            assert_eq!(house.told("payment.paid").await, 0);
            // What no webhook told, a look finds.
            house.pass(MINUTE).await;
            let found = house.payment(payment.id).await;
            assert_eq!((found.state, found.sums.captured), (PaymentState::Paid, PRICE), "{way:?} {mood:?}");
            // Two days late it goes back, and a refund that is on its way is asked about every hour.
            assert_eq!(house.told("payment.surplus").await, 1, "{way:?} {mood:?}");
            house.live(HOUR, 3).await;
            house.close().await;
        }
    }
}

pub async fn c10_47_what_is_sent_again_is_heard(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let payment = house.choose(way, "").await;
        house.time(2 * SECOND).await;
        let before = house.ear.answers().len();
        house.ear.be([Mood::Status(503)]);
        house.play(&payment, "pay", json!({})).await;
        house.time(SECOND).await;
        house.time(20 * MINUTE).await;
        assert_eq!(house.ear.statuses()[before..], [503, 200], "{way:?}");
        house.look_after().await;
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        house.close().await;
    }
}

/// A payment that was sent off, before anybody here heard of its end; then our process dies.
pub async fn c10_58_a_restart_between_charge_and_webhook_loses_nothing(engine: Engine) {
    for way in EACH {
        let mut house = House::open(engine).await;
        let payment = house.buy(way, "").await;
        house.time(SECOND).await;
        house.die();
        house.play(&payment, "pay", json!({"method": "gopay"})).await;
        // Nobody is there, and the gateway gives up in the end.
        for _ in 0..48 {
            house.time(HOUR).await;
        }
        assert!(house.ear.statuses().contains(&503), "{way:?}");
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Pending, "{way:?}");
        house.come_back();
        house.look_after().await;
        let found = house.payment(payment.id).await;
        assert_eq!((found.state, found.sums.captured, found.late), (PaymentState::Paid, PRICE, false), "{way:?}");
        house.live(MINUTE, 3).await;
        house.close().await;
    }
}

/// The process dies while the charge is on its way.
pub async fn c10_58_a_restart_during_the_charge_makes_no_second_one(engine: Engine) {
    for way in [CORE, SNAP, INVOICE] {
        let mut house = House::open(engine).await;
        let payment = house.buy(way, "~hang.after").await;
        assert_eq!(payment.state, PaymentState::Submitting, "{way:?}");
        house.die();
        house.come_back();
        house.live(30 * SECOND, 20).await;
        let found = house.payment(payment.id).await;
        // Nobody can read a page of Snap before a method was chosen on it.
        let expected = if way == SNAP { PaymentState::Submitting } else { PaymentState::Pending };
        assert_eq!(found.state, expected, "{way:?}: {found:?}");
        house.play(&payment, "pay", json!({"method": "gopay"})).await;
        house.live(5 * SECOND, 2).await;
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        let records = house.records(&payment).await;
        // Of the pages that were asked for, one is paid.
        let paid = records.iter().filter(|record| record["kind"] != "snap").count();
        assert_eq!(
            (paid, house.calls(&payment, "/charge").await),
            (1, usize::from(way == CORE)),
            "{way:?}: {records:?}"
        );
        house.close().await;
    }
}
