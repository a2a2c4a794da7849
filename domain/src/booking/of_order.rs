//! What an order does to its bookings, inside the order's own unit of work.
//!
//! ```text
//! placed     they belong to it, and its deadline keeps to theirs
//! paid       they are to be bought now
//! cancelled, expired before that: they lapse
//! the gateway took the money back: what was not begun fails, the rest is for a person
//! ```

use std::time::Duration;

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingStatus},
    orders::{Order, OrderStatus},
    store::UnitOfWork,
    time::Timestamp,
};

use super::lifecycle::go;
use crate::{
    core::Core,
    error::{Code, Error, Result},
};

/// Between the last moment in which money counts and the moment in which the supplier gives it away: time to buy.
const MARGIN: Duration = Duration::from_secs(60);

/// The deadline of an order that has these bookings.
pub(crate) fn cut(deadline: Timestamp, bookings: &[Booking]) -> Timestamp {
    let micros = i64::try_from(MARGIN.as_micros()).unwrap_or(i64::MAX);
    let ends = bookings.iter().filter_map(Booking::good_until);
    ends.map(|until| Timestamp::from_micros(until.micros().saturating_sub(micros))).fold(deadline, Timestamp::min)
}

/// Writes down that these locked bookings belong to the order.
pub(crate) async fn put_into(
    uow: &mut dyn UnitOfWork,
    order: &Order,
    bookings: Vec<Booking>,
    now: Timestamp,
) -> Result<()> {
    for mut booking in bookings {
        booking.order = Some(order.id);
        booking.updated_at = now;
        uow.bookings().save(&booking).await?;
    }
    Ok(())
}

/// Its bookings, locked; none are asked for if it has none.
async fn of(uow: &mut dyn UnitOfWork, order: &Order) -> Result<Vec<Booking>> {
    if order.bookings().is_empty() {
        return Ok(Vec::new());
    }
    Ok(uow.bookings().of_order(order.id).await?)
}

/// Whether everything that the order books can still be had.
pub(crate) async fn all_for_sale(uow: &mut dyn UnitOfWork, order: &Order, now: Timestamp) -> Result<bool> {
    Ok(of(uow, order).await?.iter().all(|booking| booking.status_at(now).is_for_sale()))
}

/// An order that is paid can be called off as a whole while nothing was bought for it. What was bought and cancelled counts
/// as bought: what its supplier keeps must not come back with the rest.
///
/// # Errors
/// [`Code::IllegalTransition`].
pub(crate) async fn may_be_called_off(uow: &mut dyn UnitOfWork, order: &Order) -> Result<()> {
    let nothing = |booking: &Booking| matches!(booking.status, BookingStatus::Failed | BookingStatus::Lapsed);
    if order.status == OrderStatus::Paid && !of(uow, order).await?.iter().all(nothing) {
        let told = "Something of the order was bought from a supplier already, or is being bought.";
        return Err(Error::new(Code::IllegalTransition, told));
    }
    Ok(())
}

/// # Errors
/// [`Code::IllegalTransition`] while something of the order is being bought.
pub(crate) async fn have_ended(uow: &mut dyn UnitOfWork, order: &Order) -> Result<()> {
    if of(uow, order).await?.iter().any(|booking| booking.status.is_under_way()) {
        return Err(Error::new(Code::IllegalTransition, "Something of the order is still being bought."));
    }
    Ok(())
}

impl Core {
    /// The order is paid: its bookings are to be bought, now.
    pub(crate) async fn buy_bookings(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        order: &Order,
        now: Timestamp,
    ) -> Result<()> {
        for mut booking in of(uow, order).await? {
            go(&mut booking, BookingStatus::Committing)?;
            booking.paid_at = Some(now);
            booking.next_check_at = Some(now);
            self.save_booking(uow, by, "booking.committing", &mut booking, now).await?;
        }
        Ok(())
    }

    /// The order will not be paid.
    pub(crate) async fn let_bookings_lapse(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        order: &Order,
        now: Timestamp,
    ) -> Result<()> {
        for mut booking in of(uow, order).await? {
            if booking.status.is_for_sale() {
                go(&mut booking, BookingStatus::Lapsed)?;
                // What a supplier keeps for us is given back: others want it.
                booking.next_check_at = booking.supplier_id.as_ref().map(|_| now);
                self.save_booking(uow, by, "booking.lapsed", &mut booking, now).await?;
            }
        }
        Ok(())
    }

    /// The money of the order was taken back.
    pub(crate) async fn stop_bookings(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        order: &Order,
        now: Timestamp,
    ) -> Result<()> {
        for mut booking in of(uow, order).await? {
            if booking.status.is_void() {
                continue;
            }
            booking.reason = Some("the payment was taken back".to_owned());
            booking.next_check_at = None;
            if booking.status.is_under_way() && booking.sent_at.is_none() {
                go(&mut booking, BookingStatus::Failed)?;
                self.save_booking(uow, by, "booking.called_off", &mut booking, now).await?;
            } else {
                booking.frozen = true;
                self.save_booking(uow, by, "booking.frozen", &mut booking, now).await?;
            }
        }
        Ok(())
    }
}
