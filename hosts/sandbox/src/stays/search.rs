//! Searches, rates and quotes.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Found, Quote, Rate,
    houses::{self, HOUSES, House, ROOMS, Trouble},
};
use crate::{
    call::Answer,
    clock::Moment,
    duffel::wire,
    timetable::{moment, pick},
    world::World,
};

/// How long a result and its rates hold.
const LIFE: Duration = Duration::from_secs(30 * 60);
const DAY: Duration = Duration::from_secs(86_400);

/// `POST /stays/search`.
pub fn search(world: &mut World, data: &Value) -> Answer {
    let now = world.clock.now();
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let (check_in, check_out) = (text("check_in_date"), text("check_out_date"));
    let (Some(from), Some(until)) = (moment(&check_in, "14:00", 0), moment(&check_out, "14:00", 0)) else {
        return wire::validation("validation_format", "/data/check_in_date", "Field 'check_in_date' must be a date");
    };
    let nights = i64::try_from(until.since(from).as_secs() / 86_400).unwrap_or(0);
    if nights < 1 || from < now {
        return wire::validation("validation_inclusion", "/data/check_out_date", "The stay must be of a night to come");
    }
    let rooms = data["rooms"].as_i64().unwrap_or(1).max(1);
    let near = |house: &&House| {
        let location = &data["location"];
        let ids = data["accommodation"]["ids"].as_array();
        if let Some(ids) = ids {
            return ids.iter().any(|id| id == house.id);
        }
        let point = &location["geographic_coordinates"];
        let (latitude, longitude) = (houses::degrees(&point["latitude"]), houses::degrees(&point["longitude"]));
        let radius = location["radius"].as_i64().unwrap_or(5);
        // A degree is 111 km, near enough for a game.
        let reach = radius * 10_000 / 111;
        let close = |asked: Option<i64>, there: i64| asked.is_some_and(|asked| (asked - there).abs() <= reach);
        close(latitude, house.at.0) && close(longitude, house.at.1)
    };
    let mut results = Vec::new();
    for house in HOUSES.iter().filter(near) {
        let found = Found {
            id: format!("srr_{}", world.dice.hex(22)),
            house: house.id,
            check_in: check_in.clone(),
            check_out: check_out.clone(),
            nights,
            rooms,
            guests: data["guests"].clone(),
            expires: now.plus(LIFE),
        };
        results.push(result(&found, house, None));
        world.stays.found.insert(found.id.clone(), found);
    }
    wire::data(200, json!({"results": results, "created_at": now}))
}

/// What a stay costs: the same for the same house and day.
fn price(found: &Found, house: &House, room: usize, flexible: bool) -> i64 {
    let percent = ROOMS[room].3 + pick(&format!("{} {}", house.id, found.check_in), 20);
    let one = house.night * found.nights * found.rooms * percent / 100;
    if flexible { one + one / 5 } else { one }
}

/// At one hotel something is paid at the desk.
fn due(house: &House) -> (Value, Value) {
    if house.trouble == Trouble::PaysThere { (json!("39.95"), json!("CHF")) } else { (Value::Null, Value::Null) }
}

fn result(found: &Found, house: &House, rooms: Option<Vec<Value>>) -> Value {
    let cheapest = price(found, house, 0, false);
    let (due, due_currency) = due(house);
    let mut accommodation = houses::shown(house);
    if let Some(rooms) = rooms {
        accommodation["rooms"] = json!(rooms);
    }
    json!({
        "id": found.id, "check_in_date": found.check_in, "check_out_date": found.check_out, "rooms": found.rooms,
        "guests": found.guests, "accommodation": accommodation, "expires_at": found.expires,
        "cheapest_rate_total_amount": wire::amount(cheapest, house.currency), "cheapest_rate_currency": house.currency,
        "cheapest_rate_due_at_accommodation_amount": due, "cheapest_rate_due_at_accommodation_currency": due_currency,
    })
}

/// `POST /stays/search_results/{id}/actions/fetch_all_rates`.
pub fn rates(world: &mut World, id: &str) -> Answer {
    let now = world.clock.now();
    let Some(found) = world.stays.found.get(id).cloned() else { return wire::not_found() };
    let Some(house) = houses::find(found.house) else { return wire::not_found() };
    if now >= found.expires {
        return wire::state("result_no_longer_available", "The search result has ended");
    }
    let mut rooms = Vec::new();
    for (room, (name, bed, count, _)) in ROOMS.iter().enumerate() {
        let mut shown = Vec::new();
        for flexible in [false, true] {
            let total = price(&found, house, room, flexible);
            let id = format!("rat_{}", world.dice.hex(22));
            let rate = Rate { id: id.clone(), found: found.clone(), room, flexible, total, currency: house.currency };
            shown.push(rate_shown(&rate, house));
            world.stays.rates.insert(id, rate);
        }
        rooms.push(json!({"name": name, "beds": [{"type": bed, "count": count}], "photos": [], "rates": shown}));
    }
    wire::data(200, result(&found, house, Some(rooms)))
}

/// A rate as it is written.
pub fn rate_shown(rate: &Rate, house: &House) -> Value {
    let (due, due_currency) = due(house);
    let needs = house.trouble == Trouble::Loyalty;
    json!({
        "id": rate.id, "name": if rate.flexible { "Flexible with breakfast" } else { "Saver" }, "description": null,
        "code": null, "source": "duffel_hotel_group", "expires_at": rate.found.expires,
        "total_amount": wire::amount(rate.total, rate.currency), "total_currency": rate.currency,
        "base_amount": wire::amount(rate.total - rate.total / 10, rate.currency), "base_currency": rate.currency,
        "tax_amount": wire::amount(rate.total / 10, rate.currency), "tax_currency": rate.currency,
        "due_at_accommodation_amount": due, "due_at_accommodation_currency": due_currency,
        "board_type": if rate.flexible { "breakfast" } else { "room_only" }, "payment_type": "pay_now",
        "available_payment_methods": ["balance"], "quantity_available": 3,
        "cancellation_timeline": timeline(rate, house),
        "conditions": [{"title": "Parking", "description": "Free"}],
        "supported_loyalty_programme": if needs { json!("duffel_hotel_group_rewards") } else { Value::Null },
        "loyalty_programme_required": needs, "negotiated_rate_id": null,
    })
}

/// When a stay begins.
fn begins(rate: &Rate, house: &House) -> Option<Moment> {
    moment(&rate.found.check_in, "14:00", house.hours)
}

/// All until three days before, half until the day before, and then nothing.
fn timeline(rate: &Rate, house: &House) -> Vec<Value> {
    let Some(begins) = begins(rate, house).filter(|_| rate.flexible) else { return Vec::new() };
    let before =
        |days: u32| Moment::from_millis(begins.millis() - i64::try_from((DAY * days).as_millis()).unwrap_or(0));
    let step = |refund: i64, before: Moment| json!({"refund_amount": wire::amount(refund, rate.currency), "currency": rate.currency, "before": before});
    vec![step(rate.total, before(3)), step(rate.total / 2, before(1))]
}

/// `POST /stays/quotes`.
pub fn quote(world: &mut World, data: &Value) -> Answer {
    let now = world.clock.now();
    let Some(rate) = data["rate_id"].as_str().and_then(|id| world.stays.rates.get(id)).cloned() else {
        return wire::not_found();
    };
    let gone = houses::find(rate.found.house).is_some_and(|house| house.trouble == Trouble::RateGone);
    if gone || now >= rate.found.expires {
        return wire::state("rate_unavailable", "The rate is no longer available");
    }
    let id = format!("quo_{}", world.dice.hex(22));
    world.stays.quotes.insert(id.clone(), Quote { id: id.clone(), rate });
    quote_shown(world, &id, 201)
}

/// `GET /stays/quotes/{id}`.
pub fn get_quote(world: &mut World, id: &str) -> Answer {
    if let Some(quote) = world.stays.quotes.get_mut(id)
        && houses::find(quote.rate.found.house).is_some_and(|house| house.trouble == Trouble::Dearer)
    {
        quote.rate.total += 1_000;
    }
    quote_shown(world, id, 200)
}

fn quote_shown(world: &World, id: &str, status: u16) -> Answer {
    let Some(quote) = world.stays.quotes.get(id) else { return wire::not_found() };
    let rate = &quote.rate;
    let Some(house) = houses::find(rate.found.house) else { return wire::not_found() };
    let (due, due_currency) = due(house);
    wire::data(
        status,
        json!({
            "id": id, "check_in_date": rate.found.check_in, "check_out_date": rate.found.check_out,
            "accommodation": with_rate(rate, house), "rooms": rate.found.rooms, "guests": rate.found.guests,
            "total_amount": wire::amount(rate.total, rate.currency), "total_currency": rate.currency,
            "due_at_accommodation_amount": due, "due_at_accommodation_currency": due_currency,
            "supported_loyalty_programme": null,
        }),
    )
}

/// The house with the one room and rate that is sold.
pub fn with_rate(rate: &Rate, house: &House) -> Value {
    let (name, bed, count, _) = ROOMS[rate.room];
    let mut shown = houses::shown(house);
    shown["rooms"] = json!([{"name": name, "beds": [{"type": bed, "count": count}], "photos": [], "rates": [rate_shown(rate, house)]}]);
    shown
}
