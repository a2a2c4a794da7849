//! A queue of callers and the task that serves them together.
//!
//! # Shape
//! [`queue`] makes both ends. Callers [`Callers::ask`] and wait; the task takes what has [`Line::gathered`] and answers
//! each. The line is bounded: who finds it full hears [`StoreError::Busy`] at once. Who gave up before the task took them
//! in is left out. What the task does for them it does [`safely`]: a panic is an error for those who wait, and not the
//! end of the task that everybody else will wait for. The line ends when the last caller has gone and all were served.

use std::panic::AssertUnwindSafe;

use dermaga_ports::StoreError;
use futures::FutureExt;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::yield_now,
};

type Answer<A> = Result<A, StoreError>;

/// The end that callers hold.
pub struct Callers<Q, A> {
    line: mpsc::Sender<Waiting<Q, A>>,
    /// Who works at the other end, for errors.
    whose: &'static str,
}

/// The end that the task holds.
pub struct Line<Q, A>(mpsc::Receiver<Waiting<Q, A>>);

/// What one caller asked, and where the answer goes.
pub struct Waiting<Q, A> {
    pub asked: Q,
    pub caller: Caller<A>,
}

/// Somebody who waits for an answer.
pub struct Caller<A>(oneshot::Sender<Answer<A>>);

/// A queue in which so many may wait. `whose` names the work in errors: "the ledger".
pub fn queue<Q, A>(whose: &'static str, room: usize) -> (Callers<Q, A>, Line<Q, A>) {
    let (line, waiting) = mpsc::channel(room.max(1));
    (Callers { line, whose }, Line(waiting))
}

impl<Q, A> Callers<Q, A> {
    /// Enters the line at once, and waits for the answer.
    ///
    /// # Errors
    /// The answer's own; [`StoreError::Busy`] when too many wait already.
    pub fn ask(&self, asked: Q) -> impl Future<Output = Answer<A>> + use<Q, A> {
        let whose = self.whose;
        let stopped = move || StoreError::Unavailable(format!("{whose} has stopped"));
        let (caller, answered) = oneshot::channel();
        let waiting = Waiting { asked, caller: Caller(caller) };
        let entered = self.line.try_send(waiting).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Closed(_) => stopped(),
        });
        async move {
            entered?;
            answered.await.unwrap_or_else(|_| Err(stopped()))
        }
    }
}

impl<Q, A> Line<Q, A> {
    /// Those who have gathered, in order, until together they weigh `limit`; waits for the first, and after it lets whoever
    /// else is ready to run have so many `rounds`. Empty if all of them have given up in the meantime, `None` if nobody can
    /// ask any more.
    pub async fn gathered(
        &mut self,
        rounds: usize,
        limit: usize,
        weight: impl Fn(&Q) -> usize,
    ) -> Option<Vec<Waiting<Q, A>>> {
        let mut gathered = Vec::new();
        let mut weighs = 0;
        let mut next = Some(self.0.recv().await?);
        for _ in 0..rounds {
            yield_now().await;
        }
        while let Some(waiting) = next {
            // Whoever has given up in the meantime wants nothing any more.
            if !waiting.caller.0.is_closed() {
                weighs += weight(&waiting.asked);
                gathered.push(waiting);
            }
            next = if weighs < limit.max(1) { self.0.try_recv().ok() } else { None };
        }
        Some(gathered)
    }
}

impl<A> Caller<A> {
    /// Answers. The caller may have given up; what was done stays done.
    pub fn tell(self, answer: Answer<A>) {
        let _ = self.0.send(answer);
    }
}

/// Tells an error to everybody.
pub fn tell_all<A>(callers: impl IntoIterator<Item = Caller<A>>, error: &StoreError) {
    callers.into_iter().for_each(|caller| caller.tell(Err(error.clone())));
}

/// Does the work; a panic in it is an error.
pub async fn safely<T>(whose: &str, work: impl Future<Output = Answer<T>>) -> Answer<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("{whose} panicked; whoever waited for this is told to repeat");
        Err(StoreError::Unavailable(format!("{whose} failed")))
    })
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use futures::future::join_all;

    use super::*;

    const NONE: Duration = Duration::ZERO;

    #[tokio::test]
    async fn a_full_line_says_so_and_an_abandoned_one_too() {
        let (callers, line) = queue::<u32, u32>("the test", 2);
        let waiting = join_all([callers.ask(1), callers.ask(2)]);
        assert!(tokio::time::timeout(NONE, waiting).await.is_err(), "nobody answers");
        assert_eq!(callers.ask(3).await, Err(StoreError::Busy));
        drop(line);
        assert_eq!(callers.ask(4).await, Err(StoreError::Unavailable("the test has stopped".to_owned())));
    }

    #[tokio::test]
    async fn what_gathers_is_weighed_without_those_who_gave_up() {
        let (callers, mut line) = queue::<usize, ()>("the test", 10);
        let gave_up = tokio::time::timeout(NONE, callers.ask(100)).await;
        assert!(gave_up.is_err());
        let waiting = join_all([2, 2, 2, 2].map(|asked| callers.ask(asked)));
        let work = async {
            let mut sizes = Vec::new();
            for _ in 0..2 {
                let gathered = line.gathered(0, 5, |asked| *asked).await.expect("somebody asks");
                sizes.push(gathered.len());
                gathered.into_iter().for_each(|waiting| waiting.caller.tell(Ok(())));
            }
            sizes
        };
        let (answers, sizes) = futures::join!(waiting, work);
        assert_eq!((answers, sizes), (vec![Ok(()); 4], vec![3, 1]));
        drop(callers);
        assert!(line.gathered(0, 5, |asked| *asked).await.is_none());
    }

    /// The second asks only after the first has, as somebody does whose request was read a little later.
    #[tokio::test]
    async fn whoever_is_ready_may_come_along() {
        for (rounds, together) in [(0, 1), (1, 2)] {
            let (callers, mut line) = queue::<u32, ()>("the test", 10);
            let callers = Arc::new(callers);
            let later = callers.clone();
            let asking = tokio::spawn(async move {
                let first = callers.ask(1);
                tokio::spawn(async move {
                    yield_now().await;
                    later.ask(2).await
                });
                first.await
            });
            let gathered = line.gathered(rounds, 10, |_| 1).await.expect("somebody asks");
            assert_eq!(gathered.len(), together, "after {rounds} rounds");
            gathered.into_iter().for_each(|waiting| waiting.caller.tell(Ok(())));
            assert_eq!(asking.await.expect("no panic"), Ok(()));
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let failed = safely("the test", async { panic!("in the middle") }).await;
        assert_eq!(failed, Err::<(), _>(StoreError::Unavailable("the test failed".to_owned())));
        assert_eq!(safely("the test", async { Ok(7) }).await, Ok(7));
    }
}
