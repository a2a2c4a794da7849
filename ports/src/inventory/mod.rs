//! What is sold: products, and how many of each thing are there.
//!
//! # Shape
//! - [`Product`]: what is offered, and at which price.
//! - [`Stock`]: two counters of each [`crate::ids::ItemId`]; [`Hold`]s reserve some of it until a deadline.
//! - [`Movement`]: the append-only journal from which the counters can be recounted.
//!
//! What is available is computed and never stored: on hand, less what is allocated to paid orders, less the holds that
//! have not expired at the moment of the question.

mod product;
mod repository;
mod stock;

pub use product::{Product, ProductFilter, ProductStatus};
pub use repository::{InventoryQueries, Products, Stocks};
pub use stock::{Availability, Hold, MAX_STOCK, Movement, MovementKind, Recount, Stock};

#[cfg(feature = "mocks")]
pub use repository::{MockInventoryQueries, MockProducts, MockStocks};
