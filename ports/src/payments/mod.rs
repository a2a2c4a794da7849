//! How money comes in from outside: the socket for payment gateways.

use async_trait::async_trait;

use crate::{ids::TransactionId, money::Money};

/// A charge that a gateway shall take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Our id, and the gateway's idempotency key: the same charge asked for again MUST NOT be taken again.
    pub id: TransactionId,
    pub amount: Money,
    /// One of [`PaymentGateway::methods`].
    pub method: String,
}

/// What a gateway answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// The money is at the gateway.
    Settled {
        /// The gateway's own name for the charge.
        reference: String,
    },
    /// The gateway said no, and why.
    Refused { reason: String },
    /// No answer, or none that can be read: the charge may or may not have been taken. It must be asked about, never
    /// repeated under another id and never given up.
    Unknown { reason: String },
}

/// A payment gateway.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// Its name in the books and on the wire.
    fn name(&self) -> &str;

    /// The methods it offers; the first is the default.
    fn methods(&self) -> &[&'static str];

    /// Takes a charge. Idempotent by [`Charge::id`]. MUST NOT be called while a unit of work is open.
    async fn charge(&self, charge: &Charge) -> ChargeOutcome;
}
