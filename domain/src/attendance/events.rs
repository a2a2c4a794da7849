//! Making and changing events, and what is sold of them.

use dermaga_ports::{
    StoreError, Unique,
    attendance::{Admission, Entry, Event, EventSlug, TicketType},
    auth::Principal,
    ids::TicketTypeId,
    money::{Currency, Money},
    paging::{Page, PageRequest},
    time::Timestamp,
};
use serde_json::json;

use super::{Attendance, no_event};
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
    once::id_taken,
};

/// The longest name of an event, a venue or a ticket type.
const MAX_NAME: usize = 120;
/// The most ticket types of an event: all of them are shown at once.
const MAX_TYPES: usize = 50;

/// What an event shall be.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub id: String,
    pub name: String,
    pub venue: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub doors_at: Option<Timestamp>,
    pub capacity: Option<u32>,
    pub admission: Admission,
    pub entry: Entry,
}

/// What an event shall be from now on, if nobody has changed it since it had that version.
#[derive(Debug, Clone)]
pub struct EventChange {
    pub to: NewEvent,
    pub version: u32,
}

/// What shall be sold of an event.
#[derive(Debug, Clone)]
pub struct NewTicketType {
    pub name: String,
    /// Nothing is a price, too.
    pub price: i64,
    pub currency: Option<String>,
    pub quota: u32,
    pub sale_from: Option<Timestamp>,
    pub sale_until: Option<Timestamp>,
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
}

impl NewEvent {
    /// # Errors
    /// [`Code::Invalid`] with every fault.
    fn checked(self, now: Timestamp) -> Result<Event> {
        let mut faults = Faults::default();
        let id: Option<EventSlug> = faults.parse("/event_id", Some(&self.id));
        let name = name(&mut faults, &self.name);
        let venue = faults.text("/venue", self.venue.as_deref(), MAX_NAME);
        if self.starts_at >= self.ends_at {
            faults.add("/ends_at", "must be later than starts_at");
        }
        if self.doors_at.is_some_and(|doors| doors >= self.ends_at) {
            faults.add("/doors_at", "must be earlier than ends_at");
        }
        if self.capacity == Some(0) {
            faults.add("/capacity", "must be at least 1");
        }
        faults.check()?;
        Ok(Event {
            // Checked above.
            id: id.ok_or_else(|| Error::internal("an event without an id"))?,
            name,
            venue,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            doors_at: self.doors_at,
            capacity: self.capacity,
            admission: self.admission,
            entry: self.entry,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

fn name(faults: &mut Faults, given: &str) -> String {
    faults.text("/name", Some(given), MAX_NAME).unwrap_or_else(|| {
        faults.add("/name", "must not be empty");
        String::new()
    })
}

/// Notes a window that ends before it begins.
pub(super) fn window(faults: &mut Faults, end: &str, from: Option<Timestamp>, until: Option<Timestamp>) {
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        faults.add(end, "must be later than the beginning");
    }
}

fn facts(event: &Event) -> serde_json::Value {
    json!({
        "event_id": event.id, "name": event.name, "starts_at": event.starts_at, "ends_at": event.ends_at,
        "capacity": event.capacity, "admission": event.admission.as_str(), "entry": event.entry.as_str(),
        "version": event.version,
    })
}

impl Attendance {
    /// Makes an event. A repetition of the same request finds it made.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::Invalid`], [`Code::EventExists`].
    pub async fn create(&self, by: &Principal, new: NewEvent) -> Result<Event> {
        self.0.authorise(by, Permission::RunEvents).await?;
        let now = self.0.now();
        let event = new.checked(now)?;
        let mut uow = self.0.begin().await?;
        match uow.attended_events().add(&event).await {
            Err(StoreError::Conflict(Unique::EventSlug)) => {
                drop(uow);
                let known = self.known(event.id.as_str()).await?;
                let again = Event { created_at: known.created_at, updated_at: known.updated_at, ..event };
                if again == known {
                    return Ok(known);
                }
                let told = format!("There is an event {} already. Choose another id.", known.id);
                return Err(Error::new(Code::EventExists, told).at("/event_id"));
            }
            added => added?,
        }
        let note = Note {
            actor: Some(by),
            action: "event.created",
            subject: format!("event:{}", event.id),
            detail: format!("{} with {} admission", event.entry.as_str(), event.admission.as_str()),
        };
        self.0.file(&mut *uow, note, facts(&event), now).await?;
        uow.commit().await?;
        Ok(event)
    }

    /// Changes an event.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::Invalid`], [`Code::EventNotFound`], [`Code::ConcurrentChange`] if it has another
    /// version by now, [`Code::IllegalTransition`] for another kind of entry once somebody has come.
    pub async fn change(&self, by: &Principal, change: EventChange) -> Result<Event> {
        self.0.authorise(by, Permission::RunEvents).await?;
        let now = self.0.now();
        let to = change.to.checked(now)?;
        let mut uow = self.0.begin().await?;
        let found = uow.attended_events().find(&to.id).await?.ok_or_else(|| no_event(&to.id))?;
        if found.version != change.version {
            let told = format!(
                "The event has version {} by now, not {}. Read it again and repeat your change.",
                found.version, change.version
            );
            return Err(Error::new(Code::ConcurrentChange, told).at("/version"));
        }
        if to.entry != found.entry && uow.attended_events().has_checkins(&found.id).await? {
            let told = "Somebody has come already; whether one may come back cannot change any more.";
            return Err(Error::new(Code::IllegalTransition, told).at("/entry"));
        }
        let event = Event { version: found.version + 1, created_at: found.created_at, ..to };
        uow.attended_events().save(&event).await?;
        let note = Note {
            actor: Some(by),
            action: "event.changed",
            subject: format!("event:{}", event.id),
            detail: format!("version {}", event.version),
        };
        self.0.file(&mut *uow, note, facts(&event), now).await?;
        uow.commit().await?;
        Ok(event)
    }

    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::EventNotFound`].
    pub async fn event(&self, by: &Principal, id: &str) -> Result<Event> {
        self.0.authorise(by, Permission::VisitEvents).await?;
        self.known(id).await
    }

    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn events(&self, by: &Principal, page: PageRequest<EventSlug>) -> Result<Page<Event, EventSlug>> {
        self.0.authorise(by, Permission::VisitEvents).await?;
        Ok(self.0.ports.store.attendance().events(page).await?)
    }

    /// What is sold of an event.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::EventNotFound`].
    pub async fn ticket_types(&self, by: &Principal, event: &str) -> Result<Vec<TicketType>> {
        self.0.authorise(by, Permission::VisitEvents).await?;
        let event = self.known(event).await?;
        Ok(self.0.ports.store.attendance().ticket_types(&event.id).await?)
    }

    /// Sells something of an event. A repetition with the same `id` finds it made.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::Invalid`], [`Code::EventNotFound`], [`Code::TicketTypeExists`].
    pub async fn create_type(
        &self,
        by: &Principal,
        id: TicketTypeId,
        event: &str,
        new: NewTicketType,
    ) -> Result<TicketType> {
        self.0.authorise(by, Permission::RunEvents).await?;
        let event = self.known(event).await?;
        let mut faults = Faults::default();
        let type_name = name(&mut faults, &new.name);
        let currency = faults.parse("/currency", new.currency.as_deref()).unwrap_or(Currency::Idr);
        let price = Money::new(new.price, currency).unwrap_or_else(|error| {
            faults.add("/price", error);
            Money::zero(currency)
        });
        if price.amount() < 0 {
            faults.add("/price", "must not be negative");
        }
        if new.quota == 0 {
            faults.add("/quota", "must be at least 1");
        }
        window(&mut faults, "/sale_until", new.sale_from, new.sale_until);
        window(&mut faults, "/valid_until", new.valid_from, new.valid_until);
        faults.check()?;

        let known = self.0.ports.store.attendance().ticket_types(&event.id).await?;
        if let Some(made_before) = known.iter().find(|known| known.id == id) {
            return Ok(made_before.clone());
        }
        if known.len() >= MAX_TYPES {
            return Err(Error::new(Code::Invalid, format!("An event may have at most {MAX_TYPES} ticket types.")));
        }
        let now = self.0.now();
        let made = TicketType {
            id,
            event: event.id,
            name: type_name,
            price,
            quota: new.quota,
            issued: 0,
            sale_from: new.sale_from,
            sale_until: new.sale_until,
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            created_at: now,
        };
        let mut uow = self.0.begin().await?;
        match uow.attended_events().add_type(&made).await {
            Err(StoreError::Conflict(Unique::TicketTypeName)) => {
                let told = format!("{} has a ticket type of this name already.", made.event);
                return Err(Error::new(Code::TicketTypeExists, told).at("/name"));
            }
            Err(StoreError::Conflict(Unique::Id)) => {
                // The same request at the same time.
                drop(uow);
                let known = self.0.ports.store.attendance().ticket_types(&made.event).await?;
                return known.into_iter().find(|known| known.id == id).ok_or_else(id_taken);
            }
            added => added?,
        }
        let note = Note {
            actor: Some(by),
            action: "ticket_type.created",
            subject: format!("event:{}", made.event),
            detail: format!("{} for {}, {} of them", made.name, made.price, made.quota),
        };
        let payload = json!({
            "event_id": made.event, "ticket_type_id": made.id, "name": made.name, "price": made.price.amount(),
            "currency": made.price.currency().code(), "quota": made.quota,
        });
        self.0.file(&mut *uow, note, payload, now).await?;
        uow.commit().await?;
        Ok(made)
    }
}
