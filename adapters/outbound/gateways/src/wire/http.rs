//! One call to a gateway: sent once, never repeated, never redirected, and bounded in time and size.
//!
//! What comes back is an answer of the gateway itself (2xx or 4xx) or nothing that proves anything. Errors and log lines
//! name the call and how it failed, never a URL, a header or a body.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, header};

use super::{ConfigError, NotDone, Secret, unknown};

/// How long a gateway may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To be reached.
    pub connect: Duration,
    /// For everything, from the first attempt to connect to the last byte of the answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(20) }
    }
}

/// The most bytes of an answer that are read.
const MAX_BODY: usize = 256 * 1024;

/// What is asked.
pub(crate) struct Call {
    /// For logs and errors: what it is for.
    pub what: &'static str,
    posts: bool,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Call {
    pub fn get(what: &'static str, url: String) -> Self {
        Self { what, posts: false, url, headers: Vec::new(), body: String::new() }
    }

    /// With no body, which some actions want.
    pub fn post(what: &'static str, url: String) -> Self {
        Self { posts: true, ..Self::get(what, url) }
    }

    pub fn json(self, body: &serde_json::Value) -> Self {
        Self { body: body.to_string(), ..self }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer of the gateway: 2xx or 4xx.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub what: &'static str,
    pub status: u16,
    pub body: String,
}

/// The client of one gateway.
#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    authorization: header::HeaderValue,
}

impl Http {
    /// With the key as the user of Basic authentication and no password.
    pub fn new(key: &Secret, timeouts: Timeouts) -> Result<Self, ConfigError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.total)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .build()
            .map_err(|error| ConfigError::Client(error.without_url().to_string()))?;
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:", key.expose())));
        let mut authorization = header::HeaderValue::try_from(basic).map_err(|_| ConfigError::Whitespace("key"))?;
        authorization.set_sensitive(true);
        Ok(Self { client, authorization })
    }

    /// Sends the call, once.
    pub async fn send(&self, call: Call) -> Result<Answer, NotDone> {
        let what = call.what;
        let answer = self.exchange(call).await.map_err(|lost| format!("{what}: {lost}"));
        match &answer {
            Ok(answer) => tracing::debug!(call = what, status = answer.status, "the gateway answered"),
            Err(lost) => tracing::warn!(call = what, "{lost}"),
        }
        answer.map_err(unknown)
    }

    async fn exchange(&self, call: Call) -> Result<Answer, String> {
        let method = if call.posts { Method::POST } else { Method::GET };
        let mut request = self
            .client
            .request(method, call.url)
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, self.authorization.clone());
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if call.posts {
            // Also without a body: one gateway refuses actions that do not name a type.
            request = request.header(header::CONTENT_TYPE, "application/json").body(call.body);
        }
        let mut response = request.send().await.map_err(|error| how(&error))?;
        let status = response.status();
        if !status.is_success() && !status.is_client_error() {
            return Err(format!("the gateway answered with HTTP {}", status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| how(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(format!("the answer is larger than {MAX_BODY} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        let body = String::from_utf8(body).map_err(|_| "the answer is not UTF-8".to_owned())?;
        Ok(Answer { what: call.what, status: status.as_u16(), body })
    }
}

/// With the certificate authorities that are part of the program, as for the database: a container has no others.
fn tls() -> Result<rustls::ClientConfig, ConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::Client(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// How a call was lost, without saying where to: the library's own words hold the URL.
fn how(error: &reqwest::Error) -> String {
    let told = if error.is_timeout() {
        "the gateway took too long"
    } else if error.is_connect() {
        "the gateway cannot be reached"
    } else if error.is_builder() {
        "the call cannot be built"
    } else {
        "the line broke before the answer was complete"
    };
    told.to_owned()
}

/// The answer is not what was asked for, so it proves nothing.
pub(crate) fn unreadable(answer: &Answer, why: &str) -> NotDone {
    tracing::warn!(call = answer.what, status = answer.status, bytes = answer.body.len(), "unreadable: {why}");
    unknown(format!("{}: HTTP {} with an answer that cannot be read: {why}", answer.what, answer.status))
}

/// The answer as an object. A list is none, although the library would take an empty one for an object without members.
pub(crate) fn object<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, NotDone> {
    if !answer.body.trim_start().starts_with('{') {
        return Err(unreadable(answer, "it is no JSON object"));
    }
    serde_json::from_str(&answer.body).map_err(|error| faulty(answer, &error))
}

/// The answer is not the JSON that was expected. The error's own words may quote it, so they are not repeated.
pub(crate) fn faulty(answer: &Answer, error: &serde_json::Error) -> NotDone {
    unreadable(answer, &format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column()))
}
