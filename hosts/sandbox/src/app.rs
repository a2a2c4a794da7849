//! The running sandbox: the world behind a lock, and who makes time pass in it.
//!
//! Whatever changes the world does so under the lock and without waiting. What takes time (a webhook, a call that
//! hangs) happens outside.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use reqwest::Client;
use tokio::sync::Notify;

use crate::{
    clock::{ClockMode, Moment},
    dispatch,
    world::{Due, World},
};

/// How long the driver sleeps when nothing waits.
const LONG: Duration = Duration::from_secs(3_600);

/// What all parts of a running sandbox share.
#[derive(Debug)]
pub struct App {
    world: Mutex<World>,
    /// Wakes the driver when something new is due.
    pub wake: Notify,
    /// One advance at a time.
    turn: tokio::sync::Mutex<()>,
    /// Sends webhooks.
    pub client: Client,
}

impl App {
    /// A sandbox in which nothing has happened.
    pub fn new(world: World, client: Client) -> Arc<Self> {
        Arc::new(Self { world: Mutex::new(world), wake: Notify::new(), turn: tokio::sync::Mutex::new(()), client })
    }

    /// The world. Never held across a wait.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the clock forward, runs what falls due on the way, in its order, and waits for the webhooks.
    /// Returns how many things ran.
    pub async fn advance(self: &Arc<Self>, span: Duration) -> usize {
        let _turn = self.turn.lock().await;
        let target = self.world().clock.now().plus(span);
        let mut ran = 0;
        while let Some((did, send)) = self.step(target) {
            if let Some(id) = send {
                dispatch::deliver(self, id).await;
            }
            ran += usize::from(did);
        }
        self.world().clock.forward_to(target);
        self.wake.notify_one();
        ran
    }

    /// Runs the next thing that is due by then. Returns whether it did anything, and the webhook to send.
    fn step(&self, target: Moment) -> Option<(bool, Option<u64>)> {
        let mut world = self.world();
        let (due, thing) = world.queue.pop(target)?;
        world.clock.forward_to(due);
        Some(match thing {
            Due::Send(id) => (true, Some(id)),
            other => (world.run(other), None),
        })
    }

    /// Makes things happen when their time comes, unless the clock waits to be told.
    pub async fn drive(self: Arc<Self>) {
        loop {
            let wait = self.run_what_is_due();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    fn run_what_is_due(self: &Arc<Self>) -> Duration {
        let mut world = self.world();
        if world.clock.mode() == ClockMode::Manual {
            return LONG;
        }
        // The webhooks of one payment stay in their order; those of different ones do not wait for each other.
        let mut sends: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let now = world.clock.now();
        while let Some((_, thing)) = world.queue.pop(now) {
            match thing {
                Due::Send(id) => {
                    let about = world.journal.delivery(id).map(|one| one.reference.clone()).unwrap_or_default();
                    sends.entry(about).or_default().push(id);
                }
                other => {
                    world.run(other);
                }
            }
        }
        for ids in sends.into_values() {
            tokio::spawn(dispatch::deliver_in_order(self.clone(), ids));
        }
        let next = world.queue.next_due();
        next.and_then(|due| world.clock.real_time_until(due)).unwrap_or(LONG).clamp(Duration::from_millis(1), LONG)
    }
}
