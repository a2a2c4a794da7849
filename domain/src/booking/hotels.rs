//! Hotel rooms, in four steps: a house, its rooms, a price that is confirmed, a booking.

use std::sync::Arc;

use dermaga_ports::{
    auth::Principal,
    booking::{
        Accommodation, BookingKind, Contact, Customer, Day, HotelResult, HotelSearch, HotelSupplier, Payload, Personal,
        Policy, RoomRate, Seat, Traveller, TravellerKind, Where,
    },
    ids::OrderId,
    money::Money,
    time::Timestamp,
};

use super::{
    Bookings,
    book::{Booked, Draft, Priced, Then},
    journey::{Journey, Stay},
    offers::{Nights, Offered},
    refusal::answered,
    travellers::{check_contact, check_name, wish},
};
use crate::{
    error::{Code, Error, Result},
    faults::Faults,
};

/// How far around a city's middle is looked.
const RADIUS_KM: u32 = 15;
const MOST_ROOMS: u32 = 9;
const MOST_GUESTS: u32 = 36;
const MOST_NIGHTS: i64 = 99;

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotelWish {
    pub city: String,
    pub check_in: Day,
    pub check_out: Day,
    pub adults: u32,
    /// The ages of children.
    pub children: Vec<u8>,
    pub rooms: u32,
}

/// A house with free rooms, at what the cheapest costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeHouse {
    /// What its rooms are asked for with.
    pub id: String,
    pub cheapest: Option<Money>,
    pub house: HotelResult,
}

/// A price that was confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedRate {
    pub stay: Stay,
    pub refund: Policy,
    pub expires_at: Option<Timestamp>,
}

/// A room that is wanted.
#[derive(Debug, Clone)]
pub struct NewStay {
    pub quote_id: String,
    /// Given and family name of one person in each room at least.
    pub guests: Vec<(Personal, Option<Personal>)>,
    pub contact: Contact,
    /// What they ask of the house.
    pub requests: Option<String>,
    pub loyalty_number: Option<Personal>,
    /// The most that the customer pays, in the smallest unit of the quote's currency.
    pub max_total: Option<i64>,
    pub then: Then,
}

/// A quote that came back.
struct OfferedQuote {
    payload: Payload,
    stay: Stay,
    total: Money,
    refund: Policy,
    expires_at: Option<Timestamp>,
}

impl Bookings {
    /// Houses with free rooms.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::SupplierUnavailable`].
    pub async fn houses(&self, wish: HotelWish) -> Result<Vec<FreeHouse>> {
        let supplier = self.0.ports.suppliers.hotels()?;
        let (search, nights) = self.hotel_search(wish)?;
        let found = answered(supplier.search(&search).await)?;
        let free = |house: HotelResult| {
            let (payload, nights) = (house.payload.clone(), nights.clone());
            let offered = Offered::House { supplier: supplier.name().to_owned(), payload, nights };
            let cheapest = house.cheapest.filter(|cost| cost.is_positive()).map(|cost| self.asked(cost)).transpose()?;
            Ok(FreeHouse { id: self.sealed(&offered)?, cheapest, house })
        };
        found.into_iter().map(free).collect()
    }

    /// The rooms of a house that was found.
    ///
    /// # Errors
    /// [`Code::OfferGone`], [`Code::SupplierUnavailable`], [`Code::Invalid`] for what was not offered here.
    pub async fn rooms(&self, house_id: &str) -> Result<Vec<Priced<RoomRate>>> {
        let supplier = self.0.ports.suppliers.hotels()?;
        let (payload, nights) = self.offered("/id", house_id, |offered| match offered {
            Offered::House { supplier: name, payload, nights } if name == supplier.name() => Some((payload, nights)),
            _ => None,
        })?;
        let rates = answered(supplier.rates(&payload).await)?;
        let priced = |rate: RoomRate| {
            let offered = Offered::Room {
                supplier: supplier.name().to_owned(),
                payload: rate.payload.clone(),
                stay: stay(&nights, &rate),
            };
            Ok(Priced { id: self.sealed(&offered)?, price: self.asked(rate.total)?, offer: rate })
        };
        rates.into_iter().filter(|rate| rate.total.is_positive()).map(priced).collect()
    }

    /// Confirms the price of a room.
    ///
    /// # Errors
    /// As [`Bookings::rooms`].
    pub async fn quote_room(&self, rate_id: &str) -> Result<Priced<ConfirmedRate>> {
        let supplier = self.0.ports.suppliers.hotels()?;
        let (payload, stay) = self.offered("/rate_id", rate_id, |offered| match offered {
            Offered::Room { supplier: name, payload, stay } if name == supplier.name() => Some((payload, stay)),
            _ => None,
        })?;
        let quote = answered(supplier.quote(&payload).await)?;
        let stay = Stay { house: brief(quote.accommodation), due_there: quote.due_there, ..stay };
        let offered = Offered::Quote {
            supplier: supplier.name().to_owned(),
            payload: quote.payload,
            stay: stay.clone(),
            total: quote.total,
            refund: quote.refund.clone(),
            expires_at: quote.expires_at,
        };
        let confirmed = ConfirmedRate { stay, refund: quote.refund, expires_at: quote.expires_at };
        Ok(Priced { id: self.sealed(&offered)?, price: self.asked(quote.total)?, offer: confirmed })
    }

    /// Books a room: houses keep none without money, so it is bought once it is paid. Idempotent by `id`, which becomes the
    /// order's.
    ///
    /// # Errors
    /// As [`Bookings::book_flight`].
    pub async fn book_stay(&self, by: &Principal, id: OrderId, new: NewStay) -> Result<Booked> {
        let (user, booking) = self.traveller(by, id)?;
        if !self.heard(by, user, booking).await? {
            let (supplier, quote) = self.offered_quote(&new.quote_id)?;
            let customer = customer(&new, &quote.stay)?;
            if quote.expires_at.is_some_and(|until| until <= self.0.now()) {
                return Err(
                    Error::new(Code::OfferGone, "The price was good for a while only. Quote again.").at("/quote_id")
                );
            }
            let wanted = Draft {
                kind: BookingKind::Hotel,
                supplier: supplier.name().to_owned(),
                payload: quote.payload,
                journey: Journey::Stay(quote.stay),
                cost: quote.total,
                policy: quote.refund,
                until: quote.expires_at,
                customer,
            };
            let draft = self.draft(user, booking, wanted, new.max_total)?;
            self.take(by, None, draft).await?;
        }
        self.then(by, id, booking, new.then).await
    }

    fn offered_quote(&self, id: &str) -> Result<(&Arc<dyn HotelSupplier>, OfferedQuote)> {
        let known = self.0.ports.suppliers.hotels()?;
        let quote = self.offered("/quote_id", id, |offered| match offered {
            Offered::Quote { supplier, payload, stay, total, refund, expires_at } if supplier == known.name() => {
                Some(OfferedQuote { payload, stay, total, refund, expires_at })
            }
            _ => None,
        })?;
        Ok((known, quote))
    }

    fn hotel_search(&self, wish: HotelWish) -> Result<(HotelSearch, Nights)> {
        let HotelWish { city, check_in, check_out, adults, children, rooms } = wish;
        let mut faults = Faults::default();
        let city = faults.text("/city", Some(&city), 100);
        if city.is_none() {
            faults.add("/city", "must name a city");
        }
        if check_in < Day::in_jakarta(self.0.now()) {
            faults.add("/check_in", "must not be over");
        }
        let nights = (check_out.date() - check_in.date()).whole_days();
        if !(1..=MOST_NIGHTS).contains(&nights) {
            faults.add("/check_out", format!("must be 1 to {MOST_NIGHTS} nights after the arrival"));
        }
        if !(1..=MOST_ROOMS).contains(&rooms) {
            faults.add("/rooms", format!("must be 1 to {MOST_ROOMS}"));
        }
        if children.iter().any(|age| *age > 17) {
            faults.add("/children", "must be ages from 0 to 17");
        }
        let guests = adults.saturating_add(u32::try_from(children.len()).unwrap_or(u32::MAX));
        if adults < rooms || guests > MOST_GUESTS {
            faults.add("/guests", format!("must be one adult in each room at least, and {MOST_GUESTS} at the most"));
        }
        faults.check()?;
        let adult = |_| Seat { kind: TravellerKind::Adult, age: None };
        let child = |age| Seat { kind: TravellerKind::Child, age: Some(age) };
        let place = Where::City { name: city.unwrap_or_default(), radius_km: RADIUS_KM };
        let seats = (0..adults).map(adult).chain(children.into_iter().map(child)).collect();
        Ok((
            HotelSearch { place, check_in, check_out, rooms, guests: seats },
            Nights { check_in, check_out, rooms, guests },
        ))
    }
}

fn stay(nights: &Nights, rate: &RoomRate) -> Stay {
    Stay {
        house: Accommodation::default(),
        check_in: nights.check_in,
        check_out: nights.check_out,
        rooms: nights.rooms,
        guests: nights.guests,
        room: rate.room.clone(),
        board: rate.board.clone(),
        due_there: rate.due_there.clone(),
        loyalty_programme_required: rate.loyalty_programme_required.clone(),
    }
}

/// What a voucher needs of a house: no pictures and no prose.
fn brief(house: Accommodation) -> Accommodation {
    Accommodation { description: None, amenities: Vec::new(), photos: Vec::new(), ..house }
}

fn customer(new: &NewStay, stay: &Stay) -> Result<Customer> {
    let mut faults = Faults::default();
    check_contact(&mut faults, &new.contact);
    let named = u32::try_from(new.guests.len()).unwrap_or(u32::MAX);
    if named < stay.rooms || named > stay.guests {
        let told = format!("must name {} to {}: one in each room at least", stay.rooms, stay.guests);
        faults.add("/guests", told);
    }
    for (at, (given, family)) in new.guests.iter().enumerate() {
        check_name(&mut faults, &format!("/guests/{at}/given_name"), given);
        if let Some(family) = family {
            check_name(&mut faults, &format!("/guests/{at}/family_name"), family);
        }
    }
    let requests = wish(&mut faults, "/requests", new.requests.as_deref());
    if let Some(programme) = stay.loyalty_programme_required.as_ref().filter(|_| new.loyalty_number.is_none()) {
        faults.add("/loyalty_number", format!("is required: this rate is for members of {programme}"));
    }
    faults.check()?;
    let guest = |(given, family): &(Personal, Option<Personal>)| Traveller {
        kind: TravellerKind::Adult,
        title: None,
        gender: None,
        given_name: given.clone(),
        family_name: family.clone(),
        born_on: None,
        document: None,
    };
    Ok(Customer {
        travellers: new.guests.iter().map(guest).collect(),
        contact: Some(new.contact.clone()),
        requests,
        loyalty_number: new.loyalty_number.clone(),
        ..Customer::default()
    })
}
