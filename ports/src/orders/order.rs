//! An order and its lines.

use std::fmt;

use uuid::Uuid;

use crate::{
    ids::{BookingId, ItemId, OrderId, ProductId, TicketTypeId, TransactionId, UserId},
    money::Money,
    time::Timestamp,
};

/// The most lines of an order.
pub const MAX_LINES: usize = 100;
/// The most pieces of a line.
pub const MAX_QUANTITY: i64 = 1_000_000;

/// Where an order stands; `domain::orders` says which moves there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Put together; nothing is reserved.
    Draft,
    /// Placed: everything is reserved, and the time to pay runs.
    Confirmed,
    /// The money is there.
    Paid,
    /// Everything was delivered.
    Completed,
    Cancelled,
    /// The time to pay ran out.
    Expired,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [OrderStatus; 6] =
        [Self::Draft, Self::Confirmed, Self::Paid, Self::Completed, Self::Cancelled, Self::Expired];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Confirmed => "CONFIRMED",
            Self::Paid => "PAID",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// What people call an order: eight characters that cannot be mistaken for each other, as `K7M2-9QXD`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderNumber(pub String);

/// Crockford's alphabet: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl OrderNumber {
    /// The number that follows from an id; another one for each `attempt`, for when a number is taken.
    pub fn of(order: OrderId, attempt: u8) -> Self {
        let digest = Uuid::new_v5(&order.0, &[attempt]).as_u128();
        let digit = |position: u32| char::from(ALPHABET[(digest >> (5 * position)) as usize & 31]);
        let (front, back): (String, String) = ((0..4).map(digit).collect(), (4..8).map(digit).collect());
        Self(format!("{front}-{back}"))
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ware {
    Product(ProductId),
    /// Tickets of one kind.
    Ticket(TicketTypeId),
    /// What is bought from a supplier once the order is paid; one piece of it.
    Booking(BookingId),
}

impl Ware {
    /// The kind in the database and on the wire.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Product(_) => "product",
            Self::Ticket(_) => "ticket",
            Self::Booking(_) => "booking",
        }
    }

    /// Of what there are only so many.
    pub fn item(self) -> Option<ItemId> {
        match self {
            Self::Product(id) => Some(id.into()),
            Self::Ticket(id) => Some(id.into()),
            Self::Booking(_) => None,
        }
    }

    /// Which booking it is, if it is one.
    pub fn booking(self) -> Option<BookingId> {
        match self {
            Self::Product(_) | Self::Ticket(_) => None,
            Self::Booking(id) => Some(id),
        }
    }
}

/// A line of an order, as it was ordered: later changes of name and price leave it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub ware: Ware,
    pub title: String,
    /// From 1 to [`MAX_QUANTITY`].
    pub quantity: i64,
    pub unit_price: Money,
    /// What the buyer wrote about it.
    pub note: Option<String>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub number: OrderNumber,
    pub buyer: UserId,
    pub status: OrderStatus,
    /// At least one.
    pub lines: Vec<Line>,
    pub total: Money,
    /// Until when the buyer may pay; none for a draft.
    pub pay_by: Option<Timestamp>,
    /// Until when money counts: a little later, because gateways tell a little later. Then everything that is reserved is
    /// free again, and money that comes goes back.
    pub deadline: Option<Timestamp>,
    /// Why it was cancelled.
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts the changes that were stored.
    pub revision: u64,
}

impl Order {
    /// The transaction that carries its money.
    pub fn transaction(&self) -> TransactionId {
        TransactionId(self.id.0)
    }

    /// Its status at that moment: whether the deadline has passed does not depend on somebody having written it down.
    pub fn status_at(&self, now: Timestamp) -> OrderStatus {
        match self.status {
            OrderStatus::Confirmed if self.deadline.is_some_and(|deadline| deadline <= now) => OrderStatus::Expired,
            status => status,
        }
    }

    /// The bookings among its lines, in ascending order of id.
    pub fn bookings(&self) -> Vec<BookingId> {
        let mut bookings: Vec<BookingId> = self.lines.iter().filter_map(|line| line.ware.booking()).collect();
        bookings.sort_unstable();
        bookings
    }

    /// How many of each item it needs, in ascending order of id: several lines may be about one item.
    pub fn items(&self) -> Vec<(ItemId, i64)> {
        let mut items: Vec<(ItemId, i64)> = Vec::new();
        for line in &self.lines {
            let Some(item) = line.ware.item() else { continue };
            match items.iter_mut().find(|(known, _)| *known == item) {
                Some((_, quantity)) => *quantity += line.quantity,
                None => items.push((item, line.quantity)),
            }
        }
        items.sort_unstable();
        items
    }
}

/// Which orders a list shows; everything that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub buyer: Option<UserId>,
    /// At the moment of the question.
    pub status: Option<OrderStatus>,
    pub number: Option<OrderNumber>,
    pub product: Option<ProductId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_two_groups_of_characters_nobody_confuses() {
        let id = OrderId(Uuid::from_u128(7));
        let number = OrderNumber::of(id, 0);
        let (front, back) = number.0.split_once('-').expect("two groups");
        assert!(front.len() == 4 && back.len() == 4, "{number}");
        assert!(number.0.bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)), "{number}");
        assert_eq!(number, OrderNumber::of(id, 0));
        assert_ne!(number, OrderNumber::of(id, 1));
    }
}
