//! Looking at tickets.

use dermaga_ports::{
    attendance::{Ticket, TicketFilter, TicketState},
    auth::Principal,
    ids::TicketId,
    paging::{Page, PageRequest},
};

use super::Attendance;
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
};

pub(super) fn no_ticket() -> Error {
    Error::new(Code::TicketNotFound, "There is no ticket with this id.")
}

impl Attendance {
    /// A ticket, with its code as long as it lets in: for its holder, and for those who run events.
    ///
    /// # Errors
    /// [`Code::TicketNotFound`], also for somebody else's.
    pub async fn ticket(&self, by: &Principal, id: TicketId) -> Result<(Ticket, Option<String>)> {
        let found = self.0.ports.store.attendance().ticket(id).await?;
        let ticket = match found {
            Some(ticket) => ticket,
            None => {
                // Who may not read tickets learns nothing, and who may hears that there is none.
                self.0
                    .authorise(by, Permission::ManageTickets)
                    .await
                    .map_err(|error| error.hidden_behind(no_ticket))?;
                return Err(no_ticket());
            }
        };
        let allowed = match ticket.user {
            Some(user) => self.0.authorise_owner(by, user, Permission::VisitEvents, Permission::ManageTickets).await,
            None => self.0.authorise(by, Permission::ManageTickets).await,
        };
        allowed.map_err(|error| error.hidden_behind(no_ticket))?;
        let code = if ticket.state == TicketState::Valid { Some(self.code(&ticket).await?) } else { None };
        Ok((ticket, code))
    }

    /// The code of a ticket that lets in.
    ///
    /// # Errors
    /// [`Code::TicketNotFound`], [`Code::Revoked`], [`Code::Cancelled`].
    pub async fn ticket_code(&self, by: &Principal, id: TicketId) -> Result<String> {
        let (ticket, code) = self.ticket(by, id).await?;
        code.ok_or_else(|| {
            let (code, told) = match ticket.state {
                TicketState::Cancelled => (Code::Cancelled, "The order of this ticket was cancelled; it has no code."),
                _ => (Code::Revoked, "This ticket was revoked; it has no code any more."),
            };
            Error::new(code, told)
        })
    }

    /// The tickets of an event, without their codes.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::EventNotFound`].
    pub async fn tickets(
        &self,
        by: &Principal,
        event: &str,
        filter: TicketFilter,
        page: PageRequest<TicketId>,
    ) -> Result<Page<Ticket, TicketId>> {
        self.0.authorise(by, Permission::ManageTickets).await?;
        let event = self.known(event).await?;
        Ok(self.0.ports.store.attendance().tickets(&event.id, filter, page).await?)
    }
}
