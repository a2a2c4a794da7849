//! Forging webhooks and sending real ones again.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::refuse;
use crate::{
    app::App,
    call::{Answer, Call},
    dispatch::{self, Outcome},
    journal::{Delivery, DeliveryState},
    midtrans,
    script::Signature,
    world::World,
    xendit,
};

/// The most copies of one webhook.
const MOST: usize = 1_000;

/// `POST /webhooks/inject`: sends a webhook that nothing has caused, at once, and tells what came back.
pub async fn inject(app: &Arc<App>, body: &Value) -> Answer {
    let delivery = match forged(&mut app.world(), body) {
        Ok(delivery) => delivery,
        Err(why) => return refuse(400, why),
    };
    let id = app.world().journal.post(delivery);
    let outcome = dispatch::deliver(app, id).await;
    Answer::json(200, json!({"id": id, "outcome": outcome.as_ref().map(shown)}))
}

/// `POST /webhooks/{id}/redeliver?n=20&parallel=true`.
pub async fn redeliver(app: &Arc<App>, id: &str, call: &Call) -> Answer {
    let times = call.asked("n").map_or(Ok(1), str::parse::<usize>);
    let known = id.parse().ok().filter(|id| app.world().journal.delivery(*id).is_some());
    match (known, times) {
        (None, _) => refuse(404, format!("there is no webhook {id}")),
        (Some(id), Ok(times)) if (1..=MOST).contains(&times) => {
            let outcomes = dispatch::redeliver(app, id, times, call.asked("parallel") == Some("true")).await;
            Answer::json(200, json!({"id": id, "outcomes": outcomes.iter().map(shown).collect::<Vec<_>>()}))
        }
        _ => refuse(400, format!("n must be a number from 1 to {MOST}")),
    }
}

fn shown(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Status(status) => json!({"status": status}),
        Outcome::Nothing(why) => json!({"error": why}),
    }
}

fn forged(world: &mut World, asked: &Value) -> Result<Delivery, String> {
    let reference = asked["ref"].as_str().unwrap_or_default();
    let no_overrides = Map::new();
    let overrides = asked["overrides"].as_object().unwrap_or(&no_overrides);
    let (provider, policy, url, body) = match asked["provider"].as_str() {
        Some("midtrans") => {
            let settings = world.settings.midtrans.clone();
            let keep = asked["keep_signature"] == true;
            let body = midtrans_body(world, reference, overrides, keep);
            ("midtrans", midtrans::policy(&settings), settings.webhook_url, body)
        }
        Some("xendit") => {
            let settings = world.settings.xendit.clone();
            let (url, body) = xendit_body(world, reference, overrides);
            ("xendit", xendit::policy(&settings), url, body)
        }
        _ => return Err("provider must be midtrans or xendit".to_owned()),
    };
    let url = asked["url"].as_str().map_or(url, str::to_owned);
    if url.is_empty() {
        return Err("no webhook address is set: PUT /__sandbox/config, or say url".to_owned());
    }
    let headers = headers(world, provider, asked);
    Ok(Delivery {
        id: 0,
        provider,
        kind: "injected".to_owned(),
        reference: reference.to_owned(),
        url,
        headers,
        body,
        stamp: None,
        policy,
        // It is not repeated by itself.
        state: DeliveryState::GivenUp,
        attempts: Vec::new(),
    })
}

/// The order's own notification, bent. The signature is right for the bent one unless the old one is to be kept.
fn midtrans_body(world: &World, reference: &str, overrides: &Map<String, Value>, keep: bool) -> Value {
    let key = &world.settings.midtrans.server_key;
    let mut body = match world.midtrans.find(reference) {
        Some(transaction) => midtrans::wire::notification(transaction, key),
        None => json!({
            "order_id": reference, "transaction_id": reference, "status_code": "200", "gross_amount": "10000.00",
            "currency": "IDR", "payment_type": "qris", "transaction_status": "settlement", "fraud_status": "accept",
            "merchant_id": midtrans::wire::MERCHANT, "transaction_time": world.clock.now().wib(),
            "status_message": "midtrans payment notification",
        }),
    };
    bend(&mut body, overrides);
    if !keep && !overrides.contains_key("signature_key") {
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let signature = midtrans::wire::signature(text("order_id"), text("status_code"), text("gross_amount"), key);
        body["signature_key"] = json!(signature);
    }
    body
}

/// The invoice's or payment's own webhook, bent, and where it goes.
fn xendit_body(world: &World, reference: &str, overrides: &Map<String, Value>) -> (String, Value) {
    let book = &world.xendit;
    let urls = &world.settings.xendit.webhook_urls;
    let invoices = book.invoices.values().filter(|one| one.id == reference || one.external_id == reference);
    let invoice = invoices.max_by_key(|one| one.number);
    let requests = book.requests.values().filter(|one| one.id == reference || one.reference == reference);
    let request = requests.max_by_key(|one| one.number);
    let (url, mut body) = match (invoice, request) {
        (Some(invoice), _) => (&urls.invoice, xendit::wire::invoice_webhook(invoice)),
        (None, Some(request)) => {
            let data = match request.payments.last() {
                Some(payment) => xendit::wire::payment(request, payment),
                None => xendit::wire::request(request, &world.settings.public_url),
            };
            let mut body = xendit::wire::envelope("payment.capture", data);
            body["created"] = json!(world.clock.now().utc());
            (&urls.payment, body)
        }
        (None, None) => (&urls.invoice, json!({"external_id": reference, "id": reference, "status": "PAID"})),
    };
    bend(&mut body, overrides);
    (url.clone(), body)
}

/// Puts members in the place of others; null takes one away; objects are bent inside.
fn bend(body: &mut Value, overrides: &Map<String, Value>) {
    let Value::Object(members) = body else { return };
    for (name, value) in overrides {
        match (members.get_mut(name), value) {
            (_, Value::Null) => drop(members.remove(name)),
            (Some(inner @ Value::Object(_)), Value::Object(deeper)) => bend(inner, deeper),
            _ => drop(members.insert(name.clone(), value.clone())),
        }
    }
}

fn headers(world: &mut World, provider: &str, asked: &Value) -> Vec<(String, String)> {
    let mut headers = match provider {
        "midtrans" => midtrans::headers(),
        _ => xendit::headers(world, Signature::Right),
    };
    let no_headers = Map::new();
    for (name, value) in asked["headers"].as_object().unwrap_or(&no_headers) {
        let name = name.to_lowercase();
        headers.retain(|(earlier, _)| *earlier != name);
        if let Some(text) = value.as_str() {
            headers.push((name, text.to_owned()));
        }
    }
    headers
}
