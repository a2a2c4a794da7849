//! How long an answer of Postgres is waited for. A server that goes without a word, with its machine or the network before
//! it, closes nothing: whoever waits for it would wait until the system gives the connection up, which takes a quarter of
//! an hour, or for ever if it had received the question.

use std::{io, time::Duration};

use tokio::time::timeout;

/// For whatever a person may ask for: reports and recounts take minutes on large books.
pub(crate) const STATEMENT: Duration = Duration::from_secs(600);

/// Waits for the answer, and calls the connection lost when it does not come.
///
/// # Errors
/// [`sqlx::Error::Io`]; what the server makes of the question is not known then, and the connection MUST NOT be used again.
pub(crate) async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())),
    }
}
