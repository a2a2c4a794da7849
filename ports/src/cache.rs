//! The socket for what may be forgotten at any time.

use std::time::Duration;

use async_trait::async_trait;

/// The longest key, in bytes.
pub const MAX_KEY: usize = 250;
/// The largest value, in bytes: a page of offers, not a file.
pub const MAX_VALUE: usize = 1024 * 1024;

/// A cache of small values. It stops nobody: what fails, what is too large and what is too slow is a miss, and the
/// adapter logs it.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Cache: Send + Sync {
    /// What was put under this key, if it is still there. MUST NOT answer what has outlived its time.
    async fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Keeps it for that long at the most; the last one wins. A key longer than [`MAX_KEY`], a value larger than
    /// [`MAX_VALUE`] and a time of zero are not kept, and forget what was there.
    async fn put(&self, key: &str, value: &[u8], keep: Duration);

    /// Forgets it.
    async fn forget(&self, key: &str);
}
