//! Bookings: held for an hour or paid at once, with a ticket for everybody and for the vehicle.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Booking, Event, data, queue,
    sailings::{HOLD, conditions, full},
    tell,
};
use crate::{
    call::{Answer, Call},
    clock::Moment,
    duffel::wire,
    script::Script,
    world::World,
};

/// How long after the payment tickets are there.
const TICKETING: Duration = Duration::from_secs(30);

/// How it stands: a hold whose time is over is none.
pub fn status(booking: &Booking, now: Moment) -> &'static str {
    match booking.status {
        "held" if booking.pay_by.is_some_and(|end| now >= end) => "expired",
        other => other,
    }
}

/// `POST /ferry/bookings`.
pub fn create(world: &mut World, data: &Value) -> Answer {
    let now = world.clock.now();
    let Some(quote) = data["quote_id"].as_str().and_then(|id| world.ferry.quotes.get(id)).cloned() else {
        return wire::not_found();
    };
    let Some(fare) = world.ferry.fares.get(&quote.fare).cloned() else { return wire::not_found() };
    if now >= quote.expires {
        return wire::state("quote_expired", "The quote has ended");
    }
    if fare.gone {
        return full();
    }
    let client = data["client_reference"].as_str().unwrap_or_default().to_owned();
    if client.is_empty() {
        return wire::validation(
            "validation_required",
            "/data/client_reference",
            "Field 'client_reference' can't be blank",
        );
    }
    if world.ferry.bookings.values().any(|one| one.client_reference == client) {
        return wire::error(409, "invalid_state_error", "duplicate_booking", "The reference has a booking", None);
    }
    let passengers = data["passengers"].as_array().map(Vec::as_slice).unwrap_or_default();
    if passengers.len() != fare.passengers {
        return wire::validation(
            "validation_inclusion",
            "/data/passengers",
            "The passengers are not those of the fare",
        );
    }
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    for (at, one) in passengers.iter().enumerate() {
        for name in ["given_name", "family_name", "born_on"] {
            if !text(&one[name]) {
                let pointer = format!("/data/passengers/{at}/{name}");
                return wire::validation("validation_required", &pointer, &format!("Field '{name}' can't be blank"));
            }
        }
        let number = one["identity"]["number"].as_str().unwrap_or_default();
        let digits = number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_digit());
        if number.is_empty() || (one["identity"]["type"] == "nik" && !digits) {
            let pointer = format!("/data/passengers/{at}/identity/number");
            return wire::validation("validation_format", &pointer, "A NIK has 16 digits");
        }
    }
    let vehicle = &data["vehicle"];
    if fare.vehicle.is_some() != vehicle.is_object() || fare.vehicle.is_some_and(|class| vehicle["class"] != class) {
        return wire::validation("validation_inclusion", "/data/vehicle", "The vehicle is not that of the fare");
    }
    let longest = fare.vehicle.and_then(data::class).and_then(|(_, _, longest)| longest);
    if let (Some(longest), Some(length)) = (longest, vehicle["length_cm"].as_u64())
        && length > u64::from(longest)
    {
        return wire::validation(
            "validation_inclusion",
            "/data/vehicle/length_cm",
            "The vehicle is too long for its class",
        );
    }
    let holds = data["type"] == "hold";
    if !holds && let Some(refusal) = mispaid(&data["payments"][0], quote.total) {
        return refusal;
    }
    let id = format!("fbk_{}", world.dice.hex(22));
    let booking = Booking {
        id: id.clone(),
        reference: code(world),
        script: Script::first_of(&[Some(&client)]),
        client_reference: client,
        revision: 1,
        status: if holds { "held" } else { "confirmed" },
        total: quote.total,
        pay_by: holds.then(|| now.plus(HOLD)),
        tickets: Vec::new(),
        manifest: json!({"passengers": passengers, "vehicle": vehicle}),
        fare,
    };
    world.ferry.bookings.insert(id.clone(), booking);
    if !holds {
        queue(world, TICKETING, Event::Tickets(id.clone()));
    }
    tell(world, &id);
    shown(world, &id, 201)
}

/// Six letters and digits without those that look like others.
fn code(world: &mut World) -> String {
    let hex = world.dice.hex(12);
    let letters = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    let pairs = hex.as_bytes().chunks(2).map(|pair| usize::from(pair[0]) * 7 + usize::from(pair[1]));
    pairs.map(|number| char::from(letters[number % letters.len()])).collect()
}

fn mispaid(payment: &Value, total: i64) -> Option<Answer> {
    let paid = payment["amount"].as_str().and_then(|text| wire::units(text, "IDR"));
    if payment["currency"] != "IDR" {
        return Some(wire::state("payment_currency_does_not_match_order_currency", "The currency is another one"));
    }
    let told = "The amount is not the booking's total";
    (paid != Some(total)).then(|| wire::state("payment_amount_does_not_match_order_amount", told))
}

/// `POST /ferry/bookings/{id}/actions/pay`.
pub fn pay(world: &mut World, id: &str, data: &Value) -> Answer {
    let now = world.clock.now();
    let Some(booking) = world.ferry.bookings.get_mut(id) else { return wire::not_found() };
    match status(booking, now) {
        "held" => {}
        "expired" => return wire::state("past_payment_required_by_date", "The time to pay is over"),
        "cancelled" => return wire::state("already_cancelled", "The booking is cancelled"),
        _ => return wire::state("already_paid", "The booking is paid already"),
    }
    if let Some(refusal) = mispaid(data, booking.total) {
        return refusal;
    }
    booking.status = "confirmed";
    booking.revision += 1;
    queue(world, TICKETING, Event::Tickets(id.to_owned()));
    tell(world, id);
    shown(world, id, 200)
}

/// Issues them. Returns whether anybody had waited for them.
pub fn tickets(world: &mut World, id: &str) -> bool {
    let numbers: Vec<String> = (0..12).map(|_| world.dice.digits(12)).collect();
    let Some(booking) = world.ferry.bookings.get_mut(id).filter(|booking| booking.status == "confirmed") else {
        return false;
    };
    let count = booking.fare.passengers;
    let ticket = |at: usize, vehicle: bool| {
        let number = &numbers[at % numbers.len()];
        json!({"passenger_index": (!vehicle).then_some(at), "vehicle": vehicle, "number": number,
            "qr_payload": format!("FERRY:{}:{number}", booking.reference)})
    };
    let mut tickets: Vec<Value> = (0..count).map(|at| ticket(at, false)).collect();
    if booking.fare.vehicle.is_some() {
        tickets.push(ticket(count, true));
    }
    booking.tickets = tickets;
    booking.status = "ticketed";
    booking.revision += 1;
    tell(world, id);
    true
}

/// `GET /ferry/bookings/{id}`.
pub fn get(world: &World, id: &str) -> Answer {
    shown(world, id, 200)
}

/// `GET /ferry/bookings`.
pub fn list(world: &World, call: &Call) -> Answer {
    let asked = |name: &str, value: &str| call.asked(name).is_none_or(|wanted| wanted == value);
    let fits = |one: &&Booking| asked("reference", &one.reference) && asked("client_reference", &one.client_reference);
    let now = world.clock.now();
    wire::list(world.ferry.bookings.values().filter(fits).map(|one| value(one, now)).collect())
}

pub(super) fn shown(world: &World, id: &str, status: u16) -> Answer {
    match world.ferry.bookings.get(id) {
        Some(booking) => wire::data(status, value(booking, world.clock.now())),
        None => wire::not_found(),
    }
}

fn value(booking: &Booking, now: Moment) -> Value {
    let status = status(booking, now);
    let actions = match status {
        "held" => json!(["pay", "cancel"]),
        "confirmed" | "ticketed" => json!(["cancel"]),
        _ => json!([]),
    };
    json!({"id": booking.id, "reference": booking.reference, "client_reference": booking.client_reference,
        "revision": booking.revision, "status": status, "payment_required_by": booking.pay_by,
        "total_amount": wire::amount(booking.total, "IDR"), "total_currency": "IDR", "tickets": booking.tickets,
        "passengers": booking.manifest["passengers"], "vehicle": booking.manifest["vehicle"],
        "available_actions": actions, "conditions": conditions(&booking.fare)})
}
