//! Midtrans: the Core API at `/midtrans/api`, Snap at `/midtrans/app`.
//!
//! The books ([`transaction`], [`status`]) know no HTTP; [`wire`] knows how things are written, [`notify`] who is told.

mod actions;
pub mod book;
pub mod channel;
mod charge;
mod links;
mod notify;
mod pages;
pub mod refund;
mod snap;
mod status;
mod token;
mod transaction;
mod validate;
pub mod wire;

use serde_json::{Value, json};
use subtle::ConstantTimeEq;

pub use book::{Book, Event, act, run};
pub use notify::{headers, policy};
pub use snap::choose;
pub use status::Status;
pub use transaction::{Act, Transaction};

use crate::{
    call::{Answer, Body, Call, Reply},
    edge::Player,
    world::World,
};
use book::Remembered;
use channel::Channel;

/// The largest body.
const BODY: usize = 16 * 1024;
/// The longest idempotency key; longer ones are ignored.
const KEY: usize = 46;
/// A picture of one white point, where a QR code would be.
const PNG: &[u8] = include_bytes!("qr.png");

/// The Core API.
#[derive(Debug, Clone, Copy)]
pub struct Core;

/// Snap and the customer's pages.
#[derive(Debug, Clone, Copy)]
pub struct SnapApp;

fn proven(world: &World, call: &Call) -> bool {
    let key = world.settings.midtrans.server_key.as_bytes();
    call.basic().is_some_and(|(user, password)| password.is_empty() && bool::from(user.as_bytes().ct_eq(key)))
}

fn order_in(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["transaction_details"]["order_id"].as_str().map(str::to_owned)
}

impl Player for Core {
    fn name(&self) -> &'static str {
        "midtrans"
    }

    fn reference(&self, world: &World, call: &Call) -> Option<String> {
        let known = |id: &str| world.midtrans.order_of(id).unwrap_or(id).to_owned();
        let in_path = match call.route().1.as_slice() {
            ["v2", "charge" | "token"] => None,
            ["v2", "capture"] => call.json().and_then(|body| body["transaction_id"].as_str().map(known)),
            ["v2", "gopay" | "qris" | "3ds", ..] => call.segments.get(2).map(|id| known(id)),
            ["v2", id, ..] => Some(known(id)),
            _ => None,
        };
        in_path.or_else(|| order_in(&call.body))
    }

    fn answer(&self, world: &mut World, call: &Call) -> Reply {
        let (method, path) = call.route();
        match (method, path.as_slice()) {
            ("GET", ["v2", "token"]) => return token::make(world, call).into(),
            ("GET", ["v2", "gopay" | "qris", _, "qr-code"] | ["v4", "qris", "gopay", _, "qr-code"]) => {
                return Answer { status: 200, headers: Vec::new(), body: Body::Png(PNG) }.into();
            }
            ("GET" | "POST", ["v2", "3ds", "redirect", id]) => return pages::three_ds(world, call, id).into(),
            _ => {}
        }
        let json = call.header("accept").is_none_or(|accept| accept.contains("json") || accept.contains("*/*"));
        if !json {
            return wire::refusal(world, 403, wire::text_of(403)).into();
        }
        if !proven(world, call) {
            return wire::refusal(world, 401, wire::text_of(401)).into();
        }
        if call.body.len() > BODY {
            return wire::refusal(world, 413, "Request body is too large").into();
        }
        if method == "POST" {
            return keyed(world, call);
        }
        match path.as_slice() {
            ["v2", id, "status"] => actions::status(world, id).into(),
            _ => nowhere().into(),
        }
    }

    fn failure(&self, _: &World, status: u16) -> Answer {
        Answer::json(status, json!({"status_code": status.to_string(), "status_message": wire::text_of(status)}))
    }

    fn finished(&self, world: &mut World, key: &str) {
        world.midtrans.finished(key);
    }
}

/// A call that changes something, at most once for each key.
fn keyed(world: &mut World, call: &Call) -> Reply {
    let body = match call.json() {
        Some(body) => body,
        // An action needs no body.
        None if call.body.is_empty() && !matches!(call.route().1.as_slice(), ["v2", "charge" | "capture"]) => json!({}),
        None => return wire::refusal(world, 413, wire::text_of(413)).into(),
    };
    let key = call.header("idempotency-key").filter(|key| key.len() <= KEY && !Channel::without_key(&body));
    let Some(key) = key else { return changing(world, call, &body, None) };
    let now = world.clock.now();
    match world.midtrans.remember(key, now) {
        Remembered::Busy => return charge::in_process().into(),
        Remembered::Answered(answer) => return answer.into(),
        Remembered::New => {}
    }
    let mut reply = changing(world, call, &body, Some(key));
    if let Body::Json(body) = &reply.answer.body
        && matches!(body["status_code"].as_str(), Some("200" | "201" | "407"))
    {
        world.midtrans.keep(key, &reply.answer, now);
    }
    reply.key = Some(key.to_owned());
    reply
}

fn changing(world: &mut World, call: &Call, body: &Value, key: Option<&str>) -> Reply {
    match call.route().1.as_slice() {
        ["v2", "charge"] => charge::charge(world, call, body, key),
        ["v2", "capture"] => actions::capture(world, body).into(),
        ["v2", id, "refund"] => refund::refund(world, id, body, false).into(),
        ["v2", id, "refund", "online", "direct"] => refund::refund(world, id, body, true).into(),
        ["v2", id, name] => actions::action(world, id, name).unwrap_or_else(nowhere).into(),
        _ => nowhere().into(),
    }
}

fn nowhere() -> Answer {
    Answer::json(404, json!({"status_code": "404", "status_message": "The requested resource is not found"}))
}

impl Player for SnapApp {
    fn name(&self) -> &'static str {
        "snap"
    }

    fn reference(&self, world: &World, call: &Call) -> Option<String> {
        let session = |token: &str| world.midtrans.sessions.get(token).map(|one| one.order_id.clone());
        call.segments.iter().find_map(|part| session(part)).or_else(|| order_in(&call.body))
    }

    fn answer(&self, world: &mut World, call: &Call) -> Reply {
        let (method, path) = call.route();
        match (method, path.as_slice()) {
            ("GET" | "POST", ["snap", "v3", "redirection", token]) => return pages::snap(world, call, token).into(),
            ("GET" | "POST", ["simulator", id]) => return pages::simulator(world, call, id).into(),
            _ => {}
        }
        if !proven(world, call) {
            return snap::refuse(401, &[wire::text_of(401).to_owned()]).into();
        }
        match (method, path.as_slice()) {
            ("POST", ["snap", "v1", "transactions", token, "cancel"]) => snap::cancel(world, token).into(),
            ("POST", ["snap", "v1", "transactions"]) => match call.json() {
                Some(_) if call.body.len() > BODY => {
                    snap::refuse(413, &["Request body is too large".to_owned()]).into()
                }
                Some(body) => snap::create(world, call, &body),
                None => snap::refuse(400, &["The request body is not JSON".to_owned()]).into(),
            },
            _ => nowhere().into(),
        }
    }

    fn failure(&self, _: &World, status: u16) -> Answer {
        snap::refuse(status, &[wire::text_of(status).to_owned()])
    }
}
