//! The threads that work on requests.

use std::{io, thread};

use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

/// After so many tasks a worker looks for answers of the database. The ledger's next batch waits for one; the runtime's
/// own 61 tasks can take longer than the database did.
const LOOK_OUTSIDE_AFTER: u32 = 16;

/// After so many tasks a worker looks for what other threads have left for it: SQLite answers from one.
const LOOK_ASIDE_AFTER: u32 = 1;

/// How many of them there are: 1 to 255.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Workers(u8);

impl Default for Workers {
    /// Half of the processors; the other half is for the database.
    fn default() -> Self {
        let half = thread::available_parallelism().map_or(1, |processors| processors.get() / 2);
        Self(u8::try_from(half).unwrap_or(u8::MAX).max(1))
    }
}

impl TryFrom<u64> for Workers {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        u8::try_from(number).ok().filter(|number| *number > 0).map(Self).ok_or("must be 1 to 255")
    }
}

impl Workers {
    /// The run time with so many of them.
    ///
    /// # Errors
    /// The system has no threads or files for it.
    pub fn start(self) -> io::Result<Runtime> {
        Builder::new_multi_thread()
            .worker_threads(usize::from(self.0))
            .event_interval(LOOK_OUTSIDE_AFTER)
            .global_queue_interval(LOOK_ASIDE_AFTER)
            .enable_all()
            .build()
    }
}
