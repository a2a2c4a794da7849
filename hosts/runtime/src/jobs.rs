//! What a host does unasked: it tidies up. No rule depends on it having run; deadlines count by themselves.

use std::time::Duration;

use dermaga_domain::App;
use tokio::{task::JoinHandle, time::interval};

/// How often overdue transfers are written down as cancelled.
const EXPIRE_EVERY: Duration = Duration::from_secs(10);
/// How often old idempotency keys are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// Starts the jobs. They end with the handle.
pub fn start(app: App) -> Jobs {
    let expiry = tokio::spawn({
        let app = app.clone();
        async move {
            let mut clock = interval(EXPIRE_EVERY);
            loop {
                clock.tick().await;
                match app.transactions.expire_overdue().await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, "pending transfers expired"),
                    Err(error) => tracing::warn!(%error, "overdue transfers could not be written down; next try soon"),
                }
            }
        }
    });
    let keys = tokio::spawn(async move {
        let mut clock = interval(FORGET_EVERY);
        loop {
            clock.tick().await;
            if let Err(error) = app.idempotency.tidy().await {
                tracing::warn!(%error, "old idempotency keys could not be forgotten; next try in an hour");
            }
        }
    });
    Jobs(vec![expiry, keys])
}

/// Running jobs.
pub struct Jobs(pub Vec<JoinHandle<()>>);

impl Drop for Jobs {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}
