//! Every kind of failure, and the problem it becomes.

use bytes::Bytes;
use poem::{Body, http::Method};

use super::*;

fn post(client: &Client, body: impl Into<Body>) -> TestRequestBuilder<'_, BoxEndpoint<'static>> {
    client.post("/v1/orders").content_type("application/json").body(body)
}

#[tokio::test]
async fn a_body_that_is_not_json() {
    let client = client();
    let (problem, _) = refused(post(&client, "{\"amount\": hunter2}"), 400, "malformed_json").await;
    assert_eq!(problem["detail"], "The body stops being JSON at line 1, column 12.");
    refused(post(&client, ""), 400, "malformed_json").await;
    refused(post(&client, "[".repeat(200)), 400, "malformed_json").await;
    refused(post(&client, vec![b'"', 0xff, b'"']), 400, "malformed_json").await;
}

#[tokio::test]
async fn a_body_of_another_format() {
    let client = client();
    refused(client.post("/v1/orders").body("{}"), 415, "unsupported_media_type").await;
    let form = client.post("/v1/orders").content_type("application/x-www-form-urlencoded").body("a=b");
    refused(form, 415, "unsupported_media_type").await;
}

#[tokio::test]
async fn a_body_that_is_too_large_announced_or_in_pieces() {
    let client = client();
    let long = format!(r#"{{"note":"{}"}}"#, "x".repeat(5000));
    let (problem, _) = refused(post(&client, long), 413, "body_too_large").await;
    assert!(problem["detail"].as_str().expect("a text").contains("4096"));
    let pieces = futures::stream::iter((0..50).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 100]))));
    refused(post(&client, Body::from_bytes_stream(pieces)), 413, "body_too_large").await;
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    let client = client();
    let pieces = [Ok(Bytes::from("{")), Err(std::io::Error::other("reset by peer 10.0.0.7"))];
    let body = Body::from_bytes_stream(futures::stream::iter(pieces));
    let (problem, _) = refused(post(&client, body), 400, "body_unreadable").await;
    assert!(!problem.to_string().contains("10.0.0.7"));
}

#[tokio::test]
async fn a_path_without_a_route() {
    let client = client();
    for path in ["/v1/nothing", "/v1", "/v1/orders/", "/nothing", "/docs/nothing.js"] {
        let (problem, _) = refused(client.get(path), 404, "route_unknown").await;
        assert!(problem["detail"].as_str().expect("a text").contains("/docs"));
    }
}

#[tokio::test]
async fn a_path_with_something_that_is_no_id() {
    let client = client();
    // The last is no text at all.
    for path in ["/v1/orders/7", "/v1/orders/%FF"] {
        refused(client.get(path), 404, "path_id_invalid").await;
    }
}

#[tokio::test]
async fn a_method_that_is_not_taken() {
    let client = client();
    let (_, response) = refused(client.delete("/v1/orders"), 405, "method_not_allowed").await;
    response.assert_header("allow", "GET, HEAD, POST");
    let (_, response) = refused(client.post(format!("/v1/orders/{ANY_ID}")), 405, "method_not_allowed").await;
    response.assert_header("allow", "DELETE, GET, HEAD");
    let (_, response) = refused(client.post("/health"), 405, "method_not_allowed").await;
    response.assert_header("allow", "GET, HEAD");
    refused(client.request(Method::TRACE, "/v1/orders"), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn a_parameter_that_is_wrong_or_missing() {
    let client = client();
    let detail = async |path: &str| {
        let (problem, _) = refused(client.get(path), 400, "bad_parameter").await;
        problem["detail"].as_str().expect("a text").to_owned()
    };
    assert_eq!(detail("/v1/orders?limit=ten").await, "limit must be a whole number from 1 to 100");
    assert_eq!(detail("/v1/orders?limit=0").await, "limit must be a whole number from 1 to 100");
    assert_eq!(detail("/v1/orders?kind=GIFT").await, "kind must be one of TRANSFER, TOP_UP");
    let id = format!("/v1/orders/{ANY_ID}");
    assert_eq!(detail(&id).await, "since is required");
    assert_eq!(detail(&format!("{id}?since=x")).await, "since must be a whole number");
    let header = client.get("/v1/orders").header("X-Tenant", "acme");
    let (problem, _) = refused(header, 400, "bad_parameter").await;
    assert_eq!(problem["detail"], "X-Tenant must be a UUID");
}

#[tokio::test]
async fn a_caller_who_is_nobody() {
    let client = client();
    let (_, response) = refused(client.get("/v1/secret"), 401, "token_missing").await;
    response.assert_header("www-authenticate", "Bearer");
    let with = |header: &str| client.get("/v1/secret").header("Authorization", header);
    for (header, code) in
        [("Basic dTpw", "token_invalid"), ("Bearer bad", "token_invalid"), ("Bearer old", "token_expired")]
    {
        let (_, response) = refused(with(header), 401, code).await;
        response.assert_header("www-authenticate", r#"Bearer error="invalid_token""#);
    }
    assert_eq!(answered(with("Bearer good")).await, true);
}

#[tokio::test]
async fn every_refusal_of_the_domain() {
    let client = client();
    for code in Code::ALL {
        let status = crate::edge::codes::status_of(code.class()).as_u16();
        let path = format!("/v1/refuse/{}", code.as_str());
        let (problem, response) = refused(client.get(path), status, code.as_str()).await;
        assert_eq!(problem["title"], code.title());
        assert!(!problem.to_string().contains("password"), "the cause is for the log");
        match status {
            429 => response.assert_header("retry-after", "90"),
            503 => response.assert_header("retry-after", "5"),
            401 => response.assert_header_exist("www-authenticate"),
            _ => response.assert_header_is_not_exist("retry-after"),
        }
    }
    let (problem, _) = refused(client.get("/v1/refuse/invalid"), 422, "invalid").await;
    assert_eq!(problem["errors"], serde_json::json!([{"pointer": "/amount", "detail": "must be at least 1"}]));
}

#[tokio::test]
async fn a_handler_that_panics() {
    let client = client();
    let (problem, _) = refused(client.get("/v1/panic"), 500, "internal").await;
    assert!(!problem.to_string().contains("hunter2"));
    assert_eq!(answered(client.get("/v1/orders")).await, 20, "and the next request is answered");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_too_long() {
    refused(client().get("/v1/slow"), 504, "timeout").await;
}

#[tokio::test]
async fn a_client_that_asks_too_often() {
    let client = client_with(EdgeConfig { rate_per_second: 1, rate_burst: 2, ..config() }, Probes::default());
    let from = |address: &str| client.get("/v1/orders").header("X-Forwarded-For", address);
    for _ in 0..2 {
        answered(from("203.0.113.1")).await;
    }
    let (_, response) = refused(from("203.0.113.1"), 429, "rate_limited").await;
    response.assert_header("retry-after", "1");
    answered(from("203.0.113.2")).await;
    for path in ["/health", "/health/ready", "/openapi.json", "/metrics", "/redoc"] {
        client.get(path).header("X-Forwarded-For", "203.0.113.1").send().await.assert_status_is_ok();
    }
    // What only begins like the API is not part of it.
    let beside = client.get("/v1nothing").header("X-Forwarded-For", "203.0.113.1");
    refused(beside, 404, "route_unknown").await;
}

#[tokio::test]
async fn a_preflight_that_asks_for_a_strange_method() {
    let client = client();
    let preflight = client
        .options("/v1/orders")
        .header("Origin", "https://shop.example")
        .header("Access-Control-Request-Method", "TRACE");
    refused(preflight, 403, "preflight_refused").await;
}
