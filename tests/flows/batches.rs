//! Many transfers in one request: each for itself, or all of them or none.

use dermaga_tests::{
    client::{Answer, Client, Person},
    hosts::Host,
};
use serde_json::{Value, json};

const NOBODY: &str = "0199c2c5-0000-7000-8000-000000000009";

struct Three {
    host: Host,
    ani: Person,
    budi: Person,
    cici: Person,
}

impl Three {
    async fn with(balance: i64) -> Self {
        let host = Host::suite();
        let ani = Client::person(&host, "ani", balance).await;
        let (budi, cici) = (Client::person(&host, "budi", 0).await, Client::person(&host, "cici", 0).await);
        Self { host, ani, budi, cici }
    }
}

fn to(from: &Person, to: &Person, amount: i64) -> Value {
    json!({ "from_wallet_id": from.wallet, "to_wallet_id": to.wallet, "amount": amount })
}

fn with(mut transfer: Value, name: &str, value: impl Into<Value>) -> Value {
    transfer[name] = value.into();
    transfer
}

async fn send(client: &Client, transfers: &[Value]) -> Answer {
    client.post("/transfers/batch", json!({ "transfers": transfers })).await
}

async fn send_all(client: &Client, transfers: &[Value]) -> Answer {
    client.post("/transfers/batch", json!({ "transfers": transfers, "atomic": true })).await
}

/// What became of each: `COMPLETED` and the balance, or the code of the refusal.
fn outcomes(answer: &Value) -> Vec<(String, Option<i64>)> {
    let results = answer["results"].as_array().expect("results");
    let outcome = |result: &Value| match result["problem"]["code"].as_str() {
        Some(code) => {
            assert_eq!((&result["status"], &result["balance"]), (&json!("REFUSED"), &Value::Null), "{result}");
            assert!(result["problem"]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{result}");
            (code.to_owned(), None)
        }
        None => (result["status"].as_str().expect("a status").to_owned(), result["balance"].as_i64()),
    };
    results.iter().map(outcome).collect()
}

#[tokio::test]
async fn each_transfer_gets_its_own_answer() {
    let Three { host, ani, budi, cici } = Three::with(1_000).await;
    let transfers = [
        to(&ani, &budi, 400),
        to(&ani, &budi, 700),
        to(&budi, &cici, 1),
        to(&ani, &ani, 1),
        to(&ani, &cici, 0),
        with(to(&ani, &cici, 1), "to_wallet_id", NOBODY),
        with(to(&ani, &cici, 1), "from_wallet_id", NOBODY),
        with(to(&ani, &cici, 1), "currency", "USD"),
        json!({ "from_wallet_id": ani.wallet, "to_user_id": cici.id, "amount": 600, "description": "the rest" }),
    ];
    let answer = send(&ani.client, &transfers).await.expect(200);
    let completed = |balance| ("COMPLETED".to_owned(), Some(balance));
    let refused = |code: &str| (code.to_owned(), None);
    let expected = [
        completed(600),
        refused("insufficient_funds"),
        // Somebody else's wallet looks like one that is not there.
        refused("wallet_not_found"),
        refused("self_transfer"),
        refused("invalid"),
        refused("recipient_not_found"),
        refused("wallet_not_found"),
        refused("currency_mismatch"),
        completed(0),
    ];
    assert_eq!(outcomes(&answer), expected);
    let pointer = &answer["results"][4]["problem"]["errors"][0]["pointer"];
    assert_eq!(pointer, "/amount", "relative to the transfer");
    assert_eq!((ani.balance().await.0, budi.balance().await.0, cici.balance().await.0), (0, 400, 600));

    // A service moves from any wallet, and each transfer sees what those before it left behind.
    let service = Client::service(&host);
    let chain = [to(&budi, &cici, 400), to(&cici, &ani, 1_000), to(&ani, &budi, 1_000)];
    let answer = send(&service, &chain).await.expect(200);
    assert_eq!(outcomes(&answer), [completed(0), completed(0), completed(0)]);
    assert_eq!(budi.balance().await.0, 1_000);

    // They stand in everybody's lists, and in the audit trail with whoever asked for them.
    let id = answer["results"][2]["id"].as_str().expect("an id");
    let seen = budi.client.get(&format!("/transactions/{id}")).await.expect(200);
    assert_eq!((&seen["status"], &seen["amount"]), (&json!("COMPLETED"), &json!(1_000)));
    let list = budi.client.get("/transactions?limit=2").await.expect(200);
    assert_eq!(list["items"][0]["id"], id, "the newest first: {list}");
    let admin = Client::admin(&host).await;
    let entries = admin.get(&format!("/audit?subject=transaction:{id}")).await.expect(200);
    assert_eq!(entries["items"][0]["actor"], "service:internal");
    let by_service = admin.get("/audit?actor=service:internal").await.expect(200);
    assert_eq!(by_service["items"].as_array().map(Vec::len), Some(3));
    let report = admin.post("/ledger/verify", json!(null)).await.expect(200);
    assert_eq!((&report["clean"], &report["findings"]), (&json!(true), &json!([])));
}

#[tokio::test]
async fn an_id_moves_money_once() {
    let Three { host: _host, ani, budi, cici } = Three::with(1_000).await;
    let first = with(to(&ani, &budi, 300), "id", "0199c2c5-0000-7000-8000-000000000001");
    let answer = send(&ani.client, &[first.clone(), first.clone()]).await.expect(200);
    assert_eq!(answer["results"][0].get("replayed"), None);
    assert_eq!((&answer["results"][1]["replayed"], &answer["results"][1]["balance"]), (&json!(true), &json!(700)));
    send(&ani.client, &[to(&ani, &cici, 700)]).await.expect(200);
    // Again, with nothing left: the first answer, not a refusal.
    let again = send(&ani.client, std::slice::from_ref(&first)).await.expect(200);
    assert_eq!((&again["results"][0]["replayed"], &again["results"][0]["balance"]), (&json!(true), &json!(700)));
    for other in [
        with(first.clone(), "amount", 301),
        with(first.clone(), "to_wallet_id", cici.wallet.as_str()),
        with(first.clone(), "description", "something else"),
    ] {
        let answer = send(&ani.client, &[other]).await.expect(200);
        assert_eq!(answer["results"][0]["problem"]["code"], "transfer_conflict");
    }
    assert_eq!(budi.balance().await.0, 300);
}

#[tokio::test]
async fn all_of_them_or_none() {
    let Three { host: _host, ani, budi, cici } = Three::with(1_000).await;
    let too_much = [to(&ani, &budi, 600), to(&ani, &cici, 600)];
    let refused = send_all(&ani.client, &too_much).await;
    refused.fault(409, "insufficient_funds", "/transfers/1");
    let wrong = [to(&ani, &budi, 600), to(&ani, &cici, -1)];
    send_all(&ani.client, &wrong).await.fault(422, "invalid", "/transfers/1/amount");
    let foreign = [to(&ani, &budi, 600), to(&budi, &cici, 1)];
    send_all(&ani.client, &foreign).await.fault(404, "wallet_not_found", "/transfers/1");
    assert_eq!((ani.balance().await.0, budi.balance().await.0), (1_000, 0));
    let answer = send_all(&ani.client, &[to(&ani, &budi, 600), to(&ani, &cici, 400)]).await.expect(200);
    assert_eq!(outcomes(&answer), [("COMPLETED".to_owned(), Some(400)), ("COMPLETED".to_owned(), Some(0))]);
}

#[tokio::test]
async fn a_key_answers_the_whole_batch_again() {
    let Three { host: _host, ani, budi, .. } = Three::with(1_000).await;
    let body = json!({ "transfers": [to(&ani, &budi, 100), to(&ani, &budi, 100)] });
    let first = ani.client.post_once("/transfers/batch", "payday", body.clone()).await;
    let again = ani.client.post_once("/transfers/batch", "payday", body).await;
    assert_eq!(first.expect(200), again.expect(200));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let results = first.json();
    let ids: Vec<&str> =
        results["results"].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str()).collect();
    assert!(ids[0] != ids[1] && ids[0][..20] == ids[1][..20], "one time, two ids: {ids:?}");
    assert_eq!(budi.balance().await.0, 200);
    let other = json!({ "transfers": [to(&ani, &budi, 100)] });
    ani.client.post_once("/transfers/batch", "payday", other).await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_batch_has_a_size_and_a_shape() {
    let Three { host: _host, ani, budi, .. } = Three::with(2_000).await;
    send(&ani.client, &[]).await.fault(422, "invalid", "/transfers");
    let one = to(&ani, &budi, 1);
    send(&ani.client, &vec![one.clone(); 1_001]).await.fault(422, "invalid", "/transfers");
    let nil = with(one.clone(), "id", "00000000-0000-0000-0000-000000000000");
    assert_eq!(outcomes(&send(&ani.client, &[nil]).await.expect(200)), [("invalid".to_owned(), None)]);
    let both = with(one.clone(), "to_user_id", budi.id.as_str());
    send(&ani.client, &[one.clone(), both]).await.fault(422, "invalid", "/transfers/1/to_wallet_id");
    let neither = json!({ "from_wallet_id": ani.wallet, "amount": 1 });
    send(&ani.client, &[neither]).await.fault(422, "invalid", "/transfers/0/to_user_id");
    send(&ani.client, &[with(one.clone(), "amount", "ten")]).await.fault(422, "invalid", "/transfers/0/amount");
    assert_eq!(budi.balance().await.0, 0, "nothing of what was refused");
    let answer = send(&ani.client, &vec![one; 1_000]).await.expect(200);
    assert_eq!(outcomes(&answer).len(), 1_000);
    assert_eq!((ani.balance().await.0, budi.balance().await.0), (1_000, 1_000));
}
