//! Ferries: passengers on foot, and vehicles with everybody in them.

use std::sync::Arc;

use dermaga_ports::{
    auth::Principal,
    booking::{
        BookingKind, Contact, Customer, Day, Departure, DepartureSearch, Fare, FerryPort, FerryQuote, FerrySupplier,
        FerryVehicle, Payload, Policy, Traveller, TravellerKind, Vehicle, VehicleClass,
    },
    ids::OrderId,
};

use super::{
    Bookings,
    book::{Booked, Draft, Priced, Then},
    journey::{Crossing, Journey},
    offers::Offered,
    reach::Reach,
    refusal::answered,
    travellers::{check_contact, check_documents, check_passengers, check_text},
};
use crate::{error::Result, faults::Faults};

/// The most who travel on one booking: a coach full.
const MOST: usize = 60;

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FerryWish {
    /// The codes of ports.
    pub origin: String,
    pub destination: String,
    pub date: Day,
    pub adults: u32,
    pub children: u32,
    /// Below two years.
    pub infants: u32,
    /// The class of a vehicle (golongan): `I` to `IX`.
    pub vehicle: Option<String>,
}

/// A ship that leaves, with its fares at our price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedDeparture {
    pub departure: Departure,
    pub fares: Vec<Priced<Fare>>,
}

/// A crossing that is wanted.
#[derive(Debug, Clone)]
pub struct NewCrossing {
    pub fare_id: String,
    /// In the order of the search: adults, children, infants. Those in a vehicle, too.
    pub passengers: Vec<Traveller>,
    pub vehicle: Option<FerryVehicle>,
    pub contact: Contact,
    /// The most that the customer pays, in the smallest unit of the fare's currency.
    pub max_total: i64,
    pub then: Then,
}

/// A fare that came back.
struct OfferedFare {
    payload: Payload,
    crossing: Crossing,
    seats: Vec<TravellerKind>,
    refund: Policy,
}

impl Bookings {
    /// The ports that ferries leave from.
    ///
    /// # Errors
    /// [`crate::Code::SupplierUnavailable`].
    pub async fn ferry_ports(&self) -> Result<Vec<FerryPort>> {
        answered(self.0.ports.suppliers.ferries()?.ports().await)
    }

    /// The classes of vehicles, as fares count them.
    ///
    /// # Errors
    /// [`crate::Code::SupplierUnavailable`].
    pub async fn vehicle_classes(&self) -> Result<Vec<VehicleClass>> {
        answered(self.0.ports.suppliers.ferries()?.vehicle_classes().await)
    }

    /// Ships that leave, with fares for those who want to go.
    ///
    /// # Errors
    /// [`crate::Code::Invalid`], [`crate::Code::SupplierUnavailable`].
    pub async fn departures(&self, wish: FerryWish) -> Result<Vec<PricedDeparture>> {
        let supplier = self.0.ports.suppliers.ferries()?;
        let search = self.departure_search(wish)?;
        let found = answered(supplier.departures(&search).await)?;
        let priced = |mut departure: Departure| {
            let fares = std::mem::take(&mut departure.fares);
            let fares = fares.into_iter().filter(|fare| fare.total.is_positive());
            let fares = fares.map(|fare| self.priced_fare(supplier.name(), &departure, &search, fare));
            Ok(PricedDeparture { fares: fares.collect::<Result<_>>()?, departure })
        };
        found.into_iter().map(priced).collect()
    }

    /// Books a crossing: it is held for a while, and bought once it is paid. Idempotent by `id`, which becomes the order's.
    ///
    /// # Errors
    /// As [`Bookings::book_flight`].
    pub async fn book_crossing(&self, by: &Principal, id: OrderId, new: NewCrossing) -> Result<Booked> {
        let (user, booking) = self.traveller(by, id)?;
        if !self.heard(by, user, booking).await? {
            let (supplier, fare) = self.offered_fare(&new.fare_id)?;
            check(&new, &fare)?;
            let FerryQuote { payload, total, expires_at, pay_by_if_held, .. } =
                answered(supplier.quote(&fare.payload).await)?;
            let reach = pay_by_if_held.map(|_| Reach::Ferries(supplier.clone()));
            let wanted = Draft {
                kind: BookingKind::Ferry,
                supplier: supplier.name().to_owned(),
                payload,
                journey: Journey::Crossing(fare.crossing),
                cost: total,
                policy: fare.refund,
                until: Some(expires_at),
                customer: Customer {
                    travellers: new.passengers,
                    contact: Some(new.contact),
                    vehicle: new.vehicle,
                    ..Customer::default()
                },
            };
            let draft = self.draft(user, booking, wanted, Some(new.max_total))?;
            self.take(by, reach.as_ref(), draft).await?;
        }
        self.then(by, id, booking, new.then).await
    }

    fn priced_fare(
        &self,
        supplier: &str,
        departure: &Departure,
        search: &DepartureSearch,
        fare: Fare,
    ) -> Result<Priced<Fare>> {
        let crossing = Crossing {
            operator: departure.operator.clone(),
            vessel: departure.vessel.clone(),
            service: departure.service.clone(),
            origin: departure.origin.clone(),
            destination: departure.destination.clone(),
            departs: departure.departs,
            arrives: departure.arrives,
            check_in_from: departure.check_in_from,
            check_in_until: departure.check_in_until,
            fare: fare.name.clone(),
            lines: fare.lines.clone(),
            vehicle: search.vehicle.as_ref().map(|vehicle| vehicle.class.clone()),
        };
        let offered = Offered::Fare {
            supplier: supplier.to_owned(),
            payload: fare.payload.clone(),
            crossing,
            seats: search.passengers.clone(),
            refund: fare.refund.clone(),
        };
        Ok(Priced { id: self.sealed(&offered)?, price: self.asked(fare.total)?, offer: fare })
    }

    fn offered_fare(&self, id: &str) -> Result<(&Arc<dyn FerrySupplier>, OfferedFare)> {
        let known = self.0.ports.suppliers.ferries()?;
        let fare = self.offered("/fare_id", id, |offered| match offered {
            Offered::Fare { supplier, payload, crossing, seats, refund } if supplier == known.name() => {
                Some(OfferedFare { payload, crossing, seats, refund })
            }
            _ => None,
        })?;
        Ok((known, fare))
    }

    fn departure_search(&self, wish: FerryWish) -> Result<DepartureSearch> {
        let FerryWish { origin, destination, date, adults, children, infants, vehicle } = wish;
        let mut faults = Faults::default();
        for (pointer, code) in [("/origin", &origin), ("/destination", &destination)] {
            if !(2..=10).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                faults.add(pointer, "must be the code of a port, as MRK");
            }
        }
        if origin.eq_ignore_ascii_case(&destination) {
            faults.add("/destination", "must be another port than the origin");
        }
        if date < Day::in_jakarta(self.0.now()) {
            faults.add("/date", "must not be over");
        }
        let all = [(adults, TravellerKind::Adult), (children, TravellerKind::Child), (infants, TravellerKind::Infant)];
        let passengers: Vec<TravellerKind> =
            all.into_iter().flat_map(|(count, kind)| std::iter::repeat_n(kind, count.min(100) as usize)).collect();
        if adults == 0 || passengers.len() > MOST {
            faults.add("/passengers", format!("must be 1 to {MOST} together with the children, one adult among them"));
        }
        faults.check()?;
        Ok(DepartureSearch {
            origin: origin.to_ascii_uppercase(),
            destination: destination.to_ascii_uppercase(),
            day: date,
            passengers,
            vehicle: vehicle.map(|class| Vehicle { class: class.to_ascii_uppercase() }),
        })
    }
}

/// The manifest wants to know everybody, and a vehicle is the one that was searched for.
fn check(new: &NewCrossing, fare: &OfferedFare) -> Result<()> {
    let mut faults = Faults::default();
    check_contact(&mut faults, &new.contact);
    check_passengers(&mut faults, &new.passengers, &fare.seats);
    check_documents(&mut faults, &new.passengers);
    for (at, passenger) in new.passengers.iter().enumerate() {
        if passenger.born_on.is_none() {
            faults.add(&format!("/passengers/{at}/born_on"), "is wanted of everybody aboard");
        }
    }
    match (&new.vehicle, &fare.crossing.vehicle) {
        (None, None) => {}
        (Some(vehicle), Some(class)) if vehicle.class.eq_ignore_ascii_case(class) => {
            check_text(&mut faults, "/vehicle/plate", &vehicle.plate);
        }
        (_, Some(class)) => faults.add("/vehicle/class", format!("must be {class}: so it was searched for")),
        (Some(_), None) => faults.add("/vehicle", "must not be given: the fare is for passengers on foot"),
    }
    faults.check()
}
