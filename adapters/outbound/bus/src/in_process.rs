//! The shortest way: from the relay straight to the subscribers of this process.

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::events::{BusError, Event, EventBus, Receiver};
use futures::future::join_all;

/// Hands events over at once. They are kept account of in the database before it answers, so it confirms as much as a
/// broker does.
pub struct InProcessBus(Arc<dyn Receiver>);

impl InProcessBus {
    /// To the subscribers of that receiver.
    pub fn to(receiver: Arc<dyn Receiver>) -> Self {
        Self(receiver)
    }
}

#[async_trait]
impl EventBus for InProcessBus {
    fn name(&self) -> &'static str {
        "in-process"
    }

    async fn publish(&self, events: &[Event]) -> Result<(), BusError> {
        // Subscribers do not wait for each other; for each of them the events come in order.
        let each = self.0.subscriptions().into_iter().map(|to| self.0.receive(to.subscriber, events));
        // All to the end, also if one fails: whoever is cut off in the middle gets the same again.
        join_all(each).await.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(())
    }

    async fn is_wanted(&self, topic: &str) -> bool {
        self.0.is_wanted(topic).await
    }

    async fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
