//! Orders and their lines.

mod queries;
mod repository;
mod row;
