//! A person or a program that speaks to a host over HTTP.

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::hosts::{ADMIN_PASSWORD, Host, SERVICE_TOKEN};

/// The password of everybody who registers here.
pub const PASSWORD: &str = "correct horse";

/// Somebody who calls.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    credentials: Credentials,
}

#[derive(Clone)]
enum Credentials {
    None,
    Person(String),
    Service(String),
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// The body of an answer that has this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// A refusal: its status and code, as a problem with everything that belongs to one.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert!(!body["title"].as_str().unwrap_or_default().is_empty(), "{body}");
        assert!(!body["detail"].as_str().unwrap_or_default().is_empty(), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"), "{body}");
        body
    }

    /// A refusal that names a field.
    #[track_caller]
    pub fn fault(&self, status: u16, code: &str, pointer: &str) -> Value {
        let body = self.problem(status, code);
        let named = body["errors"].as_array().is_some_and(|all| all.iter().any(|one| one["pointer"] == pointer));
        assert!(named, "{pointer} is not named: {body}");
        body
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Client {
    /// Somebody without credentials.
    pub fn anyone(host: &Host) -> Self {
        // The client refuses to be built without a provider of cryptography, even for plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { http: reqwest::Client::new(), base: host.url("/v1"), credentials: Credentials::None }
    }

    /// The same caller, with the same credentials, at another host.
    pub fn on(&self, host: &Host) -> Self {
        Self { base: host.url("/v1"), ..self.clone() }
    }

    /// The trusted service.
    pub fn service(host: &Host) -> Self {
        Self { credentials: Credentials::Service(SERVICE_TOKEN.to_owned()), ..Self::anyone(host) }
    }

    /// Somebody with that access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { credentials: Credentials::Person(token.to_owned()), ..self.clone() }
    }

    /// Somebody of the demo data, or whoever has registered.
    pub async fn login(host: &Host, email: &str, password: &str) -> Self {
        let anyone = Self::anyone(host);
        let answer = anyone.post("/auth/login", json!({ "email": email, "password": password })).await.expect(200);
        anyone.with_token(answer["access_token"].as_str().expect("a token"))
    }

    /// The administrator.
    pub async fn admin(host: &Host) -> Self {
        Self::login(host, "admin@example.com", ADMIN_PASSWORD).await
    }

    /// Somebody new with so much in the default wallet.
    pub async fn person(host: &Host, name: &str, balance: i64) -> Person {
        let anyone = Self::anyone(host);
        let email = format!("{name}@example.org");
        let registered =
            anyone.post("/auth/register", json!({ "email": email, "password": PASSWORD })).await.expect(201);
        let client = Self::login(host, &email, PASSWORD).await;
        let wallets = client.get("/wallets").await.expect(200);
        let person = Person {
            id: registered["id"].as_str().expect("an id").to_owned(),
            wallet: wallets["items"][0]["id"].as_str().expect("an id").to_owned(),
            email,
            client,
        };
        if balance > 0 {
            let path = format!("/wallets/{}/topup", person.wallet);
            person.client.post(&path, json!({ "amount": balance })).await.expect(200);
        }
        person
    }

    /// Asks.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Makes.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// Makes, safe to be repeated.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key).json(&body)).await
    }

    /// Changes.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    /// Removes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A request with the credentials, to be completed.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.credentials {
            Credentials::None => request,
            Credentials::Person(token) => request.bearer_auth(token),
            Credentials::Service(token) => request.header("X-Service-Token", token),
        }
    }

    /// Sends a completed request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the host answers");
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("a text") }
    }
}

/// Somebody who has registered.
pub struct Person {
    pub id: String,
    pub email: String,
    /// The default wallet.
    pub wallet: String,
    pub client: Client,
}

impl Person {
    /// What is in the default wallet: everything, and what is not reserved.
    pub async fn balance(&self) -> (i64, i64) {
        let body = self.client.get(&format!("/wallets/{}/balance", self.wallet)).await.expect(200);
        (body["balance"].as_i64().expect("a number"), body["available"].as_i64().expect("a number"))
    }
}
