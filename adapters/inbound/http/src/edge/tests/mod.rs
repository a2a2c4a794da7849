//! A small API that goes wrong in every way there is, and what its callers see.

mod outside;
mod refusals;
mod service;
mod shapes;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dermaga_domain::error::{Code, Error};
use metrics_exporter_prometheus::PrometheusHandle;
use poem::{
    EndpointExt,
    endpoint::BoxEndpoint,
    http::StatusCode,
    test::{TestClient, TestRequestBuilder, TestResponse},
    web::Data,
};
use poem_openapi::{
    Enum, Object, OpenApi, SecurityScheme, Union,
    auth::Bearer,
    param::{Header, Path, Query},
};
use serde_json::Value;
use uuid::Uuid;

use super::{ApiError, ApiResult, ClientAddress, EdgeConfig, Json, Probe, Probes, RequestId, edge, prometheus, slice};

const ANY_ID: &str = "0190b0c0-0000-7000-8000-000000000001";

#[derive(Debug, Clone, Copy, PartialEq, Enum)]
#[oai(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Transfer,
    TopUp,
}

#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct Address {
    #[oai(validator(min_length = 1, max_length = 20))]
    city: String,
    zip: Option<i32>,
}

#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct Order {
    #[oai(validator(minimum(value = "1")))]
    amount: i64,
    kind: Kind,
    owner: Uuid,
    address: Address,
    #[oai(validator(max_items = 3))]
    lines: Option<Vec<Line>>,
    note: Option<String>,
    due: Option<String>,
    urgent: Option<bool>,
}

#[derive(Debug, Clone, Object)]
struct Line {
    product: Uuid,
    quantity: u8,
}

#[derive(Debug, Clone, Object)]
struct Card {
    token: String,
}

#[derive(Debug, Clone, Object)]
struct Transfer {
    bank: String,
}

#[derive(Debug, Clone, Union)]
#[oai(discriminator_name = "method", one_of = true, rename_all = "snake_case")]
enum Payment {
    CreditCard(Card),
    BankTransfer(Transfer),
}

#[derive(SecurityScheme)]
#[oai(ty = "bearer", checker = "caller")]
struct Caller(#[allow(dead_code, reason = "who it is does not matter here")] String);

async fn caller(_: &poem::Request, bearer: Bearer) -> poem::Result<String> {
    match bearer.token.as_str() {
        "good" => Ok(bearer.token),
        "old" => Err(ApiError::from(Error::new(Code::TokenExpired, "The token expired.")).into()),
        _ => Err(ApiError::from(Error::new(Code::TokenInvalid, "The token is not ours.")).into()),
    }
}

#[derive(Clone)]
struct App {
    name: &'static str,
}

#[derive(Clone, Copy)]
struct Toy;

#[OpenApi]
impl Toy {
    #[oai(path = "/orders", method = "post")]
    async fn create(&self, app: Data<&App>, body: Json<Order>) -> ApiResult<Json<Order>> {
        assert_eq!(app.name, "toy");
        Ok(body)
    }

    #[oai(path = "/orders", method = "get")]
    async fn list(
        &self,
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<Option<u32>>,
        kind: Query<Option<Kind>>,
        #[oai(name = "X-Tenant")] tenant: Header<Option<Uuid>>,
    ) -> ApiResult<Json<u32>> {
        let _ = (kind, tenant);
        Ok(Json(limit.0.unwrap_or(20)))
    }

    #[oai(path = "/orders/:id", method = "get")]
    async fn one(&self, id: Path<Uuid>, since: Query<i64>) -> ApiResult<Json<Uuid>> {
        let _ = since;
        Ok(Json(id.0))
    }

    #[oai(path = "/payments", method = "post")]
    async fn pay(&self, body: Json<Payment>) -> ApiResult<Json<Payment>> {
        Ok(body)
    }

    #[oai(path = "/secret", method = "get")]
    async fn secret(&self, _caller: Caller) -> ApiResult<Json<bool>> {
        Ok(Json(true))
    }

    #[oai(path = "/panic", method = "get")]
    async fn panic(&self) -> ApiResult<Json<bool>> {
        panic!("the password is hunter2")
    }

    #[oai(path = "/slow", method = "get")]
    async fn slow(&self) -> ApiResult<Json<bool>> {
        tokio::time::sleep(Duration::from_secs(30)).await;
        Ok(Json(true))
    }

    #[oai(path = "/refuse/:code", method = "get")]
    async fn refuse(&self, code: Path<String>) -> ApiResult<Json<bool>> {
        let code = Code::ALL.iter().find(|known| known.as_str() == code.0).copied().expect("a code of the table");
        Err(match code {
            Code::Internal => Error::internal("SELECT password FROM users"),
            Code::Invalid => Error::fault("/amount", "must be at least 1"),
            Code::Throttled => Error::new(code, "Later.").retry_after(90),
            _ => Error::new(code, "Not now."),
        }
        .into())
    }

    #[oai(path = "/whoami", method = "get")]
    async fn whoami(&self, client: ClientAddress, id: RequestId) -> ApiResult<Json<Vec<String>>> {
        Ok(Json(vec![client.to_string(), id.to_string()]))
    }
}

/// Shares a path with [`Toy`], as two contexts may.
#[derive(Clone, Copy)]
struct Second;

#[OpenApi]
impl Second {
    #[oai(path = "/orders/:id", method = "delete")]
    async fn remove(&self, id: Path<Uuid>) -> ApiResult<Json<Uuid>> {
        Ok(Json(id.0))
    }
}

/// A part that can be broken.
struct Part(AtomicBool);

#[async_trait]
impl Probe for Part {
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self) -> Result<(), String> {
        if self.0.load(Ordering::Relaxed) { Ok(()) } else { Err("/var/lib/dermaga.db is locked".into()) }
    }
}

fn config() -> EdgeConfig {
    EdgeConfig {
        service: "toy".into(),
        version: "1.2.3".into(),
        body_limit: 4096,
        request_timeout: Duration::from_secs(5),
        rate_per_second: 0,
        rate_burst: 0,
        cors_origins: vec!["*".into()],
        trust_forwarded: true,
    }
}

/// There is one recorder per process.
fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| prometheus().install_recorder().expect("the first recorder")).clone()
}

type Client = TestClient<BoxEndpoint<'static>>;

fn client_with(config: EdgeConfig, probes: Probes) -> Client {
    let slice = slice((Toy, Second), "Toy", "Goes wrong.", "1.2.3");
    let landing = "<!doctype html><title>Toy</title>".to_owned();
    TestClient::new(edge(slice, landing, probes, metrics(), config, App { name: "toy" }).boxed())
}

fn client() -> Client {
    client_with(config(), Probes::new(vec![Arc::new(Part(AtomicBool::new(true)))]))
}

fn order() -> Value {
    serde_json::json!({
        "amount": 50_000,
        "kind": "TOP_UP",
        "owner": ANY_ID,
        "address": {"city": "Surabaya"},
    })
}

/// Sends, and takes a problem apart: every refusal has the same form.
async fn refused(
    request: TestRequestBuilder<'_, BoxEndpoint<'static>>,
    status: u16,
    code: &str,
) -> (Value, TestResponse) {
    let mut response = request.send().await;
    let body = response.0.take_body().into_string().await.expect("a text");
    assert_eq!(response.0.status().as_u16(), status, "{body}");
    response.assert_content_type("application/problem+json");
    let problem: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(problem["code"], code, "{body}");
    assert_eq!(problem["status"], status);
    assert!(problem["title"].is_string() && problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    assert_eq!(problem["type"], format!("/problems#{code}"));
    response.assert_header("x-request-id", problem["request_id"].as_str().expect("a request id"));
    (problem, response)
}

async fn answered(request: TestRequestBuilder<'_, BoxEndpoint<'static>>) -> Value {
    let mut response = request.send().await;
    let body = response.0.take_body().into_string().await.expect("a text");
    assert_eq!(response.0.status(), StatusCode::OK, "{body}");
    response.assert_content_type("application/json");
    serde_json::from_str(&body).expect("JSON")
}
