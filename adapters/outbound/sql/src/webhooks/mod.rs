//! Endpoints of webhooks, what is on its way to them, and the log of every call.

mod endpoints;
mod queries;
mod repository;
