//! Idempotency keys: a request that is repeated gets the first answer instead of a second effect.
//!
//! A key belongs to one caller and one operation. Its first use stores a hash of the body and a *seed*: the id under
//! which the request creates its record. A repetition after a crash runs again with the same seed and therefore finds
//! the record instead of making another, so a key is safe even when the process died between effect and answer.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{StoreError, time::Timestamp};

/// Whose key it is and for what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyScope {
    /// The caller, as the audit trail names them.
    pub caller: String,
    /// The operation, as the API names it.
    pub operation: &'static str,
    /// The caller's key.
    pub key: String,
}

/// Whose answers say nothing but what the ledger says in the clear: ids, amounts, what the payer wrote. They are many,
/// and they wait for nothing that they do not need.
const OF_THE_LEDGER: [&str; 3] = ["transfer", "transfer_batch", "pay_merchant"];

impl KeyScope {
    /// Whether the answer may speak of a person, so that a store MUST NOT keep it in the clear.
    pub fn is_personal(&self) -> bool {
        !OF_THE_LEDGER.contains(&self.operation)
    }
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// SHA-256 of the request's content.
    pub fingerprint: [u8; 32],
    /// The id under which the request creates its record.
    pub seed: Uuid,
    /// Where the first request stands.
    pub state: KeyState,
    /// When the key was first used.
    pub created_at: Timestamp,
}

/// Where the first request of a key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// At work until the lease ends; after that, the process is taken for dead and a repetition may run.
    Running { lease_until: Timestamp },
    /// Answered, with this status and body.
    Answered { status: u16, body: String },
}

/// The keys inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IdempotencyKeys: Send {
    /// The record of a key, locked.
    async fn find(&mut self, scope: &KeyScope) -> Result<Option<KeyRecord>, StoreError>;

    /// Stores the record of a new key. Two callers that both found nothing MUST NOT both
    /// succeed: the second gets [`StoreError::Conflict`] with [`crate::Unique::Id`], or waits and then finds the first.
    async fn add(&mut self, scope: &KeyScope, record: &KeyRecord) -> Result<(), StoreError>;

    /// Changes where the request stands that is at work until `lease_until`.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if no request is at work under that lease: it was answered, another one runs in its place,
    /// or there is no such key. Then nothing is changed, so that whoever is late overwrites nobody's answer.
    async fn save(&mut self, scope: &KeyScope, lease_until: Timestamp, state: &KeyState) -> Result<(), StoreError>;

    /// Forgets keys first used before `before`; answers how many.
    async fn forget(&mut self, before: Timestamp) -> Result<u64, StoreError>;
}
