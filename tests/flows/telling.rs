//! What happens in a host is told: webhooks to a real server, with and without a broker in between.

use std::collections::{BTreeMap, BTreeSet};

use dermaga_tests::{
    client::{Client, Person},
    deployment::{Deployment, assert_books_are_whole},
    hosts::{Folder, Host},
    patience::{until, within},
    postgres::{Durability, Server},
    rabbit::Broker,
    sink::{Call, Reply, Sink},
};
use serde_json::{Value, json};

/// The demo, which may call this machine.
fn open_suite() -> Host {
    Host::start("dermaga", Folder::new(), &[("DERMAGA_PRIVATE_WEBHOOKS", "true")])
}

async fn endpoint(admin: &Client, url: &str, topics: &[&str]) -> Value {
    admin.post("/webhook-endpoints", json!({ "url": url, "topics": topics })).await.expect(201)
}

async fn transfer(from: &Person, to: &Person) -> String {
    let body = json!({ "from_wallet_id": from.wallet, "to_user_id": to.id, "amount": 1 });
    let made = from.client.post("/payments/transfer", body).await.expect(201);
    made["transaction"]["id"].as_str().expect("an id").to_owned()
}

/// The transactions that a server was told of, each with how often.
fn told(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for call in calls {
        let body: Value = serde_json::from_str(&call.body).expect("JSON");
        *told.entry(body["data"]["transaction_id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_names_an_address_and_sees_what_was_sent_there() {
    within(120, async {
        let host = open_suite();
        let sink = Sink::answering([Reply::Status(204, String::new())]).await;
        let admin = Client::admin(&host).await;
        let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
        let body = json!({ "url": sink.url("/hooks"), "topics": ["transaction.completed"], "description": "shop" });
        let made = admin.post_once("/webhook-endpoints", "key", body.clone()).await.expect(201);
        let secret = made["secret"].as_str().expect("the secret, this once").to_owned();
        assert!(secret.starts_with("whsec_"), "{secret}");
        // The same request again has the same answer, but for the secret: that is told once.
        let again = admin.post_once("/webhook-endpoints", "key", body).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!((&again.json()["id"], &again.json()["secret"]), (&made["id"], &Value::Null));
        let path = format!("/webhook-endpoints/{}", made["id"].as_str().expect("an id"));
        for answer in [admin.get("/webhook-endpoints").await, admin.get(&path).await] {
            assert!(!answer.text.contains("whsec_") && !answer.text.contains("secret"), "{}", answer.text);
        }

        let transaction = transfer(&ani, &budi).await;
        until("the webhook arrives", async || sink.calls().pop()).await;
        let call = sink.calls().remove(0);
        assert_eq!(told(std::slice::from_ref(&call)).into_keys().collect::<Vec<_>>(), [transaction]);
        assert!(call.headers["webhook-signature"].starts_with("v1,"), "{call:?}");

        let log = async || admin.get(&format!("{path}/deliveries")).await.expect(200)["items"].clone();
        let delivered = async || Some(log().await).filter(|log| log[0]["status"] == "DELIVERED");
        let delivery = until("it is in the log", delivered).await[0].clone();
        assert_eq!(delivery["event_id"], call.headers["webhook-id"].as_str());
        assert_eq!((&delivery["tries"], &delivery["attempts"][0]["status"]), (&json!(1), &json!(204)));
        let replay = format!("{path}/deliveries/{}/replay", delivery["id"].as_str().expect("an id"));
        assert_eq!(admin.post(&replay, json!(null)).await.expect(200)["status"], "WAITING");
        until("it is sent again", async || (sink.calls().len() == 2).then_some(())).await;
        assert_eq!(sink.calls()[1].headers["webhook-id"], call.headers["webhook-id"]);

        let rotated = admin.post(&format!("{path}/rotate-secret"), json!(null)).await.expect(200);
        assert!(rotated["secret"].as_str().is_some_and(|new| new.starts_with("whsec_") && new != secret));
        transfer(&ani, &budi).await;
        until("it is signed twice", async || {
            sink.calls().get(2).filter(|call| call.headers["webhook-signature"].split(' ').count() == 2).map(drop)
        })
        .await;

        assert_eq!(admin.get("/dead-letters").await.expect(200)["items"], json!([]));
        let nothing = "/dead-letters/webhooks/01890000-0000-7000-8000-000000000000/replay";
        admin.post(nothing, json!(null)).await.problem(404, "dead_letter_not_found");
        admin.delete(&path).await.expect(204);
        admin.get(&path).await.problem(404, "webhook_endpoint_not_found");
        for action in ["endpoint_created", "secret_rotated", "replayed", "endpoint_removed"] {
            let found = admin.get(&format!("/audit?action=webhook.{action}")).await.expect(200);
            assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{action}");
        }
        let log = host.log();
        assert!(!log.contains("whsec_") && !log.contains(secret.trim_start_matches("whsec_")), "{log}");
    })
    .await;
}

#[tokio::test]
async fn in_earnest_no_webhook_goes_inside() {
    let host = Host::suite();
    let admin = Client::admin(&host).await;
    for url in
        ["http://127.0.0.1:9/", "https://localhost/", "https://10.0.0.1/", "https://169.254.169.254/", "nonsense"]
    {
        let body = json!({ "url": url, "topics": ["*"] });
        admin.post("/webhook-endpoints", body).await.fault(422, "invalid", "/url");
    }
    let body = json!({ "url": "https://example.org/", "topics": ["everything"] });
    admin.post("/webhook-endpoints", body).await.fault(422, "invalid", "/topics/0");
    let report = reqwest::get(host.url("/health")).await.expect("answers").json::<Value>().await.expect("JSON");
    assert_eq!(report["parts"]["bus"]["status"], "ok", "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_go_on_without_their_broker_and_tell_everything_when_it_is_back() {
    within(300, async {
        let broker = std::sync::Arc::new(tokio::task::spawn_blocking(Broker::start).await.expect("starts"));
        let server = Server::start(Durability::None).await;
        server.execute("postgres", "CREATE DATABASE shop").await.expect("creates");
        let url = broker.url();
        let deployment = Deployment::adapted(&server.url("shop"), move |mut command| {
            command.env("RABBITMQ_URL", &url).env("DERMAGA_PRIVATE_WEBHOOKS", "true");
            command
        });
        let hosts = [deployment.host(), deployment.host()];
        let health = async |host: &Host| -> Value {
            reqwest::get(host.url("/health")).await.expect("answers").json().await.expect("JSON")
        };
        let bus = async |state: &str| {
            for host in &hosts {
                let has = async || (health(host).await["parts"]["bus"]["status"] == state).then_some(());
                until(&format!("the bus is {state}"), has).await;
            }
        };
        bus("ok").await;
        let sink = Sink::answering([]).await;
        endpoint(&Client::admin(&hosts[0]).await, &sink.url("/"), &["transaction.completed"]).await;
        let (ani, budi) = (Client::person(&hosts[0], "ani", 1_000).await, Client::person(&hosts[1], "budi", 1).await);
        let ani = [ani.client.on(&hosts[0]), ani.client.on(&hosts[1])].map(|client| Person {
            client,
            id: ani.id.clone(),
            email: ani.email.clone(),
            wallet: ani.wallet.clone(),
        });
        let mut made = BTreeSet::new();
        let mut some = async |count: usize| {
            for n in 0..count {
                made.insert(transfer(&ani[n % 2], &budi).await);
            }
            made.clone()
        };
        let expected = some(20).await;
        let arrived = async |expected: &BTreeSet<String>| {
            let known = told(&sink.calls());
            expected.iter().all(|id| known.contains_key(id)).then_some(())
        };
        until("they arrive", async || arrived(&expected).await).await;

        broker.aside(Broker::kill).await;
        bus("down").await;
        let expected = some(20).await;
        for host in &hosts {
            let ready = reqwest::get(host.url("/health/ready")).await.expect("answers");
            assert_eq!(ready.status(), 200, "without the broker events wait, and nobody else does");
            assert_eq!(health(host).await["status"], "degraded");
        }
        assert!(arrived(&expected).await.is_none(), "nothing can have arrived");

        broker.aside(Broker::restart).await;
        bus("ok").await;
        let expected = some(20).await;
        until("all arrive", async || arrived(&expected).await).await;
        let known = told(&sink.calls());
        let twice: Vec<_> = known.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
        assert_books_are_whole(&hosts[0]).await;
    })
    .await;
}

#[test]
fn a_broker_that_cannot_be_is_said_at_the_start() {
    let folder = Folder::new();
    let mut migrate = dermaga_tests::hosts::command("dermaga", &folder);
    migrate.env("DERMAGA_PROFILE", "standalone").arg("migrate");
    assert!(dermaga_tests::hosts::run(&mut migrate, "").status.success());
    let mut serve = dermaga_tests::hosts::command("dermaga", &folder);
    serve.env("DERMAGA_PROFILE", "standalone").env("RABBITMQ_URL", "localhost:5672").arg("serve");
    let output = dermaga_tests::hosts::run(&mut serve, "");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("RABBITMQ_URL must be a URL such as amqp://"), "{told}");
}
