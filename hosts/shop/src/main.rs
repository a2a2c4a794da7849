//! The shop host: products, stock, orders and the payments for them.

use std::process::ExitCode;

use dermaga_http::slices;
use dermaga_runtime::{Host, Newcomers};

fn main() -> ExitCode {
    dermaga_runtime::main(Host {
        name: "dermaga-shop",
        title: "Dermaga shop",
        port: 8003,
        slice: slices::shop,
        newcomers: Newcomers::BUYERS,
    })
}
