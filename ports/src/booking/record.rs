//! What one customer buys from one supplier.

use serde::{Deserialize, Serialize};

use super::{CancellationQuote, Contact, Day, Document, FerryVehicle, Payload, Personal, Policy, Traveller};
use crate::{
    ids::{BookingId, OrderId, UserId},
    money::Money,
    time::Timestamp,
};

/// What kind of thing it is, and with that what kind of supplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BookingKind {
    Flight,
    Hotel,
    Ferry,
    /// Credits and bills.
    Ppob,
}

impl BookingKind {
    /// Every kind.
    pub const ALL: [BookingKind; 4] = [Self::Flight, Self::Hotel, Self::Ferry, Self::Ppob];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flight => "flight",
            Self::Hotel => "hotel",
            Self::Ferry => "ferry",
            Self::Ppob => "ppob",
        }
    }
}

/// Where a booking stands; `domain::booking` says which moves there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BookingStatus {
    /// Priced; the supplier keeps nothing for it.
    Quoted,
    /// The supplier is asked to keep it, and may do so already.
    Holding,
    /// The supplier keeps it for a while.
    Held,
    /// Nobody paid in time.
    Lapsed,
    /// It is paid, and is being bought.
    Committing,
    /// The supplier may or may not have sold it.
    Unknown,
    /// Bought.
    Fulfilled,
    /// The supplier refused for good.
    Failed,
    /// Its cancellation is on the way.
    Cancelling,
    Cancelled,
}

impl BookingStatus {
    /// Every status.
    pub const ALL: [BookingStatus; 10] = [
        Self::Quoted,
        Self::Holding,
        Self::Held,
        Self::Lapsed,
        Self::Committing,
        Self::Unknown,
        Self::Fulfilled,
        Self::Failed,
        Self::Cancelling,
        Self::Cancelled,
    ];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quoted => "QUOTED",
            Self::Holding => "HOLDING",
            Self::Held => "HELD",
            Self::Lapsed => "LAPSED",
            Self::Committing => "COMMITTING",
            Self::Unknown => "UNKNOWN",
            Self::Fulfilled => "FULFILLED",
            Self::Failed => "FAILED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether it may still be ordered and paid.
    pub fn is_for_sale(self) -> bool {
        matches!(self, Self::Quoted | Self::Held)
    }

    /// Whether it is being bought, with an end that is not known yet.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Committing | Self::Unknown)
    }

    /// Whether the supplier has sold nothing, or nothing any more.
    pub fn is_void(self) -> bool {
        matches!(self, Self::Lapsed | Self::Failed | Self::Cancelled)
    }
}

/// Whose it is, and for whom. Sealed at rest, and erased with the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    pub travellers: Vec<Traveller>,
    pub contact: Option<Contact>,
    /// The number of a telephone, a meter or a customer of a biller.
    pub number: Option<Personal>,
    /// Whose number the biller says it is.
    pub holder: Option<Personal>,
    /// What comes aboard a ferry with them.
    pub vehicle: Option<FerryVehicle>,
    /// What they ask of a house.
    pub requests: Option<Personal>,
    /// Their number in a house's programme.
    pub loyalty_number: Option<Personal>,
}

/// What the supplier gave for the money. Sealed at rest: whoever has it can use it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// Tickets and vouchers.
    pub documents: Vec<Document>,
    /// What was delivered or the biller's receipt, as it came.
    pub serial: Option<Personal>,
    /// The twenty digits of a PLN token.
    pub token: Option<Personal>,
    /// Codes of credits that a carrier gave instead of money for a cancellation.
    pub credits: Vec<Personal>,
}

/// Until when what is true. Each clock belongs to somebody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clocks {
    /// The offer's.
    pub offer: Option<Timestamp>,
    /// When the supplier gives the seats away.
    pub hold: Option<Timestamp>,
    /// Until when the price stays.
    pub price: Option<Timestamp>,
    /// The only day on which a bill can be paid, in Jakarta.
    pub bill: Option<Day>,
}

/// Something that is bought from a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    pub id: BookingId,
    pub user: UserId,
    pub kind: BookingKind,
    /// The supplier's name.
    pub supplier: String,
    pub status: BookingStatus,
    /// Ours, at the supplier; stored before any call, and the same in each.
    pub reference: String,
    pub title: String,
    /// What the customer pays.
    pub price: Money,
    /// The most that it may cost us.
    pub max_cost: Money,
    /// What it cost us, as the supplier told.
    pub cost: Option<Money>,
    /// The order that it is a line of.
    pub order: Option<OrderId>,
    /// What is to be bought.
    pub offer: Payload,
    pub customer: Customer,
    /// What a cancellation pays back, as it was when it was sold.
    pub policy: Option<Policy>,
    pub clocks: Clocks,
    /// The supplier's own id of it.
    pub supplier_id: Option<String>,
    /// What people call it at the supplier: a PNR, the number of a voucher.
    pub supplier_reference: Option<String>,
    pub delivery: Delivery,
    /// What a cancellation would pay back, as the customer was told last.
    pub cancellation: Option<CancellationQuote>,
    /// When the supplier was first asked for what the status is about: to keep it, to sell it, to cancel it. From then on
    /// that may be done, unless the supplier denies it.
    pub sent_at: Option<Timestamp>,
    /// When it was paid: how long the supplier has had.
    pub paid_at: Option<Timestamp>,
    /// When somebody looks after it again.
    pub next_check_at: Option<Timestamp>,
    /// How often that was since the last change.
    pub checks: u32,
    /// Why it stands where it stands.
    pub reason: Option<String>,
    /// Only a person can say what comes next.
    pub frozen: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts the changes that were stored.
    pub revision: u64,
}

impl Booking {
    /// Until when it can be bought at all; without an end if its supplier set none.
    pub fn good_until(&self) -> Option<Timestamp> {
        let Clocks { offer, hold, price, bill: _ } = &self.clocks;
        // A hold outlives the offer that it was made from.
        let seat = hold.or(*offer);
        [seat, *price].into_iter().flatten().min()
    }

    /// Its status at that moment: whether its time is over does not depend on somebody having written it down.
    pub fn status_at(&self, now: Timestamp) -> BookingStatus {
        let over = self.good_until().is_some_and(|until| until <= now);
        if self.status.is_for_sale() && over { BookingStatus::Lapsed } else { self.status }
    }
}

/// Which bookings a list shows; everything that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookingFilter {
    pub user: Option<UserId>,
    pub kind: Option<BookingKind>,
    /// As it was written down last.
    pub status: Option<BookingStatus>,
    pub frozen: Option<bool>,
    pub order: Option<OrderId>,
}
