//! The relay: from the outbox and the seal to the bus.
//!
//! # Two sources, one order
//! Most events wait in the outbox. A transfer at once has none: its event follows from its line in the journal, and the
//! relay reads lines batch by batch of the seal. What happens to a transfer later, such as a refund, is in the outbox; so
//! a pass first takes what is in the outbox, then tells all batches up to the end of the seal, and then what it took.
//! Whatever an event in the outbox builds upon was sealed before that event was committed, so it is told before.
//!
//! # One at a time
//! Several hosts may run a relay; a lease lets one of them pass at a time, because two would overtake each other within a
//! subject. A relay that has slept through its lease repeats what another has told: duplicates, which are recognised.

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    audit::TRANSACTION_COMPLETED,
    events::{BusError, Event, EventBus, Lease},
    ids::EventId,
};
use uuid::Uuid;

use crate::{
    core::Core,
    error::{Error, Result},
    ledger::completed,
};

/// How long a relay may take between two signs of life.
const LEASE: Duration = Duration::from_secs(30);
/// How many events are told at once.
const AT_ONCE: u32 = 500;
/// As long as nobody wants to hear of transfers, batches are passed over so many at a time.
const PASSED_OVER: u64 = 256;

/// What came of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// There was nothing to tell.
    Idle,
    /// Another host is at it.
    Elsewhere,
    /// So many events were told; there may be more.
    Told(usize),
}

/// Takes events to the bus.
pub struct Relay {
    core: Arc<Core>,
    bus: Arc<dyn EventBus>,
    holder: Uuid,
}

impl Relay {
    pub(super) fn new(core: Arc<Core>, bus: Arc<dyn EventBus>) -> Self {
        let holder = core.ports.ids.next();
        Self { core, bus, holder }
    }

    /// Tells what is there to be told. Costs one question if there is nothing.
    ///
    /// # Errors
    /// When the store or the bus fails; the next pass repeats what was not finished.
    pub async fn pass(&self) -> Result<Passed> {
        if !self.has_work().await? {
            return Ok(Passed::Idle);
        }
        let mut uow = self.core.begin().await?;
        let Some(position) = uow.outbox().lease(self.lease()).await? else { return Ok(Passed::Elsewhere) };
        let waiting = uow.outbox().untold(AT_ONCE).await?;
        uow.commit().await?;

        let (position, lines) = self.tell_lines(position).await?;
        self.publish(&waiting).await?;
        let told: Vec<EventId> = waiting.iter().map(|event| event.id).collect();
        self.note(&told, position, Duration::ZERO).await?;
        Ok(Passed::Told(lines + told.len()))
    }

    async fn has_work(&self) -> Result<bool> {
        let backlog = self.core.ports.store.events().backlog().await?;
        let behind = backlog.head.saturating_sub(backlog.position);
        if backlog.events || behind >= PASSED_OVER {
            return Ok(true);
        }
        Ok(behind > 0 && self.bus.is_wanted(TRANSACTION_COMPLETED).await)
    }

    /// Tells the transfers of all batches after `position`; answers where the seal ended, and how many there were.
    async fn tell_lines(&self, mut position: u64) -> Result<(u64, usize)> {
        let store = &self.core.ports.store;
        let head = store.ledger().head().await?.number;
        // Asked after the head was read: whoever begins to listen now is owed only what is sealed from now on.
        if !self.bus.is_wanted(TRANSACTION_COMPLETED).await {
            return Ok((head.max(position), 0));
        }
        let mut count = 0;
        while position < head {
            let Some(stretch) = store.events().sealed_transfers(position, head, AT_ONCE).await? else { break };
            let events: Vec<Event> = stretch.transfers.iter().map(completed).collect();
            self.publish(&events).await?;
            count += events.len();
            position = stretch.end;
            if position < head {
                self.note(&[], position, LEASE).await?;
            }
        }
        Ok((position, count))
    }

    async fn publish(&self, events: &[Event]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.bus.publish(events).await.map_err(|error| match error {
            BusError::Store(error) => error.into(),
            BusError::Unavailable(reason) => Error::unavailable(reason),
        })
    }

    /// Writes down what was told, and for how long the lease is still needed.
    async fn note(&self, told: &[EventId], position: u64, lease: Duration) -> Result<()> {
        let now = self.core.now();
        let mut uow = self.core.begin().await?;
        uow.outbox().told(told, position, now).await?;
        // Whether somebody else has taken over in the meantime changes nothing about what was told.
        uow.outbox().lease(Lease { until: now + lease, ..self.lease() }).await?;
        Ok(uow.commit().await?)
    }

    fn lease(&self) -> Lease {
        let now = self.core.now();
        Lease { holder: self.holder, now, until: now + LEASE }
    }
}
