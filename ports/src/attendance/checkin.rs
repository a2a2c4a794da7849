//! Scans: who was let in, and who was not.

use uuid::Uuid;

use super::{EventSlug, event::words};
use crate::{
    ids::{CheckinId, TicketId, UserId},
    time::Timestamp,
};

words! {
    /// Which way through the door.
    Direction {
        Entry = "entry",
        Exit = "exit",
    }
    /// What came of a scan.
    Outcome {
        /// Let through, and it counts.
        Ok = "ok",
        /// Not let through.
        Refused = "refused",
        /// Let through by a device that could not ask, against the rules: on record, and not counted.
        Conflict = "conflict",
    }
    /// Why somebody is not let through. The names are for programs and never change.
    Reason {
        UnknownCode = "unknown_code",
        UnreadableCode = "unreadable_code",
        ForgedCode = "forged_code",
        WrongEvent = "wrong_event",
        NotOnList = "not_on_list",
        Revoked = "revoked",
        Cancelled = "cancelled",
        NotYetValid = "not_yet_valid",
        Expired = "expired",
        ListClosed = "list_closed",
        NoExits = "no_exits",
        AlreadyEntered = "already_entered",
        NotInside = "not_inside",
        EventFull = "event_full",
    }
}

/// Who stands at the door, as others may call them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Nobody's if the command line did it.
    pub id: Option<UserId>,
    /// Their username, or else their full name. It is looked up, not kept; whoever closed their account has none.
    pub name: Option<String>,
}

impl Staff {
    /// What to call them.
    pub fn label(&self) -> String {
        match (&self.name, self.id) {
            (Some(name), _) => name.clone(),
            (None, Some(id)) => id.to_string(),
            (None, None) => "operator".to_owned(),
        }
    }
}

/// A scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkin {
    pub id: CheckinId,
    pub event: EventSlug,
    /// What counts once: the id of a ticket, or whatever was shown where no tickets are issued.
    pub code: String,
    pub ticket: Option<TicketId>,
    pub direction: Direction,
    pub outcome: Outcome,
    /// Why not; nothing if the outcome is [`Outcome::Ok`].
    pub reason: Option<Reason>,
    /// The passage that stands in the way of this one.
    pub against: Option<CheckinId>,
    /// Whether the event lets in once only; then the store lets this be [`Outcome::Ok`] once only.
    pub once: bool,
    pub by: Staff,
    pub device: Option<String>,
    pub gate: Option<String>,
    /// What the device calls this scan, so that it can ask again.
    pub nonce: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// When the device says that it happened.
    pub device_at: Option<Timestamp>,
    /// When this system heard of it.
    pub recorded_at: Timestamp,
    /// The device had decided before it asked.
    pub forced: bool,
    pub annulled_at: Option<Timestamp>,
    pub annulled_by: Option<UserId>,
}

impl Checkin {
    /// Whether somebody went through the door.
    pub fn passed(&self) -> bool {
        self.outcome != Outcome::Refused && self.annulled_at.is_none()
    }
}

/// Where the holder of a ticket is, for events that one may leave and enter again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    pub event: EventSlug,
    pub code: String,
    pub inside: bool,
    /// The last passage that counted.
    pub last: Option<Uuid>,
}

/// Which scans are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckinFilter {
    /// Those that count unless given.
    pub outcome: Option<Outcome>,
}
