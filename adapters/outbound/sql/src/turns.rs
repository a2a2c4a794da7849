//! Who may write to SQLite.
//!
//! There is one writer at a time whatever we do, and SQLite's own way to wait for another one is to sleep and look again. So
//! those of this program stand in a queue, first come, first served. A turn is not the pool's writing connection: the pool
//! asks that one how it is whenever it comes back, and who writes over another connection need not wait for the answer.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// The queue.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    queue: Arc<Semaphore>,
    patience: Duration,
}

/// While it is held, nobody else of this program writes; except that a transaction that was dropped is still being rolled
/// back for a moment, which is when SQLite's own waiting has its place.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turns {
    /// A queue in which nobody waits longer than that.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { queue: Arc::new(Semaphore::new(1)), patience }
    }

    /// Waits for the turn.
    ///
    /// # Errors
    /// The pool's own when that takes too long.
    pub(crate) async fn next(&self) -> Result<Turn, sqlx::Error> {
        let permit = timeout(self.patience, self.queue.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        Ok(Turn { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_has_the_turn_and_the_next_gets_it_or_loses_patience() {
        let turns = Turns::new(Duration::from_millis(20));
        let turn = turns.next().await.expect("nobody writes");
        assert!(matches!(turns.next().await, Err(sqlx::Error::PoolTimedOut)));
        let next = tokio::spawn({
            let turns = turns.clone();
            async move { turns.next().await }
        });
        drop(turn);
        next.await.expect("no panic").expect("it was given back");
    }
}
