//! Cancellations: a quote, and a confirmation that says what it expects.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Cancellation, bookings::status, sailings::refund, tell};
use crate::{call::Answer, clock::Moment, duffel::wire, world::World};

/// How long a quote holds.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// What comes back now; an error if it cannot be cancelled.
fn worth(world: &World, id: &str, now: Moment) -> Result<i64, Answer> {
    let Some(booking) = world.ferry.bookings.get(id) else { return Err(wire::not_found()) };
    match status(booking, now) {
        "held" => Ok(0),
        "confirmed" | "ticketed" => Ok(refund(&booking.fare, booking.total, now)),
        "cancelled" => Err(wire::state("already_cancelled", "The booking is cancelled already")),
        _ => Err(wire::state("unsupported_action", "The booking cannot be cancelled")),
    }
}

/// `POST /ferry/cancellations`.
pub fn quote(world: &mut World, data: &Value) -> Answer {
    let now = world.clock.now();
    let booking = data["booking_id"].as_str().unwrap_or_default().to_owned();
    let refund = match worth(world, &booking, now) {
        Ok(refund) => refund,
        Err(refusal) => return refusal,
    };
    let id = format!("fcx_{}", world.dice.hex(22));
    let one = Cancellation { id: id.clone(), booking, refund, expires: now.plus(LIFE), confirmed: None };
    world.ferry.cancellations.insert(id.clone(), one);
    shown(world, &id, 201)
}

/// `POST /ferry/cancellations/{id}/actions/confirm`.
pub fn confirm(world: &mut World, id: &str, data: &Value) -> Answer {
    let now = world.clock.now();
    let Some(one) = world.ferry.cancellations.get(id).cloned() else { return wire::not_found() };
    let refund = match worth(world, &one.booking, now) {
        Ok(refund) => refund,
        Err(refusal) => return refusal,
    };
    let expected = data["expected_refund_amount"].as_str().and_then(|text| wire::units(text, "IDR"));
    if expected != Some(refund) || one.refund != refund || now >= one.expires {
        let told = "The refund is another one now: quote again";
        return wire::error(409, "invalid_state_error", "cancellation_stale", told, None);
    }
    if let Some(booking) = world.ferry.bookings.get_mut(&one.booking) {
        booking.status = "cancelled";
        booking.revision += 1;
    }
    if let Some(one) = world.ferry.cancellations.get_mut(id) {
        one.confirmed = Some(now);
    }
    tell(world, &one.booking);
    shown(world, id, 200)
}

fn shown(world: &World, id: &str, status: u16) -> Answer {
    let Some(one) = world.ferry.cancellations.get(id) else { return wire::not_found() };
    let paid = world.ferry.bookings.get(&one.booking).map_or(0, |booking| booking.total);
    wire::data(
        status,
        json!({"id": id, "booking_id": one.booking, "refund_amount": wire::amount(one.refund, "IDR"),
            "refund_currency": "IDR", "fee_amount": wire::amount((paid - one.refund).max(0), "IDR"),
            "expires_at": one.expires, "confirmed_at": one.confirmed}),
    )
}
