//! Bookings.

mod queries;
mod repository;
mod row;
