//! What the tests that cross crates share.

pub mod client;
pub mod databases;
pub mod deployment;
pub mod disks;
pub mod ear;
pub mod hosts;
pub mod patience;
pub mod played;
pub mod postgres;
pub mod rabbit;
pub mod redis;
pub mod sink;
pub mod sinks;
