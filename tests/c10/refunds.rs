//! Money that goes back: in parts, twice, too much, lost on the way, denied, by somebody else, by the payer's bank.

use dermaga_domain::Code;
use dermaga_ports::{
    auth::Principal,
    ids::RefundId,
    ledger::{SystemAccount, TransactionStatus},
    payments::{DisputeProgress, Payment, PaymentState, Refund, RefundState},
};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::house::{CARD, CORE, DAY, EACH, HOUR, House, INVOICE, MEANS, MINUTE, PRICE, REQUEST, SECOND, SNAP, Way};

const WALLET: Way = Way("wallet", "wallet");
const EVERY: [Way; 5] = [CORE, SNAP, INVOICE, REQUEST, WALLET];

/// A purchase that is paid and may be refunded.
async fn paid(house: &House, way: Way) -> Payment {
    if way == WALLET {
        let payment = house.buy(way, "").await;
        return house.app.payments.confirm(&house.ani, payment.id).await.expect("is paid");
    }
    house.paid(way).await
}

async fn refund(house: &House, of: &Payment, id: RefundId, amount: i64) -> dermaga_domain::Result<Refund> {
    house.app.payments.refund(&Principal::Operator, id, of.id, Some(amount), "out of stock").await
}

/// What went back, and what is on its way.
async fn sums(house: &House, of: &Payment) -> (i64, i64) {
    let sums = house.payment(of.id).await.sums;
    (sums.refunded, sums.refund_pending)
}

pub async fn c10_28_parts_go_back_until_nothing_is_left(engine: Engine) {
    for way in EVERY {
        let house = House::open(engine).await;
        let payment = paid(&house, way).await;
        let mut back = 0;
        for amount in [50_000, 40_000, 60_000] {
            refund(&house, &payment, RefundId(house.id()), amount).await.expect("is made");
            house.live(MINUTE, 2).await;
            house.live(HOUR, 2).await;
            back += amount;
            assert_eq!(sums(&house, &payment).await, (back, 0), "{way:?}");
            assert_eq!(house.merchant().await, PRICE - back, "{way:?}");
            let whole = back == PRICE;
            let status = if whole { TransactionStatus::Refunded } else { TransactionStatus::PartiallyRefunded };
            assert_eq!(house.status(&payment).await, status, "{way:?} after {back}");
        }
        let more = refund(&house, &payment, RefundId(house.id()), 1).await.expect_err("nothing is left");
        assert_eq!(more.code(), Code::RefundExceeds, "{way:?}");
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Paid, "{way:?}: it was paid");
        assert_eq!(house.told("refund.succeeded").await, 3, "{way:?}");
        if way == WALLET {
            assert_eq!(house.ani_has().await, MEANS);
        }
        house.close().await;
    }
}

pub async fn c10_29_no_more_goes_back_than_was_paid(engine: Engine) {
    for way in EVERY {
        let house = House::open(engine).await;
        let payment = paid(&house, way).await;
        let alone = refund(&house, &payment, RefundId(house.id()), PRICE + 1).await.expect_err("too much");
        assert_eq!(alone.code(), Code::RefundExceeds, "{way:?}");
        // Each of them fits, two of them do not.
        let ids: Vec<RefundId> = (0..4).map(|_| RefundId(house.id())).collect();
        let all = ids.iter().map(|id| refund(&house, &payment, *id, 100_000));
        let outcomes = futures::future::join_all(all).await;
        let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(made, 1, "{way:?}: {outcomes:?}");
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(refused.code(), Code::RefundExceeds, "{way:?}");
        }
        house.live(MINUTE, 2).await;
        house.live(HOUR, 2).await;
        assert_eq!(sums(&house, &payment).await, (100_000, 0), "{way:?}");
        assert_eq!(house.merchant().await, PRICE - 100_000, "{way:?}");
        house.close().await;
    }
}

pub async fn c10_30_the_same_refund_twice_is_one(engine: Engine) {
    for way in EVERY {
        let house = House::open(engine).await;
        let payment = paid(&house, way).await;
        let id = RefundId(house.id());
        refund(&house, &payment, id, 50_000).await.expect("is made");
        let again = refund(&house, &payment, id, 50_000).await.expect("is the same");
        assert_eq!((again.id, again.amount.amount()), (id, 50_000), "{way:?}");
        let other = refund(&house, &payment, id, 20_000).await.expect_err("another amount");
        assert_eq!(other.code(), Code::TransferConflict, "{way:?}");
        house.live(MINUTE, 2).await;
        house.live(HOUR, 2).await;
        assert_eq!(sums(&house, &payment).await, (50_000, 0), "{way:?}");
        house.close().await;
    }
}

pub async fn c10_31_a_refund_that_is_told_twice_is_booked_once(engine: Engine) {
    let house = House::open(engine).await;
    house.show_card("4811111111111114").await;
    let payment = house.buy(CARD, "~settle~rf2n~rfpend1h").await;
    house.live(SECOND, 3).await;
    let refunded = refund(&house, &payment, RefundId(house.id()), 50_000).await.expect("is asked for");
    assert_eq!((refunded.state, sums(&house, &payment).await), (RefundState::Pending, (0, 50_000)));
    assert_eq!(house.merchant().await, PRICE, "it is reserved and not gone");
    house.live(20 * MINUTE, 6).await;
    assert_eq!(sums(&house, &payment).await, (50_000, 0));
    let told = house.webhooks().await.into_iter().filter(|told| told.claims.as_deref() == Some("partial_refund"));
    assert_eq!((told.count(), house.told("refund.succeeded").await), (2, 1));
    house.close().await;
}

pub async fn c10_32_a_refund_whose_answer_is_lost_is_made_once(engine: Engine) {
    for (way, path) in
        [(CORE, "*/refund/online/direct"), (SNAP, "*/refund*"), (INVOICE, "/refunds"), (REQUEST, "/refunds")]
    {
        let house = House::open(engine).await;
        let payment = paid(&house, way).await;
        house.fault(path, "timeout_after_commit").await;
        let asked = refund(&house, &payment, RefundId(house.id()), 50_000).await.expect("is asked for");
        assert_eq!(asked.state, RefundState::Requested, "{way:?}: nobody knows");
        house.live(30 * SECOND, 6).await;
        house.live(HOUR, 2).await;
        assert_eq!(sums(&house, &payment).await, (50_000, 0), "{way:?}");
        assert_eq!(house.view(payment.id).await.refunds[0].state, RefundState::Succeeded, "{way:?}");
        assert_eq!(house.told("refund.succeeded").await, 1, "{way:?}");
        house.close().await;
    }
}

pub async fn c10_33_a_refund_that_is_denied_sets_its_money_free(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let payment = house.paid_with(way, "~pay1s~rfdeny").await;
        let id = RefundId(house.id());
        refund(&house, &payment, id, 50_000).await.expect("is asked for");
        house.live(MINUTE, 2).await;
        house.live(HOUR, 2).await;
        let made = house.app.payments.payment(&Principal::Operator, payment.id).await.expect("is there").refunds;
        assert_eq!((made.len(), made[0].state), (1, RefundState::Failed), "{way:?}");
        assert!(made[0].failure.is_some(), "{way:?}: it says why");
        assert_eq!((sums(&house, &payment).await, house.merchant().await), ((0, 0), PRICE), "{way:?}");
        assert_eq!(house.status(&payment).await, TransactionStatus::Completed, "{way:?}");
        house.close().await;
    }
}

pub async fn c10_34_what_cannot_be_refunded_says_so(engine: Engine) {
    let ways = [Way("midtrans", "bank_transfer"), Way("midtrans", "cstore"), Way("xendit", "bank_transfer")];
    for way in ways {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~pay10s").await;
        let early = refund(&house, &payment, RefundId(house.id()), 1_000).await.expect_err("is not paid");
        assert_eq!(early.code(), Code::IllegalTransition, "{way:?}");
        house.live(5 * SECOND, 4).await;
        let told = refund(&house, &payment, RefundId(house.id()), 1_000).await.expect_err("no way back");
        assert_eq!(told.code(), Code::NotRefundable, "{way:?}");
        assert_eq!((sums(&house, &payment).await, house.view(payment.id).await.refunds.len()), ((0, 0), 0), "{way:?}");
        house.close().await;
    }
}

pub async fn c10_35_a_second_refund_waits_for_the_first(engine: Engine) {
    for way in [INVOICE, REQUEST] {
        let house = House::open(engine).await;
        let payment = paid(&house, way).await;
        for amount in [50_000, 30_000] {
            refund(&house, &payment, RefundId(house.id()), amount).await.expect("is asked for");
        }
        assert_eq!(sums(&house, &payment).await, (0, 80_000), "{way:?}");
        house.live(10 * SECOND, 12).await;
        house.live(HOUR, 3).await;
        assert_eq!(sums(&house, &payment).await, (80_000, 0), "{way:?}");
        assert!(house.view(payment.id).await.refunds.iter().all(|one| one.state == RefundState::Succeeded), "{way:?}");
        house.close().await;
    }
}

pub async fn c10_36_a_refund_from_the_dashboard_is_booked(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let payment = paid(&house, way).await;
        house.play(&payment, "refund", json!({"amount": 30_000})).await;
        house.live(MINUTE, 3).await;
        house.live(HOUR, 2).await;
        let found = house.view(payment.id).await;
        assert_eq!(found.refunds.len(), 1, "{way:?}: {found:?}");
        assert!(found.refunds[0].external && found.refunds[0].state == RefundState::Succeeded, "{way:?}");
        assert_eq!((sums(&house, &payment).await, house.merchant().await), ((30_000, 0), PRICE - 30_000), "{way:?}");
        assert_eq!(house.status(&payment).await, TransactionStatus::PartiallyRefunded, "{way:?}");
        house.close().await;
    }
}

/// The books of a payment of which the payer's bank took `lost`, after `back` was refunded.
async fn charged_back(house: &House, way: Way, payment: &Payment, back: i64, lost: i64) {
    let found = house.view(payment.id).await;
    let about = format!("{way:?} {lost} after {back}: {found:?}");
    assert_eq!(found.payment.sums.charged_back, lost, "{about}");
    assert_eq!((found.disputes.len(), found.disputes[0].state), (1, DisputeProgress::Lost), "{about}");
    let beyond = back + lost > PRICE;
    assert_eq!(found.payment.frozen, beyond, "{about}");
    // Whatever the merchant cannot give back is a claim; a merchant may also owe it.
    let claims = -house.account(SystemAccount::Chargebacks { gateway: way.0.to_owned() }).await;
    assert_eq!(house.merchant().await - claims, PRICE - back - lost, "{about}");
}

pub async fn c10_37_a_chargeback_costs_whoever_has_the_money(engine: Engine) {
    for way in [CARD, INVOICE, REQUEST] {
        for (back, lost) in [(0, PRICE), (0, 40_000), (50_000, 40_000), (50_000, PRICE)] {
            let house = House::open(engine).await;
            let payment = house.paid_with(way, if way == CARD { "~settle" } else { "~pay1s" }).await;
            if back > 0 {
                refund(&house, &payment, RefundId(house.id()), back).await.expect("is made");
                house.live(MINUTE, 2).await;
                house.live(HOUR, 1).await;
            }
            house.play(&payment, "chargeback", json!({"amount": lost})).await;
            house.live(MINUTE, 3).await;
            house.live(DAY, 2).await;
            charged_back(&house, way, &payment, back, lost).await;
            house.close().await;
        }
    }
}

pub async fn c10_37_a_second_chargeback_at_midtrans_is_one_dispute_that_grows(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(CARD, "~settle").await;
    house.live(SECOND, 5).await;
    let mut lost = 0;
    for amount in [40_000, 30_000, 80_000] {
        house.play(&payment, "chargeback", json!({"amount": amount})).await;
        house.live(MINUTE, 3).await;
        lost += amount;
        charged_back(&house, CARD, &payment, 0, lost).await;
    }
    house.close().await;
}

/// A webhook is not sent again because we could not read: so we ask again.
pub async fn c10_37_c10_54_a_chargeback_is_found_though_the_gateway_was_silent(engine: Engine) {
    for way in [CARD, INVOICE] {
        let house = House::open(engine).await;
        let payment = house.buy(way, if way == CARD { "~settle" } else { "~pay1s~settle" }).await;
        house.live(SECOND, 5).await;
        house.live(DAY, 2).await;
        assert_eq!(house.payment(payment.id).await.next_check_at, None, "{way:?}: nothing more is expected");
        for mode in ["status:503", "truncate", "html", "reset", "status:429"] {
            house.fault_of("GET", "*", mode).await;
        }
        house.play(&payment, "chargeback", json!({"amount": 40_000})).await;
        house.pass(SECOND).await;
        assert_eq!(house.payment(payment.id).await.sums.charged_back, 0, "{way:?}: the gateway gives no answer");
        house.live(MINUTE, 30).await;
        charged_back(&house, way, &payment, 0, 40_000).await;
        house.close().await;
    }
}

pub async fn c10_38_a_dispute_that_is_won_costs_nothing(engine: Engine) {
    for way in [INVOICE, Way("xendit", "qris")] {
        for (to, amount) in [("WON", 0), ("LOST", 60_000)] {
            let house = House::open(engine).await;
            let payment = house.paid(way).await;
            house.play(&payment, "dispute", json!({"to": "ACTION_REQUIRED", "amount": 100_000})).await;
            house.live(MINUTE, 2).await;
            let open = house.view(payment.id).await.disputes;
            assert_eq!((open[0].state, open[0].amount.amount()), (DisputeProgress::Open, 100_000), "{way:?} {to}");
            let end = if amount > 0 { json!({"to": to, "amount": amount}) } else { json!({"to": to}) };
            house.play(&payment, "dispute", end).await;
            house.live(MINUTE, 2).await;
            house.live(DAY, 2).await;
            let over = house.view(payment.id).await;
            let expected = if amount > 0 { DisputeProgress::Lost } else { DisputeProgress::Won };
            assert_eq!((over.disputes[0].state, over.disputes.len()), (expected, 1), "{way:?} {to}");
            assert_eq!(
                (over.payment.sums.charged_back, house.merchant().await),
                (amount, PRICE - amount),
                "{way:?} {to}"
            );
            assert!(!over.payment.frozen, "{way:?} {to}");
            house.close().await;
        }
    }
}
