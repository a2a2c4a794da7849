//! Sealed batches with their lines, as fast as they can be read.
//!
//! A recount reads every line there is, so here a page of them is one question, without a join: whoever reads the whole
//! journal knows the currency of every account after a while. Columns are read by their place. SQLite hands its rows over
//! from another thread, one by one, which takes longer than reading them: it answers the whole page as one text of JSON.

use std::collections::HashMap;

use dermaga_ports::{
    StoreError,
    ids::{AccountId, TransferId},
    ledger::{Transfer, seal::SealedBatch},
    money::{Currency, Money},
    time::Timestamp,
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{books::ascending, seal::HeadRow, snapshot::rows, wallets::hexadecimal};
use crate::{
    codec::{self, Moment, corrupt, digest, parsed},
    db::Tx,
    unit_of_work::SqlUnitOfWork,
};

/// Batches until they hold `$2` lines, among the next `$3`.
const BATCHES: &str = "SELECT number, link, content, lines FROM (\
        SELECT number, link, content, lines, SUM(length(lines)) OVER (ORDER BY number) - length(lines) AS earlier \
        FROM (SELECT number, link, content, lines FROM ledger_batches WHERE number > $1 ORDER BY number LIMIT $3) AS next\
    ) AS page WHERE earlier < 16 * $2 ORDER BY number";

/// Found by key, however the statistics are: a plan that reads the whole journal for one page would do so for each.
const BY_KEY: &str = "SET LOCAL enable_seqscan = off";
const LINES_POSTGRES: &str = "SELECT id, kind, purpose, debit, credit, amount, refers_to, expires_at, at, debit_balance, \
    credit_balance, debit_previous, credit_previous, description, actor FROM ledger_transfers WHERE id = ANY($1)";
const LINES_SQLITE: &str = "SELECT json_group_array(json_array(hex(id), kind, purpose, hex(debit), hex(credit), amount, \
    NULLIF(hex(refers_to), ''), expires_at, at, debit_balance, credit_balance, NULLIF(hex(debit_previous), ''), \
    NULLIF(hex(credit_previous), ''), description, actor)) \
    FROM ledger_transfers WHERE id IN (SELECT unhex(value) FROM json_each($1))";
const CURRENCIES_POSTGRES: &str = "SELECT id, currency FROM ledger_accounts WHERE id = ANY($1)";
const CURRENCIES_SQLITE: &str =
    "SELECT id, currency FROM ledger_accounts WHERE id IN (SELECT unhex(value) FROM json_each($1))";

#[derive(FromRow)]
struct BatchRow {
    #[sqlx(flatten)]
    head: HeadRow,
    content: Vec<u8>,
    lines: Vec<u8>,
}

impl BatchRow {
    fn ids(&self) -> impl ExactSizeIterator<Item = Uuid> {
        self.lines.as_chunks::<16>().0.iter().map(|bytes| Uuid::from_bytes(*bytes))
    }
}

/// A line in the order of the columns above; `M` is a moment.
type Line<M> = (
    Uuid,
    i16,
    i16,
    Uuid,
    Uuid,
    i64,
    Option<Uuid>,
    Option<M>,
    M,
    i64,
    i64,
    Option<Uuid>,
    Option<Uuid>,
    Option<String>,
    Option<String>,
);

fn transfer<M>(line: Line<M>, currency: Currency, moment: fn(M) -> Timestamp) -> Result<Transfer, StoreError> {
    let (id, kind, purpose, debit, credit, amount, refers_to, expires_at, at, debit_balance, credit_balance, ..) = line;
    let (.., debit_previous, credit_previous, description, actor) = line;
    Ok(Transfer {
        id: TransferId(id),
        kind: codec::kind(kind)?,
        purpose: codec::purpose(purpose)?,
        debit: AccountId(debit),
        credit: AccountId(credit),
        amount: Money::new(amount, currency).map_err(corrupt)?,
        refers_to: refers_to.map(TransferId),
        expires_at: expires_at.map(moment),
        at: moment(at),
        debit_balance,
        credit_balance,
        debit_previous: debit_previous.map(TransferId),
        credit_previous: credit_previous.map(TransferId),
        description,
        actor,
    })
}

/// Reads batches inside a unit of work, and remembers in which currency each account is kept: it never changes.
pub(super) struct Reader {
    pub(super) unit: SqlUnitOfWork,
    currencies: HashMap<Uuid, Currency>,
    /// Whether the server was told how to find lines.
    is_told: bool,
    /// How many batches to look at for the next page, going by the last.
    likely: usize,
}

/// How many batches are looked at, at the least.
const FEW: usize = 16;

impl Reader {
    pub(super) fn of(unit: SqlUnitOfWork) -> Self {
        Self { unit, currencies: HashMap::new(), is_told: false, likely: FEW }
    }

    /// See [`dermaga_ports::ledger::Snapshot::batches`].
    pub(super) async fn batches(&mut self, after: u64, limit: usize) -> Result<Vec<SealedBatch>, StoreError> {
        let after = i64::try_from(after).map_err(corrupt)?;
        let batches = self.next(after, limit).await?;
        let ids: Vec<Uuid> = batches.iter().flat_map(BatchRow::ids).collect();
        let mut found = self.lines(ascending(&ids)).await?;
        let batch = |row: BatchRow| {
            let ids: Vec<TransferId> = row.ids().map(TransferId).collect();
            let lines = ids.iter().filter_map(|id| found.remove(&id.0)).collect();
            Ok(SealedBatch { content: digest(&row.content)?, head: row.head.try_into()?, ids, lines })
        };
        batches.into_iter().map(batch).collect()
    }

    /// The batches of a page. Each has at least one line, so there are no more of them than lines are wanted; but if they
    /// are large there are few, and it takes long to look at many.
    async fn next(&mut self, after: i64, limit: usize) -> Result<Vec<BatchRow>, StoreError> {
        let mut most = self.likely.min(limit);
        loop {
            let batches: Vec<BatchRow> = on_tx!(self.unit, |x| {
                let query = sqlx::query_as(BATCHES).bind(after).bind(rows(limit)).bind(rows(most));
                query.fetch_all(x).await
            })?;
            let lines: usize = batches.iter().map(|batch| batch.ids().len()).sum();
            if batches.len() < most || lines >= limit || most >= limit {
                self.likely = (2 * batches.len()).max(FEW);
                return Ok(batches);
            }
            most = (4 * most).min(limit);
        }
    }

    /// The lines that exist among `ids`, between accounts that exist.
    async fn lines(&mut self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Transfer>, StoreError> {
        if !self.is_told {
            if let Tx::Postgres(transaction) = self.unit.open()? {
                let told = sqlx::query(BY_KEY).execute(&mut **transaction).await;
                self.unit.settle(told)?;
            }
            self.is_told = true;
        }
        match self.unit.open()? {
            Tx::Postgres(transaction) => {
                let lines = sqlx::query_as(LINES_POSTGRES).bind(ids).fetch_all(&mut **transaction).await;
                let lines = self.unit.settle(lines)?;
                self.transfers(lines, |moment: Moment| moment.0).await
            }
            Tx::Sqlite(transaction) => {
                let lines =
                    sqlx::query_scalar(LINES_SQLITE).bind(hexadecimal(&ids)).fetch_one(&mut **transaction).await;
                let Json(lines) = self.unit.settle(lines)?;
                self.transfers(lines, Timestamp::from_micros).await
            }
        }
    }

    async fn transfers<M>(
        &mut self,
        lines: Vec<Line<M>>,
        moment: fn(M) -> Timestamp,
    ) -> Result<HashMap<Uuid, Transfer>, StoreError> {
        let debits = lines.iter().map(|line| line.3);
        let unknown: Vec<Uuid> = debits.filter(|debit| !self.currencies.contains_key(debit)).collect();
        if !unknown.is_empty() {
            self.learn(ascending(&unknown)).await?;
        }
        let mut transfers = HashMap::with_capacity(lines.len());
        for line in lines {
            let (id, debit) = (line.0, line.3);
            if let Some(currency) = self.currencies.get(&debit) {
                transfers.insert(id, transfer(line, *currency, moment)?);
            }
        }
        Ok(transfers)
    }

    async fn learn(&mut self, accounts: Vec<Uuid>) -> Result<(), StoreError> {
        let found: Result<Vec<(Uuid, String)>, _> = match self.unit.open()? {
            Tx::Postgres(transaction) => {
                sqlx::query_as(CURRENCIES_POSTGRES).bind(accounts).fetch_all(&mut **transaction).await
            }
            Tx::Sqlite(transaction) => {
                sqlx::query_as(CURRENCIES_SQLITE).bind(hexadecimal(&accounts)).fetch_all(&mut **transaction).await
            }
        };
        for (account, currency) in self.unit.settle(found)? {
            self.currencies.insert(account, parsed(&currency)?);
        }
        Ok(())
    }
}
