//! Ports, crossings, classes of vehicles (golongan) and fares.

use serde_json::{Value, json};

/// A port.
#[derive(Debug)]
pub struct Port {
    pub code: &'static str,
    pub name: &'static str,
    pub city: &'static str,
    pub zone: &'static str,
    pub hours: i8,
}

const fn port(code: &'static str, name: &'static str, city: &'static str, zone: &'static str, hours: i8) -> Port {
    Port { code, name, city, zone, hours }
}

/// Those that ferries go to.
pub const PORTS: &[Port] = &[
    port("MRK", "Pelabuhan Merak", "Cilegon", "Asia/Jakarta", 7),
    port("BKH", "Pelabuhan Bakauheni", "Lampung Selatan", "Asia/Jakarta", 7),
    port("KTP", "Pelabuhan Ketapang", "Banyuwangi", "Asia/Jakarta", 7),
    port("GLM", "Pelabuhan Gilimanuk", "Jembrana", "Asia/Makassar", 8),
    port("PDB", "Pelabuhan Padangbai", "Karangasem", "Asia/Makassar", 8),
    port("LBR", "Pelabuhan Lembar", "Lombok Barat", "Asia/Makassar", 8),
];

/// A crossing in both directions: minutes, and what it costs in hundredths of Merak to Bakauheni.
pub const CROSSINGS: &[(&str, &str, u64, i64)] =
    &[("MRK", "BKH", 60, 100), ("KTP", "GLM", 45, 25), ("PDB", "LBR", 270, 90)];

/// Class, what is in it, its length in centimetres, and the fare of the express from Merak, February 2024.
const CLASSES: &[(&str, &str, Option<u32>, i64)] = &[
    ("I", "Bicycle", None, 85_000),
    ("II", "Motorcycle below 500 cc, hand cart", None, 129_677),
    ("III", "Motorcycle of 500 cc and above, three-wheeler", None, 187_853),
    ("IVA", "Passenger car, jeep, minibus", Some(500), 749_128),
    ("IVB", "Pick-up, box, double cabin", Some(500), 491_800),
    ("VA", "Bus", Some(700), 1_225_928),
    ("VB", "Truck, tanker", Some(700), 904_923),
    ("VIA", "Bus", Some(1_000), 2_015_985),
    ("VIB", "Truck, tractor without trailer", Some(1_000), 1_366_620),
    ("VII", "Truck, trailer", Some(1_200), 1_975_580),
    ("VIII", "Truck, trailer", Some(1_600), 2_619_845),
    ("IX", "Truck, trailer", None, 3_998_920),
];

/// Fares of passengers on foot: express from Merak.
const PASSENGERS: &[(&str, i64)] = &[("adult", 84_800), ("child", 60_000), ("infant", 4_000)];

/// The port with that code.
pub fn find(code: &str) -> Option<&'static Port> {
    PORTS.iter().find(|one| one.code == code)
}

/// As it is written.
pub fn port_shown(one: &Port) -> Value {
    json!({"id": format!("prt_{}", one.code.to_lowercase()), "code": one.code, "name": one.name, "city": one.city,
        "time_zone": one.zone})
}

/// All classes as they are written.
pub fn classes() -> Vec<Value> {
    let shown = |(code, name, length, _): &(&str, &str, Option<u32>, i64)| json!({"code": code, "name": name, "max_length_cm": length, "includes_passengers": true});
    CLASSES.iter().map(shown).collect()
}

/// Minutes and factor of a crossing.
pub fn crossing(origin: &str, destination: &str) -> Option<(u64, i64)> {
    let same = |one: &&(&str, &str, u64, i64)| {
        (one.0, one.1) == (origin, destination) || (one.1, one.0) == (origin, destination)
    };
    CROSSINGS.iter().find(same).map(|one| (one.2, one.3))
}

/// The class with that code, and its fare.
pub fn class(code: &str) -> Option<(&'static str, i64, Option<u32>)> {
    CLASSES.iter().find(|one| one.0 == code).map(|one| (one.0, one.3, one.2))
}

/// The fare of a passenger on foot.
pub fn passenger(kind: &str) -> Option<i64> {
    PASSENGERS.iter().find(|one| one.0 == kind).map(|one| one.1)
}
