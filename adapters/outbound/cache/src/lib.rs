//! Caches: what may be forgotten at any time.
//!
//! # Shape
//! - [`InProcess`]: bounded by bytes, gone with the process.
//! - [`Redis`]: shared by hosts. A server that is slow or away is a miss, and hosts start without it.

mod process;
mod redis;

use std::time::Duration;

use dermaga_ports::cache::{MAX_KEY, MAX_VALUE};

pub use self::{
    process::InProcess,
    redis::{BadUrl, Redis},
};

/// Whether this is kept at all.
fn is_kept(key: &str, value: &[u8], keep: Duration) -> bool {
    let fits = key.len() <= MAX_KEY && value.len() <= MAX_VALUE;
    if !fits {
        tracing::warn!(key = key.len(), value = value.len(), "too large for the cache");
    }
    fits && !keep.is_zero()
}
