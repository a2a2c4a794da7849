//! What every test here needs: people, money, and a way to say what is expected.

use std::fmt::Debug;

use dermaga_ports::{
    booking::{
        Contact, Day, Found, Gender, IdentityDocument, IdentityKind, Outcome, RefusalKind, Title, Traveller,
        TravellerKind,
    },
    money::{Currency, Money},
    time::Timestamp,
};

/// 5 January 2026, 10:00 in Jakarta.
pub fn start() -> Timestamp {
    at("2026-01-05T03:00:00Z")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

pub fn rupiah(amount: i64) -> Money {
    Money::new(amount, Currency::Idr).expect("in range")
}

/// More than anything costs.
pub fn any_price(like: Money) -> Money {
    Money::new(1_000_000_000, like.currency()).expect("in range")
}

pub fn traveller(kind: TravellerKind) -> Traveller {
    Traveller {
        kind,
        title: Some(Title::Mr),
        gender: Some(Gender::Male),
        given_name: "Budi".into(),
        family_name: Some("Santoso".into()),
        born_on: Some("1987-07-24".into()),
        document: None,
    }
}

pub fn adult() -> Traveller {
    traveller(TravellerKind::Adult)
}

pub fn with_nik(traveller: Traveller) -> Traveller {
    let number = "3171012407870001".into();
    let document = IdentityDocument { kind: IdentityKind::Nik, number, issued_by: "ID".to_owned(), expires_on: None };
    Traveller { document: Some(document), ..traveller }
}

pub fn with_passport(traveller: Traveller) -> Traveller {
    let document = IdentityDocument {
        kind: IdentityKind::Passport,
        number: "X12345678".into(),
        issued_by: "ID".to_owned(),
        expires_on: Some(day("2031-04-25")),
    };
    Traveller { document: Some(document), ..traveller }
}

pub fn contact() -> Contact {
    Contact { name: "Budi Santoso".into(), email: "budi@example.com".into(), phone: "+6281234567890".into() }
}

#[track_caller]
pub fn done<T: Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(value) => value,
        other => panic!("not done: {other:?}"),
    }
}

#[track_caller]
pub fn refused<T: Debug>(outcome: Outcome<T>) -> RefusalKind {
    match outcome {
        Outcome::Refused(refusal) => {
            assert!(!refusal.reason.is_empty(), "a refusal says why");
            refusal.kind
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
pub fn unknown<T: Debug>(outcome: Outcome<T>) -> String {
    match outcome {
        Outcome::Unknown(told) => told,
        other => panic!("known: {other:?}"),
    }
}

#[track_caller]
pub fn found<T: Debug>(outcome: Outcome<Found<T>>) -> T {
    match done(outcome) {
        Found::Record(record) => *record,
        Found::Nothing => panic!("nothing was found"),
    }
}

#[track_caller]
pub fn nothing<T: Debug>(outcome: Outcome<Found<T>>) {
    match done(outcome) {
        Found::Nothing => {}
        Found::Record(record) => panic!("found {record:?}"),
    }
}

#[track_caller]
pub fn wrong_field<T: Debug>(outcome: Outcome<T>) -> String {
    match refused(outcome) {
        RefusalKind::InvalidInput { field } => field,
        other => panic!("refused for another reason: {other:?}"),
    }
}

/// The price that is told instead of the expected one.
#[track_caller]
pub fn new_price<T: Debug>(outcome: Outcome<T>) -> Option<Money> {
    match refused(outcome) {
        RefusalKind::PriceChanged { new } => new,
        other => panic!("refused for another reason: {other:?}"),
    }
}
