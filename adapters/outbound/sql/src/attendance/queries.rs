//! Attendance, read.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    attendance::{
        AttendanceQueries, Attended, Checkin, CheckinFilter, Entry, Event, EventSlug, Outcome, Passages, Revoked,
        SecretKey, Ticket, TicketFilter, TicketKey, TicketState, TicketType,
    },
    ids::{CheckinId, TicketId, TicketTypeId},
    paging::{Page, PageRequest},
    time::Timestamp,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    checkin_row::{CheckinRow, checkins, select_checkin},
    events::{EventRow, TypeRow, select_event, select_type},
    keys::{ALL, KeyRow, NEWEST, NUMBERED},
    tickets::{TicketRow, select_ticket},
};
use crate::{
    codec::{Moment, named, unfindable},
    store::SqlStore,
};

const EVENT: &str = concat!(select_event!(), " WHERE id = $1");
const EVENTS: &str = concat!(select_event!(), " WHERE id > $1 ORDER BY id LIMIT $2");
const TYPES: &str = concat!(select_type!(), " WHERE event = $1 ORDER BY created_at, id");
const TYPE: &str = concat!(select_type!(), " WHERE id = $1");
const TICKET: &str = concat!(select_ticket!(), " WHERE id = $1");
const REVOCATIONS: &str =
    "SELECT id, state, ended_at FROM tickets WHERE event = $1 AND ended_at >= $2 ORDER BY ended_at, id LIMIT $3";
const CHECKIN: &str = concat!(select_checkin!(), " WHERE c.id = $1");
const BY_NONCE: &str = concat!(select_checkin!(), " WHERE c.device = $1 AND c.nonce = $2");
const CAME_ONCE: &str = "SELECT COUNT(*) FROM checkins WHERE event = $1 AND outcome = 'ok' AND direction = 'entry' \
    AND annulled_at IS NULL AND once";
const CAME: &str = "SELECT COUNT(DISTINCT code) FROM checkins WHERE event = $1 AND outcome = 'ok' \
    AND direction = 'entry' AND annulled_at IS NULL";
const INSIDE: &str = "SELECT COUNT(*) FROM ticket_presence WHERE event = $1 AND inside";
/// What counts; `outcome` and `id` are an index.
const LIST_OK: &str = concat!(
    select_checkin!(),
    " WHERE c.event = $1 AND c.outcome = $2 AND c.id > $3 AND c.annulled_at IS NULL ORDER BY c.id LIMIT $4"
);
const LIST: &str =
    concat!(select_checkin!(), " WHERE c.event = $1 AND c.outcome = $2 AND c.id > $3 ORDER BY c.id LIMIT $4");
const CHANGES: &str = concat!(
    select_checkin!(),
    " WHERE c.event = $1 AND (c.recorded_at >= $2 OR c.annulled_at >= $2) AND c.id > $3 ORDER BY c.id LIMIT $4"
);
const CONFLICTS: &str = "SELECT DISTINCT code FROM checkins WHERE event = $1 AND outcome = 'conflict' \
    AND annulled_at IS NULL AND code > $2 ORDER BY code LIMIT $3";

fn came(count: i64) -> u64 {
    count.unsigned_abs()
}

#[async_trait]
impl AttendanceQueries for SqlStore {
    async fn event(&self, id: &EventSlug) -> Result<Option<Event>, StoreError> {
        let row: Option<EventRow> =
            on_read!(self, |x| sqlx::query_as(EVENT).bind(id.as_str()).fetch_optional(x).await)?;
        row.map(Event::try_from).transpose()
    }

    async fn events(&self, page: PageRequest<EventSlug>) -> Result<Page<Event, EventSlug>, StoreError> {
        let after = page.after.as_ref().map_or("", EventSlug::as_str);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<EventRow> =
            on_read!(self, |x| sqlx::query_as(EVENTS).bind(after).bind(limit).fetch_all(x).await)?;
        let found: Result<Vec<Event>, StoreError> = rows.into_iter().map(Event::try_from).collect();
        Ok(Page::from_surplus(found?, page.limit(), |event| event.id.clone()))
    }

    async fn ticket_types(&self, event: &EventSlug) -> Result<Vec<TicketType>, StoreError> {
        let rows: Vec<TypeRow> = on_read!(self, |x| sqlx::query_as(TYPES).bind(event.as_str()).fetch_all(x).await)?;
        rows.into_iter().map(TicketType::try_from).collect()
    }

    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
        let row: Option<TypeRow> = on_read!(self, |x| sqlx::query_as(TYPE).bind(id.0).fetch_optional(x).await)?;
        row.map(TicketType::try_from).transpose()
    }

    async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        let row: Option<TicketRow> = on_read!(self, |x| sqlx::query_as(TICKET).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn tickets(
        &self,
        event: &EventSlug,
        filter: TicketFilter,
        page: PageRequest<TicketId>,
    ) -> Result<Page<Ticket, TicketId>, StoreError> {
        let rows: Vec<TicketRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(concat!(select_ticket!(), " WHERE event = "));
            query.push_bind(event.as_str());
            if let Some(state) = filter.state {
                query.push(" AND state = ").push_bind(state.as_str());
            }
            if let Some(user) = filter.user {
                query.push(" AND user_id = ").push_bind(user.0);
            }
            if let Some(after) = page.after {
                query.push(" AND id > ").push_bind(after.0);
            }
            query.push(" ORDER BY id LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let found: Result<Vec<Ticket>, StoreError> = rows.into_iter().map(|row| row.open(&self.keys)).collect();
        Ok(Page::from_surplus(found?, page.limit(), |ticket| ticket.id))
    }

    async fn revocations(&self, event: &EventSlug, since: Timestamp, limit: u32) -> Result<Vec<Revoked>, StoreError> {
        let rows: Vec<(Uuid, String, Moment)> = on_read!(self, |x| {
            let query = sqlx::query_as(REVOCATIONS).bind(event.as_str()).bind(Moment(since));
            query.bind(i64::from(limit)).fetch_all(x).await
        })?;
        let revoked = |(id, state, at): (Uuid, String, Moment)| {
            let state = named(TicketState::ALL, TicketState::as_str, &state)?;
            Ok(Revoked { ticket: TicketId(id), state, at: at.0 })
        };
        rows.into_iter().map(revoked).collect()
    }

    async fn checkin(&self, id: CheckinId) -> Result<Option<Checkin>, StoreError> {
        let row: Option<CheckinRow> = on_read!(self, |x| sqlx::query_as(CHECKIN).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn by_nonce(&self, device: &str, nonce: &str) -> Result<Option<Checkin>, StoreError> {
        let row: Option<CheckinRow> =
            on_read!(self, |x| sqlx::query_as(BY_NONCE).bind(device).bind(nonce).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn attended(&self, event: &Event) -> Result<Attended, StoreError> {
        let id = event.id.as_str();
        if event.entry == Entry::Single {
            let total: i64 = on_read!(self, |x| sqlx::query_scalar(CAME_ONCE).bind(id).fetch_one(x).await)?;
            return Ok(Attended { total: came(total), inside: came(total) });
        }
        let total: i64 = on_read!(self, |x| sqlx::query_scalar(CAME).bind(id).fetch_one(x).await)?;
        let inside: i64 = on_read!(self, |x| sqlx::query_scalar(INSIDE).bind(id).fetch_one(x).await)?;
        Ok(Attended { total: came(total), inside: came(inside) })
    }

    async fn checkins(
        &self,
        event: &EventSlug,
        filter: CheckinFilter,
        page: PageRequest<CheckinId>,
    ) -> Result<Page<Checkin, CheckinId>, StoreError> {
        let outcome = filter.outcome.unwrap_or(Outcome::Ok);
        let sql = if outcome == Outcome::Ok { LIST_OK } else { LIST };
        let after = page.after.map_or(Uuid::nil(), Uuid::from);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<CheckinRow> = on_read!(self, |x| {
            let query = sqlx::query_as(sql).bind(event.as_str()).bind(outcome.as_str()).bind(after);
            query.bind(limit).fetch_all(x).await
        })?;
        Ok(Page::from_surplus(checkins(rows, &self.keys)?, page.limit(), |checkin| checkin.id))
    }

    async fn changes(
        &self,
        event: &EventSlug,
        since: Timestamp,
        page: PageRequest<CheckinId>,
    ) -> Result<Page<Checkin, CheckinId>, StoreError> {
        let after = page.after.map_or(Uuid::nil(), Uuid::from);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<CheckinRow> = on_read!(self, |x| {
            let query = sqlx::query_as(CHANGES).bind(event.as_str()).bind(Moment(since)).bind(after);
            query.bind(limit).fetch_all(x).await
        })?;
        Ok(Page::from_surplus(checkins(rows, &self.keys)?, page.limit(), |checkin| checkin.id))
    }

    async fn conflicts(
        &self,
        event: &EventSlug,
        page: PageRequest<String>,
    ) -> Result<Page<Passages, String>, StoreError> {
        let after = page.after.clone().unwrap_or_default();
        if unfindable(&[Some(&after)]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let limit = i64::from(page.limit()) + 1;
        let codes: Vec<String> = on_read!(self, |x| {
            let query = sqlx::query_scalar(CONFLICTS).bind(event.as_str()).bind(after.as_str());
            query.bind(limit).fetch_all(x).await
        })?;
        let codes = Page::from_surplus(codes, page.limit(), String::clone);
        if codes.items.is_empty() {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let rows: Vec<CheckinRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(concat!(select_checkin!(), " WHERE c.event = "));
            query
                .push_bind(event.as_str())
                .push(" AND c.outcome <> 'refused' AND c.annulled_at IS NULL AND c.code IN (");
            let mut list = query.separated(", ");
            for code in &codes.items {
                list.push_bind(code.as_str());
            }
            list.push_unseparated(") ORDER BY c.code, c.at, c.id");
            query.build_query_as().fetch_all(x).await
        })?;
        let mut passages = checkins(rows, &self.keys)?;
        Ok(codes.map(|code| {
            let (of_code, others) = std::mem::take(&mut passages).into_iter().partition(|one| one.code == code);
            passages = others;
            Passages { code, passages: of_code }
        }))
    }

    async fn ticket_keys(&self) -> Result<Vec<TicketKey>, StoreError> {
        let rows: Vec<KeyRow> = on_read!(self, |x| sqlx::query_as(ALL).fetch_all(x).await)?;
        rows.into_iter().map(TicketKey::try_from).collect()
    }

    async fn ticket_key(&self, number: u32) -> Result<Option<TicketKey>, StoreError> {
        let number = i64::from(number);
        let row: Option<KeyRow> = on_read!(self, |x| sqlx::query_as(NUMBERED).bind(number).fetch_optional(x).await)?;
        row.map(TicketKey::try_from).transpose()
    }

    async fn signing_key(&self) -> Result<Option<(TicketKey, SecretKey)>, StoreError> {
        let row: Option<KeyRow> = on_read!(self, |x| sqlx::query_as(NEWEST).fetch_optional(x).await)?;
        row.map(|row| {
            let secret = row.secret(&self.keys)?;
            Ok((TicketKey::try_from(row)?, secret))
        })
        .transpose()
    }
}
