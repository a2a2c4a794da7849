//! The call itself.

use std::{
    error::Error as _,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use dermaga_ports::webhooks::{Answer, Request, WebhookSender, is_public};
use reqwest::{Client, Response, redirect};
use url::{Host, Url};

use crate::resolve::{NOT_PUBLIC, PublicOnly};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the whole call may take: the specification of Standard Webhooks recommends 15 to 30 seconds.
const CALL: Duration = Duration::from_secs(20);
/// How much of the answer is kept, in bytes.
const KEPT: usize = 1_024;

/// Sends webhooks over HTTP.
pub struct HttpSender {
    client: Client,
    private: bool,
}

impl HttpSender {
    /// With `private`, this machine and private networks may be called as well: for development.
    ///
    /// # Errors
    /// A sentence about why there can be no client, such as that no certificates are found.
    pub fn new(private: bool) -> Result<Self, String> {
        let client = Client::builder()
            .user_agent(concat!("dermaga/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(CALL)
            // A redirect would lead past every check; and a proxy would look names up by itself.
            .redirect(redirect::Policy::none())
            .no_proxy()
            // What is idle for longer may have been given up by the other side; a new address may be behind the name.
            .pool_idle_timeout(Duration::from_secs(15));
        let client = if private { client } else { client.dns_resolver(Arc::new(PublicOnly)) };
        let client = client.build().map_err(|error| error.to_string())?;
        Ok(Self { client, private })
    }

    async fn call(&self, request: &Request) -> Result<Response, String> {
        let url = Url::parse(&request.url).map_err(|error| error.to_string())?;
        // A number instead of a name is not looked up, so it is looked at here.
        if !self.private && literal(&url).is_some_and(|address| !is_public(address)) {
            return Err(NOT_PUBLIC.to_owned());
        }
        let call = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &request.id)
            .header("webhook-timestamp", request.timestamp)
            .header("webhook-signature", &request.signature)
            .body(request.body.clone());
        call.send().await.map_err(told)
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// The innermost cause, which is the one that says something; without the address, which stands beside it anyway.
fn told(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = error.without_url();
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        told = inner.to_string();
        cause = inner.source();
    }
    told
}

#[async_trait]
impl WebhookSender for HttpSender {
    async fn send(&self, request: &Request) -> Answer {
        let began = Instant::now();
        match self.call(request).await {
            Ok(response) => {
                let status = Some(response.status().as_u16());
                let text = beginning(response).await;
                Answer { status, text, latency: began.elapsed() }
            }
            Err(text) => Answer { status: None, text, latency: began.elapsed() },
        }
    }
}

/// The beginning of the body. Whatever comes behind is not read, however much it is.
async fn beginning(mut response: Response) -> String {
    let mut read = Vec::new();
    while read.len() < KEPT {
        match response.chunk().await {
            Ok(Some(chunk)) => read.extend_from_slice(&chunk[..chunk.len().min(KEPT - read.len())]),
            // The status has arrived; that the rest does not changes nothing.
            Ok(None) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str) -> Request {
        Request {
            url: url.to_owned(),
            id: "msg_1".to_owned(),
            timestamp: 1,
            signature: "v1,abc".to_owned(),
            body: "{}".to_owned(),
        }
    }

    #[tokio::test]
    async fn in_earnest_nothing_inside_is_called() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("bound").port();
        let sender = HttpSender::new(false).expect("a client");
        for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "127.1", "2130706433"] {
            let answer = sender.send(&request(&format!("http://{host}:{port}/"))).await;
            assert_eq!(answer.status, None, "{host}: {answer:?}");
            assert!(answer.text.contains(NOT_PUBLIC), "{host}: {answer:?}");
        }
        let called = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
        assert!(called.is_err(), "something was called");
    }
}
