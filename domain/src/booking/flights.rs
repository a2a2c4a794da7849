//! Flights: looked for, looked at again, held.

use std::sync::Arc;

use dermaga_ports::{
    auth::Principal,
    booking::{
        BookingKind, Cabin, Contact, Customer, Day, FlightOffer, FlightSearch, FlightSupplier, Leg, Payload, Seat,
        Traveller, TravellerKind,
    },
    ids::OrderId,
};

use super::{
    Bookings,
    book::{Booked, Draft, Priced, Then},
    journey::{Flight, Journey},
    offers::Offered,
    reach::Reach,
    refusal::answered,
    travellers::{check_contact, check_documents, check_fliers, check_passengers},
};
use crate::{error::Result, faults::Faults};

/// The most who travel on one booking, as airlines count them.
const MOST: usize = 9;

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlightWish {
    /// Three letters of IATA.
    pub origin: String,
    pub destination: String,
    pub date: Day,
    pub return_date: Option<Day>,
    pub adults: u32,
    /// The ages of children, on the day of departure.
    pub children: Vec<u8>,
    pub cabin: Option<Cabin>,
}

/// A flight that is wanted.
#[derive(Debug, Clone)]
pub struct NewFlight {
    pub offer_id: String,
    /// In the order of the search.
    pub passengers: Vec<Traveller>,
    pub contact: Contact,
    /// The most that the customer pays, in the smallest unit of the offer's currency.
    pub max_total: i64,
    pub then: Then,
}

impl Bookings {
    /// Flights, at our price.
    ///
    /// # Errors
    /// [`crate::Code::Invalid`], [`crate::Code::SupplierUnavailable`].
    pub async fn flights(&self, wish: FlightWish) -> Result<Vec<Priced<FlightOffer>>> {
        let supplier = self.0.ports.suppliers.flights()?;
        let search = self.flight_search(wish)?;
        let found = answered(supplier.search(&search).await)?;
        let priced = found.into_iter().filter(|offer| offer.total.is_positive());
        priced.map(|offer| self.priced_flight(supplier.name(), offer)).collect()
    }

    /// An offer as it is now.
    ///
    /// # Errors
    /// [`crate::Code::OfferGone`], [`crate::Code::SupplierUnavailable`], [`crate::Code::Invalid`] for what was not offered here.
    pub async fn flight(&self, offer_id: &str) -> Result<Priced<FlightOffer>> {
        let (supplier, payload) = self.offered_flight("/id", offer_id)?;
        let now = answered(supplier.reprice(&payload).await)?;
        self.priced_flight(supplier.name(), now)
    }

    /// Books a flight: seats are held where the airline holds any, and are bought once they are paid. Idempotent by `id`,
    /// which becomes the order's.
    ///
    /// # Errors
    /// [`crate::Code::PriceChanged`] naming the old and the new price, [`crate::Code::OfferGone`], [`crate::Code::Invalid`],
    /// [`crate::Code::SupplierUnavailable`], and those of [`crate::orders::Orders::create`].
    pub async fn book_flight(&self, by: &Principal, id: OrderId, new: NewFlight) -> Result<Booked> {
        let (user, booking) = self.traveller(by, id)?;
        if !self.heard(by, user, booking).await? {
            let (supplier, payload) = self.offered_flight("/offer_id", &new.offer_id)?;
            let mut faults = Faults::default();
            check_contact(&mut faults, &new.contact);
            let offer = answered(supplier.reprice(&payload).await)?;
            check_passengers(&mut faults, &new.passengers, &offer.seats);
            check_fliers(&mut faults, &new.passengers);
            if offer.documents_required {
                check_documents(&mut faults, &new.passengers);
            }
            faults.check()?;
            let reach = offer.hold.map(|_| Reach::Flights(supplier.clone()));
            let wanted = Draft {
                kind: BookingKind::Flight,
                supplier: supplier.name().to_owned(),
                payload: offer.payload,
                journey: Journey::Flight(Flight { carrier: offer.carrier, slices: offer.slices, change: offer.change }),
                cost: offer.total,
                policy: offer.refund,
                until: Some(offer.expires_at),
                customer: Customer { travellers: new.passengers, contact: Some(new.contact), ..Customer::default() },
            };
            let draft = self.draft(user, booking, wanted, Some(new.max_total))?;
            self.take(by, reach.as_ref(), draft).await?;
        }
        self.then(by, id, booking, new.then).await
    }

    fn priced_flight(&self, supplier: &str, offer: FlightOffer) -> Result<Priced<FlightOffer>> {
        let offered = Offered::Flight { supplier: supplier.to_owned(), payload: offer.payload.clone() };
        Ok(Priced { id: self.sealed(&offered)?, price: self.asked(offer.total)?, offer })
    }

    fn offered_flight(&self, pointer: &str, id: &str) -> Result<(&Arc<dyn FlightSupplier>, Payload)> {
        let known = self.0.ports.suppliers.flights()?;
        let payload = self.offered(pointer, id, |offered| match offered {
            Offered::Flight { supplier, payload } if supplier == known.name() => Some(payload),
            _ => None,
        })?;
        Ok((known, payload))
    }

    fn flight_search(&self, wish: FlightWish) -> Result<FlightSearch> {
        let FlightWish { origin, destination, date, return_date, adults, children, cabin } = wish;
        let mut faults = Faults::default();
        let airport = |faults: &mut Faults, pointer: &str, code: &str| {
            if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                faults.add(pointer, "must be the three letters of an airport or a city, as CGK");
            }
            code.to_ascii_uppercase()
        };
        let origin = airport(&mut faults, "/origin", &origin);
        let destination = airport(&mut faults, "/destination", &destination);
        if origin == destination {
            faults.add("/destination", "must be another place than the origin");
        }
        // It may be yesterday here and today there.
        if date < Day::in_jakarta(self.0.now()) {
            faults.add("/date", "must not be over");
        }
        if return_date.is_some_and(|back| back < date) {
            faults.add("/return_date", "must not be before the date");
        }
        let mut seats: Vec<Seat> =
            (0..adults.min(100)).map(|_| Seat { kind: TravellerKind::Adult, age: None }).collect();
        seats.extend(children.into_iter().map(|age| {
            let kind = if age < 2 { TravellerKind::Infant } else { TravellerKind::Child };
            Seat { kind, age: Some(age) }
        }));
        if adults == 0 || seats.len() > MOST {
            faults.add("/passengers", format!("must be 1 to {MOST} together with the children, one adult among them"));
        }
        if seats.iter().any(|seat| seat.age.is_some_and(|age| age > 17)) {
            faults.add("/children", "must be ages from 0 to 17");
        }
        faults.check()?;
        let mut legs = vec![Leg { origin: origin.clone(), destination: destination.clone(), day: date }];
        legs.extend(return_date.map(|day| Leg { origin: destination, destination: origin, day }));
        Ok(FlightSearch { legs, seats, cabin, max_connections: None })
    }
}
