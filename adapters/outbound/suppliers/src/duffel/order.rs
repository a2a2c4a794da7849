//! Orders as the port knows them.

use dermaga_ports::booking::{Document, DocumentKind, FlightOrder, Found, OrderState, ProbeKey};

use super::{Duffel, offer, wire};
use crate::wire::{
    amount::money,
    http::{Answer, unreadable},
    mask,
    outcome::{Result, id},
    text::Text,
};

/// Under which our reference is in an order's metadata.
pub(super) const REFERENCE: &str = "reference";

impl Duffel {
    pub(super) async fn order(&self, order_id: &str) -> Result<FlightOrder> {
        let call = self.get("Duffel order", &format!("/air/orders/{}", id(order_id)?));
        let (told, answer): (wire::Order, _) = self.data(call, &[]).await?;
        if told.id.get() != Some(order_id) {
            return Err(unreadable(&answer, "it speaks of another order"));
        }
        order(&told, &answer)
    }

    /// By the offer; of several orders it is the one with our reference.
    pub(super) async fn find(&self, key: &ProbeKey) -> Result<Found<FlightOrder>> {
        let offer = offer::payload(&key.offer)?.offer;
        let call = self.get("Duffel orders", "/air/orders").query("offer_id", offer);
        let (all, answer): (Vec<wire::Order>, _) = self.data(call, &[]).await?;
        let ours = all.iter().find(|order| reference(order) == Some(&key.reference));
        match ours {
            Some(told) => Ok(Found::Record(Box::new(order(told, &answer)?))),
            None => Ok(Found::Nothing),
        }
    }
}

fn reference(order: &wire::Order) -> Option<&str> {
    order.metadata.as_ref()?.get(REFERENCE)?.get()
}

pub(super) fn order(told: &wire::Order, answer: &Answer) -> Result<FlightOrder> {
    let missing = |member: &str| unreadable(answer, &format!("{member} is missing or not exact"));
    let status = &told.payment_status;
    Ok(FlightOrder {
        id: told.id.owned().ok_or_else(|| missing("id"))?,
        booking_reference: told.booking_reference.owned(),
        reference: reference(told).map(str::to_owned),
        state: state(told),
        total: money(&told.total_amount, &told.total_currency).ok_or_else(|| missing("total_amount"))?,
        pay_by: status.payment_required_by.moment(),
        price_guaranteed_until: status.price_guarantee_expires_at.moment(),
        void_until: told.void_window_ends_at.moment(),
        // Times that cannot be read must not hide that the order is there.
        slices: offer::slices(&told.slices).unwrap_or_default(),
        documents: told.documents.iter().flat_map(|one| documents(one, &told.passengers)).collect(),
        refund: offer::refund(told.conditions.as_ref()),
        can_cancel: told.available_actions.iter().any(|action| action.get() == Some("cancel")),
        schedule_changed: told.airline_initiated_changes.iter().any(|change| change.action_taken.get().is_none()),
        raw: mask::answer(&answer.body),
    })
}

/// That it does not wait for payment says nothing: it is so when it is paid, and when the hold has lapsed.
fn state(told: &wire::Order) -> OrderState {
    let status = &told.payment_status;
    let there = |text: &Text| text.get().is_some();
    if there(&told.cancelled_at) {
        OrderState::Cancelled
    } else if told.documents.iter().any(|one| one.kind.get() == Some("electronic_ticket")) {
        OrderState::Ticketed
    } else if there(&status.paid_at) || !told.documents.is_empty() {
        OrderState::Confirmed
    } else if status.awaiting_payment {
        OrderState::Held
    } else if there(&status.payment_required_by) {
        OrderState::Lapsed
    } else {
        OrderState::Unrecognised("it is neither paid nor waits for payment, and was never held".to_owned())
    }
}

fn documents(told: &wire::Document, passengers: &[wire::Passenger]) -> Vec<Document> {
    let Some(number) = told.unique_identifier.owned() else { return Vec::new() };
    let kind = match told.kind.or_empty() {
        "electronic_ticket" => DocumentKind::ETicket,
        _ => DocumentKind::Emd,
    };
    let of = |id: &Text| passengers.iter().position(|passenger| passenger.id == *id);
    let one = |traveller| Document { kind, number: number.clone(), traveller, qr: None };
    if told.passenger_ids.is_empty() {
        return vec![one(None)];
    }
    told.passenger_ids.iter().map(|id| one(of(id))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn state_of(order: Value) -> OrderState {
        state(&serde_json::from_value(order).expect("an order"))
    }

    #[test]
    fn trap_01_that_it_does_not_wait_for_payment_may_mean_paid_or_lapsed() {
        let with = |paid_at: Value, required_by: Value, documents: Value| {
            state_of(json!({"documents": documents, "payment_status": {"awaiting_payment": false, "paid_at": paid_at,
                "payment_required_by": required_by}}))
        };
        let due = json!("2026-01-08T03:00:00Z");
        let ticket = json!([{"type": "electronic_ticket", "unique_identifier": "1"}]);
        assert_eq!(with(json!(null), due.clone(), json!([])), OrderState::Lapsed);
        assert_eq!(with(json!("2026-01-06T03:00:00Z"), due.clone(), json!([])), OrderState::Confirmed);
        assert_eq!(with(json!(null), due, ticket), OrderState::Ticketed);
        assert!(matches!(with(json!(null), json!(null), json!([])), OrderState::Unrecognised(_)));
    }

    #[test]
    fn trap_31_an_order_may_have_a_booking_reference_and_no_ticket() {
        let paid = json!({"booking_reference": "RZPNX8", "documents": [],
            "payment_status": {"awaiting_payment": false, "paid_at": "2026-01-06T03:00:00Z"}});
        assert_eq!(state_of(paid), OrderState::Confirmed, "not ticketed");
        let emd =
            json!({"documents": [{"type": "electronic_miscellaneous_document_associated", "unique_identifier": "1"}]});
        assert_eq!(state_of(emd), OrderState::Confirmed, "a bag's paper is no ticket");
    }
}
