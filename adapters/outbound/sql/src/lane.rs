//! A connection to Postgres for statements that come one at a time and all the time.
//!
//! The pool asks a connection how it is whenever it comes back, which is a round trip, and the next one has to wait for
//! it. On the way that carries nearly all traffic that would be half of all round trips. A lane keeps one connection and
//! asks it only after a pause. The same server process does the same work again, with everything it needs at hand.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

/// Statements on a lane find everything by key, whatever their parameters: planning them anew each time, as Postgres would
/// for short lists, takes longer than executing them. Without the other ways to join and scan, accounts are always visited
/// in the order of the list that names them, or of their key, so the order of locks does not depend on statistics.
const PLANNED_ONCE: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET enable_seqscan = off; SET enable_bitmapscan = off";

/// After a pause of so long a connection is asked whether it is still there.
pub(crate) const CHECK_AFTER: Duration = Duration::from_secs(1);

/// One connection, made when it is needed.
#[derive(Debug)]
pub(crate) struct Lane {
    server: PgConnectOptions,
    session: String,
    patience: Duration,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    connection: PgConnection,
    since: Instant,
}

/// The connection while it is in use. If it is dropped, whatever it was in the middle of, the server hears that it is gone.
pub(crate) struct Held<'l> {
    place: MutexGuard<'l, Option<Kept>>,
    pub(crate) connection: PgConnection,
}

impl Lane {
    /// A lane to that server; `session` is what every session begins with.
    pub(crate) fn to(server: PgConnectOptions, session: &str, patience: Duration) -> Self {
        Self { server, session: format!("{session}; {PLANNED_ONCE}"), patience, kept: Mutex::default() }
    }

    /// Waits for the connection.
    ///
    /// # Errors
    /// The pool's own when that takes too long, and those of connecting.
    pub(crate) async fn hold(&self) -> Result<Held<'_>, sqlx::Error> {
        let too_long = |_| sqlx::Error::PoolTimedOut;
        let mut place = timeout(self.patience, self.kept.lock()).await.map_err(too_long)?;
        if let Some(mut kept) = place.take() {
            let rested = kept.since.elapsed() > CHECK_AFTER;
            if !rested || kept.connection.ping().await.is_ok() {
                return Ok(Held { place, connection: kept.connection });
            }
        }
        let mut connection = timeout(self.patience, self.server.connect()).await.map_err(too_long)??;
        connection.execute(AssertSqlSafe(self.session.clone())).await?;
        Ok(Held { place, connection })
    }

    /// Hangs up.
    pub(crate) async fn close(&self) {
        if let Some(kept) = self.kept.lock().await.take() {
            // The server notices all the same if this does not reach it.
            let _ = kept.connection.close().await;
        }
    }
}

impl Held<'_> {
    /// Keeps the connection for the next one, unless the error may be its own.
    pub(crate) fn give_back<T>(mut self, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if matches!(&done, Ok(_) | Err(sqlx::Error::Database(_))) && !done.as_ref().is_err_and(is_gone) {
            *self.place = Some(Kept { connection: self.connection, since: Instant::now() });
        }
        done
    }
}

/// Asks something that changes nothing, once more if the server had hung up: after a short rest that is only found out by
/// asking.
pub(crate) async fn asked<T, F>(question: impl Fn() -> F) -> Result<T, sqlx::Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    match question().await {
        Err(error) if is_gone(&error) => question().await,
        done => done,
    }
}

/// Whether the server has hung up, perhaps with a word of farewell (57P: it was told to stop, or has crashed).
fn is_gone(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}
