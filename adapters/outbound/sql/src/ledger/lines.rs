//! Transfers at once, which are nothing but lines of the journal: seen as transactions.
//!
//! The line says who paid whom, when, how much and what was written on it; the wallets say whose they are, and the
//! reversals how much went back. So a transfer costs one row, and still stands in every list.

use std::ops::ControlFlow;

use dermaga_ports::{
    StoreError,
    ids::{TransactionId, TransferId, UserId, WalletId},
    ledger::{Counterparty, Transaction, TransactionKind, TransactionStatus},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::trail::{from_behind, walk_back};
use crate::{
    codec::{Moment, corrupt, money},
    store::SqlStore,
    unit_of_work::SqlUnitOfWork,
};

/// How many lines are looked at with one question.
const STRETCH: usize = 256;

macro_rules! line_columns {
    () => {
        "t.id, t.at, t.kind = 1 AND t.purpose = 3 AS at_once, t.debit, t.credit, d.owner AS payer, c.owner AS payee, \
         t.amount, d.currency, t.description, t.actor, r.reversed, r.at AS reversed_at"
    };
}

macro_rules! line_joins {
    () => {
        " LEFT JOIN wallets d ON d.id = t.debit LEFT JOIN wallets c ON c.id = t.credit \
         LEFT JOIN ledger_reversals r ON r.original = t.id"
    };
}

macro_rules! select_lines {
    ($filter:literal) => {
        concat!(
            "SELECT ",
            line_columns!(),
            " FROM ledger_transfers t",
            line_joins!(),
            " WHERE t.kind = 1 AND t.purpose = 3 AND ",
            $filter
        )
    };
}

const BY_ID: &str = select_lines!("t.id = $1");
/// The time is looked at in the database: what does not match is passed over there, and joined with nothing.
const NEWEST: &str = select_lines!("t.id < $1 AND t.at >= $2 AND t.at < $3 ORDER BY t.id DESC LIMIT $4");
const BY_ACTOR: &str =
    select_lines!("t.actor = $1 AND t.id < $2 AND t.at >= $3 AND t.at < $4 ORDER BY t.id DESC LIMIT $5");
/// Back from the line `$4`, or else from behind `$2`.
const ALONG_TRAIL: &str = concat!(
    walk_back!(concat!("COALESCE($4, ", from_behind!("$2"), ")"), from "$5", steps "$3"),
    "SELECT ",
    line_columns!(),
    " FROM walk t",
    line_joins!(),
    " ORDER BY t.step"
);
const LOCK: &str = "SELECT id FROM ledger_transfers WHERE id = $1 FOR NO KEY UPDATE";
const WALLETS: &str = "SELECT id FROM wallets WHERE owner = $1";

/// A transfer at once, and who asked for it if not the payer.
pub(crate) struct AtOnce {
    pub(crate) transaction: Transaction,
    pub(crate) actor: Option<String>,
}

#[derive(FromRow)]
struct LineRow {
    id: Uuid,
    at: Moment,
    at_once: bool,
    debit: Uuid,
    credit: Uuid,
    payer: Option<Uuid>,
    payee: Option<Uuid>,
    amount: i64,
    currency: Option<String>,
    description: Option<String>,
    actor: Option<String>,
    reversed: Option<i64>,
    reversed_at: Option<Moment>,
}

impl TryFrom<LineRow> for AtOnce {
    type Error = StoreError;

    fn try_from(row: LineRow) -> Result<Self, StoreError> {
        let (Some(payer), Some(payee), Some(currency)) = (row.payer, row.payee, row.currency) else {
            return Err(corrupt(format_args!("transfer {} is not between wallets", row.id)));
        };
        let refunded = row.reversed.unwrap_or_default();
        let transaction = Transaction {
            id: TransactionId(row.id),
            kind: TransactionKind::Transfer,
            status: match row.amount - refunded {
                left if left == row.amount => TransactionStatus::Completed,
                0 => TransactionStatus::Refunded,
                _ => TransactionStatus::PartiallyRefunded,
            },
            user: UserId(payer),
            wallet: WalletId(row.debit),
            counterparty: Counterparty::User { user: UserId(payee), wallet: WalletId(row.credit) },
            amount: money(row.amount, &currency)?,
            refunded,
            description: row.description,
            reference: None,
            failure: None,
            transfer: Some(TransferId(row.id)),
            expires_at: None,
            created_at: row.at.0,
            updated_at: row.reversed_at.unwrap_or(row.at).0,
        };
        Ok(Self { transaction, actor: row.actor })
    }
}

impl SqlStore {
    /// The transfer of that id.
    pub(crate) async fn at_once(&self, id: Uuid) -> Result<Option<AtOnce>, StoreError> {
        let row: Option<LineRow> = on_read!(self, |x| sqlx::query_as(BY_ID).bind(id).fetch_optional(x).await)?;
        row.map(AtOnce::try_from).transpose()
    }

    /// All transfers from `from` on and before `until`, with ids before `before`, largest id first, until `visit` has had
    /// enough. Ids need not be in the order of time, so a time alone does not tell where to begin or to end.
    pub(crate) async fn newest_at_once(
        &self,
        mut before: Uuid,
        from: Timestamp,
        until: Timestamp,
        mut visit: impl FnMut(AtOnce) -> ControlFlow<()> + Send,
    ) -> Result<(), StoreError> {
        loop {
            let rows: Vec<LineRow> = on_read!(self, |x| {
                let query = sqlx::query_as(NEWEST).bind(before).bind(Moment(from)).bind(Moment(until));
                query.bind(STRETCH as i64).fetch_all(x).await
            })?;
            let is_end = rows.len() < STRETCH;
            for row in rows {
                before = row.id;
                if visit(row.try_into()?).is_break() {
                    return Ok(());
                }
            }
            if is_end {
                return Ok(());
            }
        }
    }

    /// Transfers that somebody else than the payer asked for, from `from` on and before `to`, with ids before `before`,
    /// largest id first.
    pub(crate) async fn at_once_by(
        &self,
        actor: &str,
        before: Uuid,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<AtOnce>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<LineRow> = on_read!(self, |x| {
            let query = sqlx::query_as(BY_ACTOR).bind(actor).bind(before).bind(Moment(from)).bind(Moment(to));
            query.bind(limit).fetch_all(x).await
        })?;
        rows.into_iter().map(AtOnce::try_from).collect()
    }

    /// The transfers from and to a wallet from `from` on and before `until`, newest first, until `visit` has had enough.
    pub(crate) async fn at_once_of(
        &self,
        wallet: Uuid,
        from: Timestamp,
        until: Timestamp,
        mut visit: impl FnMut(AtOnce) -> ControlFlow<()> + Send,
    ) -> Result<(), StoreError> {
        let mut reached: Option<Uuid> = None;
        loop {
            let rows: Vec<LineRow> = on_read!(self, |x| {
                let query = sqlx::query_as(ALONG_TRAIL).bind(wallet).bind(Moment(until));
                query.bind(STRETCH as i64).bind(reached).bind(Moment(from)).fetch_all(x).await
            })?;
            let is_end = rows.len() < STRETCH;
            // The first walk begins behind `until`, the others with the line that was reached.
            let rows = rows.into_iter().skip(usize::from(reached.is_some())).inspect(|row| reached = Some(row.id));
            for row in rows.filter(|row| row.at_once && row.at.0 >= from && row.at.0 < until) {
                if visit(row.try_into()?).is_break() {
                    return Ok(());
                }
            }
            if is_end {
                return Ok(());
            }
        }
    }

    /// The wallets of a user, open or closed.
    pub(crate) async fn wallet_ids(&self, owner: UserId) -> Result<Vec<Uuid>, StoreError> {
        on_read!(self, |x| sqlx::query_scalar(WALLETS).bind(owner.0).fetch_all(x).await)
    }
}

impl SqlUnitOfWork {
    /// The transfer of that id, locked until the unit of work ends.
    pub(super) async fn at_once(&mut self, id: Uuid) -> Result<Option<Transaction>, StoreError> {
        if let crate::db::Tx::Postgres(transaction) = self.open()? {
            // Locked by a statement of its own: what went back of it is read afterwards, as it is then.
            let locked = sqlx::query(LOCK).bind(id).execute(&mut **transaction).await.map(drop);
            self.settle(locked)?;
        }
        let row: Option<LineRow> = on_tx!(self, |x| sqlx::query_as(BY_ID).bind(id).fetch_optional(x).await)?;
        row.map(|row| AtOnce::try_from(row).map(|found| found.transaction)).transpose()
    }
}
