//! A server that answers each call as the test says, also wrongly or not at all.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What becomes of a call.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A whole answer.
    Json(u16, String),
    /// A whole answer that is a page.
    Html(u16, &'static str),
    /// The call is read and the line is cut.
    Cut,
    /// Fewer bytes than were announced.
    Truncated,
    /// More bytes than anybody should read.
    Endless,
    /// No answer for that long.
    Silence(Duration),
    /// Somewhere else.
    Moved(String),
}

/// A call as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Method and path.
    pub line: String,
    /// With names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

/// The running server.
pub struct Stub {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: JoinHandle<()>,
}

impl Stub {
    /// Answers in this order; the last answer is repeated.
    pub async fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Arc<Mutex<VecDeque<Reply>>> = Arc::new(Mutex::new(replies.into_iter().collect()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = seen.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (replies, log) = (replies.clone(), log.clone());
                tokio::spawn(async move { serve(stream, &replies, &log).await });
            }
        });
        Self { url, seen, server }
    }

    /// All calls so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut stream: TcpStream, replies: &Mutex<VecDeque<Reply>>, log: &Mutex<Vec<Seen>>) {
    let Some(call) = read(&mut stream).await else { return };
    log.lock().expect("not poisoned").push(call);
    let reply = {
        let mut replies = replies.lock().expect("not poisoned");
        if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() }
    };
    let whole = |status: u16, kind: &str, body: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let text = match reply.expect("at least one answer") {
        Reply::Json(status, body) => whole(status, "application/json", &body),
        Reply::Html(status, body) => whole(status, "text/html", body),
        Reply::Moved(url) => format!("HTTP/1.1 307 X\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n"),
        Reply::Truncated => "HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\n{\"status_code\":\"200\"".to_owned(),
        Reply::Cut => return,
        Reply::Endless => format!("HTTP/1.1 200 X\r\nContent-Length: 9999999\r\n\r\n{}", " ".repeat(400_000)),
        Reply::Silence(length) => {
            tokio::time::sleep(length).await;
            return;
        }
    };
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap_or(0));
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { line, headers, body: String::from_utf8_lossy(&bytes[head + 4..]).into_owned() })
}
