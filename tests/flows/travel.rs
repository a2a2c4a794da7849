//! The ticket shop's system, over HTTP: credits from the price list to the token on the meter, with a server that plays
//! the supplier.

use std::time::Duration;

use dermaga_tests::{
    client::{Client, Person},
    databases::Engine,
    hosts::Host,
    patience::{until, within},
};
use serde_json::{Value, json};

use crate::agency::{Agency, comes_to, confirm};

/// Buys, paid from the wallet.
async fn buy(person: &Person, sku: &str, number: &str, max_total: i64) -> Value {
    let body = json!({
        "sku": sku, "customer_no": number, "max_total": max_total,
        "payment": { "method": "wallet", "wallet_id": person.wallet },
    });
    let booked = person.client.post("/ppob/purchases", body).await.expect(201);
    confirm(person, &booked).await;
    booked
}

async fn order_comes_to(person: &Person, booked: &Value, status: &str) {
    let path = format!("/orders/{}", booked["order"]["id"].as_str().expect("an id"));
    until(&format!("{path} is {status}"), async || {
        (person.client.get(&path).await.expect(200)["status"] == status).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_found_bought_from_the_wallet_and_read_by_nobody_else() {
    within(120, async {
        for engine in Engine::ALL {
            let agency = Agency::open(engine).await;
            let ani = Client::person(&agency.host, "ani", 100_000).await;
            let budi = Client::person(&agency.host, "budi", 0).await;
            let admin = Client::admin(&agency.host).await;
            let pulsa = Client::anyone(&agency.host).get("/ppob/products?category=pulsa").await.expect(200);
            let listed = pulsa["items"].as_array().expect("a list");
            let xl = listed.iter().find(|one| one["sku"] == "xld10").expect("is sold");
            assert_eq!((&xl["price"], &xl["available"]), (&json!(11_500), &json!(true)));

            let body = json!({ "sku": "xld10", "customer_no": "0878-0000-1230", "max_total": 11_499 });
            ani.client.post("/ppob/purchases", body).await.fault(409, "price_changed", "/max_total");
            let body = json!({ "sku": "xld11", "customer_no": "0878-0000-1230" });
            ani.client.post("/ppob/purchases", body).await.fault(422, "invalid", "/sku");

            let booked = buy(&ani, "xld10", "0878-0000-1230", 11_500).await;
            assert_eq!(booked["booking"]["customer_no"], "********1230");
            let done = comes_to(&ani, &booked, "FULFILLED").await;
            assert_eq!((&done["serial"], &done["price"]), (&json!("1234567890"), &json!(11_500)));
            order_comes_to(&ani, &booked, "COMPLETED").await;
            assert_eq!(ani.balance().await.0, 88_500);

            let path = format!("/bookings/{}", done["id"].as_str().expect("an id"));
            budi.client.get(&path).await.problem(404, "booking_not_found");
            let seen = admin.get(&path).await.expect(200);
            assert!(seen["serial"].is_null() && seen["status"] == "FULFILLED", "{seen}");
            assert!(budi.client.get("/bookings").await.expect(200)["items"].as_array().expect("a list").is_empty());
            let listed = ani.client.get("/bookings?kind=ppob&status=FULFILLED").await.expect(200);
            assert!(listed["items"][0]["id"] == done["id"] && listed["items"][0]["serial"].is_null(), "{listed}");
            agency.deployment.verify();
            let log = agency.host.log();
            assert!(!log.contains("1234567890") && !log.contains("087800001230"), "{log}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_found_and_a_refusal_is_paid_back() {
    within(120, async {
        let agency = Agency::open(Engine::Sqlite).await;
        let ani = Client::person(&agency.host, "ani", 100_000).await;
        // The number that Digiflazz documents as one that takes a while; and the answer is garbage.
        agency.fault("/v1/transaction", "html").await;
        let booked = buy(&ani, "xld10", "087800001233", 11_500).await;
        comes_to(&ani, &booked, "UNKNOWN").await;
        // The supplier's webhook makes the host ask.
        agency.sandbox.app.advance(Duration::from_secs(31)).await;
        let done = comes_to(&ani, &booked, "FULFILLED").await;
        assert_eq!(agency.sold(&done).await, 1);
        assert_eq!(ani.balance().await.0, 88_500);

        // And the one that fails.
        let booked = buy(&ani, "xld10", "087800001232", 11_500).await;
        let failed = comes_to(&ani, &booked, "FAILED").await;
        assert!(failed["reason"].is_string() && failed["frozen"] == false, "{failed}");
        order_comes_to(&ani, &booked, "CANCELLED").await;
        until("the money is back", async || (ani.balance().await.0 == 88_500).then_some(())).await;
        agency.deployment.verify();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_sells_tokens_with_twenty_digits_at_any_hour() {
    within(120, async {
        let host = Host::suite();
        let ani = Client::person(&host, "ani", 200_000).await;
        let listed = Client::anyone(&host).get("/ppob/products?category=PLN").await.expect(200);
        let token = listed["items"].as_array().expect("a list").iter().find(|one| one["sku"] == "pln100");
        assert_eq!(token.expect("is listed")["available"], true, "it has no cut-off");
        let booked = buy(&ani, "pln100", "530000000001", 101_700).await;
        let done = comes_to(&ani, &booked, "FULFILLED").await;
        let token = done["token"].as_str().expect("a token");
        assert!(token.len() == 20 && token.bytes().all(|digit| digit.is_ascii_digit()), "it is a token");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bill_is_asked_for_ordered_and_paid_from_the_wallet() {
    within(120, async {
        let agency = Agency::open(Engine::Sqlite).await;
        let ani = Client::person(&agency.host, "ani", 5_000_000).await;
        let budi = Client::person(&agency.host, "budi", 5_000_000).await;
        let listed = ani.client.get("/ppob/products").await.expect(200);
        let biller = listed["items"].as_array().expect("a list").iter().find(|one| one["sku"] == "pln");
        assert!(biller.is_some_and(|one| one["kind"] == "postpaid" && one["price"].is_null()), "{listed}");
        let wrong = json!({ "sku": "pln", "customer_no": "999999999999" });
        ani.client.post("/ppob/inquiries", wrong).await.fault(422, "invalid", "/customer_no");
        let taxed = json!({ "sku": "samsat", "customer_no": "9658548523568701,0212502110170100" });
        assert_eq!(ani.client.post("/ppob/inquiries", taxed).await.expect(201)["booking"]["status"], "QUOTED");
        for number in ["9658548523568701,", "9658,5485,2356", "budi,0212502110170100"] {
            let wrong = json!({ "sku": "samsat", "customer_no": number });
            ani.client.post("/ppob/inquiries", wrong).await.fault(422, "invalid", "/customer_no");
        }
        let bill = ani.client.post("/ppob/inquiries", json!({ "sku": "pln", "customer_no": "530000000001" })).await;
        let bill = bill.expect(201);
        assert!(bill["customer_name"].is_string() && bill["booking"]["status"] == "QUOTED", "{bill}");
        let body = |person: &Person| {
            let payment = json!({ "method": "wallet", "wallet_id": person.wallet });
            json!({ "inquiry_id": bill["booking"]["id"], "payment": payment })
        };
        budi.client.post("/ppob/purchases", body(&budi)).await.fault(422, "invalid", "/inquiry_id");
        let booked = ani.client.post("/ppob/purchases", body(&ani)).await.expect(201);
        confirm(&ani, &booked).await;
        assert_eq!(booked["order"]["total"], bill["booking"]["price"]);
        comes_to(&ani, &booked, "FULFILLED").await;
        order_comes_to(&ani, &booked, "COMPLETED").await;
        agency.deployment.verify();
    })
    .await;
}
