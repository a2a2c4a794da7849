//! Why a host cannot start or a command cannot run, told to the person at the terminal, with the cure.

use std::{io, net::SocketAddr, path::PathBuf};

use dermaga_ports::StoreError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("The configuration cannot be used: {0}")]
    Settings(String),
    #[error("The database cannot be used: {0}")]
    Store(#[from] StoreError),
    #[error("Cannot open {database}: {source}")]
    Open { database: String, source: StoreError },
    #[error("The schema of the database is not up to date ({0} to apply). Run the command `migrate` first.")]
    OldSchema(usize),
    #[error("Cannot listen on {address}: {source}. Choose another port with --port.")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("Cannot use {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Refused(String),
    #[error("The server stopped: {0}")]
    Server(io::Error),
}

impl From<dermaga_domain::Error> for HostError {
    fn from(error: dermaga_domain::Error) -> Self {
        let faults: Vec<String> = error.faults().iter().map(|f| format!("\n  {} {}", f.pointer, f.detail)).collect();
        Self::Refused(format!("{}{}", error.detail(), faults.concat()))
    }
}

/// Names the file in an error about it.
pub fn about(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> HostError {
    let path = path.into();
    move |source| HostError::File { path, source }
}
