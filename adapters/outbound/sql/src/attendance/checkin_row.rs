//! A scan as a row, together with the name of whoever made it.

use dermaga_ports::{
    StoreError,
    attendance::{Checkin, Direction, Outcome, Reason, Staff},
    ids::{CheckinId, TicketId, UserId},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, named, parsed},
    personal::{Column, PersonalKeys},
};

/// The name is looked up and not kept: what is forgotten of an account is forgotten everywhere.
macro_rules! select_checkin {
    () => {
        "SELECT c.id, c.event, c.code, c.ticket, c.direction, c.outcome, c.reason, c.against, c.once, c.by_user, \
         u.username, CASE WHEN u.username IS NULL THEN u.full_name END AS full_name, c.device, c.gate, c.nonce, c.at, \
         c.device_at, c.recorded_at, c.forced, c.annulled_at, c.annulled_by \
         FROM checkins c LEFT JOIN users u ON u.id = c.by_user"
    };
}

pub(super) use select_checkin;

#[derive(FromRow)]
pub(super) struct CheckinRow {
    id: Uuid,
    event: String,
    code: String,
    ticket: Option<Uuid>,
    direction: String,
    outcome: String,
    reason: Option<String>,
    against: Option<Uuid>,
    once: bool,
    by_user: Option<Uuid>,
    username: Option<String>,
    full_name: Option<Vec<u8>>,
    device: Option<String>,
    gate: Option<String>,
    nonce: Option<String>,
    at: Moment,
    device_at: Option<Moment>,
    recorded_at: Moment,
    forced: bool,
    annulled_at: Option<Moment>,
    annulled_by: Option<Uuid>,
}

impl CheckinRow {
    pub(super) fn open(self, keys: &PersonalKeys) -> Result<Checkin, StoreError> {
        let row = self;
        let name = match (row.username, row.by_user) {
            (None, Some(user)) => keys.open_text(Column::UserFullName, user, row.full_name.as_deref())?,
            (username, _) => username,
        };
        let reason = |reason: String| named(Reason::ALL, Reason::as_str, &reason);
        Ok(Checkin {
            id: CheckinId(row.id),
            event: parsed(&row.event)?,
            code: row.code,
            ticket: row.ticket.map(TicketId),
            direction: named(Direction::ALL, Direction::as_str, &row.direction)?,
            outcome: named(Outcome::ALL, Outcome::as_str, &row.outcome)?,
            reason: row.reason.map(reason).transpose()?,
            against: row.against.map(CheckinId),
            once: row.once,
            by: Staff { id: row.by_user.map(UserId), name },
            device: row.device,
            gate: row.gate,
            nonce: row.nonce,
            at: row.at.0,
            device_at: row.device_at.map(|moment| moment.0),
            recorded_at: row.recorded_at.0,
            forced: row.forced,
            annulled_at: row.annulled_at.map(|moment| moment.0),
            annulled_by: row.annulled_by.map(UserId),
        })
    }
}

pub(super) fn checkins(rows: Vec<CheckinRow>, keys: &PersonalKeys) -> Result<Vec<Checkin>, StoreError> {
    rows.into_iter().map(|row| row.open(keys)).collect()
}
