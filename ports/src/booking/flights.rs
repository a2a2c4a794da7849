//! The socket for those who sell flights.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::{
    CancellationQuote, Cancelled, Contact, Day, Document, Found, Hint, Hold, LocalTime, NotAuthentic, OrderState,
    Outcome, Paying, Payload, Policy, ProbeKey, Traveller, TravellerKind,
};
use crate::{money::Money, time::Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cabin {
    Economy,
    PremiumEconomy,
    Business,
    First,
}

/// From where to where, and on which day there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Three letters of IATA, of an airport or a city.
    pub origin: String,
    pub destination: String,
    pub day: Day,
}

/// Who wants a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub kind: TravellerKind,
    /// In whole years on the day of departure; needed for children and infants.
    pub age: Option<u8>,
}

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightSearch {
    /// One, or two for a return.
    pub legs: Vec<Leg>,
    pub seats: Vec<Seat>,
    pub cabin: Option<Cabin>,
    pub max_connections: Option<u8>,
}

/// An airport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub code: String,
    pub name: String,
    pub city: Option<String>,
    /// Of IANA: what local times there mean.
    pub time_zone: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    pub code: Option<String>,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baggage {
    /// `checked` or `carry_on`.
    pub kind: String,
    pub pieces: u32,
}

/// One flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub origin: Place,
    pub destination: Place,
    /// On the clock of the origin.
    pub departs: LocalTime,
    /// On the clock of the destination.
    pub arrives: LocalTime,
    /// ISO 8601, as `PT1H55M`.
    pub duration: Option<String>,
    pub marketed_by: Carrier,
    pub operated_by: Carrier,
    /// With the marketing carrier's code: `GA 402`.
    pub number: String,
    pub aircraft: Option<String>,
    pub cabin: Option<String>,
    /// Of the first traveller.
    pub baggage: Vec<Baggage>,
    /// Technical stops on the way.
    pub stops: u32,
}

/// One direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    pub segments: Vec<Segment>,
    pub duration: Option<String>,
    pub fare_brand: Option<String>,
}

/// Whether another flight may be taken later, and what the carrier asks for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeTerms {
    No,
    For(Money),
    AskSupplier,
    /// The supplier does not say. That is not a no.
    Unknown,
}

/// Something that can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightOffer {
    /// The supplier's name for it.
    pub id: String,
    pub payload: Payload,
    /// For everybody and everything.
    pub total: Money,
    pub base: Option<Money>,
    pub tax: Option<Money>,
    pub carrier: Carrier,
    pub slices: Vec<Slice>,
    /// Who travels, in the order in which [`BookFlight::travellers`] must name them.
    pub seats: Vec<TravellerKind>,
    pub refund: Policy,
    pub change: ChangeTerms,
    /// After that it cannot be booked.
    pub expires_at: Timestamp,
    /// What holding it would give; nothing if it must be paid at once.
    pub hold: Option<Hold>,
    pub documents_required: bool,
}

/// Seats that shall be held or bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookFlight {
    /// Our name for it, stored before the call; the probe looks for it. 1 to 50 of `A-Z a-z 0-9 - _ ~ .`.
    pub reference: String,
    pub offer: Payload,
    pub travellers: Vec<Traveller>,
    pub contact: Contact,
    /// The most that it may cost: what the customer saw.
    pub max_total: Money,
    pub paying: Paying,
}

/// An order as the supplier tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightOrder {
    pub id: String,
    /// The carrier's (PNR): a text of any length.
    pub booking_reference: Option<String>,
    /// Ours, if the supplier kept it.
    pub reference: Option<String>,
    pub state: OrderState,
    pub total: Money,
    pub pay_by: Option<Timestamp>,
    pub price_guaranteed_until: Option<Timestamp>,
    /// Until then it can be undone without the fare's conditions.
    pub void_until: Option<Timestamp>,
    pub slices: Vec<Slice>,
    pub documents: Vec<Document>,
    pub refund: Policy,
    pub can_cancel: bool,
    /// The carrier moved it and nobody has answered yet.
    pub schedule_changed: bool,
    /// The answer with names, numbers and addresses masked; for people who look into it.
    pub raw: String,
}

/// Who sells flights. No call may be made while a unit of work is open.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FlightSupplier: Send + Sync {
    /// Its name in the database and on the wire.
    fn name(&self) -> &str;

    /// How long a booking whose outcome is unknown may take to appear. A probe that finds nothing before that proves
    /// nothing.
    fn appears_within(&self) -> Duration;

    /// What there is. An offer that cannot be read exactly is left out.
    async fn search(&self, search: &FlightSearch) -> Outcome<Vec<FlightOffer>>;

    /// The offer as it is now.
    async fn reprice(&self, offer: &Payload) -> Outcome<FlightOffer>;

    /// Holds or buys. The price is looked at first: above [`BookFlight::max_total`] it is
    /// [`super::RefusalKind::PriceChanged`]. MUST NOT be repeated when its outcome is unknown.
    async fn book(&self, booking: &BookFlight) -> Outcome<FlightOrder>;

    /// Pays a held order exactly that. Another price is [`super::RefusalKind::PriceChanged`], a hold that ended
    /// [`super::RefusalKind::OfferGone`]. When its outcome is unknown, [`Self::read`] tells.
    async fn pay(&self, order_id: &str, total: Money) -> Outcome<FlightOrder>;

    /// Looks for a booking whose outcome is unknown.
    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<FlightOrder>>;

    /// Reads an order.
    async fn read(&self, order_id: &str) -> Outcome<FlightOrder>;

    /// What a cancellation would give now. Changes nothing, but makes older quotes stale.
    async fn quote_cancellation(&self, order_id: &str) -> Outcome<CancellationQuote>;

    /// Cancels, if that still pays back what the quote said: otherwise [`super::RefusalKind::PriceChanged`] with the
    /// new refund, or [`super::RefusalKind::OfferGone`] for a quote that is stale.
    async fn cancel(&self, quote: &CancellationQuote) -> Outcome<Cancelled>;

    /// Reads a webhook. Names of headers are in any case. Pure but for the clock.
    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic>;
}
