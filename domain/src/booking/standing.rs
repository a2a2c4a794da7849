//! How a journey stands at its supplier: three kinds of orders, seen as one.

use dermaga_ports::{
    booking::{
        Delivery, Document, DocumentKind, FerryBooking, FlightOrder, HotelBooking, HotelState, OrderState, Policy,
    },
    money::Money,
    time::Timestamp,
};

use super::supplied::{Bought, Supplied};

/// An order at a supplier, whatever it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub id: String,
    /// What people call it there: a PNR, the number of a voucher.
    pub reference: Option<String>,
    pub state: OrderState,
    pub total: Option<Money>,
    /// When what is held is given away.
    pub pay_by: Option<Timestamp>,
    pub price_until: Option<Timestamp>,
    pub documents: Vec<Document>,
    pub policy: Policy,
    /// It was moved, and nobody has answered yet.
    pub moved: bool,
}

impl From<FlightOrder> for Standing {
    fn from(order: FlightOrder) -> Self {
        Self {
            id: order.id,
            reference: order.booking_reference,
            state: order.state,
            total: Some(order.total),
            pay_by: order.pay_by,
            price_until: order.price_guaranteed_until,
            documents: order.documents,
            policy: order.refund,
            moved: order.schedule_changed,
        }
    }
}

impl From<FerryBooking> for Standing {
    fn from(booking: FerryBooking) -> Self {
        Self {
            id: booking.id,
            reference: Some(booking.booking_reference),
            state: booking.state,
            total: Some(booking.total),
            pay_by: booking.pay_by,
            // A ferry's price stays as long as the hold does.
            price_until: None,
            documents: booking.documents,
            policy: booking.refund,
            moved: false,
        }
    }
}

impl From<HotelBooking> for Standing {
    fn from(booking: HotelBooking) -> Self {
        let state = match booking.state {
            // The house has not answered yet.
            HotelState::Requested | HotelState::CancellationRequested => OrderState::Confirmed,
            HotelState::Confirmed => OrderState::Ticketed,
            HotelState::Failed => OrderState::Failed,
            HotelState::Cancelled => OrderState::Cancelled,
            HotelState::Unrecognised(word) => OrderState::Unrecognised(word),
        };
        let voucher = booking.house_reference.clone().map(|number| Document {
            kind: DocumentKind::Voucher,
            number,
            traveller: None,
            qr: None,
        });
        Self {
            id: booking.id,
            reference: booking.house_reference,
            state,
            total: booking.total,
            pay_by: None,
            price_until: None,
            documents: voucher.into_iter().collect(),
            policy: booking.refund,
            moved: false,
        }
    }
}

impl Standing {
    fn bought(self) -> Bought {
        Bought {
            cost: self.total,
            supplier_id: Some(self.id),
            supplier_reference: self.reference,
            delivery: Delivery { documents: self.documents, ..Delivery::default() },
        }
    }

    /// It is there, with its id, and not done.
    pub fn underway(self, why: &str) -> Supplied {
        Supplied::Underway(self.bought(), why.to_owned())
    }

    /// What it means for a booking that was to be bought.
    pub fn supplied(self) -> Supplied {
        match &self.state {
            OrderState::Ticketed | OrderState::Used => Supplied::Bought(self.bought()),
            // A number and no ticket yet: it may come later.
            OrderState::Confirmed => self.underway("sold; the papers are still to come"),
            OrderState::Held => Supplied::NotNow("held, and not paid there yet".to_owned(), None),
            OrderState::Lapsed => Supplied::Refused("the supplier gave it away before it was paid there".to_owned()),
            OrderState::Failed => Supplied::Refused("the supplier could not make it".to_owned()),
            OrderState::Cancelled => Supplied::AskAPerson("it was cancelled at the supplier".to_owned()),
            OrderState::Unrecognised(word) => Supplied::Unsure(format!("the supplier says {word}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(state: OrderState) -> Standing {
        Standing {
            id: "ord_1".to_owned(),
            reference: Some("RZPNX8".to_owned()),
            state,
            total: None,
            pay_by: None,
            price_until: None,
            documents: Vec::new(),
            policy: Policy::Unknown,
            moved: false,
        }
    }

    #[test]
    fn only_papers_are_a_purchase_and_only_a_clear_no_is_a_refusal() {
        let of = |state| standing(state).supplied();
        assert!(matches!(of(OrderState::Ticketed), Supplied::Bought(_)));
        assert!(matches!(of(OrderState::Used), Supplied::Bought(_)));
        assert!(matches!(of(OrderState::Confirmed), Supplied::Underway(known, _) if known.supplier_id.is_some()));
        assert!(matches!(of(OrderState::Held), Supplied::NotNow(..)), "nothing was paid: it may be paid again");
        assert!(matches!(of(OrderState::Lapsed), Supplied::Refused(_)));
        assert!(matches!(of(OrderState::Failed), Supplied::Refused(_)));
        assert!(matches!(of(OrderState::Cancelled), Supplied::AskAPerson(_)), "whose money that is, nobody knows");
        assert!(matches!(of(OrderState::Unrecognised("odd".to_owned())), Supplied::Unsure(_)));
    }
}
