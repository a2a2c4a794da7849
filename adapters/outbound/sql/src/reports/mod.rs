//! Roll-ups of the journal, and reports of transactions.

mod check;
mod papers;
mod queries;
mod repository;
mod rows;
