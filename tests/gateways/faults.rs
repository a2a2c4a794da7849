//! Answers that are none: what is lost on the way out or back is unknown, and only a gateway's own words refuse.

use std::time::Duration;

use dermaga_ports::payments::{GatewayState, MethodKind, PaymentGateway, RefusalKind};

use crate::{
    kit::{HASTY, charge, core, later, refund, refused, remote, remote_within, rupiah, snap, unknown, xendit},
    stub::{Reply, Stub},
};

/// Everything that proves nothing.
fn lost() -> Vec<Reply> {
    vec![
        Reply::Cut,
        Reply::Truncated,
        Reply::Endless,
        Reply::Silence(Duration::from_secs(5)),
        Reply::Html(200, "<html>Welcome</html>"),
        Reply::Html(502, "<html>Bad gateway</html>"),
        Reply::Html(403, "<html>Forbidden by a firewall</html>"),
        Reply::Json(200, String::new()),
        Reply::Json(200, "{\"status_code\":".to_owned()),
        Reply::Json(200, "[1]".to_owned()),
        Reply::Json(200, "null".to_owned()),
        Reply::Json(500, r#"{"status_code":"500","error_code":"SERVER_ERROR","message":"Oh."}"#.to_owned()),
        Reply::Json(503, r#"{"status_code":"503","error_code":"CHANNEL_UNAVAILABLE","message":"Oh."}"#.to_owned()),
        Reply::Moved("https://elsewhere.example/".to_owned()),
    ]
}

#[tokio::test]
async fn c10_54_whatever_proves_nothing_is_unknown_for_every_call() {
    for reply in lost() {
        let stub = Stub::answering([reply.clone()]).await;
        let silent = matches!(reply, Reply::Silence(_));
        for (gateway, kind) in if silent { remote_within(&stub.url, HASTY) } else { remote(&stub.url) } {
            let told = |what: &str| format!("{} {kind} {what}: {reply:?}", gateway.name());
            let charge = charge("DCF-1", kind);
            let known = later(&charge, Some("pr-0000"));
            let outcomes = [
                ("create", format!("{:?}", gateway.create(&charge).await)),
                ("query", format!("{:?}", gateway.query(&known).await)),
                ("cancel", format!("{:?}", gateway.cancel(&known).await)),
                ("expire", format!("{:?}", gateway.expire(&known).await)),
            ];
            for (what, outcome) in outcomes {
                assert!(outcome.starts_with("Unknown("), "{} gave {outcome}", told(what));
            }
            if kind == MethodKind::Gopay {
                let outcomes = [
                    format!("{:?}", gateway.refund(&known, &refund("R-1", 1)).await),
                    format!("{:?}", gateway.query_refund(&known, "R-1").await),
                    format!("{:?}", gateway.capture(&known, rupiah(1)).await),
                ];
                assert!(
                    outcomes.iter().all(|one| one.starts_with("Unknown(")),
                    "{}: {outcomes:?}",
                    told("later calls")
                );
            }
        }
    }
}

#[tokio::test]
async fn c10_12_a_charge_without_an_answer_is_sent_once_and_unknown() {
    let stub = Stub::answering([Reply::Silence(Duration::from_secs(5))]).await;
    for (gateway, kind) in remote_within(&stub.url, HASTY) {
        let before = stub.seen().len();
        unknown(gateway.create(&charge("DCF-1", kind)).await);
        assert_eq!(stub.seen().len() - before, 1, "{} repeats nothing", gateway.name());
    }
}

#[tokio::test]
async fn c10_16_a_call_in_process_is_unknown() {
    let stub = Stub::answering([Reply::Json(202, "{}".to_owned())]).await;
    unknown(core(&stub.url).create(&charge("DCF-1", MethodKind::Qris)).await);
    unknown(snap(&stub.url).create(&charge("DCF-1", MethodKind::Page)).await);
}

#[tokio::test]
async fn a_gateway_that_cannot_be_reached_is_unknown() {
    let closed = {
        let stub = Stub::answering([Reply::Cut]).await;
        stub.url.clone()
    };
    for (gateway, kind) in remote(&closed) {
        let told = unknown(gateway.create(&charge("DCF-1", kind)).await);
        assert!(!told.contains(&closed), "{told}");
    }
}

#[tokio::test]
async fn nobody_is_followed_elsewhere() {
    let elsewhere = Stub::answering([Reply::Json(200, "{}".to_owned())]).await;
    let stub = Stub::answering([Reply::Moved(format!("{}/v2/charge", elsewhere.url))]).await;
    for (gateway, kind) in remote(&stub.url) {
        unknown(gateway.create(&charge("DCF-1", kind)).await);
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn c10_54_a_limit_refuses_for_now_even_as_a_page() {
    for reply in [Reply::Html(429, "<html>slow down</html>"), Reply::Json(429, "{}".to_owned())] {
        let stub = Stub::answering([reply]).await;
        for (gateway, kind) in remote(&stub.url) {
            assert_eq!(
                refused(gateway.create(&charge("DCF-1", kind)).await),
                RefusalKind::TryLater,
                "{}",
                gateway.name()
            );
            let told = unknown(gateway.query(&later(&charge("DCF-1", kind), Some("pr-0000"))).await);
            assert!(told.contains("try_later"), "{told}");
        }
    }
}

#[tokio::test]
async fn c10_55_what_cannot_be_named_is_refused_before_any_call() {
    let stub = Stub::answering([Reply::Cut]).await;
    let long = "a".repeat(51);
    for (gateway, kind) in remote(&stub.url) {
        for reference in ["", "a b", "a#b", "a/b", "..", &long] {
            let charge = charge(reference, kind);
            assert_eq!(refused(gateway.create(&charge).await), RefusalKind::Invalid, "{reference:?}");
            let known = later(&charge, Some("pr-0000"));
            assert_eq!(refused(gateway.query(&known).await), RefusalKind::Invalid, "{reference:?}");
            assert_eq!(refused(gateway.cancel(&known).await), RefusalKind::Invalid, "{reference:?}");
            assert_eq!(refused(gateway.refund(&known, &refund("R", 1)).await), RefusalKind::Invalid, "{reference:?}");
        }
        let known = later(&charge("DCF-1", kind), Some("pr-0000"));
        for key in ["", "a.b", "a b", &long] {
            assert_eq!(refused(gateway.refund(&known, &refund(key, 1)).await), RefusalKind::Invalid, "{key:?}");
        }
    }
    assert!(stub.seen().is_empty(), "{:?}", stub.seen());
}

#[tokio::test]
async fn an_id_of_the_gateway_is_not_trusted_in_a_path() {
    let stub = Stub::answering([Reply::Json(200, "[]".to_owned())]).await;
    for id in ["../../v1/disputes", "a?b=c", "..", "a/b"] {
        let known = later(&charge("DCF-1", MethodKind::Qris), Some(id));
        assert_eq!(refused(xendit(&stub.url).query(&known).await), RefusalKind::Invalid, "{id}");
    }
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn an_answer_about_another_payment_proves_nothing() {
    let other = r#"{"status_code":"200","order_id":"OTHER-2","external_id":"OTHER-2","reference_id":"OTHER-2","id":"x",
        "payment_request_id":"pr-1","transaction_status":"settlement","gross_amount":"150000.00","currency":"IDR"}"#;
    let stub = Stub::answering([Reply::Json(200, other.to_owned())]).await;
    unknown(core(&stub.url).query(&later(&charge("DCF-1", MethodKind::Qris), None)).await);
    unknown(core(&stub.url).create(&charge("DCF-1", MethodKind::Qris)).await);
    for kind in [MethodKind::Page, MethodKind::Qris] {
        unknown(xendit(&stub.url).create(&charge("DCF-1", kind)).await);
        unknown(xendit(&stub.url).query(&later(&charge("DCF-1", kind), Some("pr-1"))).await);
    }
}

#[tokio::test]
async fn c10_41_odd_shapes_are_read() {
    let odd = r#" {"status_code":201,"order_id":"DCF-1","transaction_id":17,"gross_amount":150000.00,"currency":"IDR",
        "transaction_status":"PENDING","actions":null,"va_numbers":null,"refunds":null,"stranger":{"a":[1,null]},
        "qr_string":"00020101","expiry_time":null,"fraud_status":null}"#;
    let stub = Stub::answering([Reply::Json(200, odd.to_owned())]).await;
    let snapshot = crate::kit::done(core(&stub.url).create(&charge("DCF-1", MethodKind::Qris)).await);
    assert_eq!(snapshot.state, GatewayState::Pending);
    assert_eq!(snapshot.provider_id.as_deref(), Some("17"));
    assert_eq!(snapshot.amount, dermaga_ports::payments::SeenAmount::Exact(rupiah(150_000)));
}
