//! An event with its committee, on a desk.

use dermaga_domain::attendance::{NewEvent, NewTicket, NewTicketType, Scan, Scanned};
use dermaga_ports::{
    attendance::{Admission, Direction, Entry, Event, Ticket, TicketType},
    auth::{Principal, Role},
    time::Timestamp,
};

use crate::desk::{Desk, settling};

pub const EVENT: &str = "evt1";

/// So many seconds after every test begins.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + seconds * 1_000_000)
}

/// From now on for a day.
pub fn new_event(id: &str) -> NewEvent {
    NewEvent {
        id: id.to_owned(),
        name: "Konser".to_owned(),
        venue: None,
        starts_at: at(0),
        ends_at: at(86_400),
        doors_at: None,
        capacity: None,
        admission: Admission::Listed,
        entry: Entry::Single,
    }
}

pub fn new_type(name: &str, quota: u32) -> NewTicketType {
    NewTicketType {
        name: name.to_owned(),
        price: 150_000,
        currency: None,
        quota,
        sale_from: None,
        sale_until: None,
        valid_from: None,
        valid_until: None,
    }
}

/// What a phone shows.
pub fn scan(shown: &str) -> Scan {
    Scan {
        event: EVENT.to_owned(),
        shown: shown.to_owned(),
        direction: Direction::Entry,
        device: None,
        gate: None,
        nonce: None,
        at: None,
        forced: false,
    }
}

pub struct Door {
    pub desk: Desk,
    pub panitia: Principal,
    pub event: Event,
}

impl Door {
    pub async fn of(event: NewEvent) -> Self {
        let desk = Desk::with(settling()).await;
        let (panitia, _) = desk.person_of("panitia1", Role::Committee).await;
        let event = desk.app.attendance.create(&panitia, event).await.expect("made");
        Self { desk, panitia, event }
    }

    pub async fn open() -> Self {
        Self::of(NewEvent { admission: Admission::Open, ..new_event(EVENT) }).await
    }

    pub async fn listed() -> Self {
        Self::of(new_event(EVENT)).await
    }

    pub async fn sell(&self, new: NewTicketType) -> TicketType {
        let id = self.desk.id();
        self.desk.app.attendance.create_type(&self.panitia, id, EVENT, new).await.expect("made")
    }

    pub async fn issue(&self, new: NewTicket) -> Ticket {
        let new = NewTicket { holder: "Siti".to_owned(), ..new };
        self.desk.app.attendance.issue(&self.panitia, self.desk.id(), EVENT, new).await.expect("issued")
    }

    /// What stands in the QR of a ticket.
    pub async fn code(&self, ticket: &Ticket) -> String {
        self.desk.app.attendance.ticket_code(&self.panitia, ticket.id).await.expect("a code")
    }

    pub async fn scanned(&self, scan: Scan) -> Scanned {
        self.desk.app.attendance.check_in(&self.panitia, self.desk.id(), scan).await.expect("on record")
    }

    /// `ok`, or the reason.
    pub async fn told(&self, scan: Scan) -> &'static str {
        self.scanned(scan).await.refusal().map_or("ok", |refusal| refusal.code().as_str())
    }

    pub async fn total(&self) -> u64 {
        let page = dermaga_ports::paging::PageRequest::first(10);
        let found = self.desk.app.attendance.attendance(&self.panitia, EVENT, Default::default(), page).await;
        found.expect("counted").attended.total
    }
}
