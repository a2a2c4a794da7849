//! Reading orders, and paying for what is held.

use serde_json::{Value, json};

use super::{
    book::{Event, Order, TICKETING, queue},
    notify, offers, wire,
};
use crate::{
    call::{Answer, Call},
    clock::Moment,
    world::World,
};

/// As it is written.
pub fn shown(order: &Order, now: Moment) -> Value {
    let offer = &order.offer;
    let amount = |units| wire::amount(units, offer.currency);
    let tax = offer.total / 10;
    let open = order.cancelled.is_none() && (order.paid.is_some() || order.is_held(now));
    let passengers: Vec<Value> = order
        .passengers
        .iter()
        .map(|given| {
            let known = offer.passengers.iter().find(|one| one["id"] == given["id"]);
            let (kind, age) = known.map(|one| (one["type"].clone(), one["age"].clone())).unwrap_or_default();
            json!({"id": given["id"], "type": kind, "age": age, "title": given["title"], "gender": given["gender"],
                "given_name": given["given_name"], "family_name": given["family_name"], "born_on": given["born_on"],
                "infant_passenger_id": given["infant_passenger_id"], "loyalty_programme_accounts": []})
        })
        .collect();
    json!({
        "id": order.id, "live_mode": false, "created_at": order.created, "synced_at": now,
        "booking_reference": order.pnr, "offer_id": offer.id, "owner": offer.owner,
        "total_amount": amount(offer.total), "total_currency": offer.currency,
        "base_amount": amount(offer.total - tax), "base_currency": offer.currency,
        "tax_amount": amount(tax), "tax_currency": offer.currency,
        // False when it is paid, and false when the hold has lapsed.
        "payment_status": {"awaiting_payment": order.is_held(now), "payment_required_by": order.pay_by,
            "price_guarantee_expires_at": order.guaranteed, "paid_at": order.paid},
        "documents": order.documents, "available_actions": if open { json!(["cancel", "update"]) } else { json!([]) },
        "cancelled_at": order.cancelled, "cancellation": null, "void_window_ends_at": null,
        "airline_initiated_changes": order.changes, "conditions": offers::conditions(offer), "slices": offer.slices,
        "passengers": passengers, "services": [], "metadata": order.metadata,
    })
}

/// After the guarantee has ended, the price of a hold rises once.
fn aged(world: &mut World, id: &str) {
    let now = world.clock.now();
    let Some(order) = world.duffel.orders.get_mut(id) else { return };
    if order.paid.is_none() && order.guaranteed.is_some_and(|end| now >= end) {
        order.offer.total += order.offer.total / 20;
        order.guaranteed = None;
    }
}

/// `GET /air/orders/{id}`.
pub fn get(world: &mut World, id: &str) -> Answer {
    aged(world, id);
    let now = world.clock.now();
    match world.duffel.orders.get(id).filter(|order| order.visible) {
        Some(order) => wire::data(200, shown(order, now)),
        None => wire::not_found(),
    }
}

/// `GET /air/orders`.
pub fn list(world: &World, call: &Call) -> Answer {
    let now = world.clock.now();
    let asked = |name: &str, value: &str| call.asked(name).is_none_or(|wanted| wanted == value);
    let fits = |order: &&Order| {
        order.visible
            && asked("offer_id", &order.offer.id)
            && asked("booking_reference", &order.pnr)
            && asked("awaiting_payment", if order.is_held(now) { "true" } else { "false" })
    };
    wire::list(world.duffel.orders.values().filter(fits).map(|order| shown(order, now)).collect())
}

/// `POST /air/payments`.
pub fn pay(world: &mut World, data: &Value) -> Answer {
    let now = world.clock.now();
    let id = data["order_id"].as_str().unwrap_or_default().to_owned();
    aged(world, &id);
    let Some(order) = world.duffel.orders.get_mut(&id).filter(|order| order.visible) else { return wire::not_found() };
    let payment = &data["payment"];
    let currency = payment["currency"].as_str().unwrap_or_default();
    let amount = payment["amount"].as_str().and_then(|text| wire::units(text, currency));
    if order.cancelled.is_some() {
        return wire::state("already_cancelled", "The order is cancelled");
    }
    if order.paid.is_some() {
        return wire::state("already_paid", "The order is paid already");
    }
    if !order.is_held(now) {
        return wire::state("past_payment_required_by_date", "The time to pay for the order is over");
    }
    if !order.changes.is_empty() {
        return wire::state("schedule_changed", "The airline has changed the schedule");
    }
    if currency != order.offer.currency {
        return wire::state("payment_currency_does_not_match_order_currency", "The currency is another one");
    }
    if amount != Some(order.offer.total) {
        return wire::state("payment_amount_does_not_match_order_amount", "The amount is not the order's total");
    }
    order.paid = Some(now);
    let answer = json!({"order_id": id, "type": "balance", "status": "succeeded", "amount": payment["amount"],
        "currency": currency, "failure_reason": null, "created_at": now, "live_mode": false});
    queue(world, TICKETING, Event::Tickets(id.clone()));
    notify::order(world, &id, "payment.created");
    let mut answer = answer;
    answer["id"] = json!(format!("pay_{}", world.dice.hex(22)));
    wire::data(201, answer)
}
