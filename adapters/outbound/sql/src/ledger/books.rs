//! The books inside a unit of work.
//!
//! Everything here works on batches: a thousand transfers are a handful of statements. Rows are locked in ascending
//! order of id, over all statements of one call, so two batches never wait for each other in a circle.

use std::collections::BTreeMap;

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::{AccountId, TransferId},
    ledger::{Account, Books, Changes, Hold, HoldState, Reversed, Transfer},
    time::Timestamp,
};
use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};
use uuid::Uuid;

use super::{
    accounts::{AccountRow, account_columns, floor_column},
    transfers::{TransferRow, transfer_columns},
};
use crate::{
    codec::{self, Moment, named},
    db::{Dialects, id_chunks},
    unit_of_work::SqlUnitOfWork,
};

/// The most overdue holds that one call answers.
const MAX_OVERDUE: usize = 1_000;

const OPEN: &str = "INSERT INTO ledger_accounts (id, kind, code, currency, floor, debits_posted, debits_pending, \
    credits_posted, credits_pending, closed, touched_at, lines, last_line, revision) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING";
const CLOSE: &str = "UPDATE ledger_accounts SET closed = TRUE, revision = revision + 1 WHERE id = $1";
pub(super) const ACCOUNTS: &str = concat!("SELECT ", account_columns!(), " FROM ledger_accounts a WHERE a.id IN (");
const LOCK_END: Dialects = locking!(" ORDER BY a.id");
pub(super) const TRANSFERS: &str = concat!(
    "SELECT ",
    transfer_columns!(),
    " FROM ledger_transfers t JOIN ledger_accounts a ON a.id = t.debit WHERE t.id IN ("
);
const REVERSED: &str = "SELECT original, reversed, at FROM ledger_reversals WHERE original IN (";
const HAS_OPEN_HOLDS: &str = "SELECT EXISTS (SELECT 1 FROM ledger_holds WHERE debit = $1 AND state = 'open') \
    OR EXISTS (SELECT 1 FROM ledger_holds WHERE credit = $1 AND state = 'open')";

macro_rules! select_hold {
    ($filter:literal) => {
        concat!(
            "SELECT h.id, h.debit, h.credit, h.amount, a.currency, h.expires_at, h.state \
             FROM ledger_holds h JOIN ledger_accounts a ON a.id = h.debit WHERE ",
            $filter
        )
    };
}

pub(super) use select_hold;

const HOLDS: &str = select_hold!("h.id IN (");
// Two questions instead of one with OR: each of them is a range of an index.
const OVERDUE_DEBITS: &str = select_hold!("h.state = 'open' AND h.debit IN (");
const OVERDUE_CREDITS: &str = select_hold!("h.state = 'open' AND h.credit IN (");

#[derive(FromRow)]
pub(super) struct HoldRow {
    id: Uuid,
    debit: Uuid,
    credit: Uuid,
    amount: i64,
    currency: String,
    expires_at: Option<Moment>,
    state: String,
}

impl TryFrom<HoldRow> for Hold {
    type Error = StoreError;

    fn try_from(row: HoldRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TransferId(row.id),
            debit: AccountId(row.debit),
            credit: AccountId(row.credit),
            amount: codec::money(row.amount, &row.currency)?,
            expires_at: row.expires_at.map(|moment| moment.0),
            state: named(&HoldState::ALL, HoldState::as_str, &row.state)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct ReversedRow {
    original: Uuid,
    reversed: i64,
    at: Moment,
}

impl From<ReversedRow> for Reversed {
    fn from(row: ReversedRow) -> Self {
        Self { original: TransferId(row.original), total: row.reversed, at: row.at.0 }
    }
}

/// Each id once, in ascending order.
pub(super) fn ascending<I: Copy + Into<Uuid>>(ids: &[I]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = ids.iter().copied().map(Into::into).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The rest of `id IN (`.
pub(super) fn push_ids<D: Database>(query: &mut QueryBuilder<D>, ids: &[Uuid])
where
    for<'e> Uuid: Encode<'e, D> + Type<D>,
{
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
    list.push_unseparated(")");
}

#[async_trait]
impl Books for SqlUnitOfWork {
    async fn open(&mut self, account: &Account) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            sqlx::query(OPEN)
                .bind(account.id.0)
                .bind(account.kind.as_str())
                .bind(account.code.as_str())
                .bind(account.currency.code())
                .bind(floor_column(account.floor))
                .bind(account.counters.debits_posted)
                .bind(account.counters.debits_pending)
                .bind(account.counters.credits_posted)
                .bind(account.counters.credits_pending)
                .bind(account.closed)
                .bind(Moment(account.touched_at))
                .bind(account.trail.lines.cast_signed())
                .bind(account.trail.last.map(Uuid::from))
                .bind(account.revision.cast_signed())
                .execute(x)
                .await
                .map(drop)
        })
    }

    async fn lock(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let end = self.dialect(LOCK_END);
        let mut accounts = Vec::with_capacity(ids.len());
        for chunk in id_chunks(&ascending(ids)) {
            let rows: Vec<AccountRow> = on_tx!(self, |x| {
                let mut query = QueryBuilder::new(ACCOUNTS);
                push_ids(&mut query, &chunk);
                query.push(end);
                query.build_query_as().fetch_all(x).await
            })?;
            for row in rows {
                accounts.push(row.try_into()?);
            }
        }
        Ok(accounts)
    }

    async fn transfers(&mut self, ids: &[TransferId]) -> Result<Vec<Transfer>, StoreError> {
        let mut transfers = Vec::new();
        for chunk in id_chunks(&ascending(ids)) {
            let rows: Vec<TransferRow> = on_tx!(self, |x| {
                let mut query = QueryBuilder::new(TRANSFERS);
                push_ids(&mut query, &chunk);
                query.build_query_as().fetch_all(x).await
            })?;
            for row in rows {
                transfers.push(row.try_into()?);
            }
        }
        Ok(transfers)
    }

    async fn holds(&mut self, ids: &[TransferId]) -> Result<Vec<Hold>, StoreError> {
        let mut holds = Vec::new();
        for chunk in id_chunks(&ascending(ids)) {
            let rows: Vec<HoldRow> = on_tx!(self, |x| {
                let mut query = QueryBuilder::new(HOLDS);
                push_ids(&mut query, &chunk);
                query.build_query_as().fetch_all(x).await
            })?;
            for row in rows {
                holds.push(row.try_into()?);
            }
        }
        Ok(holds)
    }

    async fn overdue_holds(&mut self, accounts: &[AccountId], now: Timestamp) -> Result<Vec<Hold>, StoreError> {
        // By id, because a hold between two of the accounts is found from both sides.
        let mut overdue: BTreeMap<TransferId, Hold> = BTreeMap::new();
        for chunk in id_chunks(&ascending(accounts)) {
            for side in [OVERDUE_DEBITS, OVERDUE_CREDITS] {
                let rows: Vec<HoldRow> = on_tx!(self, |x| {
                    let mut query = QueryBuilder::new(side);
                    push_ids(&mut query, &chunk);
                    query.push(" AND h.expires_at <= ").push_bind(Moment(now));
                    query.push(" ORDER BY h.expires_at, h.id LIMIT ").push_bind(MAX_OVERDUE as i64);
                    query.build_query_as().fetch_all(x).await
                })?;
                for row in rows {
                    let hold = Hold::try_from(row)?;
                    overdue.insert(hold.id, hold);
                }
            }
        }
        let mut overdue: Vec<Hold> = overdue.into_values().collect();
        overdue.sort_by_key(|hold| (hold.expires_at, hold.id));
        overdue.truncate(MAX_OVERDUE);
        Ok(overdue)
    }

    async fn reversed(&mut self, ids: &[TransferId]) -> Result<Vec<Reversed>, StoreError> {
        let mut reversed = Vec::new();
        for chunk in id_chunks(&ascending(ids)) {
            let rows: Vec<ReversedRow> = on_tx!(self, |x| {
                let mut query = QueryBuilder::new(REVERSED);
                push_ids(&mut query, &chunk);
                query.build_query_as().fetch_all(x).await
            })?;
            reversed.extend(rows.into_iter().map(Reversed::from));
        }
        Ok(reversed)
    }

    async fn has_open_holds(&mut self, account: AccountId) -> Result<bool, StoreError> {
        on_tx!(self, |x| sqlx::query_scalar(HAS_OPEN_HOLDS).bind(account.0).fetch_one(x).await)
    }

    async fn close(&mut self, account: AccountId) -> Result<(), StoreError> {
        let changed = on_tx!(self, |x| {
            let done = sqlx::query(CLOSE).bind(account.0).execute(x).await;
            done.map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(StoreError::Stale(Entity::Account)) } else { Ok(()) }
    }

    async fn write(&mut self, changes: &Changes) -> Result<(), StoreError> {
        self.write_batch(changes).await?;
        self.write_holds(&changes.holds).await?;
        self.write_reversals(&changes.reversed).await
    }
}
