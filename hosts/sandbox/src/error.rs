//! Why a sandbox does not start.

use std::{io, net::SocketAddr};

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}; choose another port with --port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// No client for webhooks could be made.
    #[error("cannot make a client for webhooks: {0}")]
    Client(reqwest::Error),
}
