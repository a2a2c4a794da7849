//! A decorator: what a search found is found again for some minutes, without asking the supplier. Suppliers count
//! searches, and people press the button again.
//!
//! Only searches are remembered. An offer is looked at again before it is booked, so an old price costs a question and
//! never money; what has expired, or will within a minute, is not shown.

mod ferries;
mod flights;
mod hotels;

use std::{sync::Arc, time::Duration};

use dermaga_ports::{booking::Outcome, cache::Cache, system::Clock, time::Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use crate::wire::signature::digest;

/// An offer that ends sooner is of no use to somebody who has to type names.
const USABLE: Duration = Duration::from_secs(60);

/// A supplier whose searches are remembered.
pub struct CachedSearch<S> {
    inner: S,
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    keep: Duration,
}

impl<S> CachedSearch<S> {
    /// Remembers each search for that long.
    pub fn new(inner: S, cache: Arc<dyn Cache>, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self { inner, cache, clock, keep }
    }

    /// What was found before, or what is found now. `ends` says until when one of them can be booked, if it ends at all.
    async fn once<T, F>(
        &self,
        what: (&str, &str),
        asked: &impl Serialize,
        ends: fn(&T) -> Option<Timestamp>,
        now: F,
    ) -> Outcome<Vec<T>>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Outcome<Vec<T>>>,
    {
        let Some(key) = key(what, asked) else { return now.await };
        if let Some(found) = self.remembered(&key, ends).await {
            return Outcome::Done(found);
        }
        let found = now.await;
        // That there is nothing may be the supplier's bad moment: it is asked again.
        if let Outcome::Done(found) = &found
            && !found.is_empty()
            && let Ok(kept) = serde_json::to_vec(found)
        {
            self.cache.put(&key, &kept, self.keep).await;
        }
        found
    }

    async fn remembered<T: DeserializeOwned>(&self, key: &str, ends: fn(&T) -> Option<Timestamp>) -> Option<Vec<T>> {
        let kept = self.cache.get(key).await?;
        let found: Vec<T> = serde_json::from_slice(&kept).ok()?;
        let until = self.clock.now() + USABLE;
        // If even one has ended, the rest is as old.
        found.iter().all(|one| ends(one).is_none_or(|end| end > until)).then_some(found)
    }
}

fn key((what, supplier): (&str, &str), asked: &impl Serialize) -> Option<String> {
    let asked = serde_json::to_string(asked).ok()?;
    Some(format!("{what}:{supplier}:{}", digest(&[&asked])))
}
