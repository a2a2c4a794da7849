//! Tickets that are sold: issued when their order is paid, taken back when it is cancelled, in the order's unit of work.

use dermaga_ports::{
    attendance::{Event, OrderLine, Ticket, TicketState},
    ids::{TicketTypeId, UserId},
    store::UnitOfWork,
};

use super::{
    Attendance,
    issue::{MAX_REASON, no_type, sold_out},
};
use crate::{
    core::Core,
    error::{Error, Result},
};

/// Whom the tickets of an order are for.
#[derive(Debug, Clone, Default)]
pub struct Holder {
    pub name: Option<String>,
    pub user: Option<UserId>,
}

impl Core {
    /// Issues the tickets of an order's line, in the unit of work in which the order is paid. What was issued for this line
    /// before is answered again, whatever became of it since. Lines of one order MUST be issued in the order of their
    /// ticket types' ids, which are locked.
    ///
    /// # Errors
    /// [`Code::TicketTypeNotFound`], [`Code::TicketsSoldOut`]: then nothing was written.
    pub(crate) async fn issue_line(
        &self,
        uow: &mut dyn UnitOfWork,
        line: OrderLine,
        ticket_type: TicketTypeId,
        quantity: u32,
        holder: Holder,
    ) -> Result<Vec<Ticket>> {
        let issued_before = uow.tickets().of_line(line).await?;
        if !issued_before.is_empty() {
            return Ok(issued_before);
        }
        let found = uow.attended_events().find_type(ticket_type).await?.ok_or_else(no_type)?;
        if found.left() < quantity {
            return Err(sold_out(&found, quantity));
        }
        let event = uow.attended_events().find_at_door(&found.event).await?;
        let Some(Event { name: event_name, .. }) = event else {
            return Err(Error::internal("a ticket type without its event"));
        };
        let now = self.now();
        let mut tickets = Vec::new();
        for position in 0..quantity {
            let ticket = Ticket {
                id: line.ticket(position),
                event: found.event.clone(),
                ticket_type: Some(found.id),
                holder: holder.name.clone(),
                user: holder.user,
                order: Some(line),
                valid_from: found.valid_from,
                valid_until: found.valid_until,
                state: TicketState::Valid,
                ended_at: None,
                ended_because: None,
                created_at: now,
            };
            uow.tickets().add(&ticket).await?;
            self.file_issued(uow, None, &ticket, &event_name, now).await?;
            tickets.push(ticket);
        }
        uow.attended_events().count_issued(found.id, i64::from(quantity)).await?;
        tickets.sort_by_key(|ticket| ticket.id);
        Ok(tickets)
    }

    /// Takes back the tickets of an order's line, in the unit of work in which the order is cancelled. They can be sold
    /// again. Repeated, it finds nothing to do.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn revoke_line(
        &self,
        uow: &mut dyn UnitOfWork,
        line: OrderLine,
        because: &str,
    ) -> Result<Vec<Ticket>> {
        let now = self.now();
        let mut tickets = uow.tickets().of_line(line).await?;
        let mut back = 0;
        for ticket in tickets.iter_mut().filter(|ticket| ticket.state == TicketState::Valid) {
            ticket.state = TicketState::Cancelled;
            ticket.ended_at = Some(now);
            ticket.ended_because = Some(because.chars().take(MAX_REASON).collect());
            uow.tickets().save(ticket).await?;
            self.file_ended(uow, None, "ticket.cancelled", ticket, now).await?;
            back += 1;
        }
        if back > 0
            && let Some(ticket_type) = tickets.first().and_then(|ticket| ticket.ticket_type)
        {
            uow.attended_events().find_type(ticket_type).await?;
            uow.attended_events().count_issued(ticket_type, -back).await?;
        }
        Ok(tickets)
    }
}

impl Attendance {
    /// As an order does it; see there.
    ///
    /// # Errors
    /// [`crate::Code::TicketTypeNotFound`], [`crate::Code::TicketsSoldOut`]: then nothing was written.
    pub async fn issue_line(
        &self,
        uow: &mut dyn UnitOfWork,
        line: OrderLine,
        ticket_type: TicketTypeId,
        quantity: u32,
        holder: Holder,
    ) -> Result<Vec<Ticket>> {
        self.0.issue_line(uow, line, ticket_type, quantity, holder).await
    }

    /// As an order does it; see there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke_line(&self, uow: &mut dyn UnitOfWork, line: OrderLine, because: &str) -> Result<Vec<Ticket>> {
        self.0.revoke_line(uow, line, because).await
    }
}
