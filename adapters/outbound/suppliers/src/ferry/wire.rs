//! The shapes on the wire, and what they are to the port.

use dermaga_ports::booking::{
    Departure, Fare, FareLine, FerryPort, LocalTime, Payload, Policy, PolicyStep, Share, Until, VehicleClass,
};
use dermaga_ports::money::Currency;
use serde::Deserialize;

use crate::wire::{
    amount::{money, units},
    text::{Text, list},
};

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Port {
    pub code: Text,
    pub name: Text,
    pub city: Text,
    pub time_zone: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Class {
    pub code: Text,
    pub name: Text,
    pub max_length_cm: Text,
    pub includes_passengers: bool,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct SailingRequest {
    #[serde(deserialize_with = "list")]
    pub sailings: Vec<Sailing>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Sailing {
    pub id: Text,
    pub operator: Named,
    pub vessel: Named,
    pub service: Text,
    pub origin: Port,
    pub destination: Port,
    pub departing_at: Text,
    pub arriving_at: Text,
    pub check_in_from: Text,
    pub check_in_until: Text,
    pub seats_left: Text,
    #[serde(deserialize_with = "list")]
    pub fares: Vec<WireFare>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Named {
    pub name: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct WireFare {
    pub id: Text,
    pub name: Text,
    pub total_amount: Text,
    pub total_currency: Text,
    #[serde(deserialize_with = "list")]
    pub lines: Vec<Line>,
    pub conditions: Option<Conditions>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Line {
    pub category: Text,
    pub quantity: Text,
    pub amount: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Conditions {
    pub refund: Option<Vec<Step>>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Step {
    pub before: Text,
    pub refund_percent: Text,
    pub fee_min_amount: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Quote {
    pub id: Text,
    pub total_amount: Text,
    pub total_currency: Text,
    pub expires_at: Text,
    pub payment_required_by_if_held: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Booking {
    pub id: Text,
    pub reference: Text,
    pub client_reference: Text,
    pub revision: Text,
    pub status: Text,
    pub payment_required_by: Text,
    pub total_amount: Text,
    pub total_currency: Text,
    #[serde(deserialize_with = "list")]
    pub tickets: Vec<Ticket>,
    #[serde(deserialize_with = "list")]
    pub available_actions: Vec<Text>,
    pub conditions: Option<Conditions>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Ticket {
    pub passenger_index: Text,
    pub vehicle: bool,
    pub number: Text,
    pub qr_payload: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Cancellation {
    pub id: Text,
    pub booking_id: Text,
    pub refund_amount: Text,
    pub refund_currency: Text,
    pub fee_amount: Text,
    pub expires_at: Text,
    pub confirmed_at: Text,
}

pub(super) fn port(told: &Port) -> Option<FerryPort> {
    let code = told.code.owned()?;
    Some(FerryPort {
        name: told.name.owned().unwrap_or_else(|| code.clone()),
        city: told.city.or_empty().to_owned(),
        time_zone: told.time_zone.owned()?,
        code,
    })
}

pub(super) fn class(told: &Class) -> Option<VehicleClass> {
    Some(VehicleClass {
        code: told.code.owned()?,
        name: told.name.or_empty().to_owned(),
        max_length_cm: told.max_length_cm.number(),
        includes_passengers: told.includes_passengers,
    })
}

pub(super) fn departure(told: &Sailing) -> Option<Departure> {
    let local = |text: &Text| text.get().and_then(|text| text.parse::<LocalTime>().ok());
    Some(Departure {
        id: told.id.owned()?,
        operator: told.operator.name.or_empty().to_owned(),
        vessel: told.vessel.name.or_empty().to_owned(),
        service: told.service.or_empty().to_owned(),
        origin: port(&told.origin)?,
        destination: port(&told.destination)?,
        departs: local(&told.departing_at)?,
        arrives: local(&told.arriving_at)?,
        check_in_from: local(&told.check_in_from),
        check_in_until: local(&told.check_in_until),
        seats_left: told.seats_left.number(),
        fares: told.fares.iter().filter_map(fare).collect(),
    })
}

fn fare(told: &WireFare) -> Option<Fare> {
    let id = told.id.owned()?;
    let line = |line: &Line| {
        Some(FareLine {
            category: line.category.or_empty().to_owned(),
            quantity: line.quantity.number()?,
            amount: money(&line.amount, &told.total_currency)?,
        })
    };
    Some(Fare {
        payload: Payload(id.clone()),
        name: told.name.or_empty().to_owned(),
        total: money(&told.total_amount, &told.total_currency)?,
        lines: told.lines.iter().map(line).collect::<Option<_>>()?,
        refund: policy(told.conditions.as_ref(), &told.total_currency),
        id,
    })
}

/// Percent with up to two decimals are hundredths of a percent in whole numbers.
pub(super) fn policy(conditions: Option<&Conditions>, currency: &Text) -> Policy {
    let Some(steps) = conditions.and_then(|all| all.refund.as_ref()) else { return Policy::Unknown };
    let step = |told: &Step| {
        let hundredths = units(told.refund_percent.get()?, Currency::Usd).filter(|points| *points <= 10_000)?;
        let min_fee = match told.fee_min_amount.get() {
            Some(_) => Some(money(&told.fee_min_amount, currency)?),
            None => None,
        };
        let refund = Share::BasisPoints(u16::try_from(hundredths).ok()?);
        Some(PolicyStep { until: Until::At(told.before.moment()?), refund, min_fee })
    };
    steps.iter().map(step).collect::<Option<_>>().map_or(Policy::AskSupplier, Policy::Steps)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn percentages_have_decimals_and_no_floats() {
        let conditions: Conditions = serde_json::from_value(json!({"refund": [
            {"before": "2026-02-01T03:00:00Z", "refund_percent": "37.5", "fee_min_amount": "25000"}]}))
        .expect("conditions");
        let Policy::Steps(steps) = policy(Some(&conditions), &"IDR".into()) else { panic!("steps") };
        assert_eq!(steps[0].refund, Share::BasisPoints(3_750));
        assert_eq!(steps[0].min_fee.map(|fee| fee.amount()), Some(25_000));
        for bad in ["101", "-1", "x"] {
            let odd = Conditions {
                refund: Some(vec![Step {
                    before: "2026-02-01T03:00:00Z".into(),
                    refund_percent: bad.into(),
                    fee_min_amount: Text::default(),
                }]),
            };
            assert_eq!(policy(Some(&odd), &"IDR".into()), Policy::AskSupplier, "{bad}");
        }
        assert_eq!(policy(None, &"IDR".into()), Policy::Unknown);
    }
}
