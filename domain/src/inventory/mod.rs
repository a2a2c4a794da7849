//! What is sold and how much of it is there.
//!
//! # Shape
//! - [`products`]: what is offered, and at which price.
//! - [`counting`]: goods come in and are counted; who may order how many.
//! - [`shelf`]: what orders do to the stock inside their own unit of work: reserve, put aside, sell, free again.
//! - [`audit`]: the counters are counted again from their journal, and mended.

mod audit;
mod counting;
mod products;
pub(crate) mod shelf;

use std::sync::Arc;

pub use audit::StockFinding;
pub use counting::{StockChange, Sufficiency};
pub use products::{NewProduct, Offer, ProductChange, Removal};

use crate::core::Core;

/// The use cases of products and stock.
#[derive(Clone)]
pub struct Inventory(Arc<Core>);

impl Inventory {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}
