//! Cards and pages: looked at by a person, asked for a second factor, reserved, captured, cancelled, tried again.

use dermaga_domain::{Code, payments::Step};
use dermaga_ports::{
    auth::Principal,
    ledger::TransactionStatus,
    payments::{Payment, PaymentState, Use},
};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::house::{CARD, DAY, HOUR, House, INVOICE, MEANS, MINUTE, PRICE, SECOND, SNAP, Way};

const WALLET: Way = Way("wallet", "wallet");

async fn step(house: &House, payment: &Payment, step: Step) -> dermaga_domain::Result<Payment> {
    house.app.payments.step(&Principal::Operator, payment.id, step).await
}

pub async fn c10_20_a_page_that_nobody_chose_on_waits(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(SNAP, "").await;
    house.live(10 * MINUTE, 5).await;
    assert_eq!(house.payment(payment.id).await.state, PaymentState::Pending);
    house.live(10 * MINUTE, 3).await;
    let over = house.payment(payment.id).await;
    assert_eq!((over.state, over.sums.captured), (PaymentState::Expired, 0));
    assert_eq!(house.status(&payment).await, TransactionStatus::Cancelled);
    house.close().await;
}

pub async fn c10_21_a_declined_payer_may_try_again_on_the_page(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(SNAP, "").await;
    house.play(&payment, "choose", json!({"method": "gopay"})).await;
    house.pass(SECOND).await;
    house.play(&payment, "deny", json!({})).await;
    house.live(SECOND, 3).await;
    let denied = house.payment(payment.id).await;
    assert!(matches!(denied.state, PaymentState::Failed | PaymentState::Pending), "{denied:?}");
    assert_eq!(house.status(&payment).await, TransactionStatus::Pending);
    house.play(&payment, "pay", json!({})).await;
    house.live(SECOND, 3).await;
    let paid = house.payment(payment.id).await;
    assert_eq!((paid.state, paid.used, house.merchant().await), (PaymentState::Paid, Use::Funding, PRICE));
    house.close().await;
}

pub async fn c10_22_c10_23_a_challenge_is_approved_or_denied(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(CARD, "~challenge").await;
    assert_eq!((payment.state, house.merchant().await), (PaymentState::Review, 0));
    let approved = step(&house, &payment, Step::Approve).await.expect("is approved");
    assert_eq!((approved.state, approved.used, house.merchant().await), (PaymentState::Paid, Use::Funding, PRICE));
    let again = step(&house, &payment, Step::Approve).await.expect_err("is paid");
    assert_eq!(again.code(), Code::IllegalTransition);
    for shape in ["deny", "cancel"] {
        let payment = house.buy(CARD, &format!("~challenge~denyshape.{shape}")).await;
        let denied = step(&house, &payment, Step::Deny).await.expect("is denied");
        assert_eq!((denied.state, house.merchant().await), (PaymentState::Failed, PRICE), "{shape}: {denied:?}");
        assert!(denied.reason.is_some(), "{shape}: it says why");
        house.live(MINUTE, 2).await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Failed, "{shape}");
    }
    house.close().await;
}

pub async fn c10_24_a_challenge_that_nobody_looks_at_ends(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(CARD, "~challenge").await;
    house.live(HOUR, 34).await;
    let over = house.payment(payment.id).await;
    // Whoever was challenged and let go was not approved.
    assert!(matches!(over.state, PaymentState::Cancelled | PaymentState::Failed), "{over:?}");
    assert_eq!((over.sums.captured, house.merchant().await), (0, 0));
    assert_eq!(house.status(&payment).await, TransactionStatus::Cancelled);
    house.close().await;
}

pub async fn c10_25_whoever_leaves_the_banks_page_has_not_paid(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(CARD, "~3ds.abandon").await;
    assert_eq!(payment.state, PaymentState::Pending);
    assert!(payment.action.is_some(), "the payer is sent to the bank");
    house.live(10 * MINUTE, 9).await;
    assert_eq!(house.payment(payment.id).await.state, PaymentState::Expired);
    let passed = house.buy(CARD, "~3ds").await;
    house.live(SECOND, 5).await;
    assert_eq!(house.payment(passed.id).await.used, Use::Funding);
    let failed = house.buy(CARD, "~3ds.fail").await;
    house.live(SECOND, 5).await;
    assert_eq!((house.payment(failed.id).await.state, house.merchant().await), (PaymentState::Failed, PRICE));
    house.close().await;
}

pub async fn c10_26_what_is_reserved_is_captured_once_or_lapses(engine: Engine) {
    for way in [CARD, WALLET] {
        let house = House::open(engine).await;
        let payment = if way == WALLET { house.buy(way, "").await } else { house.reserve(way, "~auth").await };
        assert_eq!((payment.state, house.merchant().await), (PaymentState::Authorized, 0), "{way:?}: {payment:?}");
        let captured = step(&house, &payment, Step::Capture).await.expect("is captured");
        assert_eq!((captured.state, captured.sums.captured), (PaymentState::Paid, PRICE), "{way:?}");
        let again = step(&house, &payment, Step::Capture).await.expect_err("once");
        assert_eq!((again.code(), house.merchant().await), (Code::IllegalTransition, PRICE), "{way:?}");
        house.close().await;
        let house = House::open(engine).await;
        let lapsed = if way == WALLET { house.buy(way, "").await } else { house.reserve(way, "~auth").await };
        house.live(6 * HOUR, 34).await;
        let over = house.payment(lapsed.id).await;
        assert!(matches!(over.state, PaymentState::Expired | PaymentState::Cancelled), "{way:?}: {over:?}");
        assert!(step(&house, &lapsed, Step::Capture).await.is_err(), "{way:?}");
        assert_eq!((house.merchant().await, house.ani_has().await), (0, MEANS), "{way:?}");
        house.close().await;
    }
}

pub async fn c10_27_a_card_is_voided_before_its_settlement_and_not_after(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(CARD, "~pay").await;
    house.live(SECOND, 3).await;
    assert_eq!(house.merchant().await, PRICE);
    let voided = step(&house, &payment, Step::Cancel).await.expect("is cancelled");
    assert_eq!((voided.state, house.merchant().await), (PaymentState::Voided, 0));
    assert_eq!(house.status(&payment).await, TransactionStatus::Refunded);
    let settled = house.buy(CARD, "~settle").await;
    house.live(SECOND, 3).await;
    house.live(DAY, 2).await;
    let refused = step(&house, &settled, Step::Cancel).await.expect_err("is settled");
    assert_eq!(refused.code(), Code::IllegalTransition);
    assert_eq!((house.payment(settled.id).await.state, house.merchant().await), (PaymentState::Paid, PRICE));
    house.close().await;
}

pub async fn c10_52_whoever_cancels_what_is_paid_learns_that_it_is_paid(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(INVOICE, "").await;
    house.play(&payment, "pay", json!({})).await;
    let told = step(&house, &payment, Step::Cancel).await.expect_err("it is paid");
    assert_eq!(told.code(), Code::IllegalTransition);
    let paid = house.payment(payment.id).await;
    assert_eq!((paid.state, paid.used, house.merchant().await), (PaymentState::Paid, Use::Funding, PRICE));
    house.live(MINUTE, 2).await;
    house.close().await;
}
