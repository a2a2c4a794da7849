//! Lines of the journal as rows.

use dermaga_ports::{
    StoreError,
    ids::{AccountId, TransferId},
    ledger::Transfer,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::codec::{self, Moment};

/// The columns of [`TransferRow`], from the journal as `t` and the debited account as `a`: the journal does not repeat
/// the currency in every line.
macro_rules! transfer_columns {
    () => {
        "t.id, t.kind, t.purpose, t.debit, t.credit, t.amount, a.currency, t.refers_to, t.expires_at, t.at, \
         t.debit_balance, t.credit_balance, t.debit_previous, t.credit_previous, t.description, t.actor"
    };
}

pub(super) use transfer_columns;

#[derive(FromRow)]
pub(super) struct TransferRow {
    id: Uuid,
    kind: i16,
    purpose: i16,
    debit: Uuid,
    credit: Uuid,
    amount: i64,
    currency: String,
    refers_to: Option<Uuid>,
    expires_at: Option<Moment>,
    at: Moment,
    debit_balance: i64,
    credit_balance: i64,
    debit_previous: Option<Uuid>,
    credit_previous: Option<Uuid>,
    description: Option<String>,
    actor: Option<String>,
}

impl TryFrom<TransferRow> for Transfer {
    type Error = StoreError;

    fn try_from(row: TransferRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TransferId(row.id),
            kind: codec::kind(row.kind)?,
            purpose: codec::purpose(row.purpose)?,
            debit: AccountId(row.debit),
            credit: AccountId(row.credit),
            amount: codec::money(row.amount, &row.currency)?,
            refers_to: row.refers_to.map(TransferId),
            expires_at: row.expires_at.map(|moment| moment.0),
            at: row.at.0,
            debit_balance: row.debit_balance,
            credit_balance: row.credit_balance,
            debit_previous: row.debit_previous.map(TransferId),
            credit_previous: row.credit_previous.map(TransferId),
            description: row.description,
            actor: row.actor,
        })
    }
}
