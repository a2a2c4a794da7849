//! Bookings, read.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingFilter},
    ids::BookingId,
    paging::{Page, PageRequest},
};

use super::{Bookings, missing};
use crate::{
    auth::Permission,
    error::{Error, Result},
};

/// A booking, and whether whoever asks is its customer: nobody else sees what can be spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingView {
    pub booking: Booking,
    pub own: bool,
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
        Ok(BookingView { own: is_own(by, &booking), booking })
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
    ) -> Result<Page<BookingView, BookingId>> {
        match by {
            Principal::User { id, .. } if Permission::ReadBookings.check(by).is_err() => {
                Permission::OwnBookings.check(by)?;
                filter.user = Some(*id);
            }
            _ => self.0.authorise(by, Permission::ReadBookings).await?,
        }
        let found = self.0.ports.store.bookings().bookings(&filter, page).await?;
        Ok(found.map(|booking| BookingView { own: is_own(by, &booking), booking }))
    }
}

fn is_own(by: &Principal, booking: &Booking) -> bool {
    matches!(by, Principal::User { id, .. } if *id == booking.user)
}
