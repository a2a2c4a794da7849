//! Payments: attempts to fund a transaction through a gateway, and the facts about their money.
//!
//! A transaction may have several attempts; at most one of them funds it, and every other one that is paid is a surplus
//! that goes back. "Refunded" and "charged back" are no states but sums: a chargeback after a refund needs no state of its
//! own.

use super::{Method, PayAction};
use crate::{
    ids::{PaymentId, TransactionId, UserId},
    money::Money,
    time::Timestamp,
};

/// Where an attempt stands; `domain::payments::transitions` says which moves there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentState {
    /// Stored; nothing was sent.
    Created,
    /// Sent; the answer is not known.
    Submitting,
    /// Waits for the payer.
    Pending,
    /// Waits for a decision: of the fraud engine's people or, for a manual transfer, of an administrator.
    Review,
    /// The money is reserved.
    Authorized,
    /// Declined, or it went wrong.
    Failed,
    Cancelled,
    Expired,
    /// The money is taken.
    Paid,
    /// Captured and cancelled before it was settled: the money never came.
    Voided,
    /// Paid, and taken back by the gateway; no refund.
    Reversed,
}

/// What a state means for the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentClass {
    /// It may still be paid.
    Open,
    /// Over without money, as far as anyone knows: money can still come late.
    Closed,
    /// Money is there.
    Funded,
    /// Money was there and is gone.
    Unfunded,
}

impl PaymentState {
    /// Every state.
    pub const ALL: [PaymentState; 11] = [
        Self::Created,
        Self::Submitting,
        Self::Pending,
        Self::Review,
        Self::Authorized,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
        Self::Paid,
        Self::Voided,
        Self::Reversed,
    ];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Submitting => "SUBMITTING",
            Self::Pending => "PENDING",
            Self::Review => "REVIEW",
            Self::Authorized => "AUTHORIZED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::Paid => "PAID",
            Self::Voided => "VOIDED",
            Self::Reversed => "REVERSED",
        }
    }

    /// What it means for the money.
    pub fn class(self) -> PaymentClass {
        match self {
            Self::Created | Self::Submitting | Self::Pending | Self::Review | Self::Authorized => PaymentClass::Open,
            Self::Failed | Self::Cancelled | Self::Expired => PaymentClass::Closed,
            Self::Paid => PaymentClass::Funded,
            Self::Voided | Self::Reversed => PaymentClass::Unfunded,
        }
    }
}

/// What became of the money of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// None came, or not yet.
    Nothing,
    /// It funded the transaction.
    Funding,
    /// It came too late or twice and is the payer's again: in a wallet, or on its way back.
    Surplus,
    /// It is not what was asked for, and a person has to look at it.
    Suspense,
}

impl Use {
    /// Every use.
    pub const ALL: [Use; 4] = [Self::Nothing, Self::Funding, Self::Surplus, Self::Suspense];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Funding => "funding",
            Self::Surplus => "surplus",
            Self::Suspense => "suspense",
        }
    }
}

/// Sums over an attempt's money, in smallest units of its currency. They only grow, except `refund_pending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    pub captured: i64,
    /// Given back for good.
    pub refunded: i64,
    /// On its way back.
    pub refund_pending: i64,
    /// Taken back by the payer's bank in disputes that are lost.
    pub charged_back: i64,
    /// Given to the payer's wallet, because it could not go back through the gateway.
    pub credited: i64,
}

impl Sums {
    /// What could still be given back. Below 0 if a gateway gave back more than was taken, which a person has to see.
    pub fn left(&self) -> i64 {
        self.captured - self.refunded - self.refund_pending - self.charged_back - self.credited
    }
}

impl Payment {
    /// What is for the purchase: the amount without the code of a manual transfer.
    pub fn net(&self) -> i64 {
        self.amount.amount() - self.method.code.unwrap_or(0)
    }
}

/// An attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    /// What it is to fund.
    pub transaction: TransactionId,
    /// Whose transaction that is.
    pub user: UserId,
    pub gateway: String,
    /// Our name for it at the gateway, unique there and for ever.
    pub reference: String,
    /// The gateway's name for it.
    pub provider_id: Option<String>,
    pub amount: Money,
    pub method: Method,
    pub state: PaymentState,
    pub used: Use,
    pub sums: Sums,
    /// The gateway has passed the money on.
    pub settled: bool,
    /// Paid when it was over already.
    pub late: bool,
    /// Why it failed, or why a person has to look at it.
    pub reason: Option<String>,
    /// A person has to look at it: nothing goes on by itself.
    pub frozen: bool,
    /// What the payer has to do.
    pub action: Option<PayAction>,
    pub description: Option<String>,
    /// The same for repetitions of one call to the gateway.
    pub idempotency_key: String,
    /// When it was first sent to the gateway under this idempotency key.
    pub sent_at: Option<Timestamp>,
    /// When the payer's time is over.
    pub expires_at: Timestamp,
    /// The last authoritative read.
    pub verified_at: Option<Timestamp>,
    /// When somebody looks after it by itself; none when nothing more is expected.
    pub next_check_at: Option<Timestamp>,
    /// How often it was looked after since its last change.
    pub checks: u32,
    /// The gateway's last answer, masked.
    pub raw: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts the changes that were stored: what was read at the gateway for one revision is applied to no other.
    pub revision: u64,
}
