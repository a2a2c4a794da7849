//! Questions that are asked at the same time, asked as one.

use std::sync::Arc;

use dermaga_ports::{StoreError, store::Store};
use futures::future::BoxFuture;

use crate::queue::{Callers, Line, queue, safely, tell_all};

/// Questions that may wait; one more is told that the store is busy.
const WAITING: usize = 4_096;
/// Questions that are asked together.
const TOGETHER: usize = 256;
/// How often whoever is ready to run does, before the question is asked. The first who asks would otherwise be asked for
/// alone, while the requests of the others have arrived and are not read yet; and a question costs much more than looking.
const ROUNDS: usize = 2;

const STORE: &str = "the store";

/// How to ask several questions: one answer for each, in their order.
type Ask<Q, A> = fn(Arc<dyn Store>, Vec<Q>) -> BoxFuture<'static, Result<Vec<A>, StoreError>>;

/// A queue of questions and the task that asks them. It ends when nobody can ask any more.
pub struct Gatherer<Q, A>(Callers<Q, A>);

impl<Q: Send + 'static, A: Send + 'static> Gatherer<Q, A> {
    /// Starts the task; call it inside the run time.
    pub fn start(store: Arc<dyn Store>, ask: Ask<Q, A>) -> Self {
        let (callers, line) = queue(STORE, WAITING);
        tokio::spawn(work(store, line, ask));
        Self(callers)
    }

    /// The answer to a question, which began to be looked for after it was asked.
    ///
    /// # Errors
    /// Those of the store; [`StoreError::Busy`] when too many wait already.
    pub async fn ask(&self, question: Q) -> Result<A, StoreError> {
        self.0.ask(question).await
    }
}

async fn work<Q, A>(store: Arc<dyn Store>, mut line: Line<Q, A>, ask: Ask<Q, A>) {
    while let Some(gathered) = line.gathered(ROUNDS, TOGETHER, |_| 1).await {
        let (questions, callers): (Vec<Q>, Vec<_>) =
            gathered.into_iter().map(|waiting| (waiting.asked, waiting.caller)).unzip();
        if questions.is_empty() {
            continue;
        }
        match safely(STORE, async { ask(store.clone(), questions).await }).await {
            Ok(answers) => callers.into_iter().zip(answers).for_each(|(caller, answer)| caller.tell(Ok(answer))),
            Err(error) => tell_all(callers, &error),
        }
    }
}
