//! Where all of it is kept.

use async_trait::async_trait;

use super::{
    Checkin, CheckinFilter, Event, EventSlug, OrderLine, Presence, SecretKey, Ticket, TicketKey, TicketState,
    TicketType,
};
use crate::{
    StoreError,
    ids::{CheckinId, TicketId, TicketTypeId, UserId},
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// Whether an event has a place for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Places {
    Taken,
    /// All of them are taken.
    Full,
}

/// Events inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Events: Send {
    /// # Errors
    /// [`StoreError::Conflict`] with [`crate::Unique::EventSlug`] if there is one of this name; the unit goes on.
    async fn add(&mut self, event: &Event) -> Result<(), StoreError>;

    /// Locked against changes and against check-ins: whoever holds it knows that nobody is at the door.
    async fn find(&mut self, id: &EventSlug) -> Result<Option<Event>, StoreError>;

    /// Locked against changes, together with everybody else who is at the door.
    async fn find_at_door(&mut self, id: &EventSlug) -> Result<Option<Event>, StoreError>;

    /// Writes what may change. The event MUST have been found in this unit. The places that are taken are counted again.
    async fn save(&mut self, event: &Event) -> Result<(), StoreError>;

    /// Takes one of so many places. Of two who want the last one, one gets it.
    async fn take_place(&mut self, id: &EventSlug, capacity: u32) -> Result<Places, StoreError>;

    /// Gives one back.
    async fn free_place(&mut self, id: &EventSlug) -> Result<(), StoreError>;

    /// Whether anybody has come through the door.
    async fn has_checkins(&mut self, id: &EventSlug) -> Result<bool, StoreError>;

    /// # Errors
    /// [`StoreError::Conflict`] with [`crate::Unique::Id`], or with [`crate::Unique::TicketTypeName`] for a second one of
    /// this name; the unit goes on.
    async fn add_type(&mut self, ticket_type: &TicketType) -> Result<(), StoreError>;

    /// Locked.
    async fn find_type(&mut self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError>;

    /// Counts tickets that are gone, or back if it is negative. The type MUST have been found in this unit.
    async fn count_issued(&mut self, id: TicketTypeId, change: i64) -> Result<(), StoreError>;
}

/// Tickets inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Tickets: Send {
    /// # Errors
    /// [`StoreError::Conflict`] with [`crate::Unique::Id`]; the unit goes on.
    async fn add(&mut self, ticket: &Ticket) -> Result<(), StoreError>;

    /// Locked.
    async fn find(&mut self, id: TicketId) -> Result<Option<Ticket>, StoreError>;

    /// All tickets of a line, in the order of their ids, locked.
    async fn of_line(&mut self, line: OrderLine) -> Result<Vec<Ticket>, StoreError>;

    /// Writes the state and what belongs to it. The ticket MUST have been found in this unit.
    async fn save(&mut self, ticket: &Ticket) -> Result<(), StoreError>;

    /// Forgets the names on the tickets of somebody who closes their account.
    async fn forget_holder(&mut self, user: UserId) -> Result<u64, StoreError>;
}

/// Scans inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Checkins: Send {
    /// Puts a scan on record.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], and the unit goes on and has written nothing:
    /// - [`crate::Unique::Entry`]: this code has entered this event, which lets in once. MUST hold however many try at
    ///   the same moment: of scans with [`Checkin::once`] that are entries, [`super::Outcome::Ok`] and not annulled there
    ///   is at most one for each event and code.
    /// - [`crate::Unique::Nonce`]: this device has used this nonce.
    async fn add(&mut self, checkin: &Checkin) -> Result<(), StoreError>;

    /// Locked.
    async fn find(&mut self, id: CheckinId) -> Result<Option<Checkin>, StoreError>;

    /// The entry of this code that counts, if there is one: where one enters once, the one there is; otherwise the last.
    async fn entered(&mut self, event: &EventSlug, code: &str) -> Result<Option<Checkin>, StoreError>;

    /// Where the holder of this code is, locked: a second one who asks waits. Made on the first question, outside.
    async fn presence(&mut self, event: &EventSlug, code: &str) -> Result<Presence, StoreError>;

    /// The presence MUST have been asked for in this unit.
    async fn save_presence(&mut self, presence: &Presence) -> Result<(), StoreError>;

    /// Writes that a scan does not count any more.
    async fn annul(&mut self, checkin: &Checkin) -> Result<(), StoreError>;
}

/// The keys that sign codes, inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TicketKeys: Send {
    /// # Errors
    /// [`StoreError::Conflict`] with [`crate::Unique::TicketKey`] if there is one of this number; the unit goes on.
    async fn add(&mut self, key: &TicketKey, secret: &SecretKey) -> Result<(), StoreError>;
}

/// Which tickets are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TicketFilter {
    pub state: Option<TicketState>,
    pub user: Option<UserId>,
}

/// How an event is attended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attended {
    /// Codes that have entered.
    pub total: u64,
    /// How many are inside; for events that one enters once, all of them.
    pub inside: u64,
}

/// A code that went through the door more often than it may, or that should not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passages {
    pub code: String,
    /// Every passage, in the order in which they happened.
    pub passages: Vec<Checkin>,
}

/// A ticket that does not let in any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    pub ticket: TicketId,
    pub state: TicketState,
    pub at: Timestamp,
}

/// Everything about attendance, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AttendanceQueries: Send + Sync {
    async fn event(&self, id: &EventSlug) -> Result<Option<Event>, StoreError>;

    /// In the order of their ids.
    async fn events(&self, page: PageRequest<EventSlug>) -> Result<Page<Event, EventSlug>, StoreError>;

    /// All of an event, oldest first.
    async fn ticket_types(&self, event: &EventSlug) -> Result<Vec<TicketType>, StoreError>;

    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError>;

    async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, StoreError>;

    /// In the order of their ids.
    async fn tickets(
        &self,
        event: &EventSlug,
        filter: TicketFilter,
        page: PageRequest<TicketId>,
    ) -> Result<Page<Ticket, TicketId>, StoreError>;

    /// Tickets that stopped letting in at or after that moment, in the order in which they did; at most so many.
    async fn revocations(&self, event: &EventSlug, since: Timestamp, limit: u32) -> Result<Vec<Revoked>, StoreError>;

    async fn checkin(&self, id: CheckinId) -> Result<Option<Checkin>, StoreError>;

    /// What a device has called by that name.
    async fn by_nonce(&self, device: &str, nonce: &str) -> Result<Option<Checkin>, StoreError>;

    async fn attended(&self, event: &Event) -> Result<Attended, StoreError>;

    /// Scans of an event in the order in which they were recorded. Annulled ones are left out of those that count.
    async fn checkins(
        &self,
        event: &EventSlug,
        filter: CheckinFilter,
        page: PageRequest<CheckinId>,
    ) -> Result<Page<Checkin, CheckinId>, StoreError>;

    /// What was recorded or annulled at or after that moment, in the order of ids.
    async fn changes(
        &self,
        event: &EventSlug,
        since: Timestamp,
        page: PageRequest<CheckinId>,
    ) -> Result<Page<Checkin, CheckinId>, StoreError>;

    /// Codes with a conflict, in the order of their texts.
    async fn conflicts(
        &self,
        event: &EventSlug,
        page: PageRequest<String>,
    ) -> Result<Page<Passages, String>, StoreError>;

    /// All keys, newest first.
    async fn ticket_keys(&self) -> Result<Vec<TicketKey>, StoreError>;

    async fn ticket_key(&self, number: u32) -> Result<Option<TicketKey>, StoreError>;

    /// The newest key, to sign with.
    async fn signing_key(&self) -> Result<Option<(TicketKey, SecretKey)>, StoreError>;
}
