//! The load generator: a process of its own that sends requests and counts what comes back.
//!
//! # Why a process of its own
//! It shares two cores with the host and the database, so it has to be small: one thread, plain sockets, requests that
//! are copied together from prepared bytes, answers of which only the head is read. How much of a core it took is in
//! its report.
//!
//! # Two kinds of load
//! *Closed*: so many connections, each sending the next request as soon as the last one is answered. It finds the
//! highest throughput, but when the host stalls, the generator waits politely and the stall counts once. *Open*:
//! requests are due at a fixed rate, whatever the host does, and the latency counts from when a request was due. So a
//! stall counts for everybody who would have come in the meantime.

mod client;
mod connection;
mod process;
mod requests;
mod tally;

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

pub use client::run;
pub use connection::Connection;
pub use process::measure;

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// One transfer a request, between any two wallets.
    Uniform,
    /// The same, all of them to one wallet.
    Hot,
    /// So many transfers a request, each between any two wallets, sent by the trusted service.
    Batch(usize),
    /// Somebody's balance.
    Balance,
    /// Somebody comes to the event.
    Checkin,
    /// The plain page of the baseline.
    Hello,
}

impl Kind {
    /// Whether it leaves lines in the journal.
    pub fn writes(self) -> bool {
        matches!(self, Self::Uniform | Self::Hot | Self::Batch(_))
    }

    /// How many transfers a request asks for.
    pub fn transfers(self) -> u64 {
        if let Self::Batch(size) = self { size as u64 } else { 1 }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform => f.write_str("transfers"),
            Self::Hot => f.write_str("transfers to one account"),
            Self::Batch(size) => write!(f, "batches of {size}"),
            Self::Balance => f.write_str("balances"),
            Self::Checkin => f.write_str("check-ins"),
            Self::Hello => f.write_str("hello"),
        }
    }
}

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Amount {
    /// Back to back for so many seconds, after a second that is not measured.
    Closed { seconds: f64 },
    /// So many requests a second for so many seconds, after a second that is not measured.
    Open { seconds: f64, rate: f64 },
    /// Back to back until so many requests are answered; all of it is measured.
    Requests(u64),
}

/// An order for the load generator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    pub kind: Kind,
    pub amount: Amount,
    pub connections: usize,
    /// The hosts, used by turns.
    pub addresses: Vec<SocketAddr>,
    /// Who there is; see [`crate::world`].
    pub world: PathBuf,
    /// The same seed draws the same wallets.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// How long was measured.
    pub seconds: f64,
    /// Requests answered well while it was measured, per second; for batches the transfers in them.
    pub rate: f64,
    /// Latency of the requests in that time, in milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    /// What was done from the first request to the last, measured or not; for batches the transfers in them.
    pub done: u64,
    /// Requests of which nobody knows what became of them.
    pub unknown: u64,
    /// Answers that were not wanted, by status; transfers that a batch refused are under 0.
    pub unwanted: BTreeMap<u16, u64>,
    /// The first such answer.
    pub first_unwanted: Option<String>,
    /// The part of one core that the load generator took.
    pub cpu: f64,
}

impl Report {
    /// What makes this measurement worthless, if anything.
    pub fn fault(&self) -> Option<String> {
        let refused: u64 = self.unwanted.values().sum();
        if refused == 0 && self.unknown == 0 {
            return None;
        }
        let first = self.first_unwanted.as_deref().unwrap_or("nothing was answered");
        let statuses = self.unwanted.iter().map(|(status, times)| format!("{times} of status {status}"));
        let statuses: Vec<_> = statuses.chain([format!("{} without an answer", self.unknown)]).collect();
        Some(format!("{}; the first: {first}", statuses.join(", ")))
    }
}
