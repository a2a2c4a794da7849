//! The audit trail. That it only grows is the business of triggers in the schema.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    audit::{AuditEntry, AuditFilter, AuditQueries, AuditRecord, AuditTrail},
    ids::AuditId,
    paging::{Page, PageRequest},
};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use crate::{
    codec::{Moment, unfindable},
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
            query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let records = rows.into_iter().map(AuditRecord::from).collect();
        Ok(Page::from_surplus(records, page.limit(), |record: &AuditRecord| record.id))
    }
}
