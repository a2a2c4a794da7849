//! What waits here, in numbers: for graphs and alarms.

use std::sync::Arc;

use crate::{core::Core, error::Result};

/// How much waits. Each is counted up to [`dermaga_ports::paging::COUNTED`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Payments and refunds that are due to be looked after. More than a few for long: no host looks.
    pub payments_due: u64,
    /// Payments that a person has to look at.
    pub payments_frozen: u64,
    /// Bookings that a person has to look at.
    pub bookings_frozen: u64,
    /// Events that nobody was told.
    pub events_untold: u64,
    /// Events that a subscriber could not handle.
    pub events_dead: u64,
    /// Notifications that were neither sent nor given up.
    pub notifications_waiting: u64,
}

/// Whoever wants to know how much waits.
#[derive(Clone)]
pub struct Watch(Arc<Core>);

impl Watch {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// How much waits now. Cheap, so that a job may ask every few seconds.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn vitals(&self) -> Result<Vitals> {
        let store = &self.0.ports.store;
        let payments = store.payments().waiting(self.0.now()).await?;
        let events = store.events().arrears().await?;
        Ok(Vitals {
            payments_due: payments.due,
            payments_frozen: payments.frozen,
            bookings_frozen: store.bookings().frozen().await?,
            events_untold: events.untold,
            events_dead: events.dead,
            notifications_waiting: store.notifications().waiting().await?,
        })
    }
}
