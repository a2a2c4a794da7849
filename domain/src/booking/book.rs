//! What booking a flight, a room and a crossing have in common: from an offer to a booking that is kept, and its order.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingStatus},
    ids::{BookingId, OrderId, UserId},
    orders::Order,
    payments::Payment,
};
use uuid::Uuid;

use super::{Bookings, missing, reach::Reach, refusal::away};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    ledger::person,
    payments::MethodChoice,
};

/// What shall follow once it is booked.
#[derive(Debug, Clone)]
pub enum Then {
    /// Nothing yet: it is put into an order later, perhaps with other things.
    Wait,
    /// An order of its own; with a method, the attempt to pay starts with it.
    Order(Option<MethodChoice>),
}

/// A booking, and its order if there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    pub booking: Booking,
    pub order: Option<(Order, Option<Payment>)>,
}

/// A price that was shown, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced<T> {
    /// What a booking names. It is sealed: nobody else can make one.
    pub id: String,
    /// What the customer pays.
    pub price: dermaga_ports::money::Money,
    pub offer: T,
}

impl Bookings {
    /// Who books, and under which id: one for each request.
    pub(super) fn traveller(&self, by: &Principal, id: OrderId) -> Result<(UserId, BookingId)> {
        Permission::OwnBookings.check(by)?;
        Permission::OwnOrders.check(by)?;
        Ok((person(by)?, BookingId(Uuid::new_v5(&id.0, b"booking"))))
    }

    /// Whether the request was heard before. If the supplier did not say then whether it keeps it, it is asked now.
    ///
    /// # Errors
    /// [`Code::OfferGone`] if it came to nothing, and those of [`Bookings::hold`].
    pub(super) async fn heard(&self, by: &Principal, user: UserId, id: BookingId) -> Result<bool> {
        let Some(known) = self.0.ports.store.bookings().booking(id).await? else { return Ok(false) };
        if known.user != user {
            return Err(Error::new(Code::TransferConflict, "This id was used for something else."));
        }
        match known.status {
            BookingStatus::Holding => {
                let reach = self.0.ports.suppliers.reach(&known).ok_or_else(away)?;
                self.look_for_hold(by, &reach, &known).await?;
            }
            BookingStatus::Lapsed if known.order.is_none() => {
                let why = known.reason.as_deref().unwrap_or("its time is over");
                return Err(Error::new(Code::OfferGone, format!("Nothing is booked: {why}. Search again.")));
            }
            _ => {}
        }
        Ok(true)
    }

    /// Stores a booking; if the supplier keeps such things, it is asked to.
    pub(super) async fn take(&self, by: &Principal, reach: Option<&Reach>, booking: Booking) -> Result<()> {
        match reach {
            Some(reach) => self.hold(by, reach, booking).await,
            None => {
                let now = self.0.now();
                self.keep(by, &booking, now).await.map(drop)
            }
        }
    }

    /// Does what shall follow.
    pub(super) async fn then(&self, by: &Principal, id: OrderId, booking: BookingId, then: Then) -> Result<Booked> {
        if let Then::Order(payment) = then {
            let (booking, order, payment) = self.order(by, id, booking, payment).await?;
            return Ok(Booked { booking, order: Some((order, payment)) });
        }
        let found = self.0.ports.store.bookings().booking(booking).await?;
        Ok(Booked { booking: found.ok_or_else(|| missing(booking))?, order: None })
    }
}
