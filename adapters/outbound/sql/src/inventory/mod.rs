//! Products and stock.

mod products;
mod queries;
mod stock;
