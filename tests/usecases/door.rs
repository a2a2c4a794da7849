//! The door when time passes, when a device repeats itself, and when it could not ask.

use std::time::Duration;

use dermaga_domain::{
    Code,
    attendance::{NewEvent, NewTicket, Scan},
};
use dermaga_ports::{
    attendance::{Direction, Entry, Outcome, Ticket, TicketState},
    paging::PageRequest,
    store::Store as _,
};

use crate::house_of_events::{Door, EVENT, at, new_event, scan};

fn exit(shown: &str) -> Scan {
    Scan { direction: Direction::Exit, ..scan(shown) }
}

fn named(shown: &str, device: &str, nonce: &str) -> Scan {
    Scan { device: Some(device.to_owned()), nonce: Some(nonce.to_owned()), ..scan(shown) }
}

/// A scan that a device has decided on by itself.
fn forced(shown: &str, device: &str, nonce: &str, seconds: i64) -> Scan {
    let gate = Some(format!("gate {device}"));
    Scan { at: Some(at(seconds)), forced: true, gate, ..named(shown, device, nonce) }
}

#[tokio::test]
async fn every_way_to_show_a_ticket_is_the_same_ticket() {
    let door = Door::listed().await;
    let ticket = door.issue(NewTicket::default()).await;
    let code = door.code(&ticket).await;
    assert_eq!(door.told(scan(&format!(" {} ", code.to_lowercase()))).await, "ok");
    for again in [code, ticket.id.to_string(), ticket.id.to_string().to_uppercase()] {
        assert_eq!(door.told(scan(&again)).await, "already_entered", "{again}");
    }
    assert_eq!(door.total().await, 1);
}

#[tokio::test]
async fn a_ticket_lets_in_in_its_time_and_the_door_in_its() {
    let door = Door::of(NewEvent { doors_at: Some(at(100)), ..new_event(EVENT) }).await;
    let window = NewTicket { valid_from: Some(at(200)), valid_until: Some(at(300)), ..NewTicket::default() };
    let (early, late) = (door.issue(window.clone()).await, door.issue(window).await);
    let any = door.issue(NewTicket::default()).await;
    let (early, late, any) = (door.code(&early).await, door.code(&late).await, door.code(&any).await);
    assert_eq!(door.told(scan(&any)).await, "list_closed");
    door.desk.clock.advance(Duration::from_secs(100));
    assert_eq!(door.told(scan(&early)).await, "not_yet_valid");
    door.desk.clock.advance(Duration::from_secs(100));
    assert_eq!(door.told(scan(&early)).await, "ok");
    door.desk.clock.advance(Duration::from_secs(100));
    assert_eq!(door.told(scan(&late)).await, "expired");
    assert_eq!(door.told(scan(&early)).await, "expired", "what is wrong with it comes before that it was used");
    door.desk.clock.advance(Duration::from_secs(86_400));
    assert_eq!(door.told(scan(&any)).await, "list_closed");
    assert_eq!(door.total().await, 1);
}

#[tokio::test]
async fn a_device_that_asks_again_gets_its_first_answer() {
    let door = Door::open().await;
    let first = door.scanned(named("A", "one", "1")).await;
    let refused = door.scanned(named("A", "one", "2")).await;
    assert_eq!(refused.refusal().expect("refused").code(), Code::AlreadyEntered);
    door.desk.clock.advance(Duration::from_secs(60));
    assert_eq!(door.scanned(named("A", "one", "1")).await, first);
    assert_eq!(door.scanned(named("A", "one", "2")).await, refused, "refusals as well, with who was first");
    assert_eq!(door.told(named("A", "two", "1")).await, "already_entered", "another device has its own nonces");
    let check_in = |scan| door.desk.app.attendance.check_in(&door.panitia, door.desk.id(), scan);
    let reused = check_in(named("B", "one", "1")).await.expect_err("for another scan");
    assert_eq!(reused.code(), Code::NonceReused);
    let homeless = check_in(Scan { device: None, ..named("B", "one", "9") }).await.expect_err("whose nonce?");
    assert_eq!(homeless.faults()[0].pointer, "/device");
    let stored = door.desk.database.texts("SELECT CAST(COUNT(*) AS TEXT) FROM checkins").await;
    assert_eq!(stored, ["3"], "what was repeated is stored once");
}

#[tokio::test]
async fn what_was_a_mistake_is_annulled_within_a_quarter_of_an_hour() {
    let door = Door::open().await;
    let (first, second) = (door.scanned(scan("A")).await, door.scanned(scan("B")).await);
    let annul = |id| door.desk.app.attendance.annul(&door.panitia, id);
    let refused = door.scanned(scan("A")).await;
    assert_eq!(annul(refused.checkin.id).await.expect_err("nobody came in").code(), Code::IllegalTransition);
    door.desk.clock.advance(Duration::from_secs(15 * 60));
    let annulled = annul(first.checkin.id).await.expect("just in time");
    assert_eq!(annul(first.checkin.id).await, Ok(annulled), "repeated, it changes nothing");
    assert_eq!(door.told(scan("A")).await, "ok", "the ticket lets in again");
    door.desk.clock.advance(Duration::from_secs(1));
    assert_eq!(annul(second.checkin.id).await.expect_err("too late").code(), Code::AnnulTooLate);
    let nobody = annul(door.desk.id()).await.expect_err("no such scan");
    assert_eq!(nobody.code(), Code::CheckinNotFound);
    assert_eq!(door.total().await, 2);
}

#[tokio::test]
async fn whoever_goes_through_leaves_papers_and_whoever_does_not_leaves_a_record() {
    let door = Door::open().await;
    let first = door.scanned(named("A", "one", "1")).await.checkin.id;
    door.scanned(named("A", "one", "2")).await;
    let batch = vec![forced("A", "two", "1", 0)];
    let told = door.desk.app.attendance.check_in_batch(&door.panitia, batch, None).await.expect("taken").remove(0);
    let second = told.expect("on record").checkin.id;
    door.desk.app.attendance.annul(&door.panitia, first).await.expect("annulled");
    let expected = [
        format!("checkin.annulled checkin:{first}"),
        format!("checkin.conflicted checkin:{second}"),
        format!("checkin.recorded checkin:{first}"),
    ];
    let database = &door.desk.database;
    let events = "SELECT topic || ' ' || subject FROM outbox WHERE topic LIKE 'checkin.%' ORDER BY topic";
    assert_eq!(database.texts(events).await, expected);
    let entries = "SELECT action || ' ' || subject FROM audit_entries WHERE action LIKE 'checkin.%' ORDER BY action";
    assert_eq!(database.texts(entries).await, expected);
    assert_eq!(database.texts("SELECT CAST(COUNT(*) AS TEXT) FROM checkins").await, ["3"]);
}

#[tokio::test]
async fn where_one_may_come_back_one_is_inside_or_outside() {
    let door = Door::of(NewEvent { entry: Entry::Reentry, ..new_event(EVENT) }).await;
    let ticket = door.issue(NewTicket::default()).await.id.to_string();
    assert_eq!(door.told(exit(&ticket)).await, "not_inside");
    assert_eq!(door.told(scan(&ticket)).await, "ok");
    assert_eq!(door.told(scan(&ticket)).await, "already_entered");
    let left = door.scanned(exit(&ticket)).await;
    assert_eq!(door.told(exit(&ticket)).await, "not_inside");
    let back = door.scanned(scan(&ticket)).await;
    let annul = |id| door.desk.app.attendance.annul(&door.panitia, id);
    let refused = annul(left.checkin.id).await.expect_err("they came back since");
    assert_eq!(refused.code(), Code::IllegalTransition);
    annul(back.checkin.id).await.expect("the last one");
    assert_eq!(door.told(scan(&ticket)).await, "ok");
    assert_eq!(door.total().await, 1, "one ticket, however often");
    let once = Door::listed().await;
    let ticket = once.issue(NewTicket::default()).await.id.to_string();
    assert_eq!(once.told(exit(&ticket)).await, "no_exits");
}

#[tokio::test]
async fn a_full_event_lets_nobody_in_until_somebody_leaves() {
    for entry in [Entry::Single, Entry::Reentry] {
        let door = Door::of(NewEvent { capacity: Some(2), entry, ..new_event(EVENT) }).await;
        let mut tickets = Vec::new();
        for _ in 0..3 {
            tickets.push(door.issue(NewTicket::default()).await.id.to_string());
        }
        let first = door.scanned(scan(&tickets[0])).await;
        assert_eq!(door.told(scan(&tickets[1])).await, "ok");
        assert_eq!(door.told(scan(&tickets[2])).await, "event_full", "{entry:?}");
        assert_eq!(door.told(scan(&tickets[1])).await, "already_entered", "who is inside is told so");
        if entry == Entry::Reentry {
            assert_eq!(door.told(exit(&tickets[1])).await, "ok");
        } else {
            door.desk.app.attendance.annul(&door.panitia, first.checkin.id).await.expect("annulled");
        }
        assert_eq!(door.told(scan(&tickets[2])).await, "ok", "{entry:?}");
        let late = if entry == Entry::Reentry { &tickets[1] } else { &tickets[0] };
        assert_eq!(door.told(scan(late)).await, "event_full", "{entry:?}");
    }
}

#[tokio::test]
async fn somebody_who_did_not_leave_after_all_counts_beside_whoever_took_the_place() {
    let door = Door::of(NewEvent { capacity: Some(2), entry: Entry::Reentry, ..new_event(EVENT) }).await;
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(door.issue(NewTicket::default()).await.id.to_string());
    }
    assert_eq!(door.told(scan(&tickets[0])).await, "ok");
    assert_eq!(door.told(scan(&tickets[1])).await, "ok");
    let left = door.scanned(exit(&tickets[0])).await;
    assert_eq!(door.told(scan(&tickets[2])).await, "ok");
    door.desk.app.attendance.annul(&door.panitia, left.checkin.id).await.expect("annulled");
    // Three are inside where two may be: one who leaves makes no room yet.
    assert_eq!(door.told(exit(&tickets[1])).await, "ok");
    assert_eq!(door.told(scan(&tickets[3])).await, "event_full");
    assert_eq!(door.told(exit(&tickets[2])).await, "ok");
    assert_eq!(door.told(scan(&tickets[3])).await, "ok");
}

/// What the report says when the devices tell of what they did in this order.
async fn report(order: [&str; 2]) -> (Vec<&'static str>, String, u64) {
    let door = Door::listed().await;
    let ticket = door.issue(NewTicket::default()).await;
    let code = door.code(&ticket).await;
    door.desk.clock.advance(Duration::from_secs(600));
    let mut outcomes = Vec::new();
    for device in order {
        let seconds = if device == "A" { 120 } else { 240 };
        let batch = vec![forced(&code, device, "1", seconds)];
        for _ in 0..2 {
            // The answer was lost, so the device says it again.
            let told = door.desk.app.attendance.check_in_batch(&door.panitia, batch.clone(), None).await;
            let told = told.expect("taken").remove(0).expect("on record");
            outcomes.push(told.checkin.outcome.as_str());
        }
    }
    let page = PageRequest::first(10);
    let conflicts = door.desk.app.attendance.conflicts(&door.panitia, EVENT, page).await.expect("read").items;
    assert_eq!(conflicts.len(), 1);
    (outcomes, conflicts[0].0.clone(), door.total().await)
}

#[tokio::test]
async fn two_devices_that_let_in_the_same_ticket_are_told_of_in_either_order() {
    let (first, second) = (report(["A", "B"]).await, report(["B", "A"]).await);
    assert_eq!(first.0, ["ok", "ok", "conflict", "conflict"]);
    assert_eq!(first, second, "whoever tells first");
    assert_eq!(first.1, "passed twice: A 2026-01-01T00:02:00Z gate A, B 2026-01-01T00:04:00Z gate B");
    assert_eq!(first.2, 1, "and attendance counts one");
}

#[tokio::test]
async fn what_a_device_decided_is_judged_by_its_clock_put_right() {
    let door = Door::listed().await;
    let until = NewTicket { valid_until: Some(at(300)), ..NewTicket::default() };
    let (good, late) = (door.issue(until.clone()).await, door.issue(until).await);
    door.desk.clock.advance(Duration::from_secs(1_000));
    let scans = |ticket: &Ticket, seconds| {
        vec![Scan { forced: false, ..forced(&ticket.id.to_string(), "A", &format!("n{seconds}"), seconds) }]
    };
    // Its clock is an hour slow: what it calls -3,400 was 200 seconds after the beginning.
    let sent_at = Some(at(1_000 - 3_600));
    let batch = |scans| door.desk.app.attendance.check_in_batch(&door.panitia, scans, sent_at);
    let passed = batch(scans(&good, 200 - 3_600)).await.expect("taken").remove(0).expect("on record");
    assert_eq!((passed.checkin.outcome, passed.checkin.at), (Outcome::Ok, at(200)));
    assert_eq!(passed.checkin.device_at, Some(at(200 - 3_600)), "what it said is on record");
    let refused = batch(scans(&late, 400 - 3_600)).await.expect("taken").remove(0).expect("on record");
    assert_eq!(refused.refusal().expect("refused").code(), Code::Expired);
}

#[tokio::test]
async fn whoever_was_let_in_on_a_bad_ticket_is_reported_and_not_counted() {
    let door = Door::listed().await;
    let ticket = door.issue(NewTicket::default()).await;
    door.desk.app.attendance.revoke(&door.panitia, ticket.id, Some("stolen")).await.expect("revoked");
    door.desk.clock.advance(Duration::from_secs(60));
    let batch = vec![forced(&ticket.id.to_string(), "A", "1", 30)];
    let told = door.desk.app.attendance.check_in_batch(&door.panitia, batch, None).await.expect("taken").remove(0);
    assert_eq!(told.expect("on record").checkin.outcome, Outcome::Conflict);
    let page = PageRequest::first(10);
    let conflicts = door.desk.app.attendance.conflicts(&door.panitia, EVENT, page).await.expect("read").items;
    assert_eq!(conflicts[0].0, "passed against the rules: A 2026-01-01T00:00:30Z gate A (revoked)");
    assert_eq!(door.total().await, 0);
}

#[tokio::test]
async fn one_bad_scan_does_not_spoil_its_batch() {
    let door = Door::open().await;
    let elsewhere = Scan { event: "nowhere".to_owned(), ..named("A", "one", "1") };
    let empty = named(" ", "one", "2");
    let batch = vec![elsewhere, empty, named("A", "one", "3")];
    let told = door.desk.app.attendance.check_in_batch(&door.panitia, batch, None).await.expect("taken");
    let codes: Vec<_> =
        told.iter().map(|one| one.as_ref().map_or_else(|error| error.code().as_str(), |_| "ok")).collect();
    assert_eq!(codes, ["event_not_found", "invalid", "ok"]);
    assert_eq!(told[1].as_ref().expect_err("empty").faults()[0].pointer, "/checkins/1/ticket_id");
    let too_many = (0..101).map(|n| named("A", "one", &n.to_string())).collect();
    for (batch, pointer) in [(Vec::new(), "/checkins"), (too_many, "/checkins"), (vec![scan("A")], "/checkins/0/nonce")]
    {
        let refused = door.desk.app.attendance.check_in_batch(&door.panitia, batch, None).await.expect_err("refused");
        assert!(refused.faults().iter().any(|fault| fault.pointer == pointer), "{refused}");
    }
}

#[tokio::test]
async fn what_an_older_key_has_signed_stays_good() {
    let door = Door::listed().await;
    let (ticket, other) = (door.issue(NewTicket::default()).await, door.issue(NewTicket::default()).await);
    let old = door.code(&ticket).await;
    let operator = dermaga_ports::auth::Principal::Operator;
    let key = door.desk.app.attendance.rotate_key(&operator).await.expect("made");
    assert_eq!(key.number, 2);
    assert_ne!(door.code(&ticket).await, old);
    assert_eq!(door.told(scan(&old)).await, "ok");
    let fresh = door.code(&other).await;
    assert_eq!(door.told(scan(&fresh)).await, "ok");
    door.desk.database.execute("DELETE FROM ticket_keys WHERE number = 2").await.expect("deletes");
    assert_eq!(door.told(scan(&fresh)).await, "forged_code", "a key that nobody knows signs nothing");
    let state = door.desk.database.store.attendance().ticket(other.id).await.expect("reads").expect("is there").state;
    assert_eq!(state, TicketState::Valid);
}
