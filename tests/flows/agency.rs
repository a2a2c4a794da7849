//! The travel host over HTTP, with a server that plays its suppliers and the gateway.

use std::time::Duration;

use dermaga_sandbox::{ClockMode, Running, Sandbox, SandboxConfig, config};
use dermaga_tests::{
    client::Person,
    databases::{Database, Engine},
    deployment::Deployment,
    hosts::Host,
    patience::until,
};
use serde_json::{Value, json};

/// The travel host on a database of its own, and the server that plays everybody else.
pub struct Agency {
    pub sandbox: Running,
    pub host: Host,
    pub deployment: Deployment,
    _database: Database,
}

impl Agency {
    pub async fn open(engine: Engine) -> Self {
        let played = SandboxConfig { clock: ClockMode::Manual, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(played).await.expect("the sandbox starts");
        let database = Database::empty(engine).await;
        let (duffel, ferry, midtrans) = (sandbox.duffel(), sandbox.ferry(), sandbox.base_url.clone());
        let digiflazz = sandbox.digiflazz();
        let deployment = Deployment::adapted(&database.url, move |mut command| {
            command.env("DUFFEL_URL", &duffel).env("DUFFEL_TOKEN", config::DUFFEL_TOKEN);
            command.env("DUFFEL_WEBHOOK_SECRET", config::DUFFEL_WEBHOOK_SECRET);
            command.env("FERRY_URL", &ferry).env("FERRY_TOKEN", config::FERRY_TOKEN);
            command.env("FERRY_WEBHOOK_SECRET", config::FERRY_WEBHOOK_SECRET);
            command.env("DIGIFLAZZ_URL", &digiflazz).env("DIGIFLAZZ_USERNAME", config::DIGIFLAZZ_USERNAME);
            command.env("DIGIFLAZZ_KEY", config::DIGIFLAZZ_KEY);
            command.env("DIGIFLAZZ_WEBHOOK_SECRET", config::DIGIFLAZZ_WEBHOOK_SECRET);
            command.env("PAYMENT_GATEWAY", "sandbox,wallet,midtrans").env("PAYMENT_GATEWAY_URL", &midtrans);
            command.env("MIDTRANS_SERVER_KEY", config::MIDTRANS_SERVER_KEY);
            command
        });
        let host = deployment.host_of("dermaga-travel");
        sandbox.configure(|settings| {
            settings.midtrans.webhook_url = host.url("/v1/webhooks/midtrans");
            settings.duffel.webhook_url = host.url("/v1/webhooks/duffel");
            settings.ferry.webhook_url = host.url("/v1/webhooks/ferry");
            settings.digiflazz.webhook_url = host.url("/v1/webhooks/digiflazz");
        });
        Self { sandbox, host, deployment, _database: database }
    }

    async fn admin(&self, path: &str, body: Value) {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        let answer = reqwest::Client::new().post(url).json(&body).send().await.expect("the sandbox answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// A price or an offer changes at the supplier, which knows it by its own id.
    pub async fn change(&self, supplier_id: &str, action: &str, body: Value) {
        self.admin(&format!("/travel/{supplier_id}/{action}"), body).await;
    }

    /// The next call of that kind meets a fault.
    pub async fn fault(&self, path: &str, mode: &str) {
        self.admin("/faults", json!({ "match": { "method": "POST", "path": path }, "mode": mode })).await;
    }

    /// What the server that plays everybody has about a booking.
    async fn known(&self, what: &str, booking: &Value) -> Vec<Value> {
        let reference = booking["reference"].as_str().expect("a reference");
        let url = format!("{}/__sandbox/{what}?ref={reference}", self.sandbox.base_url);
        let records: Value = reqwest::get(url).await.expect("answers").json().await.expect("JSON");
        records.as_array().expect("a list").clone()
    }

    /// What the suppliers have sold under a reference.
    pub async fn sold(&self, booking: &Value) -> usize {
        self.known("travel", booking).await.len()
    }

    /// How its supplier's webhooks were answered, once all of them were sent.
    pub async fn knocks(&self, booked: &Value) -> Vec<u64> {
        self.sandbox.app.advance(Duration::from_secs(1)).await;
        let sent = self.known("webhooks", &booked["booking"]).await;
        let first = |one: &Value| one["attempts"][0]["status"].as_u64().expect("an answer");
        sent.iter().map(first).collect()
    }

    /// Pays as people do: from the wallet, or into a virtual account at the bank.
    pub async fn pay(&self, person: &Person, booked: &Value) {
        let payment = &booked["order"]["payment"];
        if payment["gateway"] != "midtrans" {
            return confirm(person, booked).await;
        }
        let reference = payment["reference"].as_str().expect("a reference");
        self.admin(&format!("/tx/{reference}/pay"), json!({})).await;
        // The gateway's webhook is on its way.
        self.sandbox.app.advance(Duration::from_secs(2)).await;
    }

    /// It is sold, and a while later there are papers, of which the host hears by webhook.
    pub async fn is_ticketed(&self, person: &Person, booked: &Value) -> Value {
        let sold = comes_to(person, booked, "UNKNOWN").await;
        assert!(sold["supplier_reference"].is_string() && sold["documents"].is_null(), "{sold}");
        self.sandbox.app.advance(TICKETED).await;
        comes_to(person, booked, "FULFILLED").await
    }
}

/// After that suppliers have issued tickets. Less than the age at which a webhook is too old to be believed: the host
/// lives in real time.
const TICKETED: Duration = Duration::from_secs(61);

/// What is reserved in the wallet is taken once the payer says so.
pub async fn confirm(person: &Person, booked: &Value) {
    let confirmation = json!({ "payment_id": booked["order"]["payment"]["id"] });
    let paid = person.client.post("/payments/confirm", confirmation).await.expect(200);
    assert_eq!(paid["state"], "PAID", "{paid}");
}

pub async fn comes_to(person: &Person, booked: &Value, status: &str) -> Value {
    let path = format!("/bookings/{}", booked["booking"]["id"].as_str().expect("an id"));
    until(&format!("{path} is {status}"), async || {
        let found = person.client.get(&path).await.expect(200);
        if found["status"] == status {
            return Some(found);
        }
        let over = ["FULFILLED", "FAILED", "LAPSED", "CANCELLED"].iter().any(|end| found["status"] == *end);
        assert!(!over && found["frozen"] == false, "it will not be {status}: {found}");
        None
    })
    .await
}
