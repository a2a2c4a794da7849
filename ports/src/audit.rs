//! Who did what: one row for every change that moves money or grants access, in the same transaction as the change.

use async_trait::async_trait;

use crate::{
    StoreError,
    auth::Principal,
    ids::AuditId,
    ledger::Transaction,
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: AuditId,
    pub at: Timestamp,
    /// `user:<id>`, `service:<name>`, `operator` or `anyone`.
    pub actor: String,
    /// What was done, as `context.verb`: `auth.registered`, `transaction.refunded`.
    pub action: &'static str,
    /// What it was done to, as `kind:<id>`.
    pub subject: String,
    /// What a reviewer needs besides: amounts, old and new values. Never a secret.
    pub detail: String,
}

/// An entry as read back; the action is whatever version of the program wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
}

/// The action of a movement of money that is done.
pub const TRANSACTION_COMPLETED: &str = "transaction.completed";

impl AuditRecord {
    /// The entry that a transfer at once is by itself. `actor` is who asked for it, if not the payer.
    pub fn of_transfer(transaction: &Transaction, actor: Option<String>) -> Self {
        Self {
            id: AuditId(transaction.id.0),
            at: transaction.created_at,
            actor: actor.unwrap_or_else(|| format!("user:{}", transaction.user)),
            action: TRANSACTION_COMPLETED.to_owned(),
            subject: format!("transaction:{}", transaction.id),
            detail: format!("{} {}", transaction.kind.as_str(), transaction.amount),
        }
    }
}

/// What to look for in the trail; everything that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

/// The trail inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditTrail: Send {
    /// Appends. Entries MUST NOT be changeable afterwards.
    async fn record(&mut self, entry: &AuditEntry) -> Result<(), StoreError>;
}

/// The trail, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditQueries: Send + Sync {
    /// Newest first.
    async fn audit(
        &self,
        filter: &AuditFilter,
        page: PageRequest<AuditId>,
    ) -> Result<Page<AuditRecord, AuditId>, StoreError>;
}

/// How the trail names the one who acted.
impl From<&Principal> for String {
    fn from(principal: &Principal) -> Self {
        match principal {
            Principal::User { id, .. } => format!("user:{id}"),
            Principal::Service { name } => format!("service:{name}"),
            Principal::Operator => "operator".to_owned(),
        }
    }
}
