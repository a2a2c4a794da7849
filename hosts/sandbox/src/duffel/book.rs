//! Offers, orders and cancellations, and what happens to them by themselves.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use serde_json::{Value, json};

use super::notify;
use crate::{
    clock::Moment,
    script::Script,
    stays,
    world::{Due, World},
};

/// How long an offer may be booked.
pub const OFFER_LIFE: Duration = Duration::from_secs(30 * 60);
/// How long seats are held, counted from the search.
pub const HOLD: Duration = Duration::from_secs(72 * 3_600);
/// How long the price of a hold stays.
pub const GUARANTEE: Duration = Duration::from_secs(48 * 3_600);
/// How long after the payment tickets are there.
pub const TICKETING: Duration = Duration::from_secs(60);
/// How long an order takes that was merely accepted.
pub const SLOW: Duration = Duration::from_secs(10 * 60);

/// An offer.
#[derive(Debug, Clone, Serialize)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// The search that found it.
    pub request: String,
    /// `LHR-STN`.
    pub route: String,
    /// In smallest units.
    pub total: i64,
    /// Of the total.
    pub currency: &'static str,
    /// When it was made.
    pub created: Moment,
    /// When it ends.
    pub expires: Moment,
    /// When the journey begins.
    pub departs: Moment,
    /// Whether it can be held.
    pub holdable: bool,
    /// Whether everybody needs a passport.
    pub documents: bool,
    /// What a refund costs: nothing said, not allowed, or this much.
    pub penalty: Penalty,
    /// Who sells it.
    pub owner: Value,
    /// Directions with their segments.
    pub slices: Vec<Value>,
    /// Who travels.
    pub passengers: Vec<Value>,
}

/// What a refund costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Penalty {
    /// The airline does not say.
    Unknown,
    /// There is none.
    NoRefund,
    /// That much, in smallest units.
    Of(i64),
}

/// An order.
#[derive(Debug, Clone, Serialize)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// The airline's reference.
    pub pnr: String,
    /// What was booked. Its total may have risen since.
    pub offer: Offer,
    /// As they were given, without what is nobody's business in a list.
    #[serde(skip)]
    pub passengers: Vec<Value>,
    /// When it was made.
    pub created: Moment,
    /// Of a hold: when the seats are given away.
    pub pay_by: Option<Moment>,
    /// Of a hold: until when the price stays.
    pub guaranteed: Option<Moment>,
    /// When it was paid.
    pub paid: Option<Moment>,
    /// When it was cancelled.
    pub cancelled: Option<Moment>,
    /// Tickets.
    pub documents: Vec<Value>,
    /// What the airline changed.
    pub changes: Vec<Value>,
    /// As it was given.
    pub metadata: Value,
    /// Whether it can be seen yet.
    pub visible: bool,
    /// How its webhooks travel.
    pub script: Script,
}

impl Order {
    /// The caller's reference, which is in the metadata if he put it there.
    pub fn reference(&self) -> &str {
        self.metadata["reference"].as_str().unwrap_or(&self.id)
    }

    /// Held, and not for too long.
    pub fn is_held(&self, now: Moment) -> bool {
        self.paid.is_none() && self.cancelled.is_none() && self.pay_by.is_some_and(|end| now < end)
    }
}

/// A quote for a cancellation.
#[derive(Debug, Clone, Serialize)]
pub struct Cancellation {
    /// Its id.
    pub id: String,
    /// Its place among all.
    pub number: u64,
    /// What would be cancelled.
    pub order: String,
    /// In smallest units of the order's currency; nothing if it is credits.
    pub refund: Option<i64>,
    /// Where it goes.
    pub to: &'static str,
    /// When it ends.
    pub expires: Moment,
    /// When it was confirmed.
    pub confirmed: Option<Moment>,
    /// When it was made.
    pub created: Moment,
}

/// Everything that Duffel has of flights.
#[derive(Debug, Default)]
pub struct Book {
    /// By id.
    pub offers: BTreeMap<String, Offer>,
    /// By id.
    pub orders: BTreeMap<String, Order>,
    /// By id.
    pub cancellations: BTreeMap<String, Cancellation>,
    last: u64,
}

impl Book {
    /// Counts what was made.
    pub fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// Something that happens later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An order that was accepted is there.
    Appears(String),
    /// Tickets are there.
    Tickets(String),
    /// The airline moves a flight.
    Changes(String),
    /// A house answers.
    HouseAnswers(String),
}

/// Makes it happen. Returns whether it did anything.
pub fn run(world: &mut World, event: &Event) -> bool {
    match event {
        Event::Appears(id) => {
            let Some(order) = world.duffel.orders.get_mut(id) else { return false };
            order.visible = true;
            notify::order(world, id, "order.created");
            true
        }
        Event::Tickets(id) => tickets(world, id),
        Event::Changes(id) => change(world, id),
        Event::HouseAnswers(id) => stays::answers(world, id),
    }
}

/// Something happens to an order that its supplier, an airline or time does. `None`: there is no such order or offer.
pub fn act(world: &mut World, reference: &str, action: &str, body: &Value) -> Option<Result<(), String>> {
    let now = world.clock.now();
    let orders = world.duffel.orders.values().filter(|one| one.id == reference || one.reference() == reference);
    let order = orders.max_by_key(|one| (one.created, one.id.clone())).map(|one| one.id.clone());
    if let Some(id) = order {
        let order = world.duffel.orders.get_mut(&id)?;
        return Some(match action {
            "lapse" if order.is_held(now) => {
                order.pay_by = Some(now);
                Ok(())
            }
            "price" => match body["amount"].as_i64().filter(|amount| *amount > 0) {
                Some(amount) => {
                    order.offer.total = amount;
                    Ok(())
                }
                None => Err("say {\"amount\": 1250000} in smallest units".to_owned()),
            },
            "ticket" => tickets(world, &id).then_some(()).ok_or_else(|| "it has no tickets to get".to_owned()),
            "change" => change(world, &id).then_some(()).ok_or_else(|| "it cannot change".to_owned()),
            _ => Err(format!("{action} is not possible now")),
        });
    }
    let offer = world.duffel.offers.get_mut(reference)?;
    Some(match (action, body["amount"].as_i64()) {
        ("price", Some(amount)) if amount > 0 => {
            offer.total = amount;
            Ok(())
        }
        ("gone", _) => {
            offer.expires = now;
            Ok(())
        }
        _ => Err("an offer can have a price ({\"amount\": 1250000}) or be gone".to_owned()),
    })
}

fn tickets(world: &mut World, id: &str) -> bool {
    let digits: Vec<String> = (0..9).map(|_| world.dice.digits(13)).collect();
    let Some(order) = world.duffel.orders.get_mut(id) else { return false };
    if order.paid.is_none() || order.cancelled.is_some() || !order.documents.is_empty() {
        return false;
    }
    let ticket = |(passenger, number): (&Value, &String)| json!({"type": "electronic_ticket", "unique_identifier": number, "passenger_ids": [passenger["id"]]});
    order.documents = order.passengers.iter().zip(&digits).map(ticket).collect();
    notify::order(world, id, "order.updated");
    true
}

fn change(world: &mut World, id: &str) -> bool {
    let now = world.clock.now();
    let change = format!("aic_{}", world.dice.hex(16));
    let Some(order) = world.duffel.orders.get_mut(id).filter(|order| order.cancelled.is_none()) else { return false };
    order.changes.push(json!({"id": change, "order_id": id, "action_taken": null, "created_at": now}));
    notify::order(world, id, "order.airline_initiated_change_detected");
    true
}

/// Later.
pub fn queue(world: &mut World, after: Duration, event: Event) {
    let due = world.clock.now().plus(after);
    world.queue.push(due, Due::Duffel(event));
}
