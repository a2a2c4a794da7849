//! Cancellations: a quote, and the confirmation of the newest one.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    book::{Cancellation, Penalty},
    notify, wire,
};
use crate::{call::Answer, world::World};

/// How long a quote holds.
const LIFE: Duration = Duration::from_secs(3_600);

/// `POST /air/order_cancellations`.
pub fn quote(world: &mut World, data: &Value) -> Answer {
    let now = world.clock.now();
    let Some(order) = data["order_id"].as_str().and_then(|id| world.duffel.orders.get(id)) else {
        return wire::not_found();
    };
    if order.cancelled.is_some() {
        return wire::state("already_cancelled", "The order is cancelled already");
    }
    let (refund, to) = match (order.paid, order.offer.penalty) {
        (None, _) if order.is_held(now) => (Some(0), "awaiting_payment"),
        (None, _) => return wire::state("unsupported_action", "The order has lapsed"),
        _ if now >= order.offer.departs => (Some(0), "balance"),
        _ if order.offer.route == "LTN-SYD" => (None, "airline_credits"),
        (_, Penalty::Of(fee)) => (Some(order.offer.total - fee), "balance"),
        (_, Penalty::NoRefund | Penalty::Unknown) => (Some(0), "balance"),
    };
    let order = order.id.clone();
    let number = world.duffel.number();
    let id = format!("ore_{}", world.dice.hex(22));
    let one = Cancellation {
        id: id.clone(),
        number,
        order,
        refund,
        to,
        expires: now.plus(LIFE),
        confirmed: None,
        created: now,
    };
    world.duffel.cancellations.insert(id.clone(), one);
    told(world, &id, 201)
}

/// `GET /air/order_cancellations/{id}`.
pub fn get(world: &World, id: &str) -> Answer {
    told(world, id, 200)
}

/// `POST /air/order_cancellations/{id}/actions/confirm`.
pub fn confirm(world: &mut World, id: &str) -> Answer {
    let now = world.clock.now();
    let Some(one) = world.duffel.cancellations.get(id).cloned() else { return wire::not_found() };
    let newest =
        world.duffel.cancellations.values().filter(|other| other.order == one.order).map(|one| one.number).max();
    let Some(order) = world.duffel.orders.get_mut(&one.order) else { return wire::not_found() };
    if order.cancelled.is_some() {
        return wire::state("already_cancelled", "The order is cancelled already");
    }
    if newest != Some(one.number) || now >= one.expires {
        return wire::state("order_cancellation_stale", "There is a newer quote, or this one has ended");
    }
    order.cancelled = Some(now);
    if let Some(one) = world.duffel.cancellations.get_mut(id) {
        one.confirmed = Some(now);
    }
    notify::order(world, &one.order, "order.updated");
    told(world, id, 200)
}

fn told(world: &World, id: &str, status: u16) -> Answer {
    let Some(one) = world.duffel.cancellations.get(id) else { return wire::not_found() };
    let Some(order) = world.duffel.orders.get(&one.order) else { return wire::not_found() };
    let credit = |passenger: &Value| {
        let code = one.confirmed.map(|_| format!("CREDIT{}", crate::timetable::pick(&one.id, 1_000_000)));
        json!({"id": format!("acd_{}", &one.id[4..]), "credit_name": "Duffel Airways credit", "credit_code": code,
            "credit_amount": wire::amount(order.offer.total, order.offer.currency),
            "credit_currency": order.offer.currency, "issued_on": null, "passenger_id": passenger["id"]})
    };
    let credits: Vec<Value> =
        if one.to == "airline_credits" { order.passengers.iter().take(1).map(credit).collect() } else { Vec::new() };
    wire::data(
        status,
        json!({"id": one.id, "order_id": one.order,
            "refund_amount": one.refund.map(|units| wire::amount(units, order.offer.currency)),
            "refund_currency": one.refund.map(|_| order.offer.currency), "refund_to": one.to, "expires_at": one.expires,
            "confirmed_at": one.confirmed, "created_at": one.created, "live_mode": false, "airline_credits": credits}),
    )
}
