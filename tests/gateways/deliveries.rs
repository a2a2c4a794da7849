//! Webhooks as they are really sent: by the server that plays the gateways, with copies, forgeries and delays.

use std::collections::BTreeSet;

use dermaga_ports::payments::{GatewayState, Hint, MethodKind, NotAuthentic, PaymentGateway};
use dermaga_sandbox::XenditUrls;
use serde_json::json;

use crate::{
    kit::{done, later, refund, seen},
    stage::Stage,
    stub::{Reply, Seen, Stub},
};

/// A stage whose webhooks come to the stub: Midtrans by the header of the charge, Xendit by the dashboard.
async fn heard() -> (Stage, Stub) {
    let ear = Stub::answering([Reply::Json(200, "{}".to_owned())]).await;
    let (override_url, dashboard) = (format!("{}/midtrans", ear.url), format!("{}/xendit", ear.url));
    let stage = Stage::with(
        |played| played.xendit.webhook_urls = XenditUrls::all(&dashboard),
        |ours| ours.webhook_url = Some(override_url),
    )
    .await;
    (stage, ear)
}

fn read(gateway: &dyn PaymentGateway, seen: &Seen) -> Result<Hint, NotAuthentic> {
    gateway.read_webhook(&seen.headers, seen.body.as_bytes())
}

fn hints(gateway: &dyn PaymentGateway, ear: &Stub) -> Vec<Hint> {
    ear.seen().iter().map(|seen| read(gateway, seen).expect("authentic")).collect()
}

#[tokio::test]
async fn c10_02_c10_03_what_is_sent_names_its_payment_and_its_copies_have_one_key() {
    let (stage, ear) = heard().await;
    for (gateway, kind) in [
        (&stage.core as &dyn PaymentGateway, MethodKind::Gopay),
        (&stage.xendit, MethodKind::Page),
        (&stage.xendit, MethodKind::Gopay),
    ] {
        let before = ear.seen().len();
        // Xendit tells of a payment once, so there is nothing to come in another order.
        let script = if gateway.name() == "midtrans" { "~dup3~reorder" } else { "~dup3" };
        let charge = stage.charge(&format!("DCF-{}-{kind}~pay1s{script}", gateway.name()), kind);
        let snapshot = done(gateway.create(&charge).await);
        stage.wait(5).await;
        let heard: Vec<Hint> = hints_after(gateway, &ear, before);
        assert!(heard.len() >= 3, "{} {kind}: {heard:?}", gateway.name());
        for hint in &heard {
            assert_eq!(hint.reference.as_deref(), Some(charge.reference.as_str()));
            assert_eq!(hint.provider_id, snapshot.provider_id);
            assert!(!hint.suspicious, "{hint:?}");
        }
        let said: BTreeSet<&str> = heard.iter().map(|hint| hint.claims.as_str()).collect();
        let keys: BTreeSet<&str> = heard.iter().map(|hint| hint.dedupe_key.as_str()).collect();
        assert_eq!(keys.len(), said.len(), "{} {kind}: one key for each thing that was said: {said:?}", gateway.name());
    }
}

fn hints_after(gateway: &dyn PaymentGateway, ear: &Stub, before: usize) -> Vec<Hint> {
    ear.seen()[before..].iter().map(|seen| read(gateway, seen).expect("authentic")).collect()
}

#[tokio::test]
async fn c10_07_c10_48_what_is_forged_is_not_taken() {
    let (stage, ear) = heard().await;
    for script in ["badsig", "nosig"] {
        for (gateway, kind) in
            [(&stage.core as &dyn PaymentGateway, MethodKind::Gopay), (&stage.xendit, MethodKind::Page)]
        {
            let before = ear.seen().len();
            done(gateway.create(&stage.charge(&format!("DCF-{kind}~pay1s~{script}"), kind)).await);
            stage.wait(5).await;
            let forged = ear.seen().split_off(before);
            assert!(!forged.is_empty(), "something was sent");
            for seen in &forged {
                assert_eq!(read(gateway, seen), Err(NotAuthentic::Signature), "{script}: {}", seen.body);
            }
        }
    }
}

#[tokio::test]
async fn c10_04_c10_08_a_webhook_changes_nothing_and_a_read_tells() {
    let (stage, ear) = heard().await;
    let charge = stage.charge("DCF-1", MethodKind::Gopay);
    let known = later(&charge, None);
    done(stage.core.create(&charge).await);
    stage.wait(1).await;
    // Somebody has captured the first notification and sends it again as something better.
    let mut body = ear.seen().remove(0).json();
    body["transaction_status"] = json!("settlement");
    let hint = stage.core.read_webhook(&[], body.to_string().as_bytes()).expect("the signature does not cover it");
    assert!(hint.suspicious);
    assert_eq!(seen(stage.core.query(&known).await).state, GatewayState::Pending);
    stage.play("DCF-1", "pay", json!({})).await;
    body["transaction_status"] = json!("expire");
    assert!(stage.core.read_webhook(&[], body.to_string().as_bytes()).is_ok());
    assert_eq!(seen(stage.core.query(&known).await).state, GatewayState::Paid);
}

#[tokio::test]
async fn c10_31_a_refund_is_told_twice_under_two_keys() {
    let (stage, ear) = heard().await;
    let charge = stage.charge("DCF-1~pay1s", MethodKind::Gopay);
    done(stage.core.create(&charge).await);
    stage.wait(5).await;
    let before = ear.seen().len();
    done(stage.core.refund(&later(&charge, None), &refund("R-1", 50_000)).await);
    stage.wait(60).await;
    let told = hints_after(&stage.core, &ear, before);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|hint| hint.claims == "partial_refund" && !hint.suspicious));
    assert_ne!(told[0].dedupe_key, told[1].dedupe_key);
}

#[tokio::test]
async fn c10_57_a_refund_of_xendit_in_one_or_two_envelopes_names_the_payment() {
    for script in ["pay1s", "pay1s~nest"] {
        let (stage, ear) = heard().await;
        let charge = stage.charge(&format!("DCF-1~{script}"), MethodKind::Gopay);
        let id = done(stage.xendit.create(&charge).await).provider_id;
        stage.wait(5).await;
        let before = ear.seen().len();
        done(stage.xendit.refund(&later(&charge, id.as_deref()), &refund("R-1", 50_000)).await);
        stage.wait(60).await;
        let told = hints_after(&stage.xendit, &ear, before);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].claims.as_str(), &told[0].provider_id), ("refund.succeeded", &id), "{script}");
        let ours = (Some(charge.reference.as_str()), false);
        assert_eq!((told[0].reference.as_deref(), told[0].suspicious), ours, "we have told Xendit which payment");
    }
}

#[tokio::test]
async fn c10_38_a_dispute_names_the_payment_by_our_reference() {
    let (stage, ear) = heard().await;
    let charge = stage.charge("DCF-1", MethodKind::Qris);
    done(stage.xendit.create(&charge).await);
    stage.play("DCF-1", "pay", json!({})).await;
    stage.play("DCF-1", "dispute", json!({"to": "LOST"})).await;
    stage.wait(5).await;
    let told = hints(&stage.xendit, &ear);
    let lost = told.iter().find(|hint| hint.claims == "dispute.lost").expect("it was told");
    assert_eq!(lost.reference.as_deref(), Some("DCF-1"));
    assert_eq!(lost.provider_id, None, "a dispute knows the payment's own id alone");
}
