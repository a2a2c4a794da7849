//! The relay: everything is told, by whichever host, and told again only where a duplicate is recognised.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dermaga_domain::events::{Passed, Relay};
use dermaga_ports::{
    events::{BusError, Event, EventBus, Subscriber},
    ids::EventId,
    store::Store as _,
};
use dermaga_tests::databases::{Database, OPTIONS};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    hearing::Ear,
    house::{House, event, fresh, relay_all},
    schemes::on_every_database,
};

on_every_database! {
    a_thousand_transfers_are_told_once_to_everybody
    an_event_about_a_transfer_says_what_others_say
    what_was_told_stays_told
    a_bus_that_fails_gets_everything_again
    two_hosts_tell_everything_once
    while_one_host_tells_another_waits
    what_was_told_long_ago_is_forgotten
    transfers_that_nobody_wants_are_passed_over
}

fn subscribers(ears: &[&Arc<Ear>]) -> Vec<Arc<dyn Subscriber>> {
    ears.iter().map(|&ear| ear.clone() as Arc<dyn Subscriber>).collect()
}

async fn a_thousand_transfers_are_told_once_to_everybody(database: &Database) {
    let house = House::on(&database.store);
    let (one, other) = (Ear::on("one", &["transaction.completed"]), Ear::on("other", &["transaction.*"]));
    let (relay, _) = house.relay(&subscribers(&[&one, &other]));
    let ((ani, from), (_, to)) = (house.person("ani", 10_000).await, house.person("budi", 1).await);
    relay_all(&relay).await;
    let before = (one.count(), other.count());

    // Batches of all sizes, and the relay comes and goes as it likes.
    let mut made = Vec::new();
    for (round, count) in [1, 999, 7, 300, 1, 1, 150, 41].into_iter().enumerate() {
        made.extend(house.transfer(&ani, &from, &to, count).await);
        if round % 3 == 0 {
            relay_all(&relay).await;
        }
    }
    let told = relay_all(&relay).await;
    assert!(told > 0);
    let expected: Vec<String> = made.iter().map(|id| format!("transaction:{id}")).collect();
    for (ear, before) in [(&one, before.0), (&other, before.1)] {
        let heard = ear.heard().split_off(before);
        let subjects: Vec<String> = heard.iter().map(|event| event.subject.clone()).collect();
        assert_eq!(subjects, expected, "each once, in the order of the seal");
        let ids: HashSet<EventId> = heard.iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), 1_500);
    }
    assert_eq!(relay.pass().await, Ok(Passed::Idle));
}

async fn an_event_about_a_transfer_says_what_others_say(database: &Database) {
    let house = House::on(&database.store);
    let ear = Ear::on("ear", &["transaction.completed"]);
    let (relay, _) = house.relay(&subscribers(&[&ear]));
    let ((ani, from), (_, to)) = (house.person("ani", 500).await, house.person("budi", 1).await);
    relay_all(&relay).await;
    // The credits, which have a row in the outbox.
    let fields =
        |event: &Event| -> HashSet<String> { event.payload.as_object().expect("fields").keys().cloned().collect() };
    let expected = fields(&ear.heard()[0]);
    let id = house.transfer(&ani, &from, &to, 1).await.remove(0);
    // What goes back before it is told belongs to another event.
    let admin = dermaga_ports::auth::Principal::Operator;
    house.app.transactions.refund(&admin, fresh(), id.0.into(), None, "broken").await.expect("refunds");
    relay_all(&relay).await;
    let heard = ear.heard().pop().expect("the transfer");
    assert_eq!(fields(&heard), expected);
    let payload = json!({
        "transaction_id": id, "type": "transfer", "status": "COMPLETED", "user_id": from.owner, "wallet_id": from.id,
        "counterparty_user_id": to.owner, "amount": 1, "refunded": 0, "currency": "IDR",
    });
    assert_eq!(heard.payload, payload);
    assert_eq!((heard.topic.as_ref(), heard.subject), ("transaction.completed", format!("transaction:{id}")));
    assert_ne!(heard.id.0, id.0, "nobody chooses the id of an event");
}

async fn what_was_told_stays_told(database: &Database) {
    let house = House::on(&database.store);
    let ear = Ear::on("ear", &["*"]);
    let (relay, _) = house.relay(&subscribers(&[&ear]));
    let ((ani, from), (_, to)) = (house.person("ani", 500).await, house.person("budi", 1).await);
    house.transfer(&ani, &from, &to, 20).await;
    assert!(relay_all(&relay).await >= 20);
    let count = ear.count();
    // As after a restart: another relay, and nobody remembers anything but the database.
    database.execute("DELETE FROM event_receipts").await.expect("forgets");
    let (again, _) = house.relay(&subscribers(&[&ear]));
    assert_eq!(relay_all(&again).await, 0);
    assert_eq!(ear.count(), count);
}

/// Takes nothing along the first times, then says so of what it has taken along, and then does as it should.
struct Liar {
    bus: Arc<dyn EventBus>,
    calls: AtomicUsize,
}

#[async_trait]
impl EventBus for Liar {
    fn name(&self) -> &'static str {
        "liar"
    }

    async fn publish(&self, events: &[Event]) -> Result<(), BusError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        if call < 2 {
            return Err(BusError::Unavailable("before".to_owned()));
        }
        self.bus.publish(events).await?;
        // One call in four fails after all, so that no stretch of a pass is spared.
        let fails = call < 6 || (call < 30 && call.is_multiple_of(4));
        if fails { Err(BusError::Unavailable("after".to_owned())) } else { Ok(()) }
    }

    async fn is_wanted(&self, topic: &str) -> bool {
        self.bus.is_wanted(topic).await
    }

    async fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

async fn a_bus_that_fails_gets_everything_again(database: &Database) {
    let house = House::on(&database.store);
    let ear = Ear::on("ear", &["*"]);
    let dispatcher = Arc::new(house.app.events.dispatcher(subscribers(&[&ear])));
    let bus = Arc::new(dermaga_bus::InProcessBus::to(dispatcher));
    let relay = house.app.events.relay(Arc::new(Liar { bus, calls: AtomicUsize::new(0) }));
    let ((ani, from), (_, to)) = (house.person("ani", 5_000).await, house.person("budi", 1).await);
    for _ in 0..4 {
        house.transfer(&ani, &from, &to, 300).await;
        house.file(&[event("a.b", "s:1", 1), event("a.b", "s:1", 2)]).await;
    }
    let mut failures = 0;
    loop {
        match relay.pass().await {
            Ok(Passed::Idle) => break,
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.code(), dermaga_domain::Code::BusUnavailable);
                failures += 1;
            }
        }
    }
    assert!(failures > 6, "{failures}");
    let heard = ear.heard();
    let ids: HashSet<EventId> = heard.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), heard.len(), "nothing twice");
    assert_eq!(heard.iter().filter(|event| event.topic == "a.b").count(), 8);
    assert_eq!(heard.iter().filter(|event| event.payload["type"] == "transfer").count(), 1_200);
}

async fn two_hosts_tell_everything_once(database: &Database) {
    let house = House::on(&database.store);
    let store = database.second_store(OPTIONS).await;
    let neighbour = House::at(&store, house.clock.clone());
    let ear = Ear::on("ear", &["*"]);
    let stop = Arc::new(Semaphore::new(0));
    let told = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let run = |relay: Relay, told: &Arc<AtomicUsize>| {
        let (stop, told) = (stop.clone(), told.clone());
        tokio::spawn(async move {
            while stop.available_permits() == 0 {
                if let Ok(Passed::Told(some)) = relay.pass().await {
                    told.fetch_add(some, Ordering::SeqCst);
                }
                // Whoever has told something lets the other one have a turn.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    };
    let relays =
        [run(house.relay(&subscribers(&[&ear])).0, &told[0]), run(neighbour.relay(&subscribers(&[&ear])).0, &told[1])];
    let ((ani, from), (_, to)) = (house.person("ani", 10_000).await, house.person("budi", 1).await);
    let mut events = Vec::new();
    let mut rounds = 0;
    // On a crowded machine one of them may have to wait for its first turn.
    while rounds < 30 || (rounds < 300 && told.iter().any(|count| count.load(Ordering::SeqCst) == 0)) {
        let round = rounds;
        rounds += 1;
        house.transfer(&ani, &from, &to, 20).await;
        let some: Vec<Event> = (0..5).map(|n| event("a.b", &format!("s:{n}"), round)).collect();
        house.file(&some).await;
        events.extend(some);
    }
    // What the clock says does not matter as long as each host keeps its lease.
    let last = house
        .app
        .events
        .relay(Arc::new(dermaga_bus::InProcessBus::to(Arc::new(house.app.events.dispatcher(subscribers(&[&ear]))))));
    relay_all(&last).await;
    stop.add_permits(1);
    for relay in relays {
        relay.await.expect("ends");
    }
    let heard = ear.heard();
    let ids: HashSet<EventId> = heard.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), heard.len(), "nothing twice");
    assert_eq!(heard.iter().filter(|event| event.payload["type"] == "transfer").count(), 20 * rounds);
    for subject in 0..5 {
        let subject = format!("s:{subject}");
        let ours: Vec<EventId> = events.iter().filter(|event| event.subject == subject).map(|event| event.id).collect();
        let theirs: Vec<EventId> =
            heard.iter().filter(|event| event.subject == subject).map(|event| event.id).collect();
        assert_eq!(theirs, ours, "in order, whoever told it");
    }
    assert!(told.iter().all(|count| count.load(Ordering::SeqCst) > 0), "both have told something: {told:?}");
    store.close().await;
}

/// Waits in the middle of publishing.
struct Slow {
    begun: Semaphore,
    go_on: Semaphore,
}

#[async_trait]
impl EventBus for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    async fn publish(&self, _: &[Event]) -> Result<(), BusError> {
        self.begun.add_permits(1);
        self.go_on.acquire().await.expect("open").forget();
        Ok(())
    }

    async fn is_wanted(&self, _: &str) -> bool {
        true
    }

    async fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

async fn while_one_host_tells_another_waits(database: &Database) {
    let house = House::on(&database.store);
    let slow = Arc::new(Slow { begun: Semaphore::new(0), go_on: Semaphore::new(0) });
    let first = house.app.events.relay(slow.clone());
    let ear = Ear::on("ear", &["*"]);
    let (second, _) = house.relay(&subscribers(&[&ear]));
    let events = [event("a.b", "s:1", 1)];
    house.file(&events).await;
    let first = tokio::spawn(async move { (first.pass().await, first) });
    slow.begun.acquire().await.expect("open").forget();
    assert_eq!(second.pass().await, Ok(Passed::Elsewhere));
    // It seems to have died: another takes over, and whatever it had in hand is told again.
    house.clock.advance(Duration::from_secs(31));
    assert_eq!(second.pass().await, Ok(Passed::Told(1)));
    assert_eq!(ear.ids(), [events[0].id]);
    // It was only slow. What it writes down now is true as well.
    slow.go_on.add_permits(1);
    let (passed, first) = first.await.expect("ends");
    assert_eq!(passed, Ok(Passed::Told(1)));
    assert_eq!(first.pass().await, Ok(Passed::Idle));
    assert_eq!(second.pass().await, Ok(Passed::Idle));
}

async fn what_was_told_long_ago_is_forgotten(database: &Database) {
    let house = House::on(&database.store);
    let ear = Ear::on("ear", &["*"]);
    let (relay, _) = house.relay(&subscribers(&[&ear]));
    house.file(&[event("a.b", "s:1", 1), event("a.b", "s:1", 2)]).await;
    relay_all(&relay).await;
    house.file(&[event("a.b", "s:1", 3)]).await;
    let rows =
        async |table: &str| database.texts(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table}")).await.remove(0);
    assert_eq!(house.app.events.tidy().await, Ok(0));
    house.clock.advance(Duration::from_secs(3 * 24 * 3_600 + 1));
    assert_eq!(house.app.events.tidy().await, Ok(2), "the receipts");
    house.clock.advance(Duration::from_secs(4 * 24 * 3_600));
    assert_eq!(house.app.events.tidy().await, Ok(2), "the events");
    // What was not told is not forgotten, however old it is.
    house.clock.advance(Duration::from_secs(100 * 24 * 3_600));
    assert_eq!(house.app.events.tidy().await, Ok(0));
    assert_eq!((rows("outbox").await.as_str(), rows("event_receipts").await.as_str()), ("1", "0"));
    assert_eq!(relay_all(&relay).await, 1);
    assert_eq!(ear.count(), 3);
}

async fn transfers_that_nobody_wants_are_passed_over(database: &Database) {
    let house = House::on(&database.store);
    let ((ani, from), (_, to)) = (house.person("ani", 5_000).await, house.person("budi", 1).await);
    let mail = Ear::on("mail", &["user.*"]);
    let (relay, _) = house.relay(&subscribers(&[&mail]));
    relay_all(&relay).await;
    let position = async || database.store.events().backlog().await.expect("reads");
    for _ in 0..255 {
        house.transfer(&ani, &from, &to, 1).await;
    }
    let begun = position().await;
    assert_eq!(relay.pass().await, Ok(Passed::Idle), "not worth the while yet");
    assert_eq!(position().await, begun);
    house.transfer(&ani, &from, &to, 1).await;
    assert_eq!(relay.pass().await, Ok(Passed::Told(0)));
    assert_eq!(position().await.position, begun.head + 1);
    // Whoever listens from now on hears what comes from now on, and none of the former.
    let ear = Ear::on("ear", &["transaction.*"]);
    let (relay, _) = house.relay(&subscribers(&[&ear]));
    let id = house.transfer(&ani, &from, &to, 1).await.remove(0);
    relay_all(&relay).await;
    let subjects: Vec<String> = ear.heard().into_iter().map(|event| event.subject).collect();
    assert_eq!(subjects, [format!("transaction:{id}")]);
}
