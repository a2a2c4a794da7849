//! What Dermaga is compared with. Each is as strong as we could honestly make it, and just as durable.

pub mod hello;
pub mod peer;
pub mod pgbench;
pub mod sqlite;
