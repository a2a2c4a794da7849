//! Midtrans: Core, where we choose the method, and Snap, where the payer chooses on a page of Midtrans.
//!
//! # What is peculiar
//! - Core answers many refusals with HTTP 200 and the true code, a text, in the body ([`answer`]).
//! - The code is the result of the call; where the payment stands is `transaction_status` ([`state`]).
//! - Both share one space of references and one set of actions ([`Client`]); a Snap payment is unknown to Core until the
//!   payer has chosen a method.
//! - A webhook's signature does not cover the status, so it proves no more than that Midtrans knows the reference
//!   ([`webhook`]).

mod actions;
mod answer;
mod charge;
mod core;
mod refund;
mod signature;
mod snap;
mod snapshot;
mod state;
mod webhook;

use std::sync::Arc;

use dermaga_ports::{
    payments::{NewCharge, Payer},
    system::Clock,
};

pub use self::{core::MidtransCore, snap::MidtransSnap};
use crate::wire::{
    ConfigError, Environment, KeyForm, NotDone, Secret, Timeouts, base_url,
    http::{Answer, Call, Http},
};

/// How server keys begin.
const SERVER_KEY: KeyForm = KeyForm {
    name: "Midtrans server key",
    sandbox: &["SB-Mid-server-"],
    production: &["Mid-server-"],
    public: &["SB-Mid-client-", "Mid-client-"],
};

/// How to reach Midtrans, and as whom.
#[derive(Debug, Clone)]
pub struct MidtransConfig {
    pub environment: Environment,
    /// The server key; Core and Snap have the same one.
    pub server_key: Secret,
    /// Of Core: `https://api.midtrans.com`.
    pub core_url: String,
    /// Of Snap, with its version: `https://app.midtrans.com/snap/v1`.
    pub snap_url: String,
    /// Where webhooks of our payments shall go instead of the address in Midtrans' dashboard.
    pub webhook_url: Option<String>,
    /// Where the payer's browser or application goes afterwards.
    pub return_url: Option<String>,
    /// Cards are asked for their second factor.
    pub three_ds: bool,
    pub timeouts: Timeouts,
}

impl MidtransConfig {
    /// Midtrans' own servers.
    pub fn new(environment: Environment, server_key: impl Into<String>) -> Self {
        let (core, snap) = match environment {
            Environment::Sandbox => ("https://api.sandbox.midtrans.com", "https://app.sandbox.midtrans.com/snap/v1"),
            Environment::Production => ("https://api.midtrans.com", "https://app.midtrans.com/snap/v1"),
        };
        Self {
            environment,
            server_key: Secret::new(server_key),
            core_url: core.to_owned(),
            snap_url: snap.to_owned(),
            webhook_url: None,
            return_url: None,
            three_ds: true,
            timeouts: Timeouts::default(),
        }
    }
}

/// What Core and Snap share.
struct Client {
    http: Http,
    config: MidtransConfig,
    clock: Arc<dyn Clock>,
}

impl Client {
    fn new(mut config: MidtransConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        SERVER_KEY.check(&config.server_key, config.environment)?;
        config.core_url = base_url("Midtrans Core URL", &config.core_url, config.environment)?;
        config.snap_url = base_url("Midtrans Snap URL", &config.snap_url, config.environment)?;
        for (name, url) in [("webhook URL", &config.webhook_url), ("return URL", &config.return_url)] {
            if let Some(url) = url {
                base_url(name, url, config.environment)?;
            }
        }
        let http = Http::new(&config.server_key, config.timeouts)?;
        Ok(Self { http, config, clock })
    }

    /// `/v2/<reference>/<action>` of Core. The reference was checked.
    fn core(&self, reference: &str, action: &str) -> String {
        format!("{}/v2/{reference}/{action}", self.config.core_url)
    }

    async fn send(&self, call: Call) -> Result<Answer, NotDone> {
        self.http.send(call).await
    }

    /// What is confidential in every call: never in the words that are passed on.
    fn confidential(&self) -> [&str; 1] {
        [self.config.server_key.expose()]
    }

    /// The same with what we tell about the payer of a charge.
    fn told<'c>(&'c self, charge: &'c NewCharge) -> Vec<&'c str> {
        let token = charge.method.token.as_ref().map(|token| token.0.as_str());
        let Payer { name, email, phone } = &charge.payer;
        let payer = [name, email, phone].into_iter().filter_map(Option::as_deref);
        self.confidential().into_iter().chain(token).chain(payer).collect()
    }
}
