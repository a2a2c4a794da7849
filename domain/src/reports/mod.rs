//! What the business turned over, and what somebody's money did.
//!
//! # Shape
//! - [`rollup`]: lines of the journal become totals of days. [`follow`] keeps them up to the end of the seal, each line
//!   counted once; [`endings`] hears of what ended without moving money.
//! - [`question`]: what may be asked. [`sides`]: who was on either side of a line, and in which part of the business.
//!   [`figures`]: totals of days become a report.
//! - [`verify`]: both kept and counted again, compared.
//! - [`papers`]: reports of single transactions, and somebody's sums.

mod endings;
mod figures;
mod follow;
mod papers;
mod question;
mod rollup;
mod sides;
mod verify;

use std::sync::Arc;

pub use figures::{Count, Figures, Revenue, Row};
pub use follow::Followed;
pub use papers::{ReportPage, UserSummary};
pub use question::{By, Group, Question};
pub use verify::{Checkup, Finding};

use crate::core::Core;

/// The use cases of reports.
#[derive(Clone)]
pub struct Reports(Arc<Core>);

impl Reports {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}
