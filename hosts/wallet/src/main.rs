//! The wallet host: accounts, wallets, transactions and wallet payments.

use std::process::ExitCode;

use dermaga_http::slices;
use dermaga_runtime::{Host, Newcomers};

fn main() -> ExitCode {
    dermaga_runtime::main(Host {
        name: "dermaga-wallet",
        title: "Dermaga wallet",
        port: 8001,
        slice: slices::wallet,
        newcomers: Newcomers::CUSTOMERS,
    })
}
