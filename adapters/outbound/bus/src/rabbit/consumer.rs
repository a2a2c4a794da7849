//! Listening: takes messages from the queues, hands them to the receiver, and acknowledges what is accounted for.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use dermaga_ports::events::{Event, Receiver};
use futures::{StreamExt, future::pending, stream::FuturesUnordered};
use lapin::{
    Connection,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions},
    types::FieldTable,
};
use tokio::time::{sleep, timeout};

use super::{Broker, message, topology::SubscriberQueue};

/// How many messages are on the way to one subscriber.
const PREFETCH: u16 = 512;
/// How many are handed over at once.
const AT_ONCE: usize = 256;
/// The pauses before the next attempt to connect, or to hand over while the database is away.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// A connection that has lasted so long was a good one.
const LONG: Duration = Duration::from_secs(10);
/// How long whoever waits for a broker that has gone may not know it.
const LOOK: Duration = Duration::from_secs(1);
/// How long a broker may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(10);

fn pause(failures: usize) -> Duration {
    PAUSES[failures.min(PAUSES.len() - 1)]
}

/// Listens for ever; whenever it is cut off it comes back.
pub(super) async fn listen(broker: Broker, receiver: Arc<dyn Receiver>, listens: Arc<AtomicBool>) {
    let mut failures = 0;
    loop {
        match broker.connect("subscribers").await {
            Ok(connection) => {
                let since = Instant::now();
                let Err(reason) = serve(&broker, &connection, &*receiver, &listens).await;
                listens.store(false, Ordering::Relaxed);
                if since.elapsed() > LONG {
                    failures = 0;
                }
                tracing::warn!(%reason, "cut off from RabbitMQ; trying to come back");
            }
            Err(reason) => tracing::warn!(reason, "RabbitMQ cannot be reached; next try soon"),
        }
        sleep(pause(failures)).await;
        failures += 1;
    }
}

/// Listens on one connection until it breaks.
async fn serve(
    broker: &Broker,
    connection: &Connection,
    receiver: &dyn Receiver,
    listens: &AtomicBool,
) -> lapin::Result<Infallible> {
    let mut consumers = while_connected(connection, prepare(broker, connection, receiver)).await??;
    listens.store(true, Ordering::Relaxed);
    tracing::info!(queues = broker.topology.queues.len(), "listening to RabbitMQ");
    let first = async {
        match consumers.next().await {
            Some(ended) => ended,
            None => pending().await,
        }
    };
    let ended = while_connected(connection, first).await;
    listens.store(false, Ordering::Relaxed);
    // What is in the receiver's hands is brought to its end, so that it is accounted for; the broker sends it again.
    let _ = timeout(FAREWELL, connection.close(REPLY_SUCCESS, "a consumer has ended".into())).await;
    while consumers.next().await.is_some() {}
    ended?
}

/// Makes sure that everything is at the broker, and begins to listen to every queue.
async fn prepare<'a>(
    broker: &'a Broker,
    connection: &'a Connection,
    receiver: &'a dyn Receiver,
) -> lapin::Result<FuturesUnordered<impl Future<Output = lapin::Result<Infallible>> + 'a>> {
    let channel = connection.create_channel().await?;
    broker.topology.declare(&channel).await?;
    let consumers = FuturesUnordered::new();
    for queue in &broker.topology.queues {
        let channel = connection.create_channel().await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let (name, tag) = (queue.name.as_str().into(), queue.subscriber.into());
        let consumer = channel.basic_consume(name, tag, BasicConsumeOptions::default(), FieldTable::default()).await?;
        consumers.push(consume(queue, connection, receiver, consumer));
    }
    Ok(consumers)
}

/// Waits as long as there is a connection. Whoever waits for an acknowledgement to leave is not always woken when it
/// breaks, and one who sleeps on would keep all others from coming back.
async fn while_connected<T>(connection: &Connection, waiting: impl Future<Output = T>) -> lapin::Result<T> {
    let broken = async {
        while connection.status().connected() {
            sleep(LOOK).await;
        }
    };
    tokio::select! {
        biased;
        done = waiting => Ok(done),
        () = broken => Err(closed()),
    }
}

fn closed() -> lapin::Error {
    lapin::ErrorKind::InvalidConnectionState(lapin::ConnectionState::Closed).into()
}

/// How AMQP says that there is nothing wrong.
const REPLY_SUCCESS: u16 = 200;

/// Hands over what comes out of a queue. Ends with an error, because a queue has no end.
async fn consume(
    queue: &SubscriberQueue,
    connection: &Connection,
    receiver: &dyn Receiver,
    consumer: lapin::Consumer,
) -> lapin::Result<Infallible> {
    let mut batches = consumer.ready_chunks(AT_ONCE);
    while let Some(batch) = while_connected(connection, batches.next()).await? {
        let deliveries = batch.into_iter().collect::<lapin::Result<Vec<Delivery>>>()?;
        let mut events: Vec<Event> = Vec::with_capacity(deliveries.len());
        let mut last = None;
        for delivery in &deliveries {
            match message::read(&delivery.data) {
                Some(event) => {
                    events.push(event);
                    last = Some(&delivery.acker);
                }
                None => {
                    tracing::error!(queue = queue.name, "a message is no event; it is put aside");
                    let aside = delivery.acker.reject(BasicRejectOptions { requeue: false });
                    while_connected(connection, aside).await??;
                }
            }
        }
        let mut failures = 0;
        // Given back, the messages would come again at once; kept, they wait here until the database is back or the
        // broker away.
        while let Err(error) = receiver.receive(queue.subscriber, &events).await {
            tracing::warn!(%error, queue = queue.name, "events could not be accounted for; next try soon");
            while_connected(connection, sleep(pause(failures))).await?;
            failures += 1;
        }
        if let Some(last) = last {
            while_connected(connection, last.ack(BasicAckOptions { multiple: true })).await??;
        }
    }
    Err(closed())
}
