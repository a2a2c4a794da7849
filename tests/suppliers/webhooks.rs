//! Webhooks as they are really sent: signed, copied, forged, and never believed for what they claim.

use std::collections::BTreeSet;

use dermaga_ports::booking::{
    FerrySupplier, FlightSupplier, Hint, NotAuthentic, OrderState, Paying, PpobSupplier, SaleState,
};
use serde_json::json;

use crate::{
    ferries,
    flights::{booking, offer},
    kit::{done, found},
    ppob::{asked, purchase},
    stage::Stage,
    stub::{Reply, Seen, Stub},
};

async fn heard() -> (Stage, Stub) {
    let ear = Stub::answering([Reply::Json(200, "{}".to_owned())]).await;
    let url = ear.url.clone();
    let stage = Stage::with(|played| {
        played.duffel.webhook_url = format!("{url}/duffel");
        played.ferry.webhook_url = format!("{url}/ferry");
        played.digiflazz.webhook_url = format!("{url}/digiflazz");
    })
    .await;
    (stage, ear)
}

fn read(stage: &Stage, seen: &Seen) -> Result<Hint, NotAuthentic> {
    let body = seen.body.as_bytes();
    match seen.line.as_str() {
        "POST /duffel" => FlightSupplier::read_webhook(&stage.duffel, &seen.headers, body),
        "POST /ferry" => stage.ferry.read_webhook(&seen.headers, body),
        "POST /digiflazz" => stage.digiflazz.read_webhook(&seen.headers, body),
        other => panic!("{other}"),
    }
}

/// Makes each supplier tell something about this reference.
async fn tell(stage: &Stage, reference: &str) {
    let offer = offer(stage, "CGK", "DPS", Paying::Later).await;
    done(stage.duffel.book(&booking(reference, &offer, Paying::Later)).await);
    let quote = ferries::quote(stage, &ferries::search(1, None)).await;
    done(stage.ferry.book(&ferries::booking(reference, &quote, Paying::Later)).await);
    done(stage.digiflazz.buy(&purchase(reference, "xld10", "087800001233")).await);
    stage.wait(0).await;
}

#[tokio::test]
async fn a_webhook_names_what_it_is_about_and_its_copies_have_one_key() {
    let (stage, ear) = heard().await;
    tell(&stage, "BKG-1~dup3").await;
    let seen = ear.seen();
    let hints: Vec<Hint> = seen.iter().map(|one| read(&stage, one).expect("authentic")).collect();
    assert_eq!(hints.len(), 9, "three of each: {hints:?}");
    assert!(hints.iter().all(|hint| hint.reference.as_deref() == Some("BKG-1~dup3")), "{hints:?}");
    let keys: BTreeSet<&str> = hints.iter().map(|hint| hint.dedupe_key.as_str()).collect();
    assert_eq!(keys.len(), 3, "one key for each message");
    assert!(hints.iter().any(|hint| hint.supplier_id.as_deref().is_some_and(|id| id.starts_with("ord_"))));
    assert!(hints.iter().any(|hint| hint.claims == "order.created"));
}

#[tokio::test]
async fn trap_17_what_is_forged_unsigned_or_changed_is_not_taken() {
    let (stage, ear) = heard().await;
    for script in ["badsig", "nosig"] {
        let before = ear.seen().len();
        tell(&stage, &format!("BKG-{script}~{script}")).await;
        let forged = ear.seen().split_off(before);
        assert_eq!(forged.len(), 3);
        for seen in &forged {
            assert_eq!(read(&stage, seen), Err(NotAuthentic::Signature), "{script}: {}", seen.line);
        }
    }
    let before = ear.seen().len();
    tell(&stage, "BKG-good").await;
    for mut seen in ear.seen().split_off(before) {
        assert!(read(&stage, &seen).is_ok());
        seen.headers.iter_mut().for_each(|(name, _)| *name = name.to_uppercase());
        assert!(read(&stage, &seen).is_ok(), "names of headers have no case");
        seen.body.push(' ');
        assert_eq!(read(&stage, &seen), Err(NotAuthentic::Signature), "the bytes are signed");
    }
}

#[tokio::test]
async fn an_old_message_of_duffel_cannot_be_sent_again() {
    let (stage, ear) = heard().await;
    tell(&stage, "BKG-1").await;
    let seen = ear.seen();
    let old = seen.iter().find(|one| one.line == "POST /duffel").expect("it was told");
    assert!(read(&stage, old).is_ok());
    assert!(
        dermaga_ports::booking::HotelSupplier::read_webhook(&stage.duffel, &old.headers, old.body.as_bytes()).is_ok(),
        "one endpoint for both"
    );
    stage.clock.advance(std::time::Duration::from_secs(301));
    assert_eq!(read(&stage, old), Err(NotAuthentic::Signature));
}

#[tokio::test]
async fn a_webhook_wakes_and_a_read_tells() {
    let (stage, ear) = heard().await;
    let order = purchase("W-1", "xld10", "087800001233");
    assert_eq!(done(stage.digiflazz.buy(&order).await).state, SaleState::Pending);
    stage.wait(60).await;
    let claims: Vec<String> = ear.seen().iter().map(|one| read(&stage, one).expect("authentic").claims).collect();
    assert_eq!(claims, ["Pending 03", "Sukses 00"]);
    assert_eq!(found(stage.digiflazz.status(&asked(&order)).await).state, SaleState::Succeeded);
    stage.play("W-1", "return", json!({})).await;
    stage.wait(0).await;
    let last = ear.seen().pop().expect("told");
    assert_eq!(read(&stage, &last).expect("authentic").claims, "Gagal 74", "after a success");
}

#[tokio::test]
async fn tickets_and_changes_are_told() {
    let (stage, ear) = heard().await;
    let offer = offer(&stage, "LHR", "LTN", Paying::Now).await;
    let order = done(stage.duffel.book(&booking("D-1", &offer, Paying::Now)).await);
    stage.wait(3_700).await;
    let told: Vec<serde_json::Value> = ear.seen().iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(told, ["order.created", "order.updated", "order.airline_initiated_change_detected"]);
    let read = done(stage.duffel.read(&order.id).await);
    assert!(read.schedule_changed && read.state == OrderState::Ticketed);
}

#[tokio::test]
async fn nothing_that_anybody_sends_is_taken_for_a_webhook() {
    let stage = Stage::start().await;
    for body in [&b""[..], b"{}", b"[]", b"null", b"\xff", br#"{"data":{"ref_id":"A","status":"Sukses","rc":"00"}}"#] {
        assert!(FlightSupplier::read_webhook(&stage.duffel, &[], body).is_err());
        assert!(stage.ferry.read_webhook(&[], body).is_err());
        assert!(stage.digiflazz.read_webhook(&[], body).is_err());
    }
}
