//! `POST /air/orders`. Nothing guards against doing it twice: whoever repeats it has two orders.

use serde_json::{Value, json};

use super::{
    book::{Event, GUARANTEE, HOLD, Offer, Order, SLOW, TICKETING, queue},
    notify,
    offers::gone,
    orders::shown,
    wire,
};
use crate::{call::Answer, script::Script, world::World};
use std::time::Duration;

/// Holds or sells.
pub fn order(world: &mut World, data: &Value) -> Answer {
    let holds = match data["type"].as_str() {
        Some("hold" | "pay_later") => true,
        Some("instant") | None => false,
        Some(_) => {
            return wire::validation("validation_inclusion", "/data/type", "Field 'type' must be hold or instant");
        }
    };
    let now = world.clock.now();
    let selected = data["selected_offers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [selected] = selected else {
        let told = "Field 'selected_offers' must have exactly one offer";
        return wire::validation("validation_required", "/data/selected_offers", told);
    };
    let Some(offer) = selected.as_str().and_then(|id| world.duffel.offers.get(id)).cloned() else {
        return wire::not_found();
    };
    if now >= offer.expires {
        return gone();
    }
    if let Some(refusal) = faulty(data, &offer) {
        return refusal;
    }
    match offer.route.as_str() {
        "LGW-LHR" => return gone(),
        "LHR-LGW" => {
            return wire::error(
                502,
                "airline_error",
                "airline_unknown",
                "The airline responded with an unexpected error",
                None,
            );
        }
        "LGW-STN" => {
            return wire::state("insufficient_balance", "The balance is not enough to pay for the order");
        }
        _ => {}
    }
    if holds && !offer.holdable {
        return wire::validation("validation_inclusion", "/data/type", "The offer requires instant payment");
    }
    if !holds && let Some(refusal) = underpaid(data, &offer) {
        return refusal;
    }
    place(world, data, offer, holds)
}

fn place(world: &mut World, data: &Value, offer: Offer, holds: bool) -> Answer {
    let now = world.clock.now();
    let id = format!("ord_{}", world.dice.hex(22));
    let slow = offer.route == "LTN-STN";
    let changes = offer.route == "LHR-LTN";
    let reference = data["metadata"]["reference"].as_str();
    let script = Script::first_of(&[reference]);
    let order = Order {
        pnr: world.dice.hex(6).to_uppercase(),
        passengers: data["passengers"].as_array().cloned().unwrap_or_default(),
        created: now,
        pay_by: holds.then(|| offer.created.plus(HOLD)),
        guaranteed: holds.then(|| offer.created.plus(GUARANTEE)),
        paid: (!holds).then_some(now),
        cancelled: None,
        documents: Vec::new(),
        changes: Vec::new(),
        metadata: if data["metadata"].is_object() { data["metadata"].clone() } else { json!({}) },
        visible: !slow,
        script,
        offer,
        id: id.clone(),
    };
    let answer = shown(&order, now);
    world.duffel.orders.insert(id.clone(), order);
    if !holds {
        queue(
            world,
            TICKETING.max(if slow { SLOW } else { TICKETING }) + Duration::from_secs(1),
            Event::Tickets(id.clone()),
        );
    }
    if changes {
        queue(world, Duration::from_secs(3_600), Event::Changes(id.clone()));
    }
    if slow {
        queue(world, SLOW, Event::Appears(id));
        return wire::data(202, json!({"order": null}));
    }
    notify::order(world, &id, "order.created");
    wire::data(201, answer)
}

/// The payment is exactly what it costs. On one route that has just risen again.
fn underpaid(data: &Value, offer: &Offer) -> Option<Answer> {
    let payment = &data["payments"][0];
    let currency = payment["currency"].as_str().unwrap_or_default();
    if currency != offer.currency {
        let told = "The payment currency does not match the order";
        return Some(wire::state("payment_currency_does_not_match_order_currency", told));
    }
    let total = if offer.route == "LHR-STN" { offer.total + 1 } else { offer.total };
    let paid = payment["amount"].as_str().and_then(|text| wire::units(text, currency));
    let told = "The payment amount does not match the order's total";
    (paid != Some(total)).then(|| wire::state("payment_amount_does_not_match_order_amount", told))
}

/// What is wrong with the passengers.
fn faulty(data: &Value, offer: &Offer) -> Option<Answer> {
    let empty = Vec::new();
    let given = data["passengers"].as_array().unwrap_or(&empty);
    let known = |passenger: &Value| offer.passengers.iter().any(|one| one["id"] == passenger["id"]);
    if given.len() != offer.passengers.len() || !given.iter().all(known) {
        return Some(wire::validation(
            "validation_inclusion",
            "/data/passengers",
            "The passengers are not those of the offer",
        ));
    }
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    for (at, passenger) in given.iter().enumerate() {
        let pointer = |name: &str| format!("/data/passengers/{at}/{name}");
        let required = ["given_name", "family_name", "born_on", "email", "phone_number", "title", "gender"];
        if let Some(name) = required.iter().find(|name| !text(&passenger[**name])) {
            return Some(wire::validation(
                "validation_required",
                &pointer(name),
                &format!("Field '{name}' can't be blank"),
            ));
        }
        let latin = |name: &str| {
            let text = passenger[name].as_str().unwrap_or_default();
            text.chars().count() <= 20 && text.chars().all(|c| c.is_alphabetic() && c <= '\u{17f}' || " -'".contains(c))
        };
        if let Some(name) = ["given_name", "family_name"].iter().find(|name| !latin(name)) {
            return Some(wire::validation("validation_format", &pointer(name), &format!("Field '{name}' is invalid")));
        }
        if offer.documents && !text(&passenger["identity_documents"][0]["unique_identifier"]) {
            let told = "Field 'identity_documents' can't be blank";
            return Some(wire::validation("validation_required", &pointer("identity_documents"), told));
        }
    }
    let infants = offer.passengers.iter().filter(|one| one["age"].as_u64().is_some_and(|age| age < 2));
    for infant in infants {
        if !given.iter().any(|passenger| passenger["infant_passenger_id"] == infant["id"]) {
            let told = "Each infant must be with an adult";
            return Some(wire::validation("validation_required", "/data/passengers", told));
        }
    }
    None
}
