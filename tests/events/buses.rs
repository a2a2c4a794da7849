//! What a bus promises, tried on each of them and on both databases.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use dermaga_domain::events::Dispatcher;
use dermaga_ports::{
    auth::Principal,
    events::{DeliveryState, Event, EventBus, NotHandled, Subscriber},
    ids::EventId,
    paging::PageRequest,
};
use dermaga_tests::{databases::Database, patience::until};

use crate::{
    hearing::Ear,
    house::{House, Way, event, exchange},
    schemes::on_every_bus,
};

on_every_bus! {
    everybody_hears_what_they_want_and_nothing_else
    events_of_a_subject_come_in_order
    what_fails_is_tried_again_before_what_comes_behind_it
    a_subscriber_that_fails_hinders_nobody_else
    what_never_works_is_a_dead_letter_and_can_be_replayed
    tries_end_and_then_it_is_a_dead_letter
    duplicates_are_recognised
    a_panic_is_a_failure
}

/// A bus with its other end.
struct Line {
    house: House,
    bus: Arc<dyn EventBus>,
    dispatcher: Arc<Dispatcher>,
}

impl Line {
    fn to(database: &Database, way: Way, ears: &[&Arc<Ear>]) -> Self {
        Self::named(database, way, ears, &exchange())
    }

    fn named(database: &Database, way: Way, ears: &[&Arc<Ear>], exchange: &str) -> Self {
        let subscribers = ears.iter().map(|&ear| ear.clone() as Arc<dyn Subscriber>).collect();
        Self::of(database, way, subscribers, exchange)
    }

    fn of(database: &Database, way: Way, subscribers: Vec<Arc<dyn Subscriber>>, exchange: &str) -> Self {
        let house = House::on(&database.store);
        let dispatcher = Arc::new(house.app.events.dispatcher(subscribers));
        let bus = way.to(dispatcher.clone(), exchange);
        Self { house, bus, dispatcher }
    }

    /// As the relay does it: until it is taken.
    async fn publish(&self, events: &[Event]) {
        until("the bus takes the events", async || self.bus.publish(events).await.ok()).await;
    }

    /// Waits so long, and makes the tries that are due then.
    async fn later(&self, length: Duration) {
        self.house.clock.advance(length);
        while self.dispatcher.retry().await.expect("tries") > 0 {}
    }

    /// Waits until so many deliveries are kept for later: over a broker they come by and by.
    async fn keeps(&self, database: &Database, count: usize) {
        let kept = async || database.texts("SELECT subject FROM event_deliveries").await.len();
        until(&format!("{count} deliveries are kept"), async || (kept().await == count).then_some(())).await;
    }

    async fn dead(&self) -> Vec<(String, EventId)> {
        let page = self.house.app.events.dead_letters(&Principal::Operator, None, PageRequest::first(200));
        page.await.expect("lists").items.into_iter().map(|letter| (letter.subscriber, letter.event.id)).collect()
    }
}

async fn hears(ear: &Ear, count: usize) {
    until(&format!("{count} events are heard"), async || (ear.count() >= count).then_some(())).await;
}

fn later(reason: &str) -> Option<NotHandled> {
    Some(NotHandled::Later(reason.to_owned()))
}

async fn everybody_hears_what_they_want_and_nothing_else(database: &Database, way: Way) {
    let all = Ear::on("all", &["*"]);
    let context = Ear::on("context", &["payment.*"]);
    let exact = Ear::on("exact", &["payment.paid", "order.made"]);
    let line = Line::to(database, way, &[&all, &context, &exact]);
    let topics = ["payment.paid", "payment.refunded", "payments.paid", "order.made", "order.paid", "payment.paid"];
    let events: Vec<Event> = topics.iter().zip(0..).map(|(topic, n)| event(topic, &format!("s:{n}"), n)).collect();
    line.publish(&events).await;
    hears(&all, 6).await;
    assert_eq!(all.heard(), events, "every field arrives as it was");
    hears(&context, 3).await;
    hears(&exact, 3).await;
    let ids = |places: &[usize]| places.iter().map(|place| events[*place].id).collect::<Vec<_>>();
    assert_eq!(context.ids(), ids(&[0, 1, 5]));
    assert_eq!(exact.ids(), ids(&[0, 3, 5]));
}

async fn events_of_a_subject_come_in_order(database: &Database, way: Way) {
    let ear = Ear::on("ear", &["*"]);
    let line = Line::to(database, way, &[&ear]);
    let events: Vec<Event> = (0..600).map(|n| event("a.b", &format!("subject:{}", n % 7), n)).collect();
    for batch in events.chunks(97) {
        line.publish(batch).await;
    }
    hears(&ear, events.len()).await;
    let mut last: HashMap<String, u64> = HashMap::new();
    for heard in ear.heard() {
        let number = heard.payload["number"].as_u64().expect("a number");
        assert!(last.insert(heard.subject, number).is_none_or(|before| before < number), "{number} is late");
    }
    assert_eq!(ear.count(), events.len());
}

async fn what_fails_is_tried_again_before_what_comes_behind_it(database: &Database, way: Way) {
    let ear = Ear::on("ear", &["*"]);
    let line = Line::to(database, way, &[&ear]);
    let events = [event("a.b", "s:1", 1), event("a.c", "s:1", 2), event("a.b", "s:2", 3), event("a.d", "s:1", 4)];
    let first = events[0].id;
    ear.fails(move |event| later("away").filter(|_| event.id == first));
    line.publish(&events[..3]).await;
    hears(&ear, 1).await;
    line.keeps(database, 2).await;
    // What comes later waits as well, though it would be handled.
    line.publish(&events[3..]).await;
    line.keeps(database, 3).await;
    line.later(Duration::from_secs(2)).await;
    assert_eq!(ear.ids(), [events[2].id]);
    assert_eq!((ear.asked(&events[0]), ear.asked(&events[1]), ear.asked(&events[3])), (2, 0, 0));
    // Not due yet.
    line.later(Duration::from_secs(1)).await;
    assert_eq!(ear.asked(&events[0]), 2);
    ear.is_well();
    line.later(Duration::from_secs(60)).await;
    let kept = async || line.dispatcher.retry().await.expect("tries") == 0 && ear.count() == 4;
    until("all are handled", async || kept().await.then_some(())).await;
    assert_eq!(ear.ids(), [&events[2], &events[0], &events[1], &events[3]].map(|event| event.id));
    assert!(line.dead().await.is_empty());
}

async fn a_subscriber_that_fails_hinders_nobody_else(database: &Database, way: Way) {
    let (well, ill) = (Ear::on("well", &["*"]), Ear::on("ill", &["*"]));
    let line = Line::to(database, way, &[&ill, &well]);
    ill.fails(|_| later("away"));
    let events: Vec<Event> = (0..20).map(|n| event("a.b", "s:1", n)).collect();
    line.publish(&events).await;
    hears(&well, 20).await;
    assert_eq!((well.count(), ill.count()), (20, 0));
}

async fn what_never_works_is_a_dead_letter_and_can_be_replayed(database: &Database, way: Way) {
    let (well, ill) = (Ear::on("well", &["*"]), Ear::on("ill", &["*"]));
    let line = Line::to(database, way, &[&ill, &well]);
    let events = [event("a.b", "s:1", 1), event("a.c", "s:1", 2)];
    let first = events[0].id;
    ill.fails(move |event| (event.id == first).then(|| NotHandled::Never("unreadable \0".to_owned())));
    line.publish(&events).await;
    // It does not hold up what comes behind.
    hears(&ill, 1).await;
    hears(&well, 2).await;
    until("the dead letter is kept", async || (line.dead().await.len() == 1).then_some(())).await;
    assert_eq!(line.dead().await, [("ill".to_owned(), first)]);
    line.later(Duration::from_secs(3_600 * 24)).await;
    assert_eq!(ill.asked(&events[0]), 1, "it is not tried again by itself");

    let operator = Principal::Operator;
    for (subscriber, event) in [("well", first), ("nobody", first), ("ill", events[1].id)] {
        let refused = line.house.app.events.replay(&operator, subscriber, event).await.expect_err("nothing to replay");
        assert_eq!(refused.code(), dermaga_domain::Code::DeadLetterNotFound);
    }
    ill.is_well();
    for _ in 0..2 {
        let replayed = line.house.app.events.replay(&operator, "ill", first).await.expect("replays");
        assert!(matches!(replayed.state, DeliveryState::Waiting { .. }));
    }
    // The second replay changed nothing, but it may still hold the row for a moment, and whoever tries passes it over.
    until("it is handled", async || {
        line.later(Duration::ZERO).await;
        (ill.count() > 1).then_some(())
    })
    .await;
    assert_eq!(ill.ids(), [events[1].id, first]);
    assert!(line.dead().await.is_empty());
    let refused = line.house.app.events.replay(&operator, "ill", first).await.expect_err("it is handled");
    assert_eq!(refused.code(), dermaga_domain::Code::DeadLetterNotFound);
    // What was replayed was filed.
    let filed = database.texts("SELECT action FROM audit_entries").await;
    assert_eq!(filed, ["dead_letter.replayed"]);
}

async fn tries_end_and_then_it_is_a_dead_letter(database: &Database, way: Way) {
    let ear = Ear::on("ear", &["*"]);
    let line = Line::to(database, way, &[&ear]);
    ear.fails(|_| later("away for good"));
    let events = [event("a.b", "s:1", 1)];
    line.publish(&events).await;
    until("it is tried", async || (ear.asked(&events[0]) == 1).then_some(())).await;
    until("it waits", async || {
        line.later(Duration::from_secs(8 * 3_600)).await;
        (!line.dead().await.is_empty()).then_some(())
    })
    .await;
    assert_eq!(ear.asked(&events[0]), 10);
    let page = line.house.app.events.dead_letters(&Principal::Operator, Some("ear"), PageRequest::first(1)).await;
    let letter = page.expect("lists").items.remove(0);
    assert_eq!((letter.tries, letter.last_error.as_deref()), (10, Some("away for good")));
    assert_eq!(letter.event, events[0]);
}

async fn duplicates_are_recognised(database: &Database, way: Way) {
    let ear = Ear::on("ear", &["*"]);
    let name = exchange();
    let line = Line::named(database, way, &[&ear], &name);
    let events: Vec<Event> = (0..300).map(|n| event("a.b", &format!("s:{}", n % 5), n)).collect();
    let twice: Vec<Event> = events.iter().chain(&events).cloned().collect();
    line.publish(&twice).await;
    line.publish(&events).await;
    // Another host on the same database, which has handled none of them by itself.
    let other = Line::named(database, way, &[&ear], &name);
    other.publish(&events).await;
    let last = [event("a.b", "s:0", 300)];
    other.publish(&last).await;
    hears(&ear, 301).await;
    assert_eq!(ear.count(), 301);
    assert!(events.iter().chain(&last).all(|event| ear.asked(event) == 1));
    until("the receipts are written", async || {
        let receipts = database.texts("SELECT CAST(COUNT(*) AS TEXT) FROM event_receipts").await;
        (receipts == ["301"]).then_some(())
    })
    .await;
}

/// Panics about one subject and is a good listener otherwise.
struct Nervous(Arc<Ear>);

#[async_trait]
impl Subscriber for Nervous {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn topics(&self) -> &'static [&'static str] {
        self.0.topics()
    }

    async fn handle(&self, event: &Event) -> Result<(), NotHandled> {
        assert_ne!(event.subject, "s:1", "on purpose");
        self.0.handle(event).await
    }
}

async fn a_panic_is_a_failure(database: &Database, way: Way) {
    let ear = Ear::on("ear", &["*"]);
    let line = Line::of(database, way, vec![Arc::new(Nervous(ear.clone()))], &exchange());
    let events = [event("a.b", "s:1", 1), event("a.b", "s:2", 2)];
    line.publish(&events).await;
    hears(&ear, 1).await;
    assert_eq!(ear.ids(), [events[1].id]);
    let error = async || database.texts("SELECT last_error FROM event_deliveries").await.pop();
    let told = until("the failure is kept", error).await;
    assert!(told.contains("panicked"), "{told}");
}
