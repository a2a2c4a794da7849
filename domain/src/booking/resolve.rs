//! What a person decides about a booking that nobody else can end.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingStatus, Personal},
    ids::BookingId,
    money::Money,
};

use super::{Bookings, apply::learn, cancel::CancellationView, facts, lifecycle::go, missing, supplied::Bought};
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
};

/// What the customer reads afterwards.
const LOOKED_INTO: &str = "a person has looked into it";

/// What somebody found out by asking the supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The supplier has sold it: what it is called there, and what was delivered.
    Sold { supplier_reference: Option<String>, serial: Option<String> },
    /// The customer has nothing, or nothing any more, and gets this much back. Unless it says how much: what was agreed for a
    /// cancellation, and everything for anything else.
    GiveBack { amount: Option<i64> },
    /// It stays as it is.
    Leave,
    /// The supplier shall be asked again.
    AskAgain,
}

impl Bookings {
    /// Ends what waits for a person; the note says how they know.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::BookingNotFound`], [`Code::IllegalTransition`] for a booking that waits for
    /// nobody, or a finding that does not fit where it stands.
    pub async fn resolve(&self, by: &Principal, id: BookingId, finding: Finding, note: &str) -> Result<Booking> {
        self.0.authorise(by, Permission::ManageBookings).await?;
        let mut faults = Faults::default();
        let note = faults.text("/note", Some(note), 200);
        if note.is_none() {
            faults.add("/note", "must say how you know");
        }
        faults.check()?;
        let note = note.unwrap_or_default();
        let known = self.0.ports.store.bookings().booking(id).await?.ok_or_else(|| missing(id))?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let (funding, order) = match known.order {
            Some(order) => (self.funding(&mut *uow, order, now).await?, uow.orders().find(order).await?),
            None => (None, None),
        };
        let mut booking = uow.bookings().find(id).await?.ok_or_else(|| missing(id))?;
        if !booking.frozen {
            return Err(Error::new(Code::IllegalTransition, "This booking waits for nobody."));
        }
        booking.frozen = false;
        booking.next_check_at = None;
        booking.reason = Some(LOOKED_INTO.to_owned());
        let mut refund = None;
        let action = match (finding, booking.status) {
            (Finding::Sold { supplier_reference, serial }, BookingStatus::Committing | BookingStatus::Unknown) => {
                go(&mut booking, BookingStatus::Fulfilled)?;
                let mut delivery = booking.delivery.clone();
                delivery.serial = serial.map(Personal::new).or(delivery.serial);
                let cost = booking.cost;
                learn(&mut booking, Bought { cost, supplier_reference, delivery, supplier_id: None });
                "booking.fulfilled"
            }
            (Finding::GiveBack { amount }, status) => {
                let amount = part_of(&booking, amount)?;
                let action = end_without(&mut booking, status)?;
                if amount.is_positive() {
                    let why = format!("{} is paid back", booking.title);
                    refund = self.pay_back(&mut *uow, by, &mut booking, funding, (amount, &why), now).await?;
                }
                action
            }
            (Finding::Leave, BookingStatus::Fulfilled | BookingStatus::Failed | BookingStatus::Cancelled) => {
                "booking.looked_at"
            }
            (Finding::Leave, BookingStatus::Cancelling) => {
                go(&mut booking, BookingStatus::Fulfilled)?;
                "booking.kept"
            }
            (
                Finding::AskAgain,
                BookingStatus::Committing
                | BookingStatus::Unknown
                | BookingStatus::Cancelling
                | BookingStatus::Holding
                | BookingStatus::Fulfilled,
            ) => {
                booking.next_check_at = Some(now);
                "booking.asked_again"
            }
            (_, status) => {
                let told = format!("That does not fit a booking that is {}.", status.as_str());
                return Err(Error::new(Code::IllegalTransition, told).at("/outcome"));
            }
        };
        booking.updated_at = now;
        uow.bookings().save(&booking).await?;
        booking.revision += 1;
        // How somebody knows is for the audit, and no customer reads it.
        let papers = Note { actor: Some(by), action, subject: format!("booking:{}", booking.id), detail: note };
        self.0.file(&mut *uow, papers, facts(&booking), now).await?;
        if let Some(order) = order {
            let bookings = uow.bookings().of_order(order.id).await?;
            self.0.end_with_bookings(&mut *uow, by, order, &bookings, now).await?;
        }
        uow.commit().await?;
        self.send_back(refund).await;
        Ok(booking)
    }
}

/// Ends it where nothing is had.
fn end_without(booking: &mut Booking, status: BookingStatus) -> Result<&'static str> {
    match status {
        BookingStatus::Committing | BookingStatus::Unknown => {
            go(booking, BookingStatus::Failed)?;
            Ok("booking.failed")
        }
        BookingStatus::Holding => {
            go(booking, BookingStatus::Lapsed)?;
            Ok("booking.lapsed")
        }
        BookingStatus::Fulfilled => {
            go(booking, BookingStatus::Cancelling)?;
            go(booking, BookingStatus::Cancelled)?;
            Ok("booking.cancelled")
        }
        BookingStatus::Cancelling => {
            go(booking, BookingStatus::Cancelled)?;
            Ok("booking.cancelled")
        }
        // It ended, and what was to go back could not: this is the second try.
        BookingStatus::Failed | BookingStatus::Cancelled => Ok("booking.paid_back"),
        BookingStatus::Quoted | BookingStatus::Held | BookingStatus::Lapsed => {
            Err(Error::new(Code::IllegalTransition, "Nothing was paid for it.").at("/outcome"))
        }
    }
}

/// What goes back: nothing at all for what was never paid.
fn part_of(booking: &Booking, amount: Option<i64>) -> Result<Money> {
    let most = if booking.paid_at.is_some() { booking.price } else { Money::zero(booking.price.currency()) };
    match amount {
        // What was cancelled gives what was agreed.
        None if matches!(booking.status, BookingStatus::Cancelling | BookingStatus::Cancelled) => {
            match booking.cancellation.clone() {
                Some(quote) => Ok(CancellationView::of(booking, quote)?.refund),
                None => Ok(most),
            }
        }
        None => Ok(most),
        Some(amount) if (0..=most.amount()).contains(&amount) => Ok(Money::new(amount, most.currency())?),
        Some(_) => Err(Error::fault("/refund", format!("must be 0 to {}", most.amount()))),
    }
}
