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
    auth::Principal,
    ids::{ItemId, MovementId},
    inventory::{Availability, Hold, Movement, MovementKind},
    orders::Order,
    store::UnitOfWork,
    time::Timestamp,
};
use uuid::Uuid;

use crate::error::{Code, Error, Fault, Result};

/// Locks the items, in ascending order, and tells what is there of each. Items that are not kept in stock are left out.
pub(crate) async fn look(uow: &mut dyn UnitOfWork, items: &[ItemId], now: Timestamp) -> Result<Vec<Availability>> {
    let stock = uow.stock().lock(items).await?;
    // After the locks: whoever had them may have held some.
    let held = uow.stock().held(items, now).await?;
    let of = |item| held.iter().find(|(held, _)| *held == item).map_or(0, |(_, quantity)| *quantity);
    Ok(stock.into_iter().map(|stock| Availability { stock, held: of(stock.item) }).collect())
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

/// Puts the goods of a paid order aside; its holds end.
pub(crate) async fn allocate(uow: &mut dyn UnitOfWork, by: &Principal, order: &Order, now: Timestamp) -> Result<()> {
    uow.stock().release(order.id).await?;
    record(uow, by, order, MovementKind::Allocated, now).await
}

/// The goods of an order leave.
pub(crate) async fn sell(uow: &mut dyn UnitOfWork, by: &Principal, order: &Order, now: Timestamp) -> Result<()> {
    record(uow, by, order, MovementKind::Sold, now).await
}

/// The goods of a paid order are free again.
pub(crate) async fn free(uow: &mut dyn UnitOfWork, by: &Principal, order: &Order, now: Timestamp) -> Result<()> {
    record(uow, by, order, MovementKind::Released, now).await
}

async fn record(
    uow: &mut dyn UnitOfWork,
    by: &Principal,
    order: &Order,
    kind: MovementKind,
    now: Timestamp,
) -> Result<()> {
    let items = order.items();
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
