//! The wallet as a gateway: what it does to the books.

use std::time::Duration;

use dermaga_ports::{
    ids::WalletId,
    ledger::{Balance, SystemAccount},
    money::{Currency, Money},
    payments::{Found, GatewayState, MethodKind, PaymentGateway, RefundProgress, RefusalKind},
};
use dermaga_tests::databases::Engine;
use uuid::Uuid;

use crate::{
    bank::{Bank, MEANS, charge},
    kit::{done, later, refund, refused, rupiah, seen},
};

/// Once on each database.
macro_rules! on_both {
    ($($name:ident)*) => {
        on_both!(engine sqlite, Sqlite, $($name)*);
        on_both!(engine postgres, Postgres, $($name)*);
    };
    (engine $engine:ident, $variant:ident, $($name:ident)*) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let bank = super::Bank::on(super::Engine::$variant).await;
                super::$name(&bank).await;
                bank.close().await;
            })*
        }
    };
}

on_both! {
    c10_01_a_charge_reserves_and_a_capture_takes
    what_a_wallet_does_not_hold_is_declined
    a_system_account_is_no_wallet
    c10_30_a_repeated_call_moves_nothing_twice
    of_two_charges_at_once_one_is_declined
    c10_26_a_part_is_captured_and_the_rest_released
    c10_24_a_charge_ends_with_its_time
    what_was_cancelled_is_free_again
    c10_28_refunds_go_back_part_by_part
    c10_29_no_more_is_refunded_than_was_taken
    c10_32_a_refund_is_found_by_its_key
}

const FREE: Balance = Balance { posted: MEANS, available: MEANS };

async fn c10_01_a_charge_reserves_and_a_capture_takes(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let charge = charge("DCF-1", wallet.id);
    let snapshot = done(bank.gateway.create(&charge).await);
    assert_eq!((snapshot.state, snapshot.expires_at), (GatewayState::Authorized, Some(charge.expires_at)));
    assert_eq!(bank.balance(wallet.id).await, Balance { posted: MEANS, available: MEANS - 150_000 });
    assert_eq!(bank.cash().await, 0, "nothing moved yet");

    let known = later(&charge, None);
    done(bank.gateway.capture(&known, charge.amount).await);
    let snapshot = seen(bank.gateway.query(&known).await);
    assert_eq!((snapshot.state, snapshot.settled, snapshot.captured), (GatewayState::Paid, true, None));
    assert_eq!(bank.balance(wallet.id).await, Balance { posted: MEANS - 150_000, available: MEANS - 150_000 });
    assert_eq!(bank.cash().await, 150_000);
    assert_eq!(refused(bank.gateway.cancel(&known).await), RefusalKind::WrongState);
}

async fn what_a_wallet_does_not_hold_is_declined(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let mut dear = charge("DCF-1", wallet.id);
    dear.amount = rupiah(MEANS + 1);
    assert_eq!(refused(bank.gateway.create(&dear).await), RefusalKind::Declined);
    assert_eq!(bank.gateway.query(&later(&dear, None)).await, dermaga_ports::payments::Outcome::Done(Found::Nothing));
    let mut foreign = charge("DCF-2", wallet.id);
    foreign.amount = Money::new(1, Currency::Usd).expect("in range");
    assert_eq!(refused(bank.gateway.create(&foreign).await), RefusalKind::Invalid);
    let mut late = charge("DCF-3", wallet.id);
    late.expires_at = crate::kit::start();
    assert_eq!(refused(bank.gateway.create(&late).await), RefusalKind::Invalid);
    let mut whose = charge("DCF-4", wallet.id);
    whose.method.wallet = None;
    assert_eq!(refused(bank.gateway.create(&whose).await), RefusalKind::Invalid);
    assert_eq!(bank.balance(wallet.id).await, FREE);
}

async fn a_system_account_is_no_wallet(bank: &Bank) {
    bank.payer("sari").await;
    // Cash accounts may go below zero: whoever could pay from one would pay with nothing.
    let cash = SystemAccount::GatewayCash { gateway: "sandbox".to_owned() }.id(Currency::Idr);
    let outcome = bank.gateway.create(&charge("DCF-1", WalletId::from(cash))).await;
    assert_eq!(refused(outcome), RefusalKind::Invalid);
    let nobody = bank.gateway.create(&charge("DCF-1", WalletId(Uuid::from_u128(1)))).await;
    assert_eq!(refused(nobody), RefusalKind::Invalid);
    let other = bank.gateway.create(&crate::kit::charge("DCF-1", MethodKind::Qris)).await;
    assert_eq!(refused(other), RefusalKind::NotSupported);
}

async fn c10_30_a_repeated_call_moves_nothing_twice(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let charge = charge("DCF-1", wallet.id);
    let known = later(&charge, None);
    let first = done(bank.gateway.create(&charge).await);
    assert_eq!(done(bank.gateway.create(&charge).await), first);
    assert_eq!(bank.balance(wallet.id).await.available, MEANS - 150_000);
    let mut dearer = charge.clone();
    dearer.amount = rupiah(150_001);
    assert_eq!(refused(bank.gateway.create(&dearer).await), RefusalKind::Duplicate);
    let somebody = bank.payer("budi").await;
    let theirs = self::charge("DCF-1", somebody.id);
    assert_eq!(refused(bank.gateway.create(&theirs).await), RefusalKind::Duplicate);

    for _ in 0..2 {
        done(bank.gateway.capture(&known, charge.amount).await);
    }
    assert_eq!(refused(bank.gateway.capture(&known, rupiah(1)).await), RefusalKind::WrongState);
    assert_eq!(bank.cash().await, 150_000);
    for amount in [20_000, 20_000, 30_000] {
        let answer = done(bank.gateway.refund(&known, &refund("R-1", amount)).await);
        assert_eq!(answer, RefundProgress::Succeeded, "the first refund is the answer");
    }
    assert_eq!(bank.cash().await, 130_000);
}

async fn of_two_charges_at_once_one_is_declined(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let dear = |n: usize| {
        let mut dear = charge(&format!("DCF-{n}"), wallet.id);
        dear.amount = rupiah(600_000);
        dear
    };
    let charges: Vec<_> = (0..8).map(dear).collect();
    let outcomes = futures::future::join_all(charges.iter().map(|charge| bank.gateway.create(charge))).await;
    let held = outcomes.iter().filter(|outcome| matches!(outcome, dermaga_ports::payments::Outcome::Done(_))).count();
    assert_eq!(held, 1, "{outcomes:?}");
    for outcome in outcomes {
        if let dermaga_ports::payments::Outcome::Refused(refusal) = outcome {
            assert_eq!(refusal.kind, RefusalKind::Declined);
        }
    }
    assert_eq!(bank.balance(wallet.id).await.available, 400_000);

    // One charge, captured by many at once, is captured once.
    let taken = charge("DCF-9", wallet.id);
    done(bank.gateway.create(&taken).await);
    let known = later(&taken, None);
    let captures = (0..8).map(|_| bank.gateway.capture(&known, taken.amount));
    for outcome in futures::future::join_all(captures).await {
        done(outcome);
    }
    let refunds = (0..8).map(|_| bank.gateway.refund(&known, &RATHER_MUCH));
    futures::future::join_all(refunds).await.into_iter().for_each(|outcome| drop(done(outcome)));
    assert_eq!(bank.cash().await, 50_000);
}

static RATHER_MUCH: std::sync::LazyLock<dermaga_ports::payments::NewRefund> =
    std::sync::LazyLock::new(|| refund("R-1", 100_000));

async fn c10_26_a_part_is_captured_and_the_rest_released(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let charge = charge("DCF-1", wallet.id);
    let known = later(&charge, None);
    done(bank.gateway.create(&charge).await);
    assert_eq!(refused(bank.gateway.capture(&known, rupiah(150_001)).await), RefusalKind::AmountTooLarge);
    assert_eq!(refused(bank.gateway.capture(&known, rupiah(0)).await), RefusalKind::Invalid);
    done(bank.gateway.capture(&known, rupiah(120_000)).await);
    let snapshot = seen(bank.gateway.query(&known).await);
    assert_eq!((snapshot.state, snapshot.captured), (GatewayState::Paid, Some(120_000)));
    assert_eq!(bank.balance(wallet.id).await, Balance { posted: MEANS - 120_000, available: MEANS - 120_000 });
}

async fn c10_24_a_charge_ends_with_its_time(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let charge = charge("DCF-1", wallet.id);
    let known = later(&charge, None);
    done(bank.gateway.create(&charge).await);
    bank.clock.advance(Duration::from_secs(3_600));
    assert_eq!(seen(bank.gateway.query(&known).await).state, GatewayState::Expired, "nobody tidied up yet");
    assert_eq!(bank.balance(wallet.id).await, FREE);
    assert_eq!(refused(bank.gateway.capture(&known, charge.amount).await), RefusalKind::WrongState);
    assert_eq!(seen(bank.gateway.query(&known).await).state, GatewayState::Expired);
    // Asked for again, it is what it was: over.
    assert_eq!(done(bank.gateway.create(&charge).await).state, GatewayState::Expired);
}

async fn what_was_cancelled_is_free_again(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    for (reference, state) in [("DCF-1", GatewayState::Cancelled), ("DCF-2", GatewayState::Expired)] {
        let charge = charge(reference, wallet.id);
        let known = later(&charge, None);
        done(bank.gateway.create(&charge).await);
        for _ in 0..2 {
            match state {
                GatewayState::Cancelled => done(bank.gateway.cancel(&known).await),
                _ => done(bank.gateway.expire(&known).await),
            }
        }
        assert_eq!(seen(bank.gateway.query(&known).await).state, state);
        assert_eq!(bank.balance(wallet.id).await, FREE);
        assert_eq!(refused(bank.gateway.capture(&known, charge.amount).await), RefusalKind::WrongState);
    }
    let never = later(&charge("DCF-3", wallet.id), None);
    assert_eq!(refused(bank.gateway.cancel(&never).await), RefusalKind::NotFound);
    assert_eq!(refused(bank.gateway.capture(&never, rupiah(1)).await), RefusalKind::NotFound);
}

async fn c10_28_refunds_go_back_part_by_part(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let charge = charge("DCF-1", wallet.id);
    let known = later(&charge, None);
    done(bank.gateway.create(&charge).await);
    done(bank.gateway.capture(&known, charge.amount).await);
    for (key, amount, sum) in [("R-1", 50_000, 50_000), ("R-2", 40_000, 90_000), ("R-3", 60_000, 150_000)] {
        assert_eq!(done(bank.gateway.refund(&known, &refund(key, amount)).await), RefundProgress::Succeeded);
        assert_eq!(seen(bank.gateway.query(&known).await).refunded, Some(sum));
    }
    assert_eq!(bank.balance(wallet.id).await, FREE);
    assert_eq!(bank.cash().await, 0);
    assert_eq!(seen(bank.gateway.query(&known).await).state, GatewayState::Paid);
}

async fn c10_29_no_more_is_refunded_than_was_taken(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let charge = charge("DCF-1", wallet.id);
    let known = later(&charge, None);
    assert_eq!(refused(bank.gateway.refund(&known, &refund("R-0", 1)).await), RefusalKind::NotFound);
    done(bank.gateway.create(&charge).await);
    assert_eq!(refused(bank.gateway.refund(&known, &refund("R-0", 1)).await), RefusalKind::WrongState);
    done(bank.gateway.capture(&known, rupiah(100_000)).await);
    assert_eq!(refused(bank.gateway.refund(&known, &refund("R-1", 100_001)).await), RefusalKind::AmountTooLarge);
    let (first, second) = (refund("R-2", 60_000), refund("R-3", 60_000));
    let both = futures::join!(bank.gateway.refund(&known, &first), bank.gateway.refund(&known, &second));
    let kinds = [both.0, both.1].map(|outcome| matches!(outcome, dermaga_ports::payments::Outcome::Done(_)));
    assert_eq!(kinds.iter().filter(|done| **done).count(), 1, "of two that are too much together one is refused");
    assert_eq!(bank.cash().await, 40_000);
}

async fn c10_32_a_refund_is_found_by_its_key(bank: &Bank) {
    let wallet = bank.payer("sari").await;
    let charge = charge("DCF-1", wallet.id);
    let known = later(&charge, None);
    done(bank.gateway.create(&charge).await);
    done(bank.gateway.capture(&known, charge.amount).await);
    assert_eq!(done(bank.gateway.query_refund(&known, "R-1").await), None);
    done(bank.gateway.refund(&known, &refund("R-1", 1)).await);
    assert_eq!(done(bank.gateway.query_refund(&known, "R-1").await), Some(RefundProgress::Succeeded));
    assert_eq!(done(bank.gateway.query_refund(&known, "R-2").await), None);
}
