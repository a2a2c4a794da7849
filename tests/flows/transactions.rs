//! The life of a transaction: reserved, completed, cancelled, refunded; and finding it again.

use dermaga_tests::{
    client::{Client, Person},
    hosts::Host,
};
use serde_json::{Value, json};

async fn reserve(sender: &Person, receiver: &Person, amount: i64) -> String {
    let body = json!({ "type": "transfer", "sender_id": sender.id, "receiver_id": receiver.id, "amount": amount });
    let started = sender.client.post("/transactions", body).await.expect(201);
    assert_eq!(started["transaction"]["status"], "PENDING");
    format!("/transactions/{}", started["transaction"]["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn reserved_money_is_moved_or_released_once() {
    let host = Host::suite();
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let to = |status: &str| json!({ "status": status });

    let path = reserve(&ani, &budi, 600).await;
    assert_eq!(ani.balance().await, (1_000, 400));
    let described = ani.client.put(&path, json!({ "description": "for the boat" })).await.expect(200);
    assert_eq!((&described["description"], &described["status"]), (&json!("for the boat"), &json!("PENDING")));
    ani.client.put(&path, to("PROCESSING")).await.expect(200);
    assert_eq!(ani.balance().await, (1_000, 400));
    ani.client.put(&path, to("PENDING")).await.problem(409, "illegal_transition");
    ani.client.put(&path, to("REFUNDED")).await.problem(409, "illegal_transition");
    ani.client.put(&path, to("LOST")).await.fault(422, "invalid", "/status");
    ani.client.put(&path, to("COMPLETED")).await.expect(200);
    ani.client.put(&path, to("COMPLETED")).await.expect(200);
    assert_eq!((ani.balance().await, budi.balance().await.0), ((400, 400), 600));
    for refused in [ani.client.put(&path, to("CANCELLED")).await, ani.client.delete(&path).await] {
        refused.problem(409, "illegal_transition");
    }

    let path = reserve(&ani, &budi, 400).await;
    assert_eq!(ani.client.post(&format!("{path}/cancel"), Value::Null).await.expect(200)["status"], "CANCELLED");
    ani.client.delete(&path).await.expect(200);
    ani.client.put(&path, to("COMPLETED")).await.problem(409, "illegal_transition");
    let path = reserve(&ani, &budi, 400).await;
    assert_eq!(Client::service(&host).put(&path, to("FAILED")).await.expect(200)["status"], "FAILED");
    assert_eq!(ani.balance().await, (400, 400));
}

#[tokio::test]
async fn who_may_see_and_who_may_settle() {
    let host = Host::suite();
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let cici = Client::person(&host, "cici", 0).await;
    let path = reserve(&ani, &budi, 600).await;
    budi.client.get(&path).await.expect(200);
    budi.client.put(&path, json!({ "status": "COMPLETED" })).await.problem(403, "permission_denied");
    budi.client.delete(&path).await.problem(403, "permission_denied");
    cici.client.get(&path).await.problem(404, "transaction_not_found");
    cici.client.delete(&path).await.problem(404, "transaction_not_found");
    cici.client.get(&format!("/transactions/user/{}", ani.id)).await.problem(404, "user_not_found");
    cici.client.get(&format!("/transactions/wallet/{}", ani.wallet)).await.problem(404, "wallet_not_found");
    Client::admin(&host).await.delete(&path).await.expect(200);
    assert_eq!(ani.balance().await, (1_000, 1_000));

    // Nobody settles a payment of the gateway by hand.
    let topup = ani.client.post(&format!("/wallets/{}/topup", ani.wallet), json!({ "amount": 5 })).await.expect(200);
    let path = format!("/transactions/{}", topup["transaction"]["id"].as_str().expect("an id"));
    ani.client.put(&path, json!({ "status": "CANCELLED" })).await.problem(409, "illegal_transition");
}

#[tokio::test]
async fn money_goes_back_up_to_the_amount() {
    let host = Host::suite();
    let admin = Client::admin(&host).await;
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let pay = json!({ "wallet_id": ani.wallet, "merchant": "Kopi", "amount": 300 });
    let paid = ani.client.post("/payments/pay", pay).await.expect(201);
    let path = format!("/transactions/{}", paid["transaction"]["id"].as_str().expect("an id"));
    let refund = async |body: Value| admin.post(&format!("{path}/refund"), body).await;

    ani.client.post(&format!("{path}/refund"), json!({ "reason": "x" })).await.problem(403, "permission_denied");
    refund(json!({ "amount": 1 })).await.fault(422, "invalid", "/reason");
    refund(json!({ "amount": 0, "reason": "x" })).await.fault(422, "invalid", "/amount");
    refund(json!({ "amount": 301, "reason": "x" })).await.problem(409, "refund_exceeds");
    let part = refund(json!({ "amount": 100, "reason": "cold" })).await.expect(200);
    assert_eq!((&part["status"], &part["refunded"]), (&json!("PARTIALLY_REFUNDED"), &json!(100)));
    refund(json!({ "amount": 201, "reason": "x" })).await.problem(409, "refund_exceeds");
    let rest = refund(json!({ "reason": "the rest" })).await.expect(200);
    assert_eq!((&rest["status"], &rest["refunded"]), (&json!("REFUNDED"), &json!(300)));
    refund(json!({ "amount": 1, "reason": "x" })).await.problem(409, "refund_exceeds");
    assert_eq!(ani.balance().await, (1_000, 1_000));
    let stats = ani.client.get("/transactions/stats").await.expect(200);
    assert_eq!((&stats["total_payment"], &stats["net_amount"]), (&json!(0), &json!(1_000)));

    // Only from what the receiver still has.
    let send = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 500 });
    let sent = ani.client.post("/payments/transfer", send).await.expect(201);
    let spend = json!({ "wallet_id": budi.wallet, "merchant": "Kopi", "amount": 400 });
    budi.client.post("/payments/pay", spend).await.expect(201);
    let refund = format!("/transactions/{}/refund", sent["transaction"]["id"].as_str().expect("an id"));
    admin.post(&refund, json!({ "reason": "error" })).await.problem(409, "insufficient_funds");
    admin.post(&refund, json!({ "amount": 100, "reason": "error" })).await.expect(200);
    assert_eq!((ani.balance().await.0, budi.balance().await.0), (600, 0));

    let pending = reserve(&ani, &budi, 1).await;
    admin.post(&format!("{pending}/refund"), json!({ "reason": "x" })).await.problem(409, "illegal_transition");
    let topup = ani.client.post(&format!("/wallets/{}/topup", ani.wallet), json!({ "amount": 5 })).await.expect(200);
    let refund = format!("/transactions/{}/refund", topup["transaction"]["id"].as_str().expect("an id"));
    admin.post(&refund, json!({ "reason": "x" })).await.problem(409, "not_refundable");
}

#[tokio::test]
async fn a_gateway_that_says_no_leaves_a_failed_transaction() {
    let host = Host::suite();
    let ani = Client::person(&host, "ani", 0).await;
    let path = format!("/wallets/{}/topup", ani.wallet);
    let told = ani.client.post(&path, json!({ "amount": 5, "method": "gold" })).await.fault(422, "invalid", "/method");
    assert!(told["detail"].as_str().is_some_and(|told| told.contains("instant")), "{told}");
    let declined = json!({ "amount": 5, "method": "instant_declined" });
    ani.client.post(&path, declined).await.problem(409, "payment_refused");
    let failed = ani.client.get("/transactions?status=FAILED").await.expect(200);
    assert_eq!(failed["items"].as_array().map(Vec::len), Some(1));
    assert!(failed["items"][0]["failure"].is_string());
    assert_eq!(ani.balance().await, (0, 0));
}

#[tokio::test]
async fn lists_and_statements_agree() {
    let host = Host::suite();
    let ani = Client::person(&host, "ani", 10_000).await;
    let budi = Client::person(&host, "budi", 0).await;
    for n in 1..=12 {
        let merchant = if n % 2 == 0 { "Kopi" } else { "Buku" };
        let body = json!({ "wallet_id": ani.wallet, "merchant": merchant, "amount": n * 10, "description": format!("no {n}") });
        ani.client.post("/payments/pay", body).await.expect(201);
    }
    let send = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 5 });
    ani.client.post("/payments/transfer", send).await.expect(201);

    // Page by page, without gaps or repeats.
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = ani.client.get(&format!("/transactions?limit=5{after}")).await.expect(200);
        seen.extend(page["items"].as_array().expect("a list").iter().map(|t| t["id"].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let whole = ani.client.get("/transactions?limit=200").await.expect(200);
    let ids: Vec<_> = whole["items"].as_array().expect("a list").iter().map(|t| t["id"].clone()).collect();
    assert_eq!((seen.len(), &seen), (14, &ids));
    let count = async |query: &str| {
        let found = ani.client.get(&format!("/transactions?{query}")).await.expect(200);
        found["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count("type=payment").await, 12);
    assert_eq!(count("text=kopi").await, 6);
    assert_eq!(count("type=payment&min_amount=100&max_amount=110").await, 2);
    assert_eq!(count("text=no%201&type=payment").await, 4);
    assert_eq!(count("status=PENDING").await, 0);

    // The statement adds up, and CSV says the same as JSON.
    let path = format!("/wallets/{}/statement", ani.wallet);
    let statement = ani.client.get(&format!("{path}?limit=200")).await.expect(200);
    let entries = statement["items"].as_array().expect("a list");
    let mut balance = 0;
    for entry in entries {
        balance += entry["amount"].as_i64().expect("a number");
        assert_eq!(entry["balance"], balance);
    }
    assert_eq!((entries.len(), balance), (14, ani.balance().await.0));
    let request = ani.client.request(reqwest::Method::GET, &path).header("Accept", "text/csv");
    let csv = ani.client.send(request).await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    let rows: Vec<&str> = csv.text.lines().skip(1).collect();
    assert_eq!(rows.len(), entries.len());
    for (row, entry) in rows.iter().zip(entries) {
        let columns: Vec<&str> = row.split(',').collect();
        assert_eq!((columns[0], columns[3]), (entry["at"].as_str().expect("a time"), &*entry["amount"].to_string()));
    }
    // The past does not change.
    let moment = entries[4]["at"].as_str().expect("a time");
    let then = ani.client.get(&format!("/wallets/{}/balance?at={moment}", ani.wallet)).await.expect(200);
    assert_eq!(then["balance"], entries[4]["balance"]);
    let stranger = budi.client.request(reqwest::Method::GET, &path).header("Accept", "text/csv");
    budi.client.send(stranger).await.problem(404, "wallet_not_found");
}
