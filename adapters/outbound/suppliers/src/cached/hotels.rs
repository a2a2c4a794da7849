//! Houses that were searched for.

use std::time::Duration;

use async_trait::async_trait;
use dermaga_ports::booking::{
    BookHotel, CancellationQuote, Cancelled, Found, Hint, HotelBooking, HotelQuote, HotelResult, HotelSearch,
    HotelSupplier, NotAuthentic, Outcome, Payload, ProbeKey, RoomRate,
};

use super::CachedSearch;

#[async_trait]
impl<S: HotelSupplier> HotelSupplier for CachedSearch<S> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn appears_within(&self) -> Duration {
        self.inner.appears_within()
    }

    async fn search(&self, search: &HotelSearch) -> Outcome<Vec<HotelResult>> {
        let ends = |house: &HotelResult| Some(house.expires_at);
        self.once(("hotels", self.inner.name()), search, ends, self.inner.search(search)).await
    }

    async fn rates(&self, result: &Payload) -> Outcome<Vec<RoomRate>> {
        self.inner.rates(result).await
    }

    async fn quote(&self, rate: &Payload) -> Outcome<HotelQuote> {
        self.inner.quote(rate).await
    }

    async fn book(&self, booking: &BookHotel) -> Outcome<HotelBooking> {
        self.inner.book(booking).await
    }

    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<HotelBooking>> {
        self.inner.probe(key).await
    }

    async fn read(&self, booking_id: &str) -> Outcome<HotelBooking> {
        self.inner.read(booking_id).await
    }

    async fn quote_cancellation(&self, booking: &HotelBooking) -> Outcome<CancellationQuote> {
        self.inner.quote_cancellation(booking).await
    }

    async fn cancel(&self, booking: &HotelBooking, quote: &CancellationQuote) -> Outcome<Cancelled> {
        self.inner.cancel(booking, quote).await
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        self.inner.read_webhook(headers, body)
    }
}
