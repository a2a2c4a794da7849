//! Where bookings are kept.

use async_trait::async_trait;

use super::{Booking, BookingFilter};
use crate::{
    StoreError,
    ids::{BookingId, OrderId, UserId},
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// Bookings inside a unit of work. Their locks come after those of orders and stock.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Bookings: Send {
    /// # Errors
    /// [`crate::Unique::Id`] if the id is there, [`crate::Unique::Reference`] if the supplier has another one of this
    /// reference.
    async fn add(&mut self, booking: &Booking) -> Result<(), StoreError>;

    /// The booking, locked until the unit of work ends.
    async fn find(&mut self, id: BookingId) -> Result<Option<Booking>, StoreError>;

    /// All bookings of an order, locked, in ascending order of id.
    async fn of_order(&mut self, order: OrderId) -> Result<Vec<Booking>, StoreError>;

    /// Writes everything that can change, and counts the revision on.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the booking no longer has the revision that was read.
    async fn save(&mut self, booking: &Booking) -> Result<(), StoreError>;

    /// At most `limit` bookings of these suppliers whose next check is due, with their next check put off to `until`:
    /// until then nobody else gets them. Their revision stays. One that cannot be read is put off and left out: it MUST NOT
    /// keep the others waiting.
    async fn claim_due(
        &mut self,
        suppliers: &[String],
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Booking>, StoreError>;

    /// Makes the booking of this reference or of this id at the supplier due at `at`, unless it is due before. One that
    /// nobody looks after any more is woken only if it was bought: suppliers change and take back what they sold. Answers
    /// whether there is such a booking; its revision stays.
    async fn wake<'a>(
        &mut self,
        supplier: &str,
        reference: Option<&'a str>,
        supplier_id: Option<&'a str>,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Erases for whom a user's bookings were, and what was delivered.
    async fn forget(&mut self, user: UserId) -> Result<(), StoreError>;
}

/// Bookings, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait BookingQueries: Send + Sync {
    async fn booking(&self, id: BookingId) -> Result<Option<Booking>, StoreError>;

    /// Newest first.
    async fn bookings(
        &self,
        filter: &BookingFilter,
        page: PageRequest<BookingId>,
    ) -> Result<Page<Booking, BookingId>, StoreError>;

    /// Whether [`Bookings::claim_due`] would find something.
    async fn anything_due(&self, suppliers: &[String], now: Timestamp) -> Result<bool, StoreError>;

    /// How many wait for a person.
    async fn frozen(&self) -> Result<u64, StoreError>;
}
