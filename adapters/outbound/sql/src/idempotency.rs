//! Idempotency keys.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    idempotency::{IdempotencyKeys, KeyRecord, KeyScope, KeyState},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{self, Moment, corrupt},
    db::Dialects,
    unit_of_work::SqlUnitOfWork,
};

const FIND: Dialects = locking!(
    "SELECT fingerprint, seed, state, status, body, lease_until, created_at FROM idempotency_keys \
     WHERE caller = $1 AND operation = $2 AND key = $3"
);
/// On Postgres a second caller waits here until the first one's unit of work ends.
const INSERT: &str = "INSERT INTO idempotency_keys \
    (caller, operation, key, fingerprint, seed, state, status, body, lease_until, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE idempotency_keys SET state = $4, status = $5, body = $6, lease_until = $7 \
    WHERE caller = $1 AND operation = $2 AND key = $3";
const FORGET: &str = "DELETE FROM idempotency_keys WHERE created_at < $1";

#[derive(FromRow)]
struct KeyRow {
    fingerprint: Vec<u8>,
    seed: Uuid,
    state: String,
    status: Option<i64>,
    body: Option<String>,
    lease_until: Option<Moment>,
    created_at: Moment,
}

impl TryFrom<KeyRow> for KeyRecord {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let state = match (row.state.as_str(), row.lease_until, row.status, row.body) {
            ("running", Some(Moment(lease_until)), None, None) => KeyState::Running { lease_until },
            ("answered", None, Some(status), Some(body)) => {
                KeyState::Answered { status: u16::try_from(status).map_err(corrupt)?, body }
            }
            (state, ..) => return Err(corrupt(format_args!("an idempotency key that is half {state}"))),
        };
        Ok(Self { fingerprint: codec::digest(&row.fingerprint)?, seed: row.seed, state, created_at: row.created_at.0 })
    }
}

/// A state in columns: its name, status, body and lease.
fn columns(state: &KeyState) -> (&'static str, Option<i64>, Option<&str>, Option<Moment>) {
    match state {
        KeyState::Running { lease_until } => ("running", None, None, Some(Moment(*lease_until))),
        KeyState::Answered { status, body } => ("answered", Some(i64::from(*status)), Some(body), None),
    }
}

#[async_trait]
impl IdempotencyKeys for SqlUnitOfWork {
    async fn find(&mut self, scope: &KeyScope) -> Result<Option<KeyRecord>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<KeyRow> = on_tx!(self, |x| {
            let query = sqlx::query_as(sql).bind(scope.caller.as_str()).bind(scope.operation);
            query.bind(scope.key.as_str()).fetch_optional(x).await
        })?;
        row.map(KeyRecord::try_from).transpose()
    }

    async fn add(&mut self, scope: &KeyScope, record: &KeyRecord) -> Result<(), StoreError> {
        let (state, status, body, lease_until) = columns(&record.state);
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(scope.caller.as_str())
                .bind(scope.operation)
                .bind(scope.key.as_str())
                .bind(&record.fingerprint[..])
                .bind(record.seed)
                .bind(state)
                .bind(status)
                .bind(body)
                .bind(lease_until)
                .bind(Moment(record.created_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 0 { Err(StoreError::Conflict(Unique::Id)) } else { Ok(()) }
    }

    async fn save(&mut self, scope: &KeyScope, state: &KeyState) -> Result<(), StoreError> {
        let (state, status, body, lease_until) = columns(state);
        let changed = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(scope.caller.as_str())
                .bind(scope.operation)
                .bind(scope.key.as_str())
                .bind(state)
                .bind(status)
                .bind(body)
                .bind(lease_until)
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(StoreError::Stale(Entity::IdempotencyKey)) } else { Ok(()) }
    }

    async fn forget(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let done = sqlx::query(FORGET).bind(Moment(before)).execute(x).await;
            done.map(|done| done.rows_affected())
        })
    }
}
