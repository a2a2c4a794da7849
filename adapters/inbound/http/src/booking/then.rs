//! What the bookings of flights, rooms and crossings share on the wire.

use dermaga_domain::{
    Error, Result,
    booking::{Booked, BookingView, Then},
};
use dermaga_ports::{auth::Principal, time::Timestamp};
use poem_openapi::Object;

use super::wire::BookingBody;
use crate::{orders::PlacedOrder, payments::PaymentChoice};

/// A booking, and the order that it is paid with.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct BookedJourney {
    pub booking: BookingBody,
    /// Not there if none was wanted yet
    pub order: Option<PlacedOrder>,
}

impl BookedJourney {
    /// As it stands at that moment.
    pub fn at(now: Timestamp, by: &Principal, booked: Booked) -> Result<Self> {
        let Booked { booking, order } = booked;
        let booking = BookingBody::at(now, BookingView::of(by, booking)?);
        Ok(Self { booking, order: order.map(|placed| PlacedOrder::at(now, placed)) })
    }
}

/// What shall follow on the booking.
pub fn then(order: Option<bool>, payment: Option<PaymentChoice>) -> Result<Then> {
    match (order, payment) {
        (Some(false), None) => Ok(Then::Wait),
        (Some(false), Some(_)) => Err(Error::fault("/payment", "must not be given without an order")),
        (_, payment) => {
            let method = payment.map(PaymentChoice::read).transpose();
            Ok(Then::Order(method.map_err(|error| error.within("/payment"))?))
        }
    }
}

/// The ages of children, as `9,1`.
pub struct Ages(pub Vec<u8>);

impl Ages {
    pub fn read(text: Option<&str>) -> Result<Self> {
        let texts = text.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|age| !age.is_empty());
        let ages: std::result::Result<_, _> = texts.map(str::parse).collect();
        ages.map(Self).map_err(|_| Error::fault("/children", "must be ages from 0 to 17 with commas between them"))
    }
}
