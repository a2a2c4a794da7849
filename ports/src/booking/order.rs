//! What journeys have in common once they are ordered.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Personal;
use crate::{money::Money, time::Timestamp};

/// What an adapter needs to book its own offer again: several KiB of JSON at the most. Nobody else reads it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payload(pub String);

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// Whether the supplier gets its money now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paying {
    /// The seats are held, and paid for later.
    Later,
    /// With the booking.
    Now,
}

/// What an offer promises to who does not pay at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// When the seats are given away.
    pub pay_by: Option<Timestamp>,
    /// Until when the price stays; with nothing here it may change at once.
    pub price_guaranteed_until: Option<Timestamp>,
}

/// Where an order stands at its supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Seats without money.
    Held,
    /// The hold ended without payment.
    Lapsed,
    /// Paid for, but there is no ticket yet: it may come later.
    Confirmed,
    /// There is a ticket.
    Ticketed,
    /// The journey began.
    Used,
    Cancelled,
    Failed,
    /// A word that this version does not know.
    Unrecognised(String),
}

/// What somebody shows at the gate, or keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub kind: DocumentKind,
    pub number: String,
    /// Whose it is: an index into the travellers; nobody's if it is the vehicle's or everybody's.
    pub traveller: Option<usize>,
    /// The content of a code to be scanned. Whoever has it can travel, so `Debug` hides it.
    pub qr: Option<Personal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    ETicket,
    /// For something beside the seat.
    Emd,
    Voucher,
    /// Of a ferry. It is exchanged for a boarding pass at the port, and is none itself.
    FerryTicket,
    /// Of the vehicle on a ferry.
    VehicleTicket,
}

/// How to look for what may have been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeKey {
    /// Ours, as it was given with the booking.
    pub reference: String,
    /// What was to be booked.
    pub offer: Payload,
}

/// What a cancellation would pay back, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationQuote {
    /// The supplier's id, to confirm it.
    pub id: String,
    pub order_id: String,
    /// Nothing if the supplier tells no sum, which happens with credits.
    pub refund: Option<Money>,
    pub fee: Option<Money>,
    pub refund_to: RefundTo,
    pub expires_at: Option<Timestamp>,
}

/// Where a refund goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundTo {
    /// Back to our balance: money.
    Balance,
    /// To the card or account that paid: money, but not to us.
    OriginalPayment,
    /// A credit with the carrier in the traveller's name: no money.
    Credits,
    Voucher,
    /// Nothing was paid.
    NothingPaid,
    /// A word that this version does not know.
    Unrecognised(String),
}

impl RefundTo {
    /// Whether money comes back to us.
    pub fn is_money(&self) -> bool {
        matches!(self, Self::Balance)
    }
}

/// What a confirmed cancellation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    pub order_id: String,
    pub refund: Option<Money>,
    pub refund_to: RefundTo,
    /// Codes of credits, each as the carrier wrote it; worth money, so `Debug` hides them.
    pub credits: Vec<Personal>,
    pub at: Option<Timestamp>,
}
