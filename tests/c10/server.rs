//! The other side: what the server that plays the gateways is told to do, and what it has seen.

use dermaga_ports::payments::{CardToken, Payment};
use dermaga_sandbox::config;
use serde_json::{Value, json};

use crate::house::{House, Way};

impl House {
    /// A card that the browser has shown to the gateway, for the next purchase.
    pub async fn show_card(&self, number: &str) {
        let url = format!(
            "{}/v2/token?client_key={}&card_number={number}&card_exp_month=12&card_exp_year=2030&card_cvv=123",
            self.sandbox.midtrans_api(),
            config::MIDTRANS_CLIENT_KEY
        );
        let token: Value = self.http.get(url).send().await.expect("answers").json().await.expect("a token");
        let token = CardToken(token["token_id"].as_str().expect("a token").to_owned());
        *self.card.lock().expect("no panic") = Some(token);
    }

    /// What happens to the next payment at that gateway.
    pub async fn plan(&self, way: Way, script: &str) {
        let plan = json!({"match": {"provider": way.provider()}, "script": script});
        assert_eq!(self.post("/plans", &plan).await.0, 201, "{script}");
    }

    /// Somebody does something at the gateway: the payer, the bank, a person at the dashboard.
    pub async fn play(&self, payment: &Payment, action: &str, body: Value) {
        let (status, told) = self.post(&format!("/tx/{}/{action}", payment.reference), &body).await;
        assert_eq!(status, 200, "{action} is possible: {told}");
    }

    /// The next call of that kind meets a fault.
    pub async fn fault(&self, path: &str, mode: &str) {
        self.fault_of("POST", path, mode).await;
    }

    pub async fn fault_of(&self, method: &str, path: &str, mode: &str) {
        let rule = json!({"match": {"method": method, "path": path}, "mode": mode});
        assert_eq!(self.post("/faults", &rule).await.0, 201);
    }

    /// A forged webhook; answers what we said to it.
    pub async fn inject(&self, body: Value) -> u64 {
        let (status, told) = self.post("/webhooks/inject", &body).await;
        assert_eq!(status, 200, "{told}");
        told["outcome"]["status"].as_u64().expect("an answer")
    }

    /// Sends what was sent last about a payment again, so often and at once; answers what we said.
    pub async fn redeliver(&self, payment: &Payment, times: usize) -> Vec<u64> {
        let sent = self.sent(payment).await;
        let id = sent.last().expect("something was sent")["id"].clone();
        let (_, told) = self.post(&format!("/webhooks/{id}/redeliver?n={times}&parallel=true"), &json!({})).await;
        let outcomes = told["outcomes"].as_array().expect("outcomes");
        outcomes.iter().map(|outcome| outcome["status"].as_u64().unwrap_or_default()).collect()
    }

    /// What the server sent about a payment.
    pub async fn sent(&self, payment: &Payment) -> Vec<Value> {
        self.get(&format!("/webhooks?ref={}", payment.reference)).await.as_array().expect("a list").clone()
    }

    /// How often we made that call.
    pub async fn calls(&self, payment: &Payment, path: &str) -> usize {
        let all = self.get(&format!("/requests?ref={}", payment.reference)).await;
        let of = |one: &&Value| one["path"].as_str().is_some_and(|told| told.contains(path)) && one["method"] == "POST";
        all.as_array().expect("a list").iter().filter(of).count()
    }

    /// What the server has of a payment.
    pub async fn records(&self, payment: &Payment) -> Vec<Value> {
        self.get(&format!("/tx?ref={}", payment.reference)).await.as_array().expect("a list").clone()
    }

    /// A call to Xendit that we would not make.
    pub async fn raw(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.sandbox.xendit());
        let call = self.http.post(url).basic_auth(config::XENDIT_SECRET_KEY, Some("")).json(body);
        call.send().await.expect("answers").json().await.expect("JSON")
    }

    /// Asks the server's own side.
    pub async fn get(&self, path: &str) -> Value {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        self.http.get(url).send().await.expect("answers").json().await.expect("JSON")
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        let answer = self.http.post(url).json(body).send().await.expect("answers");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}
