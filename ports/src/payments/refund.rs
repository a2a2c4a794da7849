//! Refunds and disputes of payments.

use super::{DisputeProgress, Payment};
use crate::{
    ids::{PaymentId, RefundId},
    money::Money,
    time::Timestamp,
};

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundState {
    /// Stored, its money reserved; the gateway has not answered for certain.
    Requested,
    /// The gateway accepted it and has not confirmed it.
    Pending,
    Succeeded,
    Failed,
}

impl RefundState {
    /// Every state.
    pub const ALL: [RefundState; 4] = [Self::Requested, Self::Pending, Self::Succeeded, Self::Failed];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// Money that goes back through the gateway that took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: RefundId,
    pub payment: PaymentId,
    /// Our name for it at the gateway, or the gateway's own for one that somebody made there.
    pub key: String,
    pub amount: Money,
    pub reason: String,
    pub state: RefundState,
    /// Why it failed.
    pub failure: Option<String>,
    /// Somebody made it at the gateway, not here.
    pub external: bool,
    /// When the gateway is asked about it next.
    pub next_check_at: Option<Timestamp>,
    pub checks: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Refund {
    /// A refund that shall be made. Its key follows from its id: 32 hexadecimal digits.
    pub fn requested(id: RefundId, payment: &Payment, amount: Money, reason: &str, now: Timestamp) -> Self {
        Self {
            id,
            payment: payment.id,
            key: id.0.simple().to_string(),
            amount,
            reason: reason.to_owned(),
            state: RefundState::Requested,
            failure: None,
            external: false,
            next_check_at: Some(now),
            checks: 0,
            created_at: now,
            updated_at: now,
        }
    }
}

/// A dispute between payer and bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    pub payment: PaymentId,
    /// The gateway's id; unique for each payment.
    pub id: String,
    /// At stake, or lost.
    pub amount: Money,
    pub state: DisputeProgress,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
