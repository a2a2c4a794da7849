//! Bookings of rooms.

use serde_json::{Value, json};

use super::{
    Booking,
    houses::{self, Trouble},
    search::with_rate,
};
use crate::{
    call::{Answer, Call},
    duffel::{
        book::{Event, SLOW, queue},
        notify, wire,
    },
    script::Script,
    world::World,
};

/// `POST /stays/bookings`.
pub fn create(world: &mut World, data: &Value) -> Answer {
    let now = world.clock.now();
    let Some(quote) = data["quote_id"].as_str().and_then(|id| world.stays.quotes.get(id)) else {
        return wire::not_found();
    };
    let rate = quote.rate.clone();
    let Some(house) = houses::find(rate.found.house) else { return wire::not_found() };
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    for name in ["email", "phone_number"] {
        if !text(&data[name]) {
            return wire::validation(
                "validation_required",
                &format!("/data/{name}"),
                &format!("Field '{name}' can't be blank"),
            );
        }
    }
    let guests = data["guests"].as_array().map(Vec::as_slice).unwrap_or_default();
    if guests.is_empty() || !guests.iter().all(|guest| text(&guest["given_name"]) && text(&guest["family_name"])) {
        return wire::validation("validation_required", "/data/guests", "Field 'guests' can't be blank");
    }
    if house.trouble == Trouble::Loyalty && !text(&data["loyalty_programme_account_number"]) {
        let told = "A loyalty programme account number is required for this rate";
        return wire::validation("invalid_loyalty_card", "/data/loyalty_programme_account_number", told);
    }
    if house.trouble == Trouble::Taken || now >= rate.found.expires {
        return wire::state("rate_unavailable", "The rate is no longer available");
    }
    let later = house.trouble == Trouble::AnswersLater;
    let id = format!("bok_{}", world.dice.hex(22));
    let number = world.duffel.number();
    let booking = Booking {
        id: id.clone(),
        number,
        rate,
        status: if later { "requested" } else { "confirmed" },
        reference: format!("dhg-{}", world.dice.digits(8)),
        confirmed: (!later).then_some(now),
        cancelled: None,
        guests: data["guests"].clone(),
        contact: (data["email"].clone(), data["phone_number"].clone()),
        metadata: if data["metadata"].is_object() { data["metadata"].clone() } else { json!({}) },
        script: Script::first_of(&[data["metadata"]["reference"].as_str()]),
    };
    world.stays.bookings.insert(id.clone(), booking);
    if later {
        queue(world, SLOW, Event::HouseAnswers(id.clone()));
    } else {
        tell(world, &id, "stays.booking.created");
    }
    shown(world, &id, 201)
}

/// The house says yes. Returns whether anybody had waited for it.
pub fn answers(world: &mut World, id: &str) -> bool {
    let now = world.clock.now();
    let waiting = world.stays.bookings.get_mut(id).filter(|booking| booking.status == "requested");
    let Some(booking) = waiting else { return false };
    booking.status = "confirmed";
    booking.confirmed = Some(now);
    tell(world, id, "stays.booking.created");
    true
}

fn tell(world: &mut World, id: &str, kind: &str) {
    let Some(booking) = world.stays.bookings.get(id) else { return };
    let object =
        json!({"id": id, "reference": booking.reference, "status": booking.status, "metadata": booking.metadata});
    let (reference, how) = (booking.ours().to_owned(), booking.script.delivery.clone());
    let settings = world.settings.duffel.clone();
    notify::send(world, ("duffel", "X-Duffel-Signature"), &settings, kind, &reference, object, &how);
}

/// `GET /stays/bookings`, the newest first.
pub fn list(world: &World, call: &Call) -> Answer {
    let limit = call.asked("limit").and_then(|text| text.parse().ok()).unwrap_or(50_usize).clamp(1, 200);
    let begin: u64 = call.asked("after").and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
    let mut all: Vec<&Booking> = world.stays.bookings.values().filter(|one| one.number < begin).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.number));
    let after = (all.len() > limit).then(|| all[limit - 1].number.to_string());
    let page: Vec<Value> = all.into_iter().take(limit).filter_map(value).collect();
    Answer::json(200, json!({"data": page, "meta": {"limit": limit, "before": null, "after": after}}))
}

/// `GET /stays/bookings/{id}`.
pub fn get(world: &World, id: &str) -> Answer {
    shown(world, id, 200)
}

/// `POST /stays/bookings/{id}/actions/cancel`.
pub fn cancel(world: &mut World, id: &str) -> Answer {
    let now = world.clock.now();
    let Some(booking) = world.stays.bookings.get_mut(id) else { return wire::not_found() };
    if booking.cancelled.is_some() {
        return wire::state("already_cancelled", "The booking is cancelled already");
    }
    booking.status = "cancelled";
    booking.cancelled = Some(now);
    tell(world, id, "stays.booking.cancelled");
    shown(world, id, 200)
}

fn shown(world: &World, id: &str, status: u16) -> Answer {
    match world.stays.bookings.get(id).and_then(value) {
        Some(value) => wire::data(status, value),
        None => wire::not_found(),
    }
}

fn value(booking: &Booking) -> Option<Value> {
    let rate = &booking.rate;
    let house = houses::find(rate.found.house)?;
    let there = booking.status == "confirmed";
    Some(json!({
        "id": booking.id, "status": booking.status, "reference": there.then_some(&booking.reference),
        "confirmed_at": booking.confirmed, "cancelled_at": booking.cancelled, "check_in_date": rate.found.check_in,
        "check_out_date": rate.found.check_out, "accommodation": with_rate(rate, house), "rooms": rate.found.rooms,
        "guests": booking.guests, "email": booking.contact.0, "phone_number": booking.contact.1,
        "key_collection": {"instructions": "At the desk, with an identity card"}, "metadata": booking.metadata,
        "supported_loyalty_programme": null, "loyalty_programme_account_number": null,
    }))
}
