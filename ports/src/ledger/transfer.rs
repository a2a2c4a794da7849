//! Transfers: what is asked for, and the immutable line of the journal that it becomes.

use crate::{
    ids::{AccountId, TransferId},
    money::Money,
    time::Timestamp,
};

/// The business reason of a movement; statements and reports group by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    Topup,
    Payment,
    Transfer,
    Debit,
    Credit,
    Refund,
    /// What a payment gateway keeps for its work.
    Fee,
    /// A payer's money that came too late or twice.
    Surplus,
    /// Money that nobody can place yet.
    Suspense,
    /// What a gateway took back.
    Chargeback,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 10] = [
        Self::Topup,
        Self::Payment,
        Self::Transfer,
        Self::Debit,
        Self::Credit,
        Self::Refund,
        Self::Fee,
        Self::Surplus,
        Self::Suspense,
        Self::Chargeback,
    ];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topup => "topup",
            Self::Payment => "payment",
            Self::Transfer => "transfer",
            Self::Debit => "debit",
            Self::Credit => "credit",
            Self::Refund => "refund",
            Self::Fee => "fee",
            Self::Surplus => "surplus",
            Self::Suspense => "suspense",
            Self::Chargeback => "chargeback",
        }
    }
}

/// What a transfer shall do. The amounts are positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// Move the amount now.
    Post { debit: AccountId, credit: AccountId, amount: Money },
    /// Reserve the amount; it is released by itself at the deadline.
    Hold { debit: AccountId, credit: AccountId, amount: Money, expires_at: Option<Timestamp> },
    /// Move what a hold reserved, or a part of it; the rest is released.
    PostHold { hold: TransferId, amount: Option<Money> },
    /// Release what a hold reserved.
    VoidHold { hold: TransferId },
    /// Move back what a transfer moved, or a part of it; all reversals together never exceed it.
    Reverse { original: TransferId, amount: Option<Money> },
}

/// A transfer that cannot be, whatever the books say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalTransfer {
    /// Zero or less.
    #[error("must be more than 0")]
    NotPositive,
    /// From an account to itself.
    #[error("sender and receiver are the same")]
    SameAccount,
    /// Holds and reversals must name another transfer.
    #[error("a transfer cannot refer to itself")]
    SelfReference,
}

/// A movement that is asked for.
///
/// The id is the caller's, and it is the idempotency key: asked again with the same content, the ledger answers what it
/// answered first; with other content, it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTransfer {
    id: TransferId,
    instruction: Instruction,
    purpose: Purpose,
    description: Option<String>,
    actor: Option<String>,
}

impl NewTransfer {
    /// # Errors
    /// See [`IllegalTransfer`].
    pub fn new(id: TransferId, purpose: Purpose, instruction: Instruction) -> Result<Self, IllegalTransfer> {
        let (amount, refers_to) = match &instruction {
            Instruction::Post { debit, credit, amount } | Instruction::Hold { debit, credit, amount, .. } => {
                if debit == credit {
                    return Err(IllegalTransfer::SameAccount);
                }
                (Some(*amount), None)
            }
            Instruction::PostHold { hold: other, amount } | Instruction::Reverse { original: other, amount } => {
                (*amount, Some(*other))
            }
            Instruction::VoidHold { hold } => (None, Some(*hold)),
        };
        if amount.is_some_and(|amount| !amount.is_positive()) {
            return Err(IllegalTransfer::NotPositive);
        }
        if refers_to == Some(id) {
            return Err(IllegalTransfer::SelfReference);
        }
        Ok(Self { id, instruction, purpose, description: None, actor: None })
    }

    /// With what the payer wrote on it.
    pub fn described(self, description: Option<String>) -> Self {
        Self { description, ..self }
    }

    /// Asked for by somebody else than the owner of the debited account, as the audit trail names them.
    pub fn by(self, actor: Option<String>) -> Self {
        Self { actor, ..self }
    }

    /// The id, made by the caller.
    pub fn id(&self) -> TransferId {
        self.id
    }

    /// What shall happen.
    pub fn instruction(&self) -> &Instruction {
        &self.instruction
    }

    /// Why.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// What the payer wrote on it.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Who asked for it, if not the owner of the debited account.
    pub fn actor(&self) -> Option<&str> {
        self.actor.as_deref()
    }

    /// The earlier transfer that this one completes, releases or reverses.
    pub fn refers_to(&self) -> Option<TransferId> {
        match &self.instruction {
            Instruction::Post { .. } | Instruction::Hold { .. } => None,
            Instruction::PostHold { hold: other, .. }
            | Instruction::VoidHold { hold: other }
            | Instruction::Reverse { original: other, .. } => Some(*other),
        }
    }
}

/// What a line of the journal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferKind {
    Post,
    Hold,
    PostHold,
    VoidHold,
    Reverse,
}

impl TransferKind {
    /// Every kind.
    pub const ALL: [TransferKind; 5] = [Self::Post, Self::Hold, Self::PostHold, Self::VoidHold, Self::Reverse];

    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Hold => "hold",
            Self::PostHold => "post_hold",
            Self::VoidHold => "void_hold",
            Self::Reverse => "reverse",
        }
    }

    /// Whether money moved, rather than being reserved or released.
    pub fn moves_money(self) -> bool {
        matches!(self, Self::Post | Self::PostHold | Self::Reverse)
    }
}

/// A line of the journal. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    pub kind: TransferKind,
    pub purpose: Purpose,
    /// The account whose balance falls.
    pub debit: AccountId,
    /// The account whose balance rises.
    pub credit: AccountId,
    /// What was moved, reserved or released.
    pub amount: Money,
    /// The hold or the original that this line refers to.
    pub refers_to: Option<TransferId>,
    /// The deadline of a hold.
    pub expires_at: Option<Timestamp>,
    /// When; for each account, at least a microsecond after the line before, whatever the clock says.
    pub at: Timestamp,
    /// The posted balance of the debited account after this line.
    pub debit_balance: i64,
    /// The posted balance of the credited account after this line.
    pub credit_balance: i64,
    /// The line before on the debited account's [`super::Trail`]; none for the first, and for lines that move nothing.
    pub debit_previous: Option<TransferId>,
    /// The same for the credited account.
    pub credit_previous: Option<TransferId>,
    /// What the payer wrote on it.
    pub description: Option<String>,
    /// Who asked for it, if not the owner of the debited account.
    pub actor: Option<String>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::money::Currency;

    fn post(amount: i64, debit: u128, credit: u128) -> Result<NewTransfer, IllegalTransfer> {
        let amount = Money::new(amount, Currency::Idr).expect("in range");
        let (debit, credit) = (AccountId(Uuid::from_u128(debit)), AccountId(Uuid::from_u128(credit)));
        let instruction = Instruction::Post { debit, credit, amount };
        NewTransfer::new(TransferId(Uuid::from_u128(9)), Purpose::Transfer, instruction)
    }

    #[test]
    fn nothing_negative_or_circular_can_be_asked_for() {
        assert!(post(1, 1, 2).is_ok());
        assert_eq!(post(0, 1, 2), Err(IllegalTransfer::NotPositive));
        assert_eq!(post(-5, 1, 2), Err(IllegalTransfer::NotPositive));
        assert_eq!(post(1, 1, 1), Err(IllegalTransfer::SameAccount));
        let id = TransferId(Uuid::from_u128(9));
        let own = NewTransfer::new(id, Purpose::Transfer, Instruction::VoidHold { hold: id });
        assert_eq!(own, Err(IllegalTransfer::SelfReference));
    }
}
