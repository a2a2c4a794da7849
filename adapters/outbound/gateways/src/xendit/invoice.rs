//! Invoices: a page of Xendit on which the payer chooses.
//!
//! Nothing makes our reference unique there, and a creation whose answer was lost leaves an invoice that only the list
//! shows. So a payment here is all invoices of its reference: it is paid if any of them is, and closed if all are.

use dermaga_ports::payments::{
    ChargeRef, GatewayState, MethodKind, NewCharge, PayAction, RefusalKind, SeenAmount, Snapshot,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Client,
    error::{read, rows},
};
use crate::wire::{
    NotDone, amount,
    http::{Answer, Call, unreadable},
    lenient::Text,
    link::is_harmless,
    mask,
    reference::{clip, foreign, reference},
    refused, unknown,
};

/// An invoice, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Invoice {
    pub id: Text,
    pub external_id: Text,
    pub status: Text,
    amount: Text,
    /// What was really paid.
    paid_amount: Text,
    currency: Text,
    expiry_date: Text,
    invoice_url: Text,
    pub payment_id: Text,
}

impl Invoice {
    fn state(&self) -> GatewayState {
        match self.status.word().as_str() {
            "PENDING" => GatewayState::Pending,
            "PAID" | "SETTLED" => GatewayState::Paid,
            // Money that comes after the end leaves the invoice expired.
            "EXPIRED" if self.paid_amount.get().is_some() => GatewayState::Paid,
            "EXPIRED" => GatewayState::Expired,
            _ => GatewayState::Unrecognised(mask::words(self.status.or_empty(), &[])),
        }
    }

    /// How much it says about the payment: money first, then what can still be paid.
    fn rank(&self) -> u8 {
        match self.state() {
            GatewayState::Paid => 0,
            GatewayState::Pending => 1,
            GatewayState::Unrecognised(_) => 2,
            _ => 3,
        }
    }

    pub fn seen(&self) -> SeenAmount {
        let told = self.paid_amount.get().or(self.amount.get());
        amount::seen(told, self.currency.get())
    }

    fn snapshot(&self, raw: &str) -> Snapshot {
        let url = self.invoice_url.owned().filter(|url| is_harmless(url));
        let state = self.state();
        let waits = state == GatewayState::Pending;
        Snapshot {
            settled: self.status.word() == "SETTLED",
            state,
            amount: self.seen(),
            captured: None,
            refunds: vec![],
            refunded: None,
            disputes: vec![],
            provider_id: self.id.owned(),
            action: url.filter(|_| waits).map(|url| PayAction::Open { url }),
            expires_at: self.expiry_date.get().and_then(|text| text.parse().ok()),
            raw: mask::answer(raw),
        }
    }
}

impl Client {
    pub(super) async fn create_invoice(&self, charge: &NewCharge) -> Result<Snapshot, NotDone> {
        let body = self.invoice(charge)?;
        // Nothing keeps Xendit from making a second one, so the first is looked for.
        let asked = ChargeRef {
            reference: charge.reference.clone(),
            provider_id: None,
            amount: charge.amount,
            kind: charge.method.kind,
        };
        match self.read_invoices(&asked).await {
            Ok(Some((first, _))) => return Ok(first),
            Ok(None) => {}
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => {}
            Err(other) => return Err(other),
        }
        let answer = self.send(Call::post("Xendit invoice", self.url("/v2/invoices")).json(&body)).await?;
        let invoice: Invoice = read(&answer, &self.told(charge))?;
        if invoice.external_id.get() != Some(charge.reference.as_str()) || invoice.id.get().is_none() {
            return Err(unreadable(&answer, "it is not the invoice that was asked for"));
        }
        Ok(invoice.snapshot(&answer.body))
    }

    fn invoice(&self, charge: &NewCharge) -> Result<Value, NotDone> {
        let seconds = self.remaining(charge)?;
        let mut body = json!({
            "external_id": reference(&charge.reference)?,
            "amount": charge.amount.amount(),
            "currency": charge.amount.currency().code(),
            "invoice_duration": seconds,
            "should_send_email": false,
        });
        if let Some(description) = &charge.description {
            body["description"] = clip(description, 255).into();
            body["metadata"] = json!({"note": clip(description, 255)});
        }
        if let Some(email) = &charge.payer.email {
            body["payer_email"] = email.as_str().into();
        }
        if let Some(url) = &self.config.return_url {
            body["success_redirect_url"] = url.as_str().into();
        }
        if let Some(url) = self.config.failure_url() {
            body["failure_redirect_url"] = url.as_str().into();
        }
        Ok(body)
    }

    /// The payment as all its invoices show it; `None` if there are none. With it, the invoice that says the most.
    pub(super) async fn read_invoices(&self, charge: &ChargeRef) -> Result<Option<(Snapshot, Invoice)>, NotDone> {
        let mut invoices = self.invoices(charge).await?;
        // The list is the newest first; of equal ones the oldest is the one that the payer knows.
        invoices.reverse();
        invoices.sort_by_key(|(invoice, _)| invoice.rank());
        let paid = invoices.iter().filter(|(invoice, _)| invoice.rank() == 0).count();
        let Some((first, raw)) = invoices.into_iter().next() else { return Ok(None) };
        let mut snapshot = first.snapshot(&raw);
        if paid > 1 {
            // Each is somebody's money, and together they are not what was asked for.
            snapshot.amount = SeenAmount::Unreadable(format!("{paid} invoices of this reference are paid"));
        }
        Ok(Some((snapshot, first)))
    }

    /// All invoices of our reference, and the one whose id we know if the list does not show it yet.
    async fn invoices(&self, charge: &ChargeRef) -> Result<Vec<(Invoice, String)>, NotDone> {
        let wanted = reference(&charge.reference)?;
        let url = self.url(&format!("/v2/invoices?external_id={wanted}&limit=10"));
        let answer = self.send(Call::get("Xendit invoices", url)).await?;
        let rows = rows(&answer, &self.confidential())?;
        let mut invoices = Vec::with_capacity(rows.len());
        for row in rows {
            let invoice: Invoice =
                serde_json::from_str(row.get()).map_err(|_| unreadable(&answer, "an invoice cannot be read"))?;
            if invoice.external_id.get() == Some(wanted) {
                invoices.push((invoice, row.get().to_owned()));
            }
        }
        let known = charge.provider_id.as_deref();
        if let Some(id) = known
            && !invoices.iter().any(|(invoice, _)| invoice.id.get() == Some(id))
            && let Some(found) = self.invoice_by_id(id, wanted).await?
        {
            invoices.push(found);
        }
        Ok(invoices)
    }

    async fn invoice_by_id(&self, id: &str, wanted: &str) -> Result<Option<(Invoice, String)>, NotDone> {
        let answer =
            self.send(Call::get("Xendit invoice", self.url(&format!("/v2/invoices/{}", foreign(id)?)))).await?;
        match self.same(&answer, wanted) {
            Ok(invoice) => Ok(Some((invoice, answer.body))),
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn same(&self, answer: &Answer, wanted: &str) -> Result<Invoice, NotDone> {
        let invoice: Invoice = read(answer, &self.confidential())?;
        match invoice.external_id.get() == Some(wanted) {
            true => Ok(invoice),
            false => Err(unreadable(answer, "it speaks of another payment")),
        }
    }

    /// Ends every invoice of the reference that can still be paid.
    pub(super) async fn expire_invoices(&self, charge: &ChargeRef) -> Result<(), NotDone> {
        let invoices = self.invoices(charge).await?;
        if invoices.is_empty() {
            return Err(refused(RefusalKind::NotFound, "Xendit knows no invoice of this reference"));
        }
        if invoices.iter().any(|(invoice, _)| invoice.state() == GatewayState::Paid) {
            return Err(refused(RefusalKind::WrongState, "it is paid"));
        }
        for (invoice, _) in invoices.iter().filter(|(invoice, _)| invoice.state() != GatewayState::Expired) {
            let id = foreign(invoice.id.or_empty())?;
            let answer = self.send(Call::post("Xendit expire", self.url(&format!("/invoices/{id}/expire!")))).await?;
            let expired = self.same(&answer, &charge.reference).map(|invoice| invoice.state());
            if matches!(expired, Ok(GatewayState::Expired)) {
                continue;
            }
            // What it answers for an invoice that cannot expire is not documented; where it stands is.
            match self.invoice_by_id(id, &charge.reference).await? {
                Some((invoice, _)) if invoice.state() == GatewayState::Expired => {}
                Some((invoice, _)) if invoice.state() == GatewayState::Paid => {
                    return Err(refused(RefusalKind::WrongState, "it is paid"));
                }
                _ => return Err(expired.err().unwrap_or_else(|| unknown("Xendit expire: it has not expired"))),
            }
        }
        Ok(())
    }
}

/// Whether a method is an invoice's.
pub(super) fn is_invoice(kind: MethodKind) -> bool {
    kind == MethodKind::Page
}
