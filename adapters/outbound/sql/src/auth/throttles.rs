//! The brake on guessing passwords.
//!
//! What attempts are counted under may be an e-mail address, so the table has a digest in its place. It is made with the
//! first key of the ring alone: when that one changes, whoever had to wait begins anew, which is once in a long while.

use std::collections::HashMap;

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    auth::{Throttle, Throttles},
};
use sqlx::{FromRow, QueryBuilder};

use crate::{
    codec::{Moment, corrupt},
    db::{CHUNK, Tx},
    store::SqlStore,
    unit_of_work::SqlUnitOfWork,
};

/// Most names have no throttle, and a row that is not there cannot be locked: two first failures at once would count
/// as one. So Postgres locks the name itself, until the unit of work ends.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4711))";
const FIND: &str = "SELECT failures, blocked_until, last_failure_at FROM throttles WHERE key = $1";
const SAVE: &str = "INSERT INTO throttles (key, failures, blocked_until, last_failure_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until, \
    last_failure_at = excluded.last_failure_at";
const AMONG: &str = "SELECT key, failures, blocked_until, last_failure_at FROM throttles WHERE key IN (";
const CLEAR: &str = "DELETE FROM throttles WHERE key = $1";

#[derive(FromRow)]
struct ThrottleRow {
    failures: i64,
    blocked_until: Moment,
    last_failure_at: Moment,
}

impl TryFrom<ThrottleRow> for Throttle {
    type Error = StoreError;

    fn try_from(row: ThrottleRow) -> Result<Self, StoreError> {
        Ok(Self {
            failures: u32::try_from(row.failures).map_err(corrupt)?,
            blocked_until: row.blocked_until.0,
            last_failure_at: row.last_failure_at.0,
        })
    }
}

#[derive(FromRow)]
struct KeyedRow {
    key: String,
    #[sqlx(flatten)]
    throttle: ThrottleRow,
}

/// The throttles that exist among these keys.
pub(super) async fn among(store: &SqlStore, keys: &[String]) -> Result<HashMap<String, Throttle>, StoreError> {
    let mut found = HashMap::new();
    let names: HashMap<String, &String> = keys.iter().map(|key| (store.keys.disguise(key), key)).collect();
    let keys: Vec<&String> = names.keys().collect();
    for chunk in keys.chunks(CHUNK) {
        let rows: Vec<KeyedRow> = on_read!(store, |x| {
            let mut query = QueryBuilder::new(AMONG);
            let mut list = query.separated(", ");
            for key in chunk {
                list.push_bind(key.as_str());
            }
            list.push_unseparated(")");
            query.build_query_as().persistent(false).fetch_all(x).await
        })?;
        for row in rows {
            if let Some(key) = names.get(&row.key) {
                found.insert((*key).clone(), row.throttle.try_into()?);
            }
        }
    }
    Ok(found)
}

#[async_trait]
impl Throttles for SqlUnitOfWork {
    async fn find(&mut self, key: &str) -> Result<Option<Throttle>, StoreError> {
        let key = &self.keys.disguise(key);
        let locked = match self.open()? {
            Tx::Postgres(transaction) => sqlx::query(LOCK).bind(key).execute(&mut **transaction).await.map(drop),
            Tx::Sqlite(_) => Ok(()),
        };
        self.settle(locked)?;
        let row: Option<ThrottleRow> = on_tx!(self, |x| sqlx::query_as(FIND).bind(key).fetch_optional(x).await)?;
        row.map(Throttle::try_from).transpose()
    }

    async fn save(&mut self, key: &str, throttle: &Throttle) -> Result<(), StoreError> {
        let key = &self.keys.disguise(key);
        on_tx!(self, |x| {
            sqlx::query(SAVE)
                .bind(key)
                .bind(i64::from(throttle.failures))
                .bind(Moment(throttle.blocked_until))
                .bind(Moment(throttle.last_failure_at))
                .execute(x)
                .await
                .map(drop)
        })
    }

    async fn clear(&mut self, key: &str) -> Result<(), StoreError> {
        let key = &self.keys.disguise(key);
        on_tx!(self, |x| sqlx::query(CLEAR).bind(key).execute(x).await.map(drop))
    }
}
