//! Goods come in, are counted, and are asked for.

use dermaga_ports::{
    auth::Principal,
    ids::{MovementId, OrderId, ProductId},
    inventory::{Availability, Hold, MAX_STOCK, Movement, MovementKind, Stock},
    paging::{Page, PageRequest},
};
use serde_json::json;

use super::{Inventory, Offer, products::missing};
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
};

/// How the stock of a product changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockChange {
    /// So many are on hand.
    Set(i64),
    /// So many came in, or fewer than 0 are gone.
    Add(i64),
}

/// Whether so many can be ordered right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sufficiency {
    pub available: i64,
    pub sufficient: bool,
}

impl Inventory {
    /// Changes how many of a product are on hand. Idempotent by `id`, the movement's.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::ProductNotFound`], [`Code::StockPromised`] if fewer would be there than orders
    /// hold or have paid for, [`Code::Invalid`].
    pub async fn change_stock(
        &self,
        by: &Principal,
        id: MovementId,
        product: ProductId,
        change: StockChange,
        reason: Option<&str>,
    ) -> Result<Offer> {
        self.0.authorise(by, Permission::AdjustStock).await?;
        let mut faults = Faults::default();
        let reason = faults.text("/reason", reason, 200);
        match change {
            StockChange::Set(count) if !(0..=MAX_STOCK).contains(&count) => {
                faults.add("/set", format!("must be from 0 to {MAX_STOCK}"));
            }
            StockChange::Add(0) => faults.add("/add", "must not be 0"),
            StockChange::Add(count) if count.unsigned_abs() > MAX_STOCK.unsigned_abs() => {
                faults.add("/add", format!("must be from -{MAX_STOCK} to {MAX_STOCK}"));
            }
            StockChange::Set(_) | StockChange::Add(_) => {}
        }
        faults.check()?;
        let now = self.0.now();
        let item = product.into();
        let mut uow = self.0.begin().await?;
        let stock = uow.stock().lock(&[item]).await?.pop().ok_or_else(|| missing(product))?;
        if uow.stock().has_movement(id).await? {
            drop(uow);
            return self.offer(product).await;
        }
        let held = uow.stock().held(&[item], now).await?.first().map_or(0, |(_, held)| *held);
        let (kind, delta) = delta(Availability { stock, held }, change)?;
        if delta != 0 {
            let movement = Movement {
                id,
                item,
                kind,
                on_hand: delta,
                allocated: 0,
                order: None,
                reason,
                actor: by.into(),
                at: now,
            };
            uow.stock().record(&movement).await?;
            let on_hand = stock.on_hand + delta;
            let note = Note {
                actor: Some(by),
                action: "stock.changed",
                subject: format!("product:{product}"),
                detail: format!("{} -> {on_hand}", stock.on_hand),
            };
            let facts = json!({ "product_id": product, "on_hand": on_hand, "change": delta });
            self.0.file(&mut *uow, note, facts, now).await?;
        }
        uow.commit().await?;
        self.offer(product).await
    }

    /// Whether `quantity` of a product can be ordered right now; holds are counted. Anyone may ask.
    ///
    /// # Errors
    /// [`Code::ProductNotFound`], [`Code::Invalid`].
    pub async fn check_stock(&self, id: ProductId, quantity: i64) -> Result<Sufficiency> {
        if quantity <= 0 {
            return Err(Error::fault("/quantity", "must be more than 0"));
        }
        let offer = self.offer(id).await?;
        let offered = offer.product.status == dermaga_ports::inventory::ProductStatus::Active;
        let available = if offered { offer.availability.available() } else { 0 };
        Ok(Sufficiency { available, sufficient: available >= quantity })
    }

    /// The journal of a product's stock, newest first.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn movements(
        &self,
        by: &Principal,
        product: ProductId,
        page: PageRequest<MovementId>,
    ) -> Result<Page<Movement, MovementId>> {
        self.0.authorise(by, Permission::ReadStock).await?;
        Ok(self.0.ports.store.inventory().movements(product.into(), page).await?)
    }

    /// Which orders hold some of a product until they are paid.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn holds(
        &self,
        by: &Principal,
        product: ProductId,
        page: PageRequest<OrderId>,
    ) -> Result<Page<Hold, OrderId>> {
        self.0.authorise(by, Permission::ReadStock).await?;
        Ok(self.0.ports.store.inventory().holds(product.into(), self.0.now(), page).await?)
    }
}

/// What a change adds to what is on hand.
fn delta(now: Availability, change: StockChange) -> Result<(MovementKind, i64)> {
    let Availability { stock: Stock { on_hand, allocated, .. }, held } = now;
    let (pointer, delta) = match change {
        StockChange::Set(count) => ("/set", count - on_hand),
        StockChange::Add(count) => ("/add", count),
    };
    let after = on_hand + delta;
    if after > MAX_STOCK {
        return Err(Error::fault(pointer, format!("would make {after}; at most {MAX_STOCK} can be kept")));
    }
    if after < 0 {
        return Err(Error::fault(pointer, format!("would leave {after}; only {on_hand} are on hand")));
    }
    if delta < 0 && after < allocated + held {
        let told = format!(
            "Of {on_hand} on hand, {allocated} are paid for and {held} are held by orders; {after} would not be \
             enough. Cancel some of those orders first."
        );
        return Err(Error::new(Code::StockPromised, told).at(pointer));
    }
    let received = matches!(change, StockChange::Add(count) if count > 0);
    Ok((if received { MovementKind::Received } else { MovementKind::Adjusted }, delta))
}

#[cfg(test)]
mod tests {
    use dermaga_ports::ids::ItemId;
    use uuid::Uuid;

    use super::*;

    fn there(on_hand: i64, allocated: i64, held: i64) -> Availability {
        Availability { stock: Stock { item: ItemId(Uuid::nil()), on_hand, allocated }, held }
    }

    #[test]
    fn what_is_promised_cannot_be_counted_away() {
        assert_eq!(delta(there(10, 3, 2), StockChange::Set(5)), Ok((MovementKind::Adjusted, -5)));
        let refused = |change| delta(there(10, 3, 2), change).map_err(|error| error.code());
        assert_eq!(refused(StockChange::Set(4)), Err(Code::StockPromised));
        assert_eq!(refused(StockChange::Add(-6)), Err(Code::StockPromised));
        assert_eq!(refused(StockChange::Add(-11)), Err(Code::Invalid));
        assert_eq!(refused(StockChange::Add(MAX_STOCK)), Err(Code::Invalid));
        assert_eq!(refused(StockChange::Add(4)), Ok((MovementKind::Received, 4)));
    }

    #[test]
    fn more_can_be_counted_even_when_too_much_was_promised() {
        assert_eq!(delta(there(4, 3, 2), StockChange::Set(5)), Ok((MovementKind::Adjusted, 1)));
    }
}
