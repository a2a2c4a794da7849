//! The door: one scan, one record, one answer.

use dermaga_ports::{
    StoreError, Unique,
    attendance::{Checkin, Direction, Entry, Event, Outcome, Places, Presence, Reason, Staff},
    auth::Principal,
    ids::CheckinId,
    store::UnitOfWork,
};
use serde_json::json;
use uuid::Uuid;

use super::{Attendance, Scan, codes::Shown, no_event, scan::Checked, verdict};
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
};

/// What came of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    pub checkin: Checkin,
    /// The passage that stands in the way, if one does.
    pub first: Option<Checkin>,
}

/// Why a scan could not be put on record.
enum Unrecorded {
    /// The device has told of it before.
    Known,
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unrecorded {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What stands in the way, and which passage.
type Obstacle = Option<(Reason, Option<Checkin>)>;

impl Attendance {
    /// Lets somebody through, or not; either way it is on record. A device that repeats its nonce gets the first answer.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::Invalid`], [`Code::EventNotFound`], [`Code::NonceReused`]. Whether somebody is
    /// let through is not an error here: see [`Scanned::refusal`].
    pub async fn check_in(&self, by: &Principal, id: CheckinId, scan: Scan) -> Result<Scanned> {
        let staff = self.staff(by, Permission::CheckIn).await?;
        // A device that asks is told by this system's clock; its own is on record.
        let scan = scan.checked(self.0.now())?;
        self.pass(by, &staff, id, &scan).await
    }

    /// The same for a scan that is checked, by somebody who may.
    pub(super) async fn pass(&self, by: &Principal, staff: &Staff, id: CheckinId, scan: &Checked) -> Result<Scanned> {
        if let Some(known) = self.told_before(scan).await? {
            return Ok(known);
        }
        let shown = self.read(&scan.shown).await?;
        match self.record(by, staff, id, scan, &shown).await {
            Ok(scanned) => Ok(scanned),
            Err(Unrecorded::Failed(error)) => Err(error),
            Err(Unrecorded::Known) => {
                let known = self.told_before(scan).await?;
                known.ok_or_else(|| Error::internal("a nonce that was used and is not there"))
            }
        }
    }

    /// What came of this scan when the device told of it before.
    async fn told_before(&self, scan: &Checked) -> Result<Option<Scanned>> {
        let (Some(device), Some(nonce)) = (&scan.device, &scan.nonce) else { return Ok(None) };
        let queries = self.0.ports.store.attendance();
        let Some(checkin) = queries.by_nonce(device, nonce).await? else { return Ok(None) };
        let shown = self.read(&scan.shown).await?;
        let same = checkin.event == scan.event
            && checkin.code == code(&shown, &scan.shown)
            && checkin.direction == scan.direction;
        if !same {
            let told = format!("{device} has used this nonce for another scan. Each scan needs one of its own.");
            return Err(Error::new(Code::NonceReused, told).at("/nonce"));
        }
        let first = match checkin.against {
            Some(first) => queries.checkin(first).await?,
            None => None,
        };
        Ok(Some(Scanned { checkin, first }))
    }

    async fn record(
        &self,
        by: &Principal,
        staff: &Staff,
        id: CheckinId,
        scan: &Checked,
        shown: &Shown,
    ) -> std::result::Result<Scanned, Unrecorded> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let event = uow.attended_events().find_at_door(&scan.event).await?.ok_or_else(|| no_event(&scan.event))?;
        let ticket = match shown.ticket() {
            Some(id) => uow.tickets().find(id).await?,
            None => None,
        };
        let checkin = Checkin {
            id,
            event: event.id.clone(),
            code: code(shown, &scan.shown),
            ticket: ticket.as_ref().map(|ticket| ticket.id),
            direction: scan.direction,
            outcome: Outcome::Ok,
            reason: None,
            against: None,
            once: event.entry == Entry::Single,
            by: staff.clone(),
            device: scan.device.clone(),
            gate: scan.gate.clone(),
            nonce: scan.nonce.clone(),
            at: scan.at,
            device_at: scan.device_at,
            recorded_at: now,
            forced: scan.forced,
            annulled_at: None,
            annulled_by: None,
        };
        let obstacle = match verdict::validity(&event, shown, ticket.as_ref(), scan.direction, scan.at) {
            Err(reason) => Some((reason, None)),
            Ok(()) if event.entry == Entry::Single => enter_once(&mut *uow, &event, &checkin).await?,
            Ok(()) => come_and_go(&mut *uow, &event, &checkin).await?,
        };
        let scanned = match obstacle {
            None => Scanned { checkin, first: None },
            Some((reason, first)) => {
                let outcome = if scan.forced { Outcome::Conflict } else { Outcome::Refused };
                let against = first.as_ref().map(|first| first.id);
                let checkin = Checkin { outcome, reason: Some(reason), against, ..checkin };
                add(&mut *uow, &checkin).await?;
                Scanned { checkin, first }
            }
        };
        self.file_scan(&mut *uow, by, &scanned.checkin).await?;
        uow.commit().await?;
        Ok(scanned)
    }

    /// Tells of everybody who went through. Whoever did not has changed nothing.
    async fn file_scan(&self, uow: &mut dyn UnitOfWork, by: &Principal, checkin: &Checkin) -> Result<()> {
        let action = match checkin.outcome {
            Outcome::Ok => "checkin.recorded",
            Outcome::Conflict => "checkin.conflicted",
            Outcome::Refused => return Ok(()),
        };
        let note = Note {
            actor: Some(by),
            action,
            // Of its own: what cannot be told of one guest holds up nobody else.
            subject: format!("checkin:{}", checkin.id),
            detail: format!("{} of {}", checkin.direction.as_str(), checkin.event),
        };
        self.0.file(uow, note, facts(checkin), checkin.recorded_at).await
    }
}

/// What others are told of a scan. A code that lets somebody in is not among it unless nobody else can use it.
pub(super) fn facts(checkin: &Checkin) -> serde_json::Value {
    json!({
        "checkin_id": checkin.id, "event_id": checkin.event, "ticket_id": checkin.code,
        "type": checkin.direction.as_str(), "at": checkin.at, "gate": checkin.gate, "device": checkin.device,
        "forced": checkin.forced, "reason": checkin.reason.map(Reason::as_str),
    })
}

/// What counts once: the ticket, however it was shown, or else what was shown.
fn code(shown: &Shown, text: &str) -> String {
    shown.ticket().map_or_else(|| text.to_owned(), |ticket| ticket.to_string())
}

async fn add(uow: &mut dyn UnitOfWork, checkin: &Checkin) -> std::result::Result<(), Unrecorded> {
    match uow.checkins().add(checkin).await {
        Err(StoreError::Conflict(Unique::Nonce | Unique::Id)) => Err(Unrecorded::Known),
        added => Ok(added?),
    }
}

/// The store says whether this is the first time; asking before would only tell what was.
async fn enter_once(
    uow: &mut dyn UnitOfWork,
    event: &Event,
    checkin: &Checkin,
) -> std::result::Result<Obstacle, Unrecorded> {
    if let Some(capacity) = event.capacity {
        // Whoever is inside already is told so, and not that there is no place.
        if let Some(first) = uow.checkins().entered(&event.id, &checkin.code).await? {
            return Ok(Some((Reason::AlreadyEntered, Some(first))));
        }
        if uow.attended_events().take_place(&event.id, capacity).await? == Places::Full {
            return Ok(Some((Reason::EventFull, None)));
        }
    }
    match uow.checkins().add(checkin).await {
        Ok(()) => Ok(None),
        Err(StoreError::Conflict(Unique::Entry)) => {
            if event.capacity.is_some() {
                uow.attended_events().free_place(&event.id).await?;
            }
            let first = uow.checkins().entered(&event.id, &checkin.code).await?;
            Ok(Some((Reason::AlreadyEntered, first)))
        }
        Err(StoreError::Conflict(Unique::Nonce | Unique::Id)) => Err(Unrecorded::Known),
        Err(error) => Err(error.into()),
    }
}

/// Whoever locks the presence first goes first.
async fn come_and_go(
    uow: &mut dyn UnitOfWork,
    event: &Event,
    checkin: &Checkin,
) -> std::result::Result<Obstacle, Unrecorded> {
    let presence = uow.checkins().presence(&event.id, &checkin.code).await?;
    match (checkin.direction, presence.inside) {
        (Direction::Entry, true) => {
            let first = uow.checkins().entered(&event.id, &checkin.code).await?;
            return Ok(Some((Reason::AlreadyEntered, first)));
        }
        (Direction::Exit, false) => return Ok(Some((Reason::NotInside, None))),
        (Direction::Entry, false) => {
            if let Some(capacity) = event.capacity
                && uow.attended_events().take_place(&event.id, capacity).await? == Places::Full
            {
                return Ok(Some((Reason::EventFull, None)));
            }
        }
        (Direction::Exit, true) => {
            if event.capacity.is_some() {
                uow.attended_events().free_place(&event.id).await?;
            }
        }
    }
    add(uow, checkin).await?;
    let inside = checkin.direction == Direction::Entry;
    uow.checkins().save_presence(&Presence { inside, last: Some(Uuid::from(checkin.id)), ..presence }).await?;
    Ok(None)
}
