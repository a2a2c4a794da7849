//! The suite: every system of Dermaga in one process.

use std::process::ExitCode;

use dermaga_http::slices;
use dermaga_runtime::{Host, Newcomers};

fn main() -> ExitCode {
    dermaga_runtime::main(Host {
        name: "dermaga",
        title: "Dermaga suite",
        port: 8000,
        slice: slices::suite,
        newcomers: Newcomers::BUYERS,
    })
}
