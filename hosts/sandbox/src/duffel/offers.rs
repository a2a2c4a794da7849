//! Searches and offers.

use serde_json::{Value, json};

use super::{
    book::{GUARANTEE, HOLD, OFFER_LIFE, Offer, Penalty},
    places,
    schedule::{self, Journey, carrier},
    wire,
};
use crate::{call::Answer, world::World};

/// `POST /air/offer_requests`.
pub fn search(world: &mut World, data: &Value, return_offers: bool) -> Answer {
    let mut legs = Vec::new();
    let empty = Vec::new();
    for (at, slice) in data["slices"].as_array().unwrap_or(&empty).iter().enumerate() {
        let place = |name: &str| places::find(slice[name].as_str().unwrap_or_default());
        let pointer = |name: &str| format!("/data/slices/{at}/{name}");
        let Some(origin) = place("origin") else {
            return wire::validation("validation_inclusion", &pointer("origin"), "Field 'origin' is not an airport");
        };
        let Some(destination) = place("destination") else {
            let told = "Field 'destination' is not an airport";
            return wire::validation("validation_inclusion", &pointer("destination"), told);
        };
        let day = slice["departure_date"].as_str().unwrap_or_default();
        let ends = crate::timetable::moment(day, "23:59", origin.hours);
        if ends.is_none_or(|end| end < world.clock.now()) {
            let told = "Field 'departure_date' must be a date from today on";
            return wire::validation("validation_format", &pointer("departure_date"), told);
        }
        legs.push((origin, destination, day.to_owned()));
    }
    if legs.is_empty() {
        return wire::validation("validation_required", "/data/slices", "Field 'slices' can't be blank");
    }
    let mut passengers = Vec::new();
    for (at, told) in data["passengers"].as_array().unwrap_or(&empty).iter().enumerate() {
        let age = told["age"].as_u64();
        if told["type"] != "adult" && age.is_none() {
            let pointer = format!("/data/passengers/{at}/age");
            return wire::validation("validation_required", &pointer, "Field 'age' or 'type' must be given");
        }
        passengers.push(json!({"id": format!("pas_{}", world.dice.hex(20)), "type": told["type"], "age": age,
            "given_name": null, "family_name": null, "fare_type": null, "loyalty_programme_accounts": []}));
    }
    if passengers.is_empty() {
        return wire::validation("validation_required", "/data/passengers", "Field 'passengers' can't be blank");
    }
    let route = format!("{}-{}", legs[0].0.code, legs[0].1.code);
    if route == "STN-LHR" {
        return wire::error(504, "api_error", "gateway_timeout_error", "The airlines took too long", None);
    }
    let request = format!("orq_{}", world.dice.hex(22));
    let ways: Vec<Vec<Journey>> = legs.iter().map(|(from, to, day)| schedule::journeys(from, to, day)).collect();
    let mut found = Vec::new();
    // Of a return, the n-th flight there goes with the n-th flight back.
    for at in 0..ways.iter().map(Vec::len).min().unwrap_or(0) {
        let journeys: Vec<&Journey> = ways.iter().map(|way| &way[at]).collect();
        if journeys[0].departs <= world.clock.now() {
            continue;
        }
        for holdable in [false, true] {
            if holdable || route != "JFK-EWR" {
                found.push(offer(world, &request, &route, &journeys, &passengers, holdable));
            }
        }
    }
    let now = world.clock.now();
    let shown: Vec<Value> = found.iter().map(offer_shown).collect();
    let slices: Vec<Value> = legs
        .iter()
        .map(|(from, to, day)| {
            json!({"origin_type": "airport", "origin": places::shown(from), "destination_type": "airport",
                "destination": places::shown(to), "departure_date": day})
        })
        .collect();
    for offer in found {
        world.duffel.offers.insert(offer.id.clone(), offer);
    }
    let offers = if return_offers { shown } else { Vec::new() };
    wire::data(
        201,
        json!({"id": request, "live_mode": false, "created_at": now, "cabin_class": data["cabin_class"],
            "slices": slices, "passengers": passengers, "offers": offers}),
    )
}

fn offer(
    world: &mut World,
    request: &str,
    route: &str,
    journeys: &[&Journey],
    passengers: &[Value],
    holdable: bool,
) -> Offer {
    let now = world.clock.now();
    let currency = journeys[0].currency;
    let one: i64 = journeys.iter().map(|journey| journey.fare).sum();
    // Whoever pays at once pays less. Infants pay a tenth.
    let one = if holdable { one + one / 5 } else { one };
    let infants = passengers.iter().filter(|passenger| passenger["age"].as_u64().is_some_and(|age| age < 2)).count();
    let full = i64::try_from(passengers.len() - infants).unwrap_or(0);
    let total = one * full + one / 10 * i64::try_from(infants).unwrap_or(0);
    let penalty = match (holdable, route) {
        (false, _) => Penalty::NoRefund,
        (true, "LTN-SYD") => Penalty::Unknown,
        (true, _) => Penalty::Of(total / 4),
    };
    let bags = if route == "BTS-MRU" {
        json!([])
    } else {
        json!([{"type": "checked", "quantity": 1}, {"type": "carry_on", "quantity": 1}])
    };
    let slices = journeys.iter().map(|journey| slice(journey, passengers, holdable, &bags, world)).collect();
    let domestic = currency == "IDR" && !route.contains("SIN") && !route.contains("KUL");
    Offer {
        id: format!("off_{}", world.dice.hex(22)),
        request: request.to_owned(),
        route: route.to_owned(),
        total,
        currency,
        created: now,
        expires: now.plus(OFFER_LIFE),
        departs: journeys[0].departs,
        holdable,
        documents: !domestic && currency == "IDR",
        penalty,
        owner: carrier(journeys[0].airline),
        slices,
        passengers: passengers.to_vec(),
    }
}

fn slice(journey: &Journey, passengers: &[Value], flexible: bool, bags: &Value, world: &mut World) -> Value {
    let seats: Vec<Value> = passengers
        .iter()
        .map(|passenger| {
            json!({"passenger_id": passenger["id"], "cabin_class": "economy", "cabin_class_marketing_name": "Economy",
                "fare_basis_code": "OXZ0RO", "baggages": bags})
        })
        .collect();
    let mut segments = journey.segments.clone();
    for segment in &mut segments {
        segment["passengers"] = json!(seats);
    }
    let (first, last) = (segments.first().cloned().unwrap_or_default(), segments.last().cloned().unwrap_or_default());
    json!({
        "id": format!("sli_{}", world.dice.hex(20)), "origin_type": "airport", "origin": first["origin"],
        "destination_type": "airport", "destination": last["destination"], "duration": journey.duration,
        "fare_brand_name": if flexible { "Flex" } else { "Promo" }, "comparison_key": "BmlZDw==", "ngs_shelf": 1,
        "conditions": {"change_before_departure": null, "refund_before_departure": null, "advance_seat_selection": false},
        "segments": segments,
    })
}

/// As it is written.
pub fn offer_shown(offer: &Offer) -> Value {
    let amount = |units| wire::amount(units, offer.currency);
    let tax = offer.total / 10;
    let hold = offer.holdable.then(|| (offer.created.plus(HOLD), offer.created.plus(GUARANTEE)));
    json!({
        "id": offer.id, "live_mode": false, "created_at": offer.created, "updated_at": offer.created,
        "expires_at": offer.expires, "partial": false, "owner": offer.owner,
        "total_amount": amount(offer.total), "total_currency": offer.currency,
        "base_amount": amount(offer.total - tax), "base_currency": offer.currency,
        "tax_amount": amount(tax), "tax_currency": offer.currency, "total_emissions_kg": "90",
        "payment_requirements": {"requires_instant_payment": !offer.holdable,
            "payment_required_by": hold.map(|(pay_by, _)| pay_by),
            "price_guarantee_expires_at": hold.map(|(_, guarantee)| guarantee)},
        "passenger_identity_documents_required": offer.documents,
        "supported_passenger_identity_document_types": ["passport"], "supported_loyalty_programmes": [],
        "private_fares": [], "conditions": conditions(offer), "passengers": offer.passengers, "slices": offer.slices,
        "available_services": null,
    })
}

/// What a refund and a change cost.
pub fn conditions(offer: &Offer) -> Value {
    let refund = match offer.penalty {
        Penalty::Unknown => Value::Null,
        Penalty::NoRefund => json!({"allowed": false, "penalty_amount": null, "penalty_currency": null}),
        Penalty::Of(fee) => {
            json!({"allowed": true, "penalty_amount": wire::amount(fee, offer.currency), "penalty_currency": offer.currency})
        }
    };
    json!({"refund_before_departure": refund, "change_before_departure": null})
}

/// `GET /air/offers`.
pub fn list(world: &World, request: &str) -> Answer {
    let of = world.duffel.offers.values().filter(|offer| offer.request == request);
    wire::list(of.map(offer_shown).collect())
}

/// `GET /air/offers/{id}`: on one route the price rises with every look.
pub fn get(world: &mut World, id: &str) -> Answer {
    let now = world.clock.now();
    let Some(offer) = world.duffel.offers.get_mut(id) else { return wire::not_found() };
    if now >= offer.expires {
        return gone();
    }
    if offer.route == "LHR-STN" {
        offer.total += offer.total / 10;
    }
    wire::data(200, offer_shown(offer))
}

/// It cannot be booked any more.
pub fn gone() -> Answer {
    wire::state("offer_no_longer_available", "The offer you selected is no longer available")
}
