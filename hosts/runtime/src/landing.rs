//! The page at `/`: what this is, and the first calls.

use crate::Host;

/// The page of a host.
pub fn page(host: &Host) -> String {
    include_str!("landing.html").replace("{{title}}", host.title).replace("{{version}}", env!("CARGO_PKG_VERSION"))
}
