//! Scans inside a unit of work: where the promise is kept that a ticket lets in once.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    attendance::{Checkin, Checkins, EventSlug, Presence},
    error::Entity,
    ids::CheckinId,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::checkin_row::{CheckinRow, select_checkin};
use crate::{
    codec::{Moment, parsed},
    db::Dialects,
    unit_of_work::SqlUnitOfWork,
};

/// Of two that run into a unique rule at the same moment, Postgres lets the second wait for what becomes of the first.
const ADD: &str = "INSERT INTO checkins (id, event, code, ticket, direction, outcome, reason, against, once, by_user, \
    device, gate, nonce, at, device_at, recorded_at, forced, annulled_at, annulled_by) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT DO NOTHING";
const NONCE_USED: &str = "SELECT EXISTS (SELECT 1 FROM checkins WHERE device = $1 AND nonce = $2)";
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM checkins WHERE id = $1)";
const FIND: Dialects = Dialects {
    postgres: concat!(select_checkin!(), " WHERE c.id = $1 FOR NO KEY UPDATE OF c"),
    sqlite: concat!(select_checkin!(), " WHERE c.id = $1"),
};
const ENTERED: &str = concat!(
    select_checkin!(),
    " WHERE c.event = $1 AND c.code = $2 AND c.outcome = 'ok' AND c.direction = 'entry' AND c.annulled_at IS NULL \
     ORDER BY c.id DESC LIMIT 1"
);
const MAKE_PRESENCE: &str =
    "INSERT INTO ticket_presence (event, code, inside) VALUES ($1, $2, FALSE) ON CONFLICT DO NOTHING";
const PRESENCE: Dialects =
    locking!("SELECT event, code, inside, last FROM ticket_presence WHERE event = $1 AND code = $2");
const SAVE_PRESENCE: &str = "UPDATE ticket_presence SET inside = $3, last = $4 WHERE event = $1 AND code = $2";
const ANNUL: &str = "UPDATE checkins SET annulled_at = $2, annulled_by = $3 WHERE id = $1";

#[derive(FromRow)]
struct PresenceRow {
    event: String,
    code: String,
    inside: bool,
    last: Option<Uuid>,
}

#[async_trait]
impl Checkins for SqlUnitOfWork {
    async fn add(&mut self, checkin: &Checkin) -> Result<(), StoreError> {
        let added = on_tx!(self, |x| {
            sqlx::query(ADD)
                .bind(checkin.id.0)
                .bind(checkin.event.as_str())
                .bind(checkin.code.as_str())
                .bind(checkin.ticket.map(Uuid::from))
                .bind(checkin.direction.as_str())
                .bind(checkin.outcome.as_str())
                .bind(checkin.reason.map(|reason| reason.as_str()))
                .bind(checkin.against.map(Uuid::from))
                .bind(checkin.once)
                .bind(checkin.by.id.map(Uuid::from))
                .bind(checkin.device.as_deref())
                .bind(checkin.gate.as_deref())
                .bind(checkin.nonce.as_deref())
                .bind(Moment(checkin.at))
                .bind(checkin.device_at.map(Moment))
                .bind(Moment(checkin.recorded_at))
                .bind(checkin.forced)
                .bind(checkin.annulled_at.map(Moment))
                .bind(checkin.annulled_by.map(Uuid::from))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
        }
        if let (Some(device), Some(nonce)) = (&checkin.device, &checkin.nonce) {
            let used: bool = on_tx!(self, |x| {
                sqlx::query_scalar(NONCE_USED).bind(device.as_str()).bind(nonce.as_str()).fetch_one(x).await
            })?;
            if used {
                return Err(StoreError::Conflict(Unique::Nonce));
            }
        }
        let id = checkin.id.0;
        let same_id: bool = on_tx!(self, |x| sqlx::query_scalar(EXISTS).bind(id).fetch_one(x).await)?;
        Err(StoreError::Conflict(if same_id { Unique::Id } else { Unique::Entry }))
    }

    async fn find(&mut self, id: CheckinId) -> Result<Option<Checkin>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<CheckinRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn entered(&mut self, event: &EventSlug, code: &str) -> Result<Option<Checkin>, StoreError> {
        let row: Option<CheckinRow> =
            on_tx!(self, |x| sqlx::query_as(ENTERED).bind(event.as_str()).bind(code).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn presence(&mut self, event: &EventSlug, code: &str) -> Result<Presence, StoreError> {
        on_tx!(self, |x| sqlx::query(MAKE_PRESENCE).bind(event.as_str()).bind(code).execute(x).await.map(drop))?;
        let sql = self.dialect(PRESENCE);
        let row: PresenceRow =
            on_tx!(self, |x| sqlx::query_as(sql).bind(event.as_str()).bind(code).fetch_one(x).await)?;
        Ok(Presence { event: parsed(&row.event)?, code: row.code, inside: row.inside, last: row.last })
    }

    async fn save_presence(&mut self, presence: &Presence) -> Result<(), StoreError> {
        let changed = on_tx!(self, |x| {
            let query = sqlx::query(SAVE_PRESENCE).bind(presence.event.as_str()).bind(presence.code.as_str());
            query.bind(presence.inside).bind(presence.last).execute(x).await.map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(self.spend(StoreError::Stale(Entity::Ticket))) } else { Ok(()) }
    }

    async fn annul(&mut self, checkin: &Checkin) -> Result<(), StoreError> {
        let changed = on_tx!(self, |x| {
            sqlx::query(ANNUL)
                .bind(checkin.id.0)
                .bind(checkin.annulled_at.map(Moment))
                .bind(checkin.annulled_by.map(Uuid::from))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(self.spend(StoreError::Stale(Entity::Checkin))) } else { Ok(()) }
    }
}
