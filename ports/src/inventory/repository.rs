//! Where products and stock are kept.

use async_trait::async_trait;

use super::{Availability, Hold, Movement, Product, ProductFilter, Recount, Stock};
use crate::{
    StoreError,
    ids::{ItemId, MovementId, OrderId, ProductId},
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// Products inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Products: Send {
    /// # Errors
    /// [`crate::Unique::Id`] if the id is there.
    async fn add(&mut self, product: &Product) -> Result<(), StoreError>;

    /// The product, locked until the unit of work ends.
    async fn find(&mut self, id: ProductId) -> Result<Option<Product>, StoreError>;

    /// These products as they are now, in ascending order of id and not locked; those that are not there are left out.
    async fn read(&mut self, ids: &[ProductId]) -> Result<Vec<Product>, StoreError>;

    /// Writes name, description, price, status and time of change, and counts the revision on.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the product no longer has the revision that was read.
    async fn save(&mut self, product: &Product) -> Result<(), StoreError>;

    /// Removes a product and its stock. MUST only be called for one that no order has ever named.
    async fn remove(&mut self, id: ProductId) -> Result<(), StoreError>;
}

/// Stock inside a unit of work.
///
/// Whoever changes counters or adds holds MUST have locked the items first, all at once: [`Stocks::lock`] takes the locks
/// in ascending order of id, so that no two callers wait for each other.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Stocks: Send {
    /// Makes the counters of an item, both 0, unless they are there.
    async fn open(&mut self, item: ItemId) -> Result<(), StoreError>;

    /// The counters of these items, locked, in ascending order of id; items that are not kept in stock are left out.
    async fn lock(&mut self, items: &[ItemId]) -> Result<Vec<Stock>, StoreError>;

    /// The sum of the holds on each of these items that have not expired at `now`; items without any are left out.
    async fn held(&mut self, items: &[ItemId], now: Timestamp) -> Result<Vec<(ItemId, i64)>, StoreError>;

    /// Adds holds; one that the order has on the item already is replaced.
    async fn hold(&mut self, holds: &[Hold]) -> Result<(), StoreError>;

    /// Moves the deadline of all holds of an order.
    async fn extend(&mut self, order: OrderId, until: Timestamp) -> Result<(), StoreError>;

    /// Ends all holds of an order, expired or not.
    async fn release(&mut self, order: OrderId) -> Result<(), StoreError>;

    /// Writes a movement into the journal and adds it to the counters.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the counters would leave their bounds: somebody has not locked.
    async fn record(&mut self, movement: &Movement) -> Result<(), StoreError>;

    /// Whether the journal has this movement.
    async fn has_movement(&mut self, id: MovementId) -> Result<bool, StoreError>;

    /// Sets the counters of an item to what its journal says, without a new entry. For repairs alone.
    async fn reset(&mut self, stock: Stock) -> Result<(), StoreError>;

    /// An item's counters, what its journal says and what paid orders were promised; locked.
    async fn recount(&mut self, item: ItemId) -> Result<Option<Recount>, StoreError>;
}

/// Products and stock, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait InventoryQueries: Send + Sync {
    async fn product(&self, id: ProductId, now: Timestamp) -> Result<Option<(Product, Availability)>, StoreError>;

    /// Newest first.
    async fn products(
        &self,
        filter: &ProductFilter,
        now: Timestamp,
        page: PageRequest<ProductId>,
    ) -> Result<Page<(Product, Availability), ProductId>, StoreError>;

    /// The journal of an item, newest first.
    async fn movements(
        &self,
        item: ItemId,
        page: PageRequest<MovementId>,
    ) -> Result<Page<Movement, MovementId>, StoreError>;

    /// Who holds some of an item, by order; expired holds are left out.
    async fn holds(
        &self,
        item: ItemId,
        now: Timestamp,
        page: PageRequest<OrderId>,
    ) -> Result<Page<Hold, OrderId>, StoreError>;

    /// Recounts items in ascending order of id.
    async fn recounts(&self, page: PageRequest<ItemId>) -> Result<Page<Recount, ItemId>, StoreError>;
}
