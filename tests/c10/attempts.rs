//! Attempts to pay: in time, late, twice, taken back, refused, lost on the way.

use dermaga_ports::{
    ledger::TransactionStatus,
    payments::{PaymentState, Use},
};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::house::{CORE, DAY, EACH, HOUR, House, INVOICE, MEANS, MINUTE, PRICE, REQUEST, SECOND, SNAP, Way};

/// Every method that a script can pay by itself.
const METHODS: [Way; 14] = [
    Way("midtrans", "bank_transfer"),
    Way("midtrans", "qris"),
    CORE,
    Way("midtrans", "shopeepay"),
    Way("midtrans", "credit_card"),
    Way("midtrans", "echannel"),
    Way("midtrans", "cstore"),
    SNAP,
    INVOICE,
    Way("xendit", "bank_transfer"),
    Way("xendit", "qris"),
    REQUEST,
    Way("xendit", "shopeepay"),
    Way("xendit", "cstore"),
];

pub async fn c10_01_what_is_paid_is_fulfilled_once(engine: Engine) {
    let house = House::open(engine).await;
    for (n, way) in (1..).zip(METHODS) {
        let payment = house.buy(way, "~pay1s").await;
        if way.1 != "credit_card" {
            assert_eq!(payment.state, PaymentState::Pending, "{way:?}: {payment:?}");
            assert!(payment.action.is_some(), "{way:?}: the payer is told what to do");
        }
        if way == SNAP {
            house.play(&payment, "choose", json!({"method": "gopay"})).await;
        }
        house.live(SECOND, 5).await;
        let paid = house.payment(payment.id).await;
        assert_eq!((paid.state, paid.used, paid.late), (PaymentState::Paid, Use::Funding, false), "{way:?}: {paid:?}");
        assert_eq!(house.status(&payment).await, TransactionStatus::Completed, "{way:?}");
        assert_eq!(house.told("payment.paid").await, n, "{way:?}");
        assert_eq!(house.merchant().await, PRICE * i64::try_from(n).expect("few"), "{way:?}");
    }
    house.close().await;
}

pub async fn c10_01_from_a_wallet_what_is_paid_is_fulfilled_once(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(Way("wallet", "wallet"), "").await;
    assert_eq!(payment.state, PaymentState::Authorized);
    for _ in 0..2 {
        let paid = house.app.payments.confirm(&house.ani, payment.id).await.expect("is paid");
        assert_eq!((paid.state, paid.used), (PaymentState::Paid, Use::Funding));
    }
    assert_eq!((house.ani_has().await, house.merchant().await), (MEANS - PRICE, PRICE));
    assert_eq!(house.told("payment.paid").await, 1);
    house.close().await;
}

pub async fn c10_05_money_after_the_end_goes_back(engine: Engine) {
    for way in [CORE, INVOICE, REQUEST] {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~latepay").await;
        house.pass(5 * SECOND).await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Expired, "{way:?}");
        house.live(MINUTE, 3).await;
        let late = house.payment(payment.id).await;
        assert_eq!((late.state, late.late), (PaymentState::Paid, true), "{way:?}: {late:?}");
        // The purchase had time left, so the money is what it was meant for.
        assert_eq!((late.used, house.status(&payment).await), (Use::Funding, TransactionStatus::Completed), "{way:?}");
        house.close().await;
    }
}

pub async fn c10_05_money_after_the_purchases_end_goes_back(engine: Engine) {
    for (way, to_wallet) in
        [(CORE, 0), (SNAP, 0), (INVOICE, 0), (REQUEST, 0), (Way("midtrans", "bank_transfer"), PRICE)]
    {
        let house = House::open(engine).await;
        let payment = house.buy(way, "").await;
        if way == SNAP {
            house.play(&payment, "choose", json!({"method": "gopay"})).await;
        }
        house.live(10 * MINUTE, 8).await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Expired, "{way:?}");
        assert_eq!(house.status(&payment).await, TransactionStatus::Cancelled, "{way:?}");
        house.play(&payment, "pay", json!({"payment_type": "DANA"})).await;
        house.live(MINUTE, 5).await;
        house.live(HOUR, 4).await;
        let late = house.payment(payment.id).await;
        assert_eq!((late.state, late.used, late.late), (PaymentState::Paid, Use::Surplus, true), "{way:?}: {late:?}");
        assert_eq!(house.status(&payment).await, TransactionStatus::Cancelled, "{way:?}: the purchase stays dead");
        assert_eq!(late.sums.refunded, PRICE - to_wallet, "{way:?}");
        assert_eq!((house.ani_has().await, house.merchant().await), (MEANS + to_wallet, 0), "{way:?}");
        house.close().await;
    }
}

pub async fn c10_06_a_payment_that_the_bank_takes_back_is_gone(engine: Engine) {
    for way in [Way("midtrans", "echannel"), Way("midtrans", "cstore"), CORE] {
        let house = House::open(engine).await;
        let payment = house.paid_with(way, "~pay1s~reverse180s").await;
        assert_eq!(house.merchant().await, PRICE, "{way:?}");
        house.live(MINUTE, 5).await;
        let gone = house.payment(payment.id).await;
        assert_eq!((gone.state, gone.sums.left() >= 0), (PaymentState::Reversed, true), "{way:?}: {gone:?}");
        assert_eq!(house.status(&payment).await, TransactionStatus::Refunded, "{way:?}");
        assert_eq!((house.merchant().await, house.told("payment.reversed").await), (0, 1), "{way:?}");
        house.close().await;
    }
}

pub async fn c10_12_a_charge_whose_answer_is_lost_is_found_and_not_repeated(engine: Engine) {
    for way in [CORE, INVOICE] {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~hang.after").await;
        assert_eq!(payment.state, PaymentState::Submitting, "{way:?}");
        house.live(5 * SECOND, 6).await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Pending, "{way:?}");
        assert_eq!(house.records(&payment).await.len(), 1, "{way:?}: no second charge");
        house.play(&payment, "pay", json!({})).await;
        house.pass(5 * SECOND).await;
        assert_eq!(house.payment(payment.id).await.used, Use::Funding, "{way:?}");
        house.close().await;
    }
}

pub async fn c10_13_a_charge_that_never_arrived_is_sent_again(engine: Engine) {
    for way in [CORE, SNAP, INVOICE] {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~hang.before").await;
        assert_eq!(payment.state, PaymentState::Submitting, "{way:?}");
        assert_eq!(house.records(&payment).await.len(), 0, "{way:?}: nothing is there");
        house.live(15 * SECOND, 12).await;
        let found = house.payment(payment.id).await;
        assert_eq!(found.state, PaymentState::Pending, "{way:?}: {found:?}");
        assert_eq!(house.records(&payment).await.len(), 1, "{way:?}");
        house.play(&payment, "pay", json!({"method": "gopay"})).await;
        house.pass(5 * SECOND).await;
        assert_eq!(house.payment(payment.id).await.used, Use::Funding, "{way:?}");
        house.close().await;
    }
}

pub async fn c10_16_a_charge_in_process_is_no_failure(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(CORE, "~inproc").await;
    assert_eq!(payment.state, PaymentState::Submitting);
    house.live(5 * SECOND, 24).await;
    let found = house.payment(payment.id).await;
    assert_eq!(found.state, PaymentState::Pending, "{found:?}");
    assert_eq!(house.records(&payment).await.len(), 1);
    house.close().await;
}

pub async fn c10_17_a_refused_charge_is_a_failed_payment(engine: Engine) {
    for (way, script) in
        [(CORE, "~e402"), (CORE, "~deny"), (CORE, "~e400"), (SNAP, "~e400"), (REQUEST, "~e400"), (INVOICE, "~e400")]
    {
        let house = House::open(engine).await;
        let payment = house.buy(way, script).await;
        assert_eq!(payment.state, PaymentState::Failed, "{way:?} {script}: {payment:?}");
        assert!(payment.reason.is_some(), "{way:?} {script}: it says why");
        assert_eq!(house.status(&payment).await, TransactionStatus::Pending, "{way:?}: it may be tried again");
        let second = house.again(way, payment.transaction, "~pay1s").await;
        if way == SNAP {
            house.play(&second, "choose", json!({"method": "gopay"})).await;
        }
        house.live(SECOND, 4).await;
        assert_eq!(house.payment(second.id).await.used, Use::Funding, "{way:?} {script}");
        house.close().await;
    }
}

pub async fn c10_18_a_charge_that_is_wrong_fails_with_the_gateways_words(engine: Engine) {
    // What no gateway takes: a month for a code that lives a week, and sums below its least.
    for (way, window, price, words) in [
        (CORE, 30 * DAY, PRICE, "expiry duration is out of range"),
        (SNAP, 30 * DAY, PRICE, "expiry duration is out of range"),
        (INVOICE, HOUR, 9_999, "must be at least 10000"),
        (Way("xendit", "cstore"), HOUR, 9_999, "request_amount must be from 10000"),
    ] {
        let house = House::lasting(engine, window).await;
        let failed = house.buy_for(way, price).await;
        let about = format!("{way:?}: {failed:?}");
        assert_eq!(failed.state, PaymentState::Failed, "{about}");
        assert!(failed.reason.as_ref().is_some_and(|reason| reason.contains(words)), "{about}");
        assert_eq!((house.records(&failed).await.len(), house.told("payment.failed").await), (0, 1), "{about}");
        assert_eq!(house.status(&failed).await, TransactionStatus::Pending, "{about}: it may be tried again");
        let second = house.again(Way("midtrans", "bank_transfer"), failed.transaction, "~pay1s").await;
        house.live(SECOND, 4).await;
        assert_eq!((house.payment(second.id).await.used, house.merchant().await), (Use::Funding, price), "{about}");
        assert_eq!(house.payment(failed.id).await.state, PaymentState::Failed, "{about}");
        house.close().await;
    }
}

pub async fn c10_46_of_two_paid_attempts_one_funds_and_the_other_goes_back(engine: Engine) {
    for (first, second) in [(CORE, Way("midtrans", "qris")), (INVOICE, REQUEST), (CORE, INVOICE), (SNAP, CORE)] {
        let house = House::open(engine).await;
        let one = house.buy(first, "").await;
        let two = house.again(second, one.transaction, "~pay1h").await;
        for attempt in [&one, &two] {
            house.play(attempt, "pay", json!({"method": "gopay", "payment_type": "DANA"})).await;
        }
        house.live(MINUTE, 5).await;
        house.live(HOUR, 3).await;
        let about = format!("{first:?} and {second:?}");
        let (one, two) = (house.payment(one.id).await, house.payment(two.id).await);
        let mut used = [one.used, two.used];
        used.sort_by_key(|used| used.as_str());
        assert_eq!(used, [Use::Funding, Use::Surplus], "{about}: {one:?} {two:?}");
        assert_eq!(one.sums.captured + two.sums.captured, 2 * PRICE, "{about}");
        assert_eq!(one.sums.refunded + two.sums.refunded, PRICE, "{about}");
        assert_eq!(
            (house.merchant().await, house.status(&one).await),
            (PRICE, TransactionStatus::Completed),
            "{about}"
        );
        assert_eq!((house.told("payment.paid").await, house.told("payment.surplus").await), (1, 1), "{about}");
        house.close().await;
    }
}

pub async fn c10_53_the_settlement_that_no_webhook_tells_is_seen(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.paid(INVOICE).await;
    assert!(!payment.settled);
    house.play(&payment, "settle", json!({})).await;
    house.live(DAY, 2).await;
    let settled = house.payment(payment.id).await;
    assert_eq!((settled.state, settled.settled, settled.next_check_at), (PaymentState::Paid, true, None));
    house.close().await;
}

pub async fn c10_39_nobody_is_over_before_the_time(engine: Engine) {
    for way in EACH {
        for skew in [10 * MINUTE, MINUTE] {
            let house = House::open(engine).await;
            let payment = house.buy(way, "").await;
            // Our clock is ahead of the gateway's.
            house.clock.advance(skew);
            house.live(5 * MINUTE, 10).await;
            let found = house.payment(payment.id).await;
            assert_eq!(found.state, PaymentState::Pending, "{way:?} {skew:?}: {found:?}");
            house.play(&payment, "pay", json!({"method": "gopay"})).await;
            house.live(SECOND, 3).await;
            let paid = house.payment(payment.id).await;
            assert_eq!((paid.state, paid.late), (PaymentState::Paid, false), "{way:?} {skew:?}");
            house.live(HOUR, 3).await;
            house.close().await;
        }
    }
}

/// Our clock is behind the gateway's: its time for the payer ends before ours does.
pub async fn c10_39_a_clock_that_is_behind_loses_no_payment(engine: Engine) {
    for way in EACH {
        for skew in [10 * MINUTE, MINUTE] {
            let house = House::open(engine).await;
            house.sandbox.app.advance(skew).await;
            let paid = house.buy(way, "").await;
            let left = house.buy(way, "").await;
            house.live(5 * MINUTE, 9).await;
            let about = format!("{way:?} {skew:?}");
            assert_eq!(house.payment(paid.id).await.state, PaymentState::Pending, "{about}: there is time left");
            house.play(&paid, "pay", json!({"method": "gopay"})).await;
            house.live(SECOND, 3).await;
            let found = house.payment(paid.id).await;
            assert_eq!((found.state, found.used, found.late), (PaymentState::Paid, Use::Funding, false), "{about}");
            // Who does not pay is over by the gateway's word or by ours, and on both sides.
            house.live(5 * MINUTE, 6).await;
            let over = house.payment(left.id).await;
            assert_eq!((over.state, over.sums.captured), (PaymentState::Expired, 0), "{about}: {over:?}");
            assert_eq!(house.status(&left).await, TransactionStatus::Cancelled, "{about}");
            assert_eq!((house.merchant().await, house.told("payment.frozen").await), (PRICE, 0), "{about}");
            house.close().await;
        }
    }
    // So far behind that the gateway's time is over before it began: by its word alone, and another way is open.
    let house = House::open(engine).await;
    house.sandbox.app.advance(70 * MINUTE).await;
    let stillborn = house.buy(CORE, "").await;
    house.live(SECOND, 5).await;
    assert_eq!(house.payment(stillborn.id).await.state, PaymentState::Expired);
    assert_eq!(house.status(&stillborn).await, TransactionStatus::Pending);
    let second = house.again(INVOICE, stillborn.transaction, "~pay1s").await;
    house.live(SECOND, 4).await;
    assert_eq!((house.payment(second.id).await.used, house.merchant().await), (Use::Funding, PRICE));
    house.close().await;
}
