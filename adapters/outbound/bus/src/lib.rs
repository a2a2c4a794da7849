//! The ways events take from the relay to their subscribers.
//!
//! # Shape
//! - [`InProcessBus`]: hands events to the subscribers of this process. One host, or several that share a database and
//!   have the same subscribers, need nothing else.
//! - [`RabbitBus`]: a topic exchange, and a durable queue for each subscriber, so that hosts of other kinds and programs
//!   of others can listen as well.
//!
//! Both end at the same [`Receiver`](dermaga_ports::events::Receiver), so tries, dead letters and the recognition of
//! duplicates are the same, and in the database.

mod in_process;
mod rabbit;

pub use in_process::InProcessBus;
pub use rabbit::{Names, RabbitBus};
