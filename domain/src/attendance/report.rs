//! Who has come, what was contradictory, and what a device should know before it cannot ask.

use std::time::Duration;

use dermaga_ports::{
    attendance::{Attended, Checkin, CheckinFilter, Event, Passages, Revoked},
    auth::Principal,
    ids::CheckinId,
    paging::{MAX_LIMIT, Page, PageRequest},
    time::Timestamp,
};

use super::{Attendance, refusal};
use crate::{auth::Permission, error::Result, events::before};

/// Revocations are told again for so long: one that was being written when somebody asked has an earlier moment than
/// the question.
const OVERLAP: Duration = Duration::from_secs(60);
/// The most revocations that are told at once.
const MAX_REVOCATIONS: u32 = 1_000;

/// How an event is attended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attending {
    pub event: Event,
    pub attended: Attended,
    pub records: Page<Checkin, CheckinId>,
}

/// Tickets that do not let in any more, and from when to ask the next time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocations {
    pub items: Vec<Revoked>,
    pub next_since: Timestamp,
}

impl Attendance {
    /// # Errors
    /// [`crate::Code::PermissionDenied`], [`crate::Code::EventNotFound`].
    pub async fn attendance(
        &self,
        by: &Principal,
        event: &str,
        filter: CheckinFilter,
        page: PageRequest<CheckinId>,
    ) -> Result<Attending> {
        self.0.authorise(by, Permission::ReadAttendance).await?;
        let event = self.known(event).await?;
        let queries = self.0.ports.store.attendance();
        let records = queries.checkins(&event.id, filter, page).await?;
        let attended = queries.attended(&event).await?;
        Ok(Attending { event, attended, records })
    }

    /// The records alone, for whoever reads all of them: what is counted is not counted again for each part.
    ///
    /// # Errors
    /// As [`Attendance::attendance`].
    pub async fn checkins(
        &self,
        by: &Principal,
        event: &str,
        filter: CheckinFilter,
        page: PageRequest<CheckinId>,
    ) -> Result<Page<Checkin, CheckinId>> {
        self.0.authorise(by, Permission::ReadAttendance).await?;
        let event = self.known(event).await?;
        Ok(self.0.ports.store.attendance().checkins(&event.id, filter, page).await?)
    }

    /// Codes that went through more often than they may, each with a line that says so and every passage.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], [`crate::Code::EventNotFound`].
    pub async fn conflicts(
        &self,
        by: &Principal,
        event: &str,
        page: PageRequest<String>,
    ) -> Result<Page<(String, Passages), String>> {
        self.0.authorise(by, Permission::ReadAttendance).await?;
        let event = self.known(event).await?;
        let found = self.0.ports.store.attendance().conflicts(&event.id, page).await?;
        Ok(found.map(|passages| (refusal::summary(&passages.passages), passages)))
    }

    /// What was recorded or annulled since, in the order of ids.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], [`crate::Code::EventNotFound`].
    pub async fn changes(&self, by: &Principal, event: &str, since: Timestamp) -> Result<Vec<Checkin>> {
        self.0.authorise(by, Permission::ReadAttendance).await?;
        let event = self.known(event).await?;
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest::new(after, MAX_LIMIT);
            let page = self.0.ports.store.attendance().changes(&event.id, since, page).await?;
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Tickets that stopped letting in since then: what a device takes along that will not be able to ask.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], [`crate::Code::EventNotFound`].
    pub async fn revocations(&self, by: &Principal, event: &str, since: Option<Timestamp>) -> Result<Revocations> {
        self.0.authorise(by, Permission::CheckIn).await?;
        let event = self.known(event).await?;
        let now = self.0.now();
        let since = since.unwrap_or(Timestamp::from_micros(i64::MIN));
        let items = self.0.ports.store.attendance().revocations(&event.id, since, MAX_REVOCATIONS).await?;
        let full = items.len() == MAX_REVOCATIONS as usize;
        let last = items.last().map_or(now, |revoked| revoked.at);
        // Never back behind what was asked for: or else somebody who asks often is told everything for ever.
        let next_since = if full { last } else { before(now, OVERLAP).max(since) };
        Ok(Revocations { items, next_since })
    }

    /// The present, for whoever follows an event as it happens.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }
}
