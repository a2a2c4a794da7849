//! What the port of ferries promises.

use dermaga_ports::booking::{
    BookFerry, Departure, DepartureSearch, DocumentKind, FerryBooking, FerryQuote, FerrySupplier, FerryVehicle,
    OrderState, Paying, ProbeKey, RefusalKind, Traveller, TravellerKind, Vehicle,
};
use serde_json::json;

use crate::{
    kit::{adult, any_price, contact, day, done, found, new_price, nothing, refused, unknown, with_nik, wrong_field},
    stage::Stage,
};

pub fn search(passengers: usize, class: Option<&str>) -> DepartureSearch {
    DepartureSearch {
        origin: "MRK".to_owned(),
        destination: "BKH".to_owned(),
        day: day("2026-01-20"),
        passengers: vec![TravellerKind::Adult; passengers],
        vehicle: class.map(|class| Vehicle { class: class.to_owned() }),
    }
}

async fn express(stage: &Stage, search: &DepartureSearch) -> Departure {
    let all = done(stage.ferry.departures(search).await);
    all.into_iter().find(|one| one.service == "express").expect("an express")
}

pub async fn quote(stage: &Stage, search: &DepartureSearch) -> FerryQuote {
    done(stage.ferry.quote(&express(stage, search).await.fares[0].payload).await)
}

pub fn booking(reference: &str, quote: &FerryQuote, paying: Paying) -> BookFerry {
    BookFerry {
        reference: reference.to_owned(),
        quote: quote.payload.clone(),
        contact: contact(),
        passengers: vec![with_nik(adult())],
        vehicle: None,
        max_total: any_price(quote.total),
        paying,
    }
}

fn key(booking: &BookFerry) -> ProbeKey {
    ProbeKey { reference: booking.reference.clone(), offer: booking.quote.clone() }
}

async fn held(stage: &Stage, reference: &str) -> FerryBooking {
    let quote = quote(stage, &search(1, None)).await;
    done(stage.ferry.book(&booking(reference, &quote, Paying::Later)).await)
}

#[tokio::test]
async fn ports_and_classes_of_vehicles_are_listed() {
    let stage = Stage::start().await;
    let ports = done(stage.ferry.ports().await);
    assert!(ports.iter().any(|port| port.code == "GLM" && port.time_zone == "Asia/Makassar"));
    let classes = done(stage.ferry.vehicle_classes().await);
    let car = classes.iter().find(|class| class.code == "IVA").expect("cars");
    assert!(classes.len() == 12 && car.includes_passengers && car.max_length_cm == Some(500));
}

#[tokio::test]
async fn a_car_crosses_with_everybody_in_it() {
    let stage = Stage::start().await;
    let search = search(3, Some("IVA"));
    let departure = express(&stage, &search).await;
    assert!(departure.check_in_from < departure.check_in_until && departure.departs < departure.arrives);
    let fare = &departure.fares[0];
    assert_eq!(fare.total.amount(), 749_128 + 3 * 1_200, "one fare for all, and an insurance for each");
    let sum: i64 = fare.lines.iter().map(|line| line.amount.amount()).sum();
    assert_eq!(sum, fare.total.amount());
    let quote = done(stage.ferry.quote(&fare.payload).await);
    let car = FerryVehicle { class: "IVA".to_owned(), plate: "B 1234 XYZ".into(), length_cm: Some(450) };
    let three = vec![with_nik(adult()); 3];
    let alone = BookFerry { vehicle: Some(car.clone()), ..booking("C-1", &quote, Paying::Later) };
    assert_eq!(wrong_field(stage.ferry.book(&alone).await), "travellers", "all are named");
    let order = BookFerry { passengers: three, ..alone };
    let booked = done(stage.ferry.book(&order).await);
    assert_eq!((&booked.state, booked.total), (&OrderState::Held, fare.total));
    assert!(!booked.raw.contains("B 1234") && !booked.raw.contains("3171012407870001"), "{}", booked.raw);
    done(stage.ferry.pay(&booked.id, booked.total).await);
    stage.wait(60).await;
    let ticketed = done(stage.ferry.read(&booked.id).await);
    assert_eq!((ticketed.state, ticketed.documents.len()), (OrderState::Ticketed, 4));
    assert!(ticketed.revision > booked.revision);
    let long = FerryVehicle { length_cm: Some(700), ..car };
    let other = BookFerry { reference: "C-2".into(), vehicle: Some(long), ..order };
    assert_eq!(wrong_field(stage.ferry.book(&other).await), "vehicle.length_cm");
}

#[tokio::test]
async fn trap_21_a_fare_is_not_rounded_to_hundreds() {
    let stage = Stage::start().await;
    let departure = express(&stage, &search(1, Some("II"))).await;
    assert_eq!(departure.fares[0].total.amount(), 129_677 + 1_200);
}

#[tokio::test]
async fn trap_34_a_ticket_is_no_boarding_pass() {
    let stage = Stage::start().await;
    let booked = held(&stage, "T-1").await;
    done(stage.ferry.pay(&booked.id, booked.total).await);
    stage.wait(60).await;
    let documents = done(stage.ferry.read(&booked.id).await).documents;
    assert!(documents.iter().all(|one| one.kind == DocumentKind::FerryTicket && one.qr.is_some()), "{documents:?}");
}

#[tokio::test]
async fn a_hold_lasts_an_hour() {
    let stage = Stage::start().await;
    let booked = held(&stage, "L-1").await;
    stage.wait(3_600).await;
    assert_eq!(done(stage.ferry.read(&booked.id).await).state, OrderState::Lapsed);
    assert_eq!(refused(stage.ferry.pay(&booked.id, booked.total).await), RefusalKind::OfferGone);
}

#[tokio::test]
async fn a_payment_is_exact_and_happens_once() {
    let stage = Stage::start().await;
    let booked = held(&stage, "P-1").await;
    let less = crate::kit::rupiah(booked.total.amount() - 1);
    assert_eq!(new_price(stage.ferry.pay(&booked.id, less).await), None);
    let paid = done(stage.ferry.pay(&booked.id, booked.total).await);
    assert_eq!(done(stage.ferry.pay(&booked.id, booked.total).await), paid, "the same key has the same answer");
}

#[tokio::test]
async fn a_ship_that_is_full_and_a_price_that_rose() {
    let stage = Stage::start().await;
    let departure = express(&stage, &search(1, None)).await;
    let fare = &departure.fares[0];
    let quote = done(stage.ferry.quote(&fare.payload).await);
    stage.play(&fare.id, "price", json!({"amount": fare.total.amount() + 5_000})).await;
    let strict = BookFerry { max_total: quote.total, ..booking("G-1", &quote, Paying::Later) };
    let new = new_price(stage.ferry.book(&strict).await).expect("the new price");
    assert_eq!(new.amount(), fare.total.amount() + 5_000);
    stage.play(&fare.id, "gone", json!({})).await;
    assert_eq!(refused(stage.ferry.quote(&fare.payload).await), RefusalKind::OfferGone);
    assert_eq!(refused(stage.ferry.book(&BookFerry { max_total: new, ..strict }).await), RefusalKind::OfferGone);
    let old = self::quote(&stage, &search(1, None)).await;
    stage.wait(15 * 60).await;
    assert_eq!(refused(stage.ferry.book(&booking("G-2", &old, Paying::Later)).await), RefusalKind::OfferGone);
    nothing(stage.ferry.probe(&key(&booking("G-1", &old, Paying::Later))).await);
}

#[tokio::test]
async fn the_manifest_wants_to_know_who_travels() {
    let stage = Stage::start().await;
    let quote = quote(&stage, &search(1, None)).await;
    let with =
        |traveller: Traveller| BookFerry { passengers: vec![traveller], ..booking("M-1", &quote, Paying::Later) };
    assert_eq!(wrong_field(stage.ferry.book(&with(adult())).await), "travellers[0].document");
    let mut short = with_nik(adult());
    short.document.as_mut().expect("a document").number = "317101".into();
    assert_eq!(wrong_field(stage.ferry.book(&with(short)).await), "travellers[0].document.number");
    let plate = FerryVehicle { class: "IVA".into(), plate: "<script>".into(), length_cm: None };
    let odd = BookFerry { vehicle: Some(plate), ..with(with_nik(adult())) };
    assert_eq!(wrong_field(stage.ferry.book(&odd).await), "vehicle.plate");
    assert!(stage.heard("M-1").await.is_empty(), "nobody was told");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_by_our_reference_or_repeated_under_it() {
    let stage = Stage::start().await;
    let quote = quote(&stage, &search(1, None)).await;
    let lost = booking("U-1", &quote, Paying::Now);
    stage.fault("/ferry/bookings", "timeout_after_commit").await;
    unknown(stage.ferry.book(&lost).await);
    let there = found(stage.ferry.probe(&key(&lost)).await);
    assert_eq!(done(stage.ferry.book(&lost).await).id, there.id, "the key makes a repetition harmless");
    assert_eq!(stage.records("U-1").await.len(), 1);
    let never = booking("U-2", &quote, Paying::Now);
    stage.fault("/ferry/bookings", "timeout_before_commit").await;
    unknown(stage.ferry.book(&never).await);
    nothing(stage.ferry.probe(&key(&never)).await);
}

#[tokio::test]
async fn a_cancellation_keeps_its_fee_and_says_what_it_expects() {
    let stage = Stage::start().await;
    let car = FerryVehicle { class: "IVA".to_owned(), plate: "B 1 A".into(), length_cm: None };
    let quote = quote(&stage, &search(1, Some("IVA"))).await;
    let order = BookFerry { vehicle: Some(car), ..booking("X-1", &quote, Paying::Now) };
    let booked = done(stage.ferry.book(&order).await);
    let first = done(stage.ferry.quote_cancellation(&booked.id).await);
    let refund = first.refund.expect("a sum");
    assert_eq!(refund.amount(), booked.total.amount() * 375 / 1_000);
    let expected = booked.refund.at(crate::kit::start(), false, booked.total);
    assert_eq!(expected, dermaga_ports::booking::Expected::Refund(refund), "as the conditions say");
    stage.wait(31 * 60).await;
    assert_eq!(refused(stage.ferry.cancel(&first).await), RefusalKind::OfferGone, "the quote has ended");
    let second = done(stage.ferry.quote_cancellation(&booked.id).await);
    let more = dermaga_ports::booking::CancellationQuote { refund: Some(booked.total), ..second.clone() };
    assert_eq!(refused(stage.ferry.cancel(&more).await), RefusalKind::OfferGone);
    assert_eq!(done(stage.ferry.cancel(&second).await).refund, Some(refund));
    assert_eq!(done(stage.ferry.read(&booked.id).await).state, OrderState::Cancelled);
    assert_eq!(refused(stage.ferry.quote_cancellation(&booked.id).await), RefusalKind::AlreadyDone);
}

#[tokio::test]
async fn a_cheap_ticket_gives_nothing_back() {
    let stage = Stage::start().await;
    let mut crossing = search(1, None);
    (crossing.origin, crossing.destination) = ("KTP".to_owned(), "GLM".to_owned());
    let quote = quote(&stage, &crossing).await;
    assert!(quote.total.amount() < 50_000);
    let booked = done(stage.ferry.book(&booking("X-2", &quote, Paying::Now)).await);
    let cancellation = done(stage.ferry.quote_cancellation(&booked.id).await);
    assert_eq!(cancellation.refund.map(|refund| refund.amount()), Some(0));
}
