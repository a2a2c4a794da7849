//! What the tests that cross crates share.

pub mod client;
pub mod databases;
pub mod hosts;
