//! Cards at Midtrans: challenged, asked for a second factor, held, captured, cancelled.

use dermaga_ports::payments::{ChargeRef, GatewayState, PayAction, PaymentGateway, RefusalKind, SeenAmount};

use crate::{
    kit::{done, later, refund, refused, rupiah, seen},
    midtrans::{after, by_card},
    stage::{GOOD_CARD, Stage},
};

/// Accepted by the bank, challenged by the fraud engine.
const CHALLENGED_CARD: &str = "4511111111111117";

#[tokio::test]
async fn c10_22_c10_23_c10_24_a_challenge_is_approved_denied_or_left() {
    let stage = Stage::start().await;
    let (approved, snapshot) = by_card(&stage, "DCF-1", CHALLENGED_CARD).await;
    assert_eq!(snapshot.state, GatewayState::Review);
    done(stage.core.approve(&approved).await);
    assert_eq!(seen(stage.core.query(&approved).await).state, GatewayState::Paid);
    assert_eq!(refused(stage.core.approve(&approved).await), RefusalKind::WrongState);

    let mut states = Vec::new();
    for shape in ["deny", "cancel"] {
        let (denied, _) = by_card(&stage, &format!("DCF-2~denyshape.{shape}"), CHALLENGED_CARD).await;
        done(stage.core.deny(&denied).await);
        states.push(seen(stage.core.query(&denied).await).state);
    }
    assert!(matches!(states[0], GatewayState::Denied { .. }));
    assert_eq!(states[0], states[1], "both shapes are one thing");

    let (left, _) = by_card(&stage, "DCF-3", CHALLENGED_CARD).await;
    assert_eq!(after(&stage, 26 * 3_600, &left).await.state, GatewayState::Cancelled);
}

#[tokio::test]
async fn c10_25_the_banks_question_is_answered_or_not() {
    let stage = Stage::start().await;
    let (asked, snapshot) = by_card(&stage, "DCF-1~3ds", GOOD_CARD).await;
    assert!(matches!(snapshot.action, Some(PayAction::Open { .. })), "{snapshot:?}");
    assert_eq!(after(&stage, 2, &asked).await.state, GatewayState::Paid);
    let (abandoned, _) = by_card(&stage, "DCF-2~3ds.abandon", GOOD_CARD).await;
    assert_eq!(after(&stage, 900, &abandoned).await.state, GatewayState::Pending);
    assert_eq!(after(&stage, 3_600, &abandoned).await.state, GatewayState::Expired);
    let (failed, _) = by_card(&stage, "DCF-3~3ds.fail", GOOD_CARD).await;
    assert!(matches!(after(&stage, 2, &failed).await.state, GatewayState::Denied { .. }));
}

/// A card whose money is only reserved.
async fn held(stage: &Stage, reference: &str) -> ChargeRef {
    let mut charge = stage.card(reference, GOOD_CARD).await;
    charge.method.authorize_only = true;
    let snapshot = done(stage.core.create(&charge).await);
    assert_eq!(snapshot.state, GatewayState::Authorized);
    later(&charge, snapshot.provider_id.as_deref())
}

#[tokio::test]
async fn c10_26_what_is_held_is_captured_once_in_part_or_not_at_all() {
    let stage = Stage::start().await;
    let known = held(&stage, "DCF-1").await;
    assert_eq!(refused(stage.core.capture(&known, rupiah(150_001)).await), RefusalKind::AmountTooLarge);
    let by_reference = ChargeRef { provider_id: None, ..known.clone() };
    done(stage.core.capture(&by_reference, rupiah(120_000)).await);
    assert_eq!(refused(stage.core.capture(&known, rupiah(120_000)).await), RefusalKind::WrongState);
    let read = seen(stage.core.query(&known).await);
    assert_eq!((read.state, read.amount), (GatewayState::Paid, SeenAmount::Exact(rupiah(120_000))));

    let lapsed = held(&stage, "DCF-2").await;
    assert_eq!(after(&stage, 8 * 86_400 + 60, &lapsed).await.state, GatewayState::Expired);
    assert_eq!(refused(stage.core.capture(&lapsed, rupiah(1)).await), RefusalKind::WrongState);

    let denied = held(&stage, "DCF-3~auth~deny").await;
    assert_eq!(refused(stage.core.capture(&denied, rupiah(150_000)).await), RefusalKind::Declined);
    assert_eq!(seen(stage.core.query(&denied).await).state, GatewayState::Authorized, "the hold stays");
}

#[tokio::test]
async fn c10_27_c10_34_a_card_is_cancelled_before_and_refunded_after_its_settlement() {
    let stage = Stage::start().await;
    let (known, snapshot) = by_card(&stage, "DCF-1", GOOD_CARD).await;
    assert_eq!((snapshot.state, snapshot.settled), (GatewayState::Paid, false));
    assert_eq!(refused(stage.core.refund(&known, &refund("R-1", 1)).await), RefusalKind::WrongState);
    done(stage.core.cancel(&known).await);
    assert_eq!(seen(stage.core.query(&known).await).state, GatewayState::Cancelled);

    let (settled, _) = by_card(&stage, "DCF-2~settle", GOOD_CARD).await;
    let read = after(&stage, 1, &settled).await;
    assert_eq!((read.state, read.settled), (GatewayState::Paid, true));
    assert_eq!(refused(stage.core.cancel(&settled).await), RefusalKind::WrongState);
    done(stage.core.refund(&settled, &refund("R-1", 1)).await);
}
