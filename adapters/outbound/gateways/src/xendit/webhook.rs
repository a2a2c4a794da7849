//! Webhooks: a token that says who sends them, and five shapes of body.

use dermaga_ports::payments::{Hint, NotAuthentic};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::{
    Secret,
    hint::{digest, known_name, word},
    lenient::{Text, list},
};

/// Everything that any of them has at the top.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    event: Text,
    data: Option<Box<RawValue>>,
    // Of an invoice or a dispute, which have no envelope.
    id: Text,
    external_id: Text,
    reference_id: Text,
    payment_id: Text,
    status: Text,
    amount: Option<Box<RawValue>>,
    paid_amount: Text,
    updated_at: Text,
}

/// What is in an envelope: a payment, a request or a refund.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data {
    id: Text,
    payment_request_id: Text,
    payment_id: Text,
    invoice_id: Text,
    reference_id: Text,
    status: Text,
    #[serde(deserialize_with = "list")]
    captures: Vec<Capture>,
    metadata: Option<Box<RawValue>>,
    /// Some refunds come in a second envelope.
    data: Option<Box<RawValue>>,
}

/// What we told Xendit about a refund.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    /// Our name for the payment.
    payment: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Capture {
    capture_id: Text,
}

/// Reads one.
pub(super) fn read(headers: &[(String, String)], body: &[u8], token: &Secret) -> Result<Hint, NotAuthentic> {
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if !header("x-callback-token").is_some_and(|given| token.is(given)) {
        return Err(NotAuthentic::Signature);
    }
    let malformed = |_| NotAuthentic::Malformed("the body is no webhook of Xendit".to_owned());
    let body: Body = serde_json::from_slice(body).map_err(malformed)?;
    let event = body.event.or_empty().trim().to_ascii_lowercase();
    let hint = if event.starts_with("dispute.") {
        dispute(&event, &body)
    } else if let Some(data) = &body.data {
        let data: Data = serde_json::from_str(data.get()).map_err(malformed)?;
        match event.starts_with("refund.") {
            true => refund(&event, data)?,
            false => payment(&event, &data),
        }
    } else if body.external_id.get().is_some() && event.is_empty() {
        invoice(&body)
    } else {
        return Err(NotAuthentic::Malformed("it names neither an event nor an invoice".to_owned()));
    };
    Ok(Hint { delivery_id: known_name(header("webhook-id")), ..hint })
}

fn invoice(body: &Body) -> Hint {
    let status = body.status.word();
    let amount = body.amount.as_ref().map(|raw| raw.get().trim_matches('"'));
    Hint {
        reference: known_name(body.external_id.get()),
        provider_id: known_name(body.id.get()),
        dedupe_key: digest(&["invoice", body.id.or_empty(), &status, body.payment_id.or_empty()]),
        delivery_id: None,
        claims: word(&format!("invoice.{}", status.to_ascii_lowercase())),
        suspicious: body.paid_amount.get().is_some_and(|paid| Some(paid) != amount) || body.id.get().is_none(),
    }
}

fn payment(event: &str, data: &Data) -> Hint {
    let status = data.status.word();
    let capture = data.captures.last().map_or("", |capture| capture.capture_id.or_empty());
    let expected = match event {
        "payment.capture" | "payment.succeeded" | "capture.succeeded" => Some("SUCCEEDED"),
        "payment.authorization" => Some("AUTHORIZED"),
        "payment.failure" | "payment.failed" => Some("FAILED"),
        "payment.expiry" | "payment_request.expiry" => Some("EXPIRED"),
        _ => None,
    };
    Hint {
        reference: known_name(data.reference_id.get()),
        provider_id: known_name(data.payment_request_id.get()),
        dedupe_key: digest(&[
            event,
            data.payment_request_id.or_empty(),
            data.payment_id.get().unwrap_or(data.id.or_empty()),
            &status,
            capture,
        ]),
        delivery_id: None,
        claims: word(event),
        suspicious: expected.is_some_and(|expected| expected != status),
    }
}

/// The reference in it is that of the refund. The payment's is among what we told Xendit, unless somebody made the refund
/// there: then the payment is known by Xendit's id alone.
fn refund(event: &str, data: Data) -> Result<Hint, NotAuthentic> {
    let data = match (&data.id.get(), &data.data) {
        (None, Some(inner)) => serde_json::from_str(inner.get())
            .map_err(|_| NotAuthentic::Malformed("the refund inside cannot be read".to_owned()))?,
        _ => data,
    };
    let status = data.status.word();
    // Whatever else is in there, it is not ours.
    let told = data.metadata.as_ref().map(|raw| raw.get()).filter(|text| text.starts_with('{'));
    let told: Metadata = told.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Ok(Hint {
        reference: known_name(told.payment.get()),
        provider_id: known_name(data.payment_request_id.get().or(data.invoice_id.get())),
        dedupe_key: digest(&[event, data.id.or_empty(), &status]),
        delivery_id: None,
        claims: word(event),
        suspicious: matches!((event, status.as_str()), ("refund.succeeded", s) if s != "SUCCEEDED")
            || matches!((event, status.as_str()), ("refund.failed", s) if s != "FAILED"),
    })
}

fn dispute(event: &str, body: &Body) -> Hint {
    let status = body.status.word();
    let ended = event.strip_prefix("dispute.").unwrap_or_default().to_ascii_uppercase();
    Hint {
        reference: known_name(body.reference_id.get()),
        provider_id: None,
        dedupe_key: digest(&[event, body.id.or_empty(), body.updated_at.or_empty()]),
        delivery_id: None,
        claims: word(event),
        suspicious: matches!(ended.as_str(), "WON" | "LOST") && ended != status,
    }
}
