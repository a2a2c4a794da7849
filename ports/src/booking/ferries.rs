//! The socket for those who sell ferry tickets: passengers on foot, and vehicles with everybody in them.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    CancellationQuote, Cancelled, Contact, Day, Document, Found, Hint, LocalTime, NotAuthentic, OrderState, Outcome,
    Paying, Payload, Personal, Policy, ProbeKey, Traveller, TravellerKind,
};
use crate::{money::Money, time::Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FerryPort {
    pub code: String,
    pub name: String,
    pub city: String,
    pub time_zone: String,
}

/// A class of vehicles (golongan), as the fare table counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VehicleClass {
    /// `I` to `IX`, with `A` for people and `B` for goods.
    pub code: String,
    pub name: String,
    pub max_length_cm: Option<u32>,
    /// Whether the fare holds for those in it. They are named all the same.
    pub includes_passengers: bool,
}

/// A vehicle as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vehicle {
    pub class: String,
}

/// A vehicle as it is booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FerryVehicle {
    pub class: String,
    pub plate: Personal,
    pub length_cm: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartureSearch {
    pub origin: String,
    pub destination: String,
    pub day: Day,
    pub passengers: Vec<TravellerKind>,
    pub vehicle: Option<Vehicle>,
}

/// A part of a fare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FareLine {
    /// `passenger`, `vehicle`, `port_tax`, `fuel`, `admin`, `insurance`.
    pub category: String,
    pub quantity: u32,
    pub amount: Money,
}

/// What a departure costs those who were looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fare {
    pub id: String,
    pub payload: Payload,
    pub name: String,
    pub total: Money,
    pub lines: Vec<FareLine>,
    pub refund: Policy,
}

/// A ship that leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    pub id: String,
    pub operator: String,
    pub vessel: String,
    /// `regular` or `express`.
    pub service: String,
    pub origin: FerryPort,
    pub destination: FerryPort,
    /// On the clocks of the ports.
    pub departs: LocalTime,
    pub arrives: LocalTime,
    pub check_in_from: Option<LocalTime>,
    /// Afterwards the ticket is worth nothing.
    pub check_in_until: Option<LocalTime>,
    pub seats_left: Option<u32>,
    pub fares: Vec<Fare>,
}

/// A price that was confirmed, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FerryQuote {
    pub id: String,
    pub payload: Payload,
    pub total: Money,
    pub expires_at: Timestamp,
    /// When it would have to be paid if it were held now.
    pub pay_by_if_held: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookFerry {
    /// Our name for it; see [`super::BookFlight::reference`].
    pub reference: String,
    pub quote: Payload,
    pub contact: Contact,
    /// Everybody, those in the vehicle too: the manifest wants them.
    pub passengers: Vec<Traveller>,
    pub vehicle: Option<FerryVehicle>,
    pub max_total: Money,
    pub paying: Paying,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FerryBooking {
    pub id: String,
    /// What is shown at the port.
    pub booking_reference: String,
    /// Ours.
    pub reference: Option<String>,
    /// Counts up with each change at the supplier.
    pub revision: u32,
    pub state: OrderState,
    pub total: Money,
    pub pay_by: Option<Timestamp>,
    pub documents: Vec<Document>,
    pub refund: Policy,
    pub can_cancel: bool,
    /// Masked.
    pub raw: String,
}

/// Who sells ferry tickets. No call may be made while a unit of work is open.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FerrySupplier: Send + Sync {
    fn name(&self) -> &str;

    /// See [`super::FlightSupplier::appears_within`].
    fn appears_within(&self) -> Duration;

    async fn ports(&self) -> Outcome<Vec<FerryPort>>;

    async fn vehicle_classes(&self) -> Outcome<Vec<VehicleClass>>;

    async fn departures(&self, search: &DepartureSearch) -> Outcome<Vec<Departure>>;

    /// Confirms a fare.
    async fn quote(&self, fare: &Payload) -> Outcome<FerryQuote>;

    /// Holds or buys. MUST NOT be repeated when its outcome is unknown: the supplier's key makes a repetition harmless
    /// only as long as the quote lives.
    async fn book(&self, booking: &BookFerry) -> Outcome<FerryBooking>;

    /// Pays a held booking exactly that.
    async fn pay(&self, booking_id: &str, total: Money) -> Outcome<FerryBooking>;

    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<FerryBooking>>;

    async fn read(&self, booking_id: &str) -> Outcome<FerryBooking>;

    async fn quote_cancellation(&self, booking_id: &str) -> Outcome<CancellationQuote>;

    /// As [`super::FlightSupplier::cancel`].
    async fn cancel(&self, quote: &CancellationQuote) -> Outcome<Cancelled>;

    /// Reads a webhook. Names of headers are in any case.
    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic>;
}
