//! Offers as the port knows them. What cannot be read exactly is left out rather than guessed.

use dermaga_ports::booking::{
    Baggage, Carrier, ChangeTerms, FlightOffer, Hold, Payload, Place, Policy, PolicyStep, RefusalKind, Segment, Share,
    Slice, TravellerKind, Until,
};

use super::wire;
use crate::wire::{
    amount::money,
    outcome::{Result, refused},
    text::Text,
};

/// The offer, or the member that cannot be read.
pub(super) fn offer(told: &wire::Offer) -> std::result::Result<FlightOffer, &'static str> {
    let id = told.id.owned().ok_or("id")?;
    let passengers: Option<Vec<_>> =
        told.passengers.iter().map(|passenger| Some((passenger.id.owned()?, kind(passenger)?))).collect();
    let passengers = passengers.ok_or("passengers")?;
    let seats = passengers.iter().map(|(_, kind)| *kind).collect();
    let payload = wire::OfferPayload { offer: id.clone(), passengers };
    let requirements = &told.payment_requirements;
    let hold = (!requirements.requires_instant_payment).then(|| Hold {
        pay_by: requirements.payment_required_by.moment(),
        price_guaranteed_until: requirements.price_guarantee_expires_at.moment(),
    });
    Ok(FlightOffer {
        id,
        payload: Payload(serde_json::to_string(&payload).map_err(|_| "id")?),
        total: money(&told.total_amount, &told.total_currency).ok_or("total_amount")?,
        base: money(&told.base_amount, &told.base_currency),
        tax: money(&told.tax_amount, &told.tax_currency),
        carrier: carrier(&told.owner),
        slices: slices(&told.slices)?,
        seats,
        refund: refund(told.conditions.as_ref()),
        change: change(told.conditions.as_ref()),
        expires_at: told.expires_at.moment().ok_or("expires_at")?,
        hold,
        documents_required: told.passenger_identity_documents_required,
    })
}

/// What we handed out ourselves.
pub(super) fn payload(payload: &Payload) -> Result<wire::OfferPayload> {
    let foreign = |_| refused(RefusalKind::NotFound, "the offer is none of Duffel");
    let read: wire::OfferPayload = serde_json::from_str(&payload.0).map_err(foreign)?;
    crate::wire::outcome::id(&read.offer)?;
    Ok(read)
}

fn kind(passenger: &wire::Passenger) -> Option<TravellerKind> {
    match (passenger.kind.get(), passenger.age.number::<u8>()) {
        (Some("adult"), _) => Some(TravellerKind::Adult),
        (Some("child"), _) => Some(TravellerKind::Child),
        (Some("infant_without_seat"), _) => Some(TravellerKind::Infant),
        (_, Some(0..=1)) => Some(TravellerKind::Infant),
        (_, Some(2..=17)) => Some(TravellerKind::Child),
        (_, Some(_)) => Some(TravellerKind::Adult),
        (_, None) => None,
    }
}

pub(super) fn slices(told: &[wire::Slice]) -> std::result::Result<Vec<Slice>, &'static str> {
    told.iter()
        .map(|slice| {
            let segments = slice.segments.iter().map(segment).collect::<std::result::Result<_, _>>()?;
            Ok(Slice { segments, duration: slice.duration.owned(), fare_brand: slice.fare_brand_name.owned() })
        })
        .collect()
}

fn segment(told: &wire::Segment) -> std::result::Result<Segment, &'static str> {
    let local = |text: &Text| text.get().and_then(|text| text.parse().ok());
    let first = told.passengers.first();
    let baggage = first.map(|seat| &seat.baggages[..]).unwrap_or_default();
    let code = told.marketing_carrier.iata_code.or_empty();
    Ok(Segment {
        origin: place(&told.origin)?,
        destination: place(&told.destination)?,
        // With an offset it would be another time than the one on the ticket.
        departs: local(&told.departing_at).ok_or("departing_at")?,
        arrives: local(&told.arriving_at).ok_or("arriving_at")?,
        duration: told.duration.owned(),
        marketed_by: carrier(&told.marketing_carrier),
        operated_by: carrier(&told.operating_carrier),
        number: format!("{code} {}", told.marketing_carrier_flight_number.or_empty()).trim().to_owned(),
        aircraft: told.aircraft.as_ref().and_then(|aircraft| aircraft.name.owned()),
        cabin: first.and_then(|seat| seat.cabin_class_marketing_name.owned().or(seat.cabin_class.owned())),
        baggage: baggage
            .iter()
            .map(|one| Baggage {
                kind: one.kind.or_empty().to_owned(),
                pieces: one.quantity.number().unwrap_or_default(),
            })
            .collect(),
        stops: u32::try_from(told.stops.len()).unwrap_or(u32::MAX),
    })
}

fn place(told: &wire::Place) -> std::result::Result<Place, &'static str> {
    let code = told.iata_code.owned().ok_or("iata_code")?;
    let city = told.city_name.owned().or(told.city.as_ref().and_then(|city| city.name.owned()));
    let name = told.name.owned().unwrap_or_else(|| code.clone());
    Ok(Place { code, name, city, time_zone: told.time_zone.owned() })
}

fn carrier(told: &wire::Carrier) -> Carrier {
    Carrier { code: told.iata_code.owned(), name: told.name.or_empty().to_owned() }
}

/// Null is unknown; allowed without a sum is to be asked for.
pub(super) fn refund(conditions: Option<&wire::Conditions>) -> Policy {
    let Some(condition) = conditions.and_then(|all| all.refund_before_departure.as_ref()) else {
        return Policy::Unknown;
    };
    if !condition.allowed {
        return Policy::Steps(Vec::new());
    }
    match money(&condition.penalty_amount, &condition.penalty_currency) {
        Some(penalty) => {
            let refund = Share::AllBut(penalty);
            Policy::Steps(vec![PolicyStep { until: Until::Departure, refund, min_fee: None }])
        }
        None => Policy::AskSupplier,
    }
}

fn change(conditions: Option<&wire::Conditions>) -> ChangeTerms {
    let Some(condition) = conditions.and_then(|all| all.change_before_departure.as_ref()) else {
        return ChangeTerms::Unknown;
    };
    if !condition.allowed {
        return ChangeTerms::No;
    }
    money(&condition.penalty_amount, &condition.penalty_currency).map_or(ChangeTerms::AskSupplier, ChangeTerms::For)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(changes: Value) -> wire::Offer {
        let mut offer = json!({
            "id": "off_1", "expires_at": "2026-01-05T03:30:00Z", "owner": {"name": "Duffel Airways", "iata_code": "ZZ"},
            "total_amount": "45.00", "total_currency": "USD",
            "payment_requirements": {"requires_instant_payment": false, "payment_required_by": "2026-01-08T03:00:00Z"},
            "passengers": [{"id": "pas_1", "type": "adult"}, {"id": "pas_2", "age": 1}, {"id": "pas_3", "age": 9}],
            "slices": [{"segments": [{"origin": {"iata_code": "CGK"}, "destination": {"iata_code": "DPS"},
                "departing_at": "2027-03-01T08:00:00", "arriving_at": "2027-03-01T10:55:00"}]}],
        });
        for (name, value) in changes.as_object().expect("an object") {
            offer[name] = value.clone();
        }
        serde_json::from_value(offer).expect("an offer")
    }

    #[test]
    fn trap_05_a_local_time_with_an_offset_is_no_local_time() {
        assert!(offer(&told(json!({}))).is_ok());
        for time in ["2027-03-01T08:00:00Z", "2027-03-01T08:00:00+07:00", "08:00"] {
            let segment = json!([{"segments": [{"origin": {"iata_code": "CGK"}, "destination": {"iata_code": "DPS"},
                "departing_at": time, "arriving_at": "2027-03-01T10:55:00"}]}]);
            assert_eq!(offer(&told(json!({"slices": segment}))).err(), Some("departing_at"), "{time}");
        }
    }

    #[test]
    fn trap_06_a_condition_that_is_null_is_unknown_and_not_a_no() {
        let refund = |value: Value| offer(&told(json!({"conditions": value}))).expect("an offer").refund;
        assert_eq!(refund(json!(null)), Policy::Unknown);
        assert_eq!(refund(json!({"refund_before_departure": null})), Policy::Unknown);
        assert_eq!(refund(json!({"refund_before_departure": {"allowed": false}})), Policy::Steps(Vec::new()));
        assert_eq!(
            refund(json!({"refund_before_departure": {"allowed": true, "penalty_amount": null}})),
            Policy::AskSupplier
        );
        let free = refund(
            json!({"refund_before_departure": {"allowed": true, "penalty_amount": "0.00", "penalty_currency": "USD"}}),
        );
        assert!(
            matches!(free, Policy::Steps(steps) if matches!(steps[0].refund, Share::AllBut(fee) if fee.amount() == 0))
        );
        let change = |value: Value| offer(&told(json!({"conditions": value}))).expect("an offer").change;
        assert_eq!(change(json!({"change_before_departure": null})), ChangeTerms::Unknown);
        assert_eq!(change(json!({"change_before_departure": {"allowed": false}})), ChangeTerms::No);
    }

    #[test]
    fn trap_22_an_offer_and_its_hold_have_clocks_of_their_own() {
        let offer = offer(&told(json!({}))).expect("an offer");
        let hold = offer.hold.expect("can be held");
        assert_eq!(offer.expires_at.to_string(), "2026-01-05T03:30:00.000000Z");
        assert_eq!(hold.pay_by, "2026-01-08T03:00:00Z".parse().ok());
        assert_eq!(hold.price_guaranteed_until, None, "no guarantee: it may change at once");
    }

    #[test]
    fn what_has_no_exact_price_or_end_is_left_out() {
        for changes in [
            json!({"total_amount": "45.005"}),
            json!({"total_currency": "XXX"}),
            json!({"expires_at": null}),
            json!({"passengers": [{"id": "pas_1"}]}),
        ] {
            assert!(offer(&told(changes.clone())).is_err(), "{changes}");
        }
        assert_eq!(
            offer(&told(json!({}))).expect("an offer").seats,
            [TravellerKind::Adult, TravellerKind::Infant, TravellerKind::Child]
        );
        assert_eq!(offer(&told(json!({"payment_requirements": {}}))).expect("an offer").hold, None);
    }
}
