//! The door when everybody comes at once, and codes that should not let in.

use dermaga_tests::{
    client::{Answer, Client},
    patience::within,
};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::doors::{Doors, check_in, committee, event, login, text, ticket};

/// So many scanners, spread over the hosts.
const SCANNERS: usize = 50;

/// One lets in, and all others tell of the same one.
fn one_entered(answers: &[Answer]) -> Value {
    let (entered, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.as_u16() == 201);
    assert_eq!((entered.len(), refused.len()), (1, answers.len() - 1));
    let record = entered[0].json()["record"].clone();
    for answer in refused {
        let first = &answer.problem(409, "already_entered")["facts"]["first"];
        for field in ["checked_in_at", "checked_in_by", "device", "gate"] {
            assert_eq!(first[field], record[field], "{field}");
        }
        assert_eq!(first["checkin_id"], record["id"]);
    }
    record
}

async fn everybody_scans_at_once(doors: &Doors) {
    let panitia = committee(doors.first(), "panitia").await;
    let mut crew = Vec::new();
    for n in 0..4 {
        crew.push(committee(doors.first(), &format!("helper{n}")).await);
    }
    event(&panitia, "listed", json!({})).await;
    event(&panitia, "open", json!({ "admission": "open" })).await;
    event(&panitia, "full", json!({ "capacity": 1000 })).await;
    event(&panitia, "again", json!({ "entry": "re-entry" })).await;
    for id in ["listed", "open", "full", "again"] {
        let shown = match id {
            "open" => "KODE-1".to_owned(),
            _ => text(&ticket(&panitia, id, json!({})).await["code"]),
        };
        let scan = |n: usize| {
            let client = crew[n % crew.len()].on(&doors.hosts[n % doors.hosts.len()]);
            let body = json!({
                "event_id": id, "ticket_id": shown, "device": format!("scanner {n}"), "gate": format!("gate {}", n % 7),
            });
            async move { client.post("/checkins", body).await }
        };
        let answers = join_all((0..SCANNERS).map(scan)).await;
        let record = one_entered(&answers);
        let attendance = panitia.get(&format!("/attendance/{id}")).await.expect(200);
        assert_eq!((&attendance["total_checkins"], &attendance["inside"]), (&json!(1), &json!(1)), "{id}");
        assert_eq!(attendance["records"], json!([record]), "{id}");
        let refused = panitia.get(&format!("/attendance/{id}?outcome=refused&limit=100")).await.expect(200);
        assert_eq!(refused["records"].as_array().map(Vec::len), Some(SCANNERS - 1), "every refusal is on record");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_scanners_at_once_one_lets_in_on_sqlite() {
    let doors = Doors::on_sqlite();
    within(120, everybody_scans_at_once(&doors)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_scanners_on_two_hosts_one_lets_in_on_postgres() {
    let doors = Doors::on_postgres(2).await;
    within(120, everybody_scans_at_once(&doors)).await;
}

/// With one letter exchanged for another.
fn bent(code: &str, place: usize) -> String {
    let other = if code.as_bytes()[place] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &code[..place], &code[place + 1..])
}

async fn codes_that_do_not_let_in(doors: &Doors) {
    let panitia = committee(doors.first(), "panitia").await;
    event(&panitia, "here", json!({})).await;
    event(&panitia, "there", json!({})).await;
    let good = ticket(&panitia, "here", json!({})).await;
    let code = text(&good["code"]);
    assert!(code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()), "{code}");
    assert!(!code.contains("SITI") && code.len() < 300, "{code}");
    let foreign = text(&ticket(&panitia, "there", json!({})).await["code"]);
    let late = json!({ "valid_until": "2026-01-02T00:00:00Z" });
    let expired = text(&ticket(&panitia, "here", late).await["code"]);
    let early = json!({ "valid_from": "2120-01-01T00:00:00Z" });
    let early = text(&ticket(&panitia, "here", early).await["code"]);
    let revoked = ticket(&panitia, "here", json!({})).await;
    let revoke = format!("/tickets/{}/revoke", text(&revoked["id"]));
    for _ in 0..2 {
        let taken = panitia.post(&revoke, json!({ "reason": "stolen" })).await.expect(200);
        assert_eq!((&taken["state"], &taken["ended_because"]), (&json!("REVOKED"), &json!("stolen")));
    }
    let revoked_id = text(&revoked["id"]);
    let (revoked, truncated) = (text(&revoked["code"]), code[..code.len() - 20].to_owned());
    // The signature, the ticket and the event are behind each other; wherever it is bent, it is not ours.
    let (signature, body) = (bent(&code, code.len() - 30), bent(&code, 60));
    let cases = [
        (signature.as_str(), 403, "forged_code"),
        (&body, 403, "forged_code"),
        (&truncated, 404, "unreadable_code"),
        (&foreign, 403, "wrong_event"),
        (&expired, 403, "expired"),
        (&early, 403, "not_yet_valid"),
        (&revoked, 403, "revoked"),
        (&revoked_id, 403, "revoked"),
        ("01980000-0000-7000-8000-000000000000", 404, "unknown_code"),
        ("TICKET123", 404, "unknown_code"),
    ];
    for (shown, status, reason) in cases {
        for _ in 0..2 {
            let refused = check_in(&panitia, "here", shown).await.problem(status, reason);
            assert_eq!(refused["facts"]["reason"], reason, "also the second time");
        }
    }
    assert_eq!(check_in(&panitia, "here", &code).await.expect(201)["record"]["ticket_id"], good["id"]);
    let stored = panitia.get("/attendance/here?outcome=refused").await.expect(200);
    let stored: Vec<String> =
        stored["records"].as_array().expect("a list").iter().map(|one| text(&one["reason"])).collect();
    let expected: Vec<&str> = cases.iter().flat_map(|(_, _, reason)| [*reason; 2]).collect();
    assert_eq!(stored, expected);
    panitia.get(&format!("/tickets/{revoked_id}/qr.svg")).await.problem(403, "revoked");
    let revocations = panitia.get("/attendance/here/revocations").await.expect(200);
    assert_eq!(revocations["items"][0]["ticket_id"], revoked_id.as_str());
    let next = text(&revocations["next_since"]);
    panitia.get(&format!("/attendance/here/revocations?since={next}")).await.expect(200);
}

#[tokio::test]
async fn codes_that_do_not_let_in_say_why_on_sqlite() {
    within(60, codes_that_do_not_let_in(&Doors::on_sqlite())).await;
}

#[tokio::test]
async fn codes_that_do_not_let_in_say_why_on_postgres() {
    within(60, codes_that_do_not_let_in(&Doors::on_postgres(1).await)).await;
}

#[tokio::test]
async fn a_device_repeats_itself_and_a_mistake_is_annulled() {
    let doors = Doors::on_sqlite();
    let panitia = committee(doors.first(), "panitia").await;
    event(&panitia, "open", json!({ "admission": "open" })).await;
    let scan = |nonce: &str, shown: &str| {
        let body = json!({
            "event_id": "open", "ticket_id": shown, "device": "scanner 1", "gate": "utara", "nonce": nonce,
            "at": "2026-11-20T10:00:00+07:00",
        });
        let panitia = panitia.clone();
        async move { panitia.post("/checkins", body).await }
    };
    let first = scan("1", "A").await.expect(201);
    assert_eq!(first["record"]["device_at"], "2026-11-20T03:00:00.000000Z");
    let refused = scan("2", "A").await.problem(409, "already_entered");
    let told = text(&refused["detail"]);
    assert!(told.contains("utara") && told.contains("scanner 1") && told.contains("panitia"), "{told}");
    assert_eq!(scan("1", "A").await.expect(201), first);
    let again = scan("2", "A").await.problem(409, "already_entered");
    assert_eq!((&again["detail"], &again["facts"]), (&refused["detail"], &refused["facts"]));
    scan("1", "B").await.fault(422, "nonce_reused", "/nonce");
    let annul = format!("/checkins/{}/annul", text(&first["record"]["id"]));
    let annulled = panitia.post(&annul, json!(null)).await.expect(200);
    assert_eq!(panitia.post(&annul, json!(null)).await.expect(200), annulled);
    assert_eq!(panitia.get("/attendance/open").await.expect(200)["total_checkins"], 0);
    scan("3", "A").await.expect(201);
}

/// Two devices that could not ask have let in the same ticket.
async fn offline(doors: &Doors) {
    let panitia = committee(doors.first(), "panitia").await;
    let mut reports = Vec::new();
    for (id, order) in [("first", ["A", "B"]), ("second", ["B", "A"])] {
        event(&panitia, id, json!({})).await;
        let code = text(&ticket(&panitia, id, json!({})).await["code"]);
        for (device, host) in order.iter().zip(doors.hosts.iter().cycle()) {
            let (at, gate) = if *device == "A" { ("10:02", "gate 1") } else { ("10:04", "gate 2") };
            let batch = json!({ "device": device, "checkins": [
                { "event_id": id, "ticket_id": code, "nonce": format!("{id} 1"), "forced": true, "gate": gate,
                  "at": format!("2026-11-20T{at}:00Z") },
                { "event_id": id, "ticket_id": "nonsense", "nonce": format!("{id} 2") },
            ] });
            let client = login(host, "panitia").await;
            let told = client.post("/checkins/batch", batch.clone()).await.expect(200);
            let expected = if *device == order[0] { "checked_in" } else { "conflict" };
            assert_eq!(told["results"][0]["status"], expected, "{told}");
            assert_eq!(
                (&told["results"][1]["status"], &told["results"][1]["code"]),
                (&json!("refused"), &json!("unknown_code"))
            );
            assert_eq!(client.post("/checkins/batch", batch).await.expect(200), told, "repeated, it is the same");
        }
        let attendance = panitia.get(&format!("/attendance/{id}")).await.expect(200);
        assert_eq!(attendance["total_checkins"], 1);
        let conflicts = panitia.get(&format!("/attendance/{id}/conflicts")).await.expect(200);
        assert_eq!(conflicts["items"].as_array().map(Vec::len), Some(1));
        reports.push(text(&conflicts["items"][0]["summary"]));
    }
    let expected = "passed twice: A 2026-11-20T10:02:00Z gate 1, B 2026-11-20T10:04:00Z gate 2";
    assert_eq!(reports, [expected, expected], "in either order");
}

#[tokio::test]
async fn two_devices_that_could_not_ask_are_reported_on_sqlite() {
    within(60, offline(&Doors::on_sqlite())).await;
}

#[tokio::test]
async fn two_devices_that_could_not_ask_are_reported_on_two_hosts() {
    within(60, offline(&Doors::on_postgres(2).await)).await;
}

/// What somebody who follows an event hears next.
async fn hear(stream: &mut reqwest::Response, wanted: &str) -> String {
    let mut heard = String::new();
    loop {
        let chunk = stream.chunk().await.expect("the stream goes on").expect("and does not end");
        heard.push_str(&String::from_utf8_lossy(&chunk));
        if let Some(place) = heard.find(wanted)
            && heard[place..].contains("\n\n")
        {
            return heard;
        }
    }
}

async fn follow(client: &Client, id: &str, last: Option<&str>) -> reqwest::Response {
    let mut request = client.request(reqwest::Method::GET, &format!("/attendance/{id}/live"));
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let stream = request.send().await.expect("answers");
    assert_eq!(stream.status(), 200);
    assert!(stream.headers()["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/event-stream")));
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_an_event_hears_what_happens_at_another_host() {
    let doors = Doors::on_postgres(2).await;
    within(60, async {
        let panitia = committee(doors.first(), "panitia").await;
        event(&panitia, "open", json!({ "admission": "open" })).await;
        let elsewhere = panitia.on(&doors.hosts[1]);
        let mut stream = follow(&panitia, "open", None).await;
        let record = check_in(&elsewhere, "open", "A").await.expect(201)["record"].clone();
        let id = text(&record["id"]);
        let heard = hear(&mut stream, "event: checked_in").await;
        assert!(heard.contains(&format!("id: {id}")) && heard.contains(r#""ticket_id":"A""#), "{heard}");
        check_in(&elsewhere, "open", "A").await.problem(409, "already_entered");
        hear(&mut stream, "event: refused").await;
        elsewhere.post(&format!("/checkins/{id}/annul"), json!(null)).await.expect(200);
        let heard = hear(&mut stream, "event: annulled").await;
        assert_eq!(heard.matches("event: ").count(), 1, "nothing is told twice: {heard}");
        drop(stream);
        let later = check_in(&elsewhere, "open", "B").await.expect(201);
        let mut stream = follow(&panitia, "open", Some(&id)).await;
        let heard = hear(&mut stream, r#""ticket_id":"B""#).await;
        assert!(heard.contains(&text(&later["record"]["id"])), "what was missed is told");
        panitia.get("/attendance/nowhere/live").await.problem(404, "event_not_found");
    })
    .await;
}
