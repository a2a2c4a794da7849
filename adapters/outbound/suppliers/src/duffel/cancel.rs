//! Cancelling: a quote first, and then the confirmation of exactly that quote.

use dermaga_ports::booking::{CancellationQuote, Cancelled, Personal, RefundTo, RefusalKind};
use serde_json::json;

use super::{Duffel, wire};
use crate::wire::{
    amount::money,
    http::{Answer, unreadable},
    outcome::{Result, id, refused},
};

impl Duffel {
    pub(super) async fn quote(&self, order_id: &str) -> Result<CancellationQuote> {
        let body = json!({"data": {"order_id": id(order_id)?}});
        let call = self.ask("Duffel cancellation quote", "/air/order_cancellations", &body);
        let (told, answer): (wire::Cancellation, _) = self.data(call, &[]).await?;
        quote(&told, &answer, order_id)
    }

    pub(super) async fn confirm(&self, expected: &CancellationQuote) -> Result<Cancelled> {
        let path = format!("/air/order_cancellations/{}", id(&expected.id)?);
        let (now, answer): (wire::Cancellation, _) = self.data(self.get("Duffel cancellation", &path), &[]).await?;
        if now.confirmed_at.get().is_some() {
            return Ok(cancelled(&now, &expected.order_id));
        }
        let now = quote(&now, &answer, &expected.order_id)?;
        if now.refund != expected.refund || now.refund_to != expected.refund_to {
            return Err(refused(RefusalKind::PriceChanged { new: now.refund }, "the refund is another one now"));
        }
        let call = self.make("Duffel cancellation", &format!("{path}/actions/confirm"), &json!({"data": {}}));
        let (done, answer): (wire::Cancellation, _) = self.data(call, &[]).await?;
        if done.confirmed_at.get().is_none() {
            return Err(unreadable(&answer, "it says neither yes nor no"));
        }
        Ok(cancelled(&done, &expected.order_id))
    }
}

/// A cancellation that was confirmed, now or before.
fn cancelled(done: &wire::Cancellation, order_id: &str) -> Cancelled {
    let credits = done.airline_credits.iter();
    Cancelled {
        order_id: order_id.to_owned(),
        refund: money(&done.refund_amount, &done.refund_currency),
        refund_to: refund_to(done.refund_to.or_empty()),
        credits: credits.filter_map(|credit| credit.credit_code.get().map(Personal::new)).collect(),
        at: done.confirmed_at.moment(),
    }
}

fn quote(told: &wire::Cancellation, answer: &Answer, order_id: &str) -> Result<CancellationQuote> {
    if told.order_id.get() != Some(order_id) {
        return Err(unreadable(answer, "it speaks of another order"));
    }
    let refund = money(&told.refund_amount, &told.refund_currency);
    if refund.is_none() && told.refund_amount.get().is_some() {
        return Err(unreadable(answer, "refund_amount is not exact"));
    }
    Ok(CancellationQuote {
        id: told.id.owned().ok_or_else(|| unreadable(answer, "id is missing"))?,
        order_id: order_id.to_owned(),
        refund,
        fee: None,
        refund_to: refund_to(told.refund_to.or_empty()),
        expires_at: told.expires_at.moment(),
    })
}

fn refund_to(told: &str) -> RefundTo {
    match told {
        "balance" => RefundTo::Balance,
        "card" | "arc_bsp_cash" | "original_form_of_payment" => RefundTo::OriginalPayment,
        "airline_credits" => RefundTo::Credits,
        "voucher" => RefundTo::Voucher,
        "awaiting_payment" => RefundTo::NothingPaid,
        other => RefundTo::Unrecognised(other.chars().take(50).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_32_a_refund_may_be_credits_and_no_money() {
        assert_eq!(refund_to("airline_credits"), RefundTo::Credits);
        for word in ["airline_credits", "voucher", "card", "awaiting_payment", "something_new"] {
            assert!(!refund_to(word).is_money(), "{word}");
        }
        assert!(refund_to("balance").is_money());
    }
}
