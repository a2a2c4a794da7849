//! Bookings, read.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingFilter, BookingStatus},
    ids::BookingId,
    paging::{Page, PageRequest},
};

use super::{Bookings, journey::Journey, missing, wanted::Wanted};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
};

/// A booking, and whether whoever asks is its customer: nobody else sees what can be spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingView {
    pub booking: Booking,
    /// What is travelled, if it is a journey.
    pub journey: Option<Journey>,
    pub own: bool,
}

impl BookingView {
    /// A booking as `by` may see it.
    ///
    /// # Errors
    /// An internal one for an offer that this program did not write.
    pub fn of(by: &Principal, booking: Booking) -> Result<Self> {
        let journey = match Wanted::of(&booking)? {
            Wanted::Journey(wanted) => Some(wanted.journey),
            Wanted::Credit { .. } | Wanted::Bill(_) => None,
        };
        let own = matches!(by, Principal::User { id, .. } if *id == booking.user);
        Ok(Self { booking, journey, own })
    }
}

impl Bookings {
    /// A booking of the caller, or anybody's for staff.
    ///
    /// # Errors
    /// [`crate::Code::BookingNotFound`], for somebody else's too.
    pub async fn booking(&self, by: &Principal, id: BookingId) -> Result<BookingView> {
        let booking = self.0.ports.store.bookings().booking(id).await?.ok_or_else(|| missing(id))?;
        let allowed = self.0.authorise_owner(by, booking.user, Permission::OwnBookings, Permission::ReadBookings).await;
        allowed.map_err(|error: Error| error.hidden_behind(|| missing(id)))?;
        BookingView::of(by, booking)
    }

    /// A booking of the caller's that was bought: what can be printed of it is as good as the tickets.
    ///
    /// # Errors
    /// [`crate::Code::BookingNotFound`], for anybody else's too; [`crate::Code::IllegalTransition`] for what is not bought.
    pub async fn voucher(&self, by: &Principal, id: BookingId) -> Result<BookingView> {
        let view = self.booking(by, id).await?;
        if !view.own {
            return Err(missing(id));
        }
        if !matches!(view.booking.status, BookingStatus::Fulfilled | BookingStatus::Cancelling) {
            let told = format!("There is no voucher: the booking is {}.", view.booking.status.as_str());
            return Err(Error::new(Code::IllegalTransition, told));
        }
        Ok(view)
    }

    /// Whose agency this is, as it is printed.
    pub fn seller(&self) -> &str {
        &self.0.policy.merchant
    }

    /// Bookings of the caller, or everybody's for staff; newest first.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`].
    pub async fn bookings(
        &self,
        by: &Principal,
        mut filter: BookingFilter,
        page: PageRequest<BookingId>,
    ) -> Result<Page<Booking, BookingId>> {
        match by {
            Principal::User { id, .. } if Permission::ReadBookings.check(by).is_err() => {
                Permission::OwnBookings.check(by)?;
                filter.user = Some(*id);
            }
            _ => self.0.authorise(by, Permission::ReadBookings).await?,
        }
        Ok(self.0.ports.store.bookings().bookings(&filter, page).await?)
    }
}
