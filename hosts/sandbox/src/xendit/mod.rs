//! Xendit: invoices, payment requests, refunds, disputes, at `/xendit`.
//!
//! [`invoice`] and [`request`] know no HTTP; [`wire`] knows how things are written, [`notify`] who is told.

pub mod book;
pub mod channel;
pub mod disputes;
pub mod funds;
pub mod invoice;
mod invoices;
mod notify;
mod pages;
pub mod refunds;
pub mod request;
mod requests;
pub mod wire;

use std::time::Duration;

use serde_json::{Value, json};
use subtle::ConstantTimeEq;

pub use book::{Book, Event, run};
pub use notify::{headers, policy};

use crate::{
    call::{Answer, Call, Reply},
    edge::Player,
    world::World,
};

/// How long an idempotency key is kept.
const KEY_LIFE: Duration = Duration::from_secs(86_400);
/// The version of the newer calls.
const VERSION: &str = "2024-11-11";

/// Xendit.
#[derive(Debug, Clone, Copy)]
pub struct Xendit;

impl Player for Xendit {
    fn name(&self) -> &'static str {
        "xendit"
    }

    fn reference(&self, world: &World, call: &Call) -> Option<String> {
        let known = |id: &str| {
            let book = &world.xendit;
            let invoice = book.invoices.get(id).map(|one| one.external_id.clone());
            let request = || book.requests.get(id).map(|one| one.reference.clone());
            let payment = || book.payment(id).map(|(request, _)| request.reference.clone());
            let refund = || book.refunds.get(id).map(|one| one.payment_reference.clone());
            invoice.or_else(request).or_else(payment).or_else(refund)
        };
        let in_body = |body: Value| {
            let text = |name: &str| body[name].as_str().map(str::to_owned);
            let paid = ["payment_request_id", "invoice_id", "payment_id"];
            let paid = paid.iter().find_map(|name| text(name).and_then(|id| known(&id)));
            paid.or_else(|| text("external_id")).or_else(|| text("reference_id"))
        };
        let in_path = call.segments.iter().find_map(|part| known(part));
        in_path.or_else(|| call.json().and_then(in_body)).or_else(|| call.asked("external_id").map(str::to_owned))
    }

    fn answer(&self, world: &mut World, call: &Call) -> Reply {
        let (method, path) = call.route();
        match (method, path.as_slice()) {
            ("GET" | "POST", ["web", id]) => return pages::invoice(world, call, id).into(),
            ("GET" | "POST", ["pay", id]) => return pages::request(world, call, id).into(),
            _ => {}
        }
        let key = world.settings.xendit.secret_key.as_bytes();
        let right = |user: &str, password: &str| password.is_empty() && bool::from(user.as_bytes().ct_eq(key));
        if !call.basic().is_some_and(|(user, password)| right(&user, &password)) {
            return wire::refusal(401, "INVALID_API_KEY", "API key format is invalid or the key does not exist").into();
        }
        if path.first() == Some(&"v3") && call.header("api-version") != Some(VERSION) {
            return wire::invalid(&[("/headers/api-version".to_owned(), format!("must be {VERSION}"))]).into();
        }
        let limit = limited(world, call);
        if let Some((0, _)) = limit {
            let refusal = wire::refusal(429, "RATE_LIMIT_EXCEEDED", "Too many requests");
            return told(refusal, world, limit).into();
        }
        let mut reply = served(world, call);
        reply.answer = told(reply.answer, world, limit);
        reply
    }

    fn failure(&self, world: &World, status: u16) -> Answer {
        let answer = wire::refusal(status, wire::code_of(status), "A fault was asked for");
        if status == 429 { told(answer, world, Some((0, 30))) } else { answer }
    }
}

fn served(world: &mut World, call: &Call) -> Reply {
    let (method, path) = call.route();
    let body = || call.json().unwrap_or(Value::Null);
    match (method, path.as_slice()) {
        ("POST", ["v2", "invoices"]) => invoices::create(world, call),
        ("GET", ["v2", "invoices"]) => invoices::list(world, call).into(),
        ("GET", ["v2", "invoices", id]) => invoices::get(world, id).into(),
        ("POST", ["invoices", id, "expire!"]) => invoices::expire(world, id).into(),
        ("POST", ["v3", "payment_requests"]) => requests::create(world, call),
        ("GET", ["v3", "payment_requests", id]) => requests::get(world, id).into(),
        ("POST", ["v3", "payment_requests", id, "cancel"]) => requests::cancel(world, id).into(),
        ("POST", ["v3", "payment_requests", id, "simulate"]) => requests::simulate(world, id, &body()).into(),
        ("GET", ["v3", "payments", id]) => requests::get_payment(world, id).into(),
        ("POST", ["v3", "payments", id, "capture"]) => requests::capture(world, id, &body()).into(),
        ("POST", ["v3", "payments", id, "cancel"]) => requests::void(world, id).into(),
        ("POST", ["refunds"]) => keyed(world, call, |world| refunds::create(world, &body())).into(),
        ("GET", ["refunds"]) => refunds::list(world, call).into(),
        ("GET", ["refunds", id]) => refunds::get(world, id).into(),
        ("POST", ["refunds", id, "cancel"]) => refunds::cancel(world, id).into(),
        ("GET", ["v1", "disputes"]) => disputes::list(world, call).into(),
        ("POST", ["v1", "disputes", "simulate"]) => disputes::simulate(world, &body()).into(),
        ("GET", ["v1", "disputes", id]) => disputes::get(world, id).into(),
        _ => wire::refusal(404, "NOT_FOUND", "The requested resource was not found").into(),
    }
}

/// The same key and the same body: the first answer, for a day. The same key and another body: a conflict.
fn keyed(world: &mut World, call: &Call, work: impl FnOnce(&mut World) -> Answer) -> Answer {
    let Some(key) = call.header("idempotency-key").map(str::to_owned) else { return work(world) };
    let now = world.clock.now();
    // The same members in another order are the same body.
    let body = call.json().unwrap_or(json!(null)).to_string();
    match world.xendit.keys.get(&key) {
        Some((first, answer, since)) if now.since(*since) < KEY_LIFE => {
            if *first == body {
                return answer.clone();
            }
            return wire::refusal(409, "IDEMPOTENCY_ERROR", "The key was used with another body");
        }
        _ => {}
    }
    let answer = work(world);
    if answer.status < 400 {
        world.xendit.keys.insert(key, (body, answer.clone(), now));
    }
    answer
}

/// How many calls this endpoint still takes in this minute, this one included, and when the minute ends in seconds.
fn limited(world: &mut World, call: &Call) -> Option<(u32, i64)> {
    let limit = world.settings.xendit.rate_limit;
    if limit == 0 {
        return None;
    }
    let seconds = world.clock.now().millis() / 1_000;
    let (minute, reset) = (seconds / 60, 60 - seconds % 60);
    // Ids are no endpoints.
    let parts = call.segments.iter().map(|part| if part.len() >= 24 { "*" } else { part.as_str() });
    let endpoint = format!("{} {}", call.method, parts.collect::<Vec<_>>().join("/"));
    let (running, taken) = world.xendit.rate.entry(endpoint).or_insert((minute, 0));
    if *running != minute {
        (*running, *taken) = (minute, 0);
    }
    let left = limit.saturating_sub(*taken);
    *taken += 1;
    Some((left, reset))
}

fn told(answer: Answer, world: &World, limit: Option<(u32, i64)>) -> Answer {
    let Some((left, reset)) = limit else { return answer };
    let most = world.settings.xendit.rate_limit;
    let answer = answer.with("rate-limit-limit", most.max(1));
    answer.with("rate-limit-remaining", left.saturating_sub(1)).with("rate-limit-reset", reset)
}
