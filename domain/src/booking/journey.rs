//! What is travelled, as it was sold: shown to who bought it, and printed on the voucher.

use dermaga_ports::booking::{
    Accommodation, Board, Carrier, ChangeTerms, Day, DueThere, FareLine, FerryPort, LocalTime, Slice,
};
use serde::{Deserialize, Serialize};

/// A journey, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Journey {
    Flight(Flight),
    Stay(Stay),
    Crossing(Crossing),
}

/// A flight, perhaps there and back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    pub carrier: Carrier,
    pub slices: Vec<Slice>,
    pub change: ChangeTerms,
}

/// Nights in a house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    pub house: Accommodation,
    pub check_in: Day,
    pub check_out: Day,
    pub rooms: u32,
    pub guests: u32,
    pub room: String,
    pub board: Board,
    /// Paid at the house, besides.
    pub due_there: Option<DueThere>,
    /// Without the number of that programme it cannot be booked.
    pub loyalty_programme_required: Option<String>,
}

/// A crossing by ferry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossing {
    pub operator: String,
    pub vessel: String,
    pub service: String,
    pub origin: FerryPort,
    pub destination: FerryPort,
    pub departs: LocalTime,
    pub arrives: LocalTime,
    pub check_in_from: Option<LocalTime>,
    pub check_in_until: Option<LocalTime>,
    pub fare: String,
    pub lines: Vec<FareLine>,
    /// The class of the vehicle that comes along.
    pub vehicle: Option<String>,
}

impl Journey {
    /// In one line, for a list.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Flight(Flight { carrier, slices, .. }) => {
                let ends = |slice: &Slice| {
                    let (first, last) = (slice.segments.first()?, slice.segments.last()?);
                    Some((first.origin.code.clone(), last.destination.code.clone(), first.departs.day()))
                };
                match slices.first().and_then(ends) {
                    Some((from, to, day)) if slices.len() > 1 => {
                        format!("{} {from}-{to} and back, {day}", carrier.name)
                    }
                    Some((from, to, day)) => format!("{} {from}-{to}, {day}", carrier.name),
                    None => carrier.name.clone(),
                }
            }
            Self::Stay(Stay { house, check_in, check_out, .. }) => format!("{}, {check_in} to {check_out}", house.name),
            Self::Crossing(Crossing { vessel, origin, destination, departs, .. }) => {
                format!("{vessel} {}-{}, {}", origin.code, destination.code, departs.day())
            }
        }
    }
}
