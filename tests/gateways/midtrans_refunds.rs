//! Money that goes back at Midtrans: by hand, without an answer, denied, from the dashboard, by the payer's bank.

use std::time::Duration;

use dermaga_ports::payments::{
    DisputeProgress, GatewayState, MethodKind, Outcome, PaymentGateway, RefundProgress, RefusalKind,
};
use serde_json::json;

use crate::{
    kit::{done, refund, refused, seen, unknown},
    midtrans::{after, by_card, made},
    stage::{GOOD_CARD, Stage},
};

#[tokio::test]
async fn c10_31_a_refund_by_hand_is_pending_until_the_bank_confirms_it() {
    let stage = Stage::start().await;
    let (known, _) = by_card(&stage, "DCF-1~settle~rfpend1h", GOOD_CARD).await;
    stage.wait(1).await;
    assert_eq!(done(stage.core.refund(&known, &refund("R-1", 50_000)).await), RefundProgress::Pending);
    assert_eq!(done(stage.core.query_refund(&known, "R-1").await), Some(RefundProgress::Pending));
    let read = after(&stage, 3_700, &known).await;
    assert_eq!((read.refunded, read.refunds.len()), (Some(50_000), 1));
    assert_eq!(read.refunds[0].state, RefundProgress::Succeeded);
}

#[tokio::test]
async fn c10_32_a_refund_without_an_answer_is_found_by_its_key() {
    let stage = Stage::start().await;
    let (known, _) = made(&stage, "DCF-1~pay1s", MethodKind::Gopay).await;
    stage.wait(2).await;
    stage.fault("*/refund/online/direct", "timeout_after_commit").await;
    unknown(stage.core.refund(&known, &refund("R-1", 50_000)).await);
    assert_eq!(done(stage.core.query_refund(&known, "R-1").await), Some(RefundProgress::Succeeded));
    // As long as the first call hangs, Midtrans says no more than that.
    let again = loop {
        match stage.core.refund(&known, &refund("R-1", 50_000)).await {
            Outcome::Unknown(told) if told.contains("in process") => {
                tokio::time::sleep(Duration::from_millis(200)).await
            }
            other => break done(other),
        }
    };
    assert_eq!(again, RefundProgress::Succeeded);
    assert_eq!(stage.sums("midtrans", "DCF-1~pay1s").await, (150_000, 50_000, 0));
}

#[tokio::test]
async fn c10_33_a_refund_that_the_bank_denies_is_refused_and_nothing_is_gone() {
    let stage = Stage::start().await;
    let (known, _) = made(&stage, "DCF-1~pay1s~rfdeny", MethodKind::Gopay).await;
    stage.wait(2).await;
    assert_eq!(refused(stage.core.refund(&known, &refund("R-1", 50_000)).await), RefusalKind::Declined);
    assert_eq!(done(stage.core.query_refund(&known, "R-1").await), None);
    assert_eq!(seen(stage.core.query(&known).await).refunded, None);
}

#[tokio::test]
async fn c10_36_a_refund_from_the_dashboard_is_seen() {
    let stage = Stage::start().await;
    let (known, _) = made(&stage, "DCF-1~pay1s", MethodKind::Gopay).await;
    stage.wait(2).await;
    stage.play("DCF-1~pay1s", "refund", json!({"amount": 30_000})).await;
    let read = seen(stage.core.query(&known).await);
    assert_eq!((read.state, read.refunded, read.refunds[0].amount), (GatewayState::Paid, Some(30_000), 30_000));
    assert!(read.refunds[0].key.starts_with("dashboard-"));
}

#[tokio::test]
async fn c10_37_chargebacks_are_one_dispute_with_their_sum() {
    let stage = Stage::start().await;
    let (known, _) = by_card(&stage, "DCF-1~settle", GOOD_CARD).await;
    stage.wait(1).await;
    stage.play("DCF-1~settle", "chargeback", json!({"amount": 40_000})).await;
    let read = seen(stage.core.query(&known).await);
    assert_eq!(read.state, GatewayState::Paid, "what was disputed was paid");
    assert_eq!((read.disputes[0].amount, read.disputes[0].state), (40_000, DisputeProgress::Lost));
    let id = read.disputes[0].id.clone();
    stage.play("DCF-1~settle", "chargeback", json!({})).await;
    let read = seen(stage.core.query(&known).await);
    assert_eq!((&read.disputes[0].id, read.disputes[0].amount, read.disputes.len()), (&id, 150_000, 1));
    assert_eq!(read.refunds.len(), 0);
}
