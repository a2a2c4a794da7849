//! Looking after bookings that are paid: buying them, and asking how it went.
//!
//! A look is claimed for some minutes and changes nothing while it waits for the supplier; its result is applied only to
//! the revision that it was made for. So hosts may look side by side.

use dermaga_ports::{
    booking::{Booking, BookingKind, BookingStatus},
    ids::BookingId,
};
use futures::future::join_all;

use super::{
    Bookings, missing,
    schedule::LEASE,
    supplied::{Making, Supplied, bought, making, question, told},
};
use crate::error::Result;

/// How many are claimed at a time.
const BATCH: u32 = 8;

impl Bookings {
    /// Looks after what is due; answers how many there were. Called by a job, and harmless to call at any time.
    ///
    /// # Errors
    /// When the store fails. A supplier that does not answer is no error: it is asked again later.
    pub async fn look_after_due(&self) -> Result<usize> {
        // A host that reaches no supplier leaves its bookings to one that does: it would only use up their looks.
        if self.0.ports.suppliers.ppob.is_none() {
            return Ok(0);
        }
        let now = self.0.now();
        if !self.0.ports.store.bookings().anything_due(now).await? {
            return Ok(0);
        }
        let mut uow = self.0.begin().await?;
        let due = uow.bookings().claim_due(now, now + LEASE, BATCH).await?;
        if due.is_empty() {
            return Ok(0);
        }
        uow.commit().await?;
        let count = due.len();
        for looked in join_all(due.into_iter().map(|booking| self.look(booking))).await {
            looked?;
        }
        Ok(count)
    }

    async fn look(&self, booking: Booking) -> Result<()> {
        let answer = match (booking.status, booking.sent_at) {
            (BookingStatus::Committing, None) => {
                let Some(booking) = self.about_to_send(booking.id).await? else { return Ok(()) };
                let answer = self.buy(&booking).await?;
                return self.apply(&booking, answer).await;
            }
            (BookingStatus::Committing | BookingStatus::Unknown, Some(_)) => self.ask(&booking).await?,
            // Nothing is to be done about any other.
            _ => return self.leave(booking.id).await,
        };
        self.apply(&booking, answer).await
    }

    /// Stores that the supplier will be asked to sell it, before it is; nothing if somebody else has.
    async fn about_to_send(&self, id: BookingId) -> Result<Option<Booking>> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut booking = uow.bookings().find(id).await?.ok_or_else(|| missing(id))?;
        if booking.status != BookingStatus::Committing || booking.sent_at.is_some() || booking.frozen {
            return Ok(None);
        }
        booking.sent_at = Some(now);
        booking.next_check_at = Some(now + LEASE);
        uow.bookings().save(&booking).await?;
        uow.commit().await?;
        booking.revision += 1;
        Ok(Some(booking))
    }

    async fn buy(&self, booking: &Booking) -> Result<Supplied> {
        match (booking.kind, &self.0.ports.suppliers.ppob) {
            (BookingKind::Ppob, Some(supplier)) if supplier.name() == booking.supplier => {
                Ok(bought(match making(booking)? {
                    Making::Credit(purchase) => supplier.buy(&purchase).await,
                    Making::Bill(payment) => supplier.pay_bill(&payment).await,
                }))
            }
            _ => Ok(Supplied::NotNow(format!("this host does not reach {}", booking.supplier), None)),
        }
    }

    async fn ask(&self, booking: &Booking) -> Result<Supplied> {
        match (booking.kind, &self.0.ports.suppliers.ppob) {
            (BookingKind::Ppob, Some(supplier)) if supplier.name() == booking.supplier => {
                let begun_at = booking.sent_at.unwrap_or(booking.created_at);
                Ok(told(supplier.status(&question(booking, begun_at)?).await))
            }
            _ => Ok(Supplied::Unsure(format!("this host does not reach {}", booking.supplier))),
        }
    }

    /// Plans no further look at what needs none.
    async fn leave(&self, id: BookingId) -> Result<()> {
        let mut uow = self.0.begin().await?;
        let mut booking = uow.bookings().find(id).await?.ok_or_else(|| missing(id))?;
        if !booking.status.is_under_way() && booking.next_check_at.take().is_some() {
            uow.bookings().save(&booking).await?;
            uow.commit().await?;
        }
        Ok(())
    }
}
