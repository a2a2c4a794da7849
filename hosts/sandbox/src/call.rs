//! A request as a player sees it, and what it answers. Neither knows how they travel.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use poem::http::{HeaderMap, Method, Uri, header};
use serde_json::Value;

/// A request, read to its end.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path below the player's address, as it was sent.
    pub path: String,
    /// The parts of the path, decoded.
    pub segments: Vec<String>,
    /// The query, decoded, in its order.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Call {
    /// Puts a request together.
    pub fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let path = uri.path().to_owned();
        let parts = path.split('/').filter(|part| !part.is_empty());
        let segments = parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
        let query = pairs(uri.query().unwrap_or_default().as_bytes());
        Self { method, segments, path, query, headers, body }
    }

    /// The method and the parts of the path, to be matched.
    pub fn route(&self) -> (&str, Vec<&str>) {
        (self.method.as_str(), self.segments.iter().map(String::as_str).collect())
    }

    /// A header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first value of a query parameter.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as a form.
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// User name and password of Basic authentication.
    pub fn basic(&self) -> Option<(String, String)> {
        let sent = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, coded) = sent.split_once(' ')?;
        let plain = scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(coded.trim()).ok())??;
        let (user, password) = std::str::from_utf8(&plain).ok()?.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// What is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// The content.
    pub body: Body,
}

/// The content of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Value),
    /// A page.
    Html(String),
    /// A picture.
    Png(&'static [u8]),
}

impl Answer {
    /// JSON with a status.
    pub fn json(status: u16, value: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(value) }
    }

    /// A page with a status.
    pub fn html(status: u16, page: String) -> Self {
        Self { status, headers: Vec::new(), body: Body::Html(page) }
    }

    /// Sends the browser on, after a form was sent.
    pub fn see_other(to: &str) -> Self {
        Self { status: 303, headers: vec![("location", to.to_owned())], body: Body::Empty }
    }

    /// A header more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Content type and bytes.
    pub fn content(&self) -> (&'static str, Vec<u8>) {
        match &self.body {
            Body::Empty => ("", Vec::new()),
            Body::Json(value) => ("application/json", serde_json::to_vec(value).unwrap_or_default()),
            Body::Html(page) => ("text/html; charset=utf-8", page.clone().into_bytes()),
            Body::Png(bytes) => ("image/png", bytes.to_vec()),
        }
    }
}

/// An answer and what happens on its way.
#[derive(Debug)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// Webhooks that are delivered before it.
    pub first: Vec<u64>,
    /// Whether it is lost: the call hangs, and gets it too late.
    pub lost: bool,
    /// The idempotency key under which the call is at work until the answer is written.
    pub key: Option<String>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, first: Vec::new(), lost: false, key: None }
    }
}
