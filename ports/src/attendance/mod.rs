//! Events that people attend: tickets, and what happens at the door.
//!
//! # Shape
//! An [`Event`] is known by a readable [`EventSlug`]. [`TicketType`]s say what is sold of it, a [`Ticket`] lets one person
//! in, and its [`TicketCode`] proves that without asking anybody. Every scan leaves a [`Checkin`], whether somebody was
//! let in or not.
//!
//! # Twice is the whole problem
//! A ticket lets in once. That is a promise of the store: see [`Checkins::add`] for events that one enters once, and
//! [`Checkins::presence`] for those that one may leave and enter again. Rules decide on what they read, and two of them
//! may read at the same moment.

mod checkin;
mod code;
mod event;
mod repository;
mod signing;
mod ticket;

pub use checkin::{Checkin, CheckinFilter, Direction, Outcome, Presence, Reason, Staff};
pub use code::{CODE_PREFIX, CodeFault, SignedCode, TicketCode};
pub use event::{Admission, Doors, Entry, Event, EventSlug};
pub use repository::{
    AttendanceQueries, Attended, Checkins, Events, Passages, Places, Revoked, TicketFilter, TicketKeys, Tickets,
};
#[cfg(feature = "mocks")]
pub use repository::{MockAttendanceQueries, MockCheckins, MockEvents, MockTicketKeys, MockTickets};
#[cfg(feature = "mocks")]
pub use signing::MockTicketSigner;
pub use signing::{SecretKey, TicketKey, TicketSigner};
pub use ticket::{OrderLine, Ticket, TicketState, TicketType};
