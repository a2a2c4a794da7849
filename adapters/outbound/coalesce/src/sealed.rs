//! Lines that this host has just sealed, kept for whoever counts them.
//!
//! # Why
//! Roll-ups read every line of the journal once, and moments after it was written: three look-ups by key for the database,
//! a row for the host. The host that wrote it has all of that in its hands. So what was appended is kept for a moment,
//! under the number that the seal gave it, and whoever asks for the batches behind a position gets them from here for as
//! long as they follow each other. What others sealed, or what was not kept, is read from the database.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::{AccountId, ReportId, UserId},
    ledger::{Account, AccountKind, Changes, Decide, Journal},
    reports::{
        Day, EndingTotal, MovedLine, Progress, ReportCheck, ReportQueries, Rollup, SealedLines, Summary,
        TransactionReport,
    },
    store::Store,
};

/// Lines that are kept: some megabytes.
const KEPT: usize = 50_000;

/// The journal and the reports of a store, with a memory of what went through.
pub struct Sealed {
    store: Arc<dyn Store>,
    kept: Mutex<Kept>,
}

/// Batches by their number in the seal.
#[derive(Default)]
struct Kept {
    batches: BTreeMap<u64, Vec<MovedLine>>,
    lines: usize,
}

impl Sealed {
    pub fn of(store: Arc<dyn Store>) -> Self {
        Self { store, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, number: u64, lines: Vec<MovedLine>) {
        self.lines += lines.len();
        self.batches.insert(number, lines);
        while self.lines > KEPT
            && let Some((_, earliest)) = self.batches.pop_first()
        {
            self.lines -= earliest.len();
        }
    }

    /// The batches behind `after` that follow each other, until they have so many lines. Earlier ones were counted and
    /// are forgotten.
    fn recall(&mut self, after: u64, limit: u32) -> Option<SealedLines> {
        while let Some(earliest) = self.batches.first_entry().filter(|earliest| *earliest.key() <= after) {
            self.lines -= earliest.remove().len();
        }
        let mut found = SealedLines { lines: Vec::new(), end: after };
        for (number, lines) in &self.batches {
            if *number != found.end + 1 || found.lines.len() >= limit as usize {
                break;
            }
            found.lines.extend_from_slice(lines);
            found.end = *number;
        }
        (found.end > after).then_some(found)
    }
}

/// The lines among changes that moved money. Both of a line's accounts are among them, too.
fn moved(changes: &Changes) -> Vec<MovedLine> {
    let kinds: BTreeMap<AccountId, AccountKind> = changes.accounts.iter().map(|a| (a.id, a.kind)).collect();
    let side = |id: AccountId| (kinds.get(&id) != Some(&AccountKind::Wallet)).then_some(id);
    let lines = changes.transfers.iter().filter(|line| line.kind.moves_money());
    let line = lines.map(|line| MovedLine {
        at: line.at,
        purpose: line.purpose,
        amount: line.amount,
        debit: side(line.debit),
        credit: side(line.credit),
    });
    line.collect()
}

#[async_trait]
impl Journal for Sealed {
    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        self.store.journal().accounts(ids).await
    }

    async fn append(&self, changes: &Changes) -> Result<u64, StoreError> {
        let appended = self.store.journal().append(changes).await;
        match appended {
            Ok(number) => self.kept().keep(number, moved(changes)),
            // What was sealed may be so no more, and the numbers may have been given anew.
            Err(StoreError::Stale(Entity::Journal)) => *self.kept() = Kept::default(),
            Err(_) => {}
        }
        appended
    }

    async fn append_locked<'d>(&self, ids: &[AccountId], decide: Decide<'d>) -> Result<(), StoreError> {
        self.store.journal().append_locked(ids, decide).await
    }
}

#[async_trait]
impl ReportQueries for Sealed {
    async fn progress(&self) -> Result<Progress, StoreError> {
        self.store.reports().progress().await
    }

    async fn sealed_lines(&self, after: u64, lines: u32) -> Result<Option<SealedLines>, StoreError> {
        let kept = self.kept().recall(after, lines);
        match kept {
            Some(found) => Ok(Some(found)),
            None => self.store.reports().sealed_lines(after, lines).await,
        }
    }

    async fn days(&self, first: Day, last: Day) -> Result<Rollup, StoreError> {
        self.store.reports().days(first, last).await
    }

    async fn endings(&self, first: Day, last: Day) -> Result<Vec<EndingTotal>, StoreError> {
        self.store.reports().endings(first, last).await
    }

    async fn check(&self) -> Result<Box<dyn ReportCheck>, StoreError> {
        self.store.reports().check().await
    }

    async fn report(&self, id: ReportId) -> Result<Option<TransactionReport>, StoreError> {
        self.store.reports().report(id).await
    }

    async fn reports(
        &self,
        user: UserId,
        offset: u64,
        limit: u32,
    ) -> Result<(Vec<TransactionReport>, u64), StoreError> {
        self.store.reports().reports(user, offset, limit).await
    }

    async fn summaries(&self, user: UserId) -> Result<Vec<Summary>, StoreError> {
        self.store.reports().summaries(user).await
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        ledger::Purpose,
        money::{Currency, Money},
        time::Timestamp,
    };

    use super::*;

    fn lines(count: usize) -> Vec<MovedLine> {
        let amount = Money::new(1, Currency::Idr).expect("in range");
        let at = Timestamp::from_micros(0);
        vec![MovedLine { at, purpose: Purpose::Transfer, amount, debit: None, credit: None }; count]
    }

    fn recalled(kept: &mut Kept, after: u64, limit: u32) -> Option<(usize, u64)> {
        kept.recall(after, limit).map(|found| (found.lines.len(), found.end))
    }

    #[test]
    fn batches_are_recalled_as_far_as_they_follow_each_other() {
        let mut kept = Kept::default();
        // Answers of two appends may come in another order than they were sealed.
        for number in [4, 3, 5, 7] {
            kept.keep(number, lines(10));
        }
        assert_eq!(recalled(&mut kept, 1, 100), None, "somebody else has sealed 2");
        assert_eq!(recalled(&mut kept, 2, 100), Some((30, 5)), "and 6");
        assert_eq!(recalled(&mut kept, 2, 11), Some((20, 4)));
        assert_eq!(recalled(&mut kept, 4, 100), Some((10, 5)));
        assert_eq!(recalled(&mut kept, 3, 100), None, "what was counted is forgotten");
        assert_eq!(recalled(&mut kept, 6, 100), Some((10, 7)));
        assert_eq!(recalled(&mut kept, 7, 100), None);
        assert_eq!((kept.lines, kept.batches.len()), (0, 0));
    }

    #[test]
    fn the_memory_has_an_end() {
        let mut kept = Kept::default();
        for number in 1..=12 {
            kept.keep(number, lines(KEPT / 10));
        }
        assert_eq!(kept.lines, KEPT);
        assert_eq!(recalled(&mut kept, 0, 1), None);
        assert_eq!(recalled(&mut kept, 2, 1), Some((KEPT / 10, 3)));
    }
}
