//! Answers that are lost, broken or nonsense: of every supplier, for what makes something and for what does not.

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    booking::{FerrySupplier, FlightSupplier, Paying, PpobSupplier, ProbeKey, ProductKind, RefusalKind, SaleState},
    system::ManualClock,
};
use dermaga_suppliers::{Digiflazz, DigiflazzConfig, Duffel, DuffelConfig, Ferry, FerryConfig};

use crate::{
    ferries,
    flights::{booking, key, offer, search},
    kit::{done, found, nothing, refused, start, unknown},
    ppob::{asked, purchase},
    stage::{Stage, digiflazz_config, duffel_config, ferry_config, timeouts},
    stub::{Reply, Stub},
};

const HASTY: Duration = Duration::from_secs(1);

fn suppliers(url: &str) -> (Duffel, Ferry, Digiflazz) {
    let clock = || Arc::new(ManualClock::at(start()));
    let timeouts = timeouts(HASTY);
    (
        Duffel::new(DuffelConfig { timeouts, ..duffel_config(url) }, clock()).expect("configured"),
        Ferry::new(FerryConfig { timeouts, ..ferry_config(url) }, clock()).expect("configured"),
        Digiflazz::new(DigiflazzConfig { timeouts, ..digiflazz_config(url) }, clock()).expect("configured"),
    )
}

#[tokio::test]
async fn a_flight_whose_answer_is_lost_is_found_and_one_that_never_arrived_is_not() {
    let stage = Stage::start().await;
    for (reference, mode, there) in [
        ("U-1", "timeout_after_commit", true),
        ("U-2", "timeout_before_commit", false),
        ("U-3", "truncate", true),
        ("U-4", "html", true),
        ("U-5", "reset", true),
        ("U-6", "status:500", false),
        ("U-7", "status:502", false),
        ("U-8", "status:504", false),
    ] {
        let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
        let booking = booking(reference, &offer, Paying::Later);
        stage.fault("/air/orders", mode).await;
        unknown(stage.duffel.book(&booking).await);
        if there {
            assert_eq!(found(stage.duffel.probe(&key(&booking)).await).reference.as_deref(), Some(reference), "{mode}");
        } else {
            nothing(stage.duffel.probe(&key(&booking)).await);
        }
        assert_eq!(stage.records(reference).await.len(), usize::from(there), "{mode}: nothing was sent twice");
    }
}

#[tokio::test]
async fn trap_04_a_server_that_is_away_has_made_nothing() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
    let booking = booking("A-1", &offer, Paying::Later);
    stage.fault("/air/orders", "status:503").await;
    let kind = refused(stage.duffel.book(&booking).await);
    assert!(kind == RefusalKind::Unavailable && kind.may_repeat());
    done(stage.duffel.book(&booking).await);
    stage.fault("/air/orders", "status:429").await;
    let RefusalKind::RateLimited { retry_at } = refused(stage.duffel.book(&booking).await) else { panic!("limited") };
    assert!(retry_at.is_some_and(|at| at > start()), "it says when: {retry_at:?}");
}

#[tokio::test]
async fn a_payment_whose_answer_is_lost_is_seen_on_the_order() {
    let stage = Stage::start().await;
    for (reference, mode, state) in [
        ("P-1", "timeout_after_commit", dermaga_ports::booking::OrderState::Confirmed),
        ("P-2", "timeout_before_commit", dermaga_ports::booking::OrderState::Held),
    ] {
        let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
        let held = done(stage.duffel.book(&booking(reference, &offer, Paying::Later)).await);
        stage.fault("/air/payments", mode).await;
        unknown(stage.duffel.pay(&held.id, held.total).await);
        assert_eq!(done(stage.duffel.read(&held.id).await).state, state);
    }
}

#[tokio::test]
async fn nonsense_in_answer_to_a_question_is_no_answer_and_does_no_harm() {
    for reply in [
        Reply::Json(200, "[]".to_owned()),
        Reply::Json(200, "{\"data\":".to_owned()),
        Reply::Json(500, "{}".to_owned()),
        Reply::Html(200, "<html>hello</html>"),
        Reply::Html(502, "<html>502</html>"),
        Reply::Cut,
        Reply::Truncated,
        Reply::Silence(Duration::from_secs(3)),
        Reply::Moved("http://127.0.0.1:9/".to_owned()),
    ] {
        let stub = Stub::answering([reply.clone()]).await;
        let (duffel, ferry, digiflazz) = suppliers(&stub.url);
        let kinds = [
            refused(FlightSupplier::search(&duffel, &search("CGK", "DPS")).await),
            refused(FlightSupplier::read(&duffel, "ord_1").await),
            refused(ferry.ports().await),
            refused(digiflazz.products(ProductKind::Prepaid).await),
            refused(digiflazz.balance().await),
        ];
        assert!(kinds.iter().all(|kind| *kind == RefusalKind::Unavailable), "{reply:?}: {kinds:?}");
        assert_eq!(stub.seen().len(), kinds.len(), "{reply:?}: each was asked once");
    }
}

#[tokio::test]
async fn nonsense_in_answer_to_a_purchase_leaves_a_question_and_repeats_nothing() {
    for reply in [
        Reply::Json(200, "{}".to_owned()),
        Reply::Json(200, r#"{"data":{}}"#.to_owned()),
        Reply::Json(200, r#"{"data":{"ref_id":"OTHER","status":"Sukses","rc":"00","sn":"1","price":1}}"#.to_owned()),
        Reply::Json(200, r#"{"data":{"ref_id":"B-1","status":"Gagal","rc":"00"}}"#.to_owned()),
        Reply::Json(200, r#"{"data":{"ref_id":"B-1","status":"Gagal","rc":"77"}}"#.to_owned()),
        Reply::Json(200, r#"{"data":{"ref_id":"B-1","status":"Gagal","rc":"01"}}"#.to_owned()),
        Reply::Json(500, "oops".to_owned()),
        Reply::Cut,
        Reply::Truncated,
        Reply::Endless,
        Reply::Silence(Duration::from_secs(3)),
    ] {
        let stub = Stub::answering([reply.clone()]).await;
        let (_, _, digiflazz) = suppliers(&stub.url);
        unknown(digiflazz.buy(&purchase("B-1", "xld10", "087800001230")).await);
        assert_eq!(stub.seen().len(), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn a_time_out_in_answer_to_a_question_is_doubted_for_ten_minutes() {
    for code in ["01", "70"] {
        // The purchase never arrived, so the question was the first that the supplier heard.
        let told = format!(r#"{{"data":{{"ref_id":"B-1","status":"Gagal","rc":"{code}"}}}}"#);
        let stub = Stub::answering([Reply::Cut, Reply::Json(200, told)]).await;
        let clock = ManualClock::at(start());
        let digiflazz = Digiflazz::new(digiflazz_config(&stub.url), Arc::new(clock.clone())).expect("configured");
        let order = purchase("B-1", "xld10", "087800001230");
        unknown(digiflazz.buy(&order).await);
        for minutes in [1, 8] {
            clock.advance(Duration::from_secs(minutes * 60));
            unknown(digiflazz.status(&asked(&order)).await);
        }
        clock.advance(Duration::from_secs(60));
        let believed = found(digiflazz.status(&asked(&order)).await).state;
        assert_eq!(believed, SaleState::Failed(RefusalKind::Rejected), "{code}");
    }
}

#[tokio::test]
async fn a_refusal_that_comes_with_another_status_is_read_all_the_same() {
    for status in [200, 400, 403] {
        let body = r#"{"data":{"ref_id":"B-1","status":"Gagal","rc":"44","message":"Saldo tidak cukup"}}"#;
        let stub = Stub::answering([Reply::Json(status, body.to_owned())]).await;
        let (_, _, digiflazz) = suppliers(&stub.url);
        let kind = refused(digiflazz.buy(&purchase("B-1", "xld10", "087800001230")).await);
        assert_eq!(kind, RefusalKind::InsufficientSupplierBalance, "{status}");
    }
}

#[tokio::test]
async fn who_cannot_be_reached_was_not_asked_and_may_be_asked_again() {
    let closed = Stub::answering([Reply::Cut]).await.url.clone();
    let (duffel, _, digiflazz) = suppliers(&closed);
    let kind = refused(digiflazz.buy(&purchase("B-1", "xld10", "087800001230")).await);
    assert!(kind == RefusalKind::Unavailable && kind.may_repeat());
    assert_eq!(refused(FlightSupplier::read(&duffel, "ord_1").await), RefusalKind::Unavailable);
}

#[tokio::test]
async fn a_wrong_key_is_a_matter_of_the_configuration() {
    let stage = Stage::with(|played| {
        played.duffel.token = "another".to_owned();
        played.ferry.token = "another".to_owned();
        played.digiflazz.key = "another".to_owned();
    })
    .await;
    let kinds = [
        refused(FlightSupplier::search(&stage.duffel, &search("CGK", "DPS")).await),
        refused(stage.ferry.departures(&ferries::search(1, None)).await),
        refused(stage.digiflazz.balance().await),
        refused(stage.digiflazz.buy(&purchase("B-1", "xld10", "087800001230")).await),
    ];
    assert!(kinds.iter().all(|kind| *kind == RefusalKind::Misconfigured), "{kinds:?}");
}

#[tokio::test]
async fn what_was_never_offered_by_this_supplier_is_not_sent_to_it() {
    let stub = Stub::answering([Reply::Cut]).await;
    let (duffel, ferry, _) = suppliers(&stub.url);
    for payload in ["", "{}", r#"{"offer":"../orders","passengers":[]}"#, "a/b"] {
        let payload = dermaga_ports::booking::Payload(payload.to_owned());
        refused(duffel.reprice(&payload).await);
        refused(ferry.quote(&payload).await);
        refused(FlightSupplier::probe(&duffel, &ProbeKey { reference: "R".into(), offer: payload }).await);
    }
    assert!(stub.seen().is_empty(), "{:?}", stub.seen());
}
