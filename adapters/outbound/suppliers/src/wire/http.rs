//! One call to a supplier: sent once, never repeated, never redirected, and bounded in time and size.
//!
//! Errors and log lines name the call and how it failed, never a URL, a header or a body.

use std::{sync::Arc, time::Duration};

use dermaga_ports::time::Timestamp;
use reqwest::{Method, header};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::{
    ConfigError, Secret,
    outcome::{NotDone, Result, lost, refused},
};
use dermaga_ports::booking::RefusalKind;

/// How long a supplier may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To be reached.
    pub connect: Duration,
    /// For an ordinary question.
    pub read: Duration,
    /// For a search, in which the supplier asks others.
    pub search: Duration,
    /// For what makes something. Suppliers take up to two minutes, and whoever gives up earlier knows nothing.
    pub create: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(5), read: seconds(20), search: seconds(30), create: seconds(130) }
    }
}

/// The most bytes of an answer that are read.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// What a call does at the supplier, if it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing that costs or binds anybody: losing it does no harm.
    Nothing,
    /// Something is made, paid or cancelled: losing it leaves a question.
    Makes,
}

/// What is asked.
pub(crate) struct Call {
    /// For logs and errors: what it is for.
    pub what: &'static str,
    pub effect: Effect,
    posts: bool,
    url: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: String,
    within: Duration,
}

impl Call {
    pub fn get(what: &'static str, url: String, within: Duration) -> Self {
        let (query, headers) = (Vec::new(), Vec::new());
        Self { what, effect: Effect::Nothing, posts: false, url, query, headers, body: String::new(), within }
    }

    /// A question that needs a body.
    pub fn ask(what: &'static str, url: String, body: &serde_json::Value, within: Duration) -> Self {
        Self { posts: true, body: body.to_string(), ..Self::get(what, url, within) }
    }

    pub fn make(what: &'static str, url: String, body: &serde_json::Value, within: Duration) -> Self {
        Self { effect: Effect::Makes, ..Self::ask(what, url, body, within) }
    }

    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub what: &'static str,
    pub effect: Effect,
    pub status: u16,
    /// When to ask again, if the supplier said so.
    pub retry_at: Option<Timestamp>,
    pub body: String,
}

/// The client of one supplier.
#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    authorization: Option<header::HeaderValue>,
}

impl Http {
    /// With a bearer token, unless the supplier signs in its bodies.
    pub fn new(bearer: Option<&Secret>, timeouts: Timeouts) -> std::result::Result<Self, ConfigError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .connect_timeout(timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .build()
            .map_err(|error| ConfigError::Client(error.without_url().to_string()))?;
        let authorization = bearer.map(|key| {
            let mut value = header::HeaderValue::try_from(format!("Bearer {}", key.expose()))
                .map_err(|_| ConfigError::Whitespace("key"))?;
            value.set_sensitive(true);
            Ok(value)
        });
        Ok(Self { client, authorization: authorization.transpose()? })
    }

    /// Sends the call, once.
    pub async fn send(&self, call: Call) -> Result<Answer> {
        let (what, effect) = (call.what, call.effect);
        match self.exchange(call).await {
            Ok(answer) => {
                tracing::debug!(call = what, status = answer.status, "the supplier answered");
                Ok(answer)
            }
            Err(Lost::Unsent(told)) => {
                tracing::warn!(call = what, "{told}");
                Err(refused(RefusalKind::Unavailable, format!("{what}: {told}")))
            }
            Err(Lost::OnTheWay(told)) => {
                tracing::warn!(call = what, "{told}");
                Err(lost(effect, format!("{what}: {told}")))
            }
        }
    }

    async fn exchange(&self, call: Call) -> std::result::Result<Answer, Lost> {
        let Ok(mut url) = reqwest::Url::parse(&call.url) else {
            return Err(Lost::Unsent("the call cannot be built".to_owned()));
        };
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let method = if call.posts { Method::POST } else { Method::GET };
        let mut request =
            self.client.request(method, url).timeout(call.within).header(header::ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization.clone());
        }
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if call.posts {
            request = request.header(header::CONTENT_TYPE, "application/json").body(call.body);
        }
        let mut response = request.send().await.map_err(|error| how(&error))?;
        let status = response.status().as_u16();
        let retry_at = retry_at(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| how(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(Lost::OnTheWay(format!("the answer is larger than {MAX_BODY} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        let body = String::from_utf8(body).map_err(|_| Lost::OnTheWay("the answer is not UTF-8".to_owned()))?;
        Ok(Answer { what: call.what, effect: call.effect, status, retry_at, body })
    }
}

/// How a call was lost, without saying where to: the library's own words hold the URL.
enum Lost {
    /// It never left: nothing can have been made.
    Unsent(String),
    OnTheWay(String),
}

fn how(error: &reqwest::Error) -> Lost {
    if error.is_builder() {
        return Lost::Unsent("the call cannot be built".to_owned());
    }
    if error.is_connect() {
        return Lost::Unsent("the supplier cannot be reached".to_owned());
    }
    let told =
        if error.is_timeout() { "the supplier took too long" } else { "the line broke before the answer was complete" };
    Lost::OnTheWay(told.to_owned())
}

/// `ratelimit-reset` is an HTTP date.
fn retry_at(headers: &header::HeaderMap) -> Option<Timestamp> {
    let date = headers.get("ratelimit-reset")?.to_str().ok()?;
    OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok().map(Timestamp::from)
}

/// With the certificate authorities that are part of the program: a container has no others.
fn tls() -> std::result::Result<rustls::ClientConfig, ConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::Client(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The answer is not what was asked for, so it proves nothing.
pub(crate) fn unreadable(answer: &Answer, why: &str) -> NotDone {
    tracing::warn!(call = answer.what, status = answer.status, bytes = answer.body.len(), "unreadable: {why}");
    lost(answer.effect, format!("{}: HTTP {} with an answer that cannot be read: {why}", answer.what, answer.status))
}

/// The answer is not the JSON that was expected. The error's own words may quote it, so they are not repeated.
pub(crate) fn faulty(answer: &Answer, error: &serde_json::Error) -> NotDone {
    unreadable(answer, &format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_limit_is_an_http_date() {
        let mut headers = header::HeaderMap::new();
        assert_eq!(retry_at(&headers), None);
        headers.insert("ratelimit-reset", header::HeaderValue::from_static("Mon, 05 Jan 2026 03:00:00 GMT"));
        assert_eq!(retry_at(&headers), "2026-01-05T03:00:00Z".parse().ok());
        headers.insert("ratelimit-reset", header::HeaderValue::from_static("soon"));
        assert_eq!(retry_at(&headers), None);
    }

    #[test]
    fn whoever_makes_a_booking_waits_longer_than_an_airline_takes() {
        let default = Timeouts::default();
        assert!(default.create >= Duration::from_secs(130) && default.search >= Duration::from_secs(30));
    }
}
