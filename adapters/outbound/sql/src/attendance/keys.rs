//! The keys that sign codes. The half that signs is sealed at rest: whoever has the database makes no tickets.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    attendance::{SecretKey, TicketKey, TicketKeys},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt},
    personal::{Column, PersonalKeys},
    unit_of_work::SqlUnitOfWork,
};

const ADD: &str = "INSERT INTO ticket_keys (id, number, public_key, secret_key, created_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
pub(super) const ALL: &str =
    "SELECT id, number, public_key, secret_key, created_at FROM ticket_keys ORDER BY number DESC LIMIT 100";
pub(super) const NUMBERED: &str =
    "SELECT id, number, public_key, secret_key, created_at FROM ticket_keys WHERE number = $1";
pub(super) const NEWEST: &str =
    "SELECT id, number, public_key, secret_key, created_at FROM ticket_keys ORDER BY number DESC LIMIT 1";

#[derive(FromRow)]
pub(super) struct KeyRow {
    id: Uuid,
    number: i64,
    public_key: Vec<u8>,
    secret_key: Vec<u8>,
    created_at: Moment,
}

fn bytes(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| corrupt("a key of another length"))
}

impl KeyRow {
    pub(super) fn secret(&self, keys: &PersonalKeys) -> Result<SecretKey, StoreError> {
        let opened = keys.open(Column::TicketKey, self.id, &self.secret_key)?;
        Ok(SecretKey::new(bytes(&opened)?))
    }
}

impl TryFrom<KeyRow> for TicketKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            number: u32::try_from(row.number).map_err(corrupt)?,
            public: bytes(&row.public_key)?,
            created_at: row.created_at.0,
        })
    }
}

#[async_trait]
impl TicketKeys for SqlUnitOfWork {
    async fn add(&mut self, key: &TicketKey, secret: &SecretKey) -> Result<(), StoreError> {
        let sealed = self.keys.seal(Column::TicketKey, key.id, secret.expose())?;
        let added = on_tx!(self, |x| {
            sqlx::query(ADD)
                .bind(key.id)
                .bind(i64::from(key.number))
                .bind(key.public.as_slice())
                .bind(sealed.as_slice())
                .bind(Moment(key.created_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict(Unique::TicketKey)) }
    }
}
