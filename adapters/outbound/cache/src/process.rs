//! A cache inside the process.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use dermaga_ports::cache::Cache;
use moka::{Expiry, sync};

use crate::is_kept;

/// Bounded by the bytes of what is in it; what is used least goes first.
#[derive(Debug, Clone)]
pub struct InProcess(sync::Cache<String, Entry>);

#[derive(Debug, Clone)]
struct Entry {
    value: Vec<u8>,
    keep: Duration,
}

/// Each entry has a time of its own.
#[derive(Debug)]
struct Own;

impl Expiry<String, Entry> for Own {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.keep)
    }

    fn expire_after_update(&self, _: &String, entry: &Entry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(entry.keep)
    }
}

impl InProcess {
    /// With room for that many bytes of keys and values.
    pub fn with_room_for(bytes: u64) -> Self {
        let weigh = |key: &String, entry: &Entry| u32::try_from(key.len() + entry.value.len()).unwrap_or(u32::MAX);
        Self(sync::Cache::builder().max_capacity(bytes).weigher(weigh).expire_after(Own).build())
    }

    /// How many bytes are in it, after what is due to go has gone.
    pub fn bytes(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.weighted_size()
    }
}

#[async_trait]
impl Cache for InProcess {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).map(|entry| entry.value)
    }

    async fn put(&self, key: &str, value: &[u8], keep: Duration) {
        if is_kept(key, value, keep) {
            self.0.insert(key.to_owned(), Entry { value: value.to_vec(), keep });
        } else {
            self.0.invalidate(key);
        }
    }

    async fn forget(&self, key: &str) {
        self.0.invalidate(key);
    }
}
