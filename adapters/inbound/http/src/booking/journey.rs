//! Flights, stays and crossings on the wire: as they are offered, and as they were sold.

use dermaga_domain::booking::{Crossing, Flight, Journey, Stay};
use dermaga_ports::booking::{Accommodation, Baggage, Board, DueThere, FareLine, FerryPort, Place, Segment, Slice};
use poem_openapi::Object;

use super::policy::{ChangeName, change};
use crate::wire::{CurrencyCode, DayText, LocalText};

/// An airport.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Airport", skip_serializing_if_is_none)]
pub struct PlaceBody {
    pub code: String,
    pub name: String,
    pub city: Option<String>,
    /// Of IANA: what local times there mean
    pub time_zone: Option<String>,
}

/// One flight.
#[derive(Debug, Clone, Object)]
#[oai(rename = "FlightSegment", skip_serializing_if_is_none)]
pub struct SegmentBody {
    pub origin: PlaceBody,
    pub destination: PlaceBody,
    /// On the clock of the origin
    pub departs: LocalText,
    /// On the clock of the destination
    pub arrives: LocalText,
    /// ISO 8601, as `PT1H55M`
    pub duration: Option<String>,
    /// As `GA 402`
    pub number: String,
    pub marketed_by: String,
    pub operated_by: String,
    pub aircraft: Option<String>,
    pub cabin: Option<String>,
    /// As `1 checked`, of the first passenger
    pub baggage: Vec<String>,
    /// Technical stops on the way
    pub stops: u32,
}

/// One direction.
#[derive(Debug, Clone, Object)]
#[oai(rename = "FlightSlice", skip_serializing_if_is_none)]
pub struct SliceBody {
    pub segments: Vec<SegmentBody>,
    pub duration: Option<String>,
    pub fare_brand: Option<String>,
}

/// A flight, perhaps there and back.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Flight", skip_serializing_if_is_none)]
pub struct FlightBody {
    pub carrier: String,
    pub slices: Vec<SliceBody>,
    pub change: ChangeName,
    pub change_fee: Option<i64>,
}

/// What is paid at the house besides; never a part of the price.
#[derive(Debug, Clone, Object)]
#[oai(rename = "DueAtHotel", skip_serializing_if_is_none)]
pub struct DueThereBody {
    /// As it was told: `39.95 CHF`
    pub told: String,
    pub amount: Option<i64>,
    pub currency: Option<CurrencyCode>,
}

/// A house.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Hotel", skip_serializing_if_is_none)]
pub struct HouseBody {
    pub name: String,
    pub description: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub stars: Option<u8>,
    pub amenities: Vec<String>,
    pub photos: Vec<String>,
    /// As `14:30`, on the clock of the house
    pub check_in_after: Option<String>,
    pub check_out_before: Option<String>,
    /// How to get in
    pub key_collection: Option<String>,
}

/// Nights in a house.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Stay", skip_serializing_if_is_none)]
pub struct StayBody {
    pub hotel: HouseBody,
    pub check_in: DayText,
    pub check_out: DayText,
    pub rooms: u32,
    pub guests: u32,
    pub room: String,
    /// As `breakfast`
    pub board: String,
    pub due_at_hotel: Option<DueThereBody>,
    /// Without the number of that programme it cannot be booked
    pub loyalty_programme_required: Option<String>,
}

/// A port.
#[derive(Debug, Clone, Object)]
#[oai(rename = "FerryPort")]
pub struct PortBody {
    pub code: String,
    pub name: String,
    pub city: String,
    pub time_zone: String,
}

/// A part of a fare.
#[derive(Debug, Clone, Object)]
#[oai(rename = "FareLine")]
pub struct FareLineBody {
    /// `passenger`, `vehicle`, `port_tax`, `fuel`, `admin` or `insurance`
    pub category: String,
    pub quantity: u32,
    /// In the smallest unit of the currency
    pub amount: i64,
}

/// A crossing by ferry.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Crossing", skip_serializing_if_is_none)]
pub struct CrossingBody {
    pub operator: String,
    pub vessel: String,
    /// `regular` or `express`
    pub service: String,
    pub origin: PortBody,
    pub destination: PortBody,
    /// On the clocks of the ports
    pub departs: LocalText,
    pub arrives: LocalText,
    pub check_in_from: Option<LocalText>,
    /// Afterwards the ticket is worth nothing
    pub check_in_until: Option<LocalText>,
    pub fare: String,
    pub lines: Vec<FareLineBody>,
    /// The class of the vehicle that comes along
    pub vehicle: Option<String>,
}

/// What is travelled: one of these.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "Journey", skip_serializing_if_is_none)]
pub struct JourneyBody {
    pub flight: Option<FlightBody>,
    pub stay: Option<StayBody>,
    pub crossing: Option<CrossingBody>,
}

impl From<Journey> for JourneyBody {
    fn from(journey: Journey) -> Self {
        match journey {
            Journey::Flight(flight) => Self { flight: Some(flight.into()), ..Self::default() },
            Journey::Stay(stay) => Self { stay: Some(stay.into()), ..Self::default() },
            Journey::Crossing(crossing) => Self { crossing: Some(crossing.into()), ..Self::default() },
        }
    }
}

impl From<Flight> for FlightBody {
    fn from(flight: Flight) -> Self {
        let (change, change_fee) = change(flight.change);
        let slices = flight.slices.into_iter().map(Into::into).collect();
        Self { carrier: flight.carrier.name, slices, change, change_fee }
    }
}

impl From<Slice> for SliceBody {
    fn from(slice: Slice) -> Self {
        Self {
            segments: slice.segments.into_iter().map(Into::into).collect(),
            duration: slice.duration,
            fare_brand: slice.fare_brand,
        }
    }
}

impl From<Segment> for SegmentBody {
    fn from(segment: Segment) -> Self {
        let bags = |bag: Baggage| format!("{} {}", bag.pieces, bag.kind);
        Self {
            origin: segment.origin.into(),
            destination: segment.destination.into(),
            departs: segment.departs.into(),
            arrives: segment.arrives.into(),
            duration: segment.duration,
            number: segment.number,
            marketed_by: segment.marketed_by.name,
            operated_by: segment.operated_by.name,
            aircraft: segment.aircraft,
            cabin: segment.cabin,
            baggage: segment.baggage.into_iter().map(bags).collect(),
            stops: segment.stops,
        }
    }
}

impl From<Place> for PlaceBody {
    fn from(place: Place) -> Self {
        Self { code: place.code, name: place.name, city: place.city, time_zone: place.time_zone }
    }
}

impl From<DueThere> for DueThereBody {
    fn from(due: DueThere) -> Self {
        Self {
            told: due.told,
            amount: due.amount.map(|amount| amount.amount()),
            currency: due.amount.map(|amount| amount.currency().into()),
        }
    }
}

impl From<Accommodation> for HouseBody {
    fn from(house: Accommodation) -> Self {
        Self {
            name: house.name,
            description: house.description,
            address: house.address,
            city: house.city,
            stars: house.stars,
            amenities: house.amenities,
            photos: house.photos,
            check_in_after: house.check_in_after,
            check_out_before: house.check_out_before,
            key_collection: house.key_collection,
        }
    }
}

impl From<Stay> for StayBody {
    fn from(stay: Stay) -> Self {
        Self {
            hotel: stay.house.into(),
            check_in: stay.check_in.into(),
            check_out: stay.check_out.into(),
            rooms: stay.rooms,
            guests: stay.guests,
            room: stay.room,
            board: board(&stay.board).to_owned(),
            due_at_hotel: stay.due_there.map(Into::into),
            loyalty_programme_required: stay.loyalty_programme_required,
        }
    }
}

/// The meals, in one word.
pub fn board(board: &Board) -> &str {
    match board {
        Board::RoomOnly => "room_only",
        Board::Breakfast => "breakfast",
        Board::HalfBoard => "half_board",
        Board::FullBoard => "full_board",
        Board::AllInclusive => "all_inclusive",
        Board::Unrecognised(word) => word,
    }
}

impl From<FerryPort> for PortBody {
    fn from(port: FerryPort) -> Self {
        Self { code: port.code, name: port.name, city: port.city, time_zone: port.time_zone }
    }
}

impl From<FareLine> for FareLineBody {
    fn from(line: FareLine) -> Self {
        Self { category: line.category, quantity: line.quantity, amount: line.amount.amount() }
    }
}

impl From<Crossing> for CrossingBody {
    fn from(crossing: Crossing) -> Self {
        Self {
            operator: crossing.operator,
            vessel: crossing.vessel,
            service: crossing.service,
            origin: crossing.origin.into(),
            destination: crossing.destination.into(),
            departs: crossing.departs.into(),
            arrives: crossing.arrives.into(),
            check_in_from: crossing.check_in_from.map(Into::into),
            check_in_until: crossing.check_in_until.map(Into::into),
            fare: crossing.fare,
            lines: crossing.lines.into_iter().map(Into::into).collect(),
            vehicle: crossing.vehicle,
        }
    }
}
