//! Asking whoever sells a journey: three kinds of suppliers behind one set of questions.

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    booking::{
        BookFerry, BookFlight, BookHotel, Booking, BookingKind, CancellationQuote, Cancelled, Contact, FerrySupplier,
        FlightSupplier, Found, HotelBooking, HotelSupplier, Outcome, Paying, Policy, ProbeKey,
    },
    money::Money,
    time::Timestamp,
};

use super::{Suppliers, standing::Standing, wanted::Wanted};
use crate::error::{Error, Result};

/// The supplier of one booking.
pub(super) enum Reach {
    Flights(Arc<dyn FlightSupplier>),
    Hotels(Arc<dyn HotelSupplier>),
    Ferries(Arc<dyn FerrySupplier>),
}

/// What a search for something that may have been made brought.
pub(super) enum Sought {
    There(Box<Standing>),
    /// It may still appear.
    NotYet,
    /// It was not made.
    Never,
}

/// When the supplier was asked.
pub(super) fn sent(booking: &Booking) -> Timestamp {
    booking.sent_at.unwrap_or(booking.created_at)
}

impl Suppliers {
    /// Whoever sells that journey; nobody if this host does not reach the supplier.
    pub(super) fn reach(&self, booking: &Booking) -> Option<Reach> {
        let name = booking.supplier.as_str();
        match booking.kind {
            BookingKind::Flight => self.flights.clone().filter(|one| one.name() == name).map(Reach::Flights),
            BookingKind::Hotel => self.hotels.clone().filter(|one| one.name() == name).map(Reach::Hotels),
            BookingKind::Ferry => self.ferries.clone().filter(|one| one.name() == name).map(Reach::Ferries),
            BookingKind::Ppob => None,
        }
    }
}

impl Reach {
    /// Looks for what may have been made. That nothing is there proves something only after a while.
    pub async fn look_for(&self, booking: &Booking, now: Timestamp) -> Result<Outcome<Sought>> {
        let late = now >= sent(booking) + self.appears_within();
        Ok(self.probe(booking).await?.map(|found| match found {
            Some(standing) => Sought::There(Box::new(standing)),
            None if late => Sought::Never,
            None => Sought::NotYet,
        }))
    }

    fn appears_within(&self) -> Duration {
        match self {
            Self::Flights(one) => one.appears_within(),
            Self::Hotels(one) => one.appears_within(),
            Self::Ferries(one) => one.appears_within(),
        }
    }

    /// Has it kept, or sold: nothing is paid for what the supplier keeps.
    pub async fn book(&self, booking: &Booking, paying: Paying) -> Result<Outcome<Standing>> {
        let (reference, payload) = (booking.reference.clone(), Wanted::journey_of(booking)?.payload);
        let (customer, contact) = (booking.customer.clone(), contact(booking)?);
        let max_total = booking.max_cost;
        Ok(match self {
            Self::Flights(one) => {
                let travellers = customer.travellers;
                let wanted = BookFlight { reference, offer: payload, travellers, contact, max_total, paying };
                one.book(&wanted).await.map(Into::into)
            }
            Self::Hotels(one) => {
                let guests = customer.travellers.into_iter().map(|guest| (guest.given_name, guest.family_name));
                let wanted = BookHotel {
                    reference,
                    quote: payload,
                    guests: guests.collect(),
                    contact,
                    requests: customer.requests.map(|text| text.reveal().to_owned()),
                    loyalty_number: customer.loyalty_number,
                    max_total,
                };
                one.book(&wanted).await.map(Into::into)
            }
            Self::Ferries(one) => {
                let wanted = BookFerry {
                    reference,
                    quote: payload,
                    contact,
                    passengers: customer.travellers,
                    vehicle: customer.vehicle,
                    max_total,
                    paying,
                };
                one.book(&wanted).await.map(Into::into)
            }
        })
    }

    /// Pays what is kept exactly that.
    pub async fn pay(&self, id: &str, total: Money) -> Outcome<Standing> {
        match self {
            Self::Flights(one) => one.pay(id, total).await.map(Into::into),
            Self::Ferries(one) => one.pay(id, total).await.map(Into::into),
            Self::Hotels(_) => Outcome::Unknown("rooms are not kept before they are paid".to_owned()),
        }
    }

    async fn probe(&self, booking: &Booking) -> Result<Outcome<Option<Standing>>> {
        let (reference, offer) = (booking.reference.clone(), Wanted::journey_of(booking)?.payload);
        let key = ProbeKey { reference, offer };
        Ok(match self {
            Self::Flights(one) => one.probe(&key).await.map(found),
            Self::Hotels(one) => one.probe(&key).await.map(found),
            Self::Ferries(one) => one.probe(&key).await.map(found),
        })
    }

    /// Reads what is there under the supplier's id.
    pub async fn read(&self, id: &str) -> Outcome<Standing> {
        match self {
            Self::Flights(one) => one.read(id).await.map(Into::into),
            Self::Hotels(one) => one.read(id).await.map(Into::into),
            Self::Ferries(one) => one.read(id).await.map(Into::into),
        }
    }

    /// What a cancellation would give.
    pub async fn quote_cancellation(&self, booking: &Booking, id: &str) -> Outcome<CancellationQuote> {
        match self {
            Self::Flights(one) => one.quote_cancellation(id).await,
            Self::Ferries(one) => one.quote_cancellation(id).await,
            Self::Hotels(one) => match one.read(id).await {
                Outcome::Done(stay) => one.quote_cancellation(&as_sold(stay, booking)).await,
                Outcome::Refused(refusal) => Outcome::Refused(refusal),
                Outcome::Unknown(told) => Outcome::Unknown(told),
            },
        }
    }

    /// Cancels, if it still gives what was quoted.
    pub async fn cancel(&self, booking: &Booking, quote: &CancellationQuote) -> Outcome<Cancelled> {
        match self {
            Self::Flights(one) => one.cancel(quote).await,
            Self::Ferries(one) => one.cancel(quote).await,
            Self::Hotels(one) => match one.read(&quote.order_id).await {
                Outcome::Done(stay) => one.cancel(&as_sold(stay, booking), quote).await,
                Outcome::Refused(refusal) => Outcome::Refused(refusal),
                Outcome::Unknown(told) => Outcome::Unknown(told),
            },
        }
    }
}

fn found<T>(found: Found<T>) -> Option<Standing>
where
    Standing: From<T>,
{
    match found {
        Found::Record(record) => Some((*record).into()),
        Found::Nothing => None,
    }
}

fn contact(booking: &Booking) -> Result<Contact> {
    let contact = booking.customer.contact.clone();
    contact.ok_or_else(|| Error::internal(format!("booking {} is for nobody", booking.id)))
}

/// The conditions are those that were sold; where the supplier does not repeat them, ours count.
fn as_sold(stay: HotelBooking, booking: &Booking) -> HotelBooking {
    let total = stay.total.or(booking.cost);
    match &booking.policy {
        Some(sold) if stay.refund == Policy::Unknown => HotelBooking { refund: sold.clone(), total, ..stay },
        _ => HotelBooking { total, ..stay },
    }
}
