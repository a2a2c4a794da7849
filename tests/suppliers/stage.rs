//! The suppliers in front of a server that plays them, with time in the test's hands.

use std::{sync::Arc, time::Duration};

use dermaga_ports::system::{Clock, ManualClock};
use dermaga_sandbox::{ClockMode, Moment, Running, Sandbox, SandboxConfig, Settings, config};
use dermaga_suppliers::{
    Digiflazz, DigiflazzConfig, Duffel, DuffelConfig, Environment, Ferry, FerryConfig, Secret, Timeouts,
};
use serde_json::{Value, json};

use crate::kit::start;

/// Longer than the suppliers' patience.
const HANG: u64 = 4_000;

/// Less than a call hangs, and enough for a busy machine.
const LESS: Duration = Duration::from_secs(2);

pub fn timeouts(each: Duration) -> Timeouts {
    Timeouts { connect: each, read: each, search: each, create: each }
}

pub struct Stage {
    pub duffel: Duffel,
    pub ferry: Ferry,
    pub digiflazz: Digiflazz,
    pub clock: ManualClock,
    pub sandbox: Running,
    http: reqwest::Client,
}

impl Stage {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings of the server.
    pub async fn with(played: impl FnOnce(&mut Settings)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut settings = Settings { hang_ms: HANG, ..Settings::default() };
        settings.digiflazz.opening_balance = 10_000_000;
        played(&mut settings);
        let epoch = Moment::parse("2026-01-05T03:00:00.000Z");
        let begun = SandboxConfig { clock: ClockMode::Manual, epoch, settings, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(begun).await.expect("starts");
        let clock = ManualClock::at(start());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let [duffel, ferry, digiflazz] = [sandbox.duffel(), sandbox.ferry(), sandbox.digiflazz()];
        Self {
            duffel: Duffel::new(duffel_config(&duffel), shared.clone()).expect("configured"),
            ferry: Ferry::new(ferry_config(&ferry), shared.clone()).expect("configured"),
            digiflazz: Digiflazz::new(digiflazz_config(&digiflazz), shared).expect("configured"),
            clock,
            sandbox,
            http: reqwest::Client::new(),
        }
    }

    /// Time passes, for both sides.
    pub async fn wait(&self, seconds: u64) {
        let span = Duration::from_secs(seconds);
        self.clock.advance(span);
        self.sandbox.app.advance(span).await;
    }

    /// An airline, a house, a ship or a biller does something.
    pub async fn play(&self, reference: &str, action: &str, body: Value) {
        let status = self.post(&format!("/travel/{reference}/{action}"), &body).await;
        assert_eq!(status, 200, "{action} of {reference} is possible");
    }

    /// The next call of that kind meets a fault.
    pub async fn fault(&self, path: &str, mode: &str) {
        let rule = json!({"match": {"method": "POST", "path": path}, "mode": mode});
        assert_eq!(self.post("/faults", &rule).await, 201);
    }

    async fn post(&self, path: &str, body: &Value) -> u16 {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        self.http.post(url).json(body).send().await.expect("answers").status().as_u16()
    }

    /// What the server has under a reference.
    pub async fn records(&self, reference: &str) -> Vec<Value> {
        self.get(&format!("/travel?ref={reference}")).await.as_array().expect("a list").clone()
    }

    /// The calls that it heard about a reference.
    pub async fn heard(&self, reference: &str) -> Vec<Value> {
        self.get(&format!("/requests?ref={reference}")).await.as_array().expect("a list").clone()
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        self.http.get(url).send().await.expect("answers").json().await.expect("JSON")
    }
}

pub fn duffel_config(url: &str) -> DuffelConfig {
    DuffelConfig {
        url: url.to_owned(),
        webhook_secret: Some(Secret::new(config::DUFFEL_WEBHOOK_SECRET)),
        timeouts: timeouts(LESS),
        ..DuffelConfig::new(Environment::Sandbox, config::DUFFEL_TOKEN)
    }
}

pub fn ferry_config(url: &str) -> FerryConfig {
    FerryConfig {
        webhook_secret: Some(Secret::new(config::FERRY_WEBHOOK_SECRET)),
        timeouts: timeouts(LESS),
        ..FerryConfig::new(Environment::Sandbox, url, config::FERRY_TOKEN)
    }
}

pub fn digiflazz_config(url: &str) -> DigiflazzConfig {
    DigiflazzConfig {
        url: url.to_owned(),
        webhook_secret: Some(Secret::new(config::DIGIFLAZZ_WEBHOOK_SECRET)),
        timeouts: timeouts(LESS),
        ..DigiflazzConfig::new(Environment::Sandbox, config::DIGIFLAZZ_USERNAME, config::DIGIFLAZZ_KEY)
    }
}
