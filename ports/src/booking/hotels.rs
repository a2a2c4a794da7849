//! The socket for those who sell hotel rooms: search, rates, quote, booking, each step with an id and a life of its own.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    CancellationQuote, Cancelled, Contact, Day, Found, Hint, NotAuthentic, Outcome, Payload, Personal, Policy,
    ProbeKey, Seat,
};
use crate::{money::Money, time::Timestamp};

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    /// Around a point. Degrees as decimal text, so that nothing is rounded: `-8.6500`.
    Around { latitude: String, longitude: String, radius_km: u32 },
    /// In a city, by the name that people use. One that the supplier does not know has no houses.
    City { name: String, radius_km: u32 },
    /// These houses, by the supplier's ids.
    Houses(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotelSearch {
    pub place: Where,
    pub check_in: Day,
    pub check_out: Day,
    pub rooms: u32,
    pub guests: Vec<Seat>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accommodation {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub stars: Option<u8>,
    pub amenities: Vec<String>,
    pub photos: Vec<String>,
    /// As `14:30`, on the clock of the house.
    pub check_in_after: Option<String>,
    pub check_out_before: Option<String>,
    /// How to get in.
    pub key_collection: Option<String>,
}

/// What is paid at the house besides, perhaps in another currency: shown, and never a part of our price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueThere {
    /// As it was told, `39.95 CHF`.
    pub told: String,
    /// If it is in a currency of ours.
    pub amount: Option<Money>,
}

/// A house with free rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotelResult {
    pub id: String,
    pub payload: Payload,
    pub accommodation: Accommodation,
    pub cheapest: Option<Money>,
    pub due_there: Option<DueThere>,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Board {
    RoomOnly,
    Breakfast,
    HalfBoard,
    FullBoard,
    AllInclusive,
    Unrecognised(String),
}

/// A room at a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRate {
    pub id: String,
    pub payload: Payload,
    pub room: String,
    /// As `2 single`.
    pub beds: Vec<String>,
    pub name: Option<String>,
    pub board: Board,
    pub total: Money,
    pub due_there: Option<DueThere>,
    pub refund: Policy,
    /// Titles and texts of the house's own rules.
    pub conditions: Vec<(String, String)>,
    pub left: Option<u32>,
    /// Without the number of that programme it cannot be booked.
    pub loyalty_programme_required: Option<String>,
    pub expires_at: Timestamp,
}

/// A price that was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotelQuote {
    pub id: String,
    pub payload: Payload,
    pub accommodation: Accommodation,
    pub total: Money,
    pub due_there: Option<DueThere>,
    pub refund: Policy,
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookHotel {
    /// Our name for it; see [`super::BookFlight::reference`].
    pub reference: String,
    pub quote: Payload,
    /// Given and family name of one person in each room at least.
    pub guests: Vec<(Personal, Option<Personal>)>,
    pub contact: Contact,
    pub requests: Option<String>,
    pub loyalty_number: Option<Personal>,
    pub max_total: Money,
}

/// Where a booking stands. Some houses answer later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HotelState {
    /// The house has not answered yet.
    Requested,
    Confirmed,
    Failed,
    /// The house has not answered the cancellation yet.
    CancellationRequested,
    Cancelled,
    Unrecognised(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotelBooking {
    pub id: String,
    /// What the house calls it, to be named at its desk; not before it is confirmed.
    pub house_reference: Option<String>,
    pub reference: Option<String>,
    pub state: HotelState,
    pub accommodation: Accommodation,
    pub check_in: Day,
    pub check_out: Day,
    pub total: Option<Money>,
    pub refund: Policy,
    pub confirmed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    /// Masked.
    pub raw: String,
}

/// Who sells hotel rooms. No call may be made while a unit of work is open.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait HotelSupplier: Send + Sync {
    fn name(&self) -> &str;

    /// See [`super::FlightSupplier::appears_within`].
    fn appears_within(&self) -> Duration;

    async fn search(&self, search: &HotelSearch) -> Outcome<Vec<HotelResult>>;

    /// The rooms of a result, with prices.
    async fn rates(&self, result: &Payload) -> Outcome<Vec<RoomRate>>;

    /// Confirms the price of a rate.
    async fn quote(&self, rate: &Payload) -> Outcome<HotelQuote>;

    /// Books and pays. MUST NOT be repeated when its outcome is unknown.
    async fn book(&self, booking: &BookHotel) -> Outcome<HotelBooking>;

    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<HotelBooking>>;

    async fn read(&self, booking_id: &str) -> Outcome<HotelBooking>;

    /// What a cancellation would give now, by the conditions that were sold.
    async fn quote_cancellation(&self, booking: &HotelBooking) -> Outcome<CancellationQuote>;

    /// Cancels. Refused with [`super::RefusalKind::PriceChanged`] if another step of the conditions has begun since.
    async fn cancel(&self, booking: &HotelBooking, quote: &CancellationQuote) -> Outcome<Cancelled>;

    /// Reads a webhook. Names of headers are in any case.
    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic>;
}
