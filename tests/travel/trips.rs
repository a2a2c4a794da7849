//! What people want: a trip of each kind, found as a customer finds it, and booked.

use dermaga_domain::{
    Result,
    booking::{
        BillView, Booked, ConfirmedRate, FerryWish, FlightWish, HotelWish, NewCredit, NewCrossing, NewFlight,
        NewInquiry, NewStay, Priced, Then,
    },
};
use dermaga_ports::{
    booking::{
        Board, Contact, Day, Fare, FerryVehicle, FlightOffer, Gender, IdentityDocument, IdentityKind, Title, Traveller,
        TravellerKind,
    },
    ids::{BookingId, OrderId},
};

use crate::world::{Person, World};

/// A meter that exists.
pub const METER: &str = "530000000001";
/// What the flights and ferries of these tests leave on: two months after everything begins.
pub const DAY_OF_TRAVEL: &str = "2026-03-01";

/// Something to be booked.
#[derive(Debug, Clone)]
pub enum Trip {
    Flight(NewFlight),
    Stay(NewStay),
    Crossing(NewCrossing),
    Credit(NewCredit),
    Bill(BookingId),
}

/// How a flight is paid at the airline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Held, and paid later; a part of the price comes back.
    Flex,
    /// Paid at once, and nothing comes back.
    Promo,
}

pub fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

pub fn adult() -> Traveller {
    Traveller {
        kind: TravellerKind::Adult,
        title: Some(Title::Mr),
        gender: Some(Gender::Male),
        given_name: "Budi".into(),
        family_name: Some("Santoso".into()),
        born_on: Some("1987-07-24".into()),
        document: Some(IdentityDocument {
            kind: IdentityKind::Nik,
            number: "3171012407870001".into(),
            issued_by: "ID".to_owned(),
            expires_on: None,
        }),
    }
}

pub fn contact() -> Contact {
    Contact { name: "Budi Santoso".into(), email: "budi@example.com".into(), phone: "+6281234567890".into() }
}

pub fn flight_trip(offer: &Priced<FlightOffer>) -> Trip {
    Trip::Flight(NewFlight {
        offer_id: offer.id.clone(),
        passengers: vec![adult()],
        contact: contact(),
        max_total: offer.price.amount(),
        then: Then::Wait,
    })
}

pub fn stay_trip(rate: &Priced<ConfirmedRate>) -> Trip {
    Trip::Stay(NewStay {
        quote_id: rate.id.clone(),
        guests: vec![("Budi".into(), Some("Santoso".into()))],
        contact: contact(),
        requests: Some("A quiet room".to_owned()),
        loyalty_number: None,
        max_total: Some(rate.price.amount()),
        then: Then::Wait,
    })
}

pub fn crossing_trip(fare: &Priced<Fare>, vehicle: Option<&str>) -> Trip {
    Trip::Crossing(NewCrossing {
        fare_id: fare.id.clone(),
        passengers: vec![adult()],
        vehicle: vehicle.map(|class| FerryVehicle {
            class: class.to_owned(),
            plate: "B 1234 XYZ".into(),
            length_cm: Some(450),
        }),
        contact: contact(),
        max_total: fare.price.amount(),
        then: Then::Wait,
    })
}

pub fn token_for(sku: &str, number: &str) -> Trip {
    Trip::Credit(NewCredit { sku: sku.to_owned(), customer_no: number.to_owned(), max_total: None, payment: None })
}

impl World {
    /// Flights on a route, the cheapest first.
    pub async fn flights(&self, origin: &str, destination: &str, terms: Terms) -> Vec<Priced<FlightOffer>> {
        let wish = FlightWish {
            origin: origin.to_owned(),
            destination: destination.to_owned(),
            date: day(DAY_OF_TRAVEL),
            return_date: None,
            adults: 1,
            children: Vec::new(),
            cabin: None,
        };
        let all = self.app.bookings.flights(wish).await.expect("searches");
        all.into_iter().filter(|offer| offer.offer.hold.is_some() == (terms == Terms::Flex)).collect()
    }

    pub async fn flight(&self, terms: Terms) -> Priced<FlightOffer> {
        self.flights("CGK", "DPS", terms).await.remove(0)
    }

    /// A room that can be cancelled, in the house whose name ends so.
    pub async fn room(&self, city: &str, house: &str) -> Priced<ConfirmedRate> {
        let wish = HotelWish {
            city: city.to_owned(),
            check_in: day("2026-02-10"),
            check_out: day("2026-02-12"),
            adults: 1,
            children: Vec::new(),
            rooms: 1,
        };
        let houses = self.app.bookings.houses(wish).await.expect("searches");
        let found = houses.iter().find(|one| one.house.accommodation.name.ends_with(house)).expect("a house");
        let rooms = self.app.bookings.rooms(&found.id).await.expect("asks");
        let room = rooms.iter().find(|room| room.offer.board == Board::Breakfast).expect("a room");
        self.app.bookings.quote_room(&room.id).await.expect("quotes")
    }

    /// The fares of a day's ships across the Sunda Strait.
    pub async fn fares(&self, date: &str, vehicle: Option<&str>) -> Vec<Priced<Fare>> {
        let wish = FerryWish {
            origin: "MRK".to_owned(),
            destination: "BKH".to_owned(),
            date: day(date),
            adults: 1,
            children: 0,
            infants: 0,
            vehicle: vehicle.map(str::to_owned),
        };
        let ships = self.app.bookings.departures(wish).await.expect("searches");
        ships.into_iter().flat_map(|ship| ship.fares).collect()
    }

    /// A car and who drives it.
    pub async fn crossing(&self) -> Trip {
        crossing_trip(&self.fares(DAY_OF_TRAVEL, Some("IVA")).await[0], Some("IVA"))
    }

    /// Asks what somebody owes.
    pub async fn bill(&self, person: &Person, sku: &str, number: &str) -> Result<BillView> {
        let new = NewInquiry { sku: sku.to_owned(), customer_no: number.to_owned(), amount: None, year: None };
        self.app.bookings.inquire(&person.who, self.id(), new).await
    }

    /// Books a trip; what people send twice has the same id.
    pub async fn book(&self, person: &Person, id: OrderId, trip: &Trip, then: Then) -> Result<Booked> {
        let (bookings, who) = (&self.app.bookings, &person.who);
        let payment = || match then.clone() {
            Then::Order(payment) => payment,
            Then::Wait => None,
        };
        let ordered = |(booking, order, payment)| Booked { booking, order: Some((order, payment)) };
        match trip.clone() {
            Trip::Flight(new) => bookings.book_flight(who, id, NewFlight { then, ..new }).await,
            Trip::Stay(new) => bookings.book_stay(who, id, NewStay { then, ..new }).await,
            Trip::Crossing(new) => bookings.book_crossing(who, id, NewCrossing { then, ..new }).await,
            Trip::Credit(new) => {
                bookings.buy_credit(who, id, NewCredit { payment: payment(), ..new }).await.map(ordered)
            }
            Trip::Bill(inquiry) => bookings.pay_bill(who, id, inquiry, payment()).await.map(ordered),
        }
    }
}
