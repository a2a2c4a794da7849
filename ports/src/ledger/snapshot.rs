//! Everything the ledger holds at one moment, to be counted again.

use async_trait::async_trait;

use super::{
    Account, Hold, Reversed, Waypoint,
    seal::{Head, SealedBatch},
};
use crate::{
    StoreError,
    ids::{AccountId, TransferId},
    time::Timestamp,
};

/// How much there is to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Lines of the journal.
    pub lines: u64,
    pub accounts: u64,
    pub holds: u64,
    pub reversals: u64,
    pub waypoints: u64,
}

/// The ledger at one moment, whatever is written meanwhile. Everything comes in pages of at most `limit`, in the order
/// of what `after` names; an empty page is the end.
#[async_trait]
pub trait Snapshot: Send {
    async fn extent(&mut self) -> Result<Extent, StoreError>;

    /// The end of the chain, as stored; none if somebody took it away.
    async fn head(&mut self) -> Result<Option<Head>, StoreError>;

    /// Batches after the one of that number. `limit` counts lines: a page ends with the batch that reaches it.
    async fn batches(&mut self, after: u64, limit: usize) -> Result<Vec<SealedBatch>, StoreError>;

    /// Lines of the journal in the order of their ids, the ids alone.
    async fn line_ids(&mut self, after: Option<TransferId>, limit: usize) -> Result<Vec<TransferId>, StoreError>;

    async fn accounts(&mut self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>, StoreError>;

    async fn holds(&mut self, after: Option<TransferId>, limit: usize) -> Result<Vec<Hold>, StoreError>;

    async fn reversals(&mut self, after: Option<TransferId>, limit: usize) -> Result<Vec<Reversed>, StoreError>;

    async fn waypoints(
        &mut self,
        after: Option<(AccountId, Timestamp)>,
        limit: usize,
    ) -> Result<Vec<Waypoint>, StoreError>;
}
