//! Xendit: invoices for a page on which the payer chooses, payment requests for a method that we chose.
//!
//! # What is peculiar
//! - An invoice is found by our reference, but several may share it; a payment request is found by Xendit's id alone.
//! - Refunds and disputes never show on the payment: a read of what was paid asks for them as well.
//! - Webhooks are not signed. A token says who sends them and nothing about what they say.

mod channel;
mod disputes;
mod error;
mod gateway;
mod invoice;
mod payment_request;
mod refund;
mod webhook;

use std::sync::Arc;

use dermaga_ports::{
    money::Currency,
    payments::{NewCharge, Payer, RefusalKind},
    system::Clock,
};

pub use self::gateway::Xendit;
use crate::wire::{
    ConfigError, Environment, KeyForm, NotDone, Secret, Timeouts, base_url,
    http::{Answer, Call, Http},
    invalid, refused, token,
};

/// How secret keys begin. One address serves both environments: the key decides.
const SECRET_KEY: KeyForm = KeyForm {
    name: "Xendit secret key",
    sandbox: &["xnd_development_"],
    production: &["xnd_production_"],
    public: &["xnd_public_"],
};

/// How to reach Xendit, and as whom.
#[derive(Debug, Clone)]
pub struct XenditConfig {
    pub environment: Environment,
    pub secret_key: Secret,
    /// What Xendit puts into `x-callback-token` of its webhooks; one for each account and environment.
    pub callback_token: Secret,
    pub url: String,
    /// Where the payer's browser or application goes after paying.
    pub return_url: Option<String>,
    /// Where it goes when paying failed; `return_url` if not given.
    pub failure_url: Option<String>,
    pub timeouts: Timeouts,
}

impl XenditConfig {
    /// Xendit's own server.
    pub fn new(environment: Environment, secret_key: impl Into<String>, callback_token: impl Into<String>) -> Self {
        Self {
            environment,
            secret_key: Secret::new(secret_key),
            callback_token: Secret::new(callback_token),
            url: "https://api.xendit.co".to_owned(),
            return_url: None,
            failure_url: None,
            timeouts: Timeouts::default(),
        }
    }

    fn failure_url(&self) -> Option<&String> {
        self.failure_url.as_ref().or(self.return_url.as_ref())
    }
}

struct Client {
    http: Http,
    config: XenditConfig,
    clock: Arc<dyn Clock>,
}

impl Client {
    fn new(mut config: XenditConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        SECRET_KEY.check(&config.secret_key, config.environment)?;
        token("Xendit callback token", &config.callback_token)?;
        config.url = base_url("Xendit URL", &config.url, config.environment)?;
        for url in [&config.return_url, &config.failure_url].into_iter().flatten() {
            base_url("return URL", url, config.environment)?;
        }
        let http = Http::new(&config.secret_key, config.timeouts)?;
        Ok(Self { http, config, clock })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.url)
    }

    /// The seconds that the payer has, after a look at what is the same for all methods.
    fn remaining(&self, charge: &NewCharge) -> Result<u64, NotDone> {
        if charge.amount.currency() != Currency::Idr {
            return Err(refused(RefusalKind::NotSupported, "Xendit takes rupiah here"));
        }
        if !charge.amount.is_positive() {
            return Err(invalid("a charge is of more than 0"));
        }
        let now = self.clock.now();
        if charge.expires_at <= now {
            return Err(invalid("the payer's time is over before it began"));
        }
        Ok(charge.expires_at.since(now).as_secs().max(1))
    }

    async fn send(&self, call: Call) -> Result<Answer, NotDone> {
        self.http.send(call).await
    }

    /// What is confidential in every call: never in the words that are passed on.
    fn confidential(&self) -> Vec<&str> {
        vec![self.config.secret_key.expose(), self.config.callback_token.expose()]
    }

    /// The same with what we tell about the payer of a charge.
    fn told<'c>(&'c self, charge: &'c NewCharge) -> Vec<&'c str> {
        let token = charge.method.token.as_ref().map(|token| token.0.as_str());
        let Payer { name, email, phone } = &charge.payer;
        let payer = [name, email, phone].into_iter().filter_map(Option::as_deref);
        self.confidential().into_iter().chain(token).chain(payer).collect()
    }
}
