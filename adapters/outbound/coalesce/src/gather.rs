//! Questions that are asked at the same time, asked as one.

use std::sync::Arc;

use dermaga_ports::{StoreError, store::Store};
use futures::future::BoxFuture;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

/// Questions that may wait; one more is told that the store is busy.
const WAITING: usize = 4_096;
/// Questions that are asked together.
const TOGETHER: usize = 256;

/// How to ask several questions: one answer for each, in their order.
type Ask<Q, A> = fn(Arc<dyn Store>, Vec<Q>) -> BoxFuture<'static, Result<Vec<A>, StoreError>>;

type Waiting<Q, A> = (Q, oneshot::Sender<Result<A, StoreError>>);

/// A queue of questions and the task that asks them. It ends when nobody can ask any more.
pub struct Gatherer<Q, A>(mpsc::Sender<Waiting<Q, A>>);

impl<Q: Clone + Send + 'static, A: Send + 'static> Gatherer<Q, A> {
    /// Starts the task; call it inside the run time.
    pub fn start(store: Arc<dyn Store>, ask: Ask<Q, A>) -> Self {
        let (questions, asked) = mpsc::channel(WAITING);
        tokio::spawn(work(store, asked, ask));
        Self(questions)
    }

    /// The answer to a question, which began to be looked for after it was asked.
    ///
    /// # Errors
    /// Those of the store; [`StoreError::Busy`] when too many wait already.
    pub async fn ask(&self, question: Q) -> Result<A, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send((question, answer)).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Closed(_) => stopped(),
        })?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store has stopped".to_owned())
}

async fn work<Q: Clone, A>(store: Arc<dyn Store>, mut asked: mpsc::Receiver<Waiting<Q, A>>, ask: Ask<Q, A>) {
    let mut waiting = Vec::with_capacity(TOGETHER);
    while asked.recv_many(&mut waiting, TOGETHER).await > 0 {
        // Whoever has given up in the meantime wants nothing any more.
        waiting.retain(|(_, answer)| !answer.is_closed());
        let questions: Vec<Q> = waiting.iter().map(|(question, _)| question.clone()).collect();
        if questions.is_empty() {
            continue;
        }
        match ask(store.clone(), questions).await {
            Ok(answers) => {
                for ((_, waiting), answer) in waiting.drain(..).zip(answers) {
                    let _ = waiting.send(Ok(answer));
                }
            }
            Err(error) => {
                for (_, waiting) in waiting.drain(..) {
                    let _ = waiting.send(Err(error.clone()));
                }
            }
        }
    }
}
