//! Following the seal: what was sealed since the last time is counted, and the position with it, in one commit.
//!
//! Batches are numbered under a lock that is held until the commit, so a position in them passes nobody over. Lines are
//! read before the unit of work begins: they never change, and whoever pays does not wait for whoever counts.

use dermaga_ports::{auth::Principal, reports::Progress};
use serde_json::json;

use super::{Reports, rollup::Totals};
use crate::{auth::Permission, core::Note, error::Result};

/// How many lines are counted in one commit.
pub(super) const STRETCH: u32 = 5_000;

/// What came of counting once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// There was nothing to count.
    Idle,
    /// So many lines were counted, and there was more to count.
    Counted { lines: usize, more: bool },
    /// Somebody else counted them in the meantime.
    Elsewhere,
}

impl Reports {
    /// Sees to it that the days of the roll-ups end where this host's settings say. If they ended elsewhere, or nothing
    /// was ever counted, everything is counted again from the first line; answers whether it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(&self) -> Result<bool> {
        let wanted = self.0.policy.day_offset;
        if self.0.ports.store.reports().progress().await?.offset == Some(wanted) {
            return Ok(false);
        }
        let mut uow = self.0.begin().await?;
        if uow.reports().lock().await?.offset == Some(wanted) {
            // Another host was faster.
            return Ok(false);
        }
        uow.reports().restart(wanted).await?;
        uow.commit().await?;
        Ok(true)
    }

    /// Counts the next stretch of sealed batches. Any number of hosts may do so.
    ///
    /// # Errors
    /// When the store fails; nothing is counted then.
    pub async fn follow(&self) -> Result<Followed> {
        self.follow_by(STRETCH).await
    }

    /// The same with stretches of about so many lines.
    ///
    /// # Errors
    /// When the store fails; nothing is counted then.
    pub async fn follow_by(&self, lines: u32) -> Result<Followed> {
        let store = &self.0.ports.store;
        let progress = store.reports().progress().await?;
        let Some(offset) = progress.offset.filter(|_| progress.position < progress.head) else {
            return Ok(Followed::Idle);
        };
        let Some(sealed) = store.reports().sealed_lines(progress.position, lines).await? else {
            return Ok(Followed::Idle);
        };
        let mut totals = Totals::default();
        sealed.lines.iter().for_each(|line| totals.line(line, offset));
        let totals = totals.into_vec()?;
        let mut uow = self.0.begin().await?;
        // The position first: its lock keeps others from adding to the same days in another order.
        if !uow.reports().advance(progress, sealed.end).await? {
            return Ok(Followed::Elsewhere);
        }
        uow.reports().add_days(&totals).await?;
        uow.commit().await?;
        Ok(Followed::Counted { lines: sealed.lines.len(), more: sealed.end < progress.head })
    }

    /// Throws all roll-ups away; they are counted again from the first line, stretch by stretch.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`].
    pub async fn rebuild(&self, by: &Principal) -> Result<Progress> {
        self.0.authorise(by, Permission::RebuildFigures).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let before = uow.reports().lock().await?;
        let offset = before.offset.unwrap_or(self.0.policy.day_offset);
        uow.reports().restart(offset).await?;
        let note = Note {
            actor: Some(by),
            action: "reports.rebuilt",
            subject: "reports:all".to_owned(),
            detail: format!("{} sealed batches had been counted", before.position),
        };
        self.0.file(&mut *uow, note, json!({ "position": before.position }), now).await?;
        uow.commit().await?;
        Ok(Progress { offset: Some(offset), position: 0, head: before.head })
    }
}
