//! Batches on the wire: what a device tells after it could not ask, and what has happened at other doors meanwhile.

use dermaga_domain::attendance::{BatchResult, Revocations, Scan, Scanned};
use dermaga_ports::attendance::{Direction, Outcome, Passages, Revoked};
use poem_openapi::Object;
use uuid::Uuid;

use super::{
    DirectionWord, TicketStateWord,
    checkin::{RecordBody, passed},
};
use crate::wire::Moment;

/// A scan of a batch.
#[derive(Debug, Clone, Object)]
#[oai(rename = "BatchScan", skip_serializing_if_is_none)]
pub struct BatchScanBody {
    pub event_id: String,
    pub ticket_id: String,
    #[oai(rename = "type")]
    pub direction: Option<DirectionWord>,
    pub gate: Option<String>,
    pub nonce: String,
    /// What the device's clock said when it happened
    pub at: Option<Moment>,
    /// The device has let somebody through already: on record in any case, and a conflict if it was against the rules
    pub forced: Option<bool>,
}

/// What a device tells after it could not ask.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CheckinBatch", skip_serializing_if_is_none)]
pub struct BatchBody {
    pub device: String,
    /// What the device's clock says now; its error is taken off every `at`
    pub sent_at: Option<Moment>,
    /// 1 to 100
    pub checkins: Vec<BatchScanBody>,
}

impl BatchBody {
    pub fn scans(self) -> Vec<Scan> {
        let device = self.device;
        let scan = |body: BatchScanBody| Scan {
            event: body.event_id,
            shown: body.ticket_id,
            direction: body.direction.map_or(Direction::Entry, Direction::from),
            device: Some(device.clone()),
            gate: body.gate,
            nonce: Some(body.nonce),
            at: body.at.map(|moment| moment.0),
            forced: body.forced.unwrap_or_default(),
        };
        self.checkins.into_iter().map(scan).collect()
    }
}

/// What came of one scan of a batch.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CheckinResult", skip_serializing_if_is_none)]
pub struct BatchResultBody {
    /// As it was sent
    pub nonce: String,
    /// `checked_in`, `checked_out`, `refused`, `conflict`, or `invalid` if it could not be put on record
    pub status: String,
    /// Why not, as the problem of a single scan would call it
    pub code: Option<String>,
    pub detail: Option<String>,
    /// What a program needs besides, such as who was first
    pub facts: Option<serde_json::Value>,
    pub record: Option<RecordBody>,
}

impl BatchResultBody {
    pub fn of(nonce: String, result: BatchResult) -> Self {
        let refused = |error: &dermaga_domain::Error| {
            let faults = error.faults().iter().map(|fault| format!("{} {}", fault.pointer, fault.detail));
            let faults: Vec<String> = faults.collect();
            let told = if faults.is_empty() { error.detail().to_owned() } else { faults.join("; ") };
            (Some(error.code().as_str().to_owned()), Some(told), error.facts().cloned())
        };
        match result {
            Err(error) => {
                let (code, detail, facts) = refused(&error);
                Self { nonce, status: "invalid".to_owned(), code, detail, facts, record: None }
            }
            Ok(scanned) => {
                let (code, detail, facts) = scanned.refusal().as_ref().map_or((None, None, None), refused);
                let Scanned { checkin, .. } = scanned;
                let status = match checkin.outcome {
                    Outcome::Ok => passed(checkin.direction),
                    Outcome::Refused => "refused".to_owned(),
                    Outcome::Conflict => "conflict".to_owned(),
                };
                Self { nonce, status, code, detail, facts, record: Some(checkin.into()) }
            }
        }
    }
}

/// What came of a batch, in its order.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CheckinResults")]
pub struct BatchResults {
    pub results: Vec<BatchResultBody>,
}

/// A ticket that went through the door against the rules.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Conflict")]
pub struct ConflictBody {
    pub ticket_id: String,
    /// What happened, in one line
    pub summary: String,
    /// Every passage, in the order in which they happened; one of them counts at most
    pub passages: Vec<RecordBody>,
}

impl From<(String, Passages)> for ConflictBody {
    fn from((summary, found): (String, Passages)) -> Self {
        let passages = found.passages.into_iter().map(RecordBody::from).collect();
        Self { ticket_id: found.code, summary, passages }
    }
}

/// A ticket that does not let in any more.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RevokedTicket")]
pub struct RevocationBody {
    pub ticket_id: Uuid,
    pub state: TicketStateWord,
    pub at: Moment,
}

impl From<Revoked> for RevocationBody {
    fn from(revoked: Revoked) -> Self {
        Self { ticket_id: revoked.ticket.0, state: revoked.state.into(), at: revoked.at.into() }
    }
}

/// Tickets that do not let in any more.
#[derive(Debug, Clone, Object)]
pub struct RevocationList {
    pub items: Vec<RevocationBody>,
    /// What to send as `since` the next time; some tickets may be told of twice
    pub next_since: Moment,
}

impl From<Revocations> for RevocationList {
    fn from(found: Revocations) -> Self {
        let items = found.items.into_iter().map(RevocationBody::from).collect();
        Self { items, next_since: found.next_since.into() }
    }
}
