//! The shapes of hotel rooms on the wire, and what they are to the port.

use std::collections::BTreeMap;

use dermaga_ports::booking::{
    Accommodation, Board, DueThere, HotelBooking, HotelState, Policy, PolicyStep, Share, Until,
};
use serde::{Deserialize, Serialize};

use crate::wire::{
    amount::money,
    http::{Answer, unreadable},
    mask,
    outcome::Result,
    text::{Text, list},
};

/// A place that somebody may have meant.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Suggestion {
    pub latitude: Text,
    pub longitude: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Results {
    #[serde(deserialize_with = "list")]
    pub results: Vec<Found>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Found {
    pub id: Text,
    pub accommodation: House,
    pub cheapest_rate_total_amount: Text,
    pub cheapest_rate_currency: Text,
    pub cheapest_rate_due_at_accommodation_amount: Text,
    pub cheapest_rate_due_at_accommodation_currency: Text,
    pub expires_at: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct House {
    pub id: Text,
    pub name: Text,
    pub description: Text,
    pub location: Option<Location>,
    pub rating: Text,
    #[serde(deserialize_with = "list")]
    pub amenities: Vec<Typed>,
    #[serde(deserialize_with = "list")]
    pub photos: Vec<Photo>,
    pub check_in_information: Option<CheckIn>,
    pub key_collection: Option<Keys>,
    #[serde(deserialize_with = "list")]
    pub rooms: Vec<Room>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Location {
    pub address: Option<Address>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Address {
    pub line_one: Text,
    pub city_name: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Typed {
    #[serde(rename = "type")]
    pub kind: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Photo {
    pub url: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct CheckIn {
    pub check_in_after_time: Text,
    pub check_out_before_time: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Keys {
    pub instructions: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Room {
    pub name: Text,
    #[serde(deserialize_with = "list")]
    pub beds: Vec<Bed>,
    #[serde(deserialize_with = "list")]
    pub rates: Vec<Rate>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Bed {
    #[serde(rename = "type")]
    pub kind: Text,
    pub count: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Rate {
    pub id: Text,
    pub name: Text,
    pub expires_at: Text,
    pub total_amount: Text,
    pub total_currency: Text,
    pub due_at_accommodation_amount: Text,
    pub due_at_accommodation_currency: Text,
    pub board_type: Text,
    pub quantity_available: Text,
    #[serde(deserialize_with = "list")]
    pub available_payment_methods: Vec<Text>,
    pub cancellation_timeline: Option<Vec<Step>>,
    #[serde(deserialize_with = "list")]
    pub conditions: Vec<Condition>,
    pub supported_loyalty_programme: Text,
    pub loyalty_programme_required: bool,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Step {
    pub refund_amount: Text,
    pub currency: Text,
    pub before: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Condition {
    pub title: Text,
    pub description: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Quote {
    pub id: Text,
    pub accommodation: House,
    pub total_amount: Text,
    pub total_currency: Text,
    pub due_at_accommodation_amount: Text,
    pub due_at_accommodation_currency: Text,
    pub expires_at: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Booking {
    pub id: Text,
    pub status: Text,
    pub reference: Text,
    pub confirmed_at: Text,
    pub cancelled_at: Text,
    pub check_in_date: Text,
    pub check_out_date: Text,
    pub accommodation: House,
    pub key_collection: Option<Keys>,
    pub total_amount: Text,
    pub total_currency: Text,
    pub metadata: Option<BTreeMap<String, Text>>,
}

/// What the payloads of stays hold.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StayPayload {
    /// Of a result, a rate or a quote.
    pub id: String,
    /// As the rate had it: a quote does not always repeat it.
    pub policy: Option<Policy>,
}

pub(super) fn house(told: &House) -> Accommodation {
    let address = told.location.as_ref().and_then(|location| location.address.as_ref());
    let check_in = told.check_in_information.as_ref();
    Accommodation {
        id: told.id.or_empty().to_owned(),
        name: told.name.or_empty().to_owned(),
        description: told.description.owned(),
        address: address.and_then(|address| address.line_one.owned()),
        city: address.and_then(|address| address.city_name.owned()),
        stars: told.rating.number(),
        amenities: told.amenities.iter().filter_map(|one| one.kind.owned()).collect(),
        photos: told
            .photos
            .iter()
            .filter_map(|one| one.url.owned())
            .filter(|url| url.starts_with("https://"))
            .collect(),
        check_in_after: check_in.and_then(|times| times.check_in_after_time.owned()),
        check_out_before: check_in.and_then(|times| times.check_out_before_time.owned()),
        key_collection: told.key_collection.as_ref().and_then(|keys| keys.instructions.owned()),
    }
}

/// What the house takes itself: told apart, whatever its currency.
pub(super) fn due_there(amount: &Text, currency: &Text) -> Option<DueThere> {
    let sum = amount.get()?;
    if sum.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return None;
    }
    Some(DueThere { told: format!("{sum} {}", currency.or_empty()).trim().to_owned(), amount: money(amount, currency) })
}

pub(super) fn board(told: &Text) -> Board {
    match told.or_empty() {
        "room_only" => Board::RoomOnly,
        "breakfast" => Board::Breakfast,
        "half_board" => Board::HalfBoard,
        "full_board" => Board::FullBoard,
        "all_inclusive" => Board::AllInclusive,
        other => Board::Unrecognised(other.chars().take(50).collect()),
    }
}

/// Each entry holds before its moment. An empty list pays nothing back; a missing one says nothing.
pub(super) fn policy(timeline: Option<&[Step]>) -> Policy {
    let Some(timeline) = timeline else { return Policy::Unknown };
    let step = |told: &Step| {
        let refund = Share::Amount(money(&told.refund_amount, &told.currency)?);
        Some((told.before.moment()?, refund))
    };
    let Some(mut steps) = timeline.iter().map(step).collect::<Option<Vec<_>>>() else { return Policy::AskSupplier };
    steps.sort_by_key(|(before, _)| *before);
    let step = |(before, refund)| PolicyStep { until: Until::At(before), refund, min_fee: None };
    Policy::Steps(steps.into_iter().map(step).collect())
}

/// The only rate of a quote or a booking.
pub(super) fn sold(house: &House) -> Option<&Rate> {
    house.rooms.iter().flat_map(|room| &room.rates).next()
}

pub(super) fn booking(told: &Booking, answer: &Answer) -> Result<HotelBooking> {
    let missing = |member: &str| unreadable(answer, &format!("{member} is missing or unreadable"));
    let day = |text: &Text, member| text.get().and_then(|text| text.parse().ok()).ok_or_else(|| missing(member));
    let rate = sold(&told.accommodation);
    let kept = told.metadata.as_ref().and_then(|all| all.get(super::order::REFERENCE));
    let state = match told.status.or_empty() {
        "confirmed" => HotelState::Confirmed,
        "cancelled" | "cancellation_confirmed" => HotelState::Cancelled,
        "requested" | "pending" => HotelState::Requested,
        "cancellation_requested" => HotelState::CancellationRequested,
        "failed" => HotelState::Failed,
        other => HotelState::Unrecognised(other.chars().take(50).collect()),
    };
    let mut accommodation = house(&told.accommodation);
    if let Some(keys) = &told.key_collection {
        accommodation.key_collection = keys.instructions.owned().or(accommodation.key_collection);
    }
    let total = money(&told.total_amount, &told.total_currency);
    Ok(HotelBooking {
        id: told.id.owned().ok_or_else(|| missing("id"))?,
        // Before it is confirmed, nobody shall stand at a desk with it.
        house_reference: told.reference.owned().filter(|_| state == HotelState::Confirmed),
        reference: kept.and_then(Text::owned),
        state,
        accommodation,
        check_in: day(&told.check_in_date, "check_in_date")?,
        check_out: day(&told.check_out_date, "check_out_date")?,
        total: total.or_else(|| rate.and_then(|rate| money(&rate.total_amount, &rate.total_currency))),
        refund: policy(rate.and_then(|rate| rate.cancellation_timeline.as_deref())),
        confirmed_at: told.confirmed_at.moment(),
        cancelled_at: told.cancelled_at.moment(),
        raw: mask::answer(&answer.body),
    })
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        booking::Expected,
        money::{Currency, Money},
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn trap_07_a_step_of_a_stay_holds_before_its_moment() {
        let steps: Vec<Step> = serde_json::from_value(json!([
            {"refund_amount": "400.00", "currency": "USD", "before": "2027-03-22T12:00:00Z"},
            {"refund_amount": "799.00", "currency": "USD", "before": "2027-03-20T12:00:00Z"},
        ]))
        .expect("steps");
        let paid = Money::new(79_900, Currency::Usd).expect("in range");
        let at = |now: &str| policy(Some(&steps)).at(now.parse().expect("a time"), false, paid);
        let back = |amount| Expected::Refund(Money::new(amount, Currency::Usd).expect("in range"));
        assert_eq!(at("2027-03-20T11:59:59Z"), back(79_900), "whatever the order in which they are told");
        assert_eq!(at("2027-03-20T12:00:00Z"), back(40_000));
        assert_eq!(at("2027-03-22T12:00:00Z"), back(0));
        assert_eq!(policy(Some(&[])).at("2027-01-01T00:00:00Z".parse().expect("a time"), false, paid), back(0));
        assert_eq!(policy(None), Policy::Unknown);
    }

    #[test]
    fn trap_08_what_is_due_there_may_be_in_any_currency_and_is_never_ours() {
        let due = due_there(&"39.95".into(), &"CHF".into()).expect("something");
        assert_eq!((due.told.as_str(), due.amount), ("39.95 CHF", None));
        let due = due_there(&"39.95".into(), &"USD".into()).expect("something");
        assert_eq!(due.amount, Money::new(3_995, Currency::Usd).ok());
        assert_eq!(due_there(&"0.00".into(), &"USD".into()), None);
        assert_eq!(due_there(&Text::default(), &Text::default()), None);
    }
}
