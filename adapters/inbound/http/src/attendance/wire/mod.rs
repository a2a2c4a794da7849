//! Attendance on the wire.

mod batch;
mod checkin;
mod event;
mod ticket;

use dermaga_ports::attendance as records;
use poem_openapi::Enum;

pub use batch::{BatchBody, BatchResultBody, BatchResults, ConflictBody, RevocationList};
pub use checkin::{AttendanceBody, CheckedIn, CsvRow, OutcomeWord, RecordBody, ScanBody};
pub use event::{EventBody, EventChangeBody, NewEventBody, NewTicketTypeBody, TicketTypeBody};
pub use ticket::{KeyBody, NewTicketBody, RevokeBody, TicketBody, TicketStateWord};

macro_rules! translated {
    ($word:ident, $record:ident { $($variant:ident),* }) => {
        impl From<records::$record> for $word {
            fn from(record: records::$record) -> Self {
                match record { $(records::$record::$variant => Self::$variant,)* }
            }
        }

        impl From<$word> for records::$record {
            fn from(word: $word) -> Self {
                match word { $($word::$variant => Self::$variant,)* }
            }
        }
    };
}

use translated;

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Admission", rename_all = "lowercase")]
pub enum AdmissionWord {
    /// Whoever has a ticket that was issued here
    Listed,
    /// Whoever shows a code that nobody has shown before
    Open,
}

translated!(AdmissionWord, Admission { Listed, Open });

/// How often a ticket lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "EntryRule")]
pub enum EntryWord {
    /// Once
    #[oai(rename = "single")]
    Single,
    /// In and out, one at a time
    #[oai(rename = "re-entry")]
    Reentry,
}

translated!(EntryWord, Entry { Single, Reentry });

/// Which way through the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Direction", rename_all = "lowercase")]
pub enum DirectionWord {
    Entry,
    Exit,
}

translated!(DirectionWord, Direction { Entry, Exit });
