//! The ferry as the port sees it.

use std::time::Duration;

use async_trait::async_trait;
use dermaga_ports::{
    booking::{
        BookFerry, CancellationQuote, Cancelled, Departure, DepartureSearch, FerryBooking, FerryPort, FerryQuote,
        FerrySupplier, Found, Hint, NotAuthentic, Outcome, Payload, ProbeKey, VehicleClass,
    },
    money::Money,
};
use serde_json::{Value, json};

use super::{Ferry, wire};
use crate::{
    duffel::read_webhook,
    wire::outcome::{Result, invalid, outcome},
};

impl Ferry {
    async fn all_ports(&self) -> Result<Vec<FerryPort>> {
        let (all, _): (Vec<wire::Port>, _) = self.data(self.get("ferry ports", "/ferry/ports"), &[]).await?;
        Ok(all.iter().filter_map(wire::port).collect())
    }

    async fn all_classes(&self) -> Result<Vec<VehicleClass>> {
        let call = self.get("ferry vehicle classes", "/ferry/vehicle_classes");
        let (all, _): (Vec<wire::Class>, _) = self.data(call, &[]).await?;
        Ok(all.iter().filter_map(wire::class).collect())
    }

    async fn sailings(&self, search: &DepartureSearch) -> Result<Vec<Departure>> {
        if search.passengers.is_empty() {
            return Err(invalid("passengers", "somebody travels, also with a vehicle"));
        }
        let passengers: Vec<Value> = search.passengers.iter().map(|kind| json!({"type": kind.as_str()})).collect();
        let vehicle = search.vehicle.as_ref().map(|vehicle| json!({"class": vehicle.class}));
        let body = json!({"data": {"origin": search.origin, "destination": search.destination,
            "departure_date": search.day, "passengers": passengers, "vehicle": vehicle}});
        let call = self.ask("ferry departures", "/ferry/sailing_requests", &body);
        let (found, _): (wire::SailingRequest, _) = self.data(call, &[]).await?;
        Ok(found.sailings.iter().filter_map(wire::departure).collect())
    }
}

#[async_trait]
impl FerrySupplier for Ferry {
    fn name(&self) -> &str {
        "ferry"
    }

    /// A booking is found by our reference as soon as it is made.
    fn appears_within(&self) -> Duration {
        Duration::from_secs(15 * 60)
    }

    async fn ports(&self) -> Outcome<Vec<FerryPort>> {
        outcome(self.all_ports().await)
    }

    async fn vehicle_classes(&self) -> Outcome<Vec<VehicleClass>> {
        outcome(self.all_classes().await)
    }

    async fn departures(&self, search: &DepartureSearch) -> Outcome<Vec<Departure>> {
        outcome(self.sailings(search).await)
    }

    async fn quote(&self, fare: &Payload) -> Outcome<FerryQuote> {
        outcome(self.fix(fare).await)
    }

    async fn book(&self, booking: &BookFerry) -> Outcome<FerryBooking> {
        outcome(self.create(booking).await)
    }

    async fn pay(&self, booking_id: &str, total: Money) -> Outcome<FerryBooking> {
        outcome(self.settle(booking_id, total).await)
    }

    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<FerryBooking>> {
        outcome(self.find(key).await)
    }

    async fn read(&self, booking_id: &str) -> Outcome<FerryBooking> {
        outcome(self.booked(booking_id).await)
    }

    async fn quote_cancellation(&self, booking_id: &str) -> Outcome<CancellationQuote> {
        outcome(self.price_of_leaving(booking_id).await)
    }

    async fn cancel(&self, quote: &CancellationQuote) -> Outcome<Cancelled> {
        outcome(self.leave(quote).await)
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> std::result::Result<Hint, NotAuthentic> {
        let from = ("the ferry", "x-ferry-signature");
        read_webhook(headers, body, from, self.config.webhook_secret.as_ref(), self.clock.now())
    }
}
