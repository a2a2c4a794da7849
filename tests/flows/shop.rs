//! The e-commerce document's system: ten steps from the guest's name to the goods, and its ten seconds.

use std::time::Duration;

use dermaga_tests::{
    client::Client,
    databases::{Database, Engine},
    deployment::{Deployment, assert_books_are_whole},
    hosts::{Folder, Host},
    patience::within,
};
use futures::future::join_all;
use serde_json::{Value, json};

/// The shop host on a database of its own, with an administrator, and these settings besides.
async fn shop(engine: Engine, settings: &'static [(&'static str, &'static str)]) -> (Database, Deployment, Host) {
    let database = Database::empty(engine).await;
    let deployment = Deployment::adapted(&database.url, move |mut command| {
        command.envs(settings.iter().copied());
        command
    });
    let host = deployment.host_of("dermaga-shop");
    (database, deployment, host)
}

async fn guest(host: &Host, name: &str) -> (String, Client) {
    let anyone = Client::anyone(host);
    let made = anyone.post("/users", json!({ "full_name": name, "phone": "081234567890" })).await.expect(201);
    let token = made["access_token"].as_str().expect("a token");
    (text(&made["id"]), anyone.with_token(token))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

async fn offer(admin: &Client, name: &str, price: i64, stock: i64) -> String {
    let product = json!({ "name": name, "price": price, "stock": stock });
    text(&admin.post("/products", product).await.expect(201)["id"])
}

async fn stock(client: &Client, product: &str) -> (i64, i64) {
    let body = client.get(&format!("/products/{product}")).await.expect(200);
    (body["stock"].as_i64().expect("a number"), body["available"].as_i64().expect("a number"))
}

/// Waits until an order has that status.
async fn becomes(client: &Client, order: &str, status: &str) {
    let wait = async {
        while client.get(&format!("/orders/{order}")).await.expect(200)["status"] != status {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), wait).await.is_ok(), "{order} does not become {status}");
}

const TEN_SECONDS: &[(&str, &str)] = &[("DERMAGA_PAYMENT_WINDOW", "10")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ten_steps_of_the_document_within_its_ten_seconds() {
    within(120, async {
        for engine in Engine::ALL {
            let (_database, deployment, host) = shop(engine, TEN_SECONDS).await;
            let admin = Client::admin(&host).await;
            let shoes = offer(&admin, "Sepatu Sport", 250_000, 10).await;
            offer(&admin, "Tas Ransel", 150_000, 15).await;
            // 1 to 3: who somebody is, and what there is.
            let (id, ani) = guest(&host, "Ani").await;
            let listed = Client::anyone(&host).get("/products").await.expect(200);
            assert_eq!(listed["items"].as_array().expect("a list").len(), 2);
            let check = ani.get(&format!("/products/{shoes}/check-stock?quantity=2")).await.expect(200);
            assert_eq!(check, json!({ "available": 10, "sufficient": true }));
            // 4: the order.
            let order = ani.post("/orders", json!({ "product_id": shoes, "quantity": 2 })).await.expect(201);
            assert_eq!(
                (&order["status"], &order["total"], &order["user_id"]),
                (&json!("CONFIRMED"), &json!(500_000), &json!(id))
            );
            let order = text(&order["id"]);
            assert_eq!(stock(&ani, &shoes).await, (10, 8));
            // 5 to 7: the payment.
            let paying = ani.post("/payments", json!({ "order_id": order, "method": "instant" })).await.expect(201);
            assert_eq!(paying["state"], "PAID");
            ani.post("/payments/confirm", json!({ "payment_id": paying["id"] })).await.expect(200);
            let payments = ani.get(&format!("/payments/order/{order}")).await.expect(200);
            assert_eq!(payments["items"][0]["id"], paying["id"]);
            // 8: staff sees what is paid.
            let waiting = admin.get("/orders?status=PAID").await.expect(200);
            assert_eq!(waiting["items"][0]["id"], order.as_str());
            let detail = admin.get(&format!("/orders/{order}/detail")).await.expect(200);
            assert_eq!(detail["buyer"]["full_name"], "Ani");
            assert_eq!(stock(&ani, &shoes).await, (10, 8), "it falls when it is delivered");
            // 9 and 10: staff confirms.
            ani.put(&format!("/orders/{order}/confirm"), json!(null)).await.problem(403, "permission_denied");
            let done = admin.put(&format!("/orders/{order}/confirm"), json!(null)).await.expect(200);
            assert_eq!((&done["status"], stock(&ani, &shoes).await), (&json!("COMPLETED"), (8, 8)));

            // And not within ten seconds.
            let late = ani.post("/orders", json!({ "product_id": shoes, "quantity": 8 })).await.expect(201);
            let late = text(&late["id"]);
            let none = ani.post("/orders", json!({ "product_id": shoes, "quantity": 1 })).await;
            let none = none.fault(409, "insufficient_stock", "/quantity");
            assert!(none["detail"].as_str().expect("a text").contains("0 of \"Sepatu Sport\""), "{none}");
            tokio::time::sleep(Duration::from_secs(10)).await;
            let closed = ani.post("/payments", json!({ "order_id": late, "method": "instant" })).await;
            closed.problem(409, "payment_window_closed");
            becomes(&ani, &late, "EXPIRED").await;
            assert_eq!(stock(&ani, &shoes).await, (8, 8));
            // The till took it anyway: the money is the buyer's, and buys nothing.
            let till = json!({ "reference": "till 7", "amount": 2_000_000 });
            Client::service(&host).put(&format!("/orders/{late}/payment"), till).await.expect(200);
            let payment = ani.get(&format!("/payments/order/{late}")).await.expect(200)["items"][0].clone();
            assert_eq!((&payment["state"], &payment["used"]), (&json!("PAID"), &json!("surplus")));
            assert_eq!(ani.get(&format!("/orders/{late}")).await.expect(200)["status"], "EXPIRED");
            let report = admin.post("/inventory/verify", json!(null)).await.expect(200);
            assert_eq!(report, json!({ "items": 2, "whole": true, "findings": [] }));
            deployment.verify();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_administrators_who_confirm_one_order_one_succeeds() {
    within(60, async {
        let host = Host::suite();
        let admin = Client::admin(&host).await;
        let ani = Client::person(&host, "ani", 0).await;
        let shoes = offer(&admin, "Sepatu", 1_000, 40).await;
        for _ in 0..10 {
            let choice = json!({ "product_id": shoes, "quantity": 1, "payment": { "method": "instant" } });
            let order = ani.client.post("/orders", choice).await.expect(201);
            assert_eq!(order["payment"]["state"], "PAID", "paid in the same request");
            let path = format!("/orders/{}/confirm", text(&order["id"]));
            let answers = join_all((0..2).map(|_| admin.put(&path, json!(null)))).await;
            let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.as_u16() == 200);
            assert_eq!((done.len(), refused.len()), (1, 1));
            let told = refused[0].problem(409, "illegal_transition");
            assert!(told["detail"].as_str().expect("a text").contains("COMPLETED"), "{told}");
        }
        assert_eq!(stock(&admin, &shoes).await, (30, 30));
        assert_books_are_whole(&host).await;
    })
    .await;
}

/// A thousand guests at once, each for one of a hundred.
async fn rush(hosts: &[&Host], deployment: &Deployment) {
    const BUYERS: usize = 1_000;
    let admin = Client::admin(hosts[0]).await;
    let product = offer(&admin, "Kaos Edisi Terbatas", 99_000, 100).await;
    let mut guests = Vec::new();
    for chunk in 0..BUYERS / 50 {
        let host = hosts[chunk % hosts.len()];
        guests
            .extend(join_all((0..50).map(|n| async move { guest(host, &format!("Tamu {chunk} {n}")).await.1 })).await);
    }
    let buy = |n: usize, client: Client| {
        let body = json!({ "product_id": product, "quantity": 1 });
        async move {
            // Who is told to come back, because the database is busy or the first try not ended, asks again; the key
            // makes it the same request.
            loop {
                let answer = client.post_once("/orders", &format!("buy-{n}"), body.clone()).await;
                if answer.header("retry-after").is_empty() {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    };
    let answers = join_all(guests.iter().cloned().enumerate().map(|(n, client)| buy(n, client))).await;
    let (sold, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.as_u16() == 201);
    for answer in &refused {
        let told = answer.fault(409, "insufficient_stock", "/quantity");
        assert!(told["detail"].as_str().expect("a text").contains("nly 0 of"), "{told}");
    }
    assert_eq!((sold.len(), refused.len()), (100, 900));
    assert_eq!(stock(&admin, &product).await, (100, 0));
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let page = admin.get(&format!("/orders?product_id={product}&limit=200{after}")).await.expect(200);
        listed.extend(page["items"].as_array().expect("a list").iter().map(|order| text(&order["id"])));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let mut answered: Vec<String> = sold.iter().map(|answer| text(&answer.json()["id"])).collect();
    listed.sort();
    answered.sort();
    assert_eq!(listed, answered, "no order that nobody was told of, and none that is told and not there");
    // Sixty pay, at both hosts; of those, forty are delivered; the rest lets the time pass.
    let service: Vec<Client> = hosts.iter().map(|host| Client::service(host)).collect();
    let admins: Vec<Client> = hosts.iter().map(|host| admin.on(host)).collect();
    join_all(answered.iter().take(60).enumerate().map(|(n, order)| {
        let (service, admin) = (&service[n % service.len()], &admins[n % admins.len()]);
        async move {
            let taken = json!({ "reference": format!("till {order}"), "amount": 99_000 });
            service.put(&format!("/orders/{order}/payment"), taken).await.expect(200);
            if n < 40 {
                admin.put(&format!("/orders/{order}/confirm"), json!(null)).await.expect(200);
            }
        }
    }))
    .await;
    let free = async {
        while stock(&admin, &product).await != (60, 40) {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let freed = tokio::time::timeout(Duration::from_secs(100), free).await;
    assert!(freed.is_ok(), "what nobody paid is free again: {:?}", stock(&admin, &product).await);
    becomes(&admin, &answered[99], "EXPIRED").await;
    let report = admin.post("/inventory/verify", json!(null)).await.expect(200);
    assert_eq!(report["whole"], true, "{report}");
    deployment.verify();
}

/// Long enough for a thousand orders, short enough to wait for.
const RUSH: &[(&str, &str)] = &[("DERMAGA_PAYMENT_WINDOW", "40"), ("REQUEST_TIMEOUT", "60")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_buyers_a_hundred_get_one_of_a_hundred_on_sqlite() {
    within(400, async {
        let (_database, deployment, host) = shop(Engine::Sqlite, RUSH).await;
        rush(&[&host], &deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_buyers_a_hundred_get_one_of_a_hundred_on_two_hosts_and_postgres() {
    within(400, async {
        let (_database, deployment, host) = shop(Engine::Postgres, RUSH).await;
        let second = deployment.host_of("dermaga-shop");
        rush(&[&host, &second], &deployment).await;
    })
    .await;
}

#[tokio::test]
async fn the_demo_sells_what_the_document_sells() {
    let host = Host::start("dermaga-shop", Folder::new(), &[]);
    let listed = Client::anyone(&host).get("/products").await.expect(200);
    let mut offers: Vec<(String, i64, i64)> = listed["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|product| {
            let number = |name: &str| product[name].as_i64().expect("a number");
            (text(&product["name"]), number("price"), number("stock"))
        })
        .collect();
    offers.sort();
    assert_eq!(offers, [("Sepatu Sport".to_owned(), 250_000, 10), ("Tas Ransel".to_owned(), 150_000, 15)]);
}

#[tokio::test]
async fn bad_orders_and_products_are_refused_by_field() {
    let host = Host::suite();
    let admin = Client::admin(&host).await;
    let ani = Client::person(&host, "ani", 0).await.client;
    let shoes = offer(&admin, "Sepatu", 1_000, 5).await;
    let nobody = "018f0000-0000-7000-8000-000000000000";
    let bad = |body: Value, pointer: &'static str| {
        let ani = ani.clone();
        async move { ani.post("/orders", body).await.fault(422, "invalid", pointer) }
    };
    bad(json!({}), "/lines").await;
    bad(json!({ "lines": [] }), "/lines").await;
    bad(json!({ "product_id": shoes, "quantity": -1 }), "/quantity").await;
    bad(json!({ "product_id": shoes, "quantity": 1e18 }), "/quantity").await;
    bad(json!({ "product_id": shoes }), "/quantity").await;
    bad(json!({ "product_id": "shoes", "quantity": 1 }), "/product_id").await;
    bad(json!({ "product_id": nobody, "quantity": 1 }), "/product_id").await;
    bad(json!({ "ticket_type_id": nobody, "quantity": 1 }), "/ticket_type_id").await;
    bad(json!({ "ticket_type_id": nobody, "quantity": 101 }), "/quantity").await;
    bad(json!({ "service_type": "product", "service_id": nobody, "quantity": 1 }), "/service_id").await;
    bad(json!({ "lines": [{ "product_id": nobody, "quantity": 1 }] }), "/lines/0/product_id").await;
    bad(json!({ "lines": [{ "product_id": shoes, "quantity": 0 }] }), "/lines/0/quantity").await;
    bad(json!({ "service_type": "flight", "service_id": shoes, "quantity": 1 }), "/service_type").await;
    bad(json!({ "product_id": shoes, "quantity": 1, "payment": { "method": "barter" } }), "/payment/method").await;
    let card = json!({ "method": "credit_card", "token": "4811 1111 1111 1114" });
    bad(json!({ "product_id": shoes, "quantity": 1, "payment": card }), "/payment/token").await;
    let short =
        json!({ "service_type": "product", "service_id": shoes, "quantity": 1, "booking_details": { "gift": true } });
    let order = ani.post("/orders", short).await.expect(201);
    assert_eq!(order["lines"][0]["note"], r#"{"gift":true}"#);
    assert_eq!(stock(&ani, &shoes).await, (5, 4), "the refused ones hold nothing");

    let id = text(&order["id"]);
    admin
        .put(&format!("/orders/{id}/status"), json!({ "status": "COMPLETED" }))
        .await
        .problem(409, "illegal_transition");
    admin.put(&format!("/orders/{id}/status"), json!({ "status": "SHIPPED" })).await.fault(422, "invalid", "/status");
    admin.delete(&format!("/products/{shoes}")).await.problem(409, "product_in_use");
    for (body, status, code, pointer) in [
        (json!({}), 422, "invalid", "/set"),
        (json!({ "set": 1, "add": 1 }), 422, "invalid", "/add"),
        (json!({ "add": -6 }), 422, "invalid", "/add"),
        (json!({ "set": 0 }), 409, "stock_promised", "/set"),
    ] {
        admin.put(&format!("/products/{shoes}/stock"), body).await.fault(status, code, pointer);
    }
    let update = json!({ "price": 2_000, "revision": 99 });
    admin.put(&format!("/products/{shoes}"), update).await.fault(409, "concurrent_change", "/revision");
    admin.post("/products", json!({ "name": " ", "price": 0 })).await.fault(422, "invalid", "/price");
    ani.get(&format!("/products/{nobody}")).await.problem(404, "product_not_found");
    ani.get(&format!("/orders/{nobody}")).await.problem(404, "order_not_found");
}
