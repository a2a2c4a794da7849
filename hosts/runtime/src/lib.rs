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
mod workers;

use std::process::ExitCode;

use dermaga_http::edge::Slice;
use dermaga_ports::auth::Role;

pub use error::HostError;
pub use profile::Profile;
pub use settings::Settings;

/// Gives memory back: hashing a password takes 19 MiB for a moment, and the system's allocator keeps them for ever, once
/// for each thread that ever hashed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Who may register by themselves, unless the settings say otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Newcomers {
    /// The roles that they may choose.
    pub roles: &'static [Role],
    /// The fewest characters of their password.
    pub min_password: usize,
    /// They may order without a password.
    pub guests: bool,
}

impl Newcomers {
    /// Customers, with passwords that last.
    pub const CUSTOMERS: Self = Self { roles: &[Role::User], min_password: 8, guests: false };
    /// The same, and guests: who buys once does not want an account.
    pub const BUYERS: Self = Self { guests: true, ..Self::CUSTOMERS };
    /// Whoever helps at a door for one evening may say so, and types a short password on a telephone.
    pub const HELPERS: Self = Self { roles: &[Role::User, Role::Committee], min_password: 4, guests: false };
}

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
    /// Who may register.
    pub newcomers: Newcomers,
}

/// Runs a host: reads the command line and does what it says.
pub fn main(host: Host) -> ExitCode {
    cli::run(host)
}
