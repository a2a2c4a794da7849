//! Duffel at `/duffel`: flights here, hotel rooms in [`crate::stays`], under one token.
//!
//! Its test airline flies its test routes, each of which plays one trouble; besides there are Indonesian flights, the
//! same for the same day.

pub mod book;
mod cancel;
mod create;
pub mod notify;
mod offers;
mod orders;
mod places;
mod schedule;
pub mod wire;

use serde_json::Value;
use subtle::ConstantTimeEq;

pub use book::{Book, Event, act, run};

use crate::{
    call::{Answer, Call, Reply},
    edge::Player,
    stays,
    world::World,
};

/// Duffel.
#[derive(Debug, Clone, Copy)]
pub struct Duffel;

impl Player for Duffel {
    fn name(&self) -> &'static str {
        "duffel"
    }

    fn reference(&self, world: &World, call: &Call) -> Option<String> {
        let of = |id: &str| world.duffel.orders.get(id).map(|order| order.reference().to_owned());
        let in_body = |body: Value| {
            let data = &body["data"];
            let kept = data["metadata"]["reference"].as_str().map(str::to_owned);
            kept.or_else(|| data["order_id"].as_str().and_then(of))
        };
        call.segments.iter().find_map(|part| of(part)).or_else(|| call.json().and_then(in_body))
    }

    fn answer(&self, world: &mut World, call: &Call) -> Reply {
        let answer = match refused(&world.settings.duffel.token, call) {
            Some(refusal) => refusal,
            None => route(world, call),
        };
        wire::told(world, answer).into()
    }

    fn failure(&self, world: &World, status: u16) -> Answer {
        wire::failure(world, status)
    }
}

/// What is wrong with the call before anybody looks at what it wants.
fn refused(token: &str, call: &Call) -> Option<Answer> {
    let sent = call.header("authorization").and_then(|sent| sent.strip_prefix("Bearer ")).unwrap_or_default();
    if !bool::from(sent.as_bytes().ct_eq(token.as_bytes())) {
        let code = if sent.is_empty() { "missing_authorization_header" } else { "access_token_not_found" };
        return Some(wire::error(401, "authentication_error", code, "The access token was not found", None));
    }
    match call.header("duffel-version") {
        Some("v2") => {}
        None => return Some(wire::invalid_request("missing_version_header", "The Duffel-Version header is missing")),
        Some(_) => return Some(wire::invalid_request("unsupported_version", "The version is not supported")),
    }
    if call.method == "POST" && call.json().is_none() {
        return Some(wire::invalid_request("bad_request", "The body is not JSON"));
    }
    None
}

fn route(world: &mut World, call: &Call) -> Answer {
    let (method, path) = call.route();
    let data = || call.json().map(|body| body["data"].clone()).unwrap_or_default();
    match (method, path.as_slice()) {
        ("GET", ["places", "suggestions"]) => places::suggest(call.asked("query").unwrap_or_default()),
        ("GET", ["air", "airports"]) => places::all(),
        ("POST", ["air", "offer_requests"]) => {
            offers::search(world, &data(), call.asked("return_offers") != Some("false"))
        }
        ("GET", ["air", "offers"]) => offers::list(world, call.asked("offer_request_id").unwrap_or_default()),
        ("GET", ["air", "offers", id]) => offers::get(world, id),
        ("POST", ["air", "orders"]) => create::order(world, &data()),
        ("GET", ["air", "orders"]) => orders::list(world, call),
        ("GET", ["air", "orders", id]) => orders::get(world, id),
        ("POST", ["air", "payments"]) => orders::pay(world, &data()),
        ("POST", ["air", "order_cancellations"]) => cancel::quote(world, &data()),
        ("GET", ["air", "order_cancellations", id]) => cancel::get(world, id),
        ("POST", ["air", "order_cancellations", id, "actions", "confirm"]) => cancel::confirm(world, id),
        (_, ["stays", ..]) => stays::route(world, call),
        _ => wire::not_found(),
    }
}
