//! How what happens in a host gets to those who want to know: the relay, the bus, the tries that are due, the webhooks.
//!
//! No rule depends on any of this having run. What happened is in the database, and is told when somebody gets to it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use dermaga_bus::{InProcessBus, Names, RabbitBus};
use dermaga_domain::{
    App,
    events::{Dispatcher, Events, Passed, Relay},
    webhooks::Courier,
};
use dermaga_ports::{
    events::{EventBus, Subscriber},
    ids::EndpointId,
};
use dermaga_webhooks::HttpSender;
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{interval, sleep, timeout},
};

use crate::{HostError, Settings, jobs::Jobs};

/// How soon a host notices what another one has left to tell. What happens here itself is noticed at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The least time between two passes of the relay, so that under load a pass has much to tell.
const GATHER: Duration = Duration::from_millis(50);
/// How often tries that are due are made.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// How often webhooks that are due are looked for.
const SEND_EVERY: Duration = Duration::from_millis(500);
/// How many webhooks are under way at once, and how many of them to one endpoint before no more are taken for it.
const FLIGHTS: usize = 64;
const FLIGHTS_EACH: usize = 8;
/// How often what was told long ago is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The parts, plugged together and not yet running.
pub struct Telling {
    bus: Arc<dyn EventBus>,
    relay: Relay,
    dispatcher: Arc<Dispatcher>,
    courier: Courier,
    events: Events,
}

impl Telling {
    /// Subscribers are called in this process.
    pub fn in_process(
        settings: &Settings,
        app: &App,
        subscribers: Vec<Arc<dyn Subscriber>>,
    ) -> Result<Self, HostError> {
        Self::over(settings, app, subscribers, |dispatcher| Ok(Arc::new(InProcessBus::to(dispatcher))))
    }

    /// Events go over a broker, to the subscribers of this host and to whoever else listens there.
    pub fn over_rabbit(
        url: &str,
        settings: &Settings,
        app: &App,
        subscribers: Vec<Arc<dyn Subscriber>>,
    ) -> Result<Self, HostError> {
        Self::over(settings, app, subscribers, |dispatcher| {
            let bus = RabbitBus::start(url, Names::default(), dispatcher);
            Ok(Arc::new(bus.map_err(|reason| HostError::Settings(format!("RABBITMQ_URL {reason}")))?))
        })
    }

    fn over(
        settings: &Settings,
        app: &App,
        subscribers: Vec<Arc<dyn Subscriber>>,
        bus: impl FnOnce(Arc<Dispatcher>) -> Result<Arc<dyn EventBus>, HostError>,
    ) -> Result<Self, HostError> {
        let sender = HttpSender::new(settings.private_webhooks)
            .map_err(|reason| HostError::Refused(format!("Webhooks cannot be sent: {reason}")))?;
        let dispatcher = Arc::new(app.events.dispatcher(subscribers));
        let bus = bus(dispatcher.clone())?;
        let relay = app.events.relay(bus.clone());
        let courier = app.webhooks.courier(Arc::new(sender));
        Ok(Self { bus, relay, dispatcher, courier, events: app.events.clone() })
    }

    /// The way that events take.
    pub fn bus(&self) -> Arc<dyn EventBus> {
        self.bus.clone()
    }

    /// Starts to tell; `bell` rings when there is something new. Ends with the handle.
    pub fn start(self, bell: Arc<Notify>) -> Jobs {
        Jobs(vec![
            tokio::spawn(relay(self.relay, bell)),
            tokio::spawn(retry(self.dispatcher)),
            tokio::spawn(send(self.courier.clone())),
            tokio::spawn(forget(self.events, self.courier)),
        ])
    }
}

async fn relay(relay: Relay, bell: Arc<Notify>) {
    let mut failures = 0;
    loop {
        match relay.pass().await {
            Ok(passed) => {
                failures = 0;
                match passed {
                    Passed::Told(_) => {}
                    // Whether it rings or is time to look makes no difference.
                    Passed::Idle => drop(timeout(LOOK_EVERY, bell.notified()).await),
                    Passed::Elsewhere => sleep(LOOK_EVERY).await,
                }
                sleep(GATHER).await;
            }
            Err(error) => {
                tracing::warn!(%error, "events could not be told; they wait for the next try");
                sleep(pause(GATHER, failures)).await;
                failures += 1;
            }
        }
    }
}

/// Longer with each failure, so that an outage does not fill the log.
fn pause(shortest: Duration, failures: u32) -> Duration {
    shortest.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE)
}

async fn retry(dispatcher: Arc<Dispatcher>) {
    let mut failures = 0;
    loop {
        match dispatcher.retry().await {
            Ok(tries) => {
                failures = 0;
                // Behind each that goes well another of its subject may wait.
                if tries == 0 {
                    sleep(RETRY_EVERY).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "events could not be handed over once more; next try soon");
                sleep(pause(RETRY_EVERY, failures)).await;
                failures += 1;
            }
        }
    }
}

async fn send(courier: Courier) {
    let mut flights: JoinSet<EndpointId> = JoinSet::new();
    let mut under_way: HashMap<EndpointId, usize> = HashMap::new();
    let mut failures = 0;
    loop {
        while let Some(landed) = flights.try_join_next() {
            land(&mut under_way, landed);
        }
        let busy: Vec<EndpointId> =
            under_way.iter().filter(|(_, count)| **count >= FLIGHTS_EACH).map(|(endpoint, _)| *endpoint).collect();
        let room = u32::try_from(FLIGHTS - flights.len()).unwrap_or_default();
        let taken = if room == 0 { Ok(Vec::new()) } else { courier.take(&busy, room).await };
        let (taken, rest) = match taken {
            Ok(taken) => {
                failures = 0;
                (taken, SEND_EVERY)
            }
            Err(error) => {
                tracing::warn!(%error, "webhooks cannot be looked for; next try soon");
                failures += 1;
                (Vec::new(), pause(SEND_EVERY, failures))
            }
        };
        if taken.is_empty() {
            tokio::select! {
                // There is room again, which matters only if it was missing.
                Some(landed) = flights.join_next(), if failures == 0 => land(&mut under_way, landed),
                () = sleep(rest) => {}
            }
        }
        for webhook in taken {
            *under_way.entry(webhook.endpoint).or_default() += 1;
            let courier = courier.clone();
            flights.spawn(async move {
                let (id, endpoint) = (webhook.id, webhook.endpoint);
                if let Err(error) = courier.attempt(webhook).await {
                    tracing::warn!(%error, webhook = %id, "what came of a webhook could not be written down");
                }
                endpoint
            });
        }
    }
}

fn land(under_way: &mut HashMap<EndpointId, usize>, landed: Result<EndpointId, tokio::task::JoinError>) {
    match landed {
        Ok(endpoint) => {
            if let Some(count) = under_way.get_mut(&endpoint) {
                *count -= 1;
            }
            under_way.retain(|_, count| *count > 0);
        }
        // Which one it was is not known any more, so all are taken for landed: a few too many at once do no harm.
        Err(_) => under_way.clear(),
    }
}

async fn forget(events: Events, courier: Courier) {
    let mut clock = interval(FORGET_EVERY);
    loop {
        clock.tick().await;
        for forgotten in [events.tidy().await, courier.tidy().await] {
            match forgotten {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "forgot what was told long ago"),
                Err(error) => {
                    tracing::warn!(%error, "what was told long ago could not be forgotten; next try in an hour")
                }
            }
        }
    }
}
