//! `/products`: what is sold, and how much of it is there.

mod products;
mod stock;
mod wire;

pub use products::ProductsApi;
pub use stock::StockApi;
