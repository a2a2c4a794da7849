//! Telling the merchant: who is told, with which proof, and how often it is repeated after which answer.

use std::time::Duration;

use serde_json::Value;

use super::{transaction::Transaction, wire};
use crate::{
    config::{MidtransSettings, Spacing},
    dispatch::{Outcome, Policy},
    script::Signature,
    world::{Parcel, World},
};

/// Tells the merchant how the order stands.
pub fn announce(world: &mut World, order: &str) {
    let Some(transaction) = world.midtrans.orders.get(order).cloned() else { return };
    for parcel in parcels(world, &transaction) {
        world.post(parcel, &transaction.script.delivery);
    }
}

fn parcels(world: &World, transaction: &Transaction) -> Vec<Parcel> {
    let settings = &world.settings.midtrans;
    let mut body = wire::notification(transaction, &settings.server_key);
    match transaction.script.delivery.signature {
        Signature::Right => {}
        Signature::Wrong => body["signature_key"] = Value::from(wire::signature("", "", "", "somebody else's key")),
        Signature::Missing => {
            if let Value::Object(members) = &mut body {
                members.remove("signature_key");
            }
        }
    }
    let to = |url: &String| parcel(settings, transaction, url, body.clone());
    transaction.targets.iter().map(to).collect()
}

fn parcel(settings: &MidtransSettings, transaction: &Transaction, url: &str, body: Value) -> Parcel {
    Parcel {
        provider: "midtrans",
        kind: body["transaction_status"].as_str().unwrap_or_default().to_owned(),
        reference: transaction.order_id.clone(),
        url: url.to_owned(),
        headers: headers(),
        body,
        stamp: None,
        policy: policy(settings),
    }
}

/// What goes with each notification.
pub fn headers() -> Vec<(String, String)> {
    vec![("user-agent".to_owned(), "Veritrans".to_owned()), ("accept".to_owned(), "application/json".to_owned())]
}

/// How Midtrans repeats.
pub fn policy(settings: &MidtransSettings) -> Policy {
    let minutes: [u64; 5] = match settings.retry_spacing {
        Spacing::Table => [2, 10, 30, 90, 210],
        Spacing::Minute => [1; 5],
    };
    Policy {
        waits: minutes.map(|minutes| Duration::from_secs(minutes * 60)).to_vec(),
        jitter_percent: 10,
        repetitions,
        redirects: 5,
        timeout: Duration::from_millis(settings.timeout_ms),
    }
}

fn repetitions(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Status(200..=299 | 301..=303) => 0,
        Outcome::Status(500) => 1,
        Outcome::Status(503) => 4,
        Outcome::Status(400 | 404) => 2,
        Outcome::Status(_) | Outcome::Nothing(_) => 5,
    }
}
