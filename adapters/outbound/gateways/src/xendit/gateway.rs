//! Xendit as the port sees it: invoices for a page, payment requests for everything else.

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::{
    money::Money,
    payments::{
        Capabilities, ChargeRef, Found, GatewayState, Hint, MethodKind, NewCharge, NewRefund, NotAuthentic, Outcome,
        PaymentGateway, RefundProgress, Refundable, RefusalKind, Snapshot,
    },
    system::Clock,
};

use super::{Client, XenditConfig, channel, invoice::is_invoice, webhook};
use crate::wire::{ConfigError, NotDone, as_read, captures, outcome, refused, unread};

/// Xendit.
pub struct Xendit {
    client: Client,
    capabilities: Capabilities,
}

impl Xendit {
    /// # Errors
    /// A key, token or address that cannot be right.
    pub fn new(config: XenditConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let direct = [
            MethodKind::BankTransfer,
            MethodKind::Qris,
            MethodKind::Gopay,
            MethodKind::Shopeepay,
            MethodKind::CreditCard,
            MethodKind::Cstore,
        ];
        let capabilities = Capabilities {
            methods: [MethodKind::Page].into_iter().chain(direct).collect(),
            banks: channel::BANKS.to_vec(),
            unfindable: direct.to_vec(),
            reviews: false,
        };
        Ok(Self { client: Client::new(config, clock)?, capabilities })
    }

    async fn charge(&self, charge: &NewCharge) -> Result<Snapshot, NotDone> {
        if is_invoice(charge.method.kind) {
            return self.client.create_invoice(charge).await;
        }
        if !self.capabilities.methods.contains(&charge.method.kind) {
            let told = format!("Xendit has no method {}", charge.method.kind);
            return Err(refused(RefusalKind::NotSupported, told));
        }
        self.client.create_request(charge).await
    }

    /// The payment, and if it was paid, what went back of it.
    async fn read(&self, charge: &ChargeRef) -> Result<Found, NotDone> {
        let found = if is_invoice(charge.kind) {
            let found = self.client.read_invoices(charge).await?;
            found.map(|(snapshot, invoice)| (snapshot, "invoice_id", invoice.payment_id.owned()))
        } else {
            let found = self.client.read_request(charge).await?;
            found.map(|(snapshot, request)| (snapshot, "payment_request_id", request.latest_payment_id.owned()))
        };
        let Some((mut snapshot, member, payment)) = found else { return Ok(Found::Nothing) };
        if snapshot.state == GatewayState::Paid {
            if let Some(id) = &snapshot.provider_id {
                snapshot.refunds = shown(self.client.refunds(member, id).await)?;
            }
            if let Some(payment) = payment {
                snapshot.disputes = shown(self.client.disputes(&payment).await)?;
            }
        }
        Ok(Found::Snapshot(Box::new(snapshot)))
    }

    async fn end(&self, charge: &ChargeRef) -> Result<(), NotDone> {
        if is_invoice(charge.kind) {
            return self.client.expire_invoices(charge).await;
        }
        self.client.cancel_request(charge).await
    }
}

/// A list that this account may not see, or that does not exist for the method, shows nothing. One that cannot be had
/// right now makes the whole read fail: half of it would look as if something had been undone.
fn shown<T>(list: Result<Vec<T>, NotDone>) -> Result<Vec<T>, NotDone> {
    match list {
        Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::TryLater => Err(unread(&refusal)),
        Err(NotDone::Refused(_)) => Ok(Vec::new()),
        other => other,
    }
}

fn no_reviews() -> Outcome<()> {
    outcome(Err(refused(RefusalKind::NotSupported, "Xendit reviews nothing")))
}

#[async_trait]
impl PaymentGateway for Xendit {
    fn name(&self) -> &str {
        "xendit"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn refundable(&self, kind: MethodKind) -> Refundable {
        channel::refundable(kind)
    }

    async fn create(&self, charge: &NewCharge) -> Outcome<Snapshot> {
        outcome(self.charge(charge).await)
    }

    async fn query(&self, charge: &ChargeRef) -> Outcome<Found> {
        as_read(self.read(charge).await)
    }

    async fn cancel(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.end(charge).await)
    }

    async fn expire(&self, charge: &ChargeRef) -> Outcome<()> {
        outcome(self.end(charge).await)
    }

    async fn capture(&self, charge: &ChargeRef, amount: Money) -> Outcome<()> {
        if is_invoice(charge.kind) {
            return outcome(Err(refused(RefusalKind::NotSupported, "an invoice is paid at once")));
        }
        outcome(match captures(charge, amount) {
            Ok(()) => self.client.capture_request(charge, amount.amount()).await,
            Err(refusal) => Err(refusal),
        })
    }

    async fn approve(&self, _: &ChargeRef) -> Outcome<()> {
        no_reviews()
    }

    async fn deny(&self, _: &ChargeRef) -> Outcome<()> {
        no_reviews()
    }

    async fn refund(&self, charge: &ChargeRef, refund: &NewRefund) -> Outcome<RefundProgress> {
        outcome(self.client.refund(charge, refund).await)
    }

    async fn query_refund(&self, charge: &ChargeRef, key: &str) -> Outcome<Option<RefundProgress>> {
        match self.client.query_refund(charge, key).await {
            // A payment that is not known has no refunds.
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => Outcome::Done(None),
            other => as_read(other),
        }
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        webhook::read(headers, body, &self.client.config.callback_token)
    }
}
