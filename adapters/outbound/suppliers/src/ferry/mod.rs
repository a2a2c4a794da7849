//! Ferry tickets, over a wire in Duffel's manners: no operator of Indonesian ferries has a public API, so this is the
//! shape that an integration with one would be translated to.
//!
//! # What is peculiar
//! - Unlike Duffel it takes an idempotency key with everything that makes something, and finds bookings by our reference.
//! - A vehicle's fare includes those in it, who are named in the manifest all the same.
//! - A held booking is paid within an hour or given away.

mod booking;
mod supplier;
mod wire;

use std::sync::Arc;

use dermaga_ports::system::Clock;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::{
    ConfigError, Environment, Secret, Timeouts, base_url, envelope,
    http::{Answer, Call, Http},
    outcome::Result,
    token,
};

const VERSION: &str = "v1";

/// How to reach the ferry's server, and as whom.
#[derive(Debug, Clone)]
pub struct FerryConfig {
    pub environment: Environment,
    pub token: Secret,
    /// Signs webhooks. Without it none is believed.
    pub webhook_secret: Option<Secret>,
    pub url: String,
    pub timeouts: Timeouts,
}

impl FerryConfig {
    pub fn new(environment: Environment, url: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            environment,
            token: Secret::new(token),
            webhook_secret: None,
            url: url.into(),
            timeouts: Timeouts::default(),
        }
    }
}

/// The ferry.
pub struct Ferry {
    http: Http,
    config: FerryConfig,
    clock: Arc<dyn Clock>,
}

impl Ferry {
    /// # Errors
    /// A token or address that cannot be right.
    pub fn new(mut config: FerryConfig, clock: Arc<dyn Clock>) -> std::result::Result<Self, ConfigError> {
        token("ferry token", &config.token)?;
        config.url = base_url("ferry URL", &config.url, config.environment)?;
        let http = Http::new(Some(&config.token), config.timeouts)?;
        Ok(Self { http, config, clock })
    }

    fn get(&self, what: &'static str, path: &str) -> Call {
        Call::get(what, format!("{}{path}", self.config.url), self.config.timeouts.read)
    }

    fn ask(&self, what: &'static str, path: &str, body: &Value) -> Call {
        Call::ask(what, format!("{}{path}", self.config.url), body, self.config.timeouts.search)
    }

    /// Under a key: repeated, it answers the first result.
    fn make(&self, what: &'static str, path: &str, key: String, body: &Value) -> Call {
        let call = Call::make(what, format!("{}{path}", self.config.url), body, self.config.timeouts.create);
        call.header("idempotency-key", key)
    }

    async fn data<T: DeserializeOwned>(&self, call: Call, confidential: &[&str]) -> Result<(T, Answer)> {
        let answer = self.http.send(call.header("ferry-version", VERSION)).await?;
        let mut hidden = vec![self.config.token.expose()];
        hidden.extend(confidential);
        envelope::read(&answer, &hidden).map(|data| (data, answer))
    }
}
