//! Departures, their fares, and quotes.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Fare, Quote, data};
use crate::{
    call::Answer,
    clock::Moment,
    duffel::wire,
    timetable::{local, moment, pick},
    world::World,
};

/// How long a quote holds.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// How long a hold lasts.
pub const HOLD: Duration = Duration::from_secs(3_600);
/// How long before the departure the port is closed.
pub const CLOSES: Duration = Duration::from_secs(30 * 60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Departures of each day, with the service.
const TIMES: &[(&str, &str)] =
    &[("05:00", "regular"), ("08:00", "express"), ("12:00", "regular"), ("16:00", "express"), ("20:00", "regular")];
const VESSELS: &[&str] = &["KMP Sebuku", "KMP Portlink III", "KMP Batumandi", "KMP Legundi", "KMP Jatra II"];

/// `POST /ferry/sailing_requests`.
pub fn search(world: &mut World, data: &Value) -> Answer {
    let text = |name: &str| data[name].as_str().unwrap_or_default();
    let (Some(origin), Some(destination)) = (data::find(text("origin")), data::find(text("destination"))) else {
        return wire::validation(
            "validation_inclusion",
            "/data/origin",
            "Field 'origin' or 'destination' is not a port",
        );
    };
    let Some((minutes, factor)) = data::crossing(origin.code, destination.code) else {
        return wire::data(201, json!({"id": "srq_none", "sailings": []}));
    };
    let day = text("departure_date");
    if moment(day, "00:00", origin.hours).is_none() {
        return wire::validation("validation_format", "/data/departure_date", "Field 'departure_date' must be a date");
    }
    let empty = Vec::new();
    let passengers: Vec<&str> =
        data["passengers"].as_array().unwrap_or(&empty).iter().filter_map(|one| one["type"].as_str()).collect();
    if passengers.is_empty() || !passengers.iter().all(|kind| data::passenger(kind).is_some()) {
        return wire::validation(
            "validation_inclusion",
            "/data/passengers",
            "Field 'passengers' must name adults, children or infants",
        );
    }
    let class = match data["vehicle"]["class"].as_str() {
        None => None,
        Some(code) => match data::class(code) {
            Some((class, ..)) => Some(class),
            None => {
                return wire::validation(
                    "validation_inclusion",
                    "/data/vehicle/class",
                    "Field 'class' is no class of vehicles",
                );
            }
        },
    };
    let now = world.clock.now();
    let mut sailings = Vec::new();
    for (number, (time, service)) in TIMES.iter().enumerate() {
        let Some(departs) = moment(day, time, origin.hours).filter(|departs| departs.since(now) > CLOSES) else {
            continue;
        };
        let sailing = format!("sai_{}-{}-{}", origin.code, destination.code, departs.millis() / 60_000);
        // The regular ship is cheaper and slower.
        let (factor, minutes) = if *service == "express" { (factor, minutes) } else { (factor * 7 / 10, minutes * 2) };
        let fare = fare(world, &sailing, departs, factor, &passengers, class);
        let at = |moment: Moment| local(moment, origin.hours);
        let before =
            |span: Duration| Moment::from_millis(departs.millis() - i64::try_from(span.as_millis()).unwrap_or(0));
        sailings.push(json!({
            "id": sailing, "operator": {"code": "ASDP", "name": "ASDP Indonesia Ferry"},
            "vessel": {"name": VESSELS[(number + usize::try_from(pick(day, 5)).unwrap_or(0)) % VESSELS.len()]},
            "service": service, "origin": data::port_shown(origin), "destination": data::port_shown(destination),
            "departing_at": at(departs),
            "arriving_at": local(departs.plus(Duration::from_secs(minutes * 60)), destination.hours),
            "check_in_from": at(before(HOUR * 2)), "check_in_until": at(before(CLOSES)),
            "port_entry_window": {"from": at(before(HOUR * 2)), "until": at(before(CLOSES))},
            "seats_left": 40 + pick(&sailing, 200), "vehicle_metres_left": 60 + pick(&sailing, 300),
            "fares": [fare_shown(&fare)],
        }));
        world.ferry.fares.insert(fare.id.clone(), fare);
    }
    let id = format!("srq_{}", world.dice.hex(22));
    wire::data(201, json!({"id": id, "sailings": sailings}))
}

/// A vehicle's fare is for everybody in it.
fn fare(
    world: &mut World,
    sailing: &str,
    departs: Moment,
    factor: i64,
    passengers: &[&str],
    class: Option<&'static str>,
) -> Fare {
    let mut lines = Vec::new();
    let mut total = 0;
    let mut line = |category: &str, quantity: usize, each: i64| {
        let amount = each * i64::try_from(quantity).unwrap_or(0);
        total += amount;
        lines.push(json!({"category": category, "quantity": quantity, "amount": wire::amount(amount, "IDR")}));
    };
    if let Some((_, each, _)) = class.and_then(data::class) {
        line("vehicle", 1, each * factor / 100);
    } else {
        for kind in ["adult", "child", "infant"] {
            let count = passengers.iter().filter(|one| **one == kind).count();
            if count > 0 {
                line("passenger", count, data::passenger(kind).unwrap_or(0) * factor / 100);
            }
        }
    }
    line("insurance", passengers.len(), 1_200);
    let id = format!("far_{}", world.dice.hex(22));
    Fare {
        id,
        sailing: sailing.to_owned(),
        departs,
        name: "Standard",
        total,
        lines,
        passengers: passengers.len(),
        vehicle: class,
        gone: false,
    }
}

fn fare_shown(fare: &Fare) -> Value {
    json!({"id": fare.id, "name": fare.name, "total_amount": wire::amount(fare.total, "IDR"), "total_currency": "IDR",
        "lines": fare.lines, "conditions": conditions(fare)})
}

/// Until two hours before the departure 37.5 % come back, and of less than Rp 50.000 nothing does.
pub fn conditions(fare: &Fare) -> Value {
    let last = Moment::from_millis(fare.departs.millis() - 7_200_000);
    let steps = if fare.total < 50_000 {
        json!([])
    } else {
        json!([{"before": last, "refund_percent": "37.5", "fee_min_amount": "25000.00"}])
    };
    json!({"refund": steps, "change": null})
}

/// The same as a sum.
pub fn refund(fare: &Fare, paid: i64, now: Moment) -> i64 {
    let last = Moment::from_millis(fare.departs.millis() - 7_200_000);
    if fare.total < 50_000 || now >= last {
        return 0;
    }
    (paid * 375 / 1_000).min(paid - 25_000).max(0)
}

/// `POST /ferry/quotes`.
pub fn quote(world: &mut World, data: &Value) -> Answer {
    let now = world.clock.now();
    let Some(fare) = data["fare_id"].as_str().and_then(|id| world.ferry.fares.get(id)) else {
        return wire::not_found();
    };
    if fare.gone || fare.departs.since(now) <= CLOSES {
        return full();
    }
    let (fare, total) = (fare.id.clone(), fare.total);
    let id = format!("quo_{}", world.dice.hex(22));
    world.ferry.quotes.insert(id.clone(), Quote { id: id.clone(), fare, total, expires: now.plus(LIFE) });
    shown(world, &id, 201)
}

/// Nobody can go with it.
pub fn full() -> Answer {
    wire::state("sailing_full", "The sailing is full or has left")
}

/// `GET /ferry/quotes/{id}`.
pub fn get_quote(world: &World, id: &str) -> Answer {
    let now = world.clock.now();
    match world.ferry.quotes.get(id) {
        Some(quote) if now >= quote.expires => wire::state("quote_expired", "The quote has ended"),
        _ => shown(world, id, 200),
    }
}

fn shown(world: &World, id: &str, status: u16) -> Answer {
    let Some(quote) = world.ferry.quotes.get(id) else { return wire::not_found() };
    wire::data(
        status,
        json!({"id": id, "total_amount": wire::amount(quote.total, "IDR"), "total_currency": "IDR",
            "expires_at": quote.expires, "payment_required_by_if_held": world.clock.now().plus(HOLD)}),
    )
}
