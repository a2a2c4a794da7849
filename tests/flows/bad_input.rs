//! Whatever is wrong with a request, the answer names it, and nothing has happened.

use dermaga_tests::{client::Client, hosts::Host};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn amounts_that_are_none() {
    let host = Host::suite();
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let transfer = |amount: &str| {
        let body = format!(r#"{{"from_wallet_id":"{}","to_user_id":"{}","amount":{amount}}}"#, ani.wallet, budi.id);
        let request = ani.client.request(Method::POST, "/payments/transfer");
        ani.client.send(request.header("Content-Type", "application/json").body(body))
    };
    let wrong = [
        "-5",
        "0",
        "10.5",
        "9007199254740992",
        "1e400",
        "-1e400",
        "99999999999999999999",
        "\"5\"",
        "null",
        "true",
        "[5]",
        "{}",
    ];
    for amount in wrong {
        transfer(amount).await.fault(422, "invalid", "/amount");
    }
    transfer("9007199254740991").await.problem(409, "insufficient_funds");
    let path = format!("/wallets/{}/topup", ani.wallet);
    ani.client.post(&path, json!({ "amount": 9_007_199_254_740_991_i64 })).await.problem(409, "balance_limit");
    for amount in [json!(-1), json!(0), json!(0.5), json!("1000")] {
        ani.client.post(&path, json!({ "amount": amount })).await.fault(422, "invalid", "/amount");
    }
    ani.client.post(&path, json!({})).await.fault(422, "invalid", "/amount");
    assert_eq!(ani.balance().await, (1_000, 1_000));
    assert_eq!(budi.balance().await, (0, 0));
}

#[tokio::test]
async fn transfers_that_cannot_be() {
    let host = Host::suite();
    let (ani, budi) = (Client::person(&host, "ani", 1_000).await, Client::person(&host, "budi", 0).await);
    let transfer = |extra: Value| {
        let mut body = json!({ "from_wallet_id": ani.wallet, "amount": 10 });
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        ani.client.post("/payments/transfer", body)
    };
    transfer(json!({ "to_user_id": ani.id })).await.problem(422, "self_transfer");
    transfer(json!({ "to_wallet_id": ani.wallet })).await.problem(422, "self_transfer");
    transfer(json!({})).await.fault(422, "invalid", "/to_user_id");
    let both = json!({ "to_user_id": budi.id, "to_wallet_id": budi.wallet });
    transfer(both).await.fault(422, "invalid", "/to_wallet_id");
    transfer(json!({ "to_user_id": budi.id, "currency": "XXX" })).await.fault(422, "invalid", "/currency");
    transfer(json!({ "to_user_id": budi.id, "currency": "USD" })).await.fault(422, "currency_mismatch", "/currency");
    transfer(json!({ "to_user_id": budi.id, "from_wallet_id": budi.wallet })).await.problem(404, "wallet_not_found");
    let long = "x".repeat(256);
    transfer(json!({ "to_user_id": budi.id, "description": long })).await.fault(422, "invalid", "/description");
    let control = json!({ "to_user_id": budi.id, "description": "a\u{0}b" });
    transfer(control).await.fault(422, "invalid", "/description");
    let dollars = budi.client.post("/wallets", json!({ "name": "trip", "currency": "USD" })).await.expect(201);
    transfer(json!({ "to_wallet_id": dollars["id"] })).await.problem(422, "currency_mismatch");

    budi.client.delete(&format!("/users/{}", budi.id)).await.expect(204);
    transfer(json!({ "to_user_id": budi.id })).await.problem(422, "recipient_not_found");
    transfer(json!({ "to_wallet_id": budi.wallet })).await.problem(422, "recipient_not_found");
    assert_eq!(ani.balance().await, (1_000, 1_000));
}

#[tokio::test]
async fn requests_that_cannot_be_read() {
    let host = Host::suite();
    let ani = Client::person(&host, "ani", 1_000).await;
    let send = |kind: &str, body: Vec<u8>| {
        let request = ani.client.request(Method::POST, "/payments/pay").header("Content-Type", kind);
        ani.client.send(request.body(body))
    };
    let json = "application/json";
    let torn = send(json, b"{\"wallet_id\":\n  oops".to_vec()).await.problem(400, "malformed_json");
    assert!(torn["detail"].as_str().is_some_and(|told| told.contains("line 2")), "{torn}");
    send(json, Vec::new()).await.problem(400, "malformed_json");
    send(json, vec![0xff, 0xfe]).await.problem(400, "malformed_json");
    send(json, b"[1,2]".to_vec()).await.problem(422, "invalid");
    send(json, b"\"text\"".to_vec()).await.problem(422, "invalid");
    send("text/plain", b"{}".to_vec()).await.problem(415, "unsupported_media_type");
    send("application/x-www-form-urlencoded", b"amount=5".to_vec()).await.problem(415, "unsupported_media_type");
    send(json, vec![b' '; (1 << 20) + 1]).await.problem(413, "body_too_large");
    let chunks = futures::stream::iter((0..20).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 16])));
    let request = ani.client.request(Method::POST, "/payments/pay").header("Content-Type", json);
    let chunked = ani.client.send(request.body(reqwest::Body::wrap_stream(chunks))).await;
    chunked.problem(413, "body_too_large");
    let many = send(json, br#"{"wallet_id":"x","amount":"much","description":7}"#.to_vec()).await;
    for pointer in ["/wallet_id", "/merchant", "/amount", "/description"] {
        many.fault(422, "invalid", pointer);
    }
    assert_eq!(ani.balance().await, (1_000, 1_000));
}

#[tokio::test]
async fn places_that_are_not_there() {
    let host = Host::suite();
    let ani = Client::person(&host, "ani", 0).await;
    ani.client.get("/nowhere").await.problem(404, "route_unknown");
    ani.client.get("/wallets/not-an-id").await.problem(404, "path_id_invalid");
    let wrong = ani.client.request(Method::PATCH, "/wallets");
    let wrong = ani.client.send(wrong).await;
    wrong.problem(405, "method_not_allowed");
    let allowed = wrong.header("allow");
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    for query in [
        "limit=many",
        "limit=0",
        "limit=-1",
        "after=me",
        "status=DONE",
        "type=gift",
        "from=yesterday",
        "min_amount=1.5",
    ] {
        ani.client.get(&format!("/transactions?{query}")).await.problem(400, "bad_parameter");
    }
    ani.client.get(&format!("/wallets/{}/balance?at=now", ani.wallet)).await.problem(400, "bad_parameter");
    // A limit beyond the bound is bounded, not refused.
    ani.client.get("/transactions?limit=100000").await.expect(200);
    // What looks like a pattern is text.
    for text in ["%25", "_", "%5C", "'", "%00"] {
        let found = ani.client.get(&format!("/transactions?text={text}")).await.expect(200);
        assert_eq!(found["items"], json!([]));
    }
}
