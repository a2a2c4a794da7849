//! What suppliers offer, on its way to people and back: sealed, so that what comes back is what went out. Nothing of it is
//! stored before somebody books.

use dermaga_ports::{
    booking::{Day, Payload, Policy, TravellerKind},
    money::Money,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    Bookings,
    journey::{Crossing, Stay},
};
use crate::error::{Code, Error, Result};

/// When somebody wants a room, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Nights {
    pub check_in: Day,
    pub check_out: Day,
    pub rooms: u32,
    pub guests: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "offer", rename_all = "snake_case")]
pub(super) enum Offered {
    Flight {
        supplier: String,
        payload: Payload,
    },
    /// A house with free rooms.
    House {
        supplier: String,
        payload: Payload,
        nights: Nights,
    },
    /// A room at a price.
    Room {
        supplier: String,
        payload: Payload,
        stay: Stay,
    },
    /// A room at a price that was confirmed.
    Quote {
        supplier: String,
        payload: Payload,
        stay: Stay,
        total: Money,
        refund: Policy,
        expires_at: Option<Timestamp>,
    },
    Fare {
        supplier: String,
        payload: Payload,
        crossing: Crossing,
        seats: Vec<TravellerKind>,
        refund: Policy,
    },
}

impl Bookings {
    pub(super) fn sealed(&self, offered: &Offered) -> Result<String> {
        let content = serde_json::to_string(offered).map_err(Error::internal)?;
        Ok(self.0.ports.offer_seal.seal(&content))
    }

    /// What was offered under that id; `read` picks the kind that is wanted.
    ///
    /// # Errors
    /// [`crate::Code::Invalid`] at `pointer` for what was not offered here, or is something else.
    pub(super) fn offered<T>(&self, pointer: &str, id: &str, read: impl FnOnce(Offered) -> Option<T>) -> Result<T> {
        let content = self.0.ports.offer_seal.open(id);
        // One of another version is as old as one that has expired.
        let offered = content.and_then(|content| serde_json::from_str(&content).ok());
        offered.and_then(read).ok_or_else(|| Error::fault(pointer, "is nothing that was offered here: search again"))
    }

    /// What the customer pays for what costs us that.
    ///
    /// # Errors
    /// [`crate::Code::Invalid`] for a sum beyond what can be kept.
    pub(super) fn asked(&self, cost: Money) -> Result<Money> {
        if !cost.is_positive() {
            return Err(Error::new(Code::OfferGone, "The supplier names no price for it. Search again."));
        }
        let margin = i128::from(cost.amount()) * i128::from(self.0.policy.travel_margin);
        let margin = i64::try_from((margin + 9_999) / 10_000).unwrap_or(i64::MAX);
        Ok(Money::new(cost.amount().saturating_add(margin), cost.currency())?)
    }
}
