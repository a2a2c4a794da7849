//! A connection to Postgres for statements that come one at a time and all the time.
//!
//! The pool asks a connection how it is whenever it comes back, which is a round trip, and the next one has to wait for
//! it. On the way that carries nearly all traffic that would be half of all round trips. A lane keeps one connection and
//! asks it only after a pause. The same server process does the same work again, with everything it needs at hand.

use std::{
    io, mem,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use crate::deadline::in_time;

/// Statements on a lane find everything by key, whatever their parameters: planning them anew each time, as Postgres would
/// for short lists, takes longer than executing them. Without the other ways to join and scan, accounts are always visited
/// in the order of the list that names them, or of their key, so the order of locks does not depend on statistics.
const PLANNED_ONCE: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET enable_seqscan = off; SET enable_bitmapscan = off";

/// After a pause of so long a connection is asked whether it is still there.
pub(crate) const CHECK_AFTER: Duration = Duration::from_secs(1);

/// How many times as long as for a lock an answer is waited for.
const LONGER_THAN_LOCKS: u32 = 3;

/// One connection, made when it is needed.
#[derive(Debug)]
pub(crate) struct Lane {
    server: PgConnectOptions,
    session: String,
    patience: Duration,
    place: Mutex<Place>,
}

#[derive(Debug, Default)]
enum Place {
    /// Nobody needed it yet.
    #[default]
    New,
    Kept(Kept),
    /// There was one; or somebody has it, and may lose it.
    Lost,
    Closed,
}

#[derive(Debug)]
struct Kept {
    connection: PgConnection,
    since: Instant,
    is_another: bool,
}

/// The connection while it is in use. If it is dropped, whatever it was in the middle of, the server hears that it is gone.
pub(crate) struct Held<'l> {
    place: MutexGuard<'l, Place>,
    pub(crate) connection: PgConnection,
    is_another: bool,
    limit: Duration,
}

impl Lane {
    /// A lane to that server; `session` is what every session begins with.
    pub(crate) fn to(server: PgConnectOptions, session: &str, patience: Duration) -> Self {
        Self { server, session: format!("{session}; {PLANNED_ONCE}"), patience, place: Mutex::default() }
    }

    /// Waits for the connection.
    ///
    /// # Errors
    /// The pool's own when that takes too long or the lane is closed, and those of connecting.
    pub(crate) async fn hold(&self) -> Result<Held<'_>, sqlx::Error> {
        let too_long = |_| sqlx::Error::PoolTimedOut;
        let limit = self.patience * LONGER_THAN_LOCKS;
        let mut place = timeout(self.patience, self.place.lock()).await.map_err(too_long)?;
        let was = match &*place {
            Place::Closed => return Err(sqlx::Error::PoolClosed),
            Place::New => Place::New,
            Place::Kept(_) | Place::Lost => mem::replace(&mut *place, Place::Lost),
        };
        let is_another = !matches!(was, Place::New);
        if let Place::Kept(Kept { mut connection, since, is_another }) = was {
            let rested = since.elapsed() > CHECK_AFTER;
            if !rested || in_time(self.patience, connection.ping()).await.is_ok() {
                return Ok(Held { place, connection, is_another, limit });
            }
        }
        let connection = timeout(self.patience, self.connect()).await.map_err(too_long)??;
        *place = Place::Lost;
        Ok(Held { place, connection, is_another, limit })
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.server.connect().await?;
        connection.execute(AssertSqlSafe(self.session.clone())).await?;
        Ok(connection)
    }

    /// Hangs up, for good.
    pub(crate) async fn close(&self) {
        if let Place::Kept(kept) = mem::replace(&mut *self.place.lock().await, Place::Closed) {
            // The server notices all the same if this does not reach it.
            let _ = timeout(self.patience, kept.connection.close()).await;
        }
    }
}

impl Held<'_> {
    /// How long an answer is waited for on this connection.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Whether this is another connection than before and nobody was told so yet. The server behind it may be another
    /// one, too, which has not heard of everything that the one before has acknowledged.
    pub(crate) fn take_is_another(&mut self) -> bool {
        mem::take(&mut self.is_another)
    }

    /// Keeps the connection for the next one, unless the error may be its own.
    pub(crate) fn give_back<T>(mut self, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if done.as_ref().err().is_none_or(is_about_rows) {
            let (since, is_another) = (Instant::now(), self.is_another);
            *self.place = Place::Kept(Kept { connection: self.connection, since, is_another });
        }
        done
    }
}

/// Whether the error says something of rows, and so nothing of the connection or the server: our own (DM001, P0001), data
/// and constraints (22, 23), locks and deadlocks (40, 55P03), a statement that was cancelled. A server that has become
/// read-only is left, for example: its name may mean another one by now.
fn is_about_rows(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    let code = error.code().unwrap_or_default();
    let classes = ["22", "23", "40"];
    ["DM001", "P0001", "55P03", "57014"].contains(&code.as_ref()) || classes.iter().any(|class| code.starts_with(class))
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

/// Whether the server has hung up, perhaps with a word of farewell (57P: it was told to stop, or has crashed). One that was
/// waited for in vain has not.
fn is_gone(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != io::ErrorKind::TimedOut,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}
