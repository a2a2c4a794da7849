//! What has to be at the broker: the exchange, the queues and what binds them. Declaring it again changes nothing.

use dermaga_ports::events::Subscription;
use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use super::Names;

/// What has to be there.
pub(super) struct Topology {
    pub(super) exchange: String,
    pub(super) queues: Vec<SubscriberQueue>,
}

/// The queue of a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubscriberQueue {
    pub(super) subscriber: &'static str,
    pub(super) name: String,
    bindings: Vec<String>,
}

impl Topology {
    pub(super) fn of(names: Names, subscriptions: &[Subscription]) -> Self {
        let queue = |subscription: &Subscription| SubscriberQueue {
            subscriber: subscription.subscriber,
            name: format!("{}.{}", names.exchange, subscription.subscriber),
            bindings: subscription.topics.iter().map(|pattern| binding(pattern)).collect(),
        };
        let queues = subscriptions.iter().map(queue).collect();
        Self { exchange: names.exchange, queues }
    }

    /// Where messages go that cannot be read.
    fn unreadable(&self) -> String {
        format!("{}.unreadable", self.exchange)
    }

    /// Makes sure that everything is there. An event that is published before its queue is there would be lost, so
    /// publishers do this as well.
    pub(super) async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let unreadable = self.unreadable();
        for (name, kind) in [(&self.exchange, ExchangeKind::Topic), (&unreadable, ExchangeKind::Fanout)] {
            channel.exchange_declare(name.as_str().into(), kind, durable, FieldTable::default()).await?;
        }
        let kept = QueueDeclareOptions::durable();
        channel.queue_declare(unreadable.as_str().into(), kept, FieldTable::default()).await?;
        bind(channel, &unreadable, &unreadable, "").await?;
        for queue in &self.queues {
            let mut arguments = FieldTable::default();
            arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
            arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString(unreadable.as_str().into()));
            channel.queue_declare(queue.name.as_str().into(), kept, arguments).await?;
            for binding in &queue.bindings {
                bind(channel, &queue.name, &self.exchange, binding).await?;
            }
        }
        Ok(())
    }
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> lapin::Result<()> {
    let options = QueueBindOptions::default();
    channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default()).await
}

/// A pattern of ours in the words of a topic exchange, where `#` is any number of words. What it lets through besides is
/// left out by the receiver.
fn binding(pattern: &str) -> String {
    match pattern.strip_suffix('*') {
        None => pattern.to_owned(),
        Some(prefix) if prefix.ends_with('.') => format!("{prefix}#"),
        Some(_) => "#".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_translated() {
        for (ours, theirs) in [("payment.paid", "payment.paid"), ("payment.*", "payment.#"), ("*", "#"), ("pay*", "#")]
        {
            assert_eq!(binding(ours), theirs);
        }
    }

    #[test]
    fn each_subscriber_has_a_queue() {
        let subscription = Subscription { subscriber: "mail", topics: &["payment.paid", "transaction.*"] };
        let topology = Topology::of(Names::default(), &[subscription]);
        let bindings = vec!["payment.paid".to_owned(), "transaction.#".to_owned()];
        let queue = SubscriberQueue { subscriber: "mail", name: "dermaga.events.mail".to_owned(), bindings };
        assert_eq!(topology.queues, [queue]);
    }
}
