//! Everything about HTTP that is the same for every operation.
//!
//! A context API writes routes, wire types and calls of use cases, and nothing else. What surrounds each of them is
//! here: JSON with limits and faults by place ([`json`], [`shape`]), refusals in one format ([`problem`], [`codes`],
//! [`errors`]), request ids and addresses ([`request`]), limits ([`limits`]), counting ([`meter`]), documentation
//! ([`docs`]), health ([`health`]), and the order in which all of it stands ([`stack`]).

pub mod codes;
pub mod docs;
pub mod errors;
mod front;
pub mod health;
pub mod json;
pub mod limits;
pub mod meter;
pub mod paths;
pub mod problem;
mod raw;
pub mod request;
pub mod shape;
pub mod stack;
mod walk;

#[cfg(test)]
mod tests;

pub use codes::{EdgeCode, Row, table};
pub use docs::document;
pub use errors::ProblemEdge;
pub use health::{Probe, Probes};
pub use json::{Json, MaybeJson};
pub use meter::prometheus;
pub use problem::{ApiError, ApiResult, Problem, ProblemFault};
pub use raw::Raw;
pub use request::{ClientAddress, RequestContext, RequestId};
pub use stack::{EdgeConfig, Slice, edge, slice};
