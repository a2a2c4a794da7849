//! The first wallet document's flow: accounts, balances, transfers that start PENDING, and a trusted service that moves
//! money; then every wrong input that the document lists for them.

use dermaga_tests::{
    client::{Client, PASSWORD},
    hosts::Host,
};
use serde_json::json;

const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test]
async fn the_whole_journey() {
    let host = Host::suite();
    let anyone = Client::anyone(&host);
    // Register, log in, verify the token.
    let registration = json!({
        "email": "Ani@Example.org", "password": PASSWORD, "full_name": "Ani", "phone": "+62 812 3456 7890"
    });
    let registered = anyone.post("/auth/register", registration).await.expect(201);
    assert_eq!((&registered["email"], &registered["phone"]), (&json!("ani@example.org"), &json!("+6281234567890")));
    assert_eq!((&registered["role"], &registered["status"]), (&json!("user"), &json!("ACTIVE")));
    assert!(registered.get("username").is_none(), "absent rather than null: {registered}");
    let id = registered["id"].as_str().expect("an id");
    let ani = Client::login(&host, "ANI@example.org", PASSWORD).await;
    let verified = ani.get("/users/verify").await.expect(200);
    assert_eq!((&verified["valid"], &verified["user_id"]), (&json!(true), &json!(id)));

    // Profile and balance.
    let updated = ani.put(&format!("/users/{id}"), json!({ "full_name": "Ani Lestari" })).await.expect(200);
    assert_eq!((&updated["full_name"], &updated["phone"]), (&json!("Ani Lestari"), &json!("+6281234567890")));
    let balance = ani.get(&format!("/users/{id}/balance")).await.expect(200);
    assert_eq!(
        (&balance["balance"], &balance["available"], &balance["currency"]),
        (&json!(0), &json!(0), &json!("IDR"))
    );
    let topup = ani.post(&format!("/users/{id}/topup"), json!({ "amount": 500_000 })).await.expect(200);
    assert_eq!(topup["balance"], 500_000);

    // A transfer: reserved, then completed by the sender.
    let budi = Client::person(&host, "budi", 0).await;
    let transfer = json!({
        "type": "transfer", "sender_id": id, "receiver_id": budi.id, "amount": 150_000, "description": "rent"
    });
    let started = ani.post("/transactions", transfer).await.expect(201);
    assert_eq!(started["transaction"]["status"], "PENDING");
    let balance = ani.get(&format!("/users/{id}/balance")).await.expect(200);
    assert_eq!((&balance["balance"], &balance["available"]), (&json!(500_000), &json!(350_000)));
    assert_eq!(budi.balance().await, (0, 0));
    let path = format!("/transactions/{}", started["transaction"]["id"].as_str().expect("an id"));
    let completed = ani.put(&path, json!({ "status": "COMPLETED" })).await.expect(200);
    assert_eq!(completed["status"], "COMPLETED");
    assert_eq!(budi.balance().await, (150_000, 150_000));
    assert_eq!(budi.client.get(&path).await.expect(200)["description"], "rent");
    let own = ani.get(&format!("/transactions/user/{id}")).await.expect(200);
    assert_eq!(own["items"].as_array().expect("a list").len(), 2);

    // The trusted service looks a user up and moves money; the same reference moves it once.
    let service = Client::service(&host);
    assert_eq!(service.get(&format!("/internal/users/{id}")).await.expect(200)["id"], id);
    let debit = json!({ "action": "debit", "amount": 20_000, "reference": "order-1" });
    for _ in 0..2 {
        let debited = service.put(&format!("/internal/users/{id}/balance"), debit.clone()).await.expect(200);
        assert_eq!((&debited["balance"], &debited["transaction"]["type"]), (&json!(330_000), &json!("debit")));
    }
    let credit = json!({ "action": "credit", "amount": 5_000, "reference": "order-1" });
    let credited = service.put(&format!("/internal/users/{id}/balance"), credit).await.expect(200);
    assert_eq!(credited["balance"], 335_000);
    let deduct = json!({ "amount": 1_000, "description": "fee" });
    let wallet = balance["wallet_id"].as_str().expect("an id");
    let deducted = service.post(&format!("/wallets/{wallet}/deduct"), deduct).await.expect(200);
    assert_eq!(deducted["balance"], 334_000);

    // Statistics, and the end of the account.
    let stats = ani.get("/transactions/stats").await.expect(200);
    assert_eq!((&stats["total_debit"], &stats["total_credit"]), (&json!(21_000), &json!(5_000)));
    assert_eq!(stats["net_amount"], 334_000);
    ani.delete(&format!("/users/{id}")).await.problem(409, "account_not_empty");
    let spend = json!({ "wallet_id": wallet, "merchant": "Kopi", "amount": 334_000 });
    ani.post("/payments/pay", spend).await.expect(201);
    ani.delete(&format!("/users/{id}")).await.expect(204);
    anyone
        .post("/auth/login", json!({ "email": "ani@example.org", "password": PASSWORD }))
        .await
        .problem(401, "invalid_credentials");
    ani.get("/auth/me").await.problem(401, "token_invalid");
}

#[tokio::test]
async fn wrong_inputs_about_accounts() {
    let host = Host::suite();
    let anyone = Client::anyone(&host);
    let register = |body| anyone.post("/auth/register", body);
    let taken = json!({ "email": "JOHN@example.com", "password": PASSWORD });
    register(taken).await.fault(409, "email_taken", "/email");
    let taken = json!({ "username": "Panitia1", "password": PASSWORD });
    register(taken).await.fault(409, "username_taken", "/username");
    register(json!({ "password": PASSWORD })).await.fault(422, "invalid", "/email");
    register(json!({ "email": "ani@example.org" })).await.fault(422, "invalid", "/password");
    register(json!({ "email": "ani@example.org", "password": "short" })).await.fault(422, "invalid", "/password");
    let all = register(json!({ "email": "ani", "username": "x", "password": "", "phone": "call me" })).await;
    for pointer in ["/email", "/username", "/password", "/phone"] {
        all.fault(422, "invalid", pointer);
    }
    for role in ["admin", "committee"] {
        let body = json!({ "email": "ani@example.org", "password": PASSWORD, "role": role });
        register(body).await.fault(403, "role_not_open", "/role");
    }
    let unknown = json!({ "email": "ani@example.org", "password": PASSWORD, "role": "king" });
    register(unknown).await.fault(422, "invalid", "/role");

    let login = |body| anyone.post("/auth/login", body);
    login(json!({ "email": "john@example.com", "password": "wrong" })).await.problem(401, "invalid_credentials");
    login(json!({ "email": "nobody@example.com", "password": "wrong" })).await.problem(401, "invalid_credentials");
    login(json!({ "email": "not an address", "password": "wrong" })).await.problem(401, "invalid_credentials");
    login(json!({ "email": "john@example.com" })).await.fault(422, "invalid", "/password");
    login(json!({ "password": "wrong" })).await.fault(422, "invalid", "/email");

    let ani = Client::person(&host, "ani", 0).await;
    let john = Client::login(&host, "john@example.com", "password123").await;
    let johns = john.get("/auth/me").await.expect(200)["id"].as_str().expect("an id").to_owned();
    let denied = ani.client.get(&format!("/users/{johns}")).await.problem(403, "permission_denied");
    assert_eq!(denied["title"], "Permission denied");
    ani.client.get(&format!("/users/{NOBODY}")).await.problem(403, "permission_denied");
    ani.client.put(&format!("/users/{johns}"), json!({ "full_name": "X" })).await.problem(403, "permission_denied");
    ani.client.delete(&format!("/users/{johns}")).await.problem(403, "permission_denied");
    ani.client.get(&format!("/users/{johns}/balance")).await.problem(403, "permission_denied");
    ani.client.get("/users").await.problem(403, "permission_denied");
    let admin = Client::admin(&host).await;
    admin.get(&format!("/users/{NOBODY}")).await.problem(404, "user_not_found");
    let own = format!("/users/{}", ani.id);
    ani.client.put(&own, json!({ "email": "john@example.com" })).await.fault(409, "email_taken", "/email");
    let change = json!({ "password": "another horse", "current_password": "wrong" });
    ani.client.put(&own, change).await.fault(401, "invalid_credentials", "/current_password");
    ani.client.put(&own, json!({ "password": "another horse" })).await.fault(422, "invalid", "/current_password");
    let change = json!({ "password": "another horse", "current_password": PASSWORD });
    ani.client.put(&own, change).await.expect(200);
    Client::login(&host, &ani.email, "another horse").await;
}

#[tokio::test]
async fn wrong_inputs_about_money() {
    let host = Host::suite();
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let service = Client::service(&host);

    let unknown = ani.client.post("/transactions", json!({ "type": "gift", "amount": 1 })).await;
    let told = unknown.fault(422, "invalid", "/type")["detail"].to_string();
    for allowed in ["transfer", "debit", "credit", "topup", "payment"] {
        assert!(told.contains(allowed), "{told}");
    }
    ani.client.post("/transactions", json!({ "amount": 1 })).await.fault(422, "invalid", "/type");
    let too_much = json!({ "type": "transfer", "sender_id": ani.id, "receiver_id": budi.id, "amount": 1_001 });
    let refusal = ani.client.post("/transactions", too_much).await.problem(409, "insufficient_funds");
    assert!(refusal["detail"].as_str().is_some_and(|told| told.contains("IDR 1000 is available")), "{refusal}");
    let foreign = json!({ "type": "transfer", "sender_id": budi.id, "receiver_id": ani.id, "amount": 1 });
    ani.client.post("/transactions", foreign).await.problem(403, "permission_denied");
    let nowhere = json!({ "type": "transfer", "sender_id": ani.id, "receiver_id": NOBODY, "amount": 1 });
    ani.client.post("/transactions", nowhere).await.fault(422, "recipient_not_found", "/receiver_id");
    for kind in ["debit", "credit"] {
        let own = json!({ "type": kind, "user_id": ani.id, "amount": 1 });
        ani.client.post("/transactions", own).await.problem(403, "permission_denied");
    }
    ani.client.get(&format!("/transactions/{NOBODY}")).await.problem(404, "transaction_not_found");
    ani.client.get(&format!("/wallets/{}", budi.wallet)).await.problem(404, "wallet_not_found");
    let theirs = format!("/wallets/{}/topup", budi.wallet);
    ani.client.post(&theirs, json!({ "amount": 1 })).await.problem(404, "wallet_not_found");

    let path = format!("/internal/users/{}/balance", ani.id);
    let debit = json!({ "action": "debit", "amount": 1, "reference": "r" });
    Client::anyone(&host).put(&path, debit.clone()).await.problem(401, "service_token_invalid");
    ani.client.put(&path, debit.clone()).await.problem(401, "service_token_invalid");
    let wrong = ani.client.request(reqwest::Method::PUT, &path).header("X-Service-Token", "wrong").json(&debit);
    ani.client.send(wrong).await.problem(401, "service_token_invalid");
    service.put(&path, json!({ "action": "debit", "amount": 1 })).await.fault(422, "invalid", "/reference");
    let sideways = json!({ "action": "sideways", "amount": 1, "reference": "r" });
    service.put(&path, sideways).await.fault(422, "invalid", "/action");
    let too_much = json!({ "action": "debit", "amount": 1_001, "reference": "big" });
    service.put(&path, too_much).await.problem(409, "insufficient_funds");
    let unknown = format!("/internal/users/{NOBODY}/balance");
    service.put(&unknown, debit.clone()).await.problem(404, "user_not_found");
    service.put(&path, debit).await.expect(200);
    let other = json!({ "action": "debit", "amount": 2, "reference": "r" });
    service.put(&path, other).await.problem(409, "transfer_conflict");
    assert_eq!(ani.balance().await, (999, 999));
}
