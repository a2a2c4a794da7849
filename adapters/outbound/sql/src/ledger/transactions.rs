//! Transactions as rows, and transactions inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::{TransactionId, TransferId, UserId, WalletId},
    ledger::{Counterparty, Transaction, TransactionKind, TransactionStatus, Transactions},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt, money, named, search_text, unfindable},
    db::Dialects,
    unit_of_work::SqlUnitOfWork,
};

/// The columns of [`TransactionRow`].
macro_rules! select_transaction {
    () => {
        "SELECT id, kind, status, user_id, wallet_id, counterparty_kind, counterparty_user, counterparty_wallet, \
         counterparty_name, counterparty_method, amount, currency, refunded, description, reference, failure, \
         transfer_id, expires_at, created_at, updated_at FROM transactions"
    };
}

pub(super) use select_transaction;

const INSERT: &str = "INSERT INTO transactions (id, kind, status, user_id, wallet_id, counterparty_kind, \
    counterparty_user, counterparty_wallet, counterparty_name, counterparty_method, amount, currency, refunded, \
    description, reference, failure, transfer_id, expires_at, created_at, updated_at, search) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) \
    ON CONFLICT DO NOTHING";
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM transactions WHERE id = $1)";
const FIND: Dialects = locking!(select_transaction!(), " WHERE id = $1");
const BY_REFERENCE: &str = concat!(select_transaction!(), " WHERE wallet_id = $1 AND kind = $2 AND reference = $3");
const UPDATE: &str = "UPDATE transactions SET status = $2, refunded = $3, failure = $4, transfer_id = $5, \
    description = $6, updated_at = $7, search = $8, expires_at = $9 WHERE id = $1";
const HAS_UNFINISHED: &str = "SELECT EXISTS (SELECT 1 FROM transactions \
        WHERE user_id = $1 AND status IN ('PENDING', 'PROCESSING')) \
    OR EXISTS (SELECT 1 FROM transactions WHERE counterparty_user = $1 AND status IN ('PENDING', 'PROCESSING'))";

macro_rules! overdue {
    ($lock:literal) => {
        concat!(
            select_transaction!(),
            " WHERE status IN ('PENDING', 'PROCESSING') AND kind IN ('transfer', 'payment') AND expires_at <= $1 \
             ORDER BY expires_at, id LIMIT $2",
            $lock
        )
    };
}

/// Several hosts tidy up at once: each takes what no other has.
const OVERDUE: Dialects = Dialects { postgres: overdue!(" FOR NO KEY UPDATE SKIP LOCKED"), sqlite: overdue!("") };

#[derive(FromRow)]
pub(super) struct TransactionRow {
    id: Uuid,
    kind: String,
    status: String,
    user_id: Uuid,
    wallet_id: Uuid,
    counterparty_kind: String,
    counterparty_user: Option<Uuid>,
    counterparty_wallet: Option<Uuid>,
    counterparty_name: Option<String>,
    counterparty_method: Option<String>,
    amount: i64,
    currency: String,
    refunded: i64,
    description: Option<String>,
    reference: Option<String>,
    failure: Option<String>,
    transfer_id: Option<Uuid>,
    expires_at: Option<Moment>,
    created_at: Moment,
    updated_at: Moment,
}

impl TryFrom<TransactionRow> for Transaction {
    type Error = StoreError;

    fn try_from(row: TransactionRow) -> Result<Self, StoreError> {
        let counterparty = match (
            row.counterparty_kind.as_str(),
            row.counterparty_user,
            row.counterparty_wallet,
            row.counterparty_name,
            row.counterparty_method,
        ) {
            ("user", Some(user), Some(wallet), ..) => {
                Counterparty::User { user: UserId(user), wallet: WalletId(wallet) }
            }
            ("merchant", _, _, Some(name), _) => Counterparty::Merchant { name },
            ("gateway", _, _, Some(name), Some(method)) => Counterparty::Gateway { name, method },
            ("staff", _, _, Some(name), _) => Counterparty::Staff { name },
            (kind, ..) => return Err(corrupt(format_args!("transaction {} with half a {kind}", row.id))),
        };
        Ok(Self {
            id: TransactionId(row.id),
            kind: named(&TransactionKind::ALL, TransactionKind::as_str, &row.kind)?,
            status: named(&TransactionStatus::ALL, TransactionStatus::as_str, &row.status)?,
            user: UserId(row.user_id),
            wallet: WalletId(row.wallet_id),
            counterparty,
            amount: money(row.amount, &row.currency)?,
            refunded: row.refunded,
            description: row.description,
            reference: row.reference,
            failure: row.failure,
            transfer: row.transfer_id.map(TransferId),
            expires_at: row.expires_at.map(|moment| moment.0),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

/// The other side in columns.
#[derive(Default)]
struct OtherSide<'t> {
    kind: &'static str,
    user: Option<Uuid>,
    wallet: Option<Uuid>,
    name: Option<&'t str>,
    method: Option<&'t str>,
}

impl<'t> From<&'t Counterparty> for OtherSide<'t> {
    fn from(counterparty: &'t Counterparty) -> Self {
        match counterparty {
            Counterparty::User { user, wallet } => {
                Self { kind: "user", user: Some(user.0), wallet: Some(wallet.0), ..Self::default() }
            }
            Counterparty::Merchant { name } => Self { kind: "merchant", name: Some(name), ..Self::default() },
            Counterparty::Gateway { name, method } => {
                Self { kind: "gateway", name: Some(name), method: Some(method), ..Self::default() }
            }
            Counterparty::Staff { name } => Self { kind: "staff", name: Some(name), ..Self::default() },
        }
    }
}

/// What the list of transactions searches.
fn search(transaction: &Transaction) -> String {
    let merchant = match &transaction.counterparty {
        Counterparty::Merchant { name } => Some(name.as_str()),
        _ => None,
    };
    search_text(&[transaction.description.as_deref(), transaction.reference.as_deref(), merchant])
}

#[async_trait]
impl Transactions for SqlUnitOfWork {
    async fn add(&mut self, transaction: &Transaction) -> Result<(), StoreError> {
        let other = OtherSide::from(&transaction.counterparty);
        let search = search(transaction);
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(transaction.id.0)
                .bind(transaction.kind.as_str())
                .bind(transaction.status.as_str())
                .bind(transaction.user.0)
                .bind(transaction.wallet.0)
                .bind(other.kind)
                .bind(other.user)
                .bind(other.wallet)
                .bind(other.name)
                .bind(other.method)
                .bind(transaction.amount.amount())
                .bind(transaction.amount.currency().code())
                .bind(transaction.refunded)
                .bind(transaction.description.as_deref())
                .bind(transaction.reference.as_deref())
                .bind(transaction.failure.as_deref())
                .bind(transaction.transfer.map(Uuid::from))
                .bind(transaction.expires_at.map(Moment))
                .bind(Moment(transaction.created_at))
                .bind(Moment(transaction.updated_at))
                .bind(search.as_str())
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
        }
        Err(self.id_or_reference(EXISTS, transaction.id.0).await?)
    }

    async fn find(&mut self, id: TransactionId) -> Result<Option<Transaction>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<TransactionRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        match row {
            Some(row) => row.try_into().map(Some),
            None => self.at_once(id.0).await,
        }
    }

    async fn find_by_reference(
        &mut self,
        wallet: WalletId,
        kind: TransactionKind,
        reference: &str,
    ) -> Result<Option<Transaction>, StoreError> {
        if unfindable(&[Some(reference)]) {
            return Ok(None);
        }
        let row: Option<TransactionRow> = on_tx!(self, |x| {
            let query = sqlx::query_as(BY_REFERENCE).bind(wallet.0).bind(kind.as_str());
            query.bind(reference).fetch_optional(x).await
        })?;
        row.map(Transaction::try_from).transpose()
    }

    async fn save(&mut self, transaction: &Transaction) -> Result<(), StoreError> {
        let search = search(transaction);
        let changed = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(transaction.id.0)
                .bind(transaction.status.as_str())
                .bind(transaction.refunded)
                .bind(transaction.failure.as_deref())
                .bind(transaction.transfer.map(Uuid::from))
                .bind(transaction.description.as_deref())
                .bind(Moment(transaction.updated_at))
                .bind(search.as_str())
                .bind(transaction.expires_at.map(Moment))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(StoreError::Stale(Entity::Transaction)) } else { Ok(()) }
    }

    async fn has_unfinished(&mut self, user: UserId) -> Result<bool, StoreError> {
        on_tx!(self, |x| sqlx::query_scalar(HAS_UNFINISHED).bind(user.0).fetch_one(x).await)
    }

    async fn overdue(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Transaction>, StoreError> {
        let sql = self.dialect(OVERDUE);
        let rows: Vec<TransactionRow> =
            on_tx!(self, |x| sqlx::query_as(sql).bind(Moment(now)).bind(i64::from(limit)).fetch_all(x).await)?;
        rows.into_iter().map(Transaction::try_from).collect()
    }
}
