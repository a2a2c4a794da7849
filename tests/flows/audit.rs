//! The audit trail: who did what to whom, found again by whoever keeps the books.
//!
//! Each test does something over HTTP and then asks for the entry as a reviewer would, by action and subject. What must
//! never be in the trail is looked for in all of it: it cannot be erased, so it must not hold what has to be.

use dermaga_tests::{
    client::{Client, PASSWORD, Person},
    hosts::{ADMIN_PASSWORD, Host, SERVICE_TOKEN},
};
use serde_json::{Value, json};

/// The entries that match the filters, newest first.
async fn entries(admin: &Client, filters: &str) -> Vec<Value> {
    let body = admin.get(&format!("/audit?limit=100{filters}")).await.expect(200);
    body["items"].as_array().expect("a list").clone()
}

/// The one entry with that action and subject.
async fn entry(admin: &Client, action: &str, subject: &str) -> Value {
    let mut found = entries(admin, &format!("&action={action}&subject={subject}")).await;
    assert_eq!(found.len(), 1, "{action} of {subject}: {found:?}");
    let entry = found.remove(0);
    assert_eq!((&entry["action"], &entry["subject"]), (&json!(action), &json!(subject)));
    assert!(entry["id"].is_string() && entry["at"].is_string(), "{entry}");
    entry
}

/// Who has done it.
async fn actor(admin: &Client, action: &str, subject: &str) -> String {
    entry(admin, action, subject).await["actor"].as_str().expect("a text").to_owned()
}

fn user(person: &Person) -> String {
    format!("user:{}", person.id)
}

/// The subject of the transaction that an answer tells of.
fn subject(answer: &Value) -> String {
    format!("transaction:{}", answer["transaction"]["id"].as_str().expect("an id"))
}

/// Who is logged in with this client, as the trail names them.
async fn name(client: &Client) -> String {
    format!("user:{}", client.get("/auth/me").await.expect(200)["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn identity_leaves_its_trail() {
    let host = Host::suite();
    let (anyone, admin) = (Client::anyone(&host), Client::admin(&host).await);
    let administrator = name(&admin).await;
    let ani = Client::person(&host, "ani", 0).await;
    let ani_is = user(&ani);

    // Who registers is nobody yet; what they did is filed under the account it made.
    assert_eq!(actor(&admin, "auth.registered", &ani_is).await, ani_is);
    let logins = entries(&admin, &format!("&action=auth.logged_in&actor={ani_is}")).await;
    assert_eq!(logins.len(), 1, "{logins:?}");
    assert!(logins[0]["subject"].as_str().is_some_and(|subject| subject.starts_with("session:")), "{logins:?}");

    let wrong = json!({ "email": ani.email, "password": "a wrong password" });
    for _ in 0..2 {
        anyone.post("/auth/login", wrong.clone()).await.problem(401, "invalid_credentials");
    }
    let failed = entries(&admin, "&action=auth.login_failed").await;
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(failed.iter().all(|entry| entry["actor"] == "anyone"), "{failed:?}");
    assert_eq!(failed[0]["subject"], failed[1]["subject"], "attempts on one login can be told");

    ani.client.put(&format!("/users/{}", ani.id), json!({ "full_name": "Ani Lestari" })).await.expect(200);
    assert_eq!(actor(&admin, "auth.profile_changed", &ani_is).await, ani_is);
    admin.put(&format!("/auth/users/{}/role", ani.id), json!({ "role": "committee" })).await.expect(200);
    let change = entry(&admin, "auth.role_changed", &ani_is).await;
    assert_eq!((&change["actor"], &change["detail"]), (&json!(administrator), &json!("user -> committee")));

    let budi = Client::person(&host, "budi", 0).await;
    budi.client.post("/auth/logout", json!({})).await.expect(204);
    let logouts = entries(&admin, &format!("&action=auth.logged_out&actor={}", user(&budi))).await;
    assert_eq!(logouts.len(), 1, "{logouts:?}");
    let made = admin.post("/users", json!({ "username": "employee", "password": PASSWORD })).await.expect(201);
    let made = format!("user:{}", made["id"].as_str().expect("an id"));
    assert_eq!(actor(&admin, "auth.registered", &made).await, administrator);

    ani.client.delete(&format!("/users/{}", ani.id)).await.expect(204);
    assert_eq!(actor(&admin, "auth.account_closed", &ani_is).await, ani_is);
    admin.delete(&format!("/users/{}", budi.id)).await.expect(204);
    assert_eq!(actor(&admin, "auth.account_closed", &user(&budi)).await, administrator);
}

#[tokio::test]
async fn money_leaves_its_trail() {
    let host = Host::suite();
    let (admin, service) = (Client::admin(&host).await, Client::service(&host));
    let ani = Client::person(&host, "ani", 0).await;
    let budi = Client::person(&host, "budi", 0).await;
    let (ani_is, completed) = (user(&ani), "transaction.completed");

    let topup = ani.client.post(&format!("/wallets/{}/topup", ani.wallet), json!({ "amount": 100_000 })).await;
    let topup = subject(&topup.expect(200));
    let detail = entry(&admin, completed, &topup).await;
    // On the word of its gateway, which says that the money is there.
    assert_eq!(detail["actor"], "service:sandbox");
    assert!(detail["detail"].as_str().is_some_and(|text| text.contains("100000")), "{detail}");

    let payment = json!({ "wallet_id": ani.wallet, "merchant": "Toko", "amount": 20_000 });
    let paid = ani.client.post("/payments/pay", payment).await.expect(201);
    assert_eq!(actor(&admin, completed, &subject(&paid)).await, ani_is);
    let transfer = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 10_000 });
    let sent = ani.client.post("/payments/transfer", transfer).await.expect(201);
    assert_eq!(actor(&admin, completed, &subject(&sent)).await, ani_is);

    let debit = json!({ "action": "debit", "amount": 5_000, "reference": "order-1" });
    let path = format!("/internal/users/{}/balance", ani.id);
    let debited = service.put(&path, debit.clone()).await.expect(200);
    assert_eq!(actor(&admin, completed, &subject(&debited)).await, "service:internal");
    // Said again it moves nothing, so there is nothing to write down.
    service.put(&path, debit).await.expect(200);
    assert_eq!(actor(&admin, completed, &subject(&debited)).await, "service:internal");

    let transfer = json!({ "type": "transfer", "sender_id": ani.id, "receiver_id": budi.id, "amount": 1_000 });
    let started = subject(&ani.client.post("/transactions", transfer).await.expect(201));
    assert_eq!(actor(&admin, "transaction.pending", &started).await, ani_is);
    let id = started.strip_prefix("transaction:").expect("a transaction");
    ani.client.post(&format!("/transactions/{id}/cancel"), json!({})).await.expect(200);
    assert_eq!(actor(&admin, "transaction.cancelled", &started).await, ani_is);

    let id = paid["transaction"]["id"].as_str().expect("an id");
    let refund = json!({ "amount": 20_000, "reason": "arrived broken" });
    admin.post(&format!("/transactions/{id}/refund"), refund).await.expect(200);
    let refunded = entry(&admin, "transaction.refunded", &subject(&paid)).await;
    assert_eq!(refunded["actor"], name(&admin).await);
    assert!(refunded["detail"].as_str().is_some_and(|text| text.contains("arrived broken")), "{refunded}");
}

#[tokio::test]
async fn what_was_refused_is_not_written_down_as_done() {
    let host = Host::suite();
    let admin = Client::admin(&host).await;
    let ani = Client::person(&host, "ani", 1_000).await;
    let before = entries(&admin, &format!("&actor={}", user(&ani))).await;
    let payment = json!({ "wallet_id": ani.wallet, "merchant": "Toko", "amount": 1_001 });
    ani.client.post("/payments/pay", payment).await.problem(409, "insufficient_funds");
    ani.client.delete(&format!("/users/{}", ani.id)).await.problem(409, "account_not_empty");
    ani.client.put(&format!("/auth/users/{}/role", ani.id), json!({ "role": "admin" })).await.expect(403);
    assert_eq!(entries(&admin, &format!("&actor={}", user(&ani))).await, before);
}

#[tokio::test]
async fn only_administrators_read_it_and_they_read_it_in_parts() {
    let host = Host::suite();
    let admin = Client::admin(&host).await;
    let ani = Client::person(&host, "ani", 1_000).await;
    ani.client.get("/audit").await.problem(403, "permission_denied");
    ani.client.get(&format!("/audit?actor={}", user(&ani))).await.problem(403, "permission_denied");
    Client::service(&host).get("/audit").await.expect(401);
    Client::anyone(&host).get("/audit").await.problem(401, "token_missing");

    let all = entries(&admin, "").await;
    let times: Vec<&str> = all.iter().map(|entry| entry["at"].as_str().expect("a moment")).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    let first = admin.get("/audit?limit=2").await.expect(200);
    let next = first["next"].as_str().expect("there is more");
    let second = admin.get(&format!("/audit?limit=2&after={next}")).await.expect(200);
    let parts: Vec<&Value> =
        [&first, &second].into_iter().flat_map(|part| part["items"].as_array().expect("a list")).collect();
    assert_eq!(parts, all.iter().take(4).collect::<Vec<_>>());
    let since = entries(&admin, &format!("&from={}", times[0])).await;
    assert_eq!(since.len(), times.iter().filter(|time| *time == &times[0]).count());
    let until = entries(&admin, &format!("&to={}", times[0])).await;
    assert_eq!(since.len() + until.len(), all.len());
    assert!(entries(&admin, "&actor=user:nobody").await.is_empty());
}

#[tokio::test]
async fn it_holds_no_password_no_token_and_no_address() {
    let host = Host::suite();
    let (anyone, admin, service) = (Client::anyone(&host), Client::admin(&host).await, Client::service(&host));
    let ani = Client::person(&host, "ani", 50_000).await;
    let login = json!({ "email": ani.email, "password": PASSWORD });
    let tokens = anyone.post("/auth/login", login).await.expect(200);
    let refreshed = anyone.post("/auth/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await.expect(200);
    for (email, password) in [(ani.email.as_str(), "a wrong password"), ("stranger@example.net", "another wrong one")] {
        anyone.post("/auth/login", json!({ "email": email, "password": password })).await.expect(401);
    }
    let change = json!({
        "email": "ani.lestari@example.net", "phone": "+62 812 3456 7890", "full_name": "Ani Lestari",
        "current_password": PASSWORD, "password": "battery staple"
    });
    ani.client.put(&format!("/users/{}", ani.id), change).await.expect(200);
    let debit = json!({ "action": "debit", "amount": 5_000, "reference": "order-1" });
    service.put(&format!("/internal/users/{}/balance", ani.id), debit).await.expect(200);

    let all = entries(&admin, "").await;
    assert!(all.len() > 10 && all.len() < 100, "all of it was read: {}", all.len());
    let text = serde_json::to_string(&all).expect("a text");
    let token = |pair: &Value, name: &str| pair[name].as_str().expect("a token").to_owned();
    let secrets = [
        PASSWORD.to_owned(),
        ADMIN_PASSWORD.to_owned(),
        SERVICE_TOKEN.to_owned(),
        token(&tokens, "access_token"),
        token(&tokens, "refresh_token"),
        token(&refreshed, "access_token"),
        token(&refreshed, "refresh_token"),
    ];
    assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "a secret is in {text}");
    for word in ["@", "password123", "wrong", "battery", "Lestari", "6281234567890", "eyJ", "$argon2"] {
        assert!(!text.contains(word), "{word} is in {text}");
    }
}
