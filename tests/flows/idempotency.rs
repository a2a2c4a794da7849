//! Requests that are repeated, at once, later and after a restart.

use std::time::{Duration, Instant};

use dermaga_tests::{
    client::{Client, Person},
    databases::{Database, Engine},
    deployment::Deployment,
    hosts::{Folder, Host},
    patience::{until, within},
};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::load::again;

#[tokio::test]
async fn the_first_answer_comes_again_and_money_moves_once() {
    let host = Host::suite();
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let body = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 100 });
    let first = ani.client.post_once("/payments/transfer", "k1", body.clone()).await;
    assert_eq!(first.header("idempotency-replayed"), "");
    ani.client.post("/payments/transfer", body.clone()).await.expect(201);
    let again = ani.client.post_once("/payments/transfer", "k1", body.clone()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.expect(201), again.expect(201), "the balance of then, too");
    assert_eq!(ani.balance().await, (800, 800));

    let other = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 101 });
    ani.client.post_once("/payments/transfer", "k1", other).await.problem(422, "idempotency_key_reused");
    // The same key for another operation, and the same key of another caller, are other keys.
    let pay = json!({ "wallet_id": ani.wallet, "merchant": "Kopi", "amount": 100 });
    ani.client.post_once("/payments/pay", "k1", pay).await.expect(201);
    let back = json!({ "from_wallet_id": budi.wallet, "to_user_id": ani.id, "amount": 1 });
    budi.client.post_once("/payments/transfer", "k1", back).await.expect(201);
    assert_eq!(ani.balance().await, (701, 701));
    for key in ["", &"k".repeat(256)] {
        ani.client.post_once("/payments/transfer", key, body.clone()).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn twenty_at_once_move_money_once() {
    let host = Host::suite();
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let path = format!("/wallets/{}/topup", ani.wallet);
    let transfer = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 100 });
    for (path, body) in [(path.as_str(), json!({ "amount": 50 })), ("/payments/transfer", transfer)] {
        let answers = join_all((0..20).map(|_| ani.client.post_once(path, "same", body.clone()))).await;
        let mut done = answers.iter().filter(|answer| answer.status.is_success());
        let first = done.next().expect("one succeeds").json();
        assert!(done.all(|answer| answer.json() == first));
        for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
            answer.problem(409, "idempotency_in_progress");
            assert!(!answer.header("retry-after").is_empty());
        }
    }
    assert_eq!((ani.balance().await.0, budi.balance().await.0), (950, 100));
}

#[tokio::test]
async fn a_refusal_is_kept_like_a_success() {
    let host = Host::suite();
    let ani = Client::person(&host, "ani", 10).await;
    let body = json!({ "wallet_id": ani.wallet, "merchant": "Kopi", "amount": 50 });
    let pay = async |key: &str| ani.client.post_once("/payments/pay", key, body.clone()).await;
    let first = pay("k").await.problem(409, "insufficient_funds");
    ani.client.post(&format!("/wallets/{}/topup", ani.wallet), json!({ "amount": 100 })).await.expect(200);
    let late = pay("k").await.problem(409, "insufficient_funds");
    assert_eq!(first["detail"], late["detail"]);
    pay("another").await.expect(201);
    // A body that cannot be read does not use the key up.
    let torn = json!({ "wallet_id": ani.wallet, "merchant": "Kopi", "amount": -1 });
    ani.client.post_once("/payments/pay", "third", torn).await.fault(422, "invalid", "/amount");
    pay("third").await.expect(201);
    assert_eq!(ani.balance().await, (10, 10));
}

#[tokio::test]
async fn everything_that_makes_something_can_be_repeated() {
    let host = Host::suite();
    let admin = Client::admin(&host).await;
    let anyone = Client::anyone(&host);
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let register = json!({ "email": "cici@example.org", "password": "correct horse" });
    let transfer = json!({ "type": "transfer", "sender_id": ani.id, "receiver_id": budi.id, "amount": 10 });
    let paid = json!({ "wallet_id": ani.wallet, "merchant": "Kopi", "amount": 100 });
    let paid = ani.client.post("/payments/pay", paid).await.expect(201);
    let refund = format!("/transactions/{}/refund", paid["transaction"]["id"].as_str().expect("an id"));
    let requests = [
        (&anyone, "/auth/register".to_owned(), register),
        (&admin, "/users".to_owned(), json!({ "username": "dedi", "password": "correct horse" })),
        (&ani.client, "/wallets".to_owned(), json!({ "name": "savings" })),
        (&ani.client, format!("/users/{}/topup", ani.id), json!({ "amount": 5 })),
        (&ani.client, "/transactions".to_owned(), transfer),
        (&admin, refund, json!({ "amount": 30, "reason": "cold" })),
    ];
    for (client, path, body) in requests {
        let first = client.post_once(&path, "key", body.clone()).await;
        assert!(first.status.is_success(), "{path}: {}", first.text);
        let again = client.post_once(&path, "key", body).await;
        assert_eq!((first.status, first.json()), (again.status, again.json()), "{path}");
        assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
    }
    assert_eq!(ani.balance().await, (935, 925));
}

#[tokio::test]
async fn the_first_answer_outlives_the_process() {
    let folder = Folder::new();
    let host = Host::start("dermaga", folder.clone(), &[]);
    let ani = Client::person(&host, "ani", 1_000).await;
    let body = json!({ "wallet_id": ani.wallet, "merchant": "Kopi", "amount": 100 });
    let first = ani.client.post_once("/payments/pay", "k", body.clone()).await.expect(201);
    host.kill();
    let host = Host::start("dermaga", folder, &[]);
    let ani = Client::login(&host, &ani.email, dermaga_tests::client::PASSWORD).await;
    let again = ani.post_once("/payments/pay", "k", body).await;
    assert_eq!((again.expect(201), again.header("idempotency-replayed")), (first, "true"));
}

/// Somebody who wants a second wallet, and a database in which nothing can be written to some tables.
struct Stuck {
    database: Database,
    deployment: Deployment,
    host: Host,
    ani: Person,
}

impl Stuck {
    /// On a host that gives a request up after so many seconds.
    async fn with(timeout: &'static str) -> Self {
        let database = Database::empty(Engine::Postgres).await;
        let deployment = Deployment::adapted(&database.url, move |mut command| {
            command.env("REQUEST_TIMEOUT", timeout).env("DERMAGA_SHUTDOWN_GRACE", "1");
            command
        });
        let host = deployment.host();
        let ani = Client::person(&host, "ani", 0).await;
        Self { database, deployment, host, ani }
    }

    /// Nobody else reads or writes that table until the connection is closed.
    async fn lock(&self, table: &str) -> PgConnection {
        let mut connection = PgConnection::connect(&self.database.url).await.expect("connects");
        let sql = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        connection.execute(AssertSqlSafe(sql)).await.expect("locks");
        connection
    }

    /// Another host takes the place of this one, which is asked to stop.
    async fn restarted(self) -> Self {
        let Self { database, deployment, host, ani } = self;
        let (_, ended_well) = tokio::task::spawn_blocking(|| host.stop()).await.expect("no panic");
        assert!(ended_well);
        let host = deployment.host();
        let ani = again(&host, ani).await;
        Self { database, deployment, host, ani }
    }

    fn ask(&self) -> reqwest::RequestBuilder {
        let request = self.ani.client.request(Method::POST, "/wallets").header("Idempotency-Key", "savings");
        request.json(&json!({ "name": "savings" }))
    }

    async fn is_at_work(&self) {
        let claims = "SELECT state FROM idempotency_keys WHERE key = 'savings'";
        until("the key is claimed", async || (self.database.texts(claims).await == ["running"]).then_some(())).await;
    }

    /// Asks again as a client does that is told when to. Whose claim lies about for its minute is late.
    async fn gets_it_soon(&self) {
        let since = Instant::now();
        until("the repetition is answered", async || {
            let answer = self.ani.client.post_once("/wallets", "savings", json!({ "name": "savings" })).await;
            if answer.status == 409 {
                answer.problem(409, "idempotency_in_progress");
                return None;
            }
            answer.expect(201);
            Some(())
        })
        .await;
        assert!(since.elapsed() < Duration::from_secs(20), "only after {:?}", since.elapsed());
        let all = self.ani.client.get("/wallets").await.expect(200);
        let named = |wallet: &&Value| wallet["name"] == "savings";
        assert_eq!(all["items"].as_array().expect("a list").iter().filter(named).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_can_ask_again() {
    within(120, async {
        let stuck = Stuck::with("30").await;
        let lock = stuck.lock("wallets").await;
        let asking = tokio::spawn(stuck.ask().send());
        stuck.is_at_work().await;
        asking.abort();
        assert!(asking.await.is_err_and(|ended| ended.is_cancelled()), "it was at work");
        lock.close().await.expect("unlocks");
        stuck.gets_it_soon().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_told_that_the_database_is_busy_can_ask_again() {
    within(120, async {
        let stuck = Stuck::with("30").await;
        let lock = stuck.lock("wallets").await;
        let asking = tokio::spawn(stuck.ask().send());
        stuck.is_at_work().await;
        // Neither the wallet nor what became of the request can be written.
        let other = stuck.lock("idempotency_keys").await;
        let refused = asking.await.expect("no panic").expect("an answer");
        assert_eq!(refused.status(), 503);
        for lock in [lock, other] {
            lock.close().await.expect("unlocks");
        }
        stuck.gets_it_soon().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_given_up_can_ask_again() {
    within(120, async {
        let stuck = Stuck::with("1").await;
        let lock = stuck.lock("wallets").await;
        let given_up = stuck.ask().send().await.expect("an answer");
        assert_eq!(given_up.status(), 504);
        lock.close().await.expect("unlocks");
        stuck.gets_it_soon().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_cut_off_by_a_restart_can_ask_again() {
    within(120, async {
        let stuck = Stuck::with("30").await;
        let lock = stuck.lock("wallets").await;
        let asking = tokio::spawn(stuck.ask().send());
        stuck.is_at_work().await;
        let stuck = stuck.restarted().await;
        assert!(asking.await.expect("no panic").is_err(), "it was cut off");
        lock.close().await.expect("unlocks");
        stuck.gets_it_soon().await;
    })
    .await;
}
