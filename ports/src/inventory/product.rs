//! Products: what is offered, and at which price.

use crate::{
    ids::{ItemId, ProductId},
    money::Money,
    time::Timestamp,
};

/// Whether a product is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProductStatus {
    Active,
    /// Not offered any more; kept because it was sold.
    Retired,
}

impl ProductStatus {
    /// Every status.
    pub const ALL: [ProductStatus; 2] = [Self::Active, Self::Retired];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Retired => "RETIRED",
        }
    }
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub name: String,
    pub description: Option<String>,
    /// Of one piece.
    pub price: Money,
    pub status: ProductStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts the changes that were stored.
    pub revision: u64,
}

impl Product {
    /// Under which id it is kept in stock.
    pub fn item(&self) -> ItemId {
        self.id.into()
    }
}

/// Which products a list shows; everything that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Part of the name or description, in any case.
    pub text: Option<String>,
    pub status: Option<ProductStatus>,
}
