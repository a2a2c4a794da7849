//! What all hosts have in common: configuration, profiles, wiring, life cycle and the command line.
//!
//! # Shape
//! A host binary is a [`Host`]: a name, a port and the slice of the API it serves. [`main`] does the rest: it reads the
//! [`settings`], lets the chosen [`profile`] pick the adapters, and runs one of the [`commands`].
//!
//! A host keeps no state of its own; everything is in the store that its profile names.

mod cli;
mod commands;
mod demo;
mod error;
mod folder;
mod gateways;
mod jobs;
mod landing;
mod logs;
mod profile;
mod secrets;
mod senders;
mod serve;
mod settings;
mod suppliers;
mod telling;

use std::process::ExitCode;

use dermaga_http::edge::Slice;

pub use error::HostError;
pub use profile::Profile;
pub use settings::Settings;

/// Gives memory back: hashing a password takes 19 MiB for a moment, and the system's allocator keeps them for ever, once
/// for each thread that ever hashed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What makes one host binary different from another.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// The binary's name, as people type it.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// The port it listens on unless told otherwise.
    pub port: u16,
    /// The operations it serves.
    pub slice: fn() -> Slice,
}

/// Runs a host: reads the command line and does what it says.
pub fn main(host: Host) -> ExitCode {
    cli::run(host)
}
