//! What a host does unasked: it tidies up, and sends what people are told. No rule depends on it having run; deadlines
//! count by themselves.

use std::time::Duration;

use dermaga_domain::{App, booking::Balance, notifications::Delivery, reports::Followed};
use dermaga_ports::notifications::Status;
use metrics::{Unit, describe_gauge, gauge};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

/// How often overdue transfers are written down as cancelled.
const EXPIRE_EVERY: Duration = Duration::from_secs(10);
/// How often it is asked which payments are due; what a webhook wakes waits no longer than this.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many look at once: a gateway that hangs holds up what one of them has taken, and not what a webhook wakes next.
const LOOKERS: usize = 4;
/// The same for bookings: some suppliers take minutes for one.
const BUYERS: usize = 4;
/// How often it is looked whether requests with a key ended without being able to say so.
const CATCH_UP_EVERY: Duration = Duration::from_millis(500);
/// How long a database that has too much to do is left in peace at most.
const LEFT_IN_PEACE: Duration = Duration::from_secs(8);
/// How often old idempotency keys, notifications and webhooks are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);
/// How often what waits is counted.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// How often a supplier is asked what we have there.
const BALANCE_EVERY: Duration = Duration::from_secs(600);
/// How often a host looks for notifications that are due.
const DELIVER_EVERY: Duration = Duration::from_secs(1);
/// How many a host sends at once: a slow server holds up so many others at most.
const DELIVERERS: usize = 4;

/// How often a host asks whether there is something to count for reports. Reports themselves count what is newer.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// How long a host leaves counting to another one that was faster.
const LEFT_TO_OTHERS: Duration = Duration::from_secs(5);
/// The pause between two stretches, so that whoever pays gets in between.
const BREATH: Duration = Duration::from_millis(10);

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
    let mut jobs: Vec<_> = (0..DELIVERERS).map(|_| tokio::spawn(deliver(app.clone()))).collect();
    jobs.push(tokio::spawn(watch(app.clone())));
    jobs.extend((0..LOOKERS).map(|_| tokio::spawn(look(app.clone()))));
    jobs.extend((0..BUYERS).map(|_| tokio::spawn(buy(app.clone()))));
    jobs.push(tokio::spawn(watch_balance(app.clone())));
    jobs.push(tokio::spawn(count(app.clone())));
    jobs.push(tokio::spawn(catch_up(app.clone())));
    let keys = tokio::spawn(async move {
        let mut clock = interval(FORGET_EVERY);
        loop {
            clock.tick().await;
            if let Err(error) = app.idempotency.tidy().await {
                tracing::warn!(%error, "old idempotency keys could not be forgotten; next try in an hour");
            }
            if let Err(error) = app.notifications.tidy().await {
                tracing::warn!(%error, "old notifications could not be forgotten; next try in an hour");
            }
            if let Err(error) = app.payments.forget_webhooks().await {
                tracing::warn!(%error, "old webhooks could not be forgotten; next try in an hour");
            }
        }
    });
    jobs.extend([expiry, keys]);
    Jobs(jobs)
}

/// Counts what waits, for `/metrics`. Hosts of one database count the same.
async fn watch(app: App) {
    let gauges = [
        ("payments_due", "Payments and refunds that are due to be looked after"),
        ("payments_frozen", "Payments that wait for a person"),
        ("bookings_frozen", "Bookings that wait for a person"),
        ("events_unpublished", "Events in the outbox that nobody was told"),
        ("events_dead_letters", "Events that a subscriber could not handle"),
        ("notifications_waiting", "Notifications that were neither sent nor given up"),
    ];
    let gauges = gauges.map(|(name, what)| {
        describe_gauge!(name, Unit::Count, what);
        gauge!(name)
    });
    let mut clock = interval(COUNT_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        match app.watch.vitals().await {
            Ok(found) => {
                let counts = [
                    found.payments_due,
                    found.payments_frozen,
                    found.bookings_frozen,
                    found.events_untold,
                    found.events_dead,
                    found.notifications_waiting,
                ];
                for (gauge, count) in gauges.iter().zip(counts) {
                    gauge.set(u32::try_from(count).unwrap_or(u32::MAX));
                }
            }
            Err(error) => tracing::warn!(%error, "what waits could not be counted; next try soon"),
        }
    }
}

/// Looks after the payments that are due.
async fn look(app: App) {
    let mut clock = interval(LOOK_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        if let Err(error) = app.payments.look_after_due().await {
            tracing::warn!(%error, "payments could not be looked after; next try soon");
        }
    }
}

/// Buys what is paid, and asks suppliers how it went.
async fn buy(app: App) {
    let mut clock = interval(LOOK_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        if let Err(error) = app.bookings.look_after_due().await {
            tracing::warn!(%error, "bookings could not be looked after; next try soon");
        }
    }
}

/// Watches what we have with whoever sells credits: without it nothing is sold.
async fn watch_balance(app: App) {
    describe_gauge!("supplier_balance", "What we have with a supplier, in the smallest unit of its currency");
    let mut clock = interval(BALANCE_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_low = false;
    loop {
        clock.tick().await;
        match app.bookings.balance(was_low).await {
            Ok(Some(Balance { supplier, amount, low })) => {
                if low && !was_low {
                    tracing::warn!(%supplier, %amount, "our balance with a supplier is low: fill it up");
                }
                was_low = low;
                let labels = [("supplier", supplier), ("currency", amount.currency().code().to_owned())];
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                gauge!("supplier_balance", &labels).set(amount.amount() as f64);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "what we have with suppliers could not be written down"),
        }
    }
}

/// Counts for reports what was sealed. Whatever fails is tried again from where the roll-ups are.
async fn count(app: App) {
    loop {
        match app.reports.begin().await {
            Ok(false) => break,
            Ok(true) => {
                tracing::info!(
                    "reports are counted from the first line on: nothing was counted yet, or BUSINESS_UTC_OFFSET has changed"
                );
                break;
            }
            Err(error) => tracing::warn!(%error, "reports cannot be counted; next try soon"),
        }
        sleep(LEFT_TO_OTHERS).await;
    }
    loop {
        let pause = match app.reports.follow().await {
            Ok(Followed::Counted { more: true, .. }) => BREATH,
            Ok(Followed::Counted { .. } | Followed::Idle) => FOLLOW_EVERY,
            Ok(Followed::Elsewhere) => LEFT_TO_OTHERS,
            Err(error) => {
                tracing::warn!(%error, "reports could not be counted; next try soon");
                LEFT_TO_OTHERS
            }
        };
        sleep(pause).await;
    }
}

/// Writes down what became of requests with a key, where their end could not be written at once: whoever repeats one
/// shall not wait until its lease ends.
async fn catch_up(app: App) {
    let mut pause = CATCH_UP_EVERY;
    loop {
        sleep(pause).await;
        pause = match app.idempotency.catch_up().await {
            Ok(0) => CATCH_UP_EVERY,
            Ok(count) => {
                tracing::info!(count, "idempotency keys were given back or their answers kept, after all");
                CATCH_UP_EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "idempotency keys could not be given back; next try soon");
                LEFT_IN_PEACE.min(pause * 2)
            }
        };
    }
}

/// Sends what is due, one after the other, and then looks again every second.
async fn deliver(app: App) {
    let mut clock = interval(DELIVER_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        loop {
            match app.notifications.send_next().await {
                Ok(None) => break,
                Ok(Some(delivery)) => log(&delivery),
                Err(error) => {
                    tracing::warn!(%error, "notifications could not be read or written; next try soon");
                    break;
                }
            }
        }
    }
}

fn log(delivery: &Delivery) {
    let Delivery { id, channel, status, tries, error } = delivery;
    let (channel, reason) = (channel.as_str(), error.as_deref());
    match status {
        Status::Sent | Status::Cancelled => tracing::debug!(%id, channel, tries, "a notification was sent"),
        Status::Pending => {
            tracing::info!(%id, channel, tries, reason, "a notification was not sent; it is tried again")
        }
        Status::Failed => tracing::warn!(%id, channel, tries, reason, "a notification was given up"),
    }
}

/// Running jobs.
pub struct Jobs(pub Vec<JoinHandle<()>>);

impl Drop for Jobs {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}
