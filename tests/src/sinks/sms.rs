//! A provider of text messages in Twilio's wire shape.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::future::BoxFuture;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::Server;

/// The account that may send.
pub const ACCOUNT: &str = "AC0123456789abcdef";
/// Its token.
pub const TOKEN: &str = "a token of the provider";

/// A text message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub from: String,
    pub to: String,
    pub body: String,
}

/// A provider. Stops when it is dropped.
pub struct SmsSink {
    server: Server,
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    /// Status and body of the answer to messages for a number.
    answers: Mutex<HashMap<String, (u16, String)>>,
    texts: Mutex<Vec<Text>>,
}

impl SmsSink {
    /// A provider that takes everything.
    pub async fn start() -> Self {
        let desk = Arc::<Desk>::default();
        let server = Server::start(Desk::serve(&desk)).await;
        Self { server, desk }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Answers messages to this number with that status and code from now on.
    pub fn refuse(&self, number: &str, status: u16, code: u32) {
        let body = format!(r#"{{"code": {code}, "message": "refused by the sink", "status": {status}}}"#);
        self.desk.answers.lock().expect("no panic").insert(number.to_owned(), (status, body));
    }

    /// Everything it took.
    pub fn texts(&self) -> Vec<Text> {
        self.desk.texts.lock().expect("no panic").clone()
    }

    /// Goes down.
    pub async fn stop(&mut self) {
        self.server.stop().await;
    }
}

impl Desk {
    fn serve(desk: &Arc<Self>) -> impl Fn(TcpStream) -> BoxFuture<'static, ()> + Send + Sync + use<> {
        let desk = desk.clone();
        move |stream| {
            let desk = desk.clone();
            Box::pin(async move {
                let _ = desk.answer(stream).await;
            })
        }
    }

    /// One request, one answer, and the line is closed.
    async fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let header = |name: &str| {
            let named = |line: &String| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then(|| value.to_owned())
            };
            head.iter().find_map(named).unwrap_or_default()
        };
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        let credentials = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")));
        let request = format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1");
        let (status, body) = if header("authorization") != credentials {
            (401, r#"{"code": 20003, "message": "Authenticate", "status": 401}"#.to_owned())
        } else if head.first() != Some(&request) || header("content-type") != "application/x-www-form-urlencoded" {
            (404, r#"{"code": 20404, "message": "not found", "status": 404}"#.to_owned())
        } else {
            self.take(&body)
        };
        let answer = format!(
            "HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(answer.as_bytes()).await
    }

    fn take(&self, form: &[u8]) -> (u16, String) {
        // A base to read the form as a query: the same rules, and the client's library has them.
        let query = format!("http://sink/?{}", String::from_utf8_lossy(form));
        let url = reqwest::Url::parse(&query).expect("a form");
        let field = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let text = Text { from: field("From"), to: field("To"), body: field("Body") };
        if let Some(refusal) = self.answers.lock().expect("no panic").get(&text.to) {
            return refusal.clone();
        }
        let mut texts = self.texts.lock().expect("no panic");
        texts.push(text);
        (201, format!(r#"{{"sid": "SM{:032}", "status": "queued"}}"#, texts.len()))
    }
}
