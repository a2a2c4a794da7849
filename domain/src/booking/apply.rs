//! Writing down what a supplier said: the booking, its order, and the money, in one unit of work.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingStatus},
    ids::{OrderId, RefundId},
    ledger::Transaction,
    money::Money,
    payments::{Payment, Use},
    store::UnitOfWork,
    time::Timestamp,
};

use super::{
    Bookings,
    lifecycle::go,
    refund_of,
    schedule::{next_attempt, next_question},
    supplied::{Bought, NOT_NOW, Supplied},
};
use crate::{
    error::{Code, Error, Result},
    payments::Payments,
};

/// What is kept of a supplier's words.
const MAX_REASON: usize = 300;

/// What paid an order.
pub(super) type Funding = Option<(Payment, Transaction)>;

impl Bookings {
    /// Applies an answer to the revision that it was made for; to any other one, not at all.
    pub(super) async fn apply(&self, read_for: &Booking, answer: Supplied) -> Result<()> {
        let now = self.0.now();
        let Some(order) = read_for.order else {
            return Err(Error::internal(format!("booking {} is paid and in no order", read_for.id)));
        };
        let by = Principal::Service { name: read_for.supplier.clone() };
        let answer = out_of_patience(read_for, answer, now);
        let mut uow = self.0.begin().await?;
        let funding = match answer {
            Supplied::Refused(_) => self.funding(&mut *uow, order, now).await?,
            _ => None,
        };
        let gone = || Error::internal(format!("order {order} of booking {} vanished", read_for.id));
        let found = uow.orders().find(order).await?.ok_or_else(gone)?;
        let mut bookings = uow.bookings().of_order(order).await?;
        let Some(booking) = bookings.iter_mut().find(|booking| booking.id == read_for.id) else {
            return Err(gone());
        };
        if booking.revision != read_for.revision || booking.frozen {
            // Whoever changed it has planned the next look.
            return Ok(());
        }
        let mut refund = None;
        match answer {
            Supplied::Bought(bought) => self.fulfilled(&mut *uow, &by, booking, bought, now).await?,
            Supplied::Refused(why) => refund = self.refused(&mut *uow, &by, booking, funding, &why, now).await?,
            Supplied::Underway(known, why) => {
                learn(booking, known);
                self.unsure(&mut *uow, &by, booking, &why, now).await?;
            }
            Supplied::Unsure(why) => self.unsure(&mut *uow, &by, booking, &why, now).await?,
            Supplied::NotNow(why, not_before) => try_later(&mut *uow, booking, &why, not_before, now).await?,
            Supplied::OurTrouble(why) => {
                self.0.tell_of_trouble(&mut *uow, &booking.supplier, &why, now).await?;
                try_later(&mut *uow, booking, NOT_NOW, None, now).await?;
            }
            Supplied::Returned(why) => {
                let why = format!("the supplier gave the money back: {why}");
                self.freeze(&mut *uow, &by, booking, &why, now).await?;
            }
            Supplied::AskAPerson(why) => self.freeze(&mut *uow, &by, booking, &why, now).await?,
        }
        self.0.end_with_bookings(&mut *uow, &by, found, &bookings, now).await?;
        uow.commit().await?;
        self.send_back(refund).await;
        Ok(())
    }

    /// Sends a refund that is stored. What does not work now is done by whoever looks after payments.
    pub(super) async fn send_back(&self, refund: Option<RefundId>) {
        if let Some(refund) = refund {
            Payments::new(self.0.clone()).pursue(refund).await.map(drop).unwrap_or_default();
        }
    }

    /// What paid the order, with everything locked that money moves between: before order and bookings.
    pub(super) async fn funding(&self, uow: &mut dyn UnitOfWork, order: OrderId, now: Timestamp) -> Result<Funding> {
        let attempts = uow.payments().of_transaction(order.into()).await?;
        let transaction = uow.transactions().find(order.into()).await?;
        let payment = attempts.into_iter().find(|payment| payment.used == Use::Funding);
        let Some((payment, transaction)) = payment.zip(transaction) else { return Ok(None) };
        Payments::new(self.0.clone()).lock_books(uow, &payment, &transaction, now).await?;
        Ok(Some((payment, transaction)))
    }

    pub(super) async fn fulfilled(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        booking: &mut Booking,
        bought: Bought,
        now: Timestamp,
    ) -> Result<()> {
        go(booking, BookingStatus::Fulfilled)?;
        learn(booking, bought);
        booking.reason = None;
        booking.next_check_at = None;
        self.0.save_booking(uow, by, "booking.fulfilled", booking, now).await
    }

    /// The supplier will not sell it: the money goes back.
    pub(super) async fn refused(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        booking: &mut Booking,
        funding: Funding,
        why: &str,
        now: Timestamp,
    ) -> Result<Option<RefundId>> {
        go(booking, BookingStatus::Failed)?;
        booking.reason = Some(short(why));
        // What the supplier keeps all the same is given back, and with it a payment that it saw too late.
        booking.next_check_at = booking.supplier_id.as_ref().map(|_| now);
        let told = format!("{} could not be had", booking.title);
        let refund = self.pay_back(uow, by, booking, funding, (booking.price, &told), now).await?;
        self.0.save_booking(uow, by, "booking.failed", booking, now).await?;
        Ok(refund)
    }

    /// Gives a part of the order's money back, in the commit that says why. Where nobody can, a person has to.
    pub(super) async fn pay_back(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        booking: &mut Booking,
        funding: Funding,
        (amount, why): (Money, &str),
        now: Timestamp,
    ) -> Result<Option<RefundId>> {
        let refund = (refund_of(booking.id), amount);
        let given = match funding {
            Some(funding) => {
                Payments::new(self.0.clone()).give_back_part(uow, by, funding, refund, &short(why), now).await
            }
            None => Err(Error::new(Code::NotRefundable, "Nothing is known that paid for it.")),
        };
        match given {
            Err(error) if nobody_can(error.code()) => {
                booking.reason = Some(short(&format!("{why}, and could not be refunded: {}", error.detail())));
                booking.frozen = true;
                Ok(None)
            }
            other => other,
        }
    }

    async fn unsure(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        booking: &mut Booking,
        why: &str,
        now: Timestamp,
    ) -> Result<()> {
        let Some(next) = next_question(paid(booking), booking.checks, now) else {
            let why = format!("after a day nobody knows whether it was sold: {why}");
            return self.freeze(uow, by, booking, &why, now).await;
        };
        booking.reason = Some(short(why));
        booking.next_check_at = Some(next);
        if booking.status == BookingStatus::Committing {
            go(booking, BookingStatus::Unknown)?;
            booking.checks = 1;
            return self.0.save_booking(uow, by, "booking.unknown", booking, now).await;
        }
        booking.checks = booking.checks.saturating_add(1);
        booking.updated_at = now;
        uow.bookings().save(booking).await?;
        booking.revision += 1;
        Ok(())
    }

    /// Leaves a booking to a person.
    pub(super) async fn freeze(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        booking: &mut Booking,
        why: &str,
        now: Timestamp,
    ) -> Result<()> {
        booking.frozen = true;
        booking.next_check_at = None;
        booking.reason = Some(short(why));
        self.0.save_booking(uow, by, "booking.frozen", booking, now).await
    }
}

/// Keeps what a supplier told of it.
pub(super) fn learn(booking: &mut Booking, told: Bought) {
    let Bought { cost, supplier_id, supplier_reference, delivery } = told;
    booking.cost = cost.filter(|cost| cost.currency() == booking.max_cost.currency()).or(booking.cost);
    booking.supplier_id = supplier_id.or(booking.supplier_id.take());
    booking.supplier_reference = supplier_reference.or(booking.supplier_reference.take());
    booking.delivery = delivery;
}

/// Nothing was made: it is tried again.
async fn try_later(
    uow: &mut dyn UnitOfWork,
    booking: &mut Booking,
    why: &str,
    not_before: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    booking.sent_at = None;
    booking.reason = Some(short(why));
    booking.next_check_at = next_attempt(paid(booking), booking.checks, not_before, now);
    booking.checks = booking.checks.saturating_add(1);
    booking.updated_at = now;
    Ok(uow.bookings().save(booking).await?)
}

/// What could not be sold for too long is refused: nothing was made, so the money can go back.
fn out_of_patience(booking: &Booking, answer: Supplied, now: Timestamp) -> Supplied {
    let over = |not_before| next_attempt(paid(booking), booking.checks, not_before, now).is_none();
    match answer {
        Supplied::NotNow(why, not_before) if over(not_before) => Supplied::Refused(why),
        Supplied::OurTrouble(_) if over(None) => Supplied::Refused(NOT_NOW.to_owned()),
        other => other,
    }
}

fn paid(booking: &Booking) -> Timestamp {
    booking.paid_at.unwrap_or(booking.created_at)
}

/// Refusals that say something about the payment, and nothing about the program.
fn nobody_can(code: Code) -> bool {
    matches!(
        code,
        Code::NotRefundable
            | Code::RefundExceeds
            | Code::InsufficientFunds
            | Code::IllegalTransition
            | Code::AccountClosed
    )
}

/// One line of bounded length.
pub(super) fn short(reason: &str) -> String {
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REASON).collect()
}
