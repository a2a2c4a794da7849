//! What is left to tell, what was told, and what nobody could handle.

use std::collections::HashMap;

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    events::{Arrears, Backlog, Delivery, EventQueries, Stretch},
    ids::EventId,
    ledger::{Transaction, TransactionStatus},
    paging::{COUNTED, Page, PageRequest},
};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::deliveries::{DeliveryRow, delivery_columns};
use crate::{
    codec::unfindable,
    db::{id_chunks, pieces},
    store::SqlStore,
};

const BACKLOG: &str = "SELECT EXISTS (SELECT 1 FROM outbox WHERE told_at IS NULL) AS events, r.position, s.number \
    FROM event_relay r CROSS JOIN ledger_seal s";
/// By the indexes of what waits, which hold nothing else.
const ARREARS: &str = "SELECT \
    (SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE told_at IS NULL LIMIT $1) AS untold), \
    (SELECT COUNT(*) FROM (SELECT 1 FROM event_deliveries WHERE state = 'dead' LIMIT $1) AS dead)";
/// Batches until they hold `$3` lines. Not more than so many are looked at, as each has at least one.
const BATCHES: &str = "SELECT number, lines FROM (\
        SELECT number, lines, SUM(length(lines)) OVER (ORDER BY number) - length(lines) AS earlier \
        FROM (SELECT number, lines FROM ledger_batches WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3) AS next\
    ) AS page WHERE earlier < 16 * $3 ORDER BY number";
const DEAD: &str = concat!("SELECT ", delivery_columns!(), " FROM event_deliveries WHERE state = 'dead' AND number < ");

#[derive(FromRow)]
struct BacklogRow {
    events: bool,
    position: i64,
    number: i64,
}

#[async_trait]
impl EventQueries for SqlStore {
    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let row: BacklogRow = on_read!(self, |x| sqlx::query_as(BACKLOG).fetch_one(x).await)?;
        let (position, head) = (row.position.unsigned_abs(), row.number.unsigned_abs());
        Ok(Backlog { events: row.events, position, head })
    }

    async fn arrears(&self) -> Result<Arrears, StoreError> {
        let (untold, dead): (i64, i64) =
            on_read!(self, |x| sqlx::query_as(ARREARS).bind(i64::from(COUNTED)).fetch_one(x).await)?;
        Ok(Arrears { untold: untold.unsigned_abs(), dead: dead.unsigned_abs() })
    }

    async fn sealed_transfers(&self, after: u64, until: u64, lines: u32) -> Result<Option<Stretch>, StoreError> {
        let (after, until) = (after.cast_signed(), until.cast_signed());
        let batches: Vec<(i64, Vec<u8>)> = on_read!(self, |x| {
            sqlx::query_as(BATCHES).bind(after).bind(until).bind(i64::from(lines)).fetch_all(x).await
        })?;
        let Some((end, _)) = batches.last() else { return Ok(None) };
        let end = end.unsigned_abs();
        let bytes = batches.iter().flat_map(|(_, lines)| lines.chunks_exact(16));
        let ids: Vec<Uuid> = bytes.filter_map(|id| Uuid::from_slice(id).ok()).collect();
        let found = self.at_once_among(&ids).await?;
        let mut found: HashMap<Uuid, Transaction> = found.into_iter().map(|one| (one.id.0, as_made(one))).collect();
        let transfers = ids.iter().filter_map(|id| found.remove(id)).collect();
        Ok(Some(Stretch { transfers, end }))
    }

    async fn handed_over(&self, subscriber: &str, events: &[EventId]) -> Result<Vec<EventId>, StoreError> {
        let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
        let mut found = Vec::new();
        for chunk in id_chunks(&ids) {
            for table in ["event_receipts", "event_deliveries"] {
                let some: Vec<Uuid> = on_read!(self, |x| {
                    let mut query = QueryBuilder::new("SELECT event FROM ");
                    query.push(table).push(" WHERE subscriber = ").push_bind(subscriber).push(" AND event IN (");
                    let mut list = query.separated(", ");
                    chunk.iter().for_each(|id| {
                        list.push_bind(*id);
                    });
                    list.push_unseparated(")");
                    query.build_query_scalar().fetch_all(x).await
                })?;
                found.extend(some.into_iter().map(EventId));
            }
        }
        Ok(found)
    }

    async fn held_up(&self, subscriber: &str, subjects: &[String]) -> Result<Vec<String>, StoreError> {
        let mut subjects = subjects.to_vec();
        subjects.sort_unstable();
        subjects.dedup();
        let mut found = Vec::new();
        for piece in pieces(&subjects) {
            let some: Vec<String> = on_read!(self, |x| {
                let mut query = QueryBuilder::new(
                    "SELECT DISTINCT subject FROM event_deliveries WHERE state = 'waiting' AND subscriber = ",
                );
                query.push_bind(subscriber).push(" AND subject IN (");
                let mut list = query.separated(", ");
                piece.iter().for_each(|subject| {
                    list.push_bind(subject.as_str());
                });
                list.push_unseparated(")");
                query.build_query_scalar().fetch_all(x).await
            })?;
            found.extend(some);
        }
        Ok(found)
    }

    async fn dead_letters<'a>(
        &self,
        subscriber: Option<&'a str>,
        page: PageRequest<i64>,
    ) -> Result<Page<Delivery, i64>, StoreError> {
        if unfindable(&[subscriber]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let rows: Vec<DeliveryRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(DEAD);
            query.push_bind(page.after.unwrap_or(i64::MAX));
            if let Some(subscriber) = subscriber {
                query.push(" AND subscriber = ").push_bind(subscriber);
            }
            query.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let found: Vec<Delivery> = rows.into_iter().map(Delivery::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(found, page.limit(), |delivery| delivery.number))
    }
}

/// A transfer at once as it was when it was made, whatever went back since.
fn as_made(transaction: Transaction) -> Transaction {
    let updated_at = transaction.created_at;
    Transaction { status: TransactionStatus::Completed, refunded: 0, updated_at, ..transaction }
}
