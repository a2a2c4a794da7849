//! What is due, in the order in which it is due.
//!
//! It knows neither what a due thing is nor who runs it, so that everything the sandbox plays can share one of them.

use std::collections::BTreeMap;

use crate::clock::Moment;

/// A queue by time. Two things of the same moment come out in the order in which they went in.
#[derive(Debug)]
pub struct Scheduler<T> {
    queue: BTreeMap<(Moment, u64), T>,
    next: u64,
}

impl<T> Default for Scheduler<T> {
    fn default() -> Self {
        Self { queue: BTreeMap::new(), next: 0 }
    }
}

impl<T> Scheduler<T> {
    /// Remembers a thing for that moment.
    pub fn push(&mut self, due: Moment, thing: T) {
        self.queue.insert((due, self.next), thing);
        self.next += 1;
    }

    /// When the next thing is due.
    pub fn next_due(&self) -> Option<Moment> {
        self.queue.keys().next().map(|(due, _)| *due)
    }

    /// Takes the next thing if it is due by then.
    pub fn pop(&mut self, until: Moment) -> Option<(Moment, T)> {
        let entry = self.queue.first_entry()?;
        let (due, _) = *entry.key();
        (due <= until).then(|| (due, entry.remove()))
    }

    /// How many things wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_out_by_time_and_then_by_arrival() {
        let mut queue = Scheduler::default();
        for (due, name) in [(20, "c"), (10, "a"), (10, "b"), (30, "d")] {
            queue.push(Moment::from_millis(due), name);
        }
        let until = Moment::from_millis(20);
        let mut order = Vec::new();
        while let Some((_, name)) = queue.pop(until) {
            order.push(name);
        }
        assert_eq!(order, ["a", "b", "c"]);
        assert_eq!(queue.next_due(), Some(Moment::from_millis(30)));
        assert_eq!(queue.len(), 1);
    }
}
