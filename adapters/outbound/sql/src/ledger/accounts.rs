//! Accounts as rows.

use dermaga_ports::{
    StoreError,
    ids::{AccountId, TransferId},
    ledger::{Account, AccountKind, Counters, Floor, Trail},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::codec::{Moment, corrupt, named, parsed};

/// The columns of [`AccountRow`], from the table as `a`, as they are stored.
macro_rules! account_columns {
    () => {
        "a.id, a.kind, a.code, a.currency, a.floor, a.debits_posted, a.debits_pending, a.credits_posted, \
         a.credits_pending, a.closed AS account_closed, a.touched_at, a.lines, a.last_line, a.revision"
    };
}

/// What is reserved on one side, without holds that are past their deadline at `$2`: whether a job has tidied them up must
/// not matter. Where nothing is reserved, which is nearly everywhere, nothing is looked for.
macro_rules! live_pending {
    ($side:literal) => {
        concat!(
            "CASE WHEN a.",
            $side,
            "s_pending = 0 THEN 0 ELSE a.",
            $side,
            "s_pending - COALESCE((SELECT CAST(SUM(h.amount) AS BIGINT) FROM ledger_holds h WHERE h.",
            $side,
            " = a.id AND h.state = 'open' AND h.expires_at <= $2), 0) END AS ",
            $side,
            "s_pending"
        )
    };
}

/// The columns of [`AccountRow`] without those holds.
macro_rules! live_account_columns {
    () => {
        concat!(
            "a.id, a.kind, a.code, a.currency, a.floor, a.debits_posted, ",
            $crate::ledger::accounts::live_pending!("debit"),
            ", a.credits_posted, ",
            $crate::ledger::accounts::live_pending!("credit"),
            ", a.closed AS account_closed, a.touched_at, a.lines, a.last_line, a.revision"
        )
    };
}

pub(super) use {account_columns, live_account_columns, live_pending};

/// Accounts as they are stored, in the order of their ids: `$2` of them behind `$1`.
pub(super) const ACCOUNT_PAGE: &str =
    concat!("SELECT ", account_columns!(), " FROM ledger_accounts a WHERE a.id > $1 ORDER BY a.id LIMIT $2");

#[derive(FromRow)]
pub(super) struct AccountRow {
    id: Uuid,
    kind: String,
    code: String,
    currency: String,
    floor: Option<i64>,
    debits_posted: i64,
    debits_pending: i64,
    credits_posted: i64,
    credits_pending: i64,
    account_closed: bool,
    touched_at: Moment,
    lines: i64,
    last_line: Option<Uuid>,
    revision: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        let counters = Counters {
            debits_posted: row.debits_posted,
            debits_pending: row.debits_pending,
            credits_posted: row.credits_posted,
            credits_pending: row.credits_pending,
        };
        let counters = legal(row.id, counters)?;
        Ok(Self {
            id: AccountId(row.id),
            kind: named(&AccountKind::ALL, AccountKind::as_str, &row.kind)?,
            code: row.code,
            currency: parsed(&row.currency)?,
            floor: row.floor.map_or(Floor::Unlimited, Floor::AtLeast),
            counters,
            closed: row.account_closed,
            touched_at: row.touched_at.0,
            trail: Trail { lines: row.lines.unsigned_abs(), last: row.last_line.map(TransferId) },
            revision: row.revision.unsigned_abs(),
        })
    }
}

/// Counters as they were read, if they can be.
pub(super) fn legal(account: Uuid, counters: Counters) -> Result<Counters, StoreError> {
    if counters.is_legal() {
        return Ok(counters);
    }
    Err(corrupt(format_args!("account {account} has illegal counters {counters:?}")))
}

/// A floor as a column.
pub(super) fn floor_column(floor: Floor) -> Option<i64> {
    match floor {
        Floor::AtLeast(amount) => Some(amount),
        Floor::Unlimited => None,
    }
}
