//! Events, tickets and the door.
//!
//! # Shape
//! [`Attendance`] is the handle. Committee members make events ([`NewEvent`]) and say what is sold of them, tickets are
//! issued by them or by an order ([`Attendance::issue_line`]), and `door` decides who is let in.
//!
//! # The door
//! What is shown is read first, outside any unit of work (`codes`): is it one of our codes, and is its signature good?
//! Then one unit of work asks whether the ticket is valid (`verdict`, pure), and only then whether somebody came with it
//! before: a cancelled ticket that is scanned twice must look cancelled, not used. That nobody comes twice is the
//! store's promise, so the last question is asked by writing. Whatever comes of it is on record, also a refusal.
//!
//! # Devices that cannot ask
//! They decide by themselves and tell later, with [`Scan::forced`]. What they did is on record whether it was right or
//! not; what contradicts is a conflict for people to look at, and counts nobody twice.

mod annul;
mod batch;
mod codes;
mod door;
mod events;
mod issue;
mod lines;
mod refusal;
mod report;
mod scan;
mod tickets;
mod verdict;

use std::sync::Arc;

pub use batch::{BatchResult, MAX_BATCH};
use dermaga_ports::{
    attendance::{Event, EventSlug, Staff},
    auth::{Principal, User},
};
pub use door::Scanned;
pub use events::{EventChange, NewEvent, NewTicketType};
pub use issue::NewTicket;
pub use lines::Holder;
pub use report::{Attending, Revocations};
pub use scan::Scan;

use crate::{
    auth::Permission,
    core::Core,
    error::{Code, Error, Result},
};

/// The use cases of attendance.
#[derive(Clone)]
pub struct Attendance(Arc<Core>);

impl Attendance {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// An event that the caller has read the id of somewhere.
    async fn known(&self, id: &str) -> Result<Event> {
        let found = match id.parse::<EventSlug>() {
            Ok(slug) => self.0.ports.store.attendance().event(&slug).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| no_event(id))
    }

    /// Who stands at the door.
    async fn staff(&self, by: &Principal, permission: Permission) -> Result<Staff> {
        let account = self.0.authorised(by, permission).await?;
        let name = |user: &User| match &user.username {
            Some(username) => Some(username.to_string()),
            None => user.full_name.clone(),
        };
        Ok(Staff { id: account.as_ref().map(|user| user.id), name: account.as_ref().and_then(name) })
    }
}

fn no_event(id: impl std::fmt::Display) -> Error {
    let shown: String = id.to_string().chars().filter(|c| !c.is_control()).take(64).collect();
    Error::new(Code::EventNotFound, format!("There is no event {shown:?}."))
}
