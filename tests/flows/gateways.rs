//! Payments over real hosts and a real server that plays the gateway: webhooks over HTTP, hosts that die in between, a
//! gateway that hangs, and nothing secret in any log.

use std::time::{Duration, Instant};

use dermaga_sandbox::{Running, Sandbox, SandboxConfig, config};
use dermaga_tests::{
    client::{Client, Person},
    databases::{Database, Engine},
    deployment::{Deployment, assert_books_are_whole},
    hosts::Host,
    patience::{until, within},
};
use reqwest::Method;
use serde_json::{Value, json};

/// A database with hosts that take money through Midtrans and Xendit as the sandbox plays them.
struct Shop {
    sandbox: Running,
    deployment: Deployment,
    _database: Database,
}

impl Shop {
    async fn open(engine: Engine) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("the sandbox starts");
        let database = Database::empty(engine).await;
        let url = sandbox.base_url.clone();
        let deployment = Deployment::adapted(&database.url, move |mut command| {
            command.env("PAYMENT_GATEWAY", "midtrans,midtrans_snap,xendit,wallet,sandbox");
            command.env("PAYMENT_GATEWAY_URL", &url).env("MIDTRANS_SERVER_KEY", config::MIDTRANS_SERVER_KEY);
            command.env("XENDIT_SECRET_KEY", config::XENDIT_SECRET_KEY);
            command.env("XENDIT_CALLBACK_TOKEN", config::XENDIT_CALLBACK_TOKEN);
            command
        });
        Self { sandbox, deployment, _database: database }
    }

    /// A host that the gateways know where to find.
    fn host(&self) -> Host {
        let host = self.deployment.host();
        self.sandbox.configure(|settings| {
            settings.midtrans.webhook_url = host.url("/v1/webhooks/midtrans");
            settings.xendit.webhook_urls = dermaga_sandbox::XenditUrls::all(&host.url("/v1/webhooks/xendit"));
        });
        host
    }

    async fn admin(&self, path: &str, body: Value) {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        let answer = reqwest::Client::new().post(url).json(&body).send().await.expect("the sandbox answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }
}

async fn buy(person: &Person, gateway: &str, method: &str, script: &str) -> Value {
    let body = json!({
        "merchant": "Kopi", "amount": 50_000, "gateway": gateway, "method": method, "description": script,
    });
    person.client.post("/payments", body).await.expect(201)
}

async fn comes_to(person: &Person, payment: &Value, state: &str) -> Value {
    let path = format!("/payments/{}", payment["id"].as_str().expect("an id"));
    until(&format!("{path} is {state}"), async || {
        let found = person.client.get(&path).await.expect(200);
        (found["payment"]["state"] == state).then_some(found)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_pays_at_the_gateway_is_told_by_webhook_and_has_paid_once() {
    within(120, async {
        for engine in Engine::ALL {
            let shop = Shop::open(engine).await;
            let host = shop.host();
            let ani = Client::person(&host, "ani", 0).await;
            for (gateway, method) in
                [("midtrans", "bank_transfer"), ("midtrans", "qris"), ("midtrans_snap", "page"), ("xendit", "page")]
            {
                let payment = buy(&ani, gateway, method, "").await;
                assert_eq!(payment["state"], "PENDING", "{gateway} {method}: {payment}");
                assert!(payment["action"]["type"].is_string(), "{payment}");
                let reference = payment["reference"].as_str().expect("a reference");
                shop.admin(&format!("/tx/{reference}/pay"), json!({})).await;
                let paid = comes_to(&ani, &payment, "PAID").await;
                assert_eq!(paid["payment"]["used"], "funding", "{paid}");
            }
            assert_books_are_whole(&host).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_58_a_host_that_dies_between_charge_and_webhook_is_no_loss() {
    within(120, async {
        let shop = Shop::open(Engine::Postgres).await;
        let host = shop.host();
        let ani = Client::person(&host, "ani", 0).await;
        let payment = buy(&ani, "midtrans", "bank_transfer", "").await;
        drop(host.kill());
        let reference = payment["reference"].as_str().expect("a reference");
        // Paid while nobody listens: the webhook finds a closed door.
        shop.admin(&format!("/tx/{reference}/pay"), json!({})).await;
        let host = shop.host();
        let ani = Person { client: ani.client.on(&host), ..ani };
        let confirm = json!({ "payment_id": payment["id"] });
        let found = ani.client.post("/payments/confirm", confirm).await.expect(200);
        assert_eq!((&found["state"], &found["used"]), (&json!("PAID"), &json!("funding")));
        assert_books_are_whole(&host).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_answered_at_once_while_the_gateway_hangs() {
    within(120, async {
        let shop = Shop::open(Engine::Sqlite).await;
        let host = shop.host();
        let ani = Client::person(&host, "ani", 0).await;
        let payment = buy(&ani, "midtrans", "bank_transfer", "").await;
        let reference = payment["reference"].as_str().expect("a reference");
        let hangs = json!({ "match": { "method": "GET", "path": "/status" }, "mode": "slow:20000", "times": 5 });
        shop.admin("/faults", hangs).await;
        // Delivered by the sandbox itself, signed: the settlement, and what the host answered how fast.
        shop.admin(&format!("/tx/{reference}/pay"), json!({})).await;
        let url = format!("{}/__sandbox/webhooks?ref={reference}", shop.sandbox.base_url);
        let told = until("the settlement was delivered", async || {
            let all: Value = reqwest::get(&url).await.expect("answers").json().await.expect("JSON");
            let all = all.as_array().expect("a list").clone();
            all.into_iter().find(|one| one["kind"] == "settlement" && one["attempts"][0]["status"].is_number())
        })
        .await;
        let attempt = &told["attempts"][0];
        assert_eq!(attempt["status"], 200, "{told}");
        // A bound for a busy machine; the gateway would take 20 seconds.
        assert!(attempt["latency_ms"].as_u64().is_some_and(|ms| ms < 2_000), "{told}");
        // And other requests are answered as well while the read waits.
        let before = Instant::now();
        ani.client.get("/wallets").await.expect(200);
        assert!(before.elapsed() < Duration::from_secs(5));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_56_no_secret_reaches_the_log() {
    within(120, async {
        let shop = Shop::open(Engine::Sqlite).await;
        let host = shop.host();
        let ani = Client::person(&host, "ani", 0).await;
        let token = "tok-accept-0b4e8f5e-52d6-4f2f-9b57-0e2c2b8d9f10";
        let card = |token: &str| {
            json!({ "merchant": "Kopi", "amount": 1_000, "gateway": "midtrans", "method": "credit_card", "token": token })
        };
        ani.client.post("/payments", card(token)).await;
        let number = "4811 1111 1111 1114";
        ani.client.post("/payments", card(number)).await.fault(422, "invalid", "/token");
        let forged = json!({ "order_id": "x", "signature_key": "0f76ab02" });
        let webhook = ani.client.request(Method::POST, "/webhooks/midtrans").json(&forged);
        ani.client.send(webhook).await.problem(401, "webhook_rejected");
        let secrets =
            [config::MIDTRANS_SERVER_KEY, config::XENDIT_SECRET_KEY, config::XENDIT_CALLBACK_TOKEN, token, number];
        let log = host.log();
        assert!(log.contains("/v1/payments"), "the log is the one of these requests: {log}");
        for secret in secrets {
            assert!(!log.contains(secret), "{secret} is in the log");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_authorised_is_captured_whole_and_with_or_without_a_body() {
    within(120, async {
        let shop = Shop::open(Engine::Sqlite).await;
        let host = shop.host();
        let (ani, admin) = (Client::person(&host, "ani", 0).await, Client::admin(&host).await);
        let topup = json!({ "amount": 200_000, "gateway": "sandbox" });
        ani.client.post(&format!("/wallets/{}/topup", ani.wallet), topup).await.expect(200);
        let held = async || {
            let body = json!({
                "merchant": "Kopi", "amount": 50_000, "gateway": "wallet", "method": "wallet", "wallet_id": ani.wallet,
            });
            let payment = ani.client.post("/payments", body).await.expect(201);
            assert_eq!(payment["state"], "AUTHORIZED", "{payment}");
            format!("/payments/{}/capture", payment["id"].as_str().expect("an id"))
        };
        let path = held().await;
        for part in [1, 49_999, 50_001] {
            let refused = admin.post(&path, json!({ "amount": part })).await;
            let told = refused.fault(422, "invalid", "/amount").to_string();
            assert!(told.contains("50000"), "{told}");
        }
        admin.post(&path, json!({ "amount": 0 })).await.fault(422, "invalid", "/amount");
        admin.send(admin.request(Method::POST, &path).body("amount=1")).await.problem(415, "unsupported_media_type");
        assert_eq!(admin.post(&path, json!({ "amount": 50_000 })).await.expect(200)["state"], "PAID");
        let bare = held().await;
        assert_eq!(admin.send(admin.request(Method::POST, &bare)).await.expect(200)["state"], "PAID");
        let empty = held().await;
        assert_eq!(admin.post(&empty, json!({})).await.expect(200)["state"], "PAID");
        let null = held().await;
        assert_eq!(admin.post(&null, json!(null)).await.expect(200)["state"], "PAID");
        assert_eq!(ani.balance().await, (0, 0));
        assert_books_are_whole(&host).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_counted_for_graphs_and_alarms() {
    within(120, async {
        let shop = Shop::open(Engine::Sqlite).await;
        let host = shop.host();
        let ani = Client::person(&host, "ani", 0).await;
        let counted = async |name: &str| {
            let metrics = reqwest::get(host.url("/metrics")).await.expect("answers").text().await.expect("a text");
            let found = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
            found.map(|count| count as u64)
        };
        let comes_to = async |name: &str, count: u64| {
            until(&format!("{name} is {count}"), async || (counted(name).await == Some(count)).then_some(())).await;
        };
        for name in ["payments_due", "payments_frozen", "events_dead_letters", "notifications_waiting"] {
            comes_to(name, 0).await;
        }
        comes_to("events_unpublished", 0).await;
        // One is paid with another sum, and one letter waits: this host writes no mail.
        buy(&ani, "midtrans", "gopay", "~pay1s~amt.p1").await;
        let letter = json!({ "user_id": ani.id, "message": "Halo" });
        Client::service(&host).post("/notifications", letter).await.expect(201);
        comes_to("payments_frozen", 1).await;
        comes_to("notifications_waiting", 1).await;
    })
    .await;
}
