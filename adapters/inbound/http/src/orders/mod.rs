//! `/orders`: from the basket to the goods.

mod api;
mod basket;
mod staff;
mod wire;

pub use api::OrdersApi;
pub use staff::OrderDeskApi;
pub use wire::PlacedOrder;
