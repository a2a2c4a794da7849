//! Annulling: the attendant was wrong, or the turnstile did not turn.

use std::time::Duration;

use dermaga_ports::{
    attendance::{Checkin, Direction, Entry, Outcome, Presence},
    auth::Principal,
    ids::CheckinId,
    store::UnitOfWork,
};

use super::{Attendance, door::facts, no_event};
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
};

/// Long enough to notice, and too short to let a friend in on the same ticket at the end of the day.
const WITHIN: Duration = Duration::from_secs(15 * 60);

fn no_checkin() -> Error {
    Error::new(Code::CheckinNotFound, "There is no check-in with this id.")
}

impl Attendance {
    /// Makes a passage not count any more; the ticket lets in again. Repeated, it finds nothing to do.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::CheckinNotFound`], [`Code::AnnulTooLate`], [`Code::IllegalTransition`] for a
    /// refusal, and for a passage after which somebody went through the door with the same ticket.
    pub async fn annul(&self, by: &Principal, id: CheckinId) -> Result<Checkin> {
        let staff = self.staff(by, Permission::CheckIn).await?;
        let known = self.0.ports.store.attendance().checkin(id).await?.ok_or_else(no_checkin)?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        // In the order in which the door locks.
        let event = uow.attended_events().find_at_door(&known.event).await?.ok_or_else(|| no_event(&known.event))?;
        if let Some(ticket) = known.ticket {
            uow.tickets().find(ticket).await?;
        }
        let presence = match event.entry {
            Entry::Reentry => Some(uow.checkins().presence(&event.id, &known.code).await?),
            Entry::Single => None,
        };
        let found = uow.checkins().find(id).await?.ok_or_else(no_checkin)?;
        if found.annulled_at.is_some() {
            return Ok(found);
        }
        if found.outcome == Outcome::Refused {
            return Err(Error::new(Code::IllegalTransition, "Nobody was let through; there is nothing to annul."));
        }
        if now.since(found.recorded_at) > WITHIN {
            let told = format!("A check-in can be annulled within {} minutes.", WITHIN.as_secs() / 60);
            return Err(Error::new(Code::AnnulTooLate, told));
        }
        if found.outcome == Outcome::Ok {
            let entered = found.direction == Direction::Entry;
            if let Some(presence) = presence {
                go_back(&mut *uow, &found, presence).await?;
            }
            if event.capacity.is_some() {
                if entered {
                    uow.attended_events().free_place(&event.id).await?;
                } else {
                    // Who has not left is inside, whether or not somebody else has taken the place.
                    uow.attended_events().take_place(&event.id, u32::MAX).await?;
                }
            }
        }
        let checkin = Checkin { annulled_at: Some(now), annulled_by: staff.id, ..found };
        uow.checkins().annul(&checkin).await?;
        let note = Note {
            actor: Some(by),
            action: "checkin.annulled",
            subject: format!("checkin:{}", checkin.id),
            detail: format!("{} of {}", checkin.direction.as_str(), checkin.event),
        };
        self.0.file(&mut *uow, note, facts(&checkin), now).await?;
        uow.commit().await?;
        Ok(checkin)
    }
}

async fn go_back(uow: &mut dyn UnitOfWork, checkin: &Checkin, presence: Presence) -> Result<()> {
    if presence.last != Some(checkin.id.0) {
        let told = "Somebody went through the door with this ticket since. Only the last passage can be annulled.";
        return Err(Error::new(Code::IllegalTransition, told));
    }
    let inside = checkin.direction == Direction::Exit;
    uow.checkins().save_presence(&Presence { inside, last: None, ..presence }).await?;
    Ok(())
}
