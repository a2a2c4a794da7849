//! Issuing and revoking tickets: by somebody of the committee, or for the line of an order.

use dermaga_ports::{
    StoreError, Unique,
    attendance::{Ticket, TicketState, TicketType},
    auth::Principal,
    ids::{TicketId, TicketTypeId, UserId},
    store::UnitOfWork,
    time::Timestamp,
};
use serde_json::{Value, json};

use super::{Attendance, events::window};
use crate::{
    auth::Permission,
    core::{Core, Note},
    error::{Code, Error, Result},
    faults::Faults,
};

/// The longest name on a ticket.
const MAX_HOLDER: usize = 100;
/// The longest reason to take a ticket back.
pub(super) const MAX_REASON: usize = 200;

/// A ticket that somebody of the committee gives away.
#[derive(Debug, Clone, Default)]
pub struct NewTicket {
    pub holder: String,
    pub user: Option<UserId>,
    pub ticket_type: Option<TicketTypeId>,
    /// The type's window unless given.
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
}

/// What others are told of a ticket: never whose name is on it.
fn facts(ticket: &Ticket, event_name: Option<&str>) -> Value {
    json!({
        "ticket_id": ticket.id, "event_id": ticket.event, "event_name": event_name, "state": ticket.state.as_str(),
        "ticket_type_id": ticket.ticket_type, "user_id": ticket.user, "order_id": ticket.order.map(|line| line.order),
    })
}

pub(super) fn sold_out(ticket_type: &TicketType, wanted: u32) -> Error {
    let told = format!("Of {} there are {} left, not {wanted}.", ticket_type.name, ticket_type.left());
    Error::new(Code::TicketsSoldOut, told)
        .with_facts(json!({ "ticket_type_id": ticket_type.id, "available": ticket_type.left() }))
}

pub(super) fn no_type() -> Error {
    Error::new(Code::TicketTypeNotFound, "The event has no ticket type with this id.")
}

impl Attendance {
    /// Gives a ticket away. A repetition with the same `id` finds it issued.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::Invalid`], [`Code::EventNotFound`], [`Code::TicketTypeNotFound`],
    /// [`Code::TicketsSoldOut`].
    pub async fn issue(&self, by: &Principal, id: TicketId, event: &str, new: NewTicket) -> Result<Ticket> {
        self.0.authorise(by, Permission::ManageTickets).await?;
        let event = self.known(event).await?;
        let mut faults = Faults::default();
        let holder = faults.text("/holder", Some(&new.holder), MAX_HOLDER);
        if holder.is_none() {
            faults.add("/holder", "must name whoever comes with the ticket");
        }
        window(&mut faults, "/valid_until", new.valid_from, new.valid_until);
        if let Some(user) = new.user {
            let account = self.0.ports.store.users().user(user).await?;
            if !account.is_some_and(|user| user.is_active()) {
                faults.add("/user_id", "must be somebody with an open account");
            }
        }
        faults.check()?;

        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let ticket_type = match new.ticket_type {
            None => None,
            Some(wanted) => {
                let found = uow.attended_events().find_type(wanted).await?;
                Some(found.filter(|found| found.event == event.id).ok_or_else(|| no_type().at("/ticket_type_id"))?)
            }
        };
        let valid_from = new.valid_from.or(ticket_type.as_ref().and_then(|one| one.valid_from));
        let valid_until = new.valid_until.or(ticket_type.as_ref().and_then(|one| one.valid_until));
        // One end may be the ticket's and the other its type's.
        let mut faults = Faults::default();
        window(&mut faults, "/valid_until", valid_from, valid_until);
        faults.check()?;
        let ticket = Ticket {
            id,
            event: event.id.clone(),
            ticket_type: new.ticket_type,
            holder,
            user: new.user,
            order: None,
            valid_from,
            valid_until,
            state: TicketState::Valid,
            ended_at: None,
            ended_because: None,
            created_at: now,
        };
        match uow.tickets().add(&ticket).await {
            Err(StoreError::Conflict(Unique::Id)) => {
                let issued_before = uow.tickets().find(id).await?.filter(|found| found.event == event.id);
                return issued_before.ok_or_else(|| Error::internal("a ticket's id that another event has"));
            }
            added => added?,
        }
        if let Some(ticket_type) = &ticket_type {
            let held = uow.stock().held(&[ticket_type.id.into()], now).await?.first().map_or(0, |(_, held)| *held);
            if i64::from(ticket_type.left()) <= held {
                return Err(sold_out(ticket_type, 1));
            }
            uow.attended_events().count_issued(ticket_type.id, 1).await?;
        }
        self.0.file_issued(&mut *uow, Some(by), &ticket, &event.name, now).await?;
        uow.commit().await?;
        Ok(ticket)
    }

    /// Takes a ticket back: whoever has it is not let in any more. Repeated, it finds nothing to do.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::Invalid`], [`Code::TicketNotFound`].
    pub async fn revoke(&self, by: &Principal, id: TicketId, because: Option<&str>) -> Result<Ticket> {
        self.0.authorise(by, Permission::ManageTickets).await?;
        let mut faults = Faults::default();
        let because = faults.text("/reason", because, MAX_REASON);
        faults.check()?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let ticket = uow.tickets().find(id).await?.ok_or_else(super::tickets::no_ticket)?;
        if ticket.state != TicketState::Valid {
            return Ok(ticket);
        }
        let ticket = Ticket { state: TicketState::Revoked, ended_at: Some(now), ended_because: because, ..ticket };
        uow.tickets().save(&ticket).await?;
        self.0.file_ended(&mut *uow, Some(by), "ticket.revoked", &ticket, now).await?;
        uow.commit().await?;
        Ok(ticket)
    }
}

impl Core {
    pub(super) async fn file_issued(
        &self,
        uow: &mut dyn UnitOfWork,
        actor: Option<&Principal>,
        ticket: &Ticket,
        event_name: &str,
        now: Timestamp,
    ) -> Result<()> {
        let note = Note {
            actor,
            action: "ticket.issued",
            subject: format!("ticket:{}", ticket.id),
            detail: format!("for {}", ticket.event),
        };
        self.file(uow, note, facts(ticket, Some(event_name)), now).await
    }

    pub(super) async fn file_ended(
        &self,
        uow: &mut dyn UnitOfWork,
        actor: Option<&Principal>,
        action: &'static str,
        ticket: &Ticket,
        now: Timestamp,
    ) -> Result<()> {
        let detail = ticket.ended_because.clone().unwrap_or_default();
        let note = Note { actor, action, subject: format!("ticket:{}", ticket.id), detail };
        self.file(uow, note, facts(ticket, None), now).await
    }
}
