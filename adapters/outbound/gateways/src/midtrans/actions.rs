//! Reading a payment and acting on it: the same calls for Core and Snap.

use dermaga_ports::{
    money::Money,
    payments::{ChargeRef, Found, RefusalKind},
};
use serde_json::json;

use super::{
    Client,
    answer::{Transaction, transaction},
    snapshot::snapshot,
    state::reason,
};
use crate::wire::{
    NotDone, captures,
    http::{Answer, Call},
    reference::{foreign, reference},
    refused, unknown, unread,
};

impl Client {
    /// An authoritative read; `None` if Midtrans does not know the reference.
    pub(super) async fn status(&self, charge: &ChargeRef) -> Result<Option<(Answer, Transaction)>, NotDone> {
        let order = reference(&charge.reference)?;
        let answer = self.send(Call::get("Midtrans status", self.core(order, "status"))).await?;
        match transaction(&answer, order, &self.confidential()) {
            Ok((_, transaction)) => Ok(Some((answer, transaction))),
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => Ok(None),
            // A read that is refused has read nothing.
            Err(NotDone::Refused(refusal)) => Err(unread(&refusal)),
            Err(unknown) => Err(unknown),
        }
    }

    pub(super) async fn query(&self, charge: &ChargeRef) -> Result<Found, NotDone> {
        Ok(match self.status(charge).await? {
            Some((answer, transaction)) => Found::Snapshot(Box::new(snapshot(&answer, &transaction)?)),
            None => Found::Nothing,
        })
    }

    /// `cancel`, `expire`, `approve` and `deny`. `ends` are the statuses that it leads to.
    pub(super) async fn act(
        &self,
        charge: &ChargeRef,
        (what, action): (&'static str, &str),
        ends: &[&str],
    ) -> Result<(), NotDone> {
        let order = reference(&charge.reference)?;
        let answer = self.send(Call::post(what, self.core(order, action))).await?;
        let (_, transaction) = transaction(&answer, order, &self.confidential())?;
        expect(&answer, &transaction, ends)
    }

    pub(super) async fn capture(&self, charge: &ChargeRef, amount: Money) -> Result<(), NotDone> {
        let order = reference(&charge.reference)?;
        captures(charge, amount)?;
        let id = match &charge.provider_id {
            Some(id) => id.clone(),
            None => match self.status(charge).await? {
                Some((_, transaction)) => transaction.transaction_id.or_empty().to_owned(),
                None => return Err(refused(RefusalKind::NotFound, "Midtrans does not know the payment")),
            },
        };
        let body = json!({"transaction_id": foreign(&id)?, "gross_amount": amount.amount()});
        let url = format!("{}/v2/capture", self.config.core_url);
        let answer = self.send(Call::post("Midtrans capture", url).json(&body)).await?;
        let (code, transaction) = transaction(&answer, order, &self.confidential())?;
        if code == DENIED {
            return Err(refused(RefusalKind::Declined, reason(&transaction)));
        }
        expect(&answer, &transaction, &["CAPTURE", "SETTLEMENT"])
    }
}

/// The code of what was denied. Where the payment stands is another matter: a failed capture leaves it authorised.
pub(super) const DENIED: u16 = 202;

fn expect(answer: &Answer, transaction: &Transaction, ends: &[&str]) -> Result<(), NotDone> {
    let status = transaction.transaction_status.word();
    if ends.contains(&status.as_str()) {
        return Ok(());
    }
    Err(unknown(format!("{}: the gateway agreed, but the payment is not {}", answer.what, ends[0].to_lowercase())))
}
