//! What surrounds the operations: ids, addresses, headers, documents, health, numbers.

use super::*;

async fn text(client: &Client, path: &str) -> String {
    let mut response = client.get(path).send().await;
    response.assert_status_is_ok();
    response.0.take_body().into_string().await.expect("a text")
}

#[tokio::test]
async fn the_request_id_is_taken_over_or_made_and_always_told() {
    let client = client();
    let response = client.get("/v1/orders").header("X-Request-Id", "shop-42").send().await;
    response.assert_header("x-request-id", "shop-42");
    let (problem, _) = refused(client.get("/v1/panic").header("X-Request-Id", "shop-43"), 500, "internal").await;
    assert_eq!(problem["request_id"], "shop-43");
    let forged = client.get("/v1/orders").header("X-Request-Id", "a b").send().await;
    let made = forged.0.header("x-request-id").expect("an id");
    assert_eq!(Uuid::try_parse(made).expect("a UUID").get_version_num(), 7);
}

#[tokio::test]
async fn a_handler_knows_who_asks() {
    let client = client();
    let request = client.get("/v1/whoami").header("X-Forwarded-For", "203.0.113.7, 10.0.0.1");
    let seen = answered(request.header("X-Request-Id", "who")).await;
    assert_eq!(seen, serde_json::json!(["203.0.113.7", "who"]));
    let client = client_with(EdgeConfig { trust_forwarded: false, ..config() }, Probes::default());
    let seen = answered(client.get("/v1/whoami").header("X-Forwarded-For", "203.0.113.7")).await;
    assert_eq!(seen[0], "unknown", "the header is not believed unless it is configured");
}

#[tokio::test]
async fn browsers_are_told_to_be_careful() {
    let client = client();
    for path in ["/v1/orders", "/v1/nothing", "/", "/docs/", "/redoc", "/health", "/problems"] {
        let response = client.get(path).send().await;
        response.assert_header("x-content-type-options", "nosniff");
        response.assert_header("referrer-policy", "no-referrer");
        response.assert_header_exist("cache-control");
        let policy = response.0.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{path}");
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"), "{path}");
    }
    client.get("/v1/orders").send().await.assert_header("cache-control", "no-store");
}

#[tokio::test]
async fn pages_of_other_sites_may_read_what_is_allowed() {
    let allowed = |response: &TestResponse| response.0.header("access-control-allow-origin").map(str::to_owned);
    let from = async |client: &Client, origin: &str| client.get("/v1/orders").header("Origin", origin).send().await;

    let anyone = client();
    let response = from(&anyone, "https://shop.example").await;
    assert_eq!(allowed(&response).as_deref(), Some("https://shop.example"));
    let exposed = response.0.header("access-control-expose-headers").expect("a list").to_ascii_lowercase();
    for name in ["x-request-id", "idempotency-replayed", "location", "retry-after"] {
        assert!(exposed.contains(name), "{name}");
    }
    response.assert_header_is_not_exist("access-control-allow-credentials");

    let listed =
        client_with(EdgeConfig { cors_origins: vec!["https://shop.example".into()], ..config() }, Probes::default());
    assert!(allowed(&from(&listed, "https://shop.example").await).is_some());
    let stranger = from(&listed, "https://evil.example").await;
    assert_eq!(allowed(&stranger), None);
    stranger.assert_status_is_ok();

    let nobody = client_with(EdgeConfig { cors_origins: Vec::new(), ..config() }, Probes::default());
    assert_eq!(allowed(&from(&nobody, "https://shop.example").await), None);
}

#[tokio::test]
async fn a_problem_can_be_read_across_sites() {
    let client = client();
    let request = client.get("/v1/nothing").header("Origin", "https://shop.example");
    let (_, response) = refused(request, 404, "route_unknown").await;
    response.assert_header("access-control-allow-origin", "https://shop.example");
    let preflight = client.options("/v1/orders").header("Origin", "https://shop.example");
    let response = preflight.header("Access-Control-Request-Method", "POST").send().await;
    response.assert_status_is_ok();
    response.assert_header_exist("x-request-id");
}

#[tokio::test]
async fn the_document_is_served_as_it_was_made() {
    let made = slice((Toy, Second), "Toy", "Goes wrong.", "1.2.3").document;
    assert_eq!(made, slice((Toy, Second), "Toy", "Goes wrong.", "1.2.3").document, "the same bytes every time");
    assert!(made.ends_with("}\n") && made.contains("\n  \"openapi\": \"3.0.0\""));
    assert_eq!(text(&client(), "/openapi.json").await, made);
}

#[tokio::test]
async fn the_document_says_what_is_true() {
    let text = slice((Toy, Second), "Toy", "Goes wrong.", "1.2.3").document;
    assert_eq!(text.matches("\"/orders/{id}\"").count(), 1, "a path two APIs share is one entry");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["servers"][0]["url"], "/v1");
    let operation = |path: &str, method: &str| document["paths"][path][method].clone();
    assert!(operation("/orders/{id}", "get").is_object() && operation("/orders/{id}", "delete").is_object());

    let create = operation("/orders", "post");
    assert!(create["requestBody"]["content"]["application/json"].is_object(), "plain, without a charset");
    assert!(create["responses"]["200"]["content"]["application/json"].is_object());
    for status in ["400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503", "504"] {
        let schema = &create["responses"][status]["content"]["application/problem+json"]["schema"];
        assert_eq!(schema["$ref"], "#/components/schemas/Problem", "{status}");
    }
    let secret = operation("/secret", "get");
    for status in ["400", "413", "415"] {
        assert!(secret["responses"][status].is_null(), "{status} needs a body or a parameter");
    }
}

#[tokio::test]
async fn the_pages_load_nothing_from_elsewhere() {
    let client = client();
    for path in ["/redoc", "/docs/", "/docs/index.html", "/problems", "/redoc/init.js", "/docs/swagger-initializer.js"]
    {
        let page = text(&client, path).await;
        assert!(!page.contains("http://") && !page.contains("https://"), "{path}: {page}");
        assert!(!page.contains("src=\"//") && !page.contains("href=\"//"), "{path}");
    }
    let initializer = text(&client, "/docs/swagger-initializer.js").await;
    assert!(
        initializer.contains("/openapi.json") && initializer.contains(r#""validatorUrl": "none""#),
        "{initializer}"
    );
    assert!(text(&client, "/redoc/redoc.js").await.contains("Redoc"));
    assert!(!text(&client, "/redoc/redoc.js").await.contains("fonts.googleapis.com"));
}

#[tokio::test]
async fn the_pages_find_their_scripts() {
    let client = client();
    let moved = client.get("/docs").send().await;
    moved.assert_status(StatusCode::PERMANENT_REDIRECT);
    moved.assert_header("location", "/docs/");
    for (page, base) in [("/docs/", "/docs/"), ("/redoc", "")] {
        let html = text(&client, page).await;
        let scripts: Vec<_> = html.split("<script src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!scripts.is_empty(), "{page}: {html}");
        for script in scripts {
            let path = format!("{base}{}", script.trim_start_matches("./"));
            let response = client.get(&path).send().await;
            response.assert_status_is_ok();
            assert!(response.0.content_type().is_some_and(|kind| kind.contains("javascript")), "{path}");
        }
        assert!(!html.contains("<script>"), "{page}: inline scripts are against the policy");
    }
}

#[tokio::test]
async fn every_code_is_explained_where_its_type_leads() {
    let page = text(&client(), "/problems").await;
    for row in crate::edge::table() {
        assert!(page.contains(&format!("<tr id=\"{}\">", row.code)), "{}", row.code);
    }
}

#[tokio::test]
async fn a_healthy_host() {
    let client = client();
    let report = answered(client.get("/health")).await;
    let parts = serde_json::json!({"database": {"status": "ok"}});
    let expected = serde_json::json!({"status": "ok", "service": "toy", "version": "1.2.3", "parts": parts});
    assert_eq!(report, expected);
    assert_eq!(answered(client.get("/health/ready")).await["status"], "ok");
    assert_eq!(answered(client.get("/health/live")).await["status"], "ok");
}

#[tokio::test]
async fn a_host_with_a_broken_part() {
    let client = client_with(config(), Probes::new(vec![Arc::new(Part(AtomicBool::new(false)))]));
    let report = answered(client.get("/health")).await;
    assert_eq!(report["status"], "degraded");
    assert_eq!(report["parts"]["database"]["status"], "down");
    assert!(!report.to_string().contains("/var/lib"), "{report}");
    client.get("/health/ready").send().await.assert_status(StatusCode::SERVICE_UNAVAILABLE);
    client.get("/health/live").send().await.assert_status_is_ok();
}

#[tokio::test(start_paused = true)]
async fn a_part_that_hangs_is_down() {
    struct Hangs;
    #[async_trait]
    impl Probe for Hangs {
        fn name(&self) -> &str {
            "mail"
        }
        async fn check(&self) -> Result<(), String> {
            std::future::pending().await
        }
    }
    let client = client_with(config(), Probes::new(vec![Arc::new(Hangs)]));
    let report = answered(client.get("/health")).await;
    assert_eq!(report["parts"]["mail"]["detail"], "does not answer in time");
}

#[tokio::test]
async fn a_host_that_is_about_to_stop() {
    let probes = Probes::default();
    let client = client_with(config(), probes.clone());
    client.get("/health/ready").send().await.assert_status_is_ok();
    probes.stop();
    client.get("/health/ready").send().await.assert_status(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answered(client.get("/health/live")).await["status"], "ok");
    assert_eq!(answered(client.get("/health")).await["status"], "stopping");
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    let client = client();
    client.get(format!("/v1/orders/{ANY_ID}?since=1")).send().await.assert_status_is_ok();
    client.get("/v1/panic").send().await.assert_status(StatusCode::INTERNAL_SERVER_ERROR);
    client.get("/nothing/4711").send().await.assert_status(StatusCode::NOT_FOUND);
    let numbers = text(&client, "/metrics").await;
    let line = |start: &str| numbers.lines().any(|line| line.starts_with(start));
    assert!(line(r#"http_requests_total{method="GET",route="/v1/orders/{id}",status="200"} "#), "{numbers}");
    assert!(line(r#"http_requests_total{method="GET",route="/v1/panic",status="500"} "#), "{numbers}");
    assert!(line(r#"http_requests_total{method="GET",route="unmatched",status="404"} "#), "{numbers}");
    let bucket = r#"http_request_duration_seconds_bucket{method="GET",route="/v1/orders/{id}",status="200",le="0.5"} "#;
    assert!(line(bucket), "{numbers}");
    assert!(!numbers.contains("4711") && !numbers.contains(ANY_ID));
}

#[tokio::test]
async fn who_is_turned_away_is_counted_by_route_too() {
    let client = client_with(EdgeConfig { rate_per_second: 1, rate_burst: 1, ..config() }, Probes::default());
    for status in [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        client.get(format!("/v1/orders/{ANY_ID}?since=1")).send().await.assert_status(status);
    }
    client.get("/v1/nothing/4711").send().await.assert_status(StatusCode::TOO_MANY_REQUESTS);
    let numbers = text(&client, "/metrics").await;
    for route in ["/v1/orders/{id}", "unmatched"] {
        let line = format!(r#"http_requests_total{{method="GET",route="{route}",status="429"}} "#);
        assert!(numbers.lines().any(|found| found.starts_with(&line)), "{line}: {numbers}");
    }
}

#[tokio::test]
async fn the_landing_page_is_at_the_root() {
    let client = client();
    assert!(text(&client, "/").await.contains("<title>Toy</title>"));
    client.head("/").send().await.assert_status_is_ok();
}
