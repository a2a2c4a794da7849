//! Ferry tickets at `/ferries`, in Duffel's manners. No operator of Indonesian ferries has a public API, so the shape is
//! ours; ports, classes of vehicles and fares are those that are printed.

mod bookings;
mod cancel;
mod data;
mod sailings;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::{
    call::{Answer, Call, Reply},
    clock::Moment,
    duffel::{notify, wire},
    edge::Player,
    script::Script,
    world::{Due, World},
};

/// What a fare was offered for.
#[derive(Debug, Clone, Serialize)]
pub struct Fare {
    pub id: String,
    pub sailing: String,
    pub departs: Moment,
    pub name: &'static str,
    pub total: i64,
    pub lines: Vec<Value>,
    pub passengers: usize,
    pub vehicle: Option<&'static str>,
    /// Nobody can have it any more.
    pub gone: bool,
}

/// A price that was confirmed.
#[derive(Debug, Clone, Serialize)]
pub struct Quote {
    pub id: String,
    pub fare: String,
    pub total: i64,
    pub expires: Moment,
}

/// A booking.
#[derive(Debug, Clone, Serialize)]
pub struct Booking {
    pub id: String,
    pub reference: String,
    pub client_reference: String,
    pub revision: u32,
    /// As it was last written down; a hold whose time is over is `expired` whatever is here.
    pub status: &'static str,
    pub fare: Fare,
    pub total: i64,
    pub pay_by: Option<Moment>,
    pub tickets: Vec<Value>,
    #[serde(skip)]
    pub manifest: Value,
    pub script: Script,
}

/// A quote for a cancellation.
#[derive(Debug, Clone, Serialize)]
pub struct Cancellation {
    pub id: String,
    pub booking: String,
    pub refund: i64,
    pub expires: Moment,
    pub confirmed: Option<Moment>,
}

/// Everything that the ferry has.
#[derive(Debug, Default)]
pub struct Book {
    pub fares: BTreeMap<String, Fare>,
    pub quotes: BTreeMap<String, Quote>,
    pub bookings: BTreeMap<String, Booking>,
    pub cancellations: BTreeMap<String, Cancellation>,
    /// Answers by idempotency key, each with the body that it was given for.
    pub keys: BTreeMap<String, (String, Answer)>,
}

/// Something that happens later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Tickets are there.
    Tickets(String),
}

/// Makes it happen. Returns whether it did anything.
pub fn run(world: &mut World, event: &Event) -> bool {
    let Event::Tickets(id) = event;
    bookings::tickets(world, id)
}

fn queue(world: &mut World, after: std::time::Duration, event: Event) {
    let due = world.clock.now().plus(after);
    world.queue.push(due, Due::Ferry(event));
}

/// How a booking stands, told to the merchant.
fn tell(world: &mut World, id: &str) {
    let now = world.clock.now();
    let Some(booking) = world.ferry.bookings.get(id) else { return };
    let object = json!({"id": id, "reference": booking.reference, "client_reference": booking.client_reference,
        "status": bookings::status(booking, now), "revision": booking.revision});
    let (reference, how) = (booking.client_reference.clone(), booking.script.delivery.clone());
    let settings = world.settings.ferry.clone();
    notify::send(world, ("ferry", "X-Ferry-Signature"), &settings, "ferry.booking.updated", &reference, object, &how);
}

/// What the operator or time does. `None`: there is no such booking or fare.
pub fn act(world: &mut World, reference: &str, action: &str, body: &Value) -> Option<Result<(), String>> {
    let now = world.clock.now();
    let all = &mut world.ferry;
    if let Some(booking) = all
        .bookings
        .values_mut()
        .find(|one| one.id == reference || one.client_reference == reference || one.reference == reference)
    {
        return Some(match action {
            "lapse" if bookings::status(booking, now) == "held" => {
                booking.pay_by = Some(now);
                Ok(())
            }
            "use" if booking.status == "ticketed" => {
                booking.status = "used";
                booking.revision += 1;
                Ok(())
            }
            _ => Err(format!("{action} is not possible now")),
        });
    }
    let fare = all.fares.get_mut(reference)?;
    Some(match (action, body["amount"].as_i64()) {
        ("gone", _) => {
            fare.gone = true;
            Ok(())
        }
        ("price", Some(amount)) if amount > 0 => {
            fare.total = amount;
            let of = all.quotes.values_mut().filter(|quote| quote.fare == reference);
            of.for_each(|quote| quote.total = amount);
            Ok(())
        }
        _ => Err("a fare can have a price ({\"amount\": 90000}) or be gone".to_owned()),
    })
}

/// The ferry.
#[derive(Debug, Clone, Copy)]
pub struct Ferry;

impl Player for Ferry {
    fn name(&self) -> &'static str {
        "ferry"
    }

    fn reference(&self, world: &World, call: &Call) -> Option<String> {
        let of = |id: &str| world.ferry.bookings.get(id).map(|booking| booking.client_reference.clone());
        let in_body = |body: Value| {
            let data = &body["data"];
            data["client_reference"].as_str().map(str::to_owned).or_else(|| data["booking_id"].as_str().and_then(of))
        };
        call.segments.iter().find_map(|part| of(part)).or_else(|| call.json().and_then(in_body))
    }

    fn answer(&self, world: &mut World, call: &Call) -> Reply {
        let sent = call.header("authorization").and_then(|sent| sent.strip_prefix("Bearer ")).unwrap_or_default();
        let answer = if !bool::from(sent.as_bytes().ct_eq(world.settings.ferry.token.as_bytes())) {
            wire::error(401, "authentication_error", "access_token_not_found", "The token was not found", None)
        } else if call.header("ferry-version") != Some("v1") {
            wire::invalid_request("unsupported_version", "The header Ferry-Version must be v1")
        } else {
            keyed(world, call)
        };
        wire::told(world, answer).into()
    }

    fn failure(&self, world: &World, status: u16) -> Answer {
        wire::failure(world, status)
    }
}

/// The same key and the same body: the first answer. Another body: a conflict.
fn keyed(world: &mut World, call: &Call) -> Answer {
    let Some(key) = call.header("idempotency-key").filter(|_| call.method == "POST").map(str::to_owned) else {
        return route(world, call);
    };
    let body = call.json().unwrap_or_default().to_string();
    if let Some((first, answer)) = world.ferry.keys.get(&key) {
        if *first == body {
            return answer.clone();
        }
        return wire::error(
            409,
            "invalid_state_error",
            "idempotency_conflict",
            "The key was used for another body",
            None,
        );
    }
    let answer = route(world, call);
    if answer.status < 400 {
        world.ferry.keys.insert(key, (body, answer.clone()));
    }
    answer
}

fn route(world: &mut World, call: &Call) -> Answer {
    let (method, path) = call.route();
    let data = || call.json().map(|body| body["data"].clone()).unwrap_or_default();
    match (method, path.as_slice()) {
        ("GET", ["ferry", "ports"]) => wire::list(data::PORTS.iter().map(data::port_shown).collect()),
        ("GET", ["ferry", "vehicle_classes"]) => wire::list(data::classes()),
        ("POST", ["ferry", "sailing_requests"]) => sailings::search(world, &data()),
        ("POST", ["ferry", "quotes"]) => sailings::quote(world, &data()),
        ("GET", ["ferry", "quotes", id]) => sailings::get_quote(world, id),
        ("POST", ["ferry", "bookings"]) => bookings::create(world, &data()),
        ("GET", ["ferry", "bookings"]) => bookings::list(world, call),
        ("GET", ["ferry", "bookings", id]) => bookings::get(world, id),
        ("POST", ["ferry", "bookings", id, "actions", "pay"]) => bookings::pay(world, id, &data()),
        ("POST", ["ferry", "cancellations"]) => cancel::quote(world, &data()),
        ("POST", ["ferry", "cancellations", id, "actions", "confirm"]) => cancel::confirm(world, id, &data()),
        _ => wire::not_found(),
    }
}
