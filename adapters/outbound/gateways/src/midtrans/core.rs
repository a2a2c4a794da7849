//! Core: one charge by one method.

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::{
    money::Money,
    payments::{
        Capabilities, ChargeRef, Found, Hint, MethodKind, NewCharge, NewRefund, NotAuthentic, Outcome, PaymentGateway,
        RefundProgress, Refundable, RefusalKind, Snapshot,
    },
    system::Clock,
};

use super::{
    Client, MidtransConfig, actions::DENIED, answer::transaction, charge, refund::refundable, snapshot::snapshot,
    state::reason, webhook,
};
use crate::wire::{ConfigError, NotDone, http::Call, mask, outcome, reference::idempotency_key, refused};

/// Midtrans Core: virtual accounts, bills, QR codes, wallets, cards and counters.
pub struct MidtransCore {
    client: Client,
    capabilities: Capabilities,
}

impl MidtransCore {
    /// # Errors
    /// A key or address that cannot be right.
    pub fn new(config: MidtransConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let capabilities = Capabilities {
            methods: vec![
                MethodKind::BankTransfer,
                MethodKind::Qris,
                MethodKind::Gopay,
                MethodKind::Shopeepay,
                MethodKind::CreditCard,
                MethodKind::Echannel,
                MethodKind::Cstore,
            ],
            banks: charge::BANKS.to_vec(),
            unfindable: vec![],
            reviews: true,
        };
        Ok(Self { client: Client::new(config, clock)?, capabilities })
    }

    async fn charge(&self, charge: &NewCharge) -> Result<Snapshot, NotDone> {
        let Client { config, clock, .. } = &self.client;
        let body = charge::core(charge, config, clock.now())?;
        let mut call = Call::post("Midtrans charge", format!("{}/v2/charge", config.core_url))
            .json(&body)
            .header("Idempotency-Key", idempotency_key(&charge.idempotency_key));
        if let Some(url) = &config.webhook_url {
            call = call.header("X-Override-Notification", url);
        }
        let answer = self.client.send(call).await?;
        let confidential = self.client.told(charge);
        let (code, transaction) = transaction(&answer, &charge.reference, &confidential)?;
        let status = transaction.transaction_status.word();
        if code == DENIED || status == "DENY" {
            return Err(refused(RefusalKind::Declined, mask::words(&reason(&transaction), &confidential)));
        }
        snapshot(&answer, &transaction)
    }
}

#[async_trait]
impl PaymentGateway for MidtransCore {
    fn name(&self) -> &str {
        "midtrans"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn refundable(&self, kind: MethodKind) -> Refundable {
        if self.capabilities.methods.contains(&kind) { refundable(kind) } else { Refundable::No }
    }

    async fn create(&self, charge: &NewCharge) -> Outcome<Snapshot> {
        outcome(self.charge(charge).await)
    }

    async fn query(&self, charge: &ChargeRef) -> Outcome<Found> {
        outcome(self.client.query(charge).await)
    }

    async fn cancel(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.client.act(charge, ("Midtrans cancel", "cancel"), &["CANCEL"]).await)
    }

    async fn expire(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.client.act(charge, ("Midtrans expire", "expire"), &["EXPIRE"]).await)
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
