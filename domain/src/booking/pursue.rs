//! Looking after bookings that suppliers have to do with: having them kept, buying them once they are paid, asking how it
//! went, cancelling them.
//!
//! A look is claimed for some minutes and changes nothing while it waits for the supplier; its result is applied only to
//! the revision that it was made for. So hosts may look side by side.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingKind, BookingStatus, OrderState, Outcome, Paying, Refusal, RefusalKind},
    ids::BookingId,
    orders::OrderStatus,
};
use futures::future::join_all;

use super::{
    Bookings, missing,
    reach::{Reach, Sought, sent},
    refusal::is_dearer,
    schedule::LEASE,
    standing::Standing,
    supplied::{Making, Supplied, bought, making, not_made, not_told, question, told},
};
use crate::error::{Code, Error, Result};

/// How many are claimed at a time.
const BATCH: u32 = 8;

impl Bookings {
    /// Looks after what is due at the suppliers that this host reaches; answers how many there were. What other hosts
    /// reach is left to them. Called by a job, and harmless to call at any time.
    ///
    /// # Errors
    /// When the store fails. A supplier that does not answer is no error: it is asked again later.
    pub async fn look_after_due(&self) -> Result<usize> {
        let suppliers = self.0.ports.suppliers.names();
        let now = self.0.now();
        if suppliers.is_empty() || !self.0.ports.store.bookings().anything_due(&suppliers, now).await? {
            return Ok(0);
        }
        let mut uow = self.0.begin().await?;
        let due = uow.bookings().claim_due(&suppliers, now, now + LEASE, BATCH).await?;
        uow.commit().await?;
        let count = due.len();
        for looked in join_all(due.into_iter().map(|booking| self.look(booking))).await {
            looked?;
        }
        Ok(count)
    }

    pub(super) async fn look(&self, booking: Booking) -> Result<()> {
        let by = Principal::Service { name: booking.supplier.clone() };
        match (booking.status, booking.sent_at, self.0.ports.suppliers.reach(&booking)) {
            (BookingStatus::Committing | BookingStatus::Unknown, None, reach) => {
                let Some(booking) = self.about_to_send(&booking).await? else { return Ok(()) };
                let answer = self.buy(reach.as_ref(), &booking).await?;
                self.apply(&booking, answer).await
            }
            (BookingStatus::Committing | BookingStatus::Unknown, Some(_), reach) => {
                let answer = self.ask(reach.as_ref(), &booking).await?;
                self.apply(&booking, answer).await
            }
            (BookingStatus::Fulfilled, _, reach) => self.look_again(&by, reach.as_ref(), &booking).await,
            (BookingStatus::Holding, _, Some(reach)) => {
                self.look_for_hold(&by, &reach, &booking).await.or_else(written_down)
            }
            (BookingStatus::Cancelling, _, Some(reach)) => {
                self.look_for_cancellation(&by, &reach, &booking).await.or_else(written_down)
            }
            (BookingStatus::Held, _, Some(reach)) => self.let_go(&by, &reach, &booking).await,
            (BookingStatus::Lapsed | BookingStatus::Failed, _, Some(reach)) => self.release(&reach, &booking).await,
            // Nothing is to be done about any other.
            _ => self.leave(booking.id).await,
        }
    }

    /// Stores that the supplier will be asked to sell it, before it is; nothing if somebody else has.
    async fn about_to_send(&self, claimed: &Booking) -> Result<Option<Booking>> {
        let (id, now) = (claimed.id, self.0.now());
        let mut uow = self.0.begin().await?;
        let order = match claimed.order {
            Some(order) => uow.orders().find(order).await?,
            None => None,
        };
        let mut booking = uow.bookings().find(id).await?.ok_or_else(|| missing(id))?;
        if !booking.status.is_under_way() || booking.sent_at.is_some() || booking.frozen {
            return Ok(None);
        }
        if order.is_none_or(|order| order.status != OrderStatus::Paid) {
            let by = Principal::Service { name: booking.supplier.clone() };
            self.freeze(&mut *uow, &by, &mut booking, "its order is not paid any more", now).await?;
            uow.commit().await?;
            return Ok(None);
        }
        booking.sent_at = Some(now);
        booking.next_check_at = Some(now + LEASE);
        uow.bookings().save(&booking).await?;
        uow.commit().await?;
        booking.revision += 1;
        Ok(Some(booking))
    }

    async fn buy(&self, reach: Option<&Reach>, booking: &Booking) -> Result<Supplied> {
        match (reach, &self.0.ports.suppliers.ppob) {
            (Some(reach), _) => buy_journey(reach, booking).await,
            (None, Some(supplier)) if booking.kind == BookingKind::Ppob && supplier.name() == booking.supplier => {
                Ok(bought(match making(booking)? {
                    Making::Credit(purchase) => supplier.buy(&purchase).await,
                    Making::Bill(payment) => supplier.pay_bill(&payment).await,
                }))
            }
            _ => Ok(Supplied::NotNow(format!("this host does not reach {}", booking.supplier), None)),
        }
    }

    pub(super) async fn ask(&self, reach: Option<&Reach>, booking: &Booking) -> Result<Supplied> {
        match (reach, &self.0.ports.suppliers.ppob) {
            (Some(reach), _) => self.ask_for_journey(reach, booking).await,
            (None, Some(supplier)) if booking.kind == BookingKind::Ppob && supplier.name() == booking.supplier => {
                Ok(told(supplier.status(&question(booking, sent(booking))?).await))
            }
            _ => Ok(Supplied::Unsure(format!("this host does not reach {}", booking.supplier))),
        }
    }

    async fn ask_for_journey(&self, reach: &Reach, booking: &Booking) -> Result<Supplied> {
        let now = self.0.now();
        let Some(id) = &booking.supplier_id else {
            return Ok(match reach.look_for(booking, now).await? {
                Outcome::Done(Sought::There(standing)) => found(*standing),
                Outcome::Done(Sought::Never) => Supplied::Refused("the supplier never got to know of it".to_owned()),
                Outcome::Done(Sought::NotYet) => Supplied::Unsure("the supplier shows nothing yet".to_owned()),
                Outcome::Refused(refusal) => not_told(refusal),
                Outcome::Unknown(told) => Supplied::Unsure(told),
            });
        };
        Ok(match reach.read(id).await {
            // A payment may still be on its way.
            Outcome::Done(standing) if standing.state == OrderState::Held && now < sent(booking) + LEASE => {
                Supplied::Unsure("the supplier has not seen the payment yet".to_owned())
            }
            Outcome::Done(standing) => standing.supplied(),
            Outcome::Refused(refusal) => not_told(refusal),
            Outcome::Unknown(told) => Supplied::Unsure(told),
        })
    }

    /// Plans no further look at what needs none.
    pub(super) async fn leave(&self, id: BookingId) -> Result<()> {
        let mut uow = self.0.begin().await?;
        let mut booking = uow.bookings().find(id).await?.ok_or_else(|| missing(id))?;
        if !booking.status.is_under_way() && booking.next_check_at.take().is_some() {
            uow.bookings().save(&booking).await?;
            uow.commit().await?;
        }
        Ok(())
    }
}

/// A refusal of the supplier is written down and nobody waits for it; whatever else went wrong is told.
fn written_down(error: Error) -> Result<()> {
    let of_the_supplier =
        [Code::IllegalTransition, Code::Invalid, Code::OfferGone, Code::PriceChanged, Code::SupplierUnavailable];
    if of_the_supplier.contains(&error.code()) { Ok(()) } else { Err(error) }
}

/// Pays what is kept, or books and pays at once.
async fn buy_journey(reach: &Reach, booking: &Booking) -> Result<Supplied> {
    let Some(id) = &booking.supplier_id else {
        return Ok(match reach.book(booking, Paying::Now).await? {
            Outcome::Done(standing) => found(standing),
            Outcome::Refused(refusal) => not_made(refusal),
            Outcome::Unknown(told) => Supplied::Unsure(told),
        });
    };
    let total = booking.cost.unwrap_or(booking.max_cost);
    let paid = match reach.pay(id, total).await {
        // Dearer than it was held at, and still not dearer than what the customer paid.
        Outcome::Refused(Refusal { kind: RefusalKind::PriceChanged { new: Some(new) }, .. })
            if !is_dearer(new, booking.max_cost) =>
        {
            reach.pay(id, new).await
        }
        other => other,
    };
    Ok(match paid {
        Outcome::Done(standing) => found(standing),
        Outcome::Refused(refusal) => not_made(refusal),
        Outcome::Unknown(told) => Supplied::Unsure(told),
    })
}

/// What was just made or found. If it is only kept, its id is what it is paid with.
fn found(standing: Standing) -> Supplied {
    match standing.state {
        OrderState::Held => standing.underway("kept, and not paid there yet"),
        _ => standing.supplied(),
    }
}
