//! Where orders are kept.

use async_trait::async_trait;

use super::{Order, OrderFilter};
use crate::{
    StoreError,
    ids::{OrderId, ProductId, UserId},
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// Orders inside a unit of work. Who changes an order and its payments locks payments and transaction first.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Orders: Send {
    /// # Errors
    /// [`crate::Unique::Id`] if the id is there, [`crate::Unique::Reference`] if the number is another order's.
    async fn add(&mut self, order: &Order) -> Result<(), StoreError>;

    /// The order, locked until the unit of work ends.
    async fn find(&mut self, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Writes status, total, deadlines, reason and time of change, and counts the revision on.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the order no longer has the revision that was read.
    async fn save(&mut self, order: &Order) -> Result<(), StoreError>;

    /// Writes the lines anew: a draft that is placed at other prices.
    async fn rewrite(&mut self, order: &Order) -> Result<(), StoreError>;

    /// Whether any order has ever named this product.
    async fn names_product(&mut self, product: ProductId) -> Result<bool, StoreError>;

    /// Whether a user has orders that are CONFIRMED before their deadline, or PAID.
    async fn has_open(&mut self, buyer: UserId, now: Timestamp) -> Result<bool, StoreError>;
}

/// Orders, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait OrderQueries: Send + Sync {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Newest first.
    async fn orders(
        &self,
        filter: &OrderFilter,
        now: Timestamp,
        page: PageRequest<OrderId>,
    ) -> Result<Page<Order, OrderId>, StoreError>;
}
