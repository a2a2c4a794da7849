//! Telling the merchant: which address, with which token, and how often it is repeated.

use std::time::Duration;

use serde_json::{Value, json};

use super::{disputes::Dispute, refunds::Refund, request::EXPIRY, wire};
use crate::{
    config::XenditSettings,
    dispatch::{Outcome, Policy},
    script::{self, Signature},
    world::{Parcel, World},
};

/// How an invoice stands.
pub fn invoice(world: &mut World, id: &str) {
    let Some(invoice) = world.xendit.invoices.get(id).cloned() else { return };
    let body = wire::invoice_webhook(&invoice);
    let kind = format!("invoice.{}", body["status"].as_str().unwrap_or_default().to_lowercase());
    let url = world.settings.xendit.webhook_urls.invoice.clone();
    let parcel = parcel(world, kind, &invoice.external_id, url, body, None, &invoice.script.delivery);
    world.post(parcel, &invoice.script.delivery);
}

/// What happened to a payment request or to its last payment.
pub fn request(world: &mut World, id: &str, event: &str) {
    let Some(request) = world.xendit.requests.get(id).cloned() else { return };
    let base = &world.settings.public_url;
    let data = match request.payments.last().filter(|_| event != EXPIRY) {
        Some(payment) => wire::payment(&request, payment),
        None => wire::request(&request, base),
    };
    let url = world.settings.xendit.webhook_urls.payment.clone();
    let body = wire::envelope(event, data);
    let parcel =
        parcel(world, event.to_owned(), &request.reference, url, body, Some("created"), &request.script.delivery);
    world.post(parcel, &request.script.delivery);
}

/// How a refund ended.
pub fn refund(world: &mut World, refund: &Refund) {
    let event = refund.status.event();
    let mut body = wire::envelope(event, refund.shown());
    if refund.script.looks.nested {
        body = wire::envelope(event, body);
    }
    let url = world.settings.xendit.webhook_urls.refund.clone();
    let how = refund.script.delivery.clone();
    let parcel = parcel(world, event.to_owned(), &refund.payment_reference, url, body, Some("created"), &how);
    world.post(parcel, &how);
}

/// How a dispute stands: flat, without an envelope.
pub fn dispute(world: &mut World, dispute: &Dispute) {
    let event = dispute.status.event();
    let mut body = dispute.shown();
    body["event"] = json!(event);
    let url = world.settings.xendit.webhook_urls.dispute.clone();
    let how = dispute.script.delivery.clone();
    let parcel = parcel(world, event.to_owned(), &dispute.reference, url, body, None, &how);
    world.post(parcel, &how);
}

fn parcel(
    world: &mut World,
    kind: String,
    reference: &str,
    url: String,
    body: Value,
    stamp: Option<&'static str>,
    how: &script::Delivery,
) -> Parcel {
    let headers = headers(world, how.signature);
    let policy = policy(&world.settings.xendit);
    Parcel { provider: "xendit", kind, reference: reference.to_owned(), url, headers, body, stamp, policy }
}

/// What goes with each webhook. Its id is the same in all repetitions.
pub fn headers(world: &mut World, signature: Signature) -> Vec<(String, String)> {
    let mut headers = vec![("user-agent".to_owned(), "Xendit".to_owned())];
    match signature {
        Signature::Right => {
            headers.push(("x-callback-token".to_owned(), world.settings.xendit.callback_token.clone()));
        }
        Signature::Wrong => headers.push(("x-callback-token".to_owned(), "somebody-elses-token".to_owned())),
        Signature::Missing => {}
    }
    if world.settings.xendit.webhook_id {
        headers.push(("webhook-id".to_owned(), world.dice.uuid().to_string()));
    }
    headers
}

/// How Xendit repeats: six times, whatever was answered.
pub fn policy(settings: &XenditSettings) -> Policy {
    let minutes: [u64; 6] = [15, 45, 120, 180, 360, 720];
    Policy {
        waits: minutes.map(|minutes| Duration::from_secs(minutes * 60)).to_vec(),
        jitter_percent: 0,
        repetitions: |outcome: &Outcome| if outcome.taken() { 0 } else { 6 },
        redirects: 0,
        timeout: Duration::from_millis(settings.timeout_ms),
    }
}
