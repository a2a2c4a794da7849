//! Snap: a page of Midtrans on which the payer chooses the method.
//!
//! Until then Core does not know the payment, and a second page may be made under the same reference: it replaces the
//! first, so at most one is ever paid. After a denial the payer may try again on the same page.

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::{
    money::Money,
    payments::{
        Capabilities, ChargeRef, Found, GatewayState, Hint, MethodKind, NewCharge, NewRefund, NotAuthentic, Outcome,
        PayAction, PaymentGateway, RefundProgress, Refundable, Refusal, RefusalKind, SeenAmount, Snapshot,
    },
    system::Clock,
};
use serde::Deserialize;

use super::{Client, MidtransConfig, answer, charge, refund::refundable, webhook};
use crate::wire::{
    ConfigError, NotDone,
    http::{Call, object, unreadable},
    lenient::Text,
    link::is_harmless,
    mask, outcome,
    reference::{foreign, idempotency_key},
};

/// Midtrans Snap.
pub struct MidtransSnap {
    client: Client,
    capabilities: Capabilities,
}

/// A page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    token: Text,
    redirect_url: Text,
}

/// A page that was taken away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Closed {
    canceled_at: Text,
}

impl MidtransSnap {
    /// # Errors
    /// A key or address that cannot be right.
    pub fn new(config: MidtransConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let capabilities =
            Capabilities { methods: vec![MethodKind::Page], banks: vec![], unfindable: vec![], reviews: true };
        Ok(Self { client: Client::new(config, clock)?, capabilities })
    }

    async fn page(&self, charge: &NewCharge) -> Result<Snapshot, NotDone> {
        let Client { config, clock, .. } = &self.client;
        let body = charge::snap(charge, config, clock.now())?;
        let mut call = Call::post("Midtrans Snap", format!("{}/transactions", config.snap_url))
            .json(&body)
            .header("Idempotency-Key", idempotency_key(&charge.idempotency_key));
        if let Some(url) = &config.webhook_url {
            call = call.header("X-Override-Notification", url);
        }
        let answer = self.client.send(call).await?;
        answer::code(&answer, &self.client.told(charge))?;
        let page: Page = object(&answer)?;
        let url = page.redirect_url.owned().filter(|url| is_harmless(url));
        let (Some(url), Some(token)) = (url, page.token.owned()) else {
            return Err(unreadable(&answer, "it names no page"));
        };
        Ok(Snapshot {
            state: GatewayState::Pending,
            amount: SeenAmount::Missing,
            captured: None,
            settled: false,
            refunds: vec![],
            refunded: None,
            disputes: vec![],
            provider_id: Some(token),
            action: Some(PayAction::Open { url }),
            expires_at: None,
            raw: mask::answer(&answer.body),
        })
    }

    /// Ends the payment that the payer has begun, or else the page.
    async fn close(&self, charge: &ChargeRef, action: (&'static str, &str), ends: &[&str]) -> Result<(), NotDone> {
        let refusal = match self.client.act(charge, action, ends).await {
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => refusal,
            other => return other,
        };
        // Before the payer has chosen, the gateway's id is the page's token.
        let Some(token) = &charge.provider_id else { return Err(NotDone::Refused(refusal)) };
        let url = format!("{}/transactions/{}/cancel", self.client.config.snap_url, foreign(token)?);
        let answer = self.client.send(Call::post("Midtrans Snap cancel", url)).await?;
        match answer::code(&answer, &self.client.confidential()) {
            Ok(_) => {
                let closed: Closed = object(&answer)?;
                closed.canceled_at.get().map(drop).ok_or_else(|| unreadable(&answer, "it does not say when"))
            }
            Err(NotDone::Refused(refusal)) => refused_page(refusal),
            Err(unknown) => Err(unknown),
        }
    }
}

/// Snap tells these in words alone.
fn refused_page(refusal: Refusal) -> Result<(), NotDone> {
    let words = refusal.reason.to_ascii_lowercase();
    if words.contains("already cancel") {
        return Ok(());
    }
    let kind = if words.contains("on progress") {
        RefusalKind::WrongState
    } else if words.contains("not found") {
        RefusalKind::NotFound
    } else {
        refusal.kind
    };
    Err(NotDone::Refused(Refusal { kind, ..refusal }))
}

#[async_trait]
impl PaymentGateway for MidtransSnap {
    fn name(&self) -> &str {
        "midtrans_snap"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn refundable(&self, kind: MethodKind) -> Refundable {
        if kind == MethodKind::Page { refundable(kind) } else { Refundable::No }
    }

    async fn create(&self, charge: &NewCharge) -> Outcome<Snapshot> {
        outcome(self.page(charge).await)
    }

    async fn query(&self, charge: &ChargeRef) -> Outcome<Found> {
        outcome(self.client.query(charge).await)
    }

    async fn cancel(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.close(charge, ("Midtrans cancel", "cancel"), &["CANCEL"]).await)
    }

    async fn expire(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.close(charge, ("Midtrans expire", "expire"), &["EXPIRE"]).await)
    }

    async fn capture(&self, charge: &ChargeRef, amount: Money) -> Outcome<()> {
        outcome(self.client.capture(charge, amount).await)
    }

    async fn approve(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.client.act(charge, ("Midtrans approve", "approve"), &["CAPTURE", "SETTLEMENT"]).await)
    }

    async fn deny(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.client.act(charge, ("Midtrans deny", "deny"), &["DENY", "CANCEL"]).await)
    }

    async fn refund(&self, charge: &ChargeRef, refund: &NewRefund) -> Outcome<RefundProgress> {
        outcome(self.client.refund(charge, refund).await)
    }

    async fn query_refund(&self, charge: &ChargeRef, key: &str) -> Outcome<Option<RefundProgress>> {
        outcome(self.client.query_refund(charge, key).await)
    }

    fn read_webhook(&self, _: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        webhook::read(body, &self.client.config.server_key)
    }
}
