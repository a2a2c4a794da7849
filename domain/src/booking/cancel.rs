//! Cancelling what was bought: first what it would give, then exactly that.

use dermaga_ports::{
    auth::Principal,
    booking::{
        Booking, BookingKind, BookingStatus, CancellationQuote, Cancelled, OrderState, Outcome, Refusal, RefusalKind,
    },
    ids::BookingId,
    money::Money,
};
use serde_json::json;

use super::{
    Bookings,
    apply::short,
    lifecycle::go,
    missing,
    reach::Reach,
    refusal::{answered, away, refused},
    schedule::{LEASE, next_question},
};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
};

/// What a cancellation would give the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancellationView {
    pub quote: CancellationQuote,
    /// What comes back in money.
    pub refund: Money,
    /// What is kept of the price.
    pub fee: Money,
}

impl CancellationView {
    /// # Errors
    /// [`Code::SupplierUnavailable`] if the supplier pays back a sum that it does not tell.
    pub(super) fn of(booking: &Booking, quote: CancellationQuote) -> Result<Self> {
        let price = booking.price;
        let refund = match quote.refund {
            _ if !quote.refund_to.is_money() => Money::zero(price.currency()),
            Some(refund) if refund.currency() == price.currency() => {
                if refund.amount() > price.amount() {
                    price
                } else {
                    refund
                }
            }
            _ => {
                let told = "The supplier does not tell how much comes back. Write to us, and we ask.";
                return Err(Error::new(Code::SupplierUnavailable, told));
            }
        };
        Ok(Self { quote, refund, fee: price.checked_sub(refund)? })
    }
}

impl Bookings {
    /// What cancelling a booking would give now. Changes nothing at the supplier; an older quote no longer counts.
    ///
    /// # Errors
    /// [`Code::BookingNotFound`], [`Code::IllegalTransition`] for what was not bought or cannot be cancelled, and the
    /// supplier's refusal.
    pub async fn quote_cancellation(&self, by: &Principal, id: BookingId) -> Result<CancellationView> {
        let booking = self.to_cancel(by, id).await?;
        let (reach, order) = self.sold_by(&booking)?;
        let view = CancellationView::of(&booking, answered(reach.quote_cancellation(&booking, &order).await)?)?;
        let mut uow = self.0.begin().await?;
        let mut booking = uow.bookings().find(id).await?.ok_or_else(|| missing(id))?;
        may_be_cancelled(&booking)?;
        booking.cancellation = Some(view.quote.clone());
        uow.bookings().save(&booking).await?;
        uow.commit().await?;
        Ok(view)
    }

    /// Cancels a booking that was bought, if that still gives `expected`, in the smallest unit of its currency. The money
    /// is on its way back with the commit that says so. Repeating it answers the same.
    ///
    /// # Errors
    /// [`Code::PriceChanged`] with the refund of now if it is another one, and as [`Bookings::quote_cancellation`].
    pub async fn cancel(&self, by: &Principal, id: BookingId, expected: i64) -> Result<Booking> {
        match self.try_to_cancel(by, id, expected).await? {
            Some(booking) => Ok(booking),
            None => self.try_to_cancel(by, id, expected).await?.ok_or_else(away),
        }
    }

    /// One try; none comes of it if the supplier does not stand by its quote any more. There is none then, so the next try
    /// begins with another one.
    async fn try_to_cancel(&self, by: &Principal, id: BookingId, expected: i64) -> Result<Option<Booking>> {
        let known = self.0.ports.store.bookings().booking(id).await?.ok_or_else(|| missing(id))?;
        self.may_cancel(by, &known).await?;
        if matches!(known.status, BookingStatus::Cancelling | BookingStatus::Cancelled) {
            return Ok(Some(known));
        }
        may_be_cancelled(&known)?;
        let now = self.0.now();
        let quoted = known.cancellation.clone().filter(|quote| quote.expires_at.is_none_or(|until| now < until));
        let quoted = quoted.map(|quote| CancellationView::of(&known, quote)).transpose()?;
        let view = match quoted {
            Some(view) => view,
            None => self.quote_cancellation(by, id).await?,
        };
        if view.refund.amount() != expected {
            return Err(another_refund(expected, &view));
        }
        let (reach, _) = self.sold_by(&known)?;
        let mut uow = self.0.begin().await?;
        let mut booking = uow.bookings().find(id).await?.ok_or_else(|| missing(id))?;
        may_be_cancelled(&booking)?;
        go(&mut booking, BookingStatus::Cancelling)?;
        booking.cancellation = Some(view.quote.clone());
        booking.sent_at = Some(now);
        booking.next_check_at = Some(now + LEASE);
        self.0.save_booking(&mut *uow, by, "booking.cancelling", &mut booking, now).await?;
        uow.commit().await?;
        let answer = reach.cancel(&booking, &view.quote).await;
        let stale = matches!(&answer, Outcome::Refused(refusal) if is_stale(refusal));
        match self.called_off(by, &booking, answer).await {
            Err(_) if stale => return Ok(None),
            other => other?,
        }
        let now_known = self.0.ports.store.bookings().booking(id).await?;
        now_known.ok_or_else(|| missing(id)).map(Some)
    }

    /// Finds out what became of a cancellation whose answer is not known.
    pub(super) async fn look_for_cancellation(&self, by: &Principal, reach: &Reach, booking: &Booking) -> Result<()> {
        let (Some(quote), Some(id)) = (&booking.cancellation, &booking.supplier_id) else {
            return Err(Error::internal(format!("booking {} is cancelled without a quote", booking.id)));
        };
        let answer = match reach.read(id).await {
            // The confirmation, asked for again, has the codes of credits; that it is done is certain without it.
            Outcome::Done(standing) if standing.state == OrderState::Cancelled => {
                match reach.cancel(booking, quote).await {
                    Outcome::Done(done) => Outcome::Done(done),
                    _ => Outcome::Done(Cancelled {
                        order_id: id.clone(),
                        refund: quote.refund,
                        refund_to: quote.refund_to.clone(),
                        credits: Vec::new(),
                        at: None,
                    }),
                }
            }
            // Confirming one quote twice cancels once.
            Outcome::Done(_) => reach.cancel(booking, quote).await,
            Outcome::Refused(refusal) => Outcome::Unknown(refusal.reason),
            Outcome::Unknown(told) => Outcome::Unknown(told),
        };
        self.called_off(by, booking, answer).await
    }

    /// Writes down what the supplier said to a cancellation, and pays back.
    async fn called_off(&self, by: &Principal, read_for: &Booking, answer: Outcome<Cancelled>) -> Result<()> {
        let now = self.0.now();
        let order = read_for.order.ok_or_else(|| Error::internal(format!("booking {} is in no order", read_for.id)))?;
        let mut uow = self.0.begin().await?;
        let funding = match answer {
            Outcome::Done(_) => self.funding(&mut *uow, order, now).await?,
            _ => None,
        };
        let gone = || Error::internal(format!("order {order} of booking {} vanished", read_for.id));
        let found = uow.orders().find(order).await?.ok_or_else(gone)?;
        let mut bookings = uow.bookings().of_order(order).await?;
        let booking = bookings.iter_mut().find(|booking| booking.id == read_for.id).ok_or_else(gone)?;
        if booking.revision != read_for.revision || booking.status != BookingStatus::Cancelling || booking.frozen {
            return Ok(());
        }
        let mut refund = None;
        let mut told = Ok(());
        match answer {
            Outcome::Done(done) => {
                go(booking, BookingStatus::Cancelled)?;
                booking.next_check_at = None;
                booking.reason = None;
                booking.delivery.credits = done.credits;
                let quote = booking.cancellation.clone().ok_or_else(gone)?;
                if done.refund.is_some_and(|refund| quote.refund != Some(refund)) {
                    let told = format!("the cancellation of {} gave another sum than was quoted", booking.reference);
                    self.0.tell_of_trouble(&mut *uow, &booking.supplier, &told, now).await?;
                }
                // What the customer agreed to is what the customer gets.
                let given = CancellationView::of(booking, quote)?.refund;
                if given.is_positive() {
                    let why = format!("{} was cancelled", booking.title);
                    refund = self.pay_back(&mut *uow, by, booking, funding, (given, &why), now).await?;
                }
                self.0.save_booking(&mut *uow, by, "booking.cancelled", booking, now).await?;
                self.0.end_with_bookings(&mut *uow, by, found, &bookings, now).await?;
            }
            Outcome::Refused(refusal) if !in_doubt(&refusal) => {
                go(booking, BookingStatus::Fulfilled)?;
                booking.cancellation = None;
                booking.next_check_at = None;
                booking.reason = Some(short(&format!("it was not cancelled: {}", refusal.reason)));
                self.0.save_booking(&mut *uow, by, "booking.kept", booking, now).await?;
                told = Err(refused(refusal));
            }
            Outcome::Refused(Refusal { reason: why, .. }) | Outcome::Unknown(why) => {
                let since = booking.sent_at.unwrap_or(now);
                match next_question(since, booking.checks, now) {
                    Some(next) => {
                        booking.next_check_at = Some(next);
                        booking.checks = booking.checks.saturating_add(1);
                        booking.reason = Some(short(&why));
                        booking.updated_at = now;
                        uow.bookings().save(booking).await?;
                    }
                    None => {
                        let why = format!("after a day nobody knows whether it was cancelled: {why}");
                        self.freeze(&mut *uow, by, booking, &why, now).await?;
                    }
                }
            }
        }
        uow.commit().await?;
        self.send_back(refund).await;
        told
    }

    /// A booking that the caller may cancel, and that can be.
    async fn to_cancel(&self, by: &Principal, id: BookingId) -> Result<Booking> {
        let booking = self.0.ports.store.bookings().booking(id).await?.ok_or_else(|| missing(id))?;
        self.may_cancel(by, &booking).await?;
        may_be_cancelled(&booking)?;
        Ok(booking)
    }

    async fn may_cancel(&self, by: &Principal, booking: &Booking) -> Result<()> {
        let allowed =
            self.0.authorise_owner(by, booking.user, Permission::OwnBookings, Permission::ManageBookings).await;
        allowed.map_err(|error: Error| error.hidden_behind(|| missing(booking.id)))
    }

    /// Who sold it, and under which id.
    fn sold_by(&self, booking: &Booking) -> Result<(Reach, String)> {
        let reach = self.0.ports.suppliers.reach(booking).ok_or_else(away)?;
        let by_hand = || {
            Error::new(Code::IllegalTransition, "A person has bought this for you. Write to us to have it cancelled.")
        };
        Ok((reach, booking.supplier_id.clone().ok_or_else(by_hand)?))
    }
}

fn may_be_cancelled(booking: &Booking) -> Result<()> {
    let told = match booking.status {
        _ if booking.kind == BookingKind::Ppob => "Credits and bills cannot be cancelled.",
        _ if booking.frozen => "A person is looking at this booking. Write to us to have it cancelled.",
        BookingStatus::Fulfilled => return Ok(()),
        BookingStatus::Quoted | BookingStatus::Holding | BookingStatus::Held => {
            "It is not bought yet: cancel its order instead."
        }
        BookingStatus::Committing | BookingStatus::Unknown => "It is still being bought.",
        BookingStatus::Cancelling => "It is being cancelled.",
        BookingStatus::Lapsed | BookingStatus::Failed | BookingStatus::Cancelled => "There is nothing to cancel.",
    };
    Err(Error::new(Code::IllegalTransition, told))
}

/// Whether a refusal leaves open how it stands.
fn in_doubt(refusal: &Refusal) -> bool {
    refusal.kind.may_repeat() || refusal.kind == RefusalKind::AlreadyDone
}

/// Whether the supplier refuses the quote, and not the cancellation.
fn is_stale(refusal: &Refusal) -> bool {
    matches!(refusal.kind, RefusalKind::OfferGone | RefusalKind::PriceChanged { .. })
}

fn another_refund(expected: i64, view: &CancellationView) -> Error {
    let CancellationView { quote, refund, fee } = view;
    let told = format!("A cancellation gives {refund} now, and not {expected}.");
    let facts = json!({
        "old": expected,
        "new": refund.amount(),
        "fee": fee.amount(),
        "currency": refund.currency(),
        "expires_at": quote.expires_at.map(|at| at.to_string()),
    });
    Error::new(Code::PriceChanged, told).with_facts(facts).at("/expected_refund")
}
