//! A ledger that posts what concurrent callers send together, in one commit.
//!
//! # Why
//! A commit waits for the disk, and accounts are locked while it does. A transfer by itself pays for all of that alone;
//! thirty that arrive during the commit before them share one. A busy account gains most: its transfers no longer queue
//! for its lock, because they are decided one after the other in the same batch.
//!
//! # Shape
//! [`Coalescer`] implements the ledger port over another ledger. Callers put their vouchers into a bounded queue; one
//! task takes whatever has gathered and posts it. There is no timer: an idle ledger posts at once, a busy one gathers
//! the next batch while the disk is at work on this one.
//!
//! # What stays as it was
//! - A refused voucher does not hinder its neighbours: that is the decision's business, in `domain`.
//! - A batch that the store refuses as a whole because of one voucher is posted again, caller by caller.
//! - Whoever gave up waiting before the work began has changed nothing; afterwards, the same ids get the same answer.
//! - A full queue is [`StoreError::Busy`] at once, which a client hears as 503 with `Retry-After`.

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ledger::{Ledger, Outcome, Voucher},
};

use crate::queue::{Callers, Line, Waiting, queue, safely, tell_all};

/// How much is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Callers that may wait; one more is told that the ledger is busy.
    pub waiting: usize,
    /// Transfers in a batch, beyond which the gain is gone and the locks are held too long.
    pub batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { waiting: 4_096, batch: 1_000 }
    }
}

type Answer = Result<Vec<Outcome>, StoreError>;

/// What one caller sent.
type Job = Waiting<Vec<Voucher>, Vec<Outcome>>;

const LEDGER: &str = "the ledger";

/// A batch is not held up for those who are about to ask: it waits for the disk, and they gather while it does.
const AT_ONCE: usize = 0;

/// The ledger port over another ledger. Its task ends when the last clone of the queue is gone and everything that was
/// taken in has been answered.
pub struct Coalescer {
    queue: Callers<Vec<Voucher>, Vec<Outcome>>,
}

impl Coalescer {
    /// Starts the task; call it inside the run time.
    pub fn start(ledger: Arc<dyn Ledger>, limits: Limits) -> Self {
        let (queue, line) = queue(LEDGER, limits.waiting);
        tokio::spawn(work(ledger, line, limits.batch));
        Self { queue }
    }
}

#[async_trait]
impl Ledger for Coalescer {
    async fn post(&self, vouchers: Vec<Voucher>) -> Answer {
        self.queue.ask(vouchers).await
    }
}

/// Takes what has gathered, posts it, and answers, until nobody can send any more.
async fn work(ledger: Arc<dyn Ledger>, mut line: Line<Vec<Voucher>, Vec<Outcome>>, batch: usize) {
    let transfers = |vouchers: &Vec<Voucher>| vouchers.iter().map(|voucher| voucher.posting.transfers().len()).sum();
    while let Some(gathered) = line.gathered(AT_ONCE, batch, transfers).await {
        post(&*ledger, gathered).await;
    }
}

async fn post(ledger: &dyn Ledger, jobs: Vec<Job>) {
    if let [_, _, ..] = jobs.as_slice() {
        let vouchers = jobs.iter().flat_map(|job| job.asked.iter().cloned()).collect();
        match safely(LEDGER, ledger.post(vouchers)).await {
            Ok(outcomes) => return hand_out(jobs, outcomes),
            // One of them has met a unique rule or a damaged record; the others need not suffer for it.
            Err(StoreError::Conflict(_) | StoreError::Corrupt(_) | StoreError::Stale(_)) => {}
            Err(error) => return tell_all(jobs.into_iter().map(|job| job.caller), &error),
        }
    }
    for job in jobs {
        // If the caller has given up, what was posted stays, and the same ids will find it.
        job.caller.tell(safely(LEDGER, ledger.post(job.asked)).await);
    }
}

fn hand_out(jobs: Vec<Job>, outcomes: Vec<Outcome>) {
    let mut outcomes = outcomes.into_iter();
    for job in jobs {
        let own = outcomes.by_ref().take(job.asked.len()).collect();
        job.caller.tell(Ok(own));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Mutex,
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use dermaga_ports::{
        Unique,
        ids::{AccountId, TransferId},
        ledger::{Instruction, NewTransfer, Posting, Purpose, Refusal, RefusalReason},
        money::{Currency, Money},
    };
    use futures::future::join_all;
    use tokio::sync::Semaphore;
    use uuid::Uuid;

    use super::*;

    /// A ledger that waits for permission and notes what it was given. It refuses every voucher by its id.
    struct Slow {
        permits: Semaphore,
        batches: Mutex<Vec<usize>>,
        posted: AtomicUsize,
        failing: fn(&[Voucher]) -> Option<StoreError>,
    }

    impl Slow {
        fn new(permits: usize, failing: fn(&[Voucher]) -> Option<StoreError>) -> Arc<Self> {
            let (batches, posted) = (Mutex::default(), AtomicUsize::new(0));
            Arc::new(Self { permits: Semaphore::new(permits), batches, posted, failing })
        }

        fn batches(&self) -> Vec<usize> {
            self.batches.lock().expect("no panic").clone()
        }
    }

    #[async_trait]
    impl Ledger for Slow {
        async fn post(&self, vouchers: Vec<Voucher>) -> Answer {
            self.permits.acquire().await.expect("open").forget();
            self.batches.lock().expect("no panic").push(vouchers.len());
            if let Some(error) = (self.failing)(&vouchers) {
                return Err(error);
            }
            self.posted.fetch_add(vouchers.len(), Ordering::SeqCst);
            Ok(vouchers.iter().map(|voucher| Err(told(number(voucher)))).collect())
        }
    }

    fn voucher(number: u128) -> Voucher {
        let (debit, credit) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let amount = Money::new(1, Currency::Idr).expect("in range");
        let id = TransferId(Uuid::from_u128(number));
        let transfer = NewTransfer::new(id, Purpose::Transfer, Instruction::Post { debit, credit, amount });
        Posting::from(transfer.expect("legal")).into()
    }

    fn number(voucher: &Voucher) -> u128 {
        voucher.posting.transfers()[0].id().0.as_u128()
    }

    /// An answer that shows which voucher it belongs to.
    fn told(number: u128) -> Refusal {
        Refusal { index: 0, reason: RefusalReason::HoldNotOpen(TransferId(Uuid::from_u128(number))) }
    }

    /// Waits until everything that was sent has been taken in.
    async fn settle() {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_gathers_during_a_commit_shares_the_next() {
        let slow = Slow::new(0, |_| None);
        let ledger = Arc::new(Coalescer::start(slow.clone(), Limits::default()));
        let callers: Vec<_> = (0..20)
            .map(|n| {
                let ledger = ledger.clone();
                tokio::spawn(async move { ledger.post(vec![voucher(2 * n), voucher(2 * n + 1)]).await })
            })
            .collect();
        settle().await;
        slow.permits.add_permits(2);
        for (n, answer) in join_all(callers).await.into_iter().enumerate() {
            let n = n as u128;
            assert_eq!(answer.expect("no panic"), Ok(vec![Err(told(2 * n)), Err(told(2 * n + 1))]), "its own answer");
        }
        let batches = slow.batches();
        assert!(batches.len() <= 2 && batches.iter().sum::<usize>() == 40, "{batches:?}");
    }

    #[tokio::test]
    async fn a_batch_has_a_limit() {
        let slow = Slow::new(100, |_| None);
        let ledger = Coalescer::start(slow.clone(), Limits { batch: 10, ..Limits::default() });
        join_all((0..50).map(|n| ledger.post(vec![voucher(n)]))).await;
        assert!(slow.batches().iter().all(|size| *size <= 10), "{:?}", slow.batches());
        // What one caller sent together stays together, whatever its size.
        ledger.post((0..30).map(voucher).collect()).await.expect("posted");
        assert_eq!(slow.batches().last(), Some(&30));
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let slow = Slow::new(0, |_| None);
        let ledger = Arc::new(Coalescer::start(slow.clone(), Limits { waiting: 3, batch: 1 }));
        let mut waiting = Vec::new();
        for n in 0..4 {
            let ledger = ledger.clone();
            waiting.push(tokio::spawn(async move { ledger.post(vec![voucher(n)]).await }));
            // The first one is at work, the others wait.
            settle().await;
        }
        let refused = tokio::time::timeout(Duration::from_secs(5), ledger.post(vec![voucher(9)])).await;
        assert_eq!(refused.expect("at once"), Err(StoreError::Busy));
        slow.permits.add_permits(10);
        assert!(join_all(waiting).await.into_iter().all(|answer| answer.expect("no panic").is_ok()));
        assert!(ledger.post(vec![voucher(9)]).await.is_ok());
    }

    #[tokio::test]
    async fn one_bad_voucher_does_not_spoil_the_batch() {
        let slow = Slow::new(0, |vouchers| {
            vouchers.iter().any(|voucher| number(voucher) == 3).then_some(StoreError::Conflict(Unique::Reference))
        });
        let ledger = Arc::new(Coalescer::start(slow.clone(), Limits::default()));
        let callers: Vec<_> = (0..8)
            .map(|n| {
                let ledger = ledger.clone();
                tokio::spawn(async move { ledger.post(vec![voucher(n)]).await })
            })
            .collect();
        settle().await;
        slow.permits.add_permits(100);
        for (n, answer) in join_all(callers).await.into_iter().enumerate() {
            match answer.expect("no panic") {
                Ok(_) => assert_ne!(n, 3),
                Err(error) => assert_eq!((n, error), (3, StoreError::Conflict(Unique::Reference))),
            }
        }
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_told_to_everybody_and_not_tried_for_each() {
        let slow = Slow::new(0, |_| Some(StoreError::Unavailable("gone".to_owned())));
        let ledger = Arc::new(Coalescer::start(slow.clone(), Limits::default()));
        let callers: Vec<_> = (0..8)
            .map(|n| {
                let ledger = ledger.clone();
                tokio::spawn(async move { ledger.post(vec![voucher(n)]).await })
            })
            .collect();
        settle().await;
        slow.permits.add_permits(100);
        for answer in join_all(callers).await {
            assert!(matches!(answer.expect("no panic"), Err(StoreError::Unavailable(_))));
        }
        assert!(slow.batches().len() <= 2, "{:?}", slow.batches());
    }

    #[tokio::test]
    async fn whoever_gave_up_in_time_has_changed_nothing() {
        let slow = Slow::new(0, |_| None);
        let ledger = Arc::new(Coalescer::start(slow.clone(), Limits { batch: 1, ..Limits::default() }));
        let first = tokio::spawn({
            let ledger = ledger.clone();
            async move { ledger.post(vec![voucher(1)]).await }
        });
        settle().await;
        let gave_up = tokio::time::timeout(Duration::from_millis(5), ledger.post(vec![voucher(2)])).await;
        assert!(gave_up.is_err());
        slow.permits.add_permits(10);
        assert!(first.await.expect("no panic").is_ok());
        ledger.post(vec![voucher(3)]).await.expect("posted");
        assert_eq!(slow.posted.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_panic_below_is_an_error_and_the_work_goes_on() {
        let slow = Slow::new(100, |vouchers| {
            assert_ne!(number(&vouchers[0]), 13, "the ledger panics");
            None
        });
        let ledger = Coalescer::start(slow, Limits::default());
        assert!(matches!(ledger.post(vec![voucher(13)]).await, Err(StoreError::Unavailable(_))));
        assert!(ledger.post(vec![voucher(14)]).await.is_ok());
    }

    #[tokio::test]
    async fn what_was_taken_in_is_answered_after_the_last_caller_has_gone() {
        let slow = Slow::new(0, |_| None);
        let ledger = Coalescer::start(slow.clone(), Limits::default());
        let answer = ledger.queue.ask(vec![voucher(1)]);
        drop(ledger);
        slow.permits.add_permits(1);
        assert!(answer.await.is_ok());
    }
}
