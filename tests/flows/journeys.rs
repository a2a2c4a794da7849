//! Flights, rooms and crossings over HTTP, from the search to the paper, with a server that plays the suppliers and the
//! gateway: paid from the wallet, and by a virtual account.

use dermaga_sandbox::config;
use dermaga_tests::{
    client::{Client, Person},
    databases::Engine,
    patience::{until, within},
};
use serde_json::{Value, json};

use crate::{
    agency::{Agency, comes_to},
    wanted::{adult, crossing, day, flight, method, offer, room},
};

/// What is bought can be shown: by its customer to others, and by nobody else.
async fn has_a_voucher(agency: &Agency, person: &Person, bought: &Value) {
    let path = format!("/bookings/{}/voucher", bought["id"].as_str().expect("an id"));
    let page = person.client.get(&path).await;
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "private, no-store"));
    let page = page.text;
    for text in [bought["supplier_reference"].as_str().expect("a reference"), "Budi", "If you do not go", "<svg"] {
        assert!(page.contains(text), "{text} is on {page}");
    }
    assert!(!page.contains("3171012407870001"), "no number of an identity card as a whole");
    let admin = Client::admin(&agency.host).await;
    admin.get(&path).await.problem(404, "booking_not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journey_of_each_kind_is_searched_paid_and_printed() {
    within(240, async {
        for engine in Engine::ALL {
            for way in ["wallet", "bank_transfer"] {
                let agency = Agency::open(engine).await;
                let ani = Client::person(&agency.host, "ani", 50_000_000).await;
                let pay = || method(&ani, way);
                let held = flight(&offer(&ani.client, true).await, pay());
                let booked = ani.client.post("/flights/bookings", held).await.expect(201);
                assert_eq!(booked["booking"]["status"], "HELD", "{booked}");
                agency.pay(&ani, &booked).await;
                let flown = agency.is_ticketed(&ani, &booked).await;
                assert_eq!(flown["documents"][0]["kind"], "e_ticket", "{flown}");
                assert_eq!(flown["passengers"][0]["document_number"], "************0001");
                assert!(flown["journey"]["flight"]["slices"][0]["segments"][0]["number"].is_string(), "{flown}");
                has_a_voucher(&agency, &ani, &flown).await;

                let at_once = flight(&offer(&ani.client, false).await, pay());
                let booked = ani.client.post("/flights/bookings", at_once).await.expect(201);
                assert_eq!(booked["booking"]["status"], "QUOTED", "{booked}");
                agency.pay(&ani, &booked).await;
                agency.is_ticketed(&ani, &booked).await;

                let booked = ani.client.post("/hotels/bookings", room(&ani, pay()).await).await.expect(201);
                agency.pay(&ani, &booked).await;
                let slept = comes_to(&ani, &booked, "FULFILLED").await;
                assert_eq!(slept["documents"][0]["kind"], "voucher", "{slept}");
                has_a_voucher(&agency, &ani, &slept).await;

                let booked = ani.client.post("/ferries/bookings", crossing(&ani, pay()).await).await.expect(201);
                assert_eq!(booked["booking"]["status"], "HELD", "{booked}");
                agency.pay(&ani, &booked).await;
                let crossed = agency.is_ticketed(&ani, &booked).await;
                let papers = crossed["documents"].as_array().expect("a list");
                assert!(papers.iter().all(|paper| paper["qr"].is_string()), "{crossed}");
                assert!(papers.iter().any(|paper| paper["kind"] == "vehicle_ticket"), "{crossed}");
                has_a_voucher(&agency, &ani, &crossed).await;

                let body = json!({ "sku": "pln100", "customer_no": "530000000001", "payment": pay() });
                let booked = ani.client.post("/ppob/purchases", body).await.expect(201);
                agency.pay(&ani, &booked).await;
                let lit = comes_to(&ani, &booked, "FULFILLED").await;
                let token = lit["token"].as_str().expect("a token");
                assert!(token.len() == 20 && token.bytes().all(|digit| digit.is_ascii_digit()), "{token}");
                agency.deployment.verify();
                let log = agency.host.log();
                for secret in ["3171012407870001", config::DUFFEL_TOKEN, config::FERRY_TOKEN, "6281234567890"] {
                    assert!(!log.contains(secret), "{secret} is in the log");
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_bought_is_cancelled_for_exactly_what_was_quoted() {
    within(120, async {
        let agency = Agency::open(Engine::Sqlite).await;
        let ani = Client::person(&agency.host, "ani", 10_000_000).await;
        let budi = Client::person(&agency.host, "budi", 0).await;
        let offered = offer(&ani.client, true).await;
        let booked = ani.client.post("/flights/bookings", flight(&offered, method(&ani, "wallet"))).await.expect(201);
        let path = format!("/bookings/{}", booked["booking"]["id"].as_str().expect("an id"));
        let quote_path = format!("{path}/cancellation-quote");
        let cancel_path = format!("{path}/cancel");
        ani.client.post(&quote_path, json!({})).await.problem(409, "illegal_transition");
        agency.pay(&ani, &booked).await;
        agency.is_ticketed(&ani, &booked).await;
        let before = ani.balance().await.0;

        budi.client.post(&quote_path, json!({})).await.problem(404, "booking_not_found");
        let quote = ani.client.post(&quote_path, json!({})).await.expect(200);
        let (price, refund) = (offered["price"].as_i64().expect("a price"), quote["refund"].as_i64().expect("a sum"));
        assert_eq!(refund + quote["fee"].as_i64().expect("a sum"), price, "{quote}");
        assert!(refund > 0 && refund < price, "{quote}");

        let greedy = json!({ "expected_refund": price });
        let refused = ani.client.post(&cancel_path, greedy).await.fault(409, "price_changed", "/expected_refund");
        assert_eq!(refused["facts"]["new"], quote["refund"], "{refused}");
        assert_eq!(ani.client.get(&path).await.expect(200)["status"], "FULFILLED");

        let agreed = json!({ "expected_refund": refund });
        for _ in 0..2 {
            let done = ani.client.post(&cancel_path, agreed.clone()).await.expect(200);
            assert_eq!(done["status"], "CANCELLED", "{done}");
        }
        until("the money is back", async || (ani.balance().await.0 == before + refund).then_some(())).await;
        ani.client.get(&format!("{path}/voucher")).await.problem(409, "illegal_transition");
        agency.deployment.verify();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_journey_is_told_by_field_and_cure() {
    within(120, async {
        let agency = Agency::open(Engine::Sqlite).await;
        let ani = Client::person(&agency.host, "ani", 10_000_000).await;
        let get = async |path: String| ani.client.get(&path).await;
        let day = day(0);
        get(format!("/flights/offers?origin=CG1&destination=DPS&date={day}")).await.fault(422, "invalid", "/origin");
        get(format!("/flights/offers?origin=CGK&destination=cgk&date={day}")).await.fault(
            422,
            "invalid",
            "/destination",
        );
        get("/flights/offers?origin=CGK&destination=DPS&date=2020-01-01".to_owned())
            .await
            .fault(422, "invalid", "/date");
        let nobody = format!("/flights/offers?origin=CGK&destination=DPS&date={day}&passengers=0");
        get(nobody).await.fault(422, "invalid", "/passengers");
        let old = format!("/flights/offers?origin=CGK&destination=DPS&date={day}&children=9,18");
        get(old).await.fault(422, "invalid", "/children");
        get("/flights/offers/off_made_up".to_owned()).await.fault(422, "invalid", "/id");
        get(format!("/hotels/offers?city=Bali&check_in={day}&check_out={day}")).await.fault(
            422,
            "invalid",
            "/check_out",
        );
        get(format!("/ferries/departures?origin=MRK&destination=MRK&date={day}")).await.fault(
            422,
            "invalid",
            "/destination",
        );

        let offered = offer(&ani.client, true).await;
        let with = |change: Value| {
            let mut body = flight(&offered, method(&ani, "wallet"));
            for (name, value) in change.as_object().expect("an object") {
                body[name] = value.clone();
            }
            body
        };
        let mut nameless = adult();
        nameless["given_name"] = json!(" ");
        let mut child = adult();
        child["kind"] = json!("child");
        let mut forged = offered["id"].as_str().expect("an id").to_owned();
        forged.pop();
        let far = json!({ "name": "Budi", "email": "budi", "phone": "0812" });
        for (change, place) in [
            (json!({ "offer_id": forged }), "/offer_id"),
            (json!({ "passengers": [nameless] }), "/passengers/0/given_name"),
            (json!({ "passengers": [child] }), "/passengers/0/kind"),
            (json!({ "passengers": [adult(), adult()] }), "/passengers"),
            (json!({ "contact": far }), "/contact/email"),
            (json!({ "order": false }), "/payment"),
        ] {
            ani.client.post("/flights/bookings", with(change)).await.fault(422, "invalid", place);
        }
        let cheap = with(json!({ "max_total": 1 }));
        let refused = ani.client.post("/flights/bookings", cheap).await.fault(409, "price_changed", "/max_total");
        assert_eq!((&refused["facts"]["old"], &refused["facts"]["new"]), (&json!(1), &offered["price"]));

        for (bad, change) in [("B0di", "given_name"), ("Santoso\u{2122}", "family_name")] {
            let mut named = adult();
            named[change] = json!(bad);
            let pointer = format!("/passengers/0/{change}");
            let body = with(json!({ "passengers": [named] }));
            ani.client.post("/flights/bookings", body).await.fault(422, "invalid", &pointer);
        }

        let mut on_foot = crossing(&ani, method(&ani, "wallet")).await;
        on_foot["passengers"][0]["document"] = Value::Null;
        ani.client.post("/ferries/bookings", on_foot).await.fault(422, "invalid", "/passengers/0/document");
        let mut lorry = crossing(&ani, method(&ani, "wallet")).await;
        lorry["vehicle"]["class"] = json!("IX");
        ani.client.post("/ferries/bookings", lorry).await.fault(422, "invalid", "/vehicle/class");
        let mut stay = room(&ani, method(&ani, "wallet")).await;
        stay["guests"] = json!([{ "given_name": "A" }, { "given_name": "B" }, { "given_name": "C" }]);
        ani.client.post("/hotels/bookings", stay).await.fault(422, "invalid", "/guests");
        assert!(get("/bookings".to_owned()).await.expect(200)["items"].as_array().expect("a list").is_empty());
        agency.deployment.verify();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finding_takes_what_belongs_to_it_and_nothing_else() {
    within(60, async {
        let agency = Agency::open(Engine::Sqlite).await;
        let ani = Client::person(&agency.host, "ani", 10_000_000).await;
        let admin = Client::admin(&agency.host).await;
        let held = flight(&offer(&ani.client, true).await, method(&ani, "wallet"));
        let booked = ani.client.post("/flights/bookings", held).await.expect(201);
        let path = format!("/bookings/{}/resolve", booked["booking"]["id"].as_str().expect("an id"));
        for (outcome, field, value) in [
            ("sold", "refund", json!(1)),
            ("leave", "refund", json!(0)),
            ("ask_again", "refund", json!(1)),
            ("give_back", "supplier_reference", json!("ABC123")),
            ("leave", "supplier_reference", json!("ABC123")),
            ("give_back", "serial", json!("1234")),
            ("ask_again", "serial", json!("1234")),
        ] {
            let mut finding = json!({ "outcome": outcome, "note": "asked by telephone" });
            finding[field] = value;
            admin.post(&path, finding).await.fault(422, "invalid", &format!("/{field}"));
        }
        let plain = json!({ "outcome": "leave", "note": "asked by telephone" });
        admin.post(&path, plain).await.problem(409, "illegal_transition");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_that_rises_after_the_hold_is_paid_back() {
    within(120, async {
        let agency = Agency::open(Engine::Postgres).await;
        let ani = Client::person(&agency.host, "ani", 10_000_000).await;
        let offered = offer(&ani.client, true).await;
        let booked = ani.client.post("/flights/bookings", flight(&offered, method(&ani, "wallet"))).await.expect(201);
        let reference = booked["booking"]["reference"].as_str().expect("a reference");
        let dearer = offered["price"].as_i64().expect("a price") + 50_000;
        agency.change(reference, "price", json!({ "amount": dearer })).await;
        agency.pay(&ani, &booked).await;
        let failed = comes_to(&ani, &booked, "FAILED").await;
        assert!(failed["reason"].as_str().is_some_and(|why| why.contains("costs")), "{failed}");
        until("the money is back", async || (ani.balance().await.0 == 10_000_000).then_some(())).await;
        agency.deployment.verify();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_knock_is_refused_and_a_genuine_one_changes_nothing_by_itself() {
    within(60, async {
        let agency = Agency::open(Engine::Sqlite).await;
        let anyone = Client::anyone(&agency.host);
        for supplier in ["duffel", "ferry", "digiflazz"] {
            let body = json!({ "id": "wev_1", "type": "order.updated", "data": { "object": { "id": "ord_1" } } });
            anyone.post(&format!("/webhooks/{supplier}"), body).await.problem(401, "webhook_rejected");
        }
        let ani = Client::person(&agency.host, "ani", 10_000_000).await;
        let held = flight(&offer(&ani.client, true).await, method(&ani, "wallet"));
        let booked = ani.client.post("/flights/bookings", held).await.expect(201);
        let ship = crossing(&ani, method(&ani, "wallet")).await;
        let sails = ani.client.post("/ferries/bookings", ship).await.expect(201);
        for booked in [&booked, &sails] {
            assert_eq!(agency.knocks(booked).await, [200], "signed as its supplier signs");
            let path = format!("/bookings/{}", booked["booking"]["id"].as_str().expect("an id"));
            assert_eq!(ani.client.get(&path).await.expect(200)["status"], "HELD", "what is held stays held");
        }
        agency.sandbox.configure(|settings| settings.duffel.webhook_secret = "somebody-elses-secret".to_owned());
        let reference = booked["booking"]["reference"].as_str().expect("a reference");
        agency.change(reference, "change", json!({})).await;
        assert_eq!(agency.knocks(&booked).await, [200, 401], "and not otherwise");
    })
    .await;
}
