//! Bookings: what is bought from suppliers for somebody who has paid.
//!
//! # Shape
//! - [`lifecycle`], [`schedule`]: the decisions, pure. Which status follows on which, and when somebody looks again.
//! - [`ppob`], [`bills`]: credits and bills, from the price list or the inquiry to the order.
//! - [`of_order`]: what an order does to its bookings, inside its own unit of work.
//! - [`pursue`], [`apply`]: buying at the supplier, asking how it went, and writing it down with everything that follows.
//! - [`supplied`]: the suppliers' answers in one vocabulary.
//! - [`inbox`]: webhooks, which only wake somebody up.
//! - [`view`]: bookings, read.
//!
//! # Rules
//! Nobody is asked to sell what is not paid. That the supplier will be asked is stored before it is asked; from then on a
//! booking is asked about and never simply bought again. What was certainly refused is paid back in the commit that says
//! so. What nobody finds out in a day is left to a person.

mod apply;
mod bills;
mod inbox;
mod lifecycle;
mod of_order;
mod ppob;
mod pursue;
mod schedule;
mod supplied;
mod suppliers;
mod view;

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

pub use bills::{BillView, NewInquiry};
pub use lifecycle::successors;
pub(crate) use of_order::{all_for_sale, cut, have_ended, may_be_called_off, put_into};
pub use ppob::{NewCredit, OnSale};
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
