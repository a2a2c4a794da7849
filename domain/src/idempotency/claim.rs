//! A key in use, and what became of those whose end could not be written down at once.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use dermaga_ports::{
    StoreError,
    idempotency::{KeyScope, KeyState},
    store::Store,
    time::Timestamp,
};
use uuid::Uuid;

use super::Idempotency;
use crate::error::Result;

/// A key in use.
///
/// Whoever drops it gives the key back: who is given up after a while, or panics, leaves no caller who has to wait for
/// the end of a lease.
pub struct Claim {
    keys: Idempotency,
    seed: Uuid,
    end: End,
    is_written: bool,
}

impl Claim {
    /// Made at this moment; its lease is over at another.
    pub(super) fn new(
        keys: Idempotency,
        scope: KeyScope,
        seed: Uuid,
        made_at: Timestamp,
        lease_until: Timestamp,
    ) -> Self {
        let given_back = KeyState::Running { lease_until: made_at };
        Self { keys, seed, end: End { scope, lease_until, state: given_back }, is_written: false }
    }

    /// The id for the record that the work makes.
    pub fn seed(&self) -> Uuid {
        self.seed
    }

    /// Keeps the answer for repetitions.
    ///
    /// # Errors
    /// When the store fails. The answer may be given all the same: it is kept later ([`Idempotency::catch_up`]), and
    /// until then a repetition finds the record by its seed.
    pub async fn answer(mut self, status: u16, body: String) -> Result<()> {
        self.end.state = KeyState::Answered { status, body };
        self.write().await
    }

    /// Lets the next repetition run at once: the work failed in a way that says nothing about the request.
    ///
    /// # Errors
    /// When the store fails; then the key is given back later ([`Idempotency::catch_up`]).
    pub async fn release(mut self) -> Result<()> {
        self.write().await
    }

    async fn write(&mut self) -> Result<()> {
        write(&*self.keys.core.ports.store, std::slice::from_ref(&self.end)).await?;
        self.is_written = true;
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.is_written {
            self.keys.unwritten.push(self.end.clone());
        }
    }
}

/// What became of a claim.
#[derive(Clone)]
pub(super) struct End {
    scope: KeyScope,
    /// By this the claim is known: whoever runs in its place has another one.
    lease_until: Timestamp,
    state: KeyState,
}

/// Writes down how claims ended.
pub(super) async fn write(store: &dyn Store, ends: &[End]) -> std::result::Result<(), StoreError> {
    let mut uow = store.begin().await?;
    for End { scope, lease_until, state } in ends {
        match uow.idempotency_keys().save(scope, *lease_until, state).await {
            // Somebody else runs in its place by now and tells how that ended, or the claim was never written.
            Ok(()) | Err(StoreError::Stale(_)) => {}
            Err(error) => return Err(error),
        }
    }
    uow.commit().await
}

/// How many ends are remembered. Beyond that the oldest is forgotten, and its lease has to run out.
const REMEMBERED: usize = 1_000;

/// Ends that are still to be written down.
#[derive(Default)]
pub(super) struct Unwritten(Mutex<VecDeque<End>>);

impl Unwritten {
    pub fn push(&self, end: End) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.len() >= REMEMBERED {
            ends.pop_front();
        }
        ends.push_back(end);
    }

    /// The first few.
    pub fn take(&self, count: usize) -> Taken<'_> {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = count.min(ends.len());
        Taken { from: self, ends: ends.drain(..count).collect() }
    }
}

/// Ends that somebody is writing down. Whoever drops them has not come to it, and puts them back.
pub(super) struct Taken<'u> {
    from: &'u Unwritten,
    pub ends: Vec<End>,
}

impl Taken<'_> {
    /// Nothing is to be done about them any more.
    pub fn forget(mut self) {
        self.ends.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.ends.drain(..).for_each(|end| self.from.push(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_end_gives_way() {
        let unwritten = Unwritten::default();
        let at = Timestamp::from_micros;
        for n in 0..=1_000 {
            let scope = KeyScope { caller: String::new(), operation: "transfer", key: String::new() };
            unwritten.push(End { scope, lease_until: at(n), state: KeyState::Running { lease_until: at(0) } });
        }
        let first = unwritten.take(2);
        assert_eq!(first.ends.iter().map(|end| end.lease_until.micros()).collect::<Vec<_>>(), [1, 2]);
        let others = unwritten.take(2_000);
        assert_eq!((others.ends.len(), unwritten.take(1).ends.len()), (998, 0));
        others.forget();
        drop(first);
        assert_eq!(unwritten.take(2_000).ends.len(), 2, "what was not written down is there again");
    }
}
