//! No secret and no person in a log, an error or a Debug text.

use std::{
    io,
    sync::{Arc, Mutex},
};

use dermaga_ports::payments::{MethodKind, Outcome, PaymentGateway, Snapshot};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    kit::{
        CALLBACK_TOKEN, CARD_TOKEN, SERVER_KEY, XENDIT_KEY, charge, core, later, midtrans_config, refund, remote,
        rupiah, xendit, xendit_config,
    },
    stub::{Reply, Stub},
};

/// A log that can be read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that nobody may read, in the forms in which it could be told.
const HIDDEN: [&str; 10] = [
    SERVER_KEY,
    XENDIT_KEY,
    CALLBACK_TOKEN,
    "U0ItTWlkLXNlcnZlci1FWEFNUExFMDAwMDAwMDAwMDA6",
    "eG5kX2RldmVsb3BtZW50X0VYQU1QTEUwMDAwOg==",
    CARD_TOKEN,
    "4811111111111114",
    "sari@example.com",
    "+628110000001",
    "0f3d7d3a-64b7-4c3a-SNAP-EXAMPLE",
];

/// Gateways that say everything back that they were told.
fn echoes() -> Vec<Reply> {
    let told = HIDDEN.join(" ");
    let refusal = format!(
        r#"{{"status_code":"400","error_code":"API_VALIDATION_ERROR","status_message":"{told}","message":"{told}",
            "validation_messages":["{told}"],"error_messages":["{told}"]}}"#
    );
    let denial = format!(
        r#"{{"status_code":"202","order_id":"DCF-1","reference_id":"DCF-1","payment_request_id":"pr-1","status":"FAILED",
            "transaction_status":"deny","status_message":"{told}","failure_code":"CARD_DECLINED",
            "channel_response_message":"{told}"}}"#
    );
    let success = format!(
        r#"{{"status_code":"201","order_id":"DCF-1","external_id":"DCF-1","reference_id":"DCF-1","id":"1",
            "payment_request_id":"pr-1","status":"PENDING","transaction_status":"pending","token":"0f3d7d3a-64b7-4c3a-SNAP-EXAMPLE",
            "redirect_url":"https://x/0f3d7d3a-64b7-4c3a-SNAP-EXAMPLE","masked_card":"4811111111111114","signature_key":"{told}",
            "payer_email":"{told}","customer_details":["{told}"],"email":"{told}","token_id":"{told}"}}"#
    );
    vec![
        Reply::Json(400, refusal.clone()),
        Reply::Json(200, refusal),
        Reply::Json(200, denial),
        Reply::Json(200, success),
        Reply::Json(200, format!("{{\"{told}\"")),
        Reply::Json(503, told),
        Reply::Cut,
    ]
}

/// What is kept of an outcome. A page's address has its token: that is what the payer needs, and nobody else is told.
fn kept(outcome: Outcome<Snapshot>) -> String {
    match outcome {
        Outcome::Done(snapshot) => snapshot.raw,
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn c10_56_no_secret_is_told_by_logs_errors_or_what_is_kept() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut told = String::new();
    for reply in echoes() {
        let stub = Stub::answering([reply]).await;
        for (gateway, kind) in remote(&stub.url) {
            let charge = charge("DCF-1", kind);
            let known = later(&charge, Some("0f3d7d3a-64b7-4c3a-SNAP-EXAMPLE"));
            told.push_str(&kept(gateway.create(&charge).await));
            told.push_str(&format!("{:?}", gateway.cancel(&known).await));
            told.push_str(&format!("{:?}", gateway.refund(&known, &refund("R-1", 1)).await));
            if let Outcome::Refused(_) | Outcome::Unknown(_) = gateway.query(&known).await {
                told.push_str(&format!("{:?}", gateway.query(&known).await));
            }
        }
        told.push_str(&kept(core(&stub.url).create(&charge("DCF-1", MethodKind::CreditCard)).await));
        told.push_str(&kept(xendit(&stub.url).create(&charge("DCF-1", MethodKind::CreditCard)).await));
        told.push_str(&format!(
            "{:?}",
            core(&stub.url).capture(&later(&charge("DCF-1", MethodKind::CreditCard), Some("1")), rupiah(1)).await
        ));
        told.push_str(&format!("{:?} {:?}", midtrans_config(&stub.url), xendit_config(&stub.url)));
        told.push_str(&format!("{:?}", charge("DCF-1", MethodKind::CreditCard).method));
    }
    let logged = String::from_utf8(log.0.lock().expect("not poisoned").clone()).expect("text");
    assert!(logged.contains("Midtrans charge") && logged.contains("Xendit invoice"), "something was logged");
    for secret in HIDDEN {
        let place = told.find(secret).map(|at| told[at.saturating_sub(100)..].chars().take(200).collect::<String>());
        assert_eq!(place, None, "{secret} is told");
        let line = logged.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is logged: {}", line.unwrap_or_default());
    }
}
