//! Duffel: flights and hotel rooms.
//!
//! # What is peculiar
//! - No creation has an idempotency key. What is lost is looked for by the offer and by our reference in the metadata.
//! - Money is decimal text beside its currency; local times have no offset; a condition that is null is unknown.
//! - An order that does not wait for payment is paid or lapsed: `paid_at` and tickets tell which ([`order`]).

mod book;
mod cancel;
mod flights;
mod offer;
mod order;
mod search;
mod stay;
mod stays;
mod webhook;
mod wire;

pub(crate) use webhook::read as read_webhook;

use std::{sync::Arc, time::Duration};

use dermaga_ports::system::Clock;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::{
    ConfigError, Environment, Secret, Timeouts, base_url, envelope,
    http::{Answer, Call, Http},
    outcome::Result,
    token,
};

/// The version of the API that this speaks.
const VERSION: &str = "v2";

/// Duffel says "a couple of hours".
const APPEARS_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);

/// How to reach Duffel, and as whom.
#[derive(Debug, Clone)]
pub struct DuffelConfig {
    pub environment: Environment,
    /// Begins with `duffel_test_` or `duffel_live_`.
    pub token: Secret,
    /// Signs webhooks; shown once, when the endpoint is registered. Without it none is believed.
    pub webhook_secret: Option<Secret>,
    pub url: String,
    pub timeouts: Timeouts,
}

impl DuffelConfig {
    /// Duffel's own server, which serves both environments: the token decides.
    pub fn new(environment: Environment, token: impl Into<String>) -> Self {
        Self {
            environment,
            token: Secret::new(token),
            webhook_secret: None,
            url: "https://api.duffel.com".to_owned(),
            timeouts: Timeouts::default(),
        }
    }
}

/// Duffel.
pub struct Duffel {
    http: Http,
    config: DuffelConfig,
    clock: Arc<dyn Clock>,
}

impl Duffel {
    /// # Errors
    /// A token or address that cannot be right.
    pub fn new(mut config: DuffelConfig, clock: Arc<dyn Clock>) -> std::result::Result<Self, ConfigError> {
        let key = token("Duffel token", &config.token)?.expose();
        match config.environment {
            Environment::Production if key.starts_with("duffel_test_") => {
                return Err(ConfigError::TestKey("Duffel token"));
            }
            Environment::Sandbox if key.starts_with("duffel_live_") => {
                return Err(ConfigError::ProductionKey("Duffel token"));
            }
            _ => {}
        }
        config.url = base_url("Duffel URL", &config.url, config.environment)?;
        let http = Http::new(Some(&config.token), config.timeouts)?;
        Ok(Self { http, config, clock })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.url)
    }

    fn get(&self, what: &'static str, path: &str) -> Call {
        Call::get(what, self.url(path), self.config.timeouts.read)
    }

    /// A question that needs a body and may take long.
    fn ask(&self, what: &'static str, path: &str, body: &Value) -> Call {
        Call::ask(what, self.url(path), body, self.config.timeouts.search)
    }

    fn make(&self, what: &'static str, path: &str, body: &Value) -> Call {
        Call::make(what, self.url(path), body, self.config.timeouts.create)
    }

    async fn send(&self, call: Call) -> Result<Answer> {
        self.http.send(call.header("duffel-version", VERSION)).await
    }

    /// What was asked for, with the answer that it came in.
    async fn data<T: DeserializeOwned>(&self, call: Call, confidential: &[&str]) -> Result<(T, Answer)> {
        let answer = self.send(call).await?;
        let mut hidden = vec![self.config.token.expose()];
        hidden.extend(confidential);
        envelope::read(&answer, &hidden).map(|data| (data, answer))
    }
}
