//! The other end of the bus: each subscriber gets its events, with as many tries as it takes.
//!
//! Events come in batches, and what became of a batch is stored in one unit of work after all of it was handled. A process
//! that dies in between hands the batch over again, which is why a subscriber must be idempotent by itself; the receipts
//! spare it all other duplicates.

use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    events::{Delivery, DeliveryState, Event, NotHandled, Receiver, Subscriber, Subscription},
    ids::EventId,
    time::Timestamp,
};
use futures::FutureExt;

use crate::{core::Core, error::Result, pauses::pause};

/// The pauses between tries: ten of them in eleven hours, which is longer than most outages and short enough to notice
/// dead letters the next morning.
const SCHEDULE: &[Duration] = &[
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(3 * 60 * 60),
    Duration::from_secs(6 * 60 * 60),
];
/// How long a host may take for the deliveries that it has taken for another try.
const LEASE: Duration = Duration::from_secs(300);
/// How many it takes at once.
const TAKEN_AT_ONCE: u32 = 50;

/// Hands events to subscribers.
pub struct Dispatcher {
    core: Arc<Core>,
    subscribers: Vec<Arc<dyn Subscriber>>,
}

impl Dispatcher {
    pub(super) fn new(core: Arc<Core>, subscribers: Vec<Arc<dyn Subscriber>>) -> Self {
        Self { core, subscribers }
    }

    fn named(&self, name: &str) -> Option<&Arc<dyn Subscriber>> {
        self.subscribers.iter().find(|subscriber| subscriber.name() == name)
    }

    /// Makes the tries that are due; answers how many. Other hosts may do so at the same time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn retry(&self) -> Result<usize> {
        let names: Vec<&'static str> = self.subscribers.iter().map(|subscriber| subscriber.name()).collect();
        if names.is_empty() {
            return Ok(0);
        }
        let now = self.core.now();
        let mut uow = self.core.begin().await?;
        let due = uow.deliveries().take_due(&names, now, now + LEASE, TAKEN_AT_ONCE).await?;
        uow.commit().await?;
        let count = due.len();
        let mut failed = None;
        for delivery in due {
            let Some(subscriber) = self.named(&delivery.subscriber) else { continue };
            let tried = hand_over(&**subscriber, &delivery.event).await;
            match self.settle(delivery, tried).await {
                // Somebody else was faster, and is done with it.
                Ok(()) | Err(StoreError::Stale(_)) => {}
                // The others are taken too, and nobody else tries them for a while.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(count), |error| Err(error.into()))
    }

    /// Writes down what came of a try.
    async fn settle(
        &self,
        delivery: Delivery,
        tried: std::result::Result<(), NotHandled>,
    ) -> std::result::Result<(), StoreError> {
        let now = self.core.now();
        let mut uow = self.core.ports.store.begin().await?;
        match tried {
            Ok(()) => uow.deliveries().done(&delivery.subscriber, &[delivery.event.id], now).await?,
            Err(error) => uow.deliveries().save(&after(delivery, error, now)).await?,
        }
        uow.commit().await
    }
}

#[async_trait]
impl Receiver for Dispatcher {
    fn subscriptions(&self) -> Vec<Subscription> {
        self.subscribers.iter().map(|subscriber| subscription(&**subscriber)).collect()
    }

    async fn is_wanted(&self, topic: &str) -> bool {
        for subscriber in &self.subscribers {
            if subscription(&**subscriber).covers(topic) && !subscriber.is_idle().await {
                return true;
            }
        }
        false
    }

    async fn receive(&self, subscriber: &str, events: &[Event]) -> std::result::Result<(), StoreError> {
        let Some(subscriber) = self.named(subscriber) else { return Ok(()) };
        let (name, wants) = (subscriber.name(), subscription(&**subscriber));
        let wanted: Vec<&Event> = events.iter().filter(|event| wants.covers(&event.topic)).collect();
        if wanted.is_empty() || subscriber.is_idle().await {
            return Ok(());
        }
        let queries = self.core.ports.store.events();
        let ids: Vec<EventId> = wanted.iter().map(|event| event.id).collect();
        // Also those that this batch has twice.
        let mut known: HashSet<EventId> = queries.handed_over(name, &ids).await?.into_iter().collect();
        let fresh: Vec<&Event> = wanted.into_iter().filter(|event| known.insert(event.id)).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let subjects: Vec<String> = fresh.iter().map(|event| event.subject.clone()).collect();
        let mut held_up: HashSet<String> = queries.held_up(name, &subjects).await?.into_iter().collect();

        let (mut done, mut kept) = (Vec::with_capacity(fresh.len()), Vec::new());
        for event in fresh {
            let state = DeliveryState::Waiting { next_try_at: self.core.now() };
            let subscriber_name = name.to_owned();
            let waiting = Delivery {
                number: 0,
                subscriber: subscriber_name,
                event: event.clone(),
                state,
                tries: 0,
                last_error: None,
            };
            if held_up.contains(&event.subject) {
                kept.push(waiting);
                continue;
            }
            match hand_over(&**subscriber, event).await {
                Ok(()) => done.push(event.id),
                Err(error) => {
                    let delivery = after(waiting, error, self.core.now());
                    if matches!(delivery.state, DeliveryState::Waiting { .. }) {
                        held_up.insert(event.subject.clone());
                    }
                    kept.push(delivery);
                }
            }
        }
        let mut uow = self.core.ports.store.begin().await?;
        uow.deliveries().done(name, &done, self.core.now()).await?;
        uow.deliveries().keep(&kept).await?;
        uow.commit().await
    }
}

fn subscription(subscriber: &dyn Subscriber) -> Subscription {
    Subscription { subscriber: subscriber.name(), topics: subscriber.topics() }
}

/// One try. A subscriber that panics must not take the others with it.
async fn hand_over(subscriber: &dyn Subscriber, event: &Event) -> std::result::Result<(), NotHandled> {
    let handled = AssertUnwindSafe(subscriber.handle(event)).catch_unwind().await;
    handled.unwrap_or_else(|_| Err(NotHandled::Later("the subscriber panicked; the log has the place".to_owned())))
}

/// A delivery after one more try that failed.
fn after(delivery: Delivery, error: NotHandled, now: Timestamp) -> Delivery {
    let tries = delivery.tries + 1;
    let (next, told) = match error {
        NotHandled::Later(reason) => (pause(SCHEDULE, tries, delivery.event.id.0), reason),
        NotHandled::Never(reason) => (None, reason),
    };
    let state = match next {
        Some(pause) => DeliveryState::Waiting { next_try_at: now + pause },
        None => DeliveryState::Dead { since: now },
    };
    Delivery { state, tries, last_error: Some(told), ..delivery }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::{Bench, Shelf, Unit};

    fn waiting() -> Delivery {
        let now = Timestamp::from_micros(0);
        let event = Event {
            id: EventId(Uuid::from_u128(7)),
            at: now,
            topic: "payment.paid".into(),
            subject: "payment:1".to_owned(),
            payload: serde_json::json!({}),
        };
        let state = DeliveryState::Waiting { next_try_at: now };
        Delivery { number: 0, subscriber: "mail".to_owned(), event, state, tries: 0, last_error: None }
    }

    #[test]
    fn tries_come_to_an_end() {
        let (mut delivery, mut now) = (waiting(), Timestamp::from_micros(0));
        let mut tries = 0;
        while let DeliveryState::Waiting { next_try_at } = delivery.state {
            assert!(next_try_at >= now);
            now = next_try_at;
            tries += 1;
            delivery = after(delivery, NotHandled::Later("away".to_owned()), now);
        }
        assert_eq!((tries, delivery.tries), (10, 10));
        assert_eq!(delivery.state, DeliveryState::Dead { since: now });
        assert!((10 * 3_600..14 * 3_600).contains(&(now.micros() / 1_000_000)), "{now}");
    }

    #[test]
    fn what_will_never_work_is_not_tried_again() {
        let now = Timestamp::from_micros(5);
        let dead = after(waiting(), NotHandled::Never("unreadable".to_owned()), now);
        assert_eq!((dead.state, dead.tries), (DeliveryState::Dead { since: now }, 1));
        assert_eq!(dead.last_error.as_deref(), Some("unreadable"));
    }

    /// Handles everything.
    struct Mail;

    #[async_trait]
    impl Subscriber for Mail {
        fn name(&self) -> &'static str {
            "mail"
        }

        fn topics(&self) -> &'static [&'static str] {
            &["*"]
        }

        async fn handle(&self, _: &Event) -> std::result::Result<(), NotHandled> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn one_that_cannot_be_written_down_holds_up_no_other() {
        let shelf = Shelf::default();
        let mut taking = Unit::default();
        taking.deliveries.expect_take_due().return_once(|_, _, _, _| Ok(vec![waiting(), waiting()]));
        let settling = [Err(StoreError::Busy), Ok(())].map(|outcome| {
            let mut unit = Unit::default();
            unit.deliveries.expect_done().times(1).return_once(move |_, _, _| outcome);
            unit
        });
        shelf.units.lock().expect("no panic").extend([taking].into_iter().chain(settling));
        let dispatcher = Bench::default().app(shelf).events.dispatcher(vec![Arc::new(Mail)]);
        assert_eq!(dispatcher.retry().await.map_err(|error| error.code()), Err(crate::Code::StoreBusy));
    }
}
