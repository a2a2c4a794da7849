//! Publishing: on a connection of its own, because a broker that is short of memory stops whoever publishes, and must not
//! stop whoever takes messages away.

use std::time::Duration;

use dermaga_ports::events::Event;
use lapin::{
    Channel, Confirmation, Connection,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use tokio::{sync::Mutex, time::timeout};

use super::{Broker, message};

/// How long a broker may take to confirm a batch.
const CONFIRMATION: Duration = Duration::from_secs(10);

/// Publishes, and waits for the confirmations.
pub(super) struct Publisher {
    broker: Broker,
    /// The connection while it works. One batch at a time, or they would mingle.
    line: Mutex<Option<Line>>,
}

struct Line {
    channel: Channel,
    /// Closed when it is dropped.
    _connection: Connection,
}

impl Publisher {
    pub(super) fn to(broker: Broker) -> Self {
        Self { broker, line: Mutex::default() }
    }

    /// Publishes in order; `Ok` when the broker has every one of them on its disk, or knows nobody who wants it.
    pub(super) async fn publish(&self, events: &[Event]) -> Result<(), String> {
        let mut place = self.line.lock().await;
        // Out of its place while it is in use: if anything goes wrong, or nobody waits any more, it is not used again.
        let line = match place.take().filter(|line| line.channel.status().connected()) {
            Some(line) => line,
            None => self.connect().await?,
        };
        match timeout(CONFIRMATION, self.send(&line.channel, events)).await {
            Ok(Ok(true)) => {
                *place = Some(line);
                Ok(())
            }
            Ok(Ok(false)) => Err("it has refused a message".to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it has not confirmed in time".to_owned()),
        }
    }

    async fn connect(&self) -> Result<Line, String> {
        let connection = self.broker.connect("publisher").await?;
        let prepare = async {
            let channel = connection.create_channel().await?;
            self.broker.topology.declare(&channel).await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            lapin::Result::Ok(channel)
        };
        let channel = timeout(CONFIRMATION, prepare).await.map_err(|_| "it does not answer in time".to_owned())?;
        Ok(Line { channel: channel.map_err(|error| error.to_string())?, _connection: connection })
    }

    async fn send(&self, channel: &Channel, events: &[Event]) -> lapin::Result<bool> {
        let mut confirmations = Vec::with_capacity(events.len());
        for event in events {
            let (exchange, key) = (self.broker.topology.exchange.as_str(), event.topic.as_ref());
            let (body, properties) = (message::body(event), message::properties(event));
            let options = BasicPublishOptions::default();
            confirmations.push(channel.basic_publish(exchange.into(), key.into(), options, &body, properties).await?);
        }
        for confirmation in confirmations {
            if !matches!(confirmation.await?, Confirmation::Ack(_)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
