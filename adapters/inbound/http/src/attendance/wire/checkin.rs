//! Scans on the wire.

use dermaga_domain::attendance::{Attending, Scan};
use dermaga_ports::attendance::{Checkin, Direction, Reason};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use super::{DirectionWord, records, translated};
use crate::wire::Moment;

/// What came of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Outcome", rename_all = "lowercase")]
pub enum OutcomeWord {
    /// Let through, and it counts
    Ok,
    /// Not let through
    Refused,
    /// Let through against the rules by a device that could not ask; it does not count
    Conflict,
}

translated!(OutcomeWord, Outcome { Ok, Refused, Conflict });

/// A scan.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Scan", skip_serializing_if_is_none)]
pub struct ScanBody {
    pub event_id: String,
    /// What was scanned or typed: a ticket's id, its signed code, or with open admission anything
    pub ticket_id: String,
    /// `entry` unless given
    #[oai(rename = "type")]
    pub direction: Option<DirectionWord>,
    /// What the scanner is called
    pub device: Option<String>,
    pub gate: Option<String>,
    /// What the device calls this scan; repeated, it gets its first answer again
    pub nonce: Option<String>,
    /// What the device's clock says; on record beside this system's own
    pub at: Option<Moment>,
}

impl From<ScanBody> for Scan {
    fn from(body: ScanBody) -> Self {
        Self {
            event: body.event_id,
            shown: body.ticket_id,
            direction: body.direction.map_or(Direction::Entry, Direction::from),
            device: body.device,
            gate: body.gate,
            nonce: body.nonce,
            at: body.at.map(|moment| moment.0),
            forced: false,
        }
    }
}

/// A scan on record.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CheckinRecord", skip_serializing_if_is_none)]
pub struct RecordBody {
    pub id: Uuid,
    pub event_id: String,
    /// What was scanned; for a signed code, the id of its ticket
    pub ticket_id: String,
    #[oai(rename = "type")]
    pub direction: DirectionWord,
    pub checked_in_by: String,
    pub checked_in_at: Moment,
    pub device: Option<String>,
    pub gate: Option<String>,
    /// What the device's clock said
    pub device_at: Option<Moment>,
    pub recorded_at: Moment,
    pub outcome: OutcomeWord,
    /// Why nobody was let through, or should not have been
    pub reason: Option<String>,
    pub annulled_at: Option<Moment>,
}

impl From<Checkin> for RecordBody {
    fn from(checkin: Checkin) -> Self {
        Self {
            id: checkin.id.0,
            event_id: checkin.event.to_string(),
            ticket_id: checkin.code,
            direction: checkin.direction.into(),
            checked_in_by: checkin.by.label(),
            checked_in_at: checkin.at.into(),
            device: checkin.device,
            gate: checkin.gate,
            device_at: checkin.device_at.map(Moment),
            recorded_at: checkin.recorded_at.into(),
            outcome: checkin.outcome.into(),
            reason: checkin.reason.map(|reason| reason.as_str().to_owned()),
            annulled_at: checkin.annulled_at.map(Moment),
        }
    }
}

impl RecordBody {
    /// What those who follow an event hear it called.
    pub fn event_name(&self) -> &'static str {
        match (self.annulled_at, self.outcome, self.direction) {
            (Some(_), ..) => "annulled",
            (None, OutcomeWord::Refused, _) => "refused",
            (None, OutcomeWord::Conflict, _) => "conflict",
            (None, OutcomeWord::Ok, DirectionWord::Entry) => "checked_in",
            (None, OutcomeWord::Ok, DirectionWord::Exit) => "checked_out",
        }
    }
}

/// Somebody was let through.
#[derive(Debug, Clone, Object)]
pub struct CheckedIn {
    /// `checked_in`, or `checked_out` for an exit
    pub status: String,
    pub record: RecordBody,
}

pub(super) fn passed(direction: Direction) -> String {
    match direction {
        Direction::Entry => "checked_in".to_owned(),
        Direction::Exit => "checked_out".to_owned(),
    }
}

impl From<Checkin> for CheckedIn {
    fn from(checkin: Checkin) -> Self {
        Self { status: passed(checkin.direction), record: checkin.into() }
    }
}

/// Who has come.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Attendance", skip_serializing_if_is_none)]
pub struct AttendanceBody {
    pub event_id: String,
    /// Tickets that have entered, each once
    pub total_checkins: u64,
    /// How many are inside
    pub inside: u64,
    pub records: Vec<RecordBody>,
    /// What to send as `after` for the next part; absent on the last
    pub next: Option<String>,
}

impl From<Attending> for AttendanceBody {
    fn from(attending: Attending) -> Self {
        Self {
            event_id: attending.event.id.to_string(),
            total_checkins: attending.attended.total,
            inside: attending.attended.inside,
            next: attending.records.next.map(|id| id.to_string()),
            records: attending.records.items.into_iter().map(RecordBody::from).collect(),
        }
    }
}

/// The cells of a scan in a table.
pub struct CsvRow(pub [String; 9]);

impl CsvRow {
    pub const HEADER: [&'static str; 9] =
        ["id", "ticket_id", "type", "checked_in_at", "checked_in_by", "gate", "device", "outcome", "reason"];
}

/// What somebody shows at a door is opened in a spreadsheet later, which must not take it for a formula.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell }
}

impl From<Checkin> for CsvRow {
    fn from(checkin: Checkin) -> Self {
        Self([
            checkin.id.to_string(),
            harmless(checkin.code),
            checkin.direction.as_str().to_owned(),
            checkin.at.to_string(),
            harmless(checkin.by.label()),
            harmless(checkin.gate.unwrap_or_default()),
            harmless(checkin.device.unwrap_or_default()),
            checkin.outcome.as_str().to_owned(),
            checkin.reason.map(Reason::as_str).unwrap_or_default().to_owned(),
        ])
    }
}
