//! Bookings on the wire.

use dermaga_domain::booking::BookingView;
use dermaga_ports::{
    booking::{Booking, BookingKind, BookingStatus, Personal},
    orders::Order,
    payments::Payment,
    time::Timestamp,
};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use super::{
    journey::JourneyBody,
    papers::{DocumentBody, TravellerBody},
    policy::PolicyBody,
};
use crate::{
    orders::PlacedOrder,
    wire::{CurrencyCode, Moment},
};

/// What kind of thing is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "BookingKind", rename_all = "lowercase")]
pub enum BookingKindName {
    Flight,
    Hotel,
    Ferry,
    Ppob,
}

impl From<BookingKind> for BookingKindName {
    fn from(kind: BookingKind) -> Self {
        match kind {
            BookingKind::Flight => Self::Flight,
            BookingKind::Hotel => Self::Hotel,
            BookingKind::Ferry => Self::Ferry,
            BookingKind::Ppob => Self::Ppob,
        }
    }
}

impl From<BookingKindName> for BookingKind {
    fn from(name: BookingKindName) -> Self {
        match name {
            BookingKindName::Flight => Self::Flight,
            BookingKindName::Hotel => Self::Hotel,
            BookingKindName::Ferry => Self::Ferry,
            BookingKindName::Ppob => Self::Ppob,
        }
    }
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "BookingStatus", rename_all = "UPPERCASE")]
pub enum BookingStatusName {
    Quoted,
    /// The supplier is asked to keep it
    Holding,
    Held,
    Lapsed,
    Committing,
    Unknown,
    Fulfilled,
    Failed,
    Cancelling,
    Cancelled,
}

impl From<BookingStatus> for BookingStatusName {
    fn from(status: BookingStatus) -> Self {
        match status {
            BookingStatus::Quoted => Self::Quoted,
            BookingStatus::Holding => Self::Holding,
            BookingStatus::Held => Self::Held,
            BookingStatus::Lapsed => Self::Lapsed,
            BookingStatus::Committing => Self::Committing,
            BookingStatus::Unknown => Self::Unknown,
            BookingStatus::Fulfilled => Self::Fulfilled,
            BookingStatus::Failed => Self::Failed,
            BookingStatus::Cancelling => Self::Cancelling,
            BookingStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<BookingStatusName> for BookingStatus {
    fn from(name: BookingStatusName) -> Self {
        match name {
            BookingStatusName::Quoted => Self::Quoted,
            BookingStatusName::Holding => Self::Holding,
            BookingStatusName::Held => Self::Held,
            BookingStatusName::Lapsed => Self::Lapsed,
            BookingStatusName::Committing => Self::Committing,
            BookingStatusName::Unknown => Self::Unknown,
            BookingStatusName::Fulfilled => Self::Fulfilled,
            BookingStatusName::Failed => Self::Failed,
            BookingStatusName::Cancelling => Self::Cancelling,
            BookingStatusName::Cancelled => Self::Cancelled,
        }
    }
}

/// Something that is bought from a supplier.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Booking", skip_serializing_if_is_none)]
pub struct BookingBody {
    pub id: Uuid,
    pub user_id: Uuid,
    pub kind: BookingKindName,
    pub status: BookingStatusName,
    pub title: String,
    /// What the customer pays, in the currency's smallest unit
    pub price: i64,
    pub currency: CurrencyCode,
    /// The order that it is paid with
    pub order_id: Option<Uuid>,
    pub supplier: String,
    /// Our name for it at the supplier
    pub reference: String,
    /// What people call it at the supplier
    pub supplier_reference: Option<String>,
    /// For which number; only the last four characters
    pub customer_no: Option<String>,
    /// What was delivered, as the supplier gave it; for the customer alone
    pub serial: Option<String>,
    /// The twenty digits for the meter; for the customer alone
    pub token: Option<String>,
    /// What is travelled; not in lists
    pub journey: Option<JourneyBody>,
    /// Who travels; not in lists
    pub passengers: Option<Vec<TravellerBody>>,
    /// Tickets and vouchers; not in lists
    pub documents: Option<Vec<DocumentBody>>,
    /// What a cancellation pays back, as it was sold
    pub cancellation: Option<PolicyBody>,
    /// Codes of credits that came instead of money; for the customer alone
    pub credits: Option<Vec<String>>,
    /// Until when it can be bought
    pub good_until: Option<Moment>,
    /// Why it stands where it stands
    pub reason: Option<String>,
    /// A person has to say what comes next
    pub frozen: bool,
    /// Seconds since it was changed last
    pub age: u64,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl BookingBody {
    /// A booking as it stands at that moment, with what was delivered for whoever bought it.
    pub fn at(now: Timestamp, view: BookingView) -> Self {
        let BookingView { booking, journey, own } = view;
        let shown = |text: &Option<Personal>| text.as_ref().filter(|_| own).map(|text| text.reveal().to_owned());
        let (serial, token) = (shown(&booking.delivery.serial), shown(&booking.delivery.token));
        let credits: Vec<String> =
            booking.delivery.credits.iter().filter(|_| own).map(|code| code.reveal().to_owned()).collect();
        let passengers: Vec<_> = booking.customer.travellers.iter().map(TravellerBody::from).collect();
        let documents: Vec<_> = booking.delivery.documents.iter().map(|one| DocumentBody::of(one, own)).collect();
        Self {
            serial,
            token,
            journey: journey.map(Into::into),
            passengers: Some(passengers).filter(|all| !all.is_empty()),
            documents: Some(documents).filter(|all| !all.is_empty()),
            credits: Some(credits).filter(|all| !all.is_empty()),
            ..Self::in_a_list(now, booking)
        }
    }

    /// The same without what was delivered.
    pub fn in_a_list(now: Timestamp, booking: Booking) -> Self {
        Self {
            id: booking.id.into(),
            user_id: booking.user.into(),
            kind: booking.kind.into(),
            status: booking.status_at(now).into(),
            price: booking.price.amount(),
            currency: booking.price.currency().into(),
            order_id: booking.order.map(Into::into),
            customer_no: booking.customer.number.as_ref().map(masked),
            serial: None,
            token: None,
            journey: None,
            passengers: None,
            documents: None,
            cancellation: booking.policy.as_ref().map(Into::into),
            credits: None,
            good_until: booking.good_until().filter(|_| booking.status.is_for_sale()).map(Into::into),
            title: booking.title,
            supplier: booking.supplier,
            reference: booking.reference,
            supplier_reference: booking.supplier_reference,
            reason: booking.reason,
            frozen: booking.frozen,
            age: now.since(booking.updated_at).as_secs(),
            created_at: booking.created_at.into(),
            updated_at: booking.updated_at.into(),
        }
    }
}

/// All but the last four characters are hidden, and of what is short everything.
pub(super) fn masked(number: &Personal) -> String {
    let characters: Vec<char> = number.reveal().chars().collect();
    let shown = if characters.len() >= 8 { 4 } else { 0 };
    let hidden = characters.len() - shown;
    characters.iter().enumerate().map(|(place, c)| if place < hidden { '*' } else { *c }).collect()
}

/// A booking, its order, and what is to be done to pay it.
#[derive(Debug, Clone, Object)]
pub struct Booked {
    pub booking: BookingBody,
    pub order: PlacedOrder,
}

impl Booked {
    /// As it stands at that moment.
    pub fn at(now: Timestamp, booking: BookingBody, placed: (Order, Option<Payment>)) -> Self {
        Self { booking, order: PlacedOrder::at(now, placed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_number_only_the_end_is_shown() {
        for (number, shown) in [("081234567890", "********7890"), ("12345678", "****5678"), ("1234567", "*******")] {
            assert_eq!(masked(&Personal::new(number)), shown);
        }
    }
}
