//! How what happened gets to those who want to know.
//!
//! # Shape
//! - [`Relay`]: takes events from the outbox, and transfers from the seal, to the bus.
//! - [`Dispatcher`]: the other end of the bus. Hands events to subscribers, one try after the other, and keeps account.
//! - [`Events`]: dead letters for administrators, and tidying up.
//!
//! Events are told at least once. A duplicate is recognised by its id and does nothing; events of one subject come in
//! their order, with one exception: whoever gives an event up does not hold up those behind it for ever.

mod dead_letters;
mod dispatch;
mod relay;

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    events::{EventBus, Subscriber},
    time::{DAY, Timestamp},
};
pub use dispatch::Dispatcher;
pub use relay::{Passed, Relay};

use crate::{core::Core, error::Result};

/// How long events are kept in the outbox once they were told: a week is enough to look at what happened when somebody
/// asks on Monday.
const KEPT: Duration = DAY.saturating_mul(7);
/// How long it is known that a subscriber is done with an event. A duplicate comes when a relay or a broker repeats what
/// it could not finish, which is at once after an outage; nobody leaves one in the middle for three days.
const RECOGNISED: Duration = DAY.saturating_mul(3);
/// How much is forgotten in one unit of work, so that nobody waits long for it.
const FORGOTTEN_AT_ONCE: u32 = 5_000;

/// The use cases of events.
#[derive(Clone)]
pub struct Events(Arc<Core>);

impl Events {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Where a bus ends: at these subscribers. Their names MUST differ.
    pub fn dispatcher(&self, subscribers: Vec<Arc<dyn Subscriber>>) -> Dispatcher {
        Dispatcher::new(self.0.clone(), subscribers)
    }

    /// What takes events to a bus. Any number of them may run over one store.
    pub fn relay(&self, bus: Arc<dyn EventBus>) -> Relay {
        Relay::new(self.0.clone(), bus)
    }

    /// Forgets what was told and handled long ago; answers how much.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&self) -> Result<u64> {
        let (told, handled) = (before(self.0.now(), KEPT), before(self.0.now(), RECOGNISED));
        let mut forgotten = 0;
        loop {
            let mut uow = self.0.begin().await?;
            let events = uow.outbox().forget(told, FORGOTTEN_AT_ONCE).await?;
            let receipts = uow.deliveries().forget(handled, FORGOTTEN_AT_ONCE).await?;
            uow.commit().await?;
            forgotten += events + receipts;
            if events.max(receipts) < u64::from(FORGOTTEN_AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }
}

/// So long before that moment.
pub(crate) fn before(now: Timestamp, length: Duration) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_sub(i64::try_from(length.as_micros()).unwrap_or(i64::MAX)))
}
