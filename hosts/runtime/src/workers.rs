//! The threads that work on requests.

use std::{io, num::NonZeroU8, thread};

use tokio::runtime::{Builder, Runtime};

/// After so many tasks a worker looks for answers of the database. The ledger's next batch waits for one; the runtime's
/// own 61 tasks can take longer than the database did.
const LOOK_OUTSIDE_AFTER: u32 = 16;

/// After so many tasks a worker looks for what other threads have left for it: SQLite answers from one.
const LOOK_ASIDE_AFTER: u32 = 1;

/// Half of the processors; the other half is for the database.
pub fn by_default() -> NonZeroU8 {
    let half = thread::available_parallelism().map_or(1, |processors| processors.get() / 2);
    NonZeroU8::new(u8::try_from(half).unwrap_or(u8::MAX)).unwrap_or(NonZeroU8::MIN)
}

/// The run time with so many of them.
///
/// # Errors
/// The system has no threads or files for it.
pub fn start(workers: NonZeroU8) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(usize::from(workers.get()))
        .event_interval(LOOK_OUTSIDE_AFTER)
        .global_queue_interval(LOOK_ASIDE_AFTER)
        .enable_all()
        .build()
}
