//! A decorator: what a search found is found again for some minutes, without asking the supplier. Suppliers count
//! searches, and people press the button again.
//!
//! Only searches are remembered. An offer is looked at again before it is booked, so an old price costs a question and
//! never money; what has expired, or will within a minute, is not shown.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dermaga_ports::{
    booking::{
        BookFlight, CancellationQuote, Cancelled, FlightOffer, FlightOrder, FlightSearch, FlightSupplier, Found, Hint,
        NotAuthentic, Outcome, Payload, ProbeKey,
    },
    cache::Cache,
    money::Money,
    system::Clock,
};

use crate::wire::signature::digest;

/// An offer that ends sooner is of no use to somebody who has to type names.
const USABLE: Duration = Duration::from_secs(60);

/// A supplier whose searches are remembered.
pub struct CachedSearch<S> {
    inner: S,
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    keep: Duration,
}

impl<S: FlightSupplier> CachedSearch<S> {
    /// Remembers each search for that long.
    pub fn new(inner: S, cache: Arc<dyn Cache>, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self { inner, cache, clock, keep }
    }

    fn key(&self, search: &FlightSearch) -> Option<String> {
        let asked = serde_json::to_string(search).ok()?;
        Some(format!("flights:{}:{}", self.inner.name(), digest(&[&asked])))
    }

    async fn remembered(&self, key: &str) -> Option<Vec<FlightOffer>> {
        let kept = self.cache.get(key).await?;
        let offers: Vec<FlightOffer> = serde_json::from_slice(&kept).ok()?;
        let until = self.clock.now() + USABLE;
        // If even one has ended, the rest is as old.
        offers.iter().all(|offer| offer.expires_at > until).then_some(offers)
    }
}

#[async_trait]
impl<S: FlightSupplier> FlightSupplier for CachedSearch<S> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn appears_within(&self) -> Duration {
        self.inner.appears_within()
    }

    async fn search(&self, search: &FlightSearch) -> Outcome<Vec<FlightOffer>> {
        let Some(key) = self.key(search) else { return self.inner.search(search).await };
        if let Some(offers) = self.remembered(&key).await {
            return Outcome::Done(offers);
        }
        let found = self.inner.search(search).await;
        // That there is nothing may be the supplier's bad moment: it is asked again.
        if let Outcome::Done(offers) = &found
            && !offers.is_empty()
            && let Ok(kept) = serde_json::to_vec(offers)
        {
            self.cache.put(&key, &kept, self.keep).await;
        }
        found
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
