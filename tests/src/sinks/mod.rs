//! Servers that take what is sent to people, and keep it for the test to read.

pub mod mail;
pub mod sms;
mod tls;

use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, task::JoinHandle};

/// A server that can be stopped, as in a power cut, and started again at the same address.
#[derive(Debug)]
struct Server {
    address: SocketAddr,
    running: Option<JoinHandle<()>>,
}

impl Server {
    /// A free port.
    async fn start<F, R>(serve: F) -> Self
    where
        F: Fn(tokio::net::TcpStream) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { address, running: None };
        server.resume(serve).await;
        server
    }

    /// Listens where it listened before.
    async fn resume<F, R>(&mut self, serve: F)
    where
        F: Fn(tokio::net::TcpStream) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(self.address).await.expect("the port is free");
        self.address = listener.local_addr().expect("bound");
        let serve = Arc::new(serve);
        self.running = Some(tokio::spawn(async move {
            // Dropped with this task, and all connections with it.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream));
            }
        }));
    }

    async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            // Until then it still listens.
            let _ = running.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}
