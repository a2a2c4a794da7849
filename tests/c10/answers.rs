//! Answers that are odd: another sum, one that cannot be read, words that nobody knows, unusual looks.

use dermaga_ports::{
    ledger::{SystemAccount, TransactionStatus},
    payments::{PaymentState, Use},
};
use dermaga_tests::databases::Engine;

use crate::house::{CORE, EACH, House, INVOICE, PRICE, REQUEST, SECOND, SNAP};

pub async fn c10_09_c10_51_another_sum_waits_for_a_person(engine: Engine) {
    for way in EACH {
        for (script, sum) in [("~pay1s~amt.p1", PRICE + 1), ("~pay1s~amt.m1", PRICE - 1)] {
            let house = House::open(engine).await;
            let payment = house.choose(way, script).await;
            house.live(SECOND, 5).await;
            let found = house.payment(payment.id).await;
            let about = format!("{way:?} {script}: {found:?}");
            assert_eq!((found.used, found.frozen, found.sums.captured), (Use::Suspense, true, sum), "{about}");
            assert_eq!(house.status(&payment).await, TransactionStatus::Pending, "{about}");
            assert_eq!(house.merchant().await, 0, "{about}");
            let suspense = SystemAccount::Suspense { gateway: way.0.to_owned() };
            assert_eq!(house.account(suspense).await, sum, "{about}");
            assert_eq!(house.told("payment.frozen").await, 1, "{about}");
            house.close().await;
        }
    }
}

pub async fn c10_10_c10_40_a_sum_that_cannot_be_read_waits_for_a_person(engine: Engine) {
    for way in EACH {
        for script in ["amtfmt.dec50", "amtfmt.exp", "amtfmt.neg", "amtfmt.huge", "cur.USD", "cur.none"] {
            if way.provider() == "midtrans" && script == "cur.none" {
                // Midtrans leaves the currency out where it is rupiah.
                continue;
            }
            let house = House::open(engine).await;
            let payment = house.choose(way, &format!("~pay1s~{script}")).await;
            house.live(SECOND, 5).await;
            let found = house.payment(payment.id).await;
            let about = format!("{way:?} {script}: {found:?}");
            assert!(found.frozen && found.state != PaymentState::Paid, "{about}");
            assert_eq!((found.sums.captured, house.merchant().await), (0, 0), "{about}");
            assert_eq!(house.status(&payment).await, TransactionStatus::Pending, "{about}");
            // In the gateway's own books it is rupiah; nobody here can know.
            house.close_with(PRICE).await;
        }
        let house = House::open(engine).await;
        let payment = house.choose(way, "~pay1s~amtfmt.int").await;
        house.live(SECOND, 5).await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Paid, "{way:?}");
        house.close().await;
    }
}

pub async fn c10_42_a_word_that_nobody_knows_changes_nothing(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let payment = house.choose(way, "~pay1s~st.on_hold").await;
        house.live(SECOND, 5).await;
        let found = house.payment(payment.id).await;
        assert!(found.state != PaymentState::Paid && found.reason.is_some(), "{way:?}: {found:?}");
        assert!(found.next_check_at.is_some(), "{way:?}: it is asked again");
        assert_eq!(house.merchant().await, 0);
        house.close_with(PRICE).await;
    }
}

pub async fn c10_41_c10_42_c10_43_odd_looks_do_not_matter(engine: Engine) {
    for (way, script) in [
        (CORE, "shape.odd"),
        (CORE, "upper"),
        (CORE, "ptype.qris"),
        (SNAP, "shape.odd"),
        (SNAP, "upper"),
        (SNAP, "ptype.qris"),
        (INVOICE, "shape.odd"),
        (INVOICE, "ptype.QRIS"),
        (REQUEST, "shape.odd"),
        (REQUEST, "ptype.QRIS"),
    ] {
        let house = House::open(engine).await;
        let payment = house.paid_with(way, &format!("~pay1s~{script}")).await;
        assert_eq!(house.merchant().await, PRICE, "{way:?} {script}: {payment:?}");
        house.close().await;
    }
}
