//! Orders: what somebody wants to buy, until it is theirs or nobody's.
//!
//! An order's money is the transaction of the same id: [`crate::ids::TransactionId`] and [`crate::ids::OrderId`] of an
//! order are one UUID. Its timeline is what the audit trail says of it.

mod order;
mod repository;

pub use order::{Line, MAX_LINES, MAX_QUANTITY, Order, OrderFilter, OrderNumber, OrderStatus, Ware};
pub use repository::{OrderQueries, Orders};

#[cfg(feature = "mocks")]
pub use repository::{MockOrderQueries, MockOrders};
