//! Whether there is a server behind the pool.
//!
//! A pool that has no connection to give does not say why: too many may want one, or nobody may be there to connect to.
//! The first is over in a moment, the second may take hours, and while it lasts everybody would wait in vain, several
//! times for each request. So whoever waited in vain asks the server itself, outside the pool. As long as it is away
//! everybody is told so at once, and one of them asks again every now and then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use dermaga_ports::StoreError;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use tokio::{sync::Mutex, time::timeout};

use crate::error::{from_connecting, from_driver};

/// How long an answer is good for: nobody is told for longer that the server is away when it is back.
const FRESH: Duration = Duration::from_millis(500);
/// A server that is there greets sooner than this.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of the server. Clones know the same.
#[derive(Debug, Clone)]
pub(crate) struct Presence {
    server: Arc<PgConnectOptions>,
    away: Arc<AtomicBool>,
    answer: Arc<Mutex<Option<(Instant, StoreError)>>>,
}

impl Presence {
    pub(crate) fn of(server: PgConnectOptions) -> Self {
        Self { server: Arc::new(server), away: Arc::default(), answer: Arc::default() }
    }

    /// Before anybody waits for a connection: the reason why there can be none, if that is known.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        // All there is to pay on a good day.
        if !self.away.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.answer.try_lock() {
            Ok(mut answer) => match self.ask(&mut answer).await {
                // It is there, whatever it says.
                StoreError::Busy => Ok(()),
                away => Err(away),
            },
            // Somebody is asking, and everybody need not wait for that.
            Err(_) => Err(StoreError::Unavailable("the database does not answer".to_owned())),
        }
    }

    /// After somebody has waited for a connection in vain: why.
    pub(crate) async fn why(&self) -> StoreError {
        self.ask(&mut *self.answer.lock().await).await
    }

    /// Asks unless somebody just did. [`StoreError::Busy`] when the server is there.
    async fn ask(&self, answer: &mut Option<(Instant, StoreError)>) -> StoreError {
        if let Some((asked, known)) = answer
            && asked.elapsed() < FRESH
        {
            return known.clone();
        }
        let known = match timeout(PATIENCE, self.server.connect()).await {
            Ok(Ok(connection)) => {
                // It may hang up itself if this does not reach it.
                let _ = timeout(PATIENCE, connection.close()).await;
                StoreError::Busy
            }
            // Too many connections: that is an answer, too.
            Ok(Err(error @ sqlx::Error::Database(_))) => from_driver(error),
            Ok(Err(error)) => from_connecting(error),
            Err(_) => StoreError::Unavailable("the database does not answer".to_owned()),
        };
        self.away.store(known != StoreError::Busy, Ordering::Relaxed);
        *answer = Some((Instant::now(), known.clone()));
        known
    }
}
