//! Hotels.

use serde_json::{Value, json};

/// What goes wrong at a test hotel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// No rate can be quoted any more.
    RateGone,
    /// Somebody else books first.
    Taken,
    /// The price rises with every look at a quote.
    Dearer,
    /// The house answers ten minutes later.
    AnswersLater,
    /// Something is paid at the desk, in Swiss francs.
    PaysThere,
    /// A number of its programme is needed.
    Loyalty,
}

/// A hotel.
#[derive(Debug)]
pub struct House {
    pub id: &'static str,
    pub name: &'static str,
    pub street: &'static str,
    pub city: &'static str,
    pub country: &'static str,
    /// In ten-thousandths of a degree.
    pub at: (i64, i64),
    /// Hours east of Greenwich.
    pub hours: i8,
    pub stars: u8,
    /// Of the simplest room, for a night, in smallest units.
    pub night: i64,
    pub currency: &'static str,
    pub trouble: Trouble,
}

#[expect(clippy::too_many_arguments, reason = "one row of a table")]
const fn house(
    id: &'static str,
    name: &'static str,
    street: &'static str,
    city: &'static str,
    at: (i64, i64),
    hours: i8,
    stars: u8,
    night: i64,
) -> House {
    House { id, name, street, city, country: "ID", at, hours, stars, night, currency: "IDR", trouble: Trouble::None }
}

const fn test(id: &'static str, name: &'static str, trouble: Trouble) -> House {
    House {
        id,
        name,
        street: "1 Test Street",
        city: "Adamstown",
        country: "PN",
        at: (-243_800, -1_283_200),
        hours: -8,
        stars: 3,
        night: 79_900,
        currency: "USD",
        trouble,
    }
}

/// Those that there are.
pub const HOUSES: &[House] = &[
    house(
        "acc_0000000000bali01",
        "Pantai Kuta Beach Hotel",
        "Jalan Pantai Kuta 12",
        "Kuta",
        (-87_180, 1_151_690),
        8,
        4,
        950_000,
    ),
    house(
        "acc_0000000000bali02",
        "Sawah Ubud Villas",
        "Jalan Raya Ubud 88",
        "Ubud",
        (-85_069, 1_152_625),
        8,
        5,
        2_150_000,
    ),
    house(
        "acc_0000000000bali03",
        "Losmen Sanur",
        "Jalan Danau Tamblingan 5",
        "Sanur",
        (-86_790, 1_152_610),
        8,
        2,
        385_000,
    ),
    house(
        "acc_0000000000jkt001",
        "Menteng Business Hotel",
        "Jalan Cikini Raya 40",
        "Jakarta",
        (-61_944, 1_068_400),
        7,
        4,
        780_000,
    ),
    house(
        "acc_0000000000jog001",
        "Griya Malioboro",
        "Jalan Malioboro 60",
        "Yogyakarta",
        (-77_926, 1_103_658),
        7,
        3,
        465_000,
    ),
    test("acc_00000000000test1", "Test Hotel: the rate expires", Trouble::RateGone),
    test("acc_00000000000test2", "Test Hotel: somebody else books first", Trouble::Taken),
    test("acc_00000000000test3", "Test Hotel: the price rises", Trouble::Dearer),
    test("acc_00000000000test4", "Test Hotel: the house answers later", Trouble::AnswersLater),
    test("acc_00000000000test5", "Test Hotel: something is due there", Trouble::PaysThere),
    test("acc_00000000000test6", "Test Hotel: loyalty number required", Trouble::Loyalty),
];

/// Kinds of rooms: name, beds, and what a night costs in hundredths of the simplest.
pub const ROOMS: &[(&str, &str, u8, i64)] = &[("Superior Twin", "single", 2, 100), ("Deluxe King", "king", 1, 135)];

/// The one with that id.
pub fn find(id: &str) -> Option<&'static House> {
    HOUSES.iter().find(|one| one.id == id)
}

/// As it is written, without rooms.
pub fn shown(one: &House) -> Value {
    let degrees = |value: i64| crate::money::number(&decimal(value));
    json!({
        "id": one.id, "name": one.name, "description": format!("{} in {}", one.name, one.city),
        "location": {"address": {"line_one": one.street, "city_name": one.city, "region": null, "postal_code": "00000",
            "country_code": one.country},
            "geographic_coordinates": {"latitude": degrees(one.at.0), "longitude": degrees(one.at.1)}},
        "phone_number": "+62361000000", "email": null, "rating": one.stars, "ratings": [], "review_score": null,
        "review_count": 0, "amenities": [{"type": "wifi", "description": "Wireless internet"},
            {"type": "pool", "description": "Pool"}],
        "photos": [], "check_in_information": {"check_in_after_time": "14:00", "check_out_before_time": "12:00"},
        "key_collection": null, "chain": null, "brand": null,
        "supported_loyalty_programme": if one.trouble == Trouble::Loyalty { json!("duffel_hotel_group_rewards") } else { Value::Null },
    })
}

/// What people call the places around several houses.
const AREAS: &[(&str, (i64, i64))] = &[("Bali", (-86_500, 1_152_167)), ("Denpasar", (-86_705, 1_152_126))];

/// The cities in which they are, each where its first house is, and the areas around them.
pub fn cities() -> Vec<Value> {
    let first = |at: &usize| !HOUSES[..*at].iter().any(|earlier| earlier.city == HOUSES[*at].city);
    let cities = (0..HOUSES.len()).filter(first).map(|at| (HOUSES[at].city, HOUSES[at].country, HOUSES[at].at));
    let areas = AREAS.iter().map(|(name, at)| (*name, "ID", *at));
    let shown = |(number, (name, country, at)): (usize, (&str, &str, (i64, i64)))| {
        let degrees = |value: i64| crate::money::number(&decimal(value));
        json!({"type": "city", "id": format!("cit_{number:03}"), "name": name, "city_name": name, "iata_code": null,
            "iata_country_code": country, "latitude": degrees(at.0), "longitude": degrees(at.1), "time_zone": null})
    };
    cities.chain(areas).enumerate().map(shown).collect()
}

fn decimal(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", value.abs() / 10_000, value.abs() % 10_000)
}

/// Ten-thousandths of a degree, of a number as it was sent.
pub fn degrees(value: &Value) -> Option<i64> {
    let text = value.to_string();
    let (sign, text) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let (whole, decimals): (i64, i64) = (whole.parse().ok()?, format!("{decimals:0<4}").get(..4)?.parse().ok()?);
    Some(sign * (whole * 10_000 + decimals))
}
