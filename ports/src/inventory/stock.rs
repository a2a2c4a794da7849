//! Stock: how many there are, for whom they are kept, and how it came about.

use crate::{
    ids::{ItemId, MovementId, OrderId},
    time::Timestamp,
};

/// The most that can be on hand of one item.
pub const MAX_STOCK: i64 = 1_000_000_000;

/// The counters of an item. `0 <= allocated <= on_hand <= MAX_STOCK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    pub item: ItemId,
    /// What is in the store-room.
    pub on_hand: i64,
    /// What of it belongs to orders that are paid and not yet completed.
    pub allocated: i64,
}

/// An item's counters and what orders that are not paid yet hold of it, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    pub stock: Stock,
    /// Holds that have not expired.
    pub held: i64,
}

impl Availability {
    /// How many can be ordered right now. Never below 0.
    pub fn available(&self) -> i64 {
        (self.stock.on_hand - self.stock.allocated - self.held).max(0)
    }
}

/// What an order keeps for itself until it is paid; free again by itself at its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    pub order: OrderId,
    pub item: ItemId,
    /// More than 0.
    pub quantity: i64,
    pub expires_at: Timestamp,
}

/// Why counters changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// Goods came in.
    Received,
    /// Somebody counted, or goods are lost or spoilt.
    Adjusted,
    /// An order was paid: its goods are put aside.
    Allocated,
    /// A paid order was cancelled: its goods are free again.
    Released,
    /// An order was completed: its goods are gone.
    Sold,
    /// The counters were set to what the journal says.
    Repaired,
}

impl MovementKind {
    /// Every kind.
    pub const ALL: [MovementKind; 6] =
        [Self::Received, Self::Adjusted, Self::Allocated, Self::Released, Self::Sold, Self::Repaired];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Adjusted => "ADJUSTED",
            Self::Allocated => "ALLOCATED",
            Self::Released => "RELEASED",
            Self::Sold => "SOLD",
            Self::Repaired => "REPAIRED",
        }
    }
}

/// An entry of the stock journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub id: MovementId,
    pub item: ItemId,
    pub kind: MovementKind,
    /// What is added to `on_hand`; may be negative.
    pub on_hand: i64,
    /// What is added to `allocated`; may be negative.
    pub allocated: i64,
    /// The order that caused it.
    pub order: Option<OrderId>,
    pub reason: Option<String>,
    /// As the audit trail names whoever did it.
    pub actor: String,
    pub at: Timestamp,
}

/// An item's counters beside what its journal says they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recount {
    pub kept: Stock,
    pub counted: Stock,
    /// What the lines of PAID orders say is allocated.
    pub promised: i64,
}

impl Recount {
    /// Whether the three agree.
    pub fn agrees(&self) -> bool {
        self.kept == self.counted && self.kept.allocated == self.promised
    }
}
