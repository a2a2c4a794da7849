//! What is to be bought, as it is kept with the booking.

use dermaga_ports::{
    booking::{BillLine, Booking, Day, Payload},
    money::Money,
};
use serde::{Deserialize, Serialize};

use super::journey::Journey;
use crate::error::{Error, Result};

#[expect(clippy::large_enum_variant, reason = "one of them at a time, read from the store and dropped")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Wanted {
    Credit { sku: String },
    Bill(WantedBill),
    Journey(WantedJourney),
}

/// A bill as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WantedBill {
    pub sku: String,
    pub payable_on: Day,
    pub cost: Money,
    pub period: Option<String>,
    pub lines: Vec<BillLine>,
}

/// A flight, a room or a crossing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WantedJourney {
    /// What the supplier's adapter books again.
    pub payload: Payload,
    pub journey: Journey,
}

impl Wanted {
    pub fn payload(&self) -> Result<Payload> {
        serde_json::to_string(self).map(Payload).map_err(Error::internal)
    }

    /// What a booking's payload says.
    ///
    /// # Errors
    /// An internal one for what this program did not write.
    pub fn of(booking: &Booking) -> Result<Self> {
        serde_json::from_str(&booking.offer.0)
            .map_err(|error| Error::internal(format!("booking {} has an unreadable offer: {error}", booking.id)))
    }

    /// The journey of a booking that is one.
    ///
    /// # Errors
    /// An internal one for anything else.
    pub fn journey_of(booking: &Booking) -> Result<WantedJourney> {
        match Self::of(booking)? {
            Self::Journey(journey) => Ok(journey),
            _ => Err(Error::internal(format!("booking {} is no journey", booking.id))),
        }
    }
}
