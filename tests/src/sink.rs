//! A web server that notes what it is sent and answers what it is told: the other end of webhooks.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What was sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// The names in lower case.
    pub headers: HashMap<String, String>,
    pub path: String,
    pub body: String,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This status, with this body.
    Status(u16, String),
    /// Somewhere else.
    Redirect(String),
    /// Nothing, after so long.
    Silence(Duration),
    /// Nothing: the connection is closed.
    HangUp,
}

/// A server on a free port of this machine. It ends with the handle.
pub struct Sink {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    calls: Mutex<Vec<Call>>,
    replies: Mutex<VecDeque<Reply>>,
}

impl Sink {
    /// Answers with these, in order; then with 204 for ever.
    pub async fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(State { replies: Mutex::new(replies.into_iter().collect()), ..State::default() });
        let serving = state.clone();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("accepts");
                let state = serving.clone();
                tokio::spawn(async move { state.serve(stream).await });
            }
        });
        Self { address, state, server }
    }

    /// Where it is.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was sent so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().expect("no panic").clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl State {
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut read = Vec::new();
        loop {
            let (call, rest) = loop {
                if let Some(whole) = parse(&read) {
                    break whole;
                }
                if stream.read_buf(&mut read).await.ok()? == 0 {
                    return None;
                }
            };
            read = rest;
            self.calls.lock().expect("no panic").push(call);
            let reply = self.replies.lock().expect("no panic").pop_front();
            let (status, body, more) = match reply.unwrap_or_else(|| Reply::Status(204, String::new())) {
                Reply::Status(status, body) => (status, body, String::new()),
                Reply::Redirect(to) => (302, String::new(), format!("location: {to}\r\n")),
                Reply::Silence(length) => {
                    tokio::time::sleep(length).await;
                    return None;
                }
                Reply::HangUp => return None,
            };
            let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            let answer = format!("HTTP/1.1 {status} Said\r\n{more}{length}\r\n{body}");
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
    }
}

/// A request and what was read behind it, if it is there as a whole.
fn parse(read: &[u8]) -> Option<(Call, Vec<u8>)> {
    let end = read.windows(4).position(|part| part == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&read[..end]).expect("a head of texts");
    let mut lines = head.split("\r\n");
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a number"));
    let body = read.get(end + 4..end + 4 + length)?;
    let body = String::from_utf8(body.to_vec()).expect("a body of text");
    Some((Call { headers, path, body }, read[end + 4 + length..].to_vec()))
}
