//! The statuses of a transaction at Midtrans and which may follow which.

use serde::Serialize;

/// `transaction_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for the customer.
    Pending,
    /// The money is held.
    Authorize,
    /// The card is charged; the money has not arrived.
    Capture,
    /// Paid.
    Settlement,
    /// Refused, or taken back by the bank.
    Deny,
    /// Cancelled by the merchant.
    Cancel,
    /// Time ran out.
    Expire,
    /// Something broke.
    Failure,
    /// All was given back.
    Refund,
    /// Part was given back.
    PartialRefund,
    /// A dispute took all.
    Chargeback,
    /// A dispute took part.
    PartialChargeback,
}

/// `fraud_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fraud {
    /// Nothing is wrong.
    Accept,
    /// A person has to look.
    Challenge,
    /// It is fraud.
    Deny,
}

impl Status {
    /// As it is written.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Settlement => "settlement",
            Self::Deny => "deny",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
            Self::Failure => "failure",
            Self::Refund => "refund",
            Self::PartialRefund => "partial_refund",
            Self::Chargeback => "chargeback",
            Self::PartialChargeback => "partial_chargeback",
        }
    }

    /// Whether the other one may follow.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{
            Authorize, Cancel, Capture, Chargeback, Deny, Expire, Failure, PartialChargeback, PartialRefund, Pending,
            Refund, Settlement,
        };
        match self {
            Pending => matches!(next, Settlement | Capture | Authorize | Deny | Cancel | Expire | Failure),
            Authorize => matches!(next, Capture | Cancel | Deny | Expire),
            Capture => matches!(next, Settlement | Cancel | Deny),
            Settlement => matches!(next, Refund | PartialRefund | Chargeback | PartialChargeback | Deny),
            PartialRefund => matches!(next, PartialRefund | Refund | Chargeback | PartialChargeback),
            PartialChargeback => matches!(next, PartialChargeback | Chargeback),
            Deny | Cancel | Expire | Failure | Refund | Chargeback => false,
        }
    }

    /// Whether the merchant has the money, apart from what was given back or taken away since.
    pub fn funded(self) -> bool {
        matches!(
            self,
            Self::Capture
                | Self::Settlement
                | Self::Refund
                | Self::PartialRefund
                | Self::Chargeback
                | Self::PartialChargeback
        )
    }
}

impl Fraud {
    /// As it is written.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Challenge => "challenge",
            Self::Deny => "deny",
        }
    }
}
