//! The audit trail. That it only grows is the business of triggers in the schema.

use std::{cmp::Reverse, collections::BTreeMap, ops::ControlFlow};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    audit::{AuditEntry, AuditFilter, AuditQueries, AuditRecord, AuditTrail, TRANSACTION_COMPLETED},
    ids::{AuditId, UserId},
    paging::{Page, PageRequest},
    time::Timestamp,
};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use crate::{
    codec::{Moment, earliest, latest, unfindable},
    ledger::lines::AtOnce,
    store::SqlStore,
    unit_of_work::SqlUnitOfWork,
};

const INSERT: &str =
    "INSERT INTO audit_entries (id, at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)";
const SELECT: &str = "SELECT id, at, actor, action, subject, detail FROM audit_entries WHERE id < ";

#[derive(FromRow)]
struct EntryRow {
    id: Uuid,
    at: Moment,
    actor: String,
    action: String,
    subject: String,
    detail: String,
}

impl From<EntryRow> for AuditRecord {
    fn from(row: EntryRow) -> Self {
        Self {
            id: AuditId(row.id),
            at: row.at.0,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
        }
    }
}

#[async_trait]
impl AuditTrail for SqlUnitOfWork {
    async fn record(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(entry.id.0)
                .bind(Moment(entry.at))
                .bind(entry.actor.as_str())
                .bind(entry.action)
                .bind(entry.subject.as_str())
                .bind(entry.detail.as_str())
                .execute(x)
                .await
                .map(drop)
        })
    }
}

#[async_trait]
impl AuditQueries for SqlStore {
    async fn audit(
        &self,
        filter: &AuditFilter,
        page: PageRequest<AuditId>,
    ) -> Result<Page<AuditRecord, AuditId>, StoreError> {
        let equal = [("actor", &filter.actor), ("action", &filter.action), ("subject", &filter.subject)];
        if unfindable(&equal.map(|(_, value)| value.as_deref())) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let before = page.after.map_or(Uuid::max(), Uuid::from);
        let wanted = page.limit() as usize + 1;
        // Only what is asked for is in the text, so that each question finds its index.
        let rows: Vec<EntryRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(SELECT);
            query.push_bind(before);
            for (column, value) in equal {
                if let Some(value) = value {
                    query.push(" AND ").push(column).push(" = ").push_bind(value.as_str());
                }
            }
            if let Some(from) = filter.from {
                query.push(" AND at >= ").push_bind(Moment(from));
            }
            if let Some(to) = filter.to {
                query.push(" AND at < ").push_bind(Moment(to));
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(wanted as i64);
            query.build_query_as().fetch_all(x).await
        })?;
        let mut records: Vec<AuditRecord> = rows.into_iter().map(AuditRecord::from).collect();
        if filter.action.as_deref().is_none_or(|action| action == TRANSACTION_COMPLETED) {
            records.extend(self.audited_lines(filter, before, wanted).await?);
            records.sort_by_key(|record| Reverse(record.id));
            records.truncate(wanted);
        }
        Ok(Page::from_surplus(records, page.limit(), |record: &AuditRecord| record.id))
    }
}

impl SqlStore {
    /// Transfers at once are their own entries: the journal only grows as well.
    async fn audited_lines(
        &self,
        filter: &AuditFilter,
        before: Uuid,
        wanted: usize,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let is_of_time =
            |at: Timestamp| filter.from.is_none_or(|from| at >= from) && filter.to.is_none_or(|to| at < to);
        let mut found = BTreeMap::new();
        let mut take = |line: AtOnce| {
            let record = AuditRecord::of_transfer(&line.transaction, line.actor);
            let matches = record.id.0 < before
                && filter.actor.as_ref().is_none_or(|actor| *actor == record.actor)
                && filter.subject.as_ref().is_none_or(|subject| *subject == record.subject)
                && is_of_time(record.at);
            if matches {
                found.insert(record.id, record);
            }
            if found.len() > wanted {
                found.pop_first();
            }
            found.len()
        };
        let (from, to) = (filter.from.unwrap_or(earliest().0), filter.to.unwrap_or(latest().0));
        match (subject_of(filter.subject.as_deref(), "transaction:"), filter.actor.as_deref()) {
            (Some(id), _) => {
                if let Some(line) = self.at_once(id).await? {
                    take(line);
                }
            }
            (None, _) if filter.subject.is_some() => {}
            (None, Some(actor)) => {
                for line in self.at_once_by(actor, before, from, to, wanted).await? {
                    take(line);
                }
                // The trail is in the order of time and this list in that of ids, so all of that time is looked at.
                if let Some(user) = subject_of(Some(actor), "user:") {
                    for wallet in self.wallet_ids(UserId(user)).await? {
                        let visit = |line: AtOnce| {
                            take(line);
                            ControlFlow::Continue(())
                        };
                        self.at_once_of(wallet, from, to, visit).await?;
                    }
                }
            }
            (None, None) => {
                let visit = |line: AtOnce| match take(line) {
                    enough if enough >= wanted => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                };
                self.newest_at_once(before, from, to, visit).await?;
            }
        }
        Ok(found.into_values().collect())
    }
}

/// The id in `kind:<id>`.
fn subject_of(text: Option<&str>, kind: &str) -> Option<Uuid> {
    text?.strip_prefix(kind)?.parse().ok()
}
