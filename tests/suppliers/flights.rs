//! What the port of flights promises, and Duffel's test routes.

use dermaga_ports::booking::{
    BookFlight, FlightOffer, FlightSearch, FlightSupplier, Leg, OrderState, Paying, Policy, ProbeKey, RefusalKind,
    Seat, Traveller, TravellerKind,
};
use serde_json::json;

use crate::{
    kit::{
        adult, any_price, at, contact, day, done, found, new_price, nothing, refused, traveller, unknown,
        with_passport, wrong_field,
    },
    stage::Stage,
};

const ADULT: Seat = Seat { kind: TravellerKind::Adult, age: None };

pub fn search(origin: &str, destination: &str) -> FlightSearch {
    let leg = Leg { origin: origin.to_owned(), destination: destination.to_owned(), day: day("2026-03-01") };
    FlightSearch { legs: vec![leg], seats: vec![ADULT], cabin: None, max_connections: Some(1) }
}

/// The cheapest offer that is held, or paid at once.
pub async fn offer(stage: &Stage, origin: &str, destination: &str, paying: Paying) -> FlightOffer {
    let offers = done(stage.duffel.search(&search(origin, destination)).await);
    let fits = |offer: &&FlightOffer| offer.hold.is_some() == (paying == Paying::Later);
    offers.iter().find(fits).expect("an offer").clone()
}

pub fn booking(reference: &str, offer: &FlightOffer, paying: Paying) -> BookFlight {
    BookFlight {
        reference: reference.to_owned(),
        offer: offer.payload.clone(),
        travellers: vec![adult()],
        contact: contact(),
        max_total: any_price(offer.total),
        paying,
    }
}

pub fn key(booking: &BookFlight) -> ProbeKey {
    ProbeKey { reference: booking.reference.clone(), offer: booking.offer.clone() }
}

#[tokio::test]
async fn a_flight_is_found_held_paid_and_ticketed() {
    let stage = Stage::start().await;
    let offers = done(stage.duffel.search(&search("CGK", "DPS")).await);
    assert!(offers.len() >= 6 && offers.is_sorted_by_key(|offer| offer.total.amount()), "{}", offers.len());
    let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
    let segment = &offer.slices[0].segments[0];
    assert_eq!(segment.origin.time_zone.as_deref(), Some("Asia/Jakarta"));
    assert_eq!(segment.departs.day(), day("2026-03-01"), "on the clock of Jakarta");
    assert_eq!(done(stage.duffel.reprice(&offer.payload).await), offer, "nothing has changed");
    let booking = BookFlight { max_total: offer.total, ..booking("BKG-1", &offer, Paying::Later) };
    let held = done(stage.duffel.book(&booking).await);
    assert_eq!((&held.state, held.total, held.reference.as_deref()), (&OrderState::Held, offer.total, Some("BKG-1")));
    assert_eq!(held.pay_by, offer.hold.expect("held").pay_by);
    assert!(held.booking_reference.is_some() && held.documents.is_empty() && held.can_cancel);
    assert!(!held.raw.contains("Santoso") && !held.raw.contains("budi@"), "{}", held.raw);
    let paid = done(stage.duffel.pay(&held.id, held.total).await);
    assert_eq!(paid.state, OrderState::Confirmed);
    stage.wait(120).await;
    let ticketed = done(stage.duffel.read(&held.id).await);
    assert_eq!(ticketed.state, OrderState::Ticketed);
    assert_eq!(ticketed.documents[0].traveller, Some(0));
    assert_eq!(found(stage.duffel.probe(&key(&booking)).await).id, held.id);
}

#[tokio::test]
async fn the_same_day_has_the_same_flights_and_prices() {
    let (one, other) = (Stage::start().await, Stage::start().await);
    let seen = |offers: Vec<FlightOffer>| {
        offers.into_iter().map(|one| (one.slices[0].segments[0].number.clone(), one.total)).collect::<Vec<_>>()
    };
    let there = seen(done(one.duffel.search(&search("CGK", "DPS")).await));
    assert_eq!(there, seen(done(other.duffel.search(&search("CGK", "DPS")).await)));
    assert_ne!(there, seen(done(one.duffel.search(&search("DPS", "CGK")).await)));
}

#[tokio::test]
async fn a_family_flies_there_and_back_with_the_infant_on_a_lap() {
    let stage = Stage::start().await;
    let mut search = search("CGK", "DPS");
    search.legs.push(Leg { origin: "DPS".to_owned(), destination: "CGK".to_owned(), day: day("2026-03-08") });
    search.seats.push(Seat { kind: TravellerKind::Child, age: Some(9) });
    search.seats.push(Seat { kind: TravellerKind::Infant, age: Some(1) });
    let offers = done(stage.duffel.search(&search).await);
    let offer = offers.iter().find(|offer| offer.hold.is_some()).expect("an offer");
    assert_eq!((offer.slices.len(), offer.seats.len()), (2, 3));
    let kinds = [TravellerKind::Adult, TravellerKind::Child, TravellerKind::Infant];
    let family: Vec<Traveller> = kinds.into_iter().map(traveller).collect();
    let mixed =
        BookFlight { travellers: family.iter().rev().cloned().collect(), ..booking("F-1", offer, Paying::Later) };
    assert_eq!(wrong_field(stage.duffel.book(&mixed).await), "travellers[0].kind");
    let few = booking("F-1", offer, Paying::Later);
    assert_eq!(wrong_field(stage.duffel.book(&few).await), "travellers");
    let order = BookFlight { travellers: family, ..booking("F-1", offer, Paying::Later) };
    assert_eq!(done(stage.duffel.book(&order).await).state, OrderState::Held);
}

#[tokio::test]
async fn an_instant_order_is_paid_to_the_last_cent() {
    let stage = Stage::start().await;
    for (reference, origin, destination) in [("I-1", "CGK", "SUB"), ("I-2", "LHR", "DXB")] {
        let offer = offer(&stage, origin, destination, Paying::Now).await;
        let order = done(stage.duffel.book(&booking(reference, &offer, Paying::Now)).await);
        assert_eq!((order.state, order.total), (OrderState::Confirmed, offer.total));
    }
    let held = offer(&stage, "JFK", "EWR", Paying::Later).await;
    let all = done(stage.duffel.search(&search("JFK", "EWR")).await);
    assert!(all.iter().all(|offer| offer.hold.is_some()) && held.refund != Policy::Unknown);
    let instant = offer(&stage, "CGK", "DPS", Paying::Now).await;
    assert_eq!(refused(stage.duffel.book(&booking("I-3", &instant, Paying::Later)).await), RefusalKind::Rejected);
}

#[tokio::test]
async fn test_routes_with_connections_stops_and_nothing_at_all() {
    let stage = Stage::start().await;
    assert_eq!(done(stage.duffel.search(&search("PVD", "RAI")).await), Vec::new());
    assert_eq!(offer(&stage, "LHR", "DXB", Paying::Now).await.slices[0].segments.len(), 2);
    assert_eq!(offer(&stage, "DXB", "AMS", Paying::Now).await.slices[0].segments[0].stops, 1);
    assert!(offer(&stage, "BTS", "MRU", Paying::Now).await.slices[0].segments[0].baggage.is_empty());
    assert_eq!(refused(stage.duffel.search(&search("STN", "LHR")).await), RefusalKind::Unavailable);
}

#[tokio::test]
async fn an_offer_that_is_gone_is_refused_before_and_while_it_is_booked() {
    let stage = Stage::start().await;
    let taken = offer(&stage, "LGW", "LHR", Paying::Now).await;
    assert_eq!(refused(stage.duffel.book(&booking("G-1", &taken, Paying::Now)).await), RefusalKind::OfferGone);
    let old = offer(&stage, "CGK", "DPS", Paying::Later).await;
    stage.wait(30 * 60).await;
    assert_eq!(refused(stage.duffel.reprice(&old.payload).await), RefusalKind::OfferGone);
    assert_eq!(refused(stage.duffel.book(&booking("G-2", &old, Paying::Later)).await), RefusalKind::OfferGone);
    assert!(stage.records("G-1").await.is_empty() && stage.records("G-2").await.is_empty());
}

#[tokio::test]
async fn a_price_that_rose_is_told_before_anything_is_booked() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
    stage.play(&offer.id, "price", json!({"amount": offer.total.amount() + 25_000})).await;
    let strict = BookFlight { max_total: offer.total, ..booking("P-1", &offer, Paying::Later) };
    let new = new_price(stage.duffel.book(&strict).await).expect("the new price");
    assert_eq!(new.amount(), offer.total.amount() + 25_000);
    assert!(stage.records("P-1").await.is_empty());
    let again = BookFlight { max_total: new, ..strict };
    assert_eq!(done(stage.duffel.book(&again).await).total, new);
}

#[tokio::test]
async fn a_price_that_rises_between_look_and_booking_is_refused_by_the_supplier() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "LHR", "STN", Paying::Now).await;
    let dearer = done(stage.duffel.reprice(&offer.payload).await);
    assert!(dearer.total.amount() > offer.total.amount());
    assert_eq!(new_price(stage.duffel.book(&booking("P-2", &offer, Paying::Now)).await), None);
    assert!(stage.records("P-2").await.is_empty());
}

#[tokio::test]
async fn trap_01_a_hold_that_lapsed_is_not_paid() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
    let held = done(stage.duffel.book(&booking("L-1", &offer, Paying::Later)).await);
    stage.wait(72 * 3_600).await;
    let lapsed = done(stage.duffel.read(&held.id).await);
    assert_eq!((&lapsed.state, lapsed.can_cancel), (&OrderState::Lapsed, false));
    assert_eq!(refused(stage.duffel.pay(&held.id, lapsed.total).await), RefusalKind::OfferGone);
}

#[tokio::test]
async fn trap_02_a_hold_is_called_hold_on_the_wire() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
    done(stage.duffel.book(&booking("W-1", &offer, Paying::Later)).await);
    let heard = stage.heard("W-1").await;
    let sent = heard.iter().find(|call| call["path"] == "/air/orders").expect("it was sent");
    assert_eq!((&sent["body"]["data"]["type"], sent["body"]["data"].get("payments")), (&json!("hold"), None));
    assert_eq!(sent["headers"]["duffel-version"], "v2");
    assert!(sent["headers"]["accept-encoding"].as_str().is_some_and(|told| told.contains("gzip")));
}

#[tokio::test]
async fn trap_03_an_accepted_booking_is_unknown_until_the_probe_finds_it() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "LTN", "STN", Paying::Now).await;
    let booking = booking("A-1", &offer, Paying::Now);
    unknown(stage.duffel.book(&booking).await);
    nothing(stage.duffel.probe(&key(&booking)).await);
    assert!(stage.duffel.appears_within().as_secs() > 600, "longer than it takes");
    stage.wait(601).await;
    let order = found(stage.duffel.probe(&key(&booking)).await);
    assert_eq!(order.reference.as_deref(), Some("A-1"));
    assert_eq!(stage.records("A-1").await.len(), 1, "and there is one");
}

#[tokio::test]
async fn an_airline_that_fails_oddly_leaves_a_question_that_the_probe_answers() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "LHR", "LGW", Paying::Now).await;
    let booking = booking("O-1", &offer, Paying::Now);
    unknown(stage.duffel.book(&booking).await);
    nothing(stage.duffel.probe(&key(&booking)).await);
}

#[tokio::test]
async fn an_empty_balance_is_ours_to_fill() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "LGW", "STN", Paying::Now).await;
    let kind = refused(stage.duffel.book(&booking("B-1", &offer, Paying::Now)).await);
    assert_eq!(kind, RefusalKind::InsufficientSupplierBalance);
}

#[tokio::test]
async fn trap_22_the_price_of_a_hold_may_rise_before_the_hold_ends() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
    let held = done(stage.duffel.book(&booking("C-1", &offer, Paying::Later)).await);
    assert!(held.price_guaranteed_until < held.pay_by);
    stage.wait(49 * 3_600).await;
    let new = new_price(stage.duffel.pay(&held.id, held.total).await).expect("the new price");
    assert!(new.amount() > held.total.amount());
    assert_eq!(done(stage.duffel.pay(&held.id, new).await).state, OrderState::Confirmed);
    assert_eq!(refused(stage.duffel.pay(&held.id, new).await), RefusalKind::AlreadyDone);
}

#[tokio::test]
async fn a_flight_that_the_airline_moved_is_not_paid_blindly() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "LHR", "LTN", Paying::Later).await;
    let held = done(stage.duffel.book(&booking("S-1", &offer, Paying::Later)).await);
    assert!(!held.schedule_changed);
    stage.wait(3_601).await;
    assert!(done(stage.duffel.read(&held.id).await).schedule_changed);
    assert_eq!(refused(stage.duffel.pay(&held.id, held.total).await), RefusalKind::ScheduleChanged);
}

#[tokio::test]
async fn trap_30_who_has_one_name_only_is_booked_with_it_twice() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
    let suharto = Traveller { given_name: "Suharto".into(), family_name: None, ..adult() };
    done(stage.duffel.book(&BookFlight { travellers: vec![suharto], ..booking("N-1", &offer, Paying::Later) }).await);
    let heard = stage.heard("N-1").await;
    let sent = heard.iter().find(|call| call["path"] == "/air/orders").expect("it was sent");
    let passenger = &sent["body"]["data"]["passengers"][0];
    assert_eq!((&passenger["given_name"], &passenger["family_name"]), (&json!("Suharto"), &json!("Suharto")));
}

#[tokio::test]
async fn what_a_traveller_gave_wrongly_is_named_before_and_by_the_supplier() {
    let stage = Stage::start().await;
    let abroad = offer(&stage, "CGK", "SIN", Paying::Later).await;
    assert!(abroad.documents_required);
    let order = booking("T-1", &abroad, Paying::Later);
    assert_eq!(wrong_field(stage.duffel.book(&order).await), "travellers[0].document");
    let born = Traveller { born_on: Some("24.7.1987".into()), ..with_passport(adult()) };
    let odd = BookFlight { travellers: vec![born], ..order.clone() };
    assert_eq!(wrong_field(stage.duffel.book(&odd).await), "travellers[0].born_on");
    let mut contact = contact();
    contact.phone = "081234567890".into();
    assert_eq!(wrong_field(stage.duffel.book(&BookFlight { contact, ..order.clone() }).await), "contact.phone");
    assert_eq!(
        wrong_field(stage.duffel.book(&BookFlight { reference: "a b".into(), ..order.clone() }).await),
        "reference"
    );
    let good = BookFlight { travellers: vec![with_passport(adult())], ..order };
    assert_eq!(done(stage.duffel.book(&good).await).state, OrderState::Held);
    let mut nowhere = search("CGK", "DPS");
    nowhere.legs[0].destination = "QQQ".to_owned();
    assert_eq!(wrong_field(stage.duffel.search(&nowhere).await), "slices[0].destination");
    let mut past = search("CGK", "DPS");
    past.legs[0].day = day("2026-01-04");
    assert_eq!(wrong_field(stage.duffel.search(&past).await), "slices[0].departure_date");
}

#[tokio::test]
async fn trap_31_a_paid_order_has_a_reference_and_waits_for_its_tickets() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "CGK", "DPS", Paying::Now).await;
    let order = done(stage.duffel.book(&booking("D-1", &offer, Paying::Now)).await);
    assert!(order.booking_reference.is_some() && order.documents.is_empty());
    assert_eq!(order.state, OrderState::Confirmed, "not ticketed");
    stage.wait(120).await;
    assert_eq!(done(stage.duffel.read(&order.id).await).state, OrderState::Ticketed);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let stage = Stage::start().await;
    for id in ["ord_0000", "../orders", "", "a?b"] {
        assert_eq!(refused(stage.duffel.read(id).await), RefusalKind::NotFound, "{id:?}");
    }
    let offer = offer(&stage, "CGK", "DPS", Paying::Now).await;
    let never = ProbeKey { reference: "NEVER".to_owned(), offer: offer.payload.clone() };
    nothing(stage.duffel.probe(&never).await);
    done(stage.duffel.book(&booking("MINE", &offer, Paying::Now)).await);
    nothing(stage.duffel.probe(&never).await);
    assert!(at("2026-01-05T03:30:00Z") >= offer.expires_at, "the probe needs no living offer");
    stage.wait(7_200).await;
    assert_eq!(
        found(stage.duffel.probe(&ProbeKey { reference: "MINE".into(), ..never }).await).reference.as_deref(),
        Some("MINE")
    );
}
