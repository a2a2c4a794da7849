//! The books without locks: remembered accounts are read here, and what was decided on them is stored here.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::AccountId,
    ledger::{Account, Changes, Decide, Journal, seal::LINK_TAG},
    store::Store,
};
use sqlx::{Connection, Postgres, QueryBuilder, Row, postgres::PgArguments, query::Query};
use uuid::Uuid;

use super::{
    accounts::{AccountRow, account_columns},
    batch::{bind_batch, store_batch},
    books::{ACCOUNTS, ascending, push_ids},
    seal::imprint,
};
use crate::{
    db::{Db, READ_COMMITTED, id_chunks},
    deadline::in_time,
    lane::Lane,
    store::SqlStore,
};

/// Everything in one statement, which is its own transaction. CASE is what orders the two: the end of the chain is locked
/// last, as in a unit of work, and for as short as possible.
const APPEND: &str = concat!("SELECT CASE WHEN ", store_batch!(), " THEN ledger_seal_lines($28, $29, $30) END");

const LOCK: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM ledger_accounts a WHERE a.id = ANY($1) ORDER BY a.id FOR NO KEY UPDATE"
);

fn appending<'q>(changes: &Changes) -> Query<'q, Postgres, PgArguments> {
    let (content, ids) = imprint(&changes.transfers);
    bind_batch(APPEND, changes).bind(LINK_TAG).bind(content.to_vec()).bind(ids)
}

#[async_trait]
impl Journal for SqlStore {
    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let mut accounts = Vec::with_capacity(ids.len());
        for chunk in id_chunks(&ascending(ids)) {
            let rows: Vec<AccountRow> = on_read!(self, |x| {
                let mut query = QueryBuilder::new(ACCOUNTS);
                push_ids(&mut query, &chunk);
                query.push(" ORDER BY a.id");
                query.build_query_as().fetch_all(x).await
            })?;
            for row in rows {
                accounts.push(row.try_into()?);
            }
        }
        Ok(accounts)
    }

    async fn append(&self, changes: &Changes) -> Result<u64, StoreError> {
        match &self.db {
            Db::Postgres { append, .. } => {
                self.reachable().await?;
                match self.heard(append_postgres(append, changes).await).await {
                    Ok(Some(number)) => {
                        self.bell.notify_one();
                        Ok(number)
                    }
                    Ok(None) => Err(StoreError::Stale(Entity::Journal)),
                    // A deadlock, or a lock that was held for long: whoever takes the locks in order will get through.
                    Err(StoreError::Busy) => Err(StoreError::Stale(Entity::Account)),
                    Err(error) => Err(error),
                }
            }
            Db::Sqlite { turns, append, .. } => {
                let turn = self.heard(turns.next().await).await?;
                append.write(turn, changes.clone()).await.inspect(|_| self.bell.notify_one())
            }
        }
    }

    async fn append_locked<'d>(&self, ids: &[AccountId], decide: Decide<'d>) -> Result<(), StoreError> {
        match &self.db {
            Db::Postgres { append, .. } => {
                self.reachable().await?;
                let done = self.heard(append_locked_postgres(append, ascending(ids), decide).await).await?;
                done.inspect(|()| self.bell.notify_one())
            }
            Db::Sqlite { .. } => {
                let mut uow = self.begin().await?;
                let accounts = uow.books().lock(ids).await?;
                let Some(changes) = decide(accounts) else { return Ok(()) };
                uow.books().write(&changes).await?;
                uow.commit().await
            }
        }
    }
}

/// Answers the number of the batch; none if what was decided on may be of a server that is gone, and then nothing was
/// written. The driver reads the server's answer to its end, which comes after the commit.
async fn append_postgres(lane: &Lane, changes: &Changes) -> Result<Option<u64>, sqlx::Error> {
    let mut held = lane.hold().await?;
    if held.take_is_another() {
        return held.give_back(Ok(None));
    }
    let done = in_time(held.limit(), appending(changes).fetch_one(&mut held.connection)).await;
    let number: i64 = held.give_back(done)?.try_get(0)?;
    Ok(Some(number.unsigned_abs()))
}

/// Two answers: whether the database did what it was asked, and whether what it answered can be.
async fn append_locked_postgres(
    lane: &Lane,
    ids: Vec<Uuid>,
    decide: Decide<'_>,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    let mut held = lane.hold().await?;
    let limit = held.limit();
    let mut corrupt = None;
    let done = in_time(limit, async {
        let mut transaction = held.connection.begin_with(READ_COMMITTED).await?;
        let rows: Vec<AccountRow> = sqlx::query_as(LOCK).bind(ids).fetch_all(&mut *transaction).await?;
        let changes = match rows.into_iter().map(Account::try_from).collect() {
            Ok(accounts) => decide(accounts),
            Err(error) => {
                corrupt = Some(error);
                None
            }
        };
        // Stored and sealed in one statement, so that the locks are held for one round trip less.
        match changes {
            Some(changes) => match appending(&changes).execute(&mut *transaction).await {
                Ok(_) => transaction.commit().await,
                Err(error) => transaction.rollback().await.and(Err(error)),
            },
            None => transaction.rollback().await,
        }
    })
    .await;
    held.give_back(done)?;
    Ok(corrupt.map_or(Ok(()), Err))
}
