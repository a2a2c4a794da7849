//! Ports, classes of vehicles, and departures that were searched for.

use std::time::Duration;

use async_trait::async_trait;
use dermaga_ports::{
    booking::{
        BookFerry, CancellationQuote, Cancelled, Departure, DepartureSearch, FerryBooking, FerryPort, FerryQuote,
        FerrySupplier, Found, Hint, NotAuthentic, Outcome, Payload, ProbeKey, VehicleClass,
    },
    money::Money,
};

use super::CachedSearch;

#[async_trait]
impl<S: FerrySupplier> FerrySupplier for CachedSearch<S> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn appears_within(&self) -> Duration {
        self.inner.appears_within()
    }

    async fn ports(&self) -> Outcome<Vec<FerryPort>> {
        self.once(("ferry_ports", self.inner.name()), &(), |_| None, self.inner.ports()).await
    }

    async fn vehicle_classes(&self) -> Outcome<Vec<VehicleClass>> {
        self.once(("vehicle_classes", self.inner.name()), &(), |_| None, self.inner.vehicle_classes()).await
    }

    /// A fare is quoted before it is booked, which tells whether it is still there.
    async fn departures(&self, search: &DepartureSearch) -> Outcome<Vec<Departure>> {
        self.once(("departures", self.inner.name()), search, |_| None, self.inner.departures(search)).await
    }

    async fn quote(&self, fare: &Payload) -> Outcome<FerryQuote> {
        self.inner.quote(fare).await
    }

    async fn book(&self, booking: &BookFerry) -> Outcome<FerryBooking> {
        self.inner.book(booking).await
    }

    async fn pay(&self, booking_id: &str, total: Money) -> Outcome<FerryBooking> {
        self.inner.pay(booking_id, total).await
    }

    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<FerryBooking>> {
        self.inner.probe(key).await
    }

    async fn read(&self, booking_id: &str) -> Outcome<FerryBooking> {
        self.inner.read(booking_id).await
    }

    async fn quote_cancellation(&self, booking_id: &str) -> Outcome<CancellationQuote> {
        self.inner.quote_cancellation(booking_id).await
    }

    async fn cancel(&self, quote: &CancellationQuote) -> Outcome<Cancelled> {
        self.inner.cancel(quote).await
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        self.inner.read_webhook(headers, body)
    }
}
