//! Writing what a batch changed: a few statements, whatever its size.

use std::collections::BTreeMap;

use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::TransferId,
    ledger::{Account, Hold, Transfer},
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::{
    codec::{Moment, kind_code, purpose_code},
    db::{CHUNK, worth_preparing},
    unit_of_work::SqlUnitOfWork,
};

// VALUES names its columns column1, column2 .. in both databases.
const UPDATE_ACCOUNTS: &str = "UPDATE ledger_accounts SET debits_posted = v.column2, debits_pending = v.column3, \
    credits_posted = v.column4, credits_pending = v.column5, touched_at = v.column6 FROM (";
const UPDATE_ACCOUNTS_END: &str = ") AS v WHERE ledger_accounts.id = v.column1";
const INSERT_TRANSFERS: &str = "INSERT INTO ledger_transfers (id, kind, purpose, debit, credit, amount, refers_to, \
    expires_at, at, debit_balance, credit_balance) ";
const SAVE_HOLDS: &str = "INSERT INTO ledger_holds (id, debit, credit, amount, expires_at, state) ";
const SAVE_HOLDS_END: &str = " ON CONFLICT (id) DO UPDATE SET state = excluded.state";
const SAVE_REVERSALS: &str = "INSERT INTO ledger_reversals (original, reversed) ";
const SAVE_REVERSALS_END: &str = " ON CONFLICT (original) DO UPDATE SET reversed = excluded.reversed";

/// The last state of each record that a batch changed, by id: one statement may not change a row twice.
fn last_states<T>(changed: &[T], id: impl Fn(&T) -> Uuid) -> Vec<&T> {
    let by_id: BTreeMap<Uuid, &T> = changed.iter().map(|record| (id(record), record)).collect();
    by_id.into_values().collect()
}

impl SqlUnitOfWork {
    pub(super) async fn write_accounts(&mut self, accounts: &[Account]) -> Result<(), StoreError> {
        for chunk in last_states(accounts, |account| account.id.0).chunks(CHUNK) {
            let changed = on_tx!(self, |x| {
                let mut query = QueryBuilder::new(UPDATE_ACCOUNTS);
                query.push_values(chunk, |mut row, account| {
                    row.push_bind(account.id.0)
                        .push_bind(account.counters.debits_posted)
                        .push_bind(account.counters.debits_pending)
                        .push_bind(account.counters.credits_posted)
                        .push_bind(account.counters.credits_pending)
                        .push_bind(Moment(account.touched_at));
                });
                query.push(UPDATE_ACCOUNTS_END);
                let done = query.build().persistent(worth_preparing(chunk.len())).execute(x).await;
                done.map(|done| done.rows_affected())
            })?;
            if changed != chunk.len() as u64 {
                return Err(self.spend(StoreError::Stale(Entity::Account)));
            }
        }
        Ok(())
    }

    pub(super) async fn write_transfers(&mut self, transfers: &[Transfer]) -> Result<(), StoreError> {
        for chunk in transfers.chunks(CHUNK) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(INSERT_TRANSFERS);
                query.push_values(chunk, |mut row, transfer| {
                    row.push_bind(transfer.id.0)
                        .push_bind(kind_code(transfer.kind))
                        .push_bind(purpose_code(transfer.purpose))
                        .push_bind(transfer.debit.0)
                        .push_bind(transfer.credit.0)
                        .push_bind(transfer.amount.amount())
                        .push_bind(transfer.refers_to.map(Uuid::from))
                        .push_bind(transfer.expires_at.map(Moment))
                        .push_bind(Moment(transfer.at))
                        .push_bind(transfer.debit_balance)
                        .push_bind(transfer.credit_balance);
                });
                query.build().persistent(worth_preparing(chunk.len())).execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }

    pub(super) async fn write_holds(&mut self, holds: &[Hold]) -> Result<(), StoreError> {
        for chunk in last_states(holds, |hold| hold.id.0).chunks(CHUNK) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(SAVE_HOLDS);
                query.push_values(chunk, |mut row, hold| {
                    row.push_bind(hold.id.0)
                        .push_bind(hold.debit.0)
                        .push_bind(hold.credit.0)
                        .push_bind(hold.amount.amount())
                        .push_bind(hold.expires_at.map(Moment))
                        .push_bind(hold.state.as_str());
                });
                query.push(SAVE_HOLDS_END);
                query.build().persistent(worth_preparing(chunk.len())).execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }

    pub(super) async fn write_reversals(&mut self, reversed: &[(TransferId, i64)]) -> Result<(), StoreError> {
        for chunk in last_states(reversed, |(original, _)| original.0).chunks(CHUNK) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(SAVE_REVERSALS);
                query.push_values(chunk, |mut row, (original, amount)| {
                    row.push_bind(original.0).push_bind(*amount);
                });
                query.push(SAVE_REVERSALS_END);
                query.build().persistent(worth_preparing(chunk.len())).execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }
}
