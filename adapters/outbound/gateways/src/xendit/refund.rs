//! Refunds: accepted first, done later, and only ever found in a list of their own.

use dermaga_ports::{
    money::Currency,
    payments::{ChargeRef, NewRefund, RefundProgress, Refundable, RefusalKind, SeenRefund},
};
use serde::Deserialize;
use serde_json::json;

use super::{Client, channel::refundable, error::read, invoice::is_invoice};
use crate::wire::{
    NotDone, amount,
    http::{Call, unreadable},
    lenient::{Text, list},
    mask,
    reference::{self, foreign},
    refused, unknown,
};

/// The reasons that Xendit knows.
const REASONS: [&str; 5] = ["FRAUDULENT", "DUPLICATE", "REQUESTED_BY_CUSTOMER", "CANCELLATION", "OTHERS"];

/// The most pages of a list that are read. One payment has fewer refunds.
const MAX_PAGES: usize = 10;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refund {
    id: Text,
    reference_id: Text,
    currency: Text,
    amount: Text,
    status: Text,
    failure_code: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refunds {
    #[serde(deserialize_with = "list")]
    data: Vec<Refund>,
    has_more: bool,
}

impl Refund {
    fn progress(&self) -> Option<RefundProgress> {
        let reason = || mask::words(self.failure_code.get().unwrap_or("no reason was given").trim(), &[]);
        Some(match self.status.word().as_str() {
            "PENDING" => RefundProgress::Pending,
            "SUCCEEDED" => RefundProgress::Succeeded,
            "FAILED" => RefundProgress::Failed { reason: reason() },
            "CANCELLED" | "CANCELED" => RefundProgress::Failed { reason: "it was cancelled at Xendit".to_owned() },
            _ => return None,
        })
    }

    /// `None` if it has no readable amount, state or name.
    fn seen(&self) -> Option<SeenRefund> {
        let currency: Currency = self.currency.get()?.parse().ok()?;
        let key = self.reference_id.owned().or_else(|| self.id.owned())?;
        Some(SeenRefund { key, amount: amount::units(self.amount.get()?, currency)?, state: self.progress()? })
    }
}

impl Client {
    pub(super) async fn refund(&self, charge: &ChargeRef, refund: &NewRefund) -> Result<RefundProgress, NotDone> {
        reference::reference(&charge.reference)?;
        reference::refund(refund)?;
        if refundable(charge.kind) == Refundable::No {
            return Err(refused(
                RefusalKind::NotSupported,
                format!("Xendit cannot return a payment by {}", charge.kind),
            ));
        }
        let (member, id) = self.source(charge).await?;
        let spelled = refund.reason.trim().to_ascii_uppercase();
        let reason = REASONS.into_iter().find(|known| *known == spelled).unwrap_or("OTHERS");
        let body = json!({
            member: id,
            "reference_id": refund.key,
            "currency": refund.amount.currency().code(),
            "amount": refund.amount.amount(),
            "reason": reason,
            // Its webhook names the payment by Xendit's id alone, and tells these again.
            "metadata": {"payment": charge.reference, "note": refund.reason},
        });
        let key = reference::movement(&["refund", &charge.reference, &refund.key]).0.to_string();
        let call = Call::post("Xendit refund", self.url("/refunds")).json(&body).header("idempotency-key", key);
        let answer = self.send(call).await?;
        let made = match read::<Refund>(&answer, &self.confidential()) {
            Ok(made) => made,
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::Duplicate => {
                // It was asked for before; the first answer is in the list.
                return self.query_refund(charge, &refund.key).await?.ok_or(NotDone::Refused(refusal));
            }
            Err(other) => return Err(other),
        };
        if made.reference_id.get() != Some(refund.key.as_str()) {
            return Err(unreadable(&answer, "it speaks of another refund"));
        }
        match made.progress() {
            Some(RefundProgress::Failed { reason }) => Err(refused(RefusalKind::Declined, reason)),
            Some(progress) => Ok(progress),
            None => Err(unreadable(&answer, "its status is not known")),
        }
    }

    pub(super) async fn query_refund(&self, charge: &ChargeRef, key: &str) -> Result<Option<RefundProgress>, NotDone> {
        let (member, id) = self.source(charge).await?;
        let refunds = self.refunds(member, &id).await?;
        Ok(refunds.into_iter().find(|refund| refund.key == key).map(|refund| refund.state))
    }

    /// All refunds of a payment.
    pub(super) async fn refunds(&self, member: &str, id: &str) -> Result<Vec<SeenRefund>, NotDone> {
        let mut refunds = Vec::new();
        let mut after = String::new();
        for _ in 0..MAX_PAGES {
            let url = self.url(&format!("/refunds?{member}={}&limit=50{after}", foreign(id)?));
            let answer = self.send(Call::get("Xendit refunds", url)).await?;
            let page: Refunds = read(&answer, &self.confidential())?;
            for refund in &page.data {
                refunds.push(refund.seen().ok_or_else(|| unreadable(&answer, "a refund cannot be read"))?);
            }
            match page.data.last() {
                Some(last) if page.has_more => after = format!("&after_id={}", foreign(last.id.or_empty())?),
                _ => return Ok(refunds),
            }
        }
        Err(unknown("Xendit refunds: there is no end of the list"))
    }

    /// What a refund refers to: the invoice or the payment request.
    async fn source(&self, charge: &ChargeRef) -> Result<(&'static str, String), NotDone> {
        let not_found = || refused(RefusalKind::NotFound, "Xendit's id of the payment is not known");
        if !is_invoice(charge.kind) {
            let id = charge.provider_id.clone().ok_or_else(not_found)?;
            return Ok(("payment_request_id", id));
        }
        // Of several invoices the paid one, which need not be the one that we know.
        let found = self.read_invoices(charge).await?;
        let id = found.and_then(|(snapshot, _)| snapshot.provider_id).ok_or_else(not_found)?;
        Ok(("invoice_id", id))
    }
}
