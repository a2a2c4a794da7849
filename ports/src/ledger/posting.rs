//! Posting: what goes into the ledger, what comes out, and the socket in between.

use std::fmt;

use async_trait::async_trait;

use super::{Account, Hold, NewTransfer, Transaction, Transfer, Waypoint};
use crate::{
    StoreError,
    audit::AuditEntry,
    events::Event,
    ids::{AccountId, TransferId},
    money::Currency,
    time::Timestamp,
};

/// The most transfers that may be linked.
pub const MAX_LINKED: usize = 1_000;

/// Transfers that happen together, in this order, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting(Vec<NewTransfer>);

impl Posting {
    /// `None` for no transfers or more than [`MAX_LINKED`].
    pub fn linked(transfers: Vec<NewTransfer>) -> Option<Self> {
        (1..=MAX_LINKED).contains(&transfers.len()).then_some(Self(transfers))
    }

    /// The transfers, in order.
    pub fn transfers(&self) -> &[NewTransfer] {
        &self.0
    }
}

impl From<NewTransfer> for Posting {
    fn from(transfer: NewTransfer) -> Self {
        Self(vec![transfer])
    }
}

/// A posting with the papers that belong to it: whatever is written, is written in the same commit.
///
/// The papers are filed only when the posting is new; a replayed one has filed them the first time. A transfer at once
/// from wallet to wallet needs none: its line in the journal is its transaction, its event and its entry in the audit
/// trail, and it is sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct Voucher {
    pub posting: Posting,
    /// What the owner sees of it.
    pub transaction: Option<Transaction>,
    pub event: Option<Event>,
    pub audit: Option<AuditEntry>,
}

impl From<Posting> for Voucher {
    /// A posting without papers.
    fn from(posting: Posting) -> Self {
        Self { posting, transaction: None, event: None, audit: None }
    }
}

/// A transfer that is in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The line, with the balances it left behind.
    pub transfer: Transfer,
    /// It was there before: this is the first answer again.
    pub replayed: bool,
}

/// What became of one posting: all its transfers, or why none.
pub type Outcome = Result<Vec<Posted>, Refusal>;

/// Why a posting was refused. Nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which transfer of the posting, counted from 0.
    pub index: usize,
    pub reason: RefusalReason,
}

/// Why a transfer cannot happen. The first of these that applies, in this order, is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalReason {
    /// The id is that of a transfer with other content.
    IdTaken,
    /// No such account.
    AccountNotFound(AccountId),
    /// The hold or the original is not in the journal.
    ReferenceNotFound(TransferId),
    /// The account takes no transfers any more.
    AccountClosed(AccountId),
    /// An account of another currency than the amount.
    CurrencyMismatch { account: AccountId, currency: Currency },
    /// What it refers to is no hold, or cannot be reversed.
    WrongKind(TransferId),
    /// The hold has been posted, voided or has expired already.
    HoldNotOpen(TransferId),
    /// The hold's deadline has passed.
    HoldExpired(TransferId),
    /// More than the hold reserved, or more than is left to reverse.
    ExceedsReference { left: i64 },
    /// The available balance is too small.
    InsufficientFunds { account: AccountId, available: i64, needed: i64 },
    /// A counter would leave the range that every client can read.
    CounterOverflow(AccountId),
}

/// The ledger as a socket of its own, so that decorators can coalesce, cache and measure what goes through.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Posts each voucher or refuses it, in order; one answer for each.
    ///
    /// MUST be durable when it answers. MUST be idempotent by transfer id. A refused voucher MUST NOT hinder its
    /// neighbours, and no other observer may ever see a part of a voucher.
    ///
    /// # Errors
    /// Nothing is known of any of them; repeat with the same ids.
    async fn post(&self, vouchers: Vec<Voucher>) -> Result<Vec<Outcome>, StoreError>;
}

/// How much of a transfer has been moved back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reversed {
    pub original: TransferId,
    pub total: i64,
    /// When the last part of it was.
    pub at: Timestamp,
}

/// What the decision on a batch changes: everything [`super::Books::write`] has to store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Accounts with their new counters, and the revision that was decided on.
    pub accounts: Vec<Account>,
    /// New lines of the journal, in order.
    pub transfers: Vec<Transfer>,
    /// Those among the new lines that can be found by their time.
    pub waypoints: Vec<Waypoint>,
    /// Holds, new or with their new state.
    pub holds: Vec<Hold>,
    /// Originals, and how much of them has been reversed now.
    pub reversed: Vec<Reversed>,
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdTaken => write!(f, "the id belongs to a different transfer"),
            Self::AccountNotFound(account) => write!(f, "account {account} does not exist"),
            Self::ReferenceNotFound(transfer) => write!(f, "transfer {transfer} does not exist"),
            Self::AccountClosed(account) => write!(f, "account {account} is closed"),
            Self::CurrencyMismatch { account, currency } => write!(f, "account {account} is kept in {currency}"),
            Self::WrongKind(transfer) => write!(f, "transfer {transfer} is of the wrong kind for this"),
            Self::HoldNotOpen(hold) => write!(f, "hold {hold} is not open any more"),
            Self::HoldExpired(hold) => write!(f, "hold {hold} has expired"),
            Self::ExceedsReference { left } => write!(f, "only {left} is left"),
            Self::InsufficientFunds { available, needed, .. } => write!(f, "{needed} needed, {available} available"),
            Self::CounterOverflow(account) => write!(f, "account {account} cannot count that much"),
        }
    }
}
