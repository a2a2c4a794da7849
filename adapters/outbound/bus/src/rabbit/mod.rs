//! Events over RabbitMQ.
//!
//! # Shape
//! One durable topic exchange takes all events, with the topic as routing key. Each subscriber has one durable queue that is
//! bound to its topics; whoever else wants to listen binds a queue of their own. Messages are persistent, and the broker
//! confirms each of them. A queue hands its messages to one consumer at a time, even if several hosts have the same
//! subscriber, because only then events of one subject stay in order; another host takes over when that one goes.
//!
//! A message is acknowledged when what became of it is in the database. A subscriber that fails is tried again from there,
//! not by the broker, so nothing piles up in front of the queue. What cannot be read at all goes to a queue of its own.
//!
//! The type of the queues is left to the broker: where a virtual host's default is `quorum`, they are replicated.

mod consumer;
mod message;
mod publisher;
mod topology;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dermaga_ports::events::{BusError, Event, EventBus, Receiver};
use lapin::{Connection, ConnectionProperties, uri::AMQPUri};
use tokio::{task::JoinHandle, time::timeout};

use publisher::Publisher;
use topology::Topology;

/// How long a broker may take to greet.
const GREETING: Duration = Duration::from_secs(10);
/// Seconds between two signs of life: a broker that vanished without a word is missed after twice as long.
const HEARTBEAT: u16 = 10;

/// What exchange and queues are called.
#[derive(Debug, Clone)]
pub struct Names {
    /// The exchange. Queues are called the same, with a dot and the subscriber's name behind.
    pub exchange: String,
}

impl Default for Names {
    fn default() -> Self {
        Self { exchange: "dermaga.events".to_owned() }
    }
}

/// Events over RabbitMQ.
pub struct RabbitBus {
    publisher: Publisher,
    listens: Arc<AtomicBool>,
    consumers: JoinHandle<()>,
}

impl RabbitBus {
    /// Publishes to the broker at that URL (`amqp://` or `amqps://`) and listens for the subscribers of the receiver. It
    /// does not have to be there yet, nor to stay: whoever is cut off comes back. Call it inside the run time.
    ///
    /// # Errors
    /// A sentence about a URL that is none.
    pub fn start(url: &str, names: Names, receiver: Arc<dyn Receiver>) -> Result<Self, String> {
        let mut uri: AMQPUri =
            url.parse().map_err(|_| "must be a URL such as amqp://user:password@host:5672/%2f".to_owned())?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let broker = Broker { uri, topology: Arc::new(Topology::of(names, &receiver.subscriptions())) };
        let listens = Arc::new(AtomicBool::new(false));
        let consumers = tokio::spawn(consumer::listen(broker.clone(), receiver, listens.clone()));
        Ok(Self { publisher: Publisher::to(broker), listens, consumers })
    }
}

impl Drop for RabbitBus {
    fn drop(&mut self) {
        self.consumers.abort();
    }
}

#[async_trait]
impl EventBus for RabbitBus {
    fn name(&self) -> &'static str {
        "rabbitmq"
    }

    async fn publish(&self, events: &[Event]) -> Result<(), BusError> {
        self.publisher.publish(events).await.map_err(BusError::Unavailable)
    }

    async fn is_wanted(&self, _: &str) -> bool {
        // Others may have bound queues of their own.
        true
    }

    async fn check(&self) -> Result<(), String> {
        if self.listens.load(Ordering::Relaxed) { Ok(()) } else { Err("RabbitMQ cannot be reached".to_owned()) }
    }
}

/// Where the broker is, and what shall be there.
#[derive(Clone)]
struct Broker {
    uri: AMQPUri,
    topology: Arc<Topology>,
}

impl Broker {
    async fn connect(&self, purpose: &str) -> Result<Connection, String> {
        let named = ConnectionProperties::default().with_connection_name(format!("dermaga {purpose}").into());
        match timeout(GREETING, Connection::connect_uri(self.uri.clone(), named)).await {
            Ok(connected) => connected.map_err(|error| error.to_string()),
            Err(_) => Err("it does not answer in time".to_owned()),
        }
    }
}
