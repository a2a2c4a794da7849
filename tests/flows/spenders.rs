//! 64 spenders of one balance at once: exactly what fits succeeds.

use dermaga_tests::{client::Client, hosts::Host};
use futures::future::join_all;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_what_fits_is_spent() {
    let host = Host::suite();
    let (ani, budi) = (Client::person(&host, "ani", 20 * 500 + 499).await, Client::person(&host, "budi", 0).await);
    let spend = |n: usize| {
        let ani = &ani;
        let budi = &budi;
        async move {
            match n % 3 {
                0 => {
                    let body = json!({ "wallet_id": ani.wallet, "merchant": "Kopi", "amount": 500 });
                    ani.client.post("/payments/pay", body).await
                }
                1 => {
                    let body = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 500 });
                    ani.client.post("/payments/transfer", body).await
                }
                _ => {
                    let sender = &ani.id;
                    let body =
                        json!({ "type": "transfer", "sender_id": sender, "receiver_id": budi.id, "amount": 500 });
                    ani.client.post("/transactions", body).await
                }
            }
        }
    };
    let answers = join_all((0..64).map(spend)).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.as_u16() == 201);
    assert_eq!(done.len(), 20);
    for answer in refused {
        answer.problem(409, "insufficient_funds");
    }
    assert_eq!(ani.balance().await.1, 499);

    let admin = Client::admin(&host).await;
    let report = admin.post("/ledger/verify", json!(null)).await.expect(200);
    assert_eq!((&report["clean"], &report["findings"]), (&json!(true), &json!([])));
    let trial = admin.get("/ledger/trial-balance").await.expect(200);
    assert_eq!(trial["balanced"], true);
    assert!(trial["rows"].as_array().is_some_and(|rows| rows.len() >= 3), "{trial}");
}
