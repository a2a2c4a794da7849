//! Duffel as the port of flights sees it.

use std::time::Duration;

use async_trait::async_trait;
use dermaga_ports::{
    booking::{
        BookFlight, CancellationQuote, Cancelled, FlightOffer, FlightOrder, FlightSearch, FlightSupplier, Found, Hint,
        NotAuthentic, Outcome, Payload, ProbeKey,
    },
    money::Money,
};

use super::{APPEARS_WITHIN, Duffel, webhook};
use crate::wire::outcome::outcome;

#[async_trait]
impl FlightSupplier for Duffel {
    fn name(&self) -> &str {
        "duffel"
    }

    fn appears_within(&self) -> Duration {
        APPEARS_WITHIN
    }

    async fn search(&self, search: &FlightSearch) -> Outcome<Vec<FlightOffer>> {
        outcome(self.offers(search).await)
    }

    async fn reprice(&self, offer: &Payload) -> Outcome<FlightOffer> {
        outcome(self.offer_again(offer).await.map(|(offer, _)| offer))
    }

    async fn book(&self, booking: &BookFlight) -> Outcome<FlightOrder> {
        outcome(self.create(booking).await)
    }

    async fn pay(&self, order_id: &str, total: Money) -> Outcome<FlightOrder> {
        outcome(self.pay_order(order_id, total).await)
    }

    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<FlightOrder>> {
        outcome(self.find(key).await)
    }

    async fn read(&self, order_id: &str) -> Outcome<FlightOrder> {
        outcome(self.order(order_id).await)
    }

    async fn quote_cancellation(&self, order_id: &str) -> Outcome<CancellationQuote> {
        outcome(self.quote(order_id).await)
    }

    async fn cancel(&self, quote: &CancellationQuote) -> Outcome<Cancelled> {
        outcome(self.confirm(quote).await)
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        let from = ("Duffel", "x-duffel-signature");
        webhook::read(headers, body, from, self.config.webhook_secret.as_ref(), self.clock.now())
    }
}
