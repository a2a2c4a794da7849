//! Lives of payments at Midtrans, as the server that plays it tells them.

use std::time::Duration;

use dermaga_gateways::Secret;
use dermaga_ports::{
    money::{Currency, Money},
    payments::{
        ChargeRef, DisputeProgress, Found, GatewayState, MethodKind, Outcome, PayAction, PaymentGateway,
        RefundProgress, RefusalKind, SeenAmount, Snapshot,
    },
};
use dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
use serde_json::json;

use crate::{
    kit::{done, later, refund, refused, rupiah, seen, unknown},
    stage::{GOOD_CARD, Stage},
};

/// Accepted by the bank, challenged by the fraud engine.
const CHALLENGED_CARD: &str = "4511111111111117";
const REFUSED_CARD: &str = "4911111111111113";

/// A charge by that method, made.
async fn made(stage: &Stage, reference: &str, kind: MethodKind) -> (ChargeRef, Snapshot) {
    let charge = stage.charge(reference, kind);
    let snapshot = done(stage.core.create(&charge).await);
    (later(&charge, snapshot.provider_id.as_deref()), snapshot)
}

/// A card that was charged: the server answers at once.
async fn by_card(stage: &Stage, reference: &str, number: &str) -> (ChargeRef, Snapshot) {
    let charge = stage.card(reference, number).await;
    let snapshot = done(stage.core.create(&charge).await);
    (later(&charge, snapshot.provider_id.as_deref()), snapshot)
}

/// How the payment reads after so many seconds.
async fn after(stage: &Stage, seconds: u64, known: &ChargeRef) -> Snapshot {
    stage.wait(seconds).await;
    seen(stage.core.query(known).await)
}

#[tokio::test]
async fn every_method_says_what_to_do() {
    let stage = Stage::start().await;
    for bank in ["bca", "bni", "bri", "cimb", "permata"] {
        let mut charge = stage.charge(&format!("DCF-{bank}"), MethodKind::BankTransfer);
        charge.method.bank = Some(bank.to_owned());
        let action = done(stage.core.create(&charge).await).action;
        assert!(
            matches!(&action, Some(PayAction::VirtualAccount { bank: told, number }) if told == bank && number.len() > 5)
        );
    }
    let action = async |reference: &str, kind| made(&stage, reference, kind).await.1.action.expect("an action");
    let bill = action("DCF-1", MethodKind::Echannel).await;
    assert!(matches!(bill, PayAction::Bill { biller_code, .. } if !biller_code.is_empty()));
    let code = action("DCF-2", MethodKind::Qris).await;
    assert!(matches!(code, PayAction::Qr { qr: Some(_), image: Some(_) }));
    assert!(matches!(action("DCF-3", MethodKind::Gopay).await, PayAction::Open { .. }));
    assert!(matches!(action("DCF-4", MethodKind::Shopeepay).await, PayAction::Open { .. }));
    let counter = action("DCF-5", MethodKind::Cstore).await;
    assert!(matches!(counter, PayAction::CounterCode { store, .. } if store == "indomaret"));
    let mut unknown_bank = stage.charge("DCF-6", MethodKind::BankTransfer);
    unknown_bank.method.bank = Some("atlantis".to_owned());
    assert_eq!(refused(stage.core.create(&unknown_bank).await), RefusalKind::Invalid);
}

#[tokio::test]
async fn a_script_in_the_description_reaches_the_server() {
    let stage = Stage::start().await;
    let mut charge = stage.charge("DCF-1", MethodKind::Qris);
    charge.description = Some("Order 7 ~pay1s".to_owned());
    done(stage.core.create(&charge).await);
    assert_eq!(after(&stage, 2, &later(&charge, None)).await.state, GatewayState::Paid);
}

#[tokio::test]
async fn c10_05_c10_06_late_money_and_money_taken_back_are_read_as_they_are() {
    let stage = Stage::start().await;
    let (late, _) = made(&stage, "DCF-1~latepay", MethodKind::Gopay).await;
    assert_eq!(after(&stage, 1, &late).await.state, GatewayState::Expired);
    assert_eq!(after(&stage, 60, &late).await.state, GatewayState::Paid);
    let (reversed, _) = made(&stage, "DCF-2~pay1s~reverse180s", MethodKind::Echannel).await;
    let paid = after(&stage, 2, &reversed).await;
    assert_eq!((paid.state, paid.settled), (GatewayState::Paid, true));
    assert!(matches!(after(&stage, 200, &reversed).await.state, GatewayState::Denied { retry_possible: false, .. }));
    let (broken, _) = made(&stage, "DCF-3~fail", MethodKind::Qris).await;
    assert!(matches!(after(&stage, 1, &broken).await.state, GatewayState::Failed { .. }));
}

#[tokio::test]
async fn c10_09_c10_10_c10_40_amounts_are_told_as_they_came() {
    let stage = Stage::start().await;
    let exact = |amount| SeenAmount::Exact(rupiah(amount));
    for (script, amount) in [("amt.p1", exact(150_001)), ("amt.m1", exact(149_999)), ("amtfmt.int", exact(150_000))] {
        let (known, _) = made(&stage, &format!("DCF-1~pay1s~{script}"), MethodKind::Qris).await;
        let read = after(&stage, 2, &known).await;
        assert_eq!((read.state, read.amount), (GatewayState::Paid, amount), "{script}");
    }
    for script in ["amtfmt.dec50", "amtfmt.exp", "amtfmt.neg", "amtfmt.huge", "cur.none", "cur.XYZ"] {
        let (known, _) = made(&stage, &format!("DCF-1~pay1s~{script}"), MethodKind::Qris).await;
        let read = after(&stage, 2, &known).await;
        assert!(matches!(read.amount, SeenAmount::Unreadable(_)), "{script}: {:?}", read.amount);
    }
    let (known, _) = made(&stage, "DCF-1~pay1s~cur.USD", MethodKind::Qris).await;
    let dollars = Money::new(15_000_000, Currency::Usd).expect("in range");
    assert_eq!(after(&stage, 2, &known).await.amount, SeenAmount::Exact(dollars));
}

#[tokio::test]
async fn c10_12_a_charge_that_was_made_without_an_answer_is_found() {
    let stage = Stage::start().await;
    let charge = stage.charge("DCF-1~hang.after", MethodKind::Qris);
    unknown(stage.core.create(&charge).await);
    assert_eq!(seen(stage.core.query(&later(&charge, None)).await).state, GatewayState::Pending);
    assert_eq!(stage.records(&charge.reference).await.len(), 1);
}

#[tokio::test]
async fn c10_13_a_charge_that_was_lost_is_not_there_and_may_be_repeated() {
    let stage = Stage::start().await;
    let charge = stage.charge("DCF-1~hang.before", MethodKind::Qris);
    unknown(stage.core.create(&charge).await);
    assert_eq!(stage.core.query(&later(&charge, None)).await, Outcome::Done(Found::Nothing));
    assert_eq!(done(stage.core.create(&charge).await).state, GatewayState::Pending);
    assert_eq!(stage.records(&charge.reference).await.len(), 1);
    let page = stage.charge("DCF-2~hang.before", MethodKind::Page);
    unknown(stage.snap.create(&page).await);
    assert!(done(stage.snap.create(&page).await).action.is_some());
}

#[tokio::test]
async fn c10_14_c10_15_a_key_answers_for_five_minutes_and_the_reference_for_ever() {
    let stage = Stage::start().await;
    let mut charge = stage.charge("DCF-1", MethodKind::Qris);
    let first = done(stage.core.create(&charge).await);
    stage.wait(240).await;
    assert_eq!(done(stage.core.create(&charge).await), first, "the very same answer");
    stage.wait(120).await;
    assert_eq!(refused(stage.core.create(&charge).await), RefusalKind::Duplicate);
    charge.idempotency_key = "another".to_owned();
    assert_eq!(refused(stage.core.create(&charge).await), RefusalKind::Duplicate);
    assert_eq!(seen(stage.core.query(&later(&charge, None)).await).state, GatewayState::Pending);
    assert_eq!(stage.records("DCF-1").await.len(), 1);
}

#[tokio::test]
async fn c10_16_a_call_in_process_is_asked_about() {
    let stage = Stage::start().await;
    let charge = stage.charge("DCF-1~inproc", MethodKind::Qris);
    unknown(stage.core.create(&charge).await);
    assert_eq!(after(&stage, 4, &later(&charge, None)).await.state, GatewayState::Pending);
    assert_eq!(done(stage.core.create(&charge).await).state, GatewayState::Pending, "the first answer");
}

#[tokio::test]
async fn c10_17_refusals_are_typed_in_both_manners_of_midtrans() {
    use dermaga_sandbox::config::HttpErrors;
    for manner in [HttpErrors::Classic, HttpErrors::Modern] {
        let stage = Stage::with(|played| played.midtrans.http_errors = manner, |_| {}).await;
        for (script, kind) in [
            ("e402", RefusalKind::Invalid),
            ("e410", RefusalKind::Declined),
            ("e429", RefusalKind::TryLater),
            ("e505", RefusalKind::TryLater),
        ] {
            let outcome = stage.core.create(&stage.charge(&format!("DCF-1~{script}"), MethodKind::Qris)).await;
            if script == "e505" && manner == HttpErrors::Modern {
                // As a status of HTTP it may come from anything in between.
                unknown(outcome);
            } else {
                assert_eq!(refused(outcome), kind, "{script} {manner:?}");
            }
        }
        for script in ["e500", "e503"] {
            unknown(stage.core.create(&stage.charge(&format!("DCF-1~{script}"), MethodKind::Qris)).await);
        }
        let spent = stage.card("DCF-2", GOOD_CARD).await;
        done(stage.core.create(&spent).await);
        let again = dermaga_ports::payments::NewCharge {
            reference: "DCF-3".to_owned(),
            idempotency_key: "3".to_owned(),
            ..spent
        };
        assert_eq!(refused(stage.core.create(&again).await), RefusalKind::Invalid, "a token is good for once");
    }
    let stranger =
        |config: &mut dermaga_gateways::MidtransConfig| config.server_key = Secret::new("SB-Mid-server-other");
    let stage = Stage::with(|_| {}, stranger).await;
    let charge = stage.charge("DCF-1", MethodKind::Qris);
    assert_eq!(refused(stage.core.create(&charge).await), RefusalKind::Credentials);
    assert_eq!(refused(stage.snap.create(&stage.charge("DCF-1", MethodKind::Page)).await), RefusalKind::Credentials);
    assert!(unknown(stage.core.query(&later(&charge, None)).await).contains("credentials"));
    assert!(MIDTRANS_SERVER_KEY.starts_with("SB-"));
}

#[tokio::test]
async fn what_is_declined_at_once_is_refused() {
    let stage = Stage::start().await;
    for kind in [MethodKind::Gopay, MethodKind::Qris] {
        let outcome = stage.core.create(&stage.charge(&format!("DCF-{kind}~deny"), kind)).await;
        assert_eq!(refused(outcome), RefusalKind::Declined, "{kind}");
    }
    let card = stage.card("DCF-1", REFUSED_CARD).await;
    assert_eq!(refused(stage.core.create(&card).await), RefusalKind::Declined);
    let state = seen(stage.core.query(&later(&card, None)).await).state;
    assert!(matches!(state, GatewayState::Denied { retry_possible: false, .. }), "a read knows it, too: {state:?}");
}

#[tokio::test]
async fn c10_20_c10_21_a_page_is_unknown_until_a_method_is_chosen_and_may_be_tried_again() {
    let stage = Stage::start().await;
    let charge = stage.charge("DCF-1", MethodKind::Page);
    let page = done(stage.snap.create(&charge).await);
    let known = later(&charge, page.provider_id.as_deref());
    assert_eq!(stage.snap.query(&known).await, Outcome::Done(Found::Nothing));
    stage.play("DCF-1", "choose", json!({"method": "gopay"})).await;
    assert_eq!(seen(stage.snap.query(&known).await).state, GatewayState::Pending);
    assert_eq!(refused(stage.snap.create(&charge_again(&charge)).await), RefusalKind::Duplicate);
    stage.play("DCF-1", "deny", json!({})).await;
    let denied = seen(stage.snap.query(&known).await).state;
    assert!(matches!(denied, GatewayState::Denied { retry_possible: true, .. }), "{denied:?}");
    stage.play("DCF-1", "pay", json!({})).await;
    assert_eq!(seen(stage.snap.query(&known).await).state, GatewayState::Paid);
}

fn charge_again(charge: &dermaga_ports::payments::NewCharge) -> dermaga_ports::payments::NewCharge {
    dermaga_ports::payments::NewCharge { idempotency_key: "another".to_owned(), ..charge.clone() }
}

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
    assert!(matches!(states[0], GatewayState::Denied { retry_possible: false, .. }));
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

#[tokio::test]
async fn c10_41_c10_42_c10_43_c10_44_odd_looks_do_not_matter() {
    let stage = Stage::start().await;
    for script in ["shape.odd", "upper", "ptype.qris", "early"] {
        let (known, _) = made(&stage, &format!("DCF-1~pay1s~{script}"), MethodKind::Gopay).await;
        let read = after(&stage, 2, &known).await;
        assert_eq!((read.state, read.amount), (GatewayState::Paid, SeenAmount::Exact(rupiah(150_000))), "{script}");
    }
    let (known, _) = made(&stage, "DCF-2~pay1s~st.on_hold", MethodKind::Gopay).await;
    assert_eq!(after(&stage, 2, &known).await.state, GatewayState::Unrecognised("on_hold".to_owned()));
}

#[tokio::test]
async fn c10_39_the_payers_time_is_told_across_the_zone() {
    let stage = Stage::start().await;
    let charge = stage.charge("DCF-1", MethodKind::Qris);
    let snapshot = done(stage.core.create(&charge).await);
    assert_eq!(snapshot.expires_at, Some(charge.expires_at));
    let over = dermaga_ports::payments::NewCharge {
        expires_at: crate::kit::start(),
        ..stage.charge("DCF-2", MethodKind::Qris)
    };
    assert_eq!(refused(stage.core.create(&over).await), RefusalKind::Invalid);
}
