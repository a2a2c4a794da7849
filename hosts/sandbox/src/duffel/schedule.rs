//! Who flies when, and for how much. The day decides, and nothing else.

use serde_json::{Value, json};

use super::places::{self, Airport};
use crate::{
    clock::Moment,
    timetable::{duration, local, moment, pick},
};
use std::time::Duration;

/// An airline: code and name.
pub type Airline = (&'static str, &'static str);

const TEST_AIRLINE: Airline = ("ZZ", "Duffel Airways");
const GARUDA: Airline = ("GA", "Garuda Indonesia");
const CITILINK: Airline = ("QG", "Citilink");
const BATIK: Airline = ("ID", "Batik Air");
const LION: Airline = ("JT", "Lion Air");

/// A route that is flown each day in both directions: minutes, the cheapest fare in rupiah, and the departures.
type Line = (&'static str, &'static str, u64, i64, &'static [(Airline, u32, &'static str)]);

const LINES: &[Line] = &[
    (
        "CGK",
        "DPS",
        115,
        890_000,
        &[(CITILINK, 680, "05:40"), (GARUDA, 402, "08:00"), (BATIK, 6_510, "13:15"), (LION, 34, "18:45")],
    ),
    ("CGK", "SUB", 95, 720_000, &[(CITILINK, 712, "06:10"), (GARUDA, 310, "10:30"), (LION, 692, "17:00")]),
    ("CGK", "YIA", 75, 610_000, &[(BATIK, 6_370, "07:20"), (GARUDA, 206, "15:05")]),
    ("CGK", "KNO", 145, 1_050_000, &[(LION, 300, "06:00"), (GARUDA, 182, "11:40")]),
    ("CGK", "UPG", 150, 1_180_000, &[(CITILINK, 352, "04:55"), (GARUDA, 604, "09:10")]),
    ("SUB", "DPS", 60, 480_000, &[(CITILINK, 642, "09:25"), (LION, 804, "16:10")]),
    ("CGK", "SIN", 110, 1_240_000, &[(GARUDA, 824, "07:30"), (BATIK, 7_151, "14:45")]),
    ("DPS", "KUL", 180, 1_020_000, &[(BATIK, 7_230, "12:20")]),
];

/// A flight, or several in a row, of one airline on one day.
#[derive(Debug, Clone)]
pub struct Journey {
    /// Who sells it.
    pub airline: Airline,
    /// Its segments as they are written, without passengers.
    pub segments: Vec<Value>,
    /// From the first departure to the last arrival.
    pub duration: String,
    /// For one adult, in smallest units.
    pub fare: i64,
    /// Of the fare.
    pub currency: &'static str,
    /// When it begins.
    pub departs: Moment,
}

/// What flies from there to there on that day.
pub fn journeys(origin: &'static Airport, destination: &'static Airport, day: &str) -> Vec<Journey> {
    let route = format!("{}-{}", origin.code, destination.code);
    let same = |line: &&Line| {
        (line.0, line.1) == (origin.code, destination.code) || (line.1, line.0) == (origin.code, destination.code)
    };
    let Some((from, _, minutes, cheapest, departures)) = LINES.iter().find(same).copied() else {
        return test_flight(origin, destination, &route, day).into_iter().collect();
    };
    // The way back leaves after the way there has arrived, with the next number.
    let (later, shift) = if from == origin.code { (0, 0) } else { (minutes + 50, 1) };
    let flights = departures.iter().filter_map(|(airline, number, time)| {
        let departs = moment(day, time, origin.hours)?.plus(Duration::from_secs(later * 60));
        let number = number + shift;
        let fare = cheapest + 10_000 * pick(&format!("{route} {day} {number}"), 40);
        let one = segment(*airline, number, origin, destination, departs, minutes, &[]);
        Some(Journey {
            airline: *airline,
            segments: vec![one],
            duration: duration(minutes),
            fare,
            currency: "IDR",
            departs,
        })
    });
    flights.collect()
}

/// Duffel's own airline flies from everywhere to everywhere, once a day, for dollars.
fn test_flight(origin: &'static Airport, destination: &'static Airport, route: &str, day: &str) -> Option<Journey> {
    if route == "PVD-RAI" {
        return None;
    }
    let departs = moment(day, "09:00", origin.hours)?;
    let number = u32::try_from(1_000 + pick(route, 8_000)).unwrap_or(1_000);
    let fare = 4_500 + 100 * pick(&format!("{route} {day}"), 200);
    let segments = match route {
        "LHR-DXB" => {
            let via = places::find("AMS")?;
            let onward = departs.plus(Duration::from_secs(180 * 60));
            vec![
                segment(TEST_AIRLINE, number, origin, via, departs, 80, &[]),
                segment(TEST_AIRLINE, number + 1, via, destination, onward, 380, &[]),
            ]
        }
        "DXB-AMS" => vec![segment(TEST_AIRLINE, number, origin, destination, departs, 560, &["BTS"])],
        _ => vec![segment(TEST_AIRLINE, number, origin, destination, departs, 115, &[])],
    };
    let minutes = if segments.len() == 2 { 560 } else { 115 };
    Some(Journey { airline: TEST_AIRLINE, segments, duration: duration(minutes), fare, currency: "USD", departs })
}

fn segment(
    airline: Airline,
    number: u32,
    origin: &Airport,
    destination: &Airport,
    departs: Moment,
    minutes: u64,
    stops: &[&str],
) -> Value {
    let arrives = departs.plus(Duration::from_secs(minutes * 60));
    let carrier = carrier(airline);
    let stops: Vec<Value> = stops
        .iter()
        .filter_map(|code| places::find(code))
        .map(|place| json!({"id": format!("sto_{}", place.code.to_lowercase()), "duration": "PT45M", "airport": places::shown(place)}))
        .collect();
    let key = format!("{}{number}{}", airline.0, departs.millis());
    json!({
        "id": format!("seg_{:016x}", crate::timetable::hash(&key)),
        "origin": places::shown(origin), "destination": places::shown(destination),
        "departing_at": local(departs, origin.hours), "arriving_at": local(arrives, destination.hours),
        "duration": duration(minutes), "distance": null, "origin_terminal": "3", "destination_terminal": null,
        "stops": stops, "marketing_carrier": carrier, "marketing_carrier_flight_number": number.to_string(),
        "operating_carrier": carrier, "operating_carrier_flight_number": number.to_string(),
        "aircraft": {"id": "arc_320", "name": "Airbus A320", "iata_code": "320"},
    })
}

/// An airline as it is written.
pub fn carrier((code, name): Airline) -> Value {
    json!({"id": format!("aln_{}", code.to_lowercase()), "name": name, "iata_code": code, "logo_symbol_url": null,
        "logo_lockup_url": null, "conditions_of_carriage_url": null})
}
