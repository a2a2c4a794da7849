//! What stands around the API: the pages, the document, health, metrics, and what happens to every request.
//!
//! The pages must work without the internet and must not tell anyone which API is being read, so everything a browser
//! would load is followed here and has to come from the host itself.

use std::{collections::BTreeSet, fs, path::PathBuf};

use dermaga_tests::{
    client::{Answer, Client, PASSWORD},
    hosts::{Folder, Host},
};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};

/// What is served beside the API, and as what.
const SURFACE: [(&str, &str); 9] = [
    ("/", "text/html"),
    ("/docs/", "text/html"),
    ("/redoc", "text/html"),
    ("/problems", "text/html"),
    ("/openapi.json", "application/json"),
    ("/health", "application/json"),
    ("/health/live", "application/json"),
    ("/health/ready", "application/json"),
    ("/metrics", "text/plain"),
];

/// A request for a path of the host, outside the API too; redirects are answers.
fn ask(host: &Host, method: Method, path: &str) -> RequestBuilder {
    // Sets up the cryptography without which no request can be sent.
    let _ = Client::anyone(host);
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    http.request(method, host.url(path))
}

async fn answer(host: &Host, request: RequestBuilder) -> Answer {
    Client::anyone(host).send(request).await
}

async fn get(host: &Host, path: &str) -> Answer {
    answer(host, ask(host, Method::GET, path)).await
}

/// A document as it is checked in.
fn checked_in(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../openapi").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The value of an attribute in the inside of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}="))?;
    let quote = rest.chars().next().filter(|first| ['"', '\''].contains(first));
    match quote {
        Some(quote) => rest[1..].split(quote).next(),
        None => rest.split(char::is_whitespace).next(),
    }
}

/// What a browser loads when it shows a page; links that a person may follow are not among it.
fn loaded(page: &str) -> Vec<String> {
    let tags = page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    let mut found = Vec::new();
    for tag in tags.map(|tag| tag.replace(['\n', '\r', '\t'], " ")) {
        found.extend(attribute(&tag, "src").map(str::to_owned));
        if tag.starts_with("link ") || tag.starts_with("use ") {
            found.extend(attribute(&tag, "href").map(str::to_owned));
        }
    }
    let in_styles = page.split("url(").skip(1).chain(page.split("@import").skip(1));
    found.extend(in_styles.map(|rest| rest.trim_start_matches([' ', '"', '\'']).chars().take(40).collect()));
    found
}

#[tokio::test]
async fn everything_beside_the_api_answers_as_what_it_is() {
    let host = Host::suite();
    for (path, content_type) in SURFACE {
        let answer = get(&host, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert!(answer.header("content-type").starts_with(content_type), "{path}: {}", answer.header("content-type"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(!answer.header("content-security-policy").is_empty(), "{path}");
    }
    let moved = get(&host, "/docs").await;
    assert!(moved.status.is_redirection(), "{}", moved.status);
    assert_eq!(moved.header("location"), "/docs/");
    get(&host, "/nothing").await.problem(404, "route_unknown");
    let refused = answer(&host, ask(&host, Method::POST, "/health")).await;
    refused.problem(405, "method_not_allowed");
    assert!(refused.header("allow").contains("GET"), "{}", refused.header("allow"));
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere() {
    let host = Host::suite();
    for (path, _) in SURFACE.iter().filter(|(_, content_type)| *content_type == "text/html") {
        let page = get(&host, path).await;
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        let base: Url = host.url(path).parse().expect("an address");
        for reference in loaded(&page.text).iter().filter(|reference| !reference.starts_with("data:")) {
            let target = base.join(reference).unwrap_or_else(|error| panic!("{path}: {reference}: {error}"));
            assert_eq!(target.origin(), base.origin(), "{path} loads {reference}");
            let part = get(&host, target.path()).await;
            assert_eq!(part.status, 200, "{path} loads {reference}");
            assert!(!part.text.contains("@import"), "{reference} loads more");
        }
    }
    let redoc = loaded(&get(&host, "/redoc").await.text);
    assert!(redoc.contains(&"/redoc/redoc.js".to_owned()), "the references are found: {redoc:?}");
    let docs = loaded(&get(&host, "/docs/").await.text);
    assert!(docs.iter().any(|reference| reference.ends_with("swagger-ui-bundle.js")), "{docs:?}");
}

#[tokio::test]
async fn health_names_the_service_and_its_parts() {
    let host = Host::suite();
    let health = get(&host, "/health").await.expect(200);
    assert_eq!(health["service"], "dermaga");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["parts"]["database"]["status"], health["status"]);
}

#[tokio::test]
async fn the_document_is_served_as_it_is_checked_in() {
    let host = Host::suite();
    assert!(get(&host, "/openapi.json").await.text == checked_in("suite.json"), "openapi/suite.json differs");
}

#[tokio::test]
async fn the_wallet_host_serves_its_own_document_and_operations() {
    fn operations(document: &Value) -> BTreeSet<(String, String, String)> {
        let paths = document["paths"].as_object().expect("paths").iter();
        let all =
            paths.flat_map(|(path, item)| item.as_object().expect("operations").iter().map(move |one| (path, one)));
        all.map(|(path, (method, one))| {
            let id = one["operationId"].as_str().expect("an id");
            (path.clone(), method.clone(), id.to_owned())
        })
        .collect()
    }
    let host = Host::start("dermaga-wallet", Folder::new(), &[]);
    let served = get(&host, "/openapi.json").await.expect(200);
    let kept: Value = serde_json::from_str(&checked_in("wallet.json")).expect("JSON");
    assert_eq!(served["info"]["title"], "Dermaga wallet");
    assert!(!operations(&served).is_empty());
    assert_eq!(operations(&served), operations(&kept));
    assert_eq!(get(&host, "/health").await.expect(200)["service"], "dermaga-wallet");
    assert!(Client::person(&host, "ani", 5_000).await.balance().await == (5_000, 5_000));
}

#[tokio::test]
async fn the_demo_lets_scripts_of_every_site_call_and_no_site_send_cookies() {
    let host = Host::suite();
    let preflight = ask(&host, Method::OPTIONS, "/v1/wallets")
        .header("Origin", "https://shop.example")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,content-type,idempotency-key");
    let allowed = answer(&host, preflight).await;
    assert!(allowed.status.is_success(), "{}: {}", allowed.status, allowed.text);
    assert!(["*", "https://shop.example"].contains(&allowed.header("access-control-allow-origin")));
    assert!(allowed.header("access-control-allow-methods").contains("POST"));
    let headers = allowed.header("access-control-allow-headers").to_ascii_lowercase();
    assert!(
        ["authorization", "content-type", "idempotency-key"].iter().all(|name| headers.contains(name)),
        "{headers}"
    );
    assert_ne!(allowed.header("access-control-allow-credentials"), "true");
    let refused = answer(&host, ask(&host, Method::GET, "/v1/wallets").header("Origin", "https://shop.example")).await;
    refused.problem(401, "token_missing");
    assert!(!refused.header("access-control-allow-origin").is_empty(), "a script may read why it was refused");
}

#[tokio::test]
async fn only_the_sites_that_were_named_may_call() {
    let host = Host::start("dermaga", Folder::new(), &[("DERMAGA_CORS_ORIGINS", r#"["https://shop.example"]"#)]);
    for (origin, allowed) in [("https://shop.example", "https://shop.example"), ("https://evil.example", "")] {
        let answered = answer(&host, ask(&host, Method::GET, "/health").header("Origin", origin)).await;
        assert_eq!(answered.status, 200, "{origin}");
        assert_eq!(answered.header("access-control-allow-origin"), allowed, "{origin}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_a_sane_one_is_kept() {
    let host = Host::suite();
    for path in ["/", "/v1/wallets", "/nothing", "/health"] {
        let kept = answer(&host, ask(&host, Method::GET, path).header("X-Request-Id", "order-42_a:1.b")).await;
        assert_eq!(kept.header("x-request-id"), "order-42_a:1.b", "{path}");
        let (first, second) = (get(&host, path).await, get(&host, path).await);
        assert!(!first.header("x-request-id").is_empty(), "{path}");
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"), "{path}");
    }
    for forged in ["two words", "a=b", "\"quoted\"", &"x".repeat(129)] {
        let fresh = answer(&host, ask(&host, Method::GET, "/").header("X-Request-Id", forged)).await;
        assert_ne!(fresh.header("x-request-id"), forged);
        assert_eq!(fresh.header("x-request-id").len(), 36);
    }
}

#[tokio::test]
async fn who_asks_too_often_waits_while_health_stays_free() {
    let limits = [("DERMAGA_RATE_PER_SECOND", "5"), ("DERMAGA_RATE_BURST", "5")];
    let host = Host::start("dermaga", Folder::new(), &limits);
    let anyone = Client::anyone(&host);
    let answers = futures::future::join_all((0..40).map(|_| anyone.get("/wallets"))).await;
    let (refused, taken): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 429);
    assert!(taken.len() >= 5, "the burst is taken, not {}", taken.len());
    assert!(taken.len() < 40 && !refused.is_empty(), "40 requests at once are more than 5");
    for answer in refused {
        answer.problem(429, "rate_limited");
        let wait: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    for _ in 0..40 {
        assert_eq!(get(&host, "/health").await.status, 200);
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    anyone.get("/wallets").await.problem(401, "token_missing");
}

#[tokio::test]
async fn metrics_count_by_route_and_never_by_path() {
    let host = Host::suite();
    let ani = Client::person(&host, "ani", 1_000).await;
    for _ in 0..3 {
        ani.balance().await;
    }
    get(&host, "/somewhere/that/is/not").await;
    ani.client.get(&format!("/wallets/{}", ani.id)).await.expect(404);
    ani.client.post("/auth/login", json!({ "email": ani.email, "password": PASSWORD })).await.expect(200);
    let metrics = get(&host, "/metrics").await.text;
    let counted = |labels: [&str; 3]| {
        let lines = metrics.lines().filter(|line| line.starts_with("http_requests_total{"));
        let mut found = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
        found.next().and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
    };
    let balance = [r#"method="GET""#, r#"route="/v1/wallets/{id}/balance""#, r#"status="200""#];
    assert_eq!(counted(balance), Some(3), "{metrics}");
    assert_eq!(counted([r#"method="GET""#, r#"route="/v1/wallets/{id}""#, r#"status="404""#]), Some(1), "{metrics}");
    assert_eq!(counted([r#"method="GET""#, r#"route="unmatched""#, r#"status="404""#]), Some(1), "{metrics}");
    assert!(metrics.contains("http_request_duration_seconds_bucket{"), "{metrics}");
    for raw in [&ani.id, &ani.wallet, &ani.email, "somewhere"] {
        assert!(!metrics.contains(raw), "{raw} is in the metrics");
    }
}
