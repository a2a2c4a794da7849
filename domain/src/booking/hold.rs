//! Having something kept before it is paid.
//!
//! That a supplier is asked is stored before it is asked. An answer that is lost is looked for and the call is never made
//! again; a hold that nobody pays ends by itself, so the worst that is left is a seat that others could not buy for a
//! while.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingStatus, Clocks, OrderState, Outcome, Paying, Refusal, RefusalKind},
    store::UnitOfWork,
    time::Timestamp,
};

use super::{
    Bookings,
    apply::short,
    lifecycle::go,
    missing,
    reach::{Reach, Sought},
    refusal::{self, is_dearer, refused},
    schedule::{LEASE, next_question},
    standing::Standing,
    supplied::{NOT_NOW, Supplied, not_made},
};
use crate::error::{Code, Error, Result};

impl Bookings {
    /// Stores a booking and has it kept. Of the same request twice at once, one asks.
    ///
    /// # Errors
    /// [`Code::SupplierUnavailable`] while nobody knows whether it is kept, and the supplier's refusal.
    pub(super) async fn hold(&self, by: &Principal, reach: &Reach, booking: Booking) -> Result<()> {
        let now = self.0.now();
        let asked =
            Booking { status: BookingStatus::Holding, sent_at: Some(now), next_check_at: Some(now + LEASE), ..booking };
        if !self.keep(by, &asked, now).await? {
            return Err(in_doubt());
        }
        let answer = reach.book(&asked, Paying::Later).await?;
        self.held(by, &asked, answer).await
    }

    /// Looks for what may be kept.
    pub(super) async fn look_for_hold(&self, by: &Principal, reach: &Reach, booking: &Booking) -> Result<()> {
        let answer = match reach.look_for(booking, self.0.now()).await? {
            Outcome::Done(Sought::There(standing)) => Outcome::Done(*standing),
            Outcome::Done(Sought::Never) => Outcome::Refused(Refusal {
                kind: RefusalKind::OfferGone,
                code: None,
                reason: "the supplier was never asked to keep it".to_owned(),
            }),
            Outcome::Done(Sought::NotYet) => Outcome::Unknown("the supplier shows nothing yet".to_owned()),
            // A question that was refused says nothing about what was asked for.
            Outcome::Refused(refusal) => Outcome::Unknown(refusal.reason),
            Outcome::Unknown(told) => Outcome::Unknown(told),
        };
        self.held(by, booking, answer).await
    }

    /// Writes down what became of it. That nobody knows is news for the revision that was asked for only; what the
    /// supplier did say is true whoever has asked besides.
    async fn held(&self, by: &Principal, read_for: &Booking, answer: Outcome<Standing>) -> Result<()> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let found = uow.bookings().find(read_for.id).await?;
        let mut booking = found.ok_or_else(|| missing(read_for.id))?;
        if booking.status != BookingStatus::Holding {
            return Ok(());
        }
        // A frozen one is for a person to decide; until then nobody may order it or book it anew.
        if booking.frozen {
            return Err(in_doubt());
        }
        if booking.revision != read_for.revision && matches!(answer, Outcome::Unknown(_)) {
            return Err(in_doubt());
        }
        let told = match answer {
            Outcome::Done(standing) => self.kept(&mut *uow, by, &mut booking, standing, now).await?,
            Outcome::Refused(refusal) => self.denied(&mut *uow, by, &mut booking, refusal, now).await?,
            Outcome::Unknown(why) => {
                booking.reason = Some(short(&why));
                booking.next_check_at = next_question(booking.created_at, booking.checks, now);
                booking.checks = booking.checks.saturating_add(1);
                if booking.next_check_at.is_some() {
                    booking.updated_at = now;
                    uow.bookings().save(&booking).await?;
                } else {
                    // Nothing was paid for it, so its own clock ends it at the supplier.
                    self.not_kept(&mut *uow, by, &mut booking, &why, now).await?;
                }
                Err(in_doubt())
            }
        };
        uow.commit().await?;
        told
    }

    async fn kept(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        booking: &mut Booking,
        standing: Standing,
        now: Timestamp,
    ) -> Result<Result<()>> {
        booking.supplier_id = Some(standing.id);
        booking.supplier_reference = standing.reference;
        let dearer = standing.total.filter(|total| is_dearer(*total, booking.max_cost));
        match (standing.state, dearer) {
            (OrderState::Held, Some(total)) => {
                self.not_kept(uow, by, booking, "it became dearer while it was asked for", now).await?;
                Ok(Err(refusal::dearer(&booking.title, booking.max_cost.amount(), total)))
            }
            (OrderState::Held, None) => {
                go(booking, BookingStatus::Held)?;
                booking.cost = standing.total.filter(|cost| cost.currency() == booking.max_cost.currency());
                booking.clocks =
                    Clocks { hold: standing.pay_by, price: standing.price_until, ..booking.clocks.clone() };
                booking.sent_at = None;
                // If nobody has ordered it by then, it is given back.
                booking.next_check_at = booking.good_until();
                booking.reason = None;
                self.0.save_booking(uow, by, "booking.held", booking, now).await?;
                Ok(Ok(()))
            }
            (OrderState::Lapsed | OrderState::Cancelled | OrderState::Failed, _) => {
                self.not_kept(uow, by, booking, "the supplier has given it away", now).await?;
                Ok(Err(Error::new(Code::OfferGone, "The supplier has given it away. Search again.")))
            }
            (OrderState::Confirmed | OrderState::Ticketed | OrderState::Used | OrderState::Unrecognised(_), _) => {
                self.freeze(uow, by, booking, "it was to be kept, and is something else at the supplier", now).await?;
                Ok(Err(in_doubt()))
            }
        }
    }

    async fn not_kept(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        booking: &mut Booking,
        why: &str,
        now: Timestamp,
    ) -> Result<()> {
        go(booking, BookingStatus::Lapsed)?;
        booking.reason = Some(short(why));
        // What the supplier keeps all the same is given back.
        booking.next_check_at = booking.supplier_id.as_ref().map(|_| now);
        self.0.save_booking(uow, by, "booking.lapsed", booking, now).await
    }

    /// The supplier did not keep it. The customer hears why, unless that is between the supplier and us.
    async fn denied(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        booking: &mut Booking,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<Result<()>> {
        if let Supplied::OurTrouble(told) = not_made(refusal.clone()) {
            self.0.tell_of_trouble(uow, &booking.supplier, &told, now).await?;
            self.not_kept(uow, by, booking, NOT_NOW, now).await?;
        } else {
            self.not_kept(uow, by, booking, &refusal.reason, now).await?;
        }
        let error = refused(refusal);
        if error.code() == Code::SupplierUnavailable {
            let told =
                "The supplier cannot keep it right now. Nothing is booked: book again, with another Idempotency-Key.";
            return Ok(Err(Error::new(Code::SupplierUnavailable, told)));
        }
        Ok(Err(error))
    }

    /// Ends a hold that nobody has ordered in time; one that belongs to an order ends with that.
    pub(super) async fn let_go(&self, by: &Principal, reach: &Reach, booking: &Booking) -> Result<()> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut found = uow.bookings().find(booking.id).await?.ok_or_else(|| missing(booking.id))?;
        let unwanted = found.order.is_none() && found.status == BookingStatus::Held;
        if !unwanted {
            drop(uow);
            return self.leave(booking.id).await;
        }
        if found.status_at(now) != BookingStatus::Lapsed {
            // Its supplier has knocked; its time is not over.
            found.next_check_at = found.good_until();
            uow.bookings().save(&found).await?;
            return Ok(uow.commit().await?);
        }
        self.not_kept(&mut *uow, by, &mut found, "nobody ordered it in time", now).await?;
        uow.commit().await?;
        self.release(reach, &found).await
    }

    /// Gives back what is kept and will not be paid. One try: the supplier's own clock does the same a little later.
    pub(super) async fn release(&self, reach: &Reach, booking: &Booking) -> Result<()> {
        if let Some(id) = &booking.supplier_id
            && let Outcome::Done(quote) = reach.quote_cancellation(booking, id).await
        {
            reach.cancel(booking, &quote).await;
        }
        self.leave(booking.id).await
    }
}

/// Nobody knows yet; the same request asks again.
fn in_doubt() -> Error {
    let told = "The supplier did not say in time whether it keeps it. Nothing is booked twice: repeat with the same \
                Idempotency-Key.";
    Error::new(Code::SupplierUnavailable, told).retry_after(60)
}
