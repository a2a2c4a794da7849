//! What a device tells of a scan.

use dermaga_ports::{
    attendance::{Direction, EventSlug},
    time::Timestamp,
};

use super::no_event;
use crate::{error::Result, faults::Faults};

/// The longest text that can be shown at a door; a code has some 300 characters.
const MAX_SHOWN: usize = 512;
/// The longest name of a device or a gate.
const MAX_NAME: usize = 60;
/// The longest nonce.
const MAX_NONCE: usize = 100;

/// A scan.
#[derive(Debug, Clone)]
pub struct Scan {
    pub event: String,
    /// The id of a ticket, its code, or anything where anything is let in once.
    pub shown: String,
    pub direction: Direction,
    pub device: Option<String>,
    pub gate: Option<String>,
    /// What the device calls this scan. Together with the device it is asked for once.
    pub nonce: Option<String>,
    /// When the device says that it happened.
    pub at: Option<Timestamp>,
    /// The device has let somebody through already.
    pub forced: bool,
}

/// The same, when nothing is wrong with it.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub event: EventSlug,
    pub shown: String,
    pub direction: Direction,
    pub device: Option<String>,
    pub gate: Option<String>,
    pub nonce: Option<String>,
    pub device_at: Option<Timestamp>,
    /// The moment that the rules look at.
    pub at: Timestamp,
    pub forced: bool,
}

impl Scan {
    /// # Errors
    /// [`crate::Code::Invalid`] with every fault, [`crate::Code::EventNotFound`].
    pub(super) fn checked(self, at: Timestamp) -> Result<Checked> {
        let mut faults = Faults::default();
        let shown = faults.text("/ticket_id", Some(&self.shown), MAX_SHOWN).unwrap_or_else(|| {
            faults.add("/ticket_id", "must be what was scanned");
            String::new()
        });
        let device = faults.text("/device", self.device.as_deref(), MAX_NAME);
        let gate = faults.text("/gate", self.gate.as_deref(), MAX_NAME);
        let nonce = faults.text("/nonce", self.nonce.as_deref(), MAX_NONCE);
        if nonce.is_some() && device.is_none() {
            faults.add("/device", "must be given with a nonce: each device has its own");
        }
        faults.check()?;
        let event = self.event.parse().map_err(|_| no_event(&self.event))?;
        let direction = self.direction;
        Ok(Checked { event, shown, direction, device, gate, nonce, device_at: self.at, at, forced: self.forced })
    }
}
