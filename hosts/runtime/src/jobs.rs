//! What a host does unasked: it tidies up. No rule depends on it having run; deadlines count by themselves.

use std::time::Duration;

use dermaga_domain::App;
use tokio::{task::JoinHandle, time::interval};

/// How often overdue transfers are written down as cancelled.
const EXPIRE_EVERY: Duration = Duration::from_secs(10);
/// How often it is asked which payments are due; what a webhook wakes waits no longer than this.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often old idempotency keys and webhooks are forgotten.
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
    let payments = tokio::spawn({
        let app = app.clone();
        async move {
            let mut clock = interval(LOOK_EVERY);
            loop {
                clock.tick().await;
                if let Err(error) = app.payments.look_after_due().await {
                    tracing::warn!(%error, "payments could not be looked after; next try soon");
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
            if let Err(error) = app.payments.forget_webhooks().await {
                tracing::warn!(%error, "old webhooks could not be forgotten; next try in an hour");
            }
        }
    });
    Jobs(vec![expiry, payments, keys])
}

/// Running jobs.
pub struct Jobs(Vec<JoinHandle<()>>);

impl Drop for Jobs {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}
