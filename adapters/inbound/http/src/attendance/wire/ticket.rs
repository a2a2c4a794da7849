//! Tickets on the wire.

use dermaga_domain::attendance::NewTicket;
use dermaga_ports::attendance::{Ticket, TicketKey};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use super::{records, translated};
use crate::wire::Moment;

/// Whether a ticket lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "TicketState", rename_all = "UPPERCASE")]
pub enum TicketStateWord {
    Valid,
    /// Somebody took it back
    Revoked,
    /// What it was bought with was cancelled
    Cancelled,
}

translated!(TicketStateWord, TicketState { Valid, Revoked, Cancelled });

/// A ticket to give away.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewTicket", skip_serializing_if_is_none)]
pub struct NewTicketBody {
    /// Whoever comes with it
    pub holder: String,
    /// Whose account it shall be in
    pub user_id: Option<Uuid>,
    /// It counts against the type's quota
    pub ticket_type_id: Option<Uuid>,
    /// When it lets in; the type's window unless given
    pub valid_from: Option<Moment>,
    pub valid_until: Option<Moment>,
}

impl From<NewTicketBody> for NewTicket {
    fn from(body: NewTicketBody) -> Self {
        Self {
            holder: body.holder,
            user: body.user_id.map(Into::into),
            ticket_type: body.ticket_type_id.map(Into::into),
            valid_from: body.valid_from.map(|moment| moment.0),
            valid_until: body.valid_until.map(|moment| moment.0),
        }
    }
}

/// Why a ticket is taken back.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "Revocation", skip_serializing_if_is_none)]
pub struct RevokeBody {
    pub reason: Option<String>,
}

/// A ticket.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Ticket", skip_serializing_if_is_none)]
pub struct TicketBody {
    pub id: Uuid,
    pub event_id: String,
    pub ticket_type_id: Option<Uuid>,
    pub holder: Option<String>,
    pub user_id: Option<Uuid>,
    /// What it was bought with
    pub order_id: Option<Uuid>,
    pub state: TicketStateWord,
    /// What stands in its QR; only where a single ticket is read, and as long as it lets in
    pub code: Option<String>,
    pub valid_from: Option<Moment>,
    pub valid_until: Option<Moment>,
    /// When it stopped letting in
    pub ended_at: Option<Moment>,
    pub ended_because: Option<String>,
    pub created_at: Moment,
}

impl From<Ticket> for TicketBody {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: ticket.id.0,
            event_id: ticket.event.to_string(),
            ticket_type_id: ticket.ticket_type.map(Uuid::from),
            holder: ticket.holder,
            user_id: ticket.user.map(Uuid::from),
            order_id: ticket.order.map(|line| line.order.into()),
            state: ticket.state.into(),
            code: None,
            valid_from: ticket.valid_from.map(Moment),
            valid_until: ticket.valid_until.map(Moment),
            ended_at: ticket.ended_at.map(Moment),
            ended_because: ticket.ended_because,
            created_at: ticket.created_at.into(),
        }
    }
}

impl TicketBody {
    pub fn with_code(self, code: Option<String>) -> Self {
        Self { code, ..self }
    }
}

/// A key that codes are verified with.
#[derive(Debug, Clone, Object)]
#[oai(rename = "TicketKey")]
pub struct KeyBody {
    /// What codes call it; the one with the highest number signs
    pub number: u32,
    /// The Ed25519 public key, 32 bytes in hexadecimal
    pub public_key: String,
    pub created_at: Moment,
}

impl From<TicketKey> for KeyBody {
    fn from(key: TicketKey) -> Self {
        let public_key = key.public.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { number: key.number, public_key, created_at: key.created_at.into() }
    }
}
