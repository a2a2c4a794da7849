//! A sandbox with a clock that stands still, and an application that hears its webhooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dermaga_sandbox::{ClockMode, Moment, Running, Sandbox, SandboxConfig, Settings, XenditUrls, config};
use poem::{
    Endpoint, Request, Response, Server,
    http::StatusCode,
    listener::{Acceptor, Listener, TcpListener},
};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// What the clock of every test shows at first: 10:00 in Jakarta.
pub const EPOCH: &str = "2026-01-05T03:00:00.123Z";
/// How long calls hang, and webhooks wait where somebody waits for that.
pub const SHORT: u64 = 250;
/// How long something may take that is not to fail because the machine is busy.
pub const LONG: u64 = 10_000;

/// A sandbox and an application.
pub struct Stage {
    pub sandbox: Running,
    pub http: Client,
    pub sink: Sink,
}

/// A status and a JSON body.
#[derive(Debug, Clone, PartialEq)]
pub struct Told(pub u16, pub Value);

impl Told {
    pub fn body(self, status: u16) -> Value {
        assert_eq!(self.0, status, "{}", self.1);
        self.1
    }
}

impl Stage {
    /// A clock that stands still.
    pub async fn still() -> Self {
        Self::with(ClockMode::Manual, |_| {}).await
    }

    /// A clock of one's choice, and other settings.
    pub async fn with(clock: ClockMode, change: impl FnOnce(&mut Settings)) -> Self {
        let sink = Sink::start().await;
        let mut settings = Settings { hang_ms: SHORT, ..Settings::default() };
        settings.midtrans.webhook_url = sink.url("midtrans");
        settings.midtrans.timeout_ms = LONG;
        settings.xendit.webhook_urls = XenditUrls::all(&sink.url("xendit"));
        settings.xendit.timeout_ms = LONG;
        change(&mut settings);
        let epoch = Moment::parse(EPOCH);
        let sandbox = Sandbox::start(SandboxConfig { clock, epoch, seed: 7, settings, ..SandboxConfig::default() });
        let sandbox = sandbox.await.expect("it starts");
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
        Self { sandbox, http, sink }
    }

    /// A call with a user and no password, with headers and a body.
    pub async fn call(&self, method: Method, url: &str, key: &str, headers: &[(&str, &str)], body: &Value) -> Told {
        let mut request = self.http.request(method, url).basic_auth(key, Some(""));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        Told(status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// `POST` to Midtrans' Core API.
    pub async fn core(&self, path: &str, body: &Value) -> Told {
        self.core_with(path, &[], body).await
    }

    pub async fn core_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Told {
        let url = format!("{}{path}", self.sandbox.midtrans_api());
        self.call(Method::POST, &url, config::MIDTRANS_SERVER_KEY, headers, body).await
    }

    /// The status of an order, which is always answered with 200.
    pub async fn status(&self, order: &str) -> Value {
        let url = format!("{}/v2/{order}/status", self.sandbox.midtrans_api());
        self.call(Method::GET, &url, config::MIDTRANS_SERVER_KEY, &[], &Value::Null).await.body(200)
    }

    pub async fn snap(&self, path: &str, body: &Value) -> Told {
        let url = format!("{}{path}", self.sandbox.midtrans_snap());
        self.call(Method::POST, &url, config::MIDTRANS_SERVER_KEY, &[], body).await
    }

    /// A call to Xendit.
    pub async fn xendit(&self, method: Method, path: &str, body: &Value) -> Told {
        self.xendit_with(method, path, &[], body).await
    }

    pub async fn xendit_with(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Told {
        let mut headers = headers.to_vec();
        if path.starts_with("/v3") {
            headers.push(("api-version", "2024-11-11"));
        }
        let url = format!("{}{path}", self.sandbox.xendit());
        self.call(method, &url, config::XENDIT_SECRET_KEY, &headers, body).await
    }

    /// The admin API.
    pub async fn admin(&self, method: Method, path: &str, body: &Value) -> Told {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        self.call(method, &url, "", &[], body).await
    }

    pub async fn look(&self, path: &str) -> Value {
        self.admin(Method::GET, path, &Value::Null).await.body(200)
    }

    pub async fn set(&self, settings: Value) {
        self.admin(Method::PUT, "/config", &settings).await.body(200);
    }

    /// Webhooks wait for their answers a short time only.
    pub async fn hurry(&self) {
        self.set(json!({"midtrans": {"timeout_ms": SHORT}, "xendit": {"timeout_ms": SHORT}})).await;
    }

    /// Waits until a call about that reference has come in.
    pub async fn heard(&self, reference: &str) {
        for _ in 0..LONG / 20 {
            if self.look(&format!("/requests?ref={reference}")).await != json!([]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no call about {reference}");
    }

    /// Puts the clock forward; tells how many things ran.
    pub async fn advance(&self, seconds: u64) -> u64 {
        let told = self.admin(Method::POST, "/clock", &json!({"advance_s": seconds})).await;
        told.body(200)["ran"].as_u64().expect("a number")
    }

    /// Breaks the next call of that kind.
    pub async fn fault(&self, rule: Value) {
        self.admin(Method::POST, "/faults", &rule).await.body(201);
    }

    /// What one reference did to the merchant's money: captured, refunded, charged back.
    pub async fn sums(&self, provider: &str, reference: &str) -> (i64, i64, i64) {
        let ledger = self.look("/assert/ledger").await;
        let all = ledger[provider]["references"].as_array().expect("a list").clone();
        let own = all.into_iter().filter(|one| one["ref"] == reference).max_by_key(|one| one["captured"].as_i64());
        let own = own.unwrap_or_default();
        let sum = |name: &str| own[name].as_i64().unwrap_or_default();
        (sum("captured"), sum("refunded"), sum("charged_back"))
    }

    /// A charge that is good, by bank transfer unless other members are given.
    pub fn order(order: &str, amount: i64, members: Value) -> Value {
        let mut body = json!({
            "payment_type": "bank_transfer", "bank_transfer": {"bank": "bca"},
            "transaction_details": {"order_id": order, "gross_amount": amount},
        });
        if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
            body.extend(members);
        }
        body
    }

    /// Charges it; it has to be accepted.
    pub async fn charge(&self, order: &str, amount: i64, members: Value) -> Value {
        let told = self.core("/v2/charge", &Self::order(order, amount, members)).await.body(200);
        assert!(matches!(told["status_code"].as_str(), Some("200" | "201")), "{told}");
        told
    }

    /// The token of a test card.
    pub async fn token(&self, number: &str) -> String {
        let query = format!("card_number={number}&card_exp_month=12&card_exp_year=2030&card_cvv=123");
        let url =
            format!("{}/v2/token?client_key={}&{query}", self.sandbox.midtrans_api(), config::MIDTRANS_CLIENT_KEY);
        let told = self.call(Method::GET, &url, "", &[], &Value::Null).await.body(200);
        told["token_id"].as_str().unwrap_or_else(|| panic!("no token: {told}")).to_owned()
    }

    /// Charges a test card; tells what was answered.
    pub async fn card(&self, order: &str, amount: i64, number: &str, members: Value) -> Value {
        let mut card = json!({"token_id": self.token(number).await});
        if let (Value::Object(card), Value::Object(members)) = (&mut card, members) {
            card.extend(members);
        }
        let body = Self::order(order, amount, json!({"payment_type": "credit_card", "credit_card": card}));
        self.core("/v2/charge", &body).await.body(200)
    }

    /// An invoice that has to be accepted.
    pub async fn invoice(&self, external_id: &str, amount: i64, members: Value) -> Value {
        let mut body = json!({"external_id": external_id, "amount": amount});
        if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
            body.extend(members);
        }
        self.xendit(Method::POST, "/v2/invoices", &body).await.body(200)
    }

    /// A payment request; tells what was answered.
    pub async fn request(&self, reference: &str, amount: i64, channel: &str, members: Value) -> Told {
        let mut body = json!({
            "reference_id": reference, "type": "PAY", "country": "ID", "currency": "IDR", "request_amount": amount,
            "channel_code": channel, "channel_properties": {},
        });
        if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
            body.extend(members);
        }
        self.xendit(Method::POST, "/v3/payment_requests", &body).await
    }
}

/// How the application answers webhooks.
#[derive(Debug, Clone)]
pub enum Mood {
    Answer(u16),
    /// A redirection with that status to that address.
    Send(u16, String),
    Hang,
}

/// A webhook as the application heard it.
#[derive(Debug, Clone)]
pub struct Hook {
    pub path: String,
    pub headers: poem::http::HeaderMap,
    pub body: Value,
}

impl Hook {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The application's end of the webhooks.
pub struct Sink {
    base: String,
    heard: Arc<Mutex<Vec<Hook>>>,
    mood: Arc<Mutex<Mood>>,
    server: JoinHandle<()>,
}

struct Ear(Arc<Mutex<Vec<Hook>>>, Arc<Mutex<Mood>>);

impl Endpoint for Ear {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let bytes = request.take_body().into_bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
        let mood = self.1.lock().expect("unpoisoned").clone();
        let moved = path.ends_with("/moved");
        self.0.lock().expect("unpoisoned").push(Hook { path, headers, body });
        let status = |code: u16| StatusCode::from_u16(code).expect("a status");
        Ok(match mood {
            _ if moved => StatusCode::OK.into(),
            Mood::Answer(code) => Response::builder().status(status(code)).finish(),
            Mood::Send(code, to) => Response::builder().status(status(code)).header("location", to).finish(),
            Mood::Hang => {
                tokio::time::sleep(Duration::from_millis(LONG)).await;
                StatusCode::OK.into()
            }
        })
    }
}

impl Sink {
    pub async fn start() -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a port");
        let address = *acceptor.local_addr()[0].as_socket_addr().expect("an address");
        let (heard, mood) = (Arc::default(), Arc::new(Mutex::new(Mood::Answer(200))));
        let ear = Ear(Arc::clone(&heard), Arc::clone(&mood));
        let server = tokio::spawn(async move {
            Server::new_with_acceptor(acceptor).run(ear).await.expect("it serves");
        });
        Self { base: format!("http://{address}"), heard, mood, server }
    }

    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    pub fn mood(&self, mood: Mood) {
        *self.mood.lock().expect("unpoisoned") = mood;
    }

    /// What was heard since the last time.
    pub fn take(&self) -> Vec<Hook> {
        std::mem::take(&mut *self.heard.lock().expect("unpoisoned"))
    }

    /// One member of all bodies that were heard since the last time.
    pub fn take_member(&self, name: &str) -> Vec<String> {
        self.take().iter().map(|hook| hook.body[name].as_str().unwrap_or("(none)").to_owned()).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}
