//! What an order does to the stock, inside the order's own unit of work.
//!
//! ```text
//! placed     hold until the deadline             available falls
//! paid       hold ends, allocated rises          available stays
//! completed  allocated and on hand fall          available stays
//! cancelled  hold ends, or allocated falls       available rises
//! expired    nothing: a hold ends by its time    available rises
//! ```

use dermaga_ports::{
    attendance::OrderLine,
    auth::Principal,
    ids::{ItemId, MovementId, TicketTypeId},
    inventory::{Availability, Hold, Movement, MovementKind, Stock},
    orders::{Order, Ware},
    store::UnitOfWork,
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    attendance::Holder,
    core::Core,
    error::{Code, Error, Fault, Result},
};

/// Locks the items, in ascending order and what is in stock before kinds of tickets, and tells what is there of each. What
/// is neither is left out.
pub(crate) async fn look(uow: &mut dyn UnitOfWork, items: &[ItemId], now: Timestamp) -> Result<Vec<Availability>> {
    let mut stock = uow.stock().lock(items).await?;
    let mut others: Vec<ItemId> =
        items.iter().copied().filter(|item| !stock.iter().any(|one| one.item == *item)).collect();
    others.sort_unstable();
    others.dedup();
    for item in others {
        if let Some(kind) = uow.attended_events().find_type(TicketTypeId(item.0)).await? {
            stock.push(Stock { item, on_hand: kind.quota.into(), allocated: kind.issued.into() });
        }
    }
    // After the locks: whoever had them may have held some.
    let held = uow.stock().held(items, now).await?;
    let of = |item| held.iter().find(|(held, _)| *held == item).map_or(0, |(_, quantity)| *quantity);
    Ok(stock.into_iter().map(|stock| Availability { stock, held: of(stock.item) }).collect())
}

/// Locks what the order is about. Whoever also needs its bookings MUST do this first: those who order take the goods before
/// the bookings.
pub(crate) async fn lock(uow: &mut dyn UnitOfWork, order: &Order, now: Timestamp) -> Result<()> {
    let items: Vec<ItemId> = order.items().into_iter().map(|(item, _)| item).collect();
    look(uow, &items, now).await.map(drop)
}

/// Whether everything that the order needs is there; the items MUST be locked.
///
/// # Errors
/// [`Code::InsufficientStock`], naming each line that asks for too many and what is available.
pub(crate) fn sufficient(order: &Order, there: &[Availability]) -> Result<()> {
    let available = |item| there.iter().find(|one| one.stock.item == item).map_or(0, Availability::available);
    let short: Vec<ItemId> =
        order.items().into_iter().filter(|(item, wanted)| available(*item) < *wanted).map(|(item, _)| item).collect();
    if short.is_empty() {
        return Ok(());
    }
    let faults = order.lines.iter().enumerate().filter_map(|(position, line)| {
        let item = line.ware.item().filter(|item| short.contains(item))?;
        let told = format!("only {} of {:?} are available", available(item), line.title);
        Some(Fault::new(format!("/lines/{position}/quantity"), told))
    });
    let faults: Vec<Fault> = faults.collect();
    let told: Vec<&str> = faults.iter().map(|fault| fault.detail.as_str()).collect();
    let mut told = told.join("; ");
    told[..1].make_ascii_uppercase();
    Err(Error::new(Code::InsufficientStock, format!("{told}.")).with(faults))
}

/// Reserves what the order needs until its deadline; the items MUST be locked and sufficient.
pub(crate) async fn hold(uow: &mut dyn UnitOfWork, order: &Order) -> Result<()> {
    let Some(expires_at) = order.deadline else { return Err(Error::internal("an order is held without a deadline")) };
    let holds: Vec<Hold> = order
        .items()
        .into_iter()
        .map(|(item, quantity)| Hold { order: order.id, item, quantity, expires_at })
        .collect();
    Ok(uow.stock().hold(&holds).await?)
}

/// Whether an order that holds what it needs can have it. It is not so only if somebody took away what was promised.
pub(crate) async fn can_have(uow: &mut dyn UnitOfWork, order: &Order, now: Timestamp) -> Result<bool> {
    let items: Vec<ItemId> = order.items().into_iter().map(|(item, _)| item).collect();
    let there = look(uow, &items, now).await?;
    let covered = |one: &Availability| one.stock.on_hand - one.stock.allocated - one.held >= 0;
    Ok(there.len() == items.len() && there.iter().all(covered))
}

impl Core {
    /// Puts the goods of a paid order aside, and issues its tickets; its holds end.
    pub(crate) async fn allocate(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        order: &Order,
        now: Timestamp,
    ) -> Result<()> {
        uow.stock().release(order.id).await?;
        record(uow, by, order, MovementKind::Allocated, now).await?;
        for (line, ticket_type, quantity) in tickets(order) {
            let holder = Holder { name: None, user: Some(order.buyer) };
            self.issue_line(uow, line, ticket_type, quantity, holder).await?;
        }
        Ok(())
    }

    /// The goods of a paid order are free again, and its tickets let nobody in.
    pub(crate) async fn free(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        order: &Order,
        now: Timestamp,
    ) -> Result<()> {
        record(uow, by, order, MovementKind::Released, now).await?;
        for (line, ..) in tickets(order) {
            self.revoke_line(uow, line, "the order was cancelled").await?;
        }
        Ok(())
    }
}

/// The goods of an order leave. Tickets are with their holders already.
pub(crate) async fn sell(uow: &mut dyn UnitOfWork, by: &Principal, order: &Order, now: Timestamp) -> Result<()> {
    record(uow, by, order, MovementKind::Sold, now).await
}

/// The lines of an order that are about tickets, in the order in which their kinds are locked.
pub(crate) fn tickets(order: &Order) -> Vec<(OrderLine, TicketTypeId, u32)> {
    let numbered = (0_u32..).zip(&order.lines);
    let mut lines: Vec<(OrderLine, TicketTypeId, u32)> = numbered
        .filter_map(|(position, line)| match line.ware {
            Ware::Ticket(kind) => {
                let quantity = u32::try_from(line.quantity).unwrap_or(u32::MAX);
                Some((OrderLine { order: order.id, line: position }, kind, quantity))
            }
            Ware::Product(_) | Ware::Booking(_) => None,
        })
        .collect();
    lines.sort_unstable_by_key(|(line, kind, _)| (*kind, *line));
    lines
}

async fn record(
    uow: &mut dyn UnitOfWork,
    by: &Principal,
    order: &Order,
    kind: MovementKind,
    now: Timestamp,
) -> Result<()> {
    let tickets: Vec<ItemId> = tickets(order).into_iter().map(|(_, kind, _)| kind.into()).collect();
    let items: Vec<(ItemId, i64)> = order.items().into_iter().filter(|(item, _)| !tickets.contains(item)).collect();
    let ids: Vec<ItemId> = items.iter().map(|(item, _)| *item).collect();
    uow.stock().lock(&ids).await?;
    for (item, quantity) in items {
        let (on_hand, allocated) = match kind {
            MovementKind::Allocated => (0, quantity),
            MovementKind::Sold => (-quantity, -quantity),
            _ => (0, -quantity),
        };
        let name = format!("{} {item}", kind.as_str());
        let movement = Movement {
            // What an order does to an item it does once.
            id: MovementId(Uuid::new_v5(&order.id.0, name.as_bytes())),
            item,
            kind,
            on_hand,
            allocated,
            order: Some(order.id),
            reason: None,
            actor: by.into(),
            at: now,
        };
        uow.stock().record(&movement).await?;
    }
    Ok(())
}
