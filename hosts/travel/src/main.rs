//! The travel host: what is bought from suppliers, and the orders and payments for it.

use std::process::ExitCode;

use dermaga_http::slices;
use dermaga_runtime::{Host, Newcomers};

fn main() -> ExitCode {
    dermaga_runtime::main(Host {
        name: "dermaga-travel",
        title: "Dermaga travel",
        port: 8002,
        slice: slices::travel,
        newcomers: Newcomers::CUSTOMERS,
    })
}
