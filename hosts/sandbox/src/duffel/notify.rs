//! Webhooks of Duffel, and of who signs as Duffel does.

use std::time::Duration;

use serde_json::{Value, json};

use super::wire;
use crate::{
    config::BearerSettings,
    dispatch::{Outcome, Policy},
    script::Delivery,
    world::{Parcel, World},
};

/// What happened to an order.
pub fn order(world: &mut World, id: &str, kind: &str) {
    let Some(order) = world.duffel.orders.get(id) else { return };
    let object =
        json!({"id": id, "offer_id": order.offer.id, "booking_reference": order.pnr, "metadata": order.metadata});
    let (reference, how) = (order.reference().to_owned(), order.script.delivery.clone());
    let settings = world.settings.duffel.clone();
    send(world, ("duffel", "X-Duffel-Signature"), &settings, kind, &reference, object, &how);
}

/// One event, signed over the bytes that are sent.
pub fn send(
    world: &mut World,
    (provider, header): (&'static str, &str),
    settings: &BearerSettings,
    kind: &str,
    reference: &str,
    object: Value,
    how: &Delivery,
) {
    let now = world.clock.now();
    let key = object["id"].clone();
    let body = json!({
        "id": format!("wev_{}", world.dice.hex(22)), "api_version": "v2", "type": kind, "live_mode": false,
        "data": {"object": object}, "idempotency_key": key, "created_at": now,
    });
    let mut headers = vec![("user-agent".to_owned(), "Duffel/1.0".to_owned())];
    if let Some(signature) = wire::signature(&settings.webhook_secret, now.plus(how.delay), &body, how.signature) {
        headers.push((header.to_owned(), signature));
    }
    let parcel = Parcel {
        provider,
        kind: kind.to_owned(),
        reference: reference.to_owned(),
        url: settings.webhook_url.clone(),
        headers,
        body,
        stamp: None,
        policy: policy(),
    };
    world.post(parcel, how);
}

/// For three days, each time after twice as long.
fn policy() -> Policy {
    Policy {
        waits: (0..12).map(|power| Duration::from_secs(60 << power)).collect(),
        jitter_percent: 10,
        repetitions: |outcome: &Outcome| if outcome.taken() { 0 } else { 12 },
        redirects: 0,
        timeout: Duration::from_secs(20),
    }
}
