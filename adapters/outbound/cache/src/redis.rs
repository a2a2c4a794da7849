//! Redis as a cache.
//!
//! Nobody waits for it: each command has a quarter of a second, and while the server is away only one command in a
//! while tries it again.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use dermaga_ports::cache::Cache;
use redis::{AsyncCommands, Client, FromRedisValue, RedisError, aio::MultiplexedConnection};
use tokio::{sync::Mutex, time::timeout};

use crate::is_kept;

/// A cache that is slower than that is none.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long nobody tries again after a failure.
const REST: Duration = Duration::from_millis(500);

/// The address is none of Redis. It may hold a password, so it is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("REDIS_URL must be like redis://127.0.0.1:6379/0")]
pub struct BadUrl;

/// A Redis server, or a place in one.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
    prefix: String,
    patience: Duration,
}

struct Shared {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    begun: Instant,
    /// Until when nobody tries, in milliseconds after `begun`.
    resting: AtomicU64,
}

impl fmt::Debug for Redis {
    /// Without its address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Redis {
    /// Keys begin with the prefix, so that several systems can share a server. Nobody is called yet: a server that is
    /// away is a miss.
    ///
    /// # Errors
    /// [`BadUrl`].
    pub fn new(url: &str, prefix: impl Into<String>) -> Result<Self, BadUrl> {
        let client = Client::open(url).map_err(|_| BadUrl)?;
        let shared = Shared { client, connection: Mutex::new(None), begun: Instant::now(), resting: AtomicU64::new(0) };
        Ok(Self { shared: Arc::new(shared), prefix: prefix.into(), patience: PATIENCE })
    }

    /// Waits that long for each command instead of a quarter of a second.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut place = self.connection.lock().await;
        if let Some(connection) = &*place {
            return Ok(connection.clone());
        }
        let connection = self.client.get_multiplexed_async_connection().await?;
        *place = Some(connection.clone());
        Ok(connection)
    }

    /// Runs one command, or does without.
    async fn run<T, F>(
        &self,
        what: &'static str,
        patience: Duration,
        command: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Option<T>
    where
        T: FromRedisValue,
        F: Future<Output = Result<T, RedisError>>,
    {
        if self.now() < self.resting.load(Ordering::Relaxed) {
            return None;
        }
        let ran = timeout(patience, async { command(self.connection().await?).await }).await;
        let told = match ran {
            Ok(Ok(value)) => return Some(value),
            // The kind alone: the text may repeat the address.
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => "it takes too long".to_owned(),
        };
        tracing::warn!(what, "Redis is of no use now: {told}");
        self.resting.store(self.now() + u64::try_from(REST.as_millis()).unwrap_or(0), Ordering::Relaxed);
        // A connection that broke stays broken.
        if let Ok(mut place) = self.connection.try_lock() {
            *place = None;
        }
        None
    }
}

#[async_trait]
impl Cache for Redis {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let key = self.key(key);
        self.shared
            .run("get", self.patience, |mut redis| async move { redis.get::<_, Option<Vec<u8>>>(key).await })
            .await
            .flatten()
    }

    async fn put(&self, key: &str, value: &[u8], keep: Duration) {
        if !is_kept(key, value, keep) {
            return self.forget(key).await;
        }
        let (key, value) = (self.key(key), value.to_vec());
        let millis = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX).max(1);
        let done = self
            .shared
            .run("put", self.patience, |mut redis| async move { redis.pset_ex::<_, _, ()>(key, value, millis).await });
        done.await;
    }

    async fn forget(&self, key: &str) {
        let key = self.key(key);
        self.shared.run("forget", self.patience, |mut redis| async move { redis.del::<_, ()>(key).await }).await;
    }
}
