//! Giving money back: by the wallet itself where it can, by hand for cards.

use dermaga_ports::payments::{ChargeRef, MethodKind, NewRefund, RefundProgress, Refundable, RefusalKind};
use serde_json::json;

use super::{
    Client,
    actions::DENIED,
    answer::{Transaction, transaction},
    snapshot::progress,
    state::reason,
};
use crate::wire::{NotDone, http::Call, reference, refused};

/// What Midtrans can return of a payment by this method. Of a page only the payer's choice tells.
pub(super) fn refundable(kind: MethodKind) -> Refundable {
    match kind {
        MethodKind::CreditCard | MethodKind::Gopay | MethodKind::Qris | MethodKind::Page => Refundable::Partly,
        MethodKind::Shopeepay => Refundable::WhollyOnly,
        _ => Refundable::No,
    }
}

/// How a refund is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The wallet returns it while we wait.
    Direct,
    /// Midtrans and the bank return it in days.
    ByHand,
}

impl Client {
    pub(super) async fn refund(&self, charge: &ChargeRef, refund: &NewRefund) -> Result<RefundProgress, NotDone> {
        let order = reference::reference(&charge.reference)?;
        reference::refund(refund)?;
        let way = self.way(charge).await?;
        if refundable(charge.kind) == Refundable::WhollyOnly && refund.amount != charge.amount {
            return Err(refused(RefusalKind::NotSupported, "this method returns the whole amount or nothing"));
        }
        let action = match way {
            Way::Direct => "refund/online/direct",
            Way::ByHand => "refund",
        };
        let body = json!({
            "refund_key": refund.key,
            "amount": refund.amount.amount(),
            "reason": refund.reason,
        });
        let key = reference::movement(&["refund", order, &refund.key]).0.to_string();
        let call = Call::post("Midtrans refund", self.core(order, action)).json(&body).header("Idempotency-Key", key);
        let answer = self.send(call).await?;
        let read = transaction(&answer, order, &self.confidential());
        match read {
            Ok((DENIED, transaction)) => Err(refused(RefusalKind::Declined, reason(&transaction))),
            Ok((_, transaction)) => Ok(accepted(&transaction, &refund.key, way)),
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::Duplicate => {
                // It was asked for before; the first answer is in the list.
                self.query_refund(charge, &refund.key).await?.ok_or(NotDone::Refused(refusal))
            }
            Err(other) => Err(other),
        }
    }

    pub(super) async fn query_refund(&self, charge: &ChargeRef, key: &str) -> Result<Option<RefundProgress>, NotDone> {
        let status = self.status(charge).await?;
        Ok(status.and_then(|(_, transaction)| listed(&transaction, key)))
    }

    /// How to return it, by the method that the payer used in the end.
    async fn way(&self, charge: &ChargeRef) -> Result<Way, NotDone> {
        match charge.kind {
            MethodKind::CreditCard => Ok(Way::ByHand),
            MethodKind::Gopay | MethodKind::Qris | MethodKind::Shopeepay => Ok(Way::Direct),
            MethodKind::Page => match self.status(charge).await {
                Ok(Some((_, transaction))) => way_of(&transaction.payment_type.word()),
                Ok(None) => Err(refused(RefusalKind::WrongState, "nothing was paid")),
                // Nothing was asked for yet, so nothing can have happened.
                Err(_) => Err(refused(RefusalKind::TryLater, "how it was paid cannot be read now")),
            },
            other => Err(refused(RefusalKind::NotSupported, format!("Midtrans cannot return a payment by {other}"))),
        }
    }
}

fn way_of(payment_type: &str) -> Result<Way, NotDone> {
    match payment_type {
        "CREDIT_CARD" => Ok(Way::ByHand),
        "GOPAY" | "SHOPEEPAY" | "QRIS" | "DANA" | "OVO" | "KREDIVO" | "AKULAKU" => Ok(Way::Direct),
        _ => Err(refused(RefusalKind::NotSupported, "Midtrans cannot return a payment by this method")),
    }
}

fn listed(transaction: &Transaction, key: &str) -> Option<RefundProgress> {
    transaction.refunds.iter().find(|refund| refund.refund_key.get() == Some(key)).map(progress)
}

fn accepted(transaction: &Transaction, key: &str, way: Way) -> RefundProgress {
    match (listed(transaction, key), way) {
        (Some(progress), _) => progress,
        (None, Way::Direct) => RefundProgress::Succeeded,
        (None, Way::ByHand) => RefundProgress::Pending,
    }
}
