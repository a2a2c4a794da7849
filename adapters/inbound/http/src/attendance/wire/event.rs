//! Events and what is sold of them, on the wire.

use dermaga_domain::attendance::{EventChange, NewEvent, NewTicketType};
use dermaga_ports::attendance::{Admission, Entry, Event, TicketType};
use poem_openapi::Object;
use uuid::Uuid;

use super::{AdmissionWord, EntryWord};
use crate::wire::{CurrencyCode, Moment, currency_text};

/// What an event shall be.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewEvent", skip_serializing_if_is_none)]
pub struct NewEventBody {
    /// What it is called in addresses: 2 to 64 lower-case letters, digits, dashes or underscores
    pub event_id: String,
    pub name: String,
    pub venue: Option<String>,
    pub starts_at: Moment,
    /// After this nobody is let in
    pub ends_at: Moment,
    /// Before this nobody is let in; at any time unless given
    pub doors_at: Option<Moment>,
    /// How many may come, or be inside at once where one may come back; no limit unless given
    pub capacity: Option<u32>,
    /// `listed` unless given
    pub admission: Option<AdmissionWord>,
    /// `single` unless given
    pub entry: Option<EntryWord>,
}

impl From<NewEventBody> for NewEvent {
    fn from(body: NewEventBody) -> Self {
        Self {
            id: body.event_id,
            name: body.name,
            venue: body.venue,
            starts_at: body.starts_at.0,
            ends_at: body.ends_at.0,
            doors_at: body.doors_at.map(|moment| moment.0),
            capacity: body.capacity,
            admission: body.admission.map_or(Admission::Listed, Admission::from),
            entry: body.entry.map_or(Entry::Single, Entry::from),
        }
    }
}

/// What an event shall be from now on: all of it, what is left out is taken away.
#[derive(Debug, Clone, Object)]
#[oai(rename = "EventChange", skip_serializing_if_is_none)]
pub struct EventChangeBody {
    pub name: String,
    pub venue: Option<String>,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub doors_at: Option<Moment>,
    pub capacity: Option<u32>,
    /// `listed` unless given
    pub admission: Option<AdmissionWord>,
    /// `single` unless given; stays as it is once somebody has come
    pub entry: Option<EntryWord>,
    /// The version that was changed; 409 if the event has another one by now
    pub version: u32,
}

impl EventChangeBody {
    pub fn of(self, event_id: String) -> EventChange {
        let EventChangeBody { name, venue, starts_at, ends_at, doors_at, capacity, admission, entry, version } = self;
        let to = NewEventBody { event_id, name, venue, starts_at, ends_at, doors_at, capacity, admission, entry };
        EventChange { to: to.into(), version }
    }
}

/// What people attend.
#[derive(Debug, Clone, Object)]
#[oai(rename = "AttendedEvent", skip_serializing_if_is_none)]
pub struct EventBody {
    pub event_id: String,
    pub name: String,
    pub venue: Option<String>,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub doors_at: Option<Moment>,
    pub capacity: Option<u32>,
    pub admission: AdmissionWord,
    pub entry: EntryWord,
    /// Counts changes
    pub version: u32,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl From<Event> for EventBody {
    fn from(event: Event) -> Self {
        Self {
            event_id: event.id.to_string(),
            name: event.name,
            venue: event.venue,
            starts_at: event.starts_at.into(),
            ends_at: event.ends_at.into(),
            doors_at: event.doors_at.map(Moment),
            capacity: event.capacity,
            admission: event.admission.into(),
            entry: event.entry.into(),
            version: event.version,
            created_at: event.created_at.into(),
            updated_at: event.updated_at.into(),
        }
    }
}

/// What shall be sold of an event.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewTicketType", skip_serializing_if_is_none)]
pub struct NewTicketTypeBody {
    pub name: String,
    /// In the currency's smallest unit; 0 for free
    pub price: i64,
    /// IDR unless given
    pub currency: Option<CurrencyCode>,
    /// How many there are
    pub quota: u32,
    /// When it can be bought; at any time unless given
    pub sale_from: Option<Moment>,
    pub sale_until: Option<Moment>,
    /// When its tickets let in; whenever the doors are open unless given
    pub valid_from: Option<Moment>,
    pub valid_until: Option<Moment>,
}

impl From<NewTicketTypeBody> for NewTicketType {
    fn from(body: NewTicketTypeBody) -> Self {
        Self {
            name: body.name,
            price: body.price,
            currency: currency_text(body.currency),
            quota: body.quota,
            sale_from: body.sale_from.map(|moment| moment.0),
            sale_until: body.sale_until.map(|moment| moment.0),
            valid_from: body.valid_from.map(|moment| moment.0),
            valid_until: body.valid_until.map(|moment| moment.0),
        }
    }
}

/// What is sold of an event.
#[derive(Debug, Clone, Object)]
#[oai(rename = "TicketType", skip_serializing_if_is_none)]
pub struct TicketTypeBody {
    pub id: Uuid,
    pub event_id: String,
    pub name: String,
    pub price: i64,
    pub currency: CurrencyCode,
    /// How many there are
    pub quota: u32,
    /// How many of them are left
    pub available: u32,
    pub sale_from: Option<Moment>,
    pub sale_until: Option<Moment>,
    pub valid_from: Option<Moment>,
    pub valid_until: Option<Moment>,
    pub created_at: Moment,
}

impl From<TicketType> for TicketTypeBody {
    fn from(one: TicketType) -> Self {
        Self {
            available: one.left(),
            id: one.id.0,
            event_id: one.event.to_string(),
            name: one.name,
            price: one.price.amount(),
            currency: one.price.currency().into(),
            quota: one.quota,
            sale_from: one.sale_from.map(Moment),
            sale_until: one.sale_until.map(Moment),
            valid_from: one.valid_from.map(Moment),
            valid_until: one.valid_until.map(Moment),
            created_at: one.created_at.into(),
        }
    }
}
