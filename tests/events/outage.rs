//! RabbitMQ goes away in the middle of 5,000 events and comes back: every event arrives, none is lost, and duplicates are
//! recognised.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dermaga_domain::events::Passed;
use dermaga_ports::{
    StoreError,
    events::{Event, EventBus as _, Receiver, Subscriber, Subscription},
    ids::EventId,
};
use dermaga_tests::{
    databases::{Database, Engine},
    patience::{until, within},
    rabbit::Broker,
};
use lapin::{Connection, ConnectionProperties, options::QueueDeleteOptions};

use crate::{
    hearing::Ear,
    house::{House, event, exchange, rabbit},
};

const EVENTS: usize = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_in_the_middle_of_5_000_events_loses_none() {
    within(400, an_outage(Engine::Postgres, Broker::kill)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_stopped_in_the_middle_of_5_000_events_loses_none() {
    within(400, an_outage(Engine::Sqlite, Broker::stop)).await;
}

async fn an_outage(engine: Engine, end: fn(&Broker)) {
    let database = Database::migrated(engine).await;
    let house = House::on(&database.store);
    let broker = Arc::new(tokio::task::spawn_blocking(Broker::start).await.expect("starts"));
    let (one, other) = (Ear::on("one", &["*"]), Ear::on("other", &["even.*"]));
    let ears: Vec<Arc<dyn Subscriber>> = vec![one.clone(), other.clone()];
    let dispatcher = Arc::new(house.app.events.dispatcher(ears));
    let bus = Arc::new(rabbit(&broker, dispatcher, &exchange()));
    until("the subscribers listen", async || bus.check().await.ok()).await;

    let topic = |n: usize| if n.is_multiple_of(2) { "even.happened" } else { "odd.happened" };
    let events: Vec<Event> = (0..EVENTS).map(|n| event(topic(n), &format!("s:{}", n % 50), n)).collect();
    let mut unit = dermaga_ports::store::Store::begin(&database.store).await.expect("begins");
    for event in &events {
        unit.outbox().publish(event).await.expect("publishes");
    }
    unit.commit().await.expect("commits");

    let relay = house.app.events.relay(bus.clone());
    let relaying = tokio::spawn(async move {
        let mut failures = 0;
        loop {
            match relay.pass().await {
                Ok(Passed::Idle) => return failures,
                Ok(_) => {}
                Err(error) => {
                    // A busy machine may keep its database busy as well.
                    assert!(error.code().is_about_the_system(), "{error}");
                    failures += usize::from(error.code() == dermaga_domain::Code::BusUnavailable);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    });
    until("some have arrived", async || (one.count() > 300).then_some(())).await;
    broker.aside(end).await;
    let at_the_end = one.count();
    assert!(at_the_end < EVENTS, "the broker was ended in the middle");
    until("its absence is noticed", async || bus.check().await.err()).await;
    broker.aside(Broker::restart).await;

    until("the subscribers listen again", async || bus.check().await.ok()).await;
    until("all events have arrived", async || (one.count() >= EVENTS).then_some(())).await;
    until("all even ones as well", async || (other.count() >= EVENTS / 2).then_some(())).await;
    let failures = relaying.await.expect("ends");
    assert!(failures > 0, "the relay has noticed");
    // Whatever else is still on its way is a duplicate.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for (ear, wanted) in [(&one, EVENTS), (&other, EVENTS / 2)] {
        let ids: HashSet<EventId> = ear.ids().into_iter().collect();
        assert_eq!(ids.len(), wanted, "every event has arrived");
        assert_eq!(ear.count(), wanted, "and once");
        let mut last: HashMap<String, u64> = HashMap::new();
        for heard in ear.heard() {
            let number = heard.payload["number"].as_u64().expect("a number");
            assert!(last.insert(heard.subject, number).is_none_or(|before| before < number), "{number} is late");
        }
    }
    database.dispose().await;
}

/// Whoever keeps events while the database is away: it takes none of them until it is well.
#[derive(Default)]
struct Moody {
    is_well: AtomicBool,
    /// The subscribers for whom events were handed over in vain.
    tried: Mutex<HashSet<String>>,
    /// The subscribers whose events were taken.
    heard: Mutex<HashSet<String>>,
}

fn both(subscribers: &Mutex<HashSet<String>>) -> Option<()> {
    (subscribers.lock().expect("no panic").len() == 2).then_some(())
}

#[async_trait]
impl Receiver for Moody {
    fn subscriptions(&self) -> Vec<Subscription> {
        ["one", "other"].map(|subscriber| Subscription { subscriber, topics: &["*"] }).to_vec()
    }

    async fn is_wanted(&self, _: &str) -> bool {
        true
    }

    async fn receive(&self, subscriber: &str, _: &[Event]) -> Result<(), StoreError> {
        let is_well = self.is_well.load(Ordering::Relaxed);
        let known = if is_well { &self.heard } else { &self.tried };
        known.lock().expect("no panic").insert(subscriber.to_owned());
        if is_well { Ok(()) } else { Err(StoreError::Unavailable("it is away".to_owned())) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_comes_back_is_listened_to_though_the_database_is_away() {
    within(200, async {
        let broker = Arc::new(tokio::task::spawn_blocking(Broker::start).await.expect("starts"));
        let receiver = Arc::new(Moody::default());
        let bus = rabbit(&broker, receiver.clone(), &exchange());
        until("the subscribers listen", async || bus.check().await.ok()).await;
        bus.publish(&[event("even.happened", "s:1", 1)]).await.expect("publishes");
        until("both have tried", async || both(&receiver.tried)).await;
        broker.aside(Broker::kill).await;
        until("its absence is noticed", async || bus.check().await.err()).await;
        broker.aside(Broker::restart).await;

        until("the subscribers listen again", async || bus.check().await.ok()).await;
        assert!(receiver.heard.lock().expect("no panic").is_empty());
        receiver.is_well.store(true, Ordering::Relaxed);
        until("both have it", async || both(&receiver.heard)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_somebody_deletes_is_made_again() {
    within(200, async {
        let receiver = Arc::new(Moody { is_well: true.into(), ..Moody::default() });
        let name = exchange();
        let bus = rabbit(Broker::shared(), receiver.clone(), &name);
        until("the subscribers listen", async || bus.check().await.ok()).await;
        let connection = Connection::connect(&Broker::shared().url(), ConnectionProperties::default()).await;
        let channel = connection.expect("connects").create_channel().await.expect("a channel");
        let deleted = channel.queue_delete(format!("{name}.one").into(), QueueDeleteOptions::default()).await;
        deleted.expect("deletes");
        until("its absence is noticed", async || bus.check().await.err()).await;
        until("the subscribers listen again", async || bus.check().await.ok()).await;
        bus.publish(&[event("even.happened", "s:1", 1)]).await.expect("publishes");
        until("both have it", async || both(&receiver.heard)).await;
    })
    .await;
}
