//! Events and their ticket types, inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    attendance::{Admission, Entry, Event, EventSlug, Events, Places, TicketType},
    error::Entity,
    ids::TicketTypeId,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt, money, named, parsed},
    db::Dialects,
    unit_of_work::SqlUnitOfWork,
};

macro_rules! select_event {
    () => {
        "SELECT id, name, venue, starts_at, ends_at, doors_at, capacity, admission, entry, version, created_at, \
         updated_at FROM events"
    };
}

macro_rules! select_type {
    () => {
        "SELECT id, event, name, price, currency, quota, issued, sale_from, sale_until, valid_from, valid_until, \
         created_at FROM ticket_types"
    };
}

pub(super) use select_event;
pub(super) use select_type;

const ADD: &str = "INSERT INTO events (id, name, venue, starts_at, ends_at, doors_at, capacity, admission, entry, \
    version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
const ADD_PLACES: &str = "INSERT INTO event_places (event, taken) VALUES ($1, 0)";
/// Waits for everybody at the door, and they for it.
const FIND: Dialects = locking!(select_event!(), " WHERE id = $1");
/// Everybody at the door at once, and nobody who changes the event.
const FIND_AT_DOOR: Dialects = Dialects {
    postgres: concat!(select_event!(), " WHERE id = $1 FOR SHARE"),
    sqlite: concat!(select_event!(), " WHERE id = $1"),
};
const SAVE: &str = "UPDATE events SET name = $2, venue = $3, starts_at = $4, ends_at = $5, doors_at = $6, \
    capacity = $7, admission = $8, entry = $9, version = $10, updated_at = $11 WHERE id = $1";
const RECOUNT_SINGLE: &str = "UPDATE event_places SET taken = (SELECT COUNT(*) FROM checkins c WHERE c.event = $1 \
    AND c.outcome = 'ok' AND c.direction = 'entry' AND c.annulled_at IS NULL AND c.once) WHERE event = $1";
const RECOUNT_REENTRY: &str = "UPDATE event_places SET taken = (SELECT COUNT(*) FROM ticket_presence p \
    WHERE p.event = $1 AND p.inside) WHERE event = $1";
const TAKE: &str = "UPDATE event_places SET taken = taken + 1 WHERE event = $1 AND taken < $2";
const FREE: &str = "UPDATE event_places SET taken = taken - 1 WHERE event = $1 AND taken > 0";
const HAS_CHECKINS: &str = "SELECT EXISTS (SELECT 1 FROM checkins WHERE event = $1 AND outcome = 'ok') \
    OR EXISTS (SELECT 1 FROM checkins WHERE event = $1 AND outcome = 'conflict')";
const ADD_TYPE: &str = "INSERT INTO ticket_types (id, event, name, price, currency, quota, issued, sale_from, \
    sale_until, valid_from, valid_until, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
    ON CONFLICT DO NOTHING";
const TYPE_EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM ticket_types WHERE id = $1)";
const FIND_TYPE: Dialects = locking!(select_type!(), " WHERE id = $1");
const COUNT_ISSUED: &str = "UPDATE ticket_types SET issued = issued + $2 WHERE id = $1";

#[derive(FromRow)]
pub(super) struct EventRow {
    id: String,
    name: String,
    venue: Option<String>,
    starts_at: Moment,
    ends_at: Moment,
    doors_at: Option<Moment>,
    capacity: Option<i64>,
    admission: String,
    entry: String,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed(&row.id)?,
            name: row.name,
            venue: row.venue,
            starts_at: row.starts_at.0,
            ends_at: row.ends_at.0,
            doors_at: row.doors_at.map(|moment| moment.0),
            capacity: row.capacity.map(u32::try_from).transpose().map_err(corrupt)?,
            admission: named(Admission::ALL, Admission::as_str, &row.admission)?,
            entry: named(Entry::ALL, Entry::as_str, &row.entry)?,
            version: u32::try_from(row.version).map_err(corrupt)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

#[derive(FromRow)]
pub(super) struct TypeRow {
    id: Uuid,
    event: String,
    name: String,
    price: i64,
    currency: String,
    quota: i64,
    issued: i64,
    sale_from: Option<Moment>,
    sale_until: Option<Moment>,
    valid_from: Option<Moment>,
    valid_until: Option<Moment>,
    created_at: Moment,
}

impl TryFrom<TypeRow> for TicketType {
    type Error = StoreError;

    fn try_from(row: TypeRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TicketTypeId(row.id),
            event: parsed(&row.event)?,
            name: row.name,
            price: money(row.price, &row.currency)?,
            quota: u32::try_from(row.quota).map_err(corrupt)?,
            issued: u32::try_from(row.issued).map_err(corrupt)?,
            sale_from: row.sale_from.map(|moment| moment.0),
            sale_until: row.sale_until.map(|moment| moment.0),
            valid_from: row.valid_from.map(|moment| moment.0),
            valid_until: row.valid_until.map(|moment| moment.0),
            created_at: row.created_at.0,
        })
    }
}

impl SqlUnitOfWork {
    async fn event(&mut self, sql: Dialects, id: &EventSlug) -> Result<Option<Event>, StoreError> {
        let sql = self.dialect(sql);
        let row: Option<EventRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.as_str()).fetch_optional(x).await)?;
        row.map(Event::try_from).transpose()
    }
}

#[async_trait]
impl Events for SqlUnitOfWork {
    async fn add(&mut self, event: &Event) -> Result<(), StoreError> {
        let added = on_tx!(self, |x| {
            sqlx::query(ADD)
                .bind(event.id.as_str())
                .bind(event.name.as_str())
                .bind(event.venue.as_deref())
                .bind(Moment(event.starts_at))
                .bind(Moment(event.ends_at))
                .bind(event.doors_at.map(Moment))
                .bind(event.capacity.map(i64::from))
                .bind(event.admission.as_str())
                .bind(event.entry.as_str())
                .bind(i64::from(event.version))
                .bind(Moment(event.created_at))
                .bind(Moment(event.updated_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 0 {
            return Err(StoreError::Conflict(Unique::EventSlug));
        }
        on_tx!(self, |x| sqlx::query(ADD_PLACES).bind(event.id.as_str()).execute(x).await.map(drop))
    }

    async fn find(&mut self, id: &EventSlug) -> Result<Option<Event>, StoreError> {
        self.event(FIND, id).await
    }

    async fn find_at_door(&mut self, id: &EventSlug) -> Result<Option<Event>, StoreError> {
        self.event(FIND_AT_DOOR, id).await
    }

    async fn save(&mut self, event: &Event) -> Result<(), StoreError> {
        let changed = on_tx!(self, |x| {
            sqlx::query(SAVE)
                .bind(event.id.as_str())
                .bind(event.name.as_str())
                .bind(event.venue.as_deref())
                .bind(Moment(event.starts_at))
                .bind(Moment(event.ends_at))
                .bind(event.doors_at.map(Moment))
                .bind(event.capacity.map(i64::from))
                .bind(event.admission.as_str())
                .bind(event.entry.as_str())
                .bind(i64::from(event.version))
                .bind(Moment(event.updated_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 0 {
            return Err(self.spend(StoreError::Stale(Entity::Event)));
        }
        let recount = match event.entry {
            Entry::Single => RECOUNT_SINGLE,
            Entry::Reentry => RECOUNT_REENTRY,
        };
        on_tx!(self, |x| sqlx::query(recount).bind(event.id.as_str()).execute(x).await.map(drop))
    }

    async fn take_place(&mut self, id: &EventSlug, capacity: u32) -> Result<Places, StoreError> {
        let taken = on_tx!(self, |x| {
            let query = sqlx::query(TAKE).bind(id.as_str()).bind(i64::from(capacity));
            query.execute(x).await.map(|done| done.rows_affected())
        })?;
        Ok(if taken == 0 { Places::Full } else { Places::Taken })
    }

    async fn free_place(&mut self, id: &EventSlug) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(FREE).bind(id.as_str()).execute(x).await.map(drop))
    }

    async fn has_checkins(&mut self, id: &EventSlug) -> Result<bool, StoreError> {
        on_tx!(self, |x| sqlx::query_scalar(HAS_CHECKINS).bind(id.as_str()).fetch_one(x).await)
    }

    async fn add_type(&mut self, ticket_type: &TicketType) -> Result<(), StoreError> {
        let added = on_tx!(self, |x| {
            sqlx::query(ADD_TYPE)
                .bind(ticket_type.id.0)
                .bind(ticket_type.event.as_str())
                .bind(ticket_type.name.as_str())
                .bind(ticket_type.price.amount())
                .bind(ticket_type.price.currency().code())
                .bind(i64::from(ticket_type.quota))
                .bind(i64::from(ticket_type.issued))
                .bind(ticket_type.sale_from.map(Moment))
                .bind(ticket_type.sale_until.map(Moment))
                .bind(ticket_type.valid_from.map(Moment))
                .bind(ticket_type.valid_until.map(Moment))
                .bind(Moment(ticket_type.created_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
        }
        let id = ticket_type.id.0;
        let same_id: bool = on_tx!(self, |x| sqlx::query_scalar(TYPE_EXISTS).bind(id).fetch_one(x).await)?;
        Err(StoreError::Conflict(if same_id { Unique::Id } else { Unique::TicketTypeName }))
    }

    async fn find_type(&mut self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
        let sql = self.dialect(FIND_TYPE);
        let row: Option<TypeRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(TicketType::try_from).transpose()
    }

    async fn count_issued(&mut self, id: TicketTypeId, change: i64) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(COUNT_ISSUED).bind(id.0).bind(change).execute(x).await.map(drop))
    }
}
