//! What people want of the travel host: found as they find it, and in the words in which they ask for it.

use std::time::Duration;

use dermaga_ports::{booking::Day, time::Timestamp};
use dermaga_tests::client::{Client, Person};
use serde_json::{Value, json};

/// A day in some weeks.
pub fn day(later: u64) -> String {
    #[expect(clippy::disallowed_methods, reason = "real hosts live in real time")]
    let now = Timestamp::from(time::OffsetDateTime::now_utc());
    Day::in_jakarta(now + Duration::from_secs((30 + later) * 86_400)).to_string()
}

fn contact() -> Value {
    json!({ "name": "Budi Santoso", "email": "budi@example.com", "phone": "+6281234567890" })
}

pub fn adult() -> Value {
    json!({
        "given_name": "Budi", "family_name": "Santoso", "title": "mr", "gender": "male", "born_on": "1987-07-24",
        "document": { "kind": "nik", "number": "3171012407870001" },
    })
}

pub fn method(person: &Person, method: &str) -> Value {
    match method {
        "wallet" => json!({ "method": "wallet", "wallet_id": person.wallet }),
        other => json!({ "method": other, "gateway": "midtrans", "bank": "bca" }),
    }
}

pub async fn offer(client: &Client, holdable: bool) -> Value {
    let found = client.get(&format!("/flights/offers?origin=CGK&destination=DPS&date={}", day(0))).await.expect(200);
    let offers = found["items"].as_array().expect("a list").clone();
    offers.into_iter().find(|offer| offer["holdable"] == holdable).expect("flies every day")
}

pub fn flight(offer: &Value, payment: Value) -> Value {
    json!({
        "offer_id": offer["id"], "max_total": offer["price"], "passengers": [adult()], "contact": contact(),
        "payment": payment,
    })
}

pub async fn room(person: &Person, payment: Value) -> Value {
    let path = format!("/hotels/offers?city=Bali&check_in={}&check_out={}&guests=2", day(0), day(2));
    let houses = person.client.get(&path).await.expect(200);
    let house = houses["items"][0]["id"].as_str().expect("a house").to_owned();
    let rooms = person.client.get(&format!("/hotels/offers/{house}")).await.expect(200);
    let rooms = rooms["items"].as_array().expect("a list").clone();
    let returns = |room: &&Value| room["cancellation"]["steps"].as_array().is_some_and(|steps| !steps.is_empty());
    let room = rooms.iter().find(returns).expect("one can be cancelled");
    let quote = person.client.post("/hotels/quotes", json!({ "rate_id": room["id"] })).await.expect(200);
    assert_eq!(quote["price"], room["price"]);
    json!({
        "quote_id": quote["id"], "guests": [{ "given_name": "Budi" }], "contact": contact(),
        "requests": "A quiet room", "payment": payment,
    })
}

pub async fn crossing(person: &Person, payment: Value) -> Value {
    let path = format!("/ferries/departures?origin=MRK&destination=BKH&date={}&vehicle=IVA", day(0));
    let found = person.client.get(&path).await.expect(200);
    let fare = &found["items"][0]["fares"][0];
    json!({
        "fare_id": fare["id"], "max_total": fare["price"], "passengers": [adult()], "contact": contact(),
        "vehicle": { "class": "IVA", "plate": "B 1234 XYZ" }, "payment": payment,
    })
}
