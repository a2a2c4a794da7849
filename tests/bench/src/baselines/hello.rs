//! The baseline of HTTP: the same server library saying hello, without rights, routes, limits or a database.
//!
//! It runs on the same run time with the same allocator and the same way of accepting connections as a host, in a
//! process of its own, and is asked by the same load generator. What a host answers per second beside it is what
//! everything else costs.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use poem::{
    Server, handler,
    listener::{Acceptor as _, Listener as _, TcpListener},
};

use crate::guard::{Ending, Guard};

/// The server as a process; dropping it stops the process.
#[derive(Debug)]
pub struct Hello {
    pub address: SocketAddr,
    _guard: Guard,
}

impl Hello {
    /// Starts it on any free port of the loopback.
    ///
    /// # Errors
    /// It does not start.
    pub fn start() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("hello");
        let mut guard = Guard::start(&command, Ending::POLITE, Stdio::piped(), Stdio::inherit())?;
        let mut line = String::new();
        BufReader::new(guard.stdout().context("a pipe")?).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse().context("hello does not start")?, _guard: guard })
    }
}

#[handler]
fn hello() -> &'static str {
    "hello"
}

/// Serves until the process is ended, after printing where.
///
/// # Errors
/// There is no free port.
pub fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let bound = acceptor.local_addr().first().and_then(|local| local.as_socket_addr().copied());
        println!("{}", bound.context("an address")?);
        Ok(Server::new_with_acceptor(acceptor).run(hello).await?)
    })
}
