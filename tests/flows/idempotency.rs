//! Requests that are repeated, at once, later and after a restart.

use dermaga_tests::{
    client::Client,
    hosts::{Folder, Host},
};
use futures::future::join_all;
use serde_json::json;

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
