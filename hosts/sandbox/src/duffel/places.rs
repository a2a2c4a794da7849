//! Airports.

use serde_json::{Value, json};

use super::wire;
use crate::{call::Answer, stays};

/// An airport.
#[derive(Debug)]
pub struct Airport {
    pub code: &'static str,
    pub name: &'static str,
    pub city: &'static str,
    pub country: &'static str,
    pub zone: &'static str,
    /// Hours east of Greenwich, without summer time.
    pub hours: i8,
}

const fn airport(
    code: &'static str,
    name: &'static str,
    city: &'static str,
    country: &'static str,
    zone: &'static str,
    hours: i8,
) -> Airport {
    Airport { code, name, city, country, zone, hours }
}

/// Those that flights are known of.
pub const AIRPORTS: &[Airport] = &[
    airport("CGK", "Soekarno-Hatta International Airport", "Jakarta", "ID", "Asia/Jakarta", 7),
    airport("DPS", "I Gusti Ngurah Rai International Airport", "Denpasar", "ID", "Asia/Makassar", 8),
    airport("SUB", "Juanda International Airport", "Surabaya", "ID", "Asia/Jakarta", 7),
    airport("YIA", "Yogyakarta International Airport", "Yogyakarta", "ID", "Asia/Jakarta", 7),
    airport("KNO", "Kualanamu International Airport", "Medan", "ID", "Asia/Jakarta", 7),
    airport("UPG", "Sultan Hasanuddin International Airport", "Makassar", "ID", "Asia/Makassar", 8),
    airport("DJJ", "Dortheys Hiyo Eluay International Airport", "Jayapura", "ID", "Asia/Jayapura", 9),
    airport("SIN", "Singapore Changi Airport", "Singapore", "SG", "Asia/Singapore", 8),
    airport("KUL", "Kuala Lumpur International Airport", "Kuala Lumpur", "MY", "Asia/Kuala_Lumpur", 8),
    airport("LHR", "Heathrow Airport", "London", "GB", "Europe/London", 0),
    airport("LGW", "Gatwick Airport", "London", "GB", "Europe/London", 0),
    airport("LTN", "Luton Airport", "London", "GB", "Europe/London", 0),
    airport("STN", "Stansted Airport", "London", "GB", "Europe/London", 0),
    airport("JFK", "John F. Kennedy International Airport", "New York", "US", "America/New_York", -5),
    airport("EWR", "Newark Liberty International Airport", "Newark", "US", "America/New_York", -5),
    airport("DXB", "Dubai International Airport", "Dubai", "AE", "Asia/Dubai", 4),
    airport("AMS", "Amsterdam Airport Schiphol", "Amsterdam", "NL", "Europe/Amsterdam", 1),
    airport("BTS", "M. R. Stefanik Airport", "Bratislava", "SK", "Europe/Bratislava", 1),
    airport("MRU", "Sir Seewoosagur Ramgoolam International Airport", "Mauritius", "MU", "Indian/Mauritius", 4),
    airport("ABV", "Nnamdi Azikiwe International Airport", "Abuja", "NG", "Africa/Lagos", 1),
    airport("PVD", "Rhode Island T. F. Green International Airport", "Providence", "US", "America/New_York", -5),
    airport("RAI", "Nelson Mandela International Airport", "Praia", "CV", "Atlantic/Cape_Verde", -1),
    airport("SYD", "Sydney Kingsford Smith Airport", "Sydney", "AU", "Australia/Sydney", 10),
];

/// The one with that code.
pub fn find(code: &str) -> Option<&'static Airport> {
    AIRPORTS.iter().find(|one| one.code == code)
}

/// As it is written.
pub fn shown(one: &Airport) -> Value {
    json!({
        "type": "airport", "id": format!("arp_{}", one.code.to_lowercase()), "name": one.name, "iata_code": one.code,
        "icao_code": null, "iata_country_code": one.country, "iata_city_code": one.code, "city_name": one.city,
        "time_zone": one.zone, "city": null,
    })
}

/// `GET /places/suggestions`.
pub fn suggest(query: &str) -> Answer {
    let query = query.to_lowercase();
    let like = |one: &&Airport| {
        [one.code, one.name, one.city].iter().any(|text| text.to_lowercase().contains(&query)) && !query.is_empty()
    };
    // Cities with hotels come first: they say where they are.
    let cities = stays::cities().into_iter().filter(|city| {
        city["name"].as_str().is_some_and(|name| !query.is_empty() && name.to_lowercase().contains(&query))
    });
    wire::list(cities.chain(AIRPORTS.iter().filter(like).map(shown)).collect())
}

/// `GET /air/airports`.
pub fn all() -> Answer {
    wire::list(AIRPORTS.iter().map(shown).collect())
}
