//! What was sent and what came in, so that a test can look at it afterwards.

use std::{collections::BTreeMap, time::Duration};

use poem::http::HeaderMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{clock::Moment, dispatch::Policy};

/// How many calls are remembered.
const CALLS: usize = 10_000;

/// A webhook on its way.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// Its number.
    pub id: u64,
    /// The player that sends it.
    pub provider: &'static str,
    /// What it tells.
    pub kind: String,
    /// The caller's reference of what it is about.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Where it goes.
    pub url: String,
    /// Headers beside the content type; the token is not shown.
    #[serde(serialize_with = "shown")]
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Value,
    /// The member of the body that gets the time of each attempt.
    #[serde(skip)]
    pub stamp: Option<&'static str>,
    /// How it is repeated.
    #[serde(skip)]
    pub policy: Policy,
    /// What became of it.
    pub state: DeliveryState,
    /// Each time it was sent.
    pub attempts: Vec<Attempt>,
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its time or for its repetition.
    Waiting,
    /// Somebody took it.
    Delivered,
    /// Nobody took it, and it is not sent again.
    GivenUp,
    /// It was never to arrive.
    Dropped,
}

/// A webhook sent once.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Which one, from 1.
    pub number: usize,
    /// When, in virtual time.
    pub at: Moment,
    /// The bytes that were sent.
    pub request: String,
    /// The status that came back.
    pub status: Option<u16>,
    /// Why none came back.
    pub error: Option<String>,
    /// How long it took, in real milliseconds.
    pub latency_ms: u128,
    /// When it is sent again.
    pub next_retry: Option<Moment>,
}

/// A call that came in. Secrets are masked.
#[derive(Debug, Clone, Serialize)]
pub struct Heard {
    /// Its number.
    pub id: u64,
    /// When, in virtual time.
    pub at: Moment,
    /// The player that was called.
    pub provider: &'static str,
    /// The method.
    pub method: String,
    /// The path below the player's address.
    pub path: String,
    /// The caller's reference, if the call names one.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The headers that matter.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
    /// The fault that it met.
    pub fault: Option<String>,
    /// The status that was answered, or would have been.
    pub status: u16,
    /// How long it took, in real milliseconds.
    pub latency_ms: u128,
}

/// Everything that was sent and heard.
#[derive(Debug, Default)]
pub struct Journal {
    deliveries: BTreeMap<u64, Delivery>,
    calls: BTreeMap<u64, Heard>,
    last_delivery: u64,
    last_call: u64,
}

impl Journal {
    /// Takes a webhook in and numbers it.
    pub fn post(&mut self, mut delivery: Delivery) -> u64 {
        self.last_delivery += 1;
        delivery.id = self.last_delivery;
        self.deliveries.insert(delivery.id, delivery);
        self.last_delivery
    }

    /// A webhook.
    pub fn delivery(&mut self, id: u64) -> Option<&mut Delivery> {
        self.deliveries.get_mut(&id)
    }

    /// The webhooks about that reference, or all.
    pub fn deliveries(&self, reference: Option<&str>) -> Vec<&Delivery> {
        self.deliveries.values().filter(|one| reference.is_none_or(|wanted| one.reference == wanted)).collect()
    }

    /// Takes a call in and numbers it; the oldest is forgotten when there are too many.
    pub fn hear(&mut self, mut heard: Heard) -> u64 {
        self.last_call += 1;
        heard.id = self.last_call;
        self.calls.insert(heard.id, heard);
        if self.calls.len() > CALLS {
            self.calls.pop_first();
        }
        self.last_call
    }

    /// Notes how long a call took.
    pub fn answered(&mut self, call: u64, took: Duration) {
        if let Some(heard) = self.calls.get_mut(&call) {
            heard.latency_ms = took.as_millis();
        }
    }

    /// The calls about that reference, or all.
    pub fn calls(&self, reference: Option<&str>) -> Vec<&Heard> {
        let about = |one: &&Heard| reference.is_none_or(|wanted| one.reference.as_deref() == Some(wanted));
        self.calls.values().filter(about).collect()
    }
}

/// Members of bodies that nobody may read later.
const SECRET: &[&str] = &[
    "token_id",
    "card_number",
    "card_cvv",
    "cvn",
    "cvv",
    "account_number",
    "payment_option_token",
    "auth_token",
    "sign",
];

/// The headers that matter, without what proves the caller.
pub fn masked_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let texts = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or("(not a text)")));
    without_proofs(texts)
}

fn without_proofs<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let masked = headers.map(|(name, value)| {
        let secret = matches!(name, "authorization" | "cookie" | "x-callback-token");
        (name.to_owned(), if secret { "***" } else { value }.to_owned())
    });
    masked.collect()
}

fn shown<S: Serializer>(headers: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    without_proofs(headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))).serialize(serializer)
}

/// The body without card data.
pub fn masked(body: &[u8]) -> Value {
    match serde_json::from_slice(body) {
        Ok(mut value) => {
            mask(&mut value);
            value
        }
        Err(_) => {
            let pairs = form_urlencoded::parse(body).map(|(name, value)| {
                let secret = SECRET.contains(&name.as_ref());
                (name.into_owned(), Value::from(if secret { "***".to_owned() } else { value.into_owned() }))
            });
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if SECRET.contains(&name.as_str()) {
                    *member = Value::from("***");
                } else {
                    mask(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn card_data_is_masked_wherever_it_stands() {
        let body = json!({"a": [{"credit_card": {"token_id": "tok-1"}}], "order_id": "X"}).to_string();
        assert_eq!(masked(body.as_bytes()), json!({"a": [{"credit_card": {"token_id": "***"}}], "order_id": "X"}));
        assert_eq!(masked(b"card_cvv=123&To=%2B62"), json!({"card_cvv": "***", "To": "+62"}));
    }
}
