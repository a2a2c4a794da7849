//! The events host: events, tickets and the door.

use std::process::ExitCode;

use dermaga_http::slices;
use dermaga_runtime::{Host, Newcomers};

fn main() -> ExitCode {
    dermaga_runtime::main(Host {
        name: "dermaga-events",
        title: "Dermaga events",
        port: 8004,
        slice: slices::events,
        newcomers: Newcomers::HELPERS,
    })
}
