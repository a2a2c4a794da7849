//! Events and tickets over HTTP: lists, tables, pictures, and whatever is wrong with a request.

use dermaga_tests::{
    client::Client,
    hosts::{COMMITTEE_PASSWORD, Host},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::doors::{Doors, check_in, committee, event, text, ticket};

async fn panitia_of(host: &Host) -> Client {
    let anyone = Client::anyone(host);
    let login = json!({ "username": "panitia1", "password": COMMITTEE_PASSWORD });
    let login = anyone.post("/auth/login", login).await.expect(200);
    anyone.with_token(&text(&login["access_token"]))
}

#[tokio::test]
async fn attendance_comes_in_parts_and_as_a_table() {
    let doors = Doors::on_sqlite();
    let panitia = committee(doors.first(), "panitia").await;
    event(&panitia, "open", json!({ "admission": "open" })).await;
    for n in 0..5 {
        check_in(&panitia, "open", &format!("=T{n},\"x\"")).await.expect(201);
    }
    let (mut path, mut found) = ("/attendance/open?limit=2".to_owned(), Vec::new());
    loop {
        let part = panitia.get(&path).await.expect(200);
        assert_eq!(part["total_checkins"], 5);
        found.extend(part["records"].as_array().expect("a list").iter().map(|one| text(&one["ticket_id"])));
        let Some(next) = part["next"].as_str() else { break };
        path = format!("/attendance/open?limit=2&after={next}");
    }
    let all: Vec<String> = (0..5).map(|n| format!("=T{n},\"x\"")).collect();
    assert_eq!(found, all);
    let table = panitia.request(Method::GET, "/attendance/open").header("Accept", "text/csv");
    let table = panitia.send(table).await;
    assert_eq!((table.status.as_u16(), table.header("content-type")), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = table.text.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[0].starts_with("id,ticket_id,type,checked_in_at,checked_in_by"), "{}", lines[0]);
    assert!(lines[1].contains(r#","'=T0,""x""","#), "a spreadsheet takes it for a text: {}", lines[1]);
    assert!(lines[1].contains("panitia"), "{}", lines[1]);
}

#[tokio::test]
async fn a_ticket_has_a_picture_for_its_holder() {
    let host = Host::suite();
    let panitia = panitia_of(&host).await;
    let siti = Client::person(&host, "siti", 0).await;
    let stranger = Client::person(&host, "stranger", 0).await;
    event(&panitia, "gala", json!({})).await;
    let made = ticket(&panitia, "gala", json!({ "user_id": siti.id })).await;
    let path = format!("/tickets/{}", text(&made["id"]));
    assert_eq!(siti.client.get(&path).await.expect(200), made);
    let picture = siti.client.get(&format!("{path}/qr.svg")).await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/svg+xml"));
    assert!(picture.text.contains("<svg") && picture.header("cache-control").contains("no-store"));
    for hidden in [path.clone(), format!("{path}/qr.svg")] {
        stranger.client.get(&hidden).await.problem(404, "ticket_not_found");
    }
    siti.client.post(&format!("{path}/revoke"), json!({})).await.problem(403, "permission_denied");
    let keys = panitia.get("/ticket-keys").await.expect(200);
    assert_eq!(keys["items"][0]["public_key"].as_str().map(str::len), Some(64));
    panitia.post("/ticket-keys/rotate", json!(null)).await.problem(403, "permission_denied");
    let admin = Client::admin(&host).await;
    assert_eq!(admin.post("/ticket-keys/rotate", json!(null)).await.expect(200)["number"], 2);
    assert_ne!(siti.client.get(&path).await.expect(200)["code"], made["code"], "a newer key signs");
    check_in(&panitia, "gala", &text(&made["code"])).await.expect(201);
    let trail = admin.get(&format!("/audit?subject=ticket:{}", text(&made["id"]))).await.expect(200);
    assert_eq!(trail["items"][0]["action"], "ticket.issued");
}

#[tokio::test]
async fn what_is_made_twice_with_one_key_is_made_once() {
    let host = Host::suite();
    let panitia = panitia_of(&host).await;
    event(&panitia, "gala", json!({})).await;
    let types = "/events/gala/ticket-types";
    let body = json!({ "name": "VIP", "price": 500_000, "quota": 1, "sale_until": "2030-01-01T00:00:00Z" });
    let vip = panitia.post_once(types, "type-1", body.clone()).await.expect(201);
    assert_eq!((&vip["currency"], &vip["available"]), (&json!("IDR"), &json!(1)));
    assert_eq!(panitia.post_once(types, "type-1", body.clone()).await.expect(201), vip);
    panitia.post(types, body).await.fault(409, "ticket_type_exists", "/name");
    let body = json!({ "holder": "Siti", "ticket_type_id": vip["id"] });
    let issued = panitia.post_once("/events/gala/tickets", "ticket-1", body.clone()).await.expect(201);
    assert_eq!(panitia.post_once("/events/gala/tickets", "ticket-1", body.clone()).await.expect(201), issued);
    let sold_out = panitia.post("/events/gala/tickets", body).await.problem(409, "tickets_sold_out");
    assert_eq!(sold_out["facts"]["available"], 0);
    let listed = panitia.get("/events/gala/tickets?state=VALID").await.expect(200);
    assert_eq!(listed["items"], json!([issued]));
    assert_eq!(panitia.get(types).await.expect(200)["items"][0]["available"], 0);
}

#[tokio::test]
async fn an_event_is_changed_by_whoever_has_read_it_last() {
    let host = Host::suite();
    let panitia = panitia_of(&host).await;
    let made = event(&panitia, "gala", json!({ "venue": "Aula", "capacity": 10 })).await;
    assert_eq!((&made["version"], &made["entry"], &made["admission"]), (&json!(1), &json!("single"), &json!("listed")));
    let ani = Client::person(&host, "ani", 0).await;
    assert_eq!(ani.client.get("/events/gala").await.expect(200), made, "anyone who has logged in reads events");
    let listed = ani.client.get("/events").await.expect(200);
    let ids: Vec<String> =
        listed["items"].as_array().expect("a list").iter().map(|one| text(&one["event_id"])).collect();
    assert_eq!(ids, ["evt1", "gala"]);
    let change = |version: u32| json!({ "name": "Gala", "starts_at": made["starts_at"], "ends_at": made["ends_at"], "version": version });
    let changed = panitia.put("/events/gala", change(1)).await.expect(200);
    assert_eq!((&changed["version"], changed.get("venue"), changed.get("capacity")), (&json!(2), None, None));
    panitia.put("/events/gala", change(1)).await.fault(409, "concurrent_change", "/version");
    ani.client.put("/events/gala", change(2)).await.problem(403, "permission_denied");
    panitia.put("/events/nowhere", change(1)).await.problem(404, "event_not_found");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_named() {
    let host = Host::suite();
    let panitia = panitia_of(&host).await;
    let times = json!({ "starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-02T00:00:00Z" });
    let with = |base: &Value, extra: Value| {
        let mut body = base.clone();
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        body
    };
    let new = with(&times, json!({ "event_id": "gala", "name": "Gala" }));
    let long = "x".repeat(600);
    for (extra, pointer) in [
        (json!({ "event_id": "Gala Dinner" }), "/event_id"),
        (json!({ "event_id": "" }), "/event_id"),
        (json!({ "name": " " }), "/name"),
        (json!({ "name": long }), "/name"),
        (json!({ "name": "a\u{0}b" }), "/name"),
        (json!({ "venue": long }), "/venue"),
        (json!({ "starts_at": "soon" }), "/starts_at"),
        (json!({ "ends_at": "2029-01-01T00:00:00Z" }), "/ends_at"),
        (json!({ "doors_at": "2031-01-01T00:00:00Z" }), "/doors_at"),
        (json!({ "capacity": 0 }), "/capacity"),
        (json!({ "capacity": -1 }), "/capacity"),
        (json!({ "capacity": 4_294_967_296_i64 }), "/capacity"),
        (json!({ "admission": "closed" }), "/admission"),
        (json!({ "entry": "twice" }), "/entry"),
    ] {
        panitia.post("/events", with(&new, extra)).await.fault(422, "invalid", pointer);
    }
    panitia.post("/events", new.clone()).await.expect(201);
    let renamed = with(&new, json!({ "name": "Gala 2" }));
    panitia.post("/events", renamed).await.fault(409, "event_exists", "/event_id");
    panitia.put("/events/gala", json!({ "name": "Gala" })).await.fault(422, "invalid", "/version");

    let types = "/events/gala/ticket-types";
    let new = json!({ "name": "VIP", "price": 1, "quota": 1 });
    for (extra, pointer) in [
        (json!({ "name": "" }), "/name"),
        (json!({ "price": -1 }), "/price"),
        (json!({ "price": 1.5 }), "/price"),
        (json!({ "currency": "XXX" }), "/currency"),
        (json!({ "quota": 0 }), "/quota"),
        (json!({ "sale_from": "2030-01-01T00:00:00Z", "sale_until": "2030-01-01T00:00:00Z" }), "/sale_until"),
        (json!({ "valid_from": "2030-01-01T00:00:00Z", "valid_until": "2029-01-01T00:00:00Z" }), "/valid_until"),
    ] {
        panitia.post(types, with(&new, extra)).await.fault(422, "invalid", pointer);
    }
    let tickets = "/events/gala/tickets";
    let nobody = "01980000-0000-7000-8000-000000000000";
    for (body, pointer) in [
        (json!({}), "/holder"),
        (json!({ "holder": "" }), "/holder"),
        (json!({ "holder": long }), "/holder"),
        (json!({ "holder": "Siti", "user_id": nobody }), "/user_id"),
        (json!({ "holder": "Siti", "user_id": "siti" }), "/user_id"),
    ] {
        panitia.post(tickets, body).await.fault(422, "invalid", pointer);
    }
    let unknown = json!({ "holder": "Siti", "ticket_type_id": nobody });
    panitia.post(tickets, unknown).await.fault(404, "ticket_type_not_found", "/ticket_type_id");
    for (body, pointer) in [
        (json!({ "event_id": "evt1" }), "/ticket_id"),
        (json!({ "event_id": "evt1", "ticket_id": "" }), "/ticket_id"),
        (json!({ "event_id": "evt1", "ticket_id": long }), "/ticket_id"),
        (json!({ "event_id": "evt1", "ticket_id": "a\u{0}" }), "/ticket_id"),
        (json!({ "event_id": "evt1", "ticket_id": "A", "gate": long }), "/gate"),
        (json!({ "event_id": "evt1", "ticket_id": "A", "nonce": "1" }), "/device"),
        (json!({ "event_id": "evt1", "ticket_id": "A", "type": "sideways" }), "/type"),
        (json!({ "event_id": "evt1", "ticket_id": "A", "at": "now" }), "/at"),
    ] {
        panitia.post("/checkins", body).await.fault(422, "invalid", pointer);
    }
    let batch = |checkins: Value| json!({ "device": "one", "checkins": checkins });
    panitia.post("/checkins/batch", batch(json!([]))).await.fault(422, "invalid", "/checkins");
    let many = json!(vec![json!({ "event_id": "evt1", "ticket_id": "A", "nonce": "1" }); 101]);
    panitia.post("/checkins/batch", batch(many)).await.fault(422, "invalid", "/checkins");
    let silent = json!([{ "event_id": "evt1", "ticket_id": "A", "nonce": " " }]);
    panitia.post("/checkins/batch", batch(silent)).await.fault(422, "invalid", "/checkins/0/nonce");
    let batched = batch(json!([{ "event_id": "evt1", "ticket_id": "A", "nonce": "1", "gate": long }]));
    let told = panitia.post("/checkins/batch", batched).await.expect(200);
    let result = &told["results"][0];
    assert!(
        result["status"] == "invalid" && result["detail"].as_str().is_some_and(|all| all.contains("/gate")),
        "{told}"
    );
    panitia.get("/events?after=no%20event").await.fault(422, "invalid", "/after");
    for path in
        ["/events/nowhere", "/events/A%00", "/events/nowhere/tickets", "/attendance/nowhere", "/attendance/%F0%9F"]
    {
        let answer = panitia.get(path).await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{path}: {}", answer.text);
    }
    check_in(&panitia, "nowhere", "A").await.problem(404, "event_not_found");
    panitia.get(&format!("/tickets/{nobody}")).await.problem(404, "ticket_not_found");
    panitia.post(&format!("/tickets/{nobody}/revoke"), json!({})).await.problem(404, "ticket_not_found");
    panitia.post(&format!("/checkins/{nobody}/annul"), json!(null)).await.problem(404, "checkin_not_found");
    for query in ["?limit=0", "?after=me", "?outcome=maybe"] {
        panitia.get(&format!("/attendance/evt1{query}")).await.problem(400, "bad_parameter");
    }
    panitia.get("/attendance/evt1/revocations?since=yesterday").await.problem(400, "bad_parameter");
    assert_eq!(panitia.get("/attendance/evt1").await.expect(200)["total_checkins"], 0);
}
