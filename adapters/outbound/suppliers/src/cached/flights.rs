//! Flights that were searched for.

use std::time::Duration;

use async_trait::async_trait;
use dermaga_ports::{
    booking::{
        BookFlight, CancellationQuote, Cancelled, FlightOffer, FlightOrder, FlightSearch, FlightSupplier, Found, Hint,
        NotAuthentic, Outcome, Payload, ProbeKey,
    },
    money::Money,
};

use super::CachedSearch;

#[async_trait]
impl<S: FlightSupplier> FlightSupplier for CachedSearch<S> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn appears_within(&self) -> Duration {
        self.inner.appears_within()
    }

    async fn search(&self, search: &FlightSearch) -> Outcome<Vec<FlightOffer>> {
        let ends = |offer: &FlightOffer| Some(offer.expires_at);
        self.once(("flights", self.inner.name()), search, ends, self.inner.search(search)).await
    }

    async fn reprice(&self, offer: &Payload) -> Outcome<FlightOffer> {
        self.inner.reprice(offer).await
    }

    async fn book(&self, booking: &BookFlight) -> Outcome<FlightOrder> {
        self.inner.book(booking).await
    }

    async fn pay(&self, order_id: &str, total: Money) -> Outcome<FlightOrder> {
        self.inner.pay(order_id, total).await
    }

    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<FlightOrder>> {
        self.inner.probe(key).await
    }

    async fn read(&self, order_id: &str) -> Outcome<FlightOrder> {
        self.inner.read(order_id).await
    }

    async fn quote_cancellation(&self, order_id: &str) -> Outcome<CancellationQuote> {
        self.inner.quote_cancellation(order_id).await
    }

    async fn cancel(&self, quote: &CancellationQuote) -> Outcome<Cancelled> {
        self.inner.cancel(quote).await
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        self.inner.read_webhook(headers, body)
    }
}
