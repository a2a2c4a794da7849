//! `/reports` and `/summaries`: what the business turned over, and what somebody's money did.

mod figures;
mod paper_wire;
mod papers;
mod wire;

pub use figures::FiguresApi;
pub use papers::ReportsApi;
