//! Payments through gateways, their refunds and disputes, and the inbox of webhooks.

mod inbox;
mod manual;
mod queries;
mod refunds;
mod repository;
mod row;
