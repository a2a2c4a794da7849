//! Lives of payments at Xendit, as the server that plays it tells them.

use dermaga_ports::payments::{
    ChargeRef, DisputeProgress, Found, GatewayState, MethodKind, NewCharge, Outcome, PaymentGateway, RefundProgress,
    RefusalKind, SeenAmount, Snapshot,
};
use dermaga_sandbox::config::XENDIT_SECRET_KEY;
use serde_json::json;

use crate::{
    kit::{done, later, refund, refused, rupiah, seen, unknown},
    stage::Stage,
};

const BOTH: [MethodKind; 2] = [MethodKind::Page, MethodKind::Gopay];

async fn made(stage: &Stage, reference: &str, kind: MethodKind) -> (ChargeRef, Snapshot) {
    let charge = stage.charge(reference, kind);
    let snapshot = done(stage.xendit.create(&charge).await);
    (later(&charge, snapshot.provider_id.as_deref()), snapshot)
}

async fn after(stage: &Stage, seconds: u64, known: &ChargeRef) -> Snapshot {
    stage.wait(seconds).await;
    seen(stage.xendit.query(known).await)
}

#[tokio::test]
async fn c10_05_money_after_the_end_is_money_even_where_the_record_stays_expired() {
    for kind in BOTH {
        for script in ["latepay", "latepay.keep"] {
            let stage = Stage::start().await;
            let (known, _) = made(&stage, &format!("DCF-1~{script}"), kind).await;
            assert_eq!(after(&stage, 1, &known).await.state, GatewayState::Expired, "{kind} {script}");
            let read = after(&stage, 60, &known).await;
            let expected = (GatewayState::Paid, SeenAmount::Exact(rupiah(150_000)));
            assert_eq!((read.state, read.amount), expected, "{kind} {script}");
        }
    }
}

#[tokio::test]
async fn c10_10_c10_40_c10_51_amounts_are_told_as_they_came() {
    let stage = Stage::start().await;
    let exact = |amount| SeenAmount::Exact(rupiah(amount));
    for kind in BOTH {
        for (script, amount) in [("amt.p1", exact(150_001)), ("amt.m1", exact(149_999)), ("amtfmt.int", exact(150_000))]
        {
            let (known, _) = made(&stage, &format!("DCF-{kind}~pay1s~{script}"), kind).await;
            let read = after(&stage, 2, &known).await;
            assert_eq!((read.state, read.amount), (GatewayState::Paid, amount), "{kind} {script}");
        }
        for script in ["amtfmt.dec50", "amtfmt.exp", "amtfmt.neg", "amtfmt.huge", "cur.none"] {
            let (known, _) = made(&stage, &format!("DCF-{kind}~pay1s~{script}"), kind).await;
            let read = after(&stage, 2, &known).await;
            assert!(matches!(read.amount, SeenAmount::Unreadable(_)), "{kind} {script}: {:?}", read.amount);
        }
    }
}

#[tokio::test]
async fn c10_12_c10_13_an_invoice_without_an_answer_is_found_or_may_be_made_again() {
    let stage = Stage::start().await;
    let made = stage.charge("DCF-1~hang.after", MethodKind::Page);
    unknown(stage.xendit.create(&made).await);
    assert_eq!(seen(stage.xendit.query(&later(&made, None)).await).state, GatewayState::Pending);
    let first = done(stage.xendit.create(&made).await);
    assert_eq!(first.state, GatewayState::Pending);
    assert_eq!(stage.records(&made.reference).await.len(), 1, "the repetition finds the first");

    let lost = stage.charge("DCF-2~hang.before", MethodKind::Page);
    unknown(stage.xendit.create(&lost).await);
    assert_eq!(stage.xendit.query(&later(&lost, None)).await, Outcome::Done(Found::Nothing));
    done(stage.xendit.create(&lost).await);
    assert_eq!(stage.records(&lost.reference).await.len(), 1);
}

#[tokio::test]
async fn a_request_without_an_answer_cannot_be_found_but_its_webhook_names_it() {
    let stage = Stage::start().await;
    let charge = stage.charge("DCF-1~hang.after", MethodKind::Gopay);
    unknown(stage.xendit.create(&charge).await);
    assert!(!stage.xendit.capabilities().finds_by_reference(MethodKind::Gopay));
    assert_eq!(stage.xendit.query(&later(&charge, None)).await, Outcome::Done(Found::Nothing));
    let id = stage.records(&charge.reference).await[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(seen(stage.xendit.query(&later(&charge, Some(&id))).await).state, GatewayState::Pending);
}

#[tokio::test]
async fn what_is_declined_or_fails_is_told() {
    let stage = Stage::start().await;
    assert_eq!(
        refused(stage.xendit.create(&stage.charge("DCF-1~deny", MethodKind::Gopay)).await),
        RefusalKind::Declined
    );
    let (known, _) = made(&stage, "DCF-2", MethodKind::Gopay).await;
    stage.play("DCF-2", "deny", json!({})).await;
    assert!(matches!(seen(stage.xendit.query(&known).await).state, GatewayState::Denied { .. }));
    let (known, _) = made(&stage, "DCF-3~fail", MethodKind::Gopay).await;
    assert!(matches!(after(&stage, 1, &known).await.state, GatewayState::Failed { .. }));
    let poor = NewCharge { amount: rupiah(1_000), ..stage.charge("DCF-4", MethodKind::Page) };
    assert_eq!(refused(stage.xendit.create(&poor).await), RefusalKind::Invalid);
}

#[tokio::test]
async fn c10_26_a_part_of_what_was_held_is_captured() {
    let stage = Stage::start().await;
    let mut charge = stage.charge("DCF-1~pay1s", MethodKind::CreditCard);
    charge.method.authorize_only = true;
    let snapshot = done(stage.xendit.create(&charge).await);
    let known = later(&charge, snapshot.provider_id.as_deref());
    assert_eq!(refused(stage.xendit.capture(&known, rupiah(1)).await), RefusalKind::WrongState);
    assert_eq!(after(&stage, 2, &known).await.state, GatewayState::Authorized);
    assert_eq!(refused(stage.xendit.capture(&known, rupiah(150_001)).await), RefusalKind::AmountTooLarge);
    done(stage.xendit.capture(&known, rupiah(120_000)).await);
    let read = seen(stage.xendit.query(&known).await);
    assert_eq!((read.state, read.captured), (GatewayState::Paid, Some(120_000)));
    assert_eq!(read.amount, SeenAmount::Exact(rupiah(150_000)));
    assert_eq!(refused(stage.xendit.capture(&known, rupiah(1)).await), RefusalKind::WrongState);

    let mut voided = stage.charge("DCF-2~pay1s", MethodKind::CreditCard);
    voided.method.authorize_only = true;
    let snapshot = done(stage.xendit.create(&voided).await);
    let known = later(&voided, snapshot.provider_id.as_deref());
    stage.wait(2).await;
    done(stage.xendit.cancel(&known).await);
    assert_eq!(seen(stage.xendit.query(&known).await).state, GatewayState::Cancelled);
}

#[tokio::test]
async fn c10_32_c10_35_refunds_wait_for_each_other_and_are_found_by_their_key() {
    for kind in BOTH {
        let stage = Stage::start().await;
        let reference = "DCF-1~pay1s";
        let (known, _) = made(&stage, reference, kind).await;
        stage.play(reference, "pay", json!({"payment_type": "DANA"})).await;
        stage.fault("/refunds", "timeout_after_commit").await;
        unknown(stage.xendit.refund(&known, &refund("R-1", 50_000)).await);
        assert_eq!(done(stage.xendit.query_refund(&known, "R-1").await), Some(RefundProgress::Pending), "{kind}");
        let second = refused(stage.xendit.refund(&known, &refund("R-2", 50_000)).await);
        assert_eq!(second, RefusalKind::TryLater, "{kind}: one at a time");
        stage.wait(60).await;
        assert_eq!(done(stage.xendit.query_refund(&known, "R-1").await), Some(RefundProgress::Succeeded), "{kind}");
        done(stage.xendit.refund(&known, &refund("R-1", 50_000)).await);
        done(stage.xendit.refund(&known, &refund("R-2", 50_000)).await);
        assert_eq!(stage.sums("xendit", reference).await.1, 50_000, "{kind}: the second is on its way");
    }
}

#[tokio::test]
async fn c10_33_a_refund_may_fail_after_it_was_accepted() {
    let stage = Stage::start().await;
    let (known, _) = made(&stage, "DCF-1~pay1s~rfdeny", MethodKind::Gopay).await;
    stage.wait(2).await;
    assert_eq!(done(stage.xendit.refund(&known, &refund("R-1", 50_000)).await), RefundProgress::Pending);
    stage.wait(60).await;
    let failed = done(stage.xendit.query_refund(&known, "R-1").await);
    assert!(matches!(failed, Some(RefundProgress::Failed { .. })), "{failed:?}");
    assert_eq!(seen(stage.xendit.query(&known).await).refunds[0].state, failed.expect("it is there"));
}

#[tokio::test]
async fn c10_36_a_refund_from_the_dashboard_is_seen() {
    for kind in BOTH {
        let stage = Stage::start().await;
        let (known, _) = made(&stage, "DCF-1", kind).await;
        stage.play("DCF-1", "pay", json!({"payment_type": "DANA"})).await;
        stage.play("DCF-1", "refund", json!({"amount": 30_000})).await;
        let read = after(&stage, 60, &known).await;
        assert_eq!((read.state, read.refunds[0].amount), (GatewayState::Paid, 30_000), "{kind}");
        assert!(read.refunds[0].key.starts_with("dashboard-"));
    }
}

#[tokio::test]
async fn c10_37_c10_38_disputes_go_their_way() {
    let stage = Stage::start().await;
    for (kind, reference) in [(MethodKind::Page, "DCF-1"), (MethodKind::Qris, "DCF-2")] {
        let (known, _) = made(&stage, reference, kind).await;
        stage.play(reference, "pay", json!({})).await;
        stage.play(reference, "dispute", json!({"to": "ACTION_REQUIRED", "amount": 100_000})).await;
        let dispute = seen(stage.xendit.query(&known).await).disputes.remove(0);
        assert_eq!((dispute.amount, dispute.state), (100_000, DisputeProgress::Open), "{kind}");
        stage.play(reference, "dispute", json!({"to": "UNDER_REVIEW"})).await;
        assert_eq!(seen(stage.xendit.query(&known).await).disputes[0].state, DisputeProgress::UnderReview);
        let lost = kind == MethodKind::Page;
        let end = if lost { json!({"to": "LOST", "amount": 60_000}) } else { json!({"to": "WON"}) };
        stage.play(reference, "dispute", end).await;
        let read = seen(stage.xendit.query(&known).await);
        let (amount, state) = if lost { (60_000, DisputeProgress::Lost) } else { (100_000, DisputeProgress::Won) };
        assert_eq!(
            (&read.disputes[0].id, read.disputes[0].amount, read.disputes[0].state),
            (&dispute.id, amount, state)
        );
        assert_eq!(read.state, GatewayState::Paid);
    }
}

#[tokio::test]
async fn c10_41_c10_42_c10_43_c10_44_odd_looks_do_not_matter() {
    let stage = Stage::start().await;
    for kind in BOTH {
        for script in ["shape.odd", "ptype.QRIS", "early"] {
            let (known, _) = made(&stage, &format!("DCF-{kind}~pay1s~{script}"), kind).await;
            let read = after(&stage, 2, &known).await;
            let expected = (GatewayState::Paid, SeenAmount::Exact(rupiah(150_000)));
            assert_eq!((read.state, read.amount), expected, "{kind} {script}");
        }
        let (known, _) = made(&stage, &format!("DCF-{kind}~pay1s~st.on_hold"), kind).await;
        assert_eq!(after(&stage, 2, &known).await.state, GatewayState::Unrecognised("on_hold".to_owned()), "{kind}");
    }
}

#[tokio::test]
async fn c10_50_two_paid_invoices_of_one_reference_are_not_one_payment() {
    let stage = Stage::start().await;
    let (known, first) = made(&stage, "DCF-1", MethodKind::Page).await;
    // Somebody else has made another: Xendit lets them.
    let body = json!({"external_id": "DCF-1", "amount": 150_000, "currency": "IDR"});
    let second = stage.raw("/v2/invoices", XENDIT_SECRET_KEY, &body).await;
    let second = second["id"].as_str().expect("an id").to_owned();
    let read = seen(stage.xendit.query(&known).await);
    assert_eq!(read.provider_id, first.provider_id, "of two that wait, the oldest is ours");
    stage.play(&second, "pay", json!({})).await;
    let read = seen(stage.xendit.query(&known).await);
    assert_eq!(
        (read.state, read.provider_id.as_deref()),
        (GatewayState::Paid, Some(second.as_str())),
        "money is money"
    );
    stage.play(first.provider_id.as_deref().expect("an id"), "pay", json!({})).await;
    let read = seen(stage.xendit.query(&known).await);
    assert_eq!(read.state, GatewayState::Paid);
    assert!(matches!(read.amount, SeenAmount::Unreadable(_)), "a person has to look: {:?}", read.amount);

    let (several, _) = made(&stage, "DCF-2", MethodKind::Page).await;
    stage.raw("/v2/invoices", XENDIT_SECRET_KEY, &json!({"external_id": "DCF-2", "amount": 150_000})).await;
    done(stage.xendit.expire(&several).await);
    let records = stage.records("DCF-2").await;
    assert!(records.iter().all(|record| record["status"] == "EXPIRED"), "all of them: {records:?}");
}

#[tokio::test]
async fn c10_52_c10_53_what_is_paid_stays_paid_and_settles() {
    let stage = Stage::start().await;
    let (known, _) = made(&stage, "DCF-1~pay1s", MethodKind::Page).await;
    let read = after(&stage, 2, &known).await;
    assert_eq!((read.state, read.settled), (GatewayState::Paid, false));
    assert_eq!(refused(stage.xendit.expire(&known).await), RefusalKind::WrongState);
    let (known, _) = made(&stage, "DCF-2~pay1s~settle", MethodKind::Page).await;
    let read = after(&stage, 2, &known).await;
    assert_eq!((read.state, read.settled), (GatewayState::Paid, true), "no webhook tells this");
}

#[tokio::test]
async fn c10_54_limits_and_faults() {
    let stage = Stage::with(|played| played.xendit.rate_limit = 1, |_| {}).await;
    let charge = stage.charge("DCF-1", MethodKind::Gopay);
    let known = later(&charge, done(stage.xendit.create(&charge).await).provider_id.as_deref());
    let limited = stage.xendit.create(&stage.charge("DCF-2", MethodKind::Gopay)).await;
    assert_eq!(refused(limited), RefusalKind::TryLater);
    seen(stage.xendit.query(&known).await);
    assert!(unknown(stage.xendit.query(&known).await).contains("try_later"));

    let stage = Stage::start().await;
    for mode in ["reset", "truncate", "html", "status:503"] {
        stage.fault("/v3/payment_requests", mode).await;
        unknown(stage.xendit.create(&stage.charge("DCF-1", MethodKind::Gopay)).await);
        stage.fault("/v2/charge", mode).await;
        unknown(stage.core.create(&stage.charge(&format!("DCF-{}", mode.replace(':', "")), MethodKind::Gopay)).await);
    }
    stage.fault("/v3/payment_requests", "status:429").await;
    let limited = stage.xendit.create(&stage.charge("DCF-1", MethodKind::Gopay)).await;
    assert_eq!(refused(limited), RefusalKind::TryLater);
}

#[tokio::test]
async fn c10_17_a_key_that_is_not_accepted_is_named() {
    let stage = Stage::with(|played| played.xendit.secret_key = "xnd_development_another".to_owned(), |_| {}).await;
    for kind in BOTH {
        let outcome = stage.xendit.create(&stage.charge("DCF-1", kind)).await;
        assert_eq!(refused(outcome), RefusalKind::Credentials, "{kind}");
    }
}
