//! What is sold of an event, and what was.

use uuid::Uuid;

use super::{EventSlug, event::words};
use crate::{
    ids::{OrderId, TicketId, TicketTypeId, UserId},
    money::Money,
    time::Timestamp,
};

/// A kind of ticket of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketType {
    pub id: TicketTypeId,
    pub event: EventSlug,
    pub name: String,
    pub price: Money,
    /// How many there are.
    pub quota: u32,
    /// How many of them are gone. Cancelled ones are back.
    pub issued: u32,
    /// When it can be bought; at any time unless given.
    pub sale_from: Option<Timestamp>,
    pub sale_until: Option<Timestamp>,
    /// When its tickets let in; whenever the doors are open unless given.
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl TicketType {
    /// How many can still be issued.
    pub fn left(&self) -> u32 {
        self.quota.saturating_sub(self.issued)
    }

    /// Whether it can be bought at that moment.
    pub fn is_on_sale(&self, at: Timestamp) -> bool {
        self.sale_from.is_none_or(|from| at >= from) && self.sale_until.is_none_or(|until| at < until)
    }
}

words! {
    /// Whether a ticket lets in.
    TicketState {
        /// It does.
        Valid = "VALID",
        /// Somebody took it back: it was stolen, or given by mistake.
        Revoked = "REVOKED",
        /// What it was bought with was cancelled.
        Cancelled = "CANCELLED",
    }
}

/// What tickets were bought with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderLine {
    pub order: OrderId,
    pub line: u32,
}

/// The space of the ids below.
const TICKETS: Uuid = Uuid::from_u128(0x5f1d_2b54_7c0e_5a0b_9e64_3c1a_d7f2_8e11);

impl OrderLine {
    /// The id of the ticket at a position of this line: whoever issues it again finds it.
    pub fn ticket(self, position: u32) -> TicketId {
        let mut name = [0; 24];
        name[..16].copy_from_slice(self.order.0.as_bytes());
        name[16..20].copy_from_slice(&self.line.to_be_bytes());
        name[20..].copy_from_slice(&position.to_be_bytes());
        TicketId(Uuid::new_v5(&TICKETS, &name))
    }
}

/// A ticket: one person, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub id: TicketId,
    pub event: EventSlug,
    pub ticket_type: Option<TicketTypeId>,
    /// Who comes with it.
    pub holder: Option<String>,
    /// Whose account it is in.
    pub user: Option<UserId>,
    /// What it was bought with; nothing if somebody issued it.
    pub order: Option<OrderLine>,
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub state: TicketState,
    /// When and why it was taken back.
    pub ended_at: Option<Timestamp>,
    pub ended_because: Option<String>,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_ticket_of_an_order_has_the_same_id_every_time_and_nobody_elses() {
        let line = |order, line| OrderLine { order: OrderId(Uuid::from_u128(order)), line };
        assert_eq!(line(1, 2).ticket(3), line(1, 2).ticket(3));
        assert_eq!(line(1, 2).ticket(3).0.get_version_num(), 5);
        let mut all = HashSet::new();
        for order in 1..5 {
            for number in 0..5 {
                all.extend((0..5).map(|position| line(order, number).ticket(position)));
            }
        }
        assert_eq!(all.len(), 100);
    }
}
