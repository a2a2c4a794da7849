//! Idempotency keys. Answers that may speak of people are sealed.

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
    personal::{Column, PersonalKeys},
    unit_of_work::SqlUnitOfWork,
};

const FIND: Dialects = locking!(
    "SELECT fingerprint, seed, state, status, body, sealed, lease_until, created_at FROM idempotency_keys \
     WHERE caller = $1 AND operation = $2 AND key = $3"
);
/// On Postgres a second caller waits here until the first one's unit of work ends.
const INSERT: &str = "INSERT INTO idempotency_keys \
    (caller, operation, key, fingerprint, seed, state, status, body, sealed, lease_until, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE idempotency_keys SET state = $4, status = $5, body = $6, sealed = $7, lease_until = $8 \
    WHERE caller = $1 AND operation = $2 AND key = $3 AND state = 'running' AND lease_until = $9";
const SEED: &str = "SELECT seed FROM idempotency_keys WHERE caller = $1 AND operation = $2 AND key = $3";
const FORGET: &str = "DELETE FROM idempotency_keys WHERE created_at < $1";

#[derive(FromRow)]
struct KeyRow {
    fingerprint: Vec<u8>,
    seed: Uuid,
    state: String,
    status: Option<i64>,
    body: Option<String>,
    sealed: Option<Vec<u8>>,
    lease_until: Option<Moment>,
    created_at: Moment,
}

impl KeyRow {
    fn open(self, keys: &PersonalKeys) -> Result<KeyRecord, StoreError> {
        let body = match self.body {
            None => keys.open_text(Column::KeptAnswer, self.seed, self.sealed.as_deref())?,
            clear => clear,
        };
        let state = match (self.state.as_str(), self.lease_until, self.status, body) {
            ("running", Some(Moment(lease_until)), None, None) => KeyState::Running { lease_until },
            ("answered", None, Some(status), Some(body)) => {
                KeyState::Answered { status: u16::try_from(status).map_err(corrupt)?, body }
            }
            (state, ..) => return Err(corrupt(format_args!("an idempotency key that is half {state}"))),
        };
        let fingerprint = codec::digest(&self.fingerprint)?;
        Ok(KeyRecord { fingerprint, seed: self.seed, state, created_at: self.created_at.0 })
    }
}

/// A state in columns.
struct Columns<'s> {
    state: &'static str,
    status: Option<i64>,
    body: Option<&'s str>,
    sealed: Option<Vec<u8>>,
    lease_until: Option<Moment>,
}

impl<'s> Columns<'s> {
    /// The answer stays readable without a seed.
    fn of(state: &'s KeyState, seed: Option<Uuid>, keys: &PersonalKeys) -> Result<Self, StoreError> {
        let nothing = Self { state: "running", status: None, body: None, sealed: None, lease_until: None };
        Ok(match (state, seed) {
            (KeyState::Running { lease_until }, _) => Self { lease_until: Some(Moment(*lease_until)), ..nothing },
            (KeyState::Answered { status, body }, None) => {
                Self { state: "answered", status: Some(i64::from(*status)), body: Some(body), ..nothing }
            }
            (KeyState::Answered { status, body }, Some(seed)) => {
                let sealed = Some(keys.seal(Column::KeptAnswer, seed, body.as_bytes())?);
                Self { state: "answered", status: Some(i64::from(*status)), sealed, ..nothing }
            }
        })
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
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn add(&mut self, scope: &KeyScope, record: &KeyRecord) -> Result<(), StoreError> {
        let seed = scope.is_personal().then_some(record.seed);
        let columns = Columns::of(&record.state, seed, &self.keys)?;
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(scope.caller.as_str())
                .bind(scope.operation)
                .bind(scope.key.as_str())
                .bind(&record.fingerprint[..])
                .bind(record.seed)
                .bind(columns.state)
                .bind(columns.status)
                .bind(columns.body)
                .bind(columns.sealed.as_deref())
                .bind(columns.lease_until)
                .bind(Moment(record.created_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 0 { Err(StoreError::Conflict(Unique::Id)) } else { Ok(()) }
    }

    async fn save(&mut self, scope: &KeyScope, lease_until: Timestamp, state: &KeyState) -> Result<(), StoreError> {
        let seed = match state {
            KeyState::Answered { .. } if scope.is_personal() => {
                let found: Option<Uuid> = on_tx!(self, |x| {
                    let query = sqlx::query_scalar(SEED).bind(scope.caller.as_str()).bind(scope.operation);
                    query.bind(scope.key.as_str()).fetch_optional(x).await
                })?;
                Some(found.ok_or(StoreError::Stale(Entity::IdempotencyKey))?)
            }
            _ => None,
        };
        let columns = Columns::of(state, seed, &self.keys)?;
        let changed = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(scope.caller.as_str())
                .bind(scope.operation)
                .bind(scope.key.as_str())
                .bind(columns.state)
                .bind(columns.status)
                .bind(columns.body)
                .bind(columns.sealed.as_deref())
                .bind(columns.lease_until)
                .bind(Moment(lease_until))
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
