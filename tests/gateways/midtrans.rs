//! Lives of payments at Midtrans, as the server that plays it tells them.

use dermaga_gateways::Secret;
use dermaga_ports::{
    money::{Currency, Money},
    payments::{
        ChargeRef, Found, GatewayState, MethodKind, Outcome, PayAction, PaymentGateway, RefusalKind, SeenAmount,
        Snapshot,
    },
};
use dermaga_sandbox::config::MIDTRANS_SERVER_KEY;
use serde_json::json;

use crate::{
    kit::{done, later, refused, rupiah, seen, unknown},
    stage::{GOOD_CARD, Stage},
};

const REFUSED_CARD: &str = "4911111111111113";

/// A charge by that method, made.
pub async fn made(stage: &Stage, reference: &str, kind: MethodKind) -> (ChargeRef, Snapshot) {
    let charge = stage.charge(reference, kind);
    let snapshot = done(stage.core.create(&charge).await);
    (later(&charge, snapshot.provider_id.as_deref()), snapshot)
}

/// A card that was charged: the server answers at once.
pub async fn by_card(stage: &Stage, reference: &str, number: &str) -> (ChargeRef, Snapshot) {
    let charge = stage.card(reference, number).await;
    let snapshot = done(stage.core.create(&charge).await);
    (later(&charge, snapshot.provider_id.as_deref()), snapshot)
}

/// How the payment reads after so many seconds.
pub async fn after(stage: &Stage, seconds: u64, known: &ChargeRef) -> Snapshot {
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
    assert!(matches!(after(&stage, 200, &reversed).await.state, GatewayState::Denied { .. }));
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
    assert!(matches!(state, GatewayState::Denied { .. }), "a read knows it, too: {state:?}");
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
    assert!(matches!(denied, GatewayState::Denied { .. }), "{denied:?}");
    stage.play("DCF-1", "pay", json!({})).await;
    assert_eq!(seen(stage.snap.query(&known).await).state, GatewayState::Paid);
}

fn charge_again(charge: &dermaga_ports::payments::NewCharge) -> dermaga_ports::payments::NewCharge {
    dermaga_ports::payments::NewCharge { idempotency_key: "another".to_owned(), ..charge.clone() }
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
