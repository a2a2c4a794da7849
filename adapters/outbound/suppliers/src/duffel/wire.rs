//! The shapes of flights on the wire. Everything may be missing; what must not is asked for where it is used.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::wire::text::{Text, list};

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct OfferRequest {
    #[serde(deserialize_with = "list")]
    pub offers: Vec<Offer>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Offer {
    pub id: Text,
    pub expires_at: Text,
    pub owner: Carrier,
    pub total_amount: Text,
    pub total_currency: Text,
    pub base_amount: Text,
    pub base_currency: Text,
    pub tax_amount: Text,
    pub tax_currency: Text,
    pub payment_requirements: PaymentRequirements,
    pub passenger_identity_documents_required: bool,
    pub conditions: Option<Conditions>,
    #[serde(deserialize_with = "list")]
    pub passengers: Vec<Passenger>,
    #[serde(deserialize_with = "list")]
    pub slices: Vec<Slice>,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct PaymentRequirements {
    pub requires_instant_payment: bool,
    pub payment_required_by: Text,
    pub price_guarantee_expires_at: Text,
}

impl Default for PaymentRequirements {
    /// Whoever does not say that it can be held cannot be relied upon to hold it.
    fn default() -> Self {
        Self {
            requires_instant_payment: true,
            payment_required_by: Text::default(),
            price_guarantee_expires_at: Text::default(),
        }
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Conditions {
    pub refund_before_departure: Option<Condition>,
    pub change_before_departure: Option<Condition>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Condition {
    pub allowed: bool,
    pub penalty_amount: Text,
    pub penalty_currency: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Passenger {
    pub id: Text,
    #[serde(rename = "type")]
    pub kind: Text,
    pub age: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Slice {
    pub duration: Text,
    pub fare_brand_name: Text,
    #[serde(deserialize_with = "list")]
    pub segments: Vec<Segment>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Segment {
    pub origin: Place,
    pub destination: Place,
    pub departing_at: Text,
    pub arriving_at: Text,
    pub duration: Text,
    pub marketing_carrier: Carrier,
    pub marketing_carrier_flight_number: Text,
    pub operating_carrier: Carrier,
    pub aircraft: Option<Named>,
    #[serde(deserialize_with = "list")]
    pub stops: Vec<serde::de::IgnoredAny>,
    #[serde(deserialize_with = "list")]
    pub passengers: Vec<OnBoard>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct OnBoard {
    pub cabin_class_marketing_name: Text,
    pub cabin_class: Text,
    #[serde(deserialize_with = "list")]
    pub baggages: Vec<Baggage>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Baggage {
    #[serde(rename = "type")]
    pub kind: Text,
    pub quantity: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Named {
    pub name: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Place {
    pub iata_code: Text,
    pub name: Text,
    pub city_name: Text,
    pub city: Option<Named>,
    pub time_zone: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Carrier {
    pub iata_code: Text,
    pub name: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Order {
    pub id: Text,
    pub booking_reference: Text,
    pub total_amount: Text,
    pub total_currency: Text,
    pub payment_status: PaymentStatus,
    #[serde(deserialize_with = "list")]
    pub documents: Vec<Document>,
    #[serde(deserialize_with = "list")]
    pub available_actions: Vec<Text>,
    pub cancelled_at: Text,
    pub void_window_ends_at: Text,
    #[serde(deserialize_with = "list")]
    pub airline_initiated_changes: Vec<Change>,
    pub conditions: Option<Conditions>,
    #[serde(deserialize_with = "list")]
    pub slices: Vec<Slice>,
    #[serde(deserialize_with = "list")]
    pub passengers: Vec<Passenger>,
    pub metadata: Option<BTreeMap<String, Text>>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct PaymentStatus {
    pub awaiting_payment: bool,
    pub payment_required_by: Text,
    pub price_guarantee_expires_at: Text,
    pub paid_at: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Change {
    pub action_taken: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Document {
    #[serde(rename = "type")]
    pub kind: Text,
    pub unique_identifier: Text,
    #[serde(deserialize_with = "list")]
    pub passenger_ids: Vec<Text>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Cancellation {
    pub id: Text,
    pub order_id: Text,
    pub refund_amount: Text,
    pub refund_currency: Text,
    pub refund_to: Text,
    pub expires_at: Text,
    pub confirmed_at: Text,
    #[serde(deserialize_with = "list")]
    pub airline_credits: Vec<Credit>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Credit {
    pub credit_code: Text,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Payment {
    pub status: Text,
    pub failure_reason: Text,
}

/// What an offer's payload holds: enough to book it, and to know whose passenger is whose.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OfferPayload {
    pub offer: String,
    /// The supplier's names of the passengers, with how each is counted.
    pub passengers: Vec<(String, dermaga_ports::booking::TravellerKind)>,
}
