//! Hotel rooms, as a part of Duffel: search, rates, quote, booking.
//!
//! Around −24.38, −128.32 are its test hotels, each of which plays one trouble; besides there are some in Indonesia.

mod bookings;
mod houses;
mod search;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

pub use bookings::answers;
pub use houses::{HOUSES, House, Trouble, cities};

use crate::{
    call::{Answer, Call},
    clock::Moment,
    duffel::wire,
    script::Script,
    world::World,
};

/// A search that found a house.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    pub id: String,
    pub house: &'static str,
    pub check_in: String,
    pub check_out: String,
    pub nights: i64,
    pub rooms: i64,
    pub guests: Value,
    pub expires: Moment,
}

/// A room at a price.
#[derive(Debug, Clone, Serialize)]
pub struct Rate {
    pub id: String,
    pub found: Found,
    /// Which of a house's kinds of rooms.
    pub room: usize,
    /// Whether it can be cancelled, and breakfast is in it.
    pub flexible: bool,
    /// In smallest units.
    pub total: i64,
    /// Of the total.
    pub currency: &'static str,
}

/// A price that was confirmed.
#[derive(Debug, Clone, Serialize)]
pub struct Quote {
    pub id: String,
    pub rate: Rate,
}

/// A booking.
#[derive(Debug, Clone, Serialize)]
pub struct Booking {
    pub id: String,
    pub number: u64,
    pub rate: Rate,
    pub status: &'static str,
    pub reference: String,
    pub confirmed: Option<Moment>,
    pub cancelled: Option<Moment>,
    #[serde(skip)]
    pub guests: Value,
    #[serde(skip)]
    pub contact: (Value, Value),
    pub metadata: Value,
    pub script: Script,
}

impl Booking {
    /// The caller's reference.
    pub fn ours(&self) -> &str {
        self.metadata["reference"].as_str().unwrap_or(&self.id)
    }
}

/// Everything that Duffel has of stays.
#[derive(Debug, Default)]
pub struct Book {
    pub found: BTreeMap<String, Found>,
    pub rates: BTreeMap<String, Rate>,
    pub quotes: BTreeMap<String, Quote>,
    pub bookings: BTreeMap<String, Booking>,
}

/// The part of Duffel below `/stays`.
pub fn route(world: &mut World, call: &Call) -> Answer {
    let (method, path) = call.route();
    let data = || call.json().map(|body| body["data"].clone()).unwrap_or_default();
    match (method, path.as_slice()) {
        ("POST", ["stays", "search"]) => search::search(world, &data()),
        ("POST", ["stays", "search_results", id, "actions", "fetch_all_rates"]) => search::rates(world, id),
        ("POST", ["stays", "quotes"]) => search::quote(world, &data()),
        ("GET", ["stays", "quotes", id]) => search::get_quote(world, id),
        ("POST", ["stays", "bookings"]) => bookings::create(world, &data()),
        ("GET", ["stays", "bookings"]) => bookings::list(world, call),
        ("GET", ["stays", "bookings", id]) => bookings::get(world, id),
        ("POST", ["stays", "bookings", id, "actions", "cancel"]) => bookings::cancel(world, id),
        _ => wire::not_found(),
    }
}
