//! `/ferries`

use dermaga_domain::booking::{FerryWish, NewCrossing, Priced, PricedDeparture};
use dermaga_ports::booking::{Fare, VehicleClass};
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Query},
    types::ToJSON,
};

use super::{
    journey::{FareLineBody, PortBody},
    people::{ContactBody, PassengerBody, VehicleBody},
    policy::PolicyBody,
    then::{BookedJourney, then},
};
use crate::{
    answer::{Created, Request},
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    payments::PaymentChoice,
    tags::Tag,
    wire::{CurrencyCode, DayText, List, LocalText},
};

/// `/ferries`
pub struct FerriesApi;

/// A class of vehicles (golongan), as fares count them.
#[derive(Debug, Clone, Object)]
#[oai(rename = "VehicleClass", skip_serializing_if_is_none)]
struct VehicleClassBody {
    /// `I` to `IX`, with `A` for people and `B` for goods
    code: String,
    name: String,
    max_length_cm: Option<u32>,
    /// Whether the fare holds for those in it. They are named all the same
    includes_passengers: bool,
}

impl From<VehicleClass> for VehicleClassBody {
    fn from(class: VehicleClass) -> Self {
        let VehicleClass { code, name, max_length_cm, includes_passengers } = class;
        Self { code, name, max_length_cm, includes_passengers }
    }
}

/// What a departure costs those who were searched for.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Fare")]
struct FareBody {
    /// What a booking names; signed, so that nobody else can make one
    id: String,
    name: String,
    /// For everybody and everything, in the currency's smallest unit
    price: i64,
    currency: CurrencyCode,
    lines: Vec<FareLineBody>,
    cancellation: PolicyBody,
}

impl From<Priced<Fare>> for FareBody {
    fn from(Priced { id, price, offer }: Priced<Fare>) -> Self {
        Self {
            id,
            name: offer.name,
            price: price.amount(),
            currency: price.currency().into(),
            lines: offer.lines.into_iter().map(Into::into).collect(),
            cancellation: (&offer.refund).into(),
        }
    }
}

/// A ship that leaves.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Departure", skip_serializing_if_is_none)]
struct DepartureBody {
    operator: String,
    vessel: String,
    /// `regular` or `express`
    service: String,
    origin: PortBody,
    destination: PortBody,
    /// On the clocks of the ports
    departs: LocalText,
    arrives: LocalText,
    check_in_from: Option<LocalText>,
    /// Afterwards the ticket is worth nothing
    check_in_until: Option<LocalText>,
    seats_left: Option<u32>,
    fares: Vec<FareBody>,
}

impl From<PricedDeparture> for DepartureBody {
    fn from(PricedDeparture { departure, fares }: PricedDeparture) -> Self {
        Self {
            operator: departure.operator,
            vessel: departure.vessel,
            service: departure.service,
            origin: departure.origin.into(),
            destination: departure.destination.into(),
            departs: departure.departs.into(),
            arrives: departure.arrives.into(),
            check_in_from: departure.check_in_from.map(Into::into),
            check_in_until: departure.check_in_until.map(Into::into),
            seats_left: departure.seats_left,
            fares: fares.into_iter().map(Into::into).collect(),
        }
    }
}

/// A crossing that is wanted.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct FerryBooking {
    #[oai(validator(min_length = 1, max_length = 10000))]
    fare_id: String,
    /// Everybody, those in a vehicle too: adults, children, infants, in this order
    #[oai(validator(min_items = 1, max_items = 60))]
    passengers: Vec<PassengerBody>,
    /// The one that was searched for
    vehicle: Option<VehicleBody>,
    contact: ContactBody,
    /// The most that you pay, in the smallest unit of the fare's currency; a higher price by now refuses it
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    max_total: i64,
    /// `false` books without an order: name the booking as a line of one later. `true` unless given
    order: Option<bool>,
    /// How it will be paid. Without it, `POST /payments` starts paying the order
    payment: Option<PaymentChoice>,
}

#[OpenApi(prefix_path = "/ferries", tag = "Tag::Travel")]
impl FerriesApi {
    /// The ports that ferries leave from
    #[oai(path = "/ports", method = "get", operation_id = "list_ferry_ports")]
    async fn ports(&self, deps: Data<&Deps>) -> ApiResult<Json<List<PortBody>>> {
        let found = deps.app.bookings.ferry_ports().await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// The classes of vehicles
    #[oai(path = "/vehicle-classes", method = "get", operation_id = "list_vehicle_classes")]
    async fn classes(&self, deps: Data<&Deps>) -> ApiResult<Json<List<VehicleClassBody>>> {
        let found = deps.app.bookings.vehicle_classes().await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// Ships that leave, with their fares
    #[oai(path = "/departures", method = "get", operation_id = "search_ferries")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn departures(
        &self,
        deps: Data<&Deps>,
        /// The code of a port, as `MRK`
        origin: Query<String>,
        destination: Query<String>,
        date: Query<DayText>,
        /// Adults; 1 unless given
        passengers: Query<Option<u32>>,
        children: Query<Option<u32>>,
        /// Below two years
        infants: Query<Option<u32>>,
        /// The class of a vehicle, as `IVA`
        vehicle: Query<Option<String>>,
    ) -> ApiResult<Json<List<DepartureBody>>> {
        let wish = FerryWish {
            origin: origin.0,
            destination: destination.0,
            date: date.0.0,
            adults: passengers.0.unwrap_or(1),
            children: children.0.unwrap_or_default(),
            infants: infants.0.unwrap_or_default(),
            vehicle: vehicle.0,
        };
        let found = deps.app.bookings.departures(wish).await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// Book a crossing
    ///
    /// It is held (`HELD`), and an order is made whose deadline keeps to the hold. Once it is paid the booking has the
    /// tickets; what cannot be had is paid back.
    #[oai(path = "/bookings", method = "post", operation_id = "book_ferry")]
    async fn book(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<FerryBooking>,
    ) -> ApiResult<Created<BookedJourney>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let FerryBooking { fare_id, passengers, vehicle, contact, max_total, order, payment } = body.0;
        let new = NewCrossing {
            fare_id,
            passengers: passengers.into_iter().map(Into::into).collect(),
            vehicle: vehicle.map(Into::into),
            contact: contact.into(),
            max_total,
            then: then(order, payment)?,
        };
        let request = Request { deps: &deps, caller: Some(by), operation: "book_ferry", key: key.0, content };
        let once = request.once(|seed| async move {
            let booked = deps.app.bookings.book_crossing(by, seed.into(), new).await?;
            BookedJourney::at(deps.app.orders.now(), by, booked)
        });
        Ok(once.await?.into())
    }
}
