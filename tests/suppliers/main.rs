//! Suppliers, tried against their ports' rules over HTTP, in front of a server that plays them.
//!
//! There is a file for each port, and beside them what all have in common: answers that are lost (`lost`), webhooks and
//! secrets. A name like `trap_12_...` says which of the known traps of suppliers it keeps us out of; docs/suppliers.md
//! lists them.

mod cached;
mod cancelling;
mod ferries;
mod flights;
mod hotels;
mod kit;
mod lost;
mod ppob;
mod secrets;
mod stage;
#[path = "../gateways/stub.rs"]
#[allow(dead_code, reason = "shared with the gateways' tests, which use more of it")]
mod stub;
mod webhooks;
