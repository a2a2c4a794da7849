//! The second wallet document's flow, step by step, with the demo's own customers.

use dermaga_tests::{client::Client, hosts::Host};
use serde_json::json;

const JOHN: &str = "john@example.com";
const JANE: &str = "jane@example.com";
const PASSWORD: &str = "password123";

#[tokio::test]
async fn john_tops_up_pays_a_merchant_and_sends_money_to_jane() {
    let host = Host::suite();
    // 1. Log in.
    let john = Client::login(&host, JOHN, PASSWORD).await;
    let jane = Client::login(&host, JANE, PASSWORD).await;

    // 2. Who am I.
    let me = john.get("/auth/me").await.expect(200);
    assert_eq!((&me["email"], &me["role"]), (&json!(JOHN), &json!("user")));
    let profile = john.get(&format!("/users/{}", me["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(profile["full_name"], "John Doe");

    // 3. The wallet, with the demo's balance.
    let wallets = john.get("/wallets").await.expect(200);
    let wallet = wallets["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(wallets["items"][0]["balance"], 1_000_000);
    assert_eq!(wallets["items"][0]["currency"], "IDR");

    // 4. Top up.
    let topup = john.post(&format!("/wallets/{wallet}/topup"), json!({ "amount": 100_000 })).await.expect(200);
    assert_eq!(topup["balance"], 1_100_000);
    assert_eq!(topup["transaction"]["status"], "COMPLETED");

    // 5. Pay.
    let body = json!({ "wallet_id": wallet, "merchant": "Tokopedia", "amount": 50_000 });
    let paid = john.post("/payments/pay", body).await.expect(201);
    assert_eq!((&paid["balance"], &paid["transaction"]["merchant"]), (&json!(1_050_000), &json!("Tokopedia")));

    // Transfer to Jane; both look at their balances.
    let jane_id = jane.get("/auth/me").await.expect(200)["id"].clone();
    let body = json!({ "from_wallet_id": wallet, "to_user_id": jane_id, "amount": 25_000, "description": "lunch" });
    let sent = john.post("/payments/transfer", body).await.expect(201);
    assert_eq!((&sent["balance"], &sent["transaction"]["status"]), (&json!(1_025_000), &json!("COMPLETED")));
    let balance = john.get(&format!("/wallets/{wallet}/balance")).await.expect(200);
    assert_eq!(balance["balance"], 1_025_000);
    let jane_balance = jane.get("/wallets").await.expect(200)["items"][0]["balance"].clone();
    assert_eq!(jane_balance, 525_000);

    // 6. The history, whole and by wallet, newest first; Jane sees what she received.
    let history = john.get("/transactions").await.expect(200);
    let kinds: Vec<_> = history["items"].as_array().expect("a list").iter().map(|t| t["type"].clone()).collect();
    assert_eq!(kinds, ["transfer", "payment", "topup", "topup"]);
    let by_wallet = john.get(&format!("/transactions/wallet/{wallet}")).await.expect(200);
    assert_eq!(by_wallet["items"], history["items"]);
    let received = jane.get("/transactions?type=transfer").await.expect(200);
    assert_eq!(received["items"][0]["description"], "lunch");

    // 7. Statistics.
    let stats = john.get("/transactions/stats").await.expect(200);
    assert_eq!(stats["total_transactions"], 4);
    assert_eq!(stats["total_topup"], 1_100_000);
    assert_eq!(stats["total_payment"], 50_000);
    assert_eq!(stats["total_transfer"], 25_000);
    assert_eq!(stats["net_amount"], 1_025_000);
    let stats = jane.get("/transactions/stats").await.expect(200);
    assert_eq!((&stats["total_received"], &stats["net_amount"]), (&json!(25_000), &json!(525_000)));
}

#[tokio::test]
async fn several_wallets_each_keep_their_own_money() {
    let host = Host::suite();
    let john = Client::login(&host, JOHN, PASSWORD).await;
    let savings = john.post("/wallets", json!({ "name": "savings" })).await.expect(201);
    let dollars = john.post("/wallets", json!({ "name": "trip", "currency": "USD" })).await.expect(201);
    assert_eq!((&savings["balance"], &dollars["currency"]), (&json!(0), &json!("USD")));
    john.post("/wallets", json!({ "name": "savings" })).await.fault(409, "wallet_exists", "/name");
    john.post("/wallets", json!({ "name": "savings", "currency": "USD" })).await.expect(201);

    let main = john.get("/wallets").await.expect(200)["items"][0]["id"].clone();
    let move_own = json!({ "from_wallet_id": main, "to_wallet_id": savings["id"], "amount": 300 });
    assert_eq!(john.post("/payments/transfer", move_own).await.expect(201)["balance"], 999_700);
    let path = |wallet: &serde_json::Value| format!("/wallets/{}", wallet["id"].as_str().expect("an id"));
    assert_eq!(john.get(&path(&savings)).await.expect(200)["balance"], 300);

    let topup = john.post(&format!("{}/topup", path(&dollars)), json!({ "amount": 1_250 })).await.expect(200);
    assert_eq!((&topup["balance"], &topup["currency"]), (&json!(1_250), &json!("USD")));
    let crossing = json!({ "from_wallet_id": main, "to_wallet_id": dollars["id"], "amount": 1 });
    john.post("/payments/transfer", crossing).await.problem(422, "currency_mismatch");
}
