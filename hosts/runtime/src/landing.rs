//! The page at `/`: what this is, and the first calls.

use std::net::SocketAddr;

use crate::Host;

/// The page of a host that listens there.
pub fn page(host: &Host, bound: SocketAddr) -> String {
    include_str!("landing.html")
        .replace("{{title}}", host.title)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{port}}", &bound.port().to_string())
}
