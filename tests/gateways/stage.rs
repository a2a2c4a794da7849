//! The remote gateways in front of a server that plays them, with time in the test's hands.

use std::{sync::Arc, time::Duration};

use dermaga_gateways::{MidtransConfig, MidtransCore, MidtransSnap, Timeouts, Xendit, XenditConfig};
use dermaga_ports::{
    payments::{CardToken, Method, MethodKind, NewCharge},
    system::{Clock, ManualClock},
};
use dermaga_sandbox::{ClockMode, Moment, Running, Sandbox, SandboxConfig, Settings, config};
use serde_json::{Value, json};

use crate::kit::{self, midtrans_config, start, xendit_config};

/// Longer than the gateways' patience.
const HANG: u64 = 4_000;

/// The gateways' patience: enough for a busy machine, and less than a call hangs.
const LESS: Timeouts = Timeouts { connect: Duration::from_secs(2), total: Duration::from_secs(2) };

/// A card that pays.
pub const GOOD_CARD: &str = "4811111111111114";

pub struct Stage {
    pub core: MidtransCore,
    pub snap: MidtransSnap,
    pub xendit: Xendit,
    sandbox: Running,
    clock: ManualClock,
    http: reqwest::Client,
}

impl Stage {
    pub async fn start() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    /// With other settings of the server, and of Midtrans here.
    pub async fn with(played: impl FnOnce(&mut Settings), ours: impl FnOnce(&mut MidtransConfig)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut settings = Settings { hang_ms: HANG, ..Settings::default() };
        played(&mut settings);
        let epoch = Moment::parse("2026-01-05T03:00:00.000Z");
        let begun = SandboxConfig { clock: ClockMode::Manual, epoch, settings, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(begun).await.expect("starts");
        let clock = ManualClock::at(start());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let mut midtrans = MidtransConfig {
            server_key: dermaga_gateways::Secret::new(config::MIDTRANS_SERVER_KEY),
            core_url: sandbox.midtrans_api(),
            snap_url: sandbox.midtrans_snap(),
            webhook_url: None,
            timeouts: LESS,
            three_ds: false,
            ..midtrans_config(&sandbox.base_url)
        };
        ours(&mut midtrans);
        let xendit = XenditConfig {
            secret_key: dermaga_gateways::Secret::new(config::XENDIT_SECRET_KEY),
            callback_token: dermaga_gateways::Secret::new(config::XENDIT_CALLBACK_TOKEN),
            timeouts: LESS,
            ..xendit_config(&sandbox.xendit())
        };
        Self {
            core: MidtransCore::new(midtrans.clone(), shared.clone()).expect("configured"),
            snap: MidtransSnap::new(midtrans, shared.clone()).expect("configured"),
            xendit: Xendit::new(xendit, shared).expect("configured"),
            sandbox,
            clock,
            http: reqwest::Client::new(),
        }
    }

    /// Time passes, for both sides.
    pub async fn wait(&self, seconds: u64) {
        let span = Duration::from_secs(seconds);
        self.clock.advance(span);
        self.sandbox.app.advance(span).await;
    }

    /// Somebody does something to a payment: the payer, the bank, a person at the gateway.
    pub async fn play(&self, reference: &str, action: &str, body: Value) {
        let status = self.post(&format!("/tx/{reference}/{action}"), &body).await;
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

    /// A call to Xendit that our gateway would not make.
    pub async fn raw(&self, path: &str, key: &str, body: &Value) -> Value {
        let call = self.http.post(format!("{}{path}", self.sandbox.xendit())).basic_auth(key, Some("")).json(body);
        call.send().await.expect("answers").json().await.expect("JSON")
    }

    /// What the server has of a reference.
    pub async fn records(&self, reference: &str) -> Vec<Value> {
        let url = format!("{}/__sandbox/tx?ref={reference}", self.sandbox.base_url);
        self.http.get(url).send().await.expect("answers").json().await.expect("a list")
    }

    /// Captured, refunded and charged back, by the server's own books.
    pub async fn sums(&self, provider: &str, reference: &str) -> (i64, i64, i64) {
        let url = format!("{}/__sandbox/assert/ledger", self.sandbox.base_url);
        let all: Value = self.http.get(url).send().await.expect("answers").json().await.expect("sums");
        let of = |one: &&Value| one["ref"] == reference;
        let one = all[provider]["references"].as_array().expect("a list").iter().find(of).expect("it is there").clone();
        let sum = |name: &str| one[name].as_i64().expect("a number");
        (sum("captured"), sum("refunded"), sum("charged_back"))
    }

    /// What a browser gets for a card.
    pub async fn token(&self, number: &str) -> CardToken {
        let url = format!(
            "{}/v2/token?client_key={}&card_number={number}&card_exp_month=12&card_exp_year=2030&card_cvv=123",
            self.sandbox.midtrans_api(),
            config::MIDTRANS_CLIENT_KEY
        );
        let token: Value = self.http.get(url).send().await.expect("answers").json().await.expect("a token");
        CardToken(token["token_id"].as_str().expect("a token").to_owned())
    }

    /// A charge that begins now.
    pub fn charge(&self, reference: &str, kind: MethodKind) -> NewCharge {
        NewCharge { expires_at: self.clock.now() + Duration::from_secs(3_600), ..kit::charge(reference, kind) }
    }

    /// A charge of a card that Midtrans' browser library has seen.
    pub async fn card(&self, reference: &str, number: &str) -> NewCharge {
        let method = Method { token: Some(self.token(number).await), ..Method::plain(MethodKind::CreditCard) };
        NewCharge { method, ..self.charge(reference, MethodKind::CreditCard) }
    }
}
