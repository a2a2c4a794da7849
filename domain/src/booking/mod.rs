//! Bookings: what is bought from suppliers for somebody who has paid.
//!
//! # Shape
//! - [`lifecycle`], [`schedule`]: the decisions, pure. Which status follows on which, and when somebody looks again.
//! - [`ppob`], [`bills`]: credits and bills, from the price list or the inquiry to the order.
//! - [`flights`], [`hotels`], [`ferries`]: journeys, from the search to the booking; what they share is in [`book`],
//!   [`travellers`], [`journey`] and [`offers`].
//! - [`hold`]: having something kept before it is paid.
//! - [`of_order`]: what an order does to its bookings, inside its own unit of work.
//! - [`pursue`], [`apply`]: buying at the supplier, asking how it went, and writing it down with everything that follows.
//! - [`after`], [`cancel`], [`resolve`]: what happens to what was bought; cancelling it; what only a person can decide.
//! - [`supplied`], [`standing`], [`reach`]: the suppliers' answers in one vocabulary, and asking them.
//! - [`inbox`]: webhooks, which only wake somebody up. [`balance`]: what we have with a supplier.
//! - [`view`]: bookings, read.
//!
//! # Rules
//! Nobody is asked to sell what is not paid. That the supplier will be asked is stored before it is asked; from then on a
//! booking is asked about and never simply bought again. What was certainly refused is paid back in the commit that says
//! so. What nobody finds out in a day is left to a person.

mod after;
mod apply;
mod balance;
mod bills;
mod book;
mod cancel;
mod ferries;
mod flights;
mod hold;
mod hotels;
mod inbox;
mod journey;
mod lifecycle;
mod of_order;
mod offers;
mod ppob;
mod pursue;
mod reach;
mod refusal;
mod resolve;
mod schedule;
mod standing;
mod supplied;
mod suppliers;
mod travellers;
mod view;
mod wanted;

use std::sync::Arc;

use dermaga_ports::{
    auth::Principal,
    booking::Booking,
    ids::{BookingId, RefundId},
    store::UnitOfWork,
    time::Timestamp,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub use after::MOVED;
pub use balance::Balance;
pub use bills::{BillView, NewInquiry};
pub use book::{Booked, Priced, Then};
pub use cancel::CancellationView;
pub use ferries::{FerryWish, NewCrossing, PricedDeparture};
pub use flights::{FlightWish, NewFlight};
pub use hotels::{ConfirmedRate, FreeHouse, HotelWish, NewStay};
pub use journey::{Crossing, Flight, Journey, Stay};
pub use lifecycle::successors;
pub(crate) use of_order::{all_for_sale, cut, have_ended, may_be_called_off, put_into};
pub use ppob::{NewCredit, OnSale};
pub use resolve::Finding;
pub use suppliers::Suppliers;
pub use view::BookingView;

use crate::{
    core::{Core, Note},
    error::{Code, Error, Result},
};

/// The use cases of bookings.
#[derive(Clone)]
pub struct Bookings(Arc<Core>);

impl Bookings {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}

fn missing(id: BookingId) -> Error {
    Error::new(Code::BookingNotFound, format!("There is no booking {id} among yours."))
}

/// The refund of a booking that could not be had; there is one at the most.
pub(crate) fn refund_of(booking: BookingId) -> RefundId {
    RefundId(Uuid::new_v5(&booking.0, b"refund"))
}

impl Core {
    /// Stores a change of a booking and files it. The event is called as the audited action.
    async fn save_booking(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        action: &'static str,
        booking: &mut Booking,
        now: Timestamp,
    ) -> Result<()> {
        booking.updated_at = now;
        uow.bookings().save(booking).await?;
        booking.revision += 1;
        self.tell_booking(uow, by, action, booking, now).await
    }

    async fn tell_booking(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        action: &'static str,
        booking: &Booking,
        now: Timestamp,
    ) -> Result<()> {
        let detail = match &booking.reason {
            Some(reason) => format!("{} {}: {reason}", booking.title, booking.price),
            None => format!("{} {}", booking.title, booking.price),
        };
        let note = Note { actor: Some(by), action, subject: format!("booking:{}", booking.id), detail };
        self.file(uow, note, facts(booking), now).await
    }
}

/// The facts of a booking that subscribers get: nothing about travellers, and nothing that can be spent.
fn facts(booking: &Booking) -> Value {
    json!({
        "booking_id": booking.id,
        "order_id": booking.order,
        "user_id": booking.user,
        "kind": booking.kind.as_str(),
        "supplier": booking.supplier,
        "status": booking.status.as_str(),
        "title": booking.title,
        "amount": booking.price.amount(),
        "currency": booking.price.currency(),
        "frozen": booking.frozen,
        "reason": booking.reason,
    })
}
