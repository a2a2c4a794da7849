//! The life of a transaction, as a table.
//!
//! ```text
//! PENDING ──> PROCESSING ──> COMPLETED ──> PARTIALLY_REFUNDED ──> REFUNDED
//!    │             │             └──────────────────────────────────^
//!    └─────────────┴──> FAILED | CANCELLED
//! ```

use dermaga_ports::ledger::TransactionStatus::{
    self, Cancelled, Completed, Failed, PartiallyRefunded, Pending, Processing, Refunded,
};

use crate::error::{Code, Error, Result};

/// What a wish for another status comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The move is legal and has to be made.
    Apply,
    /// It is there already.
    AlreadyApplied,
}

/// The statuses that can follow.
pub fn successors(status: TransactionStatus) -> &'static [TransactionStatus] {
    match status {
        Pending => &[Processing, Completed, Failed, Cancelled],
        Processing => &[Completed, Failed, Cancelled],
        Completed => &[PartiallyRefunded, Refunded],
        PartiallyRefunded => &[PartiallyRefunded, Refunded],
        Refunded | Failed | Cancelled => &[],
    }
}

/// Whether a transaction may move from one status to another.
///
/// # Errors
/// [`Code::IllegalTransition`] naming what can follow.
pub fn transition(from: TransactionStatus, to: TransactionStatus) -> Result<Decision> {
    let next = successors(from);
    if next.contains(&to) {
        return Ok(Decision::Apply);
    }
    if from == to {
        return Ok(Decision::AlreadyApplied);
    }
    let told = match next {
        [] => format!("The transaction is {} and stays so.", from.as_str()),
        some => {
            let names: Vec<&str> = some.iter().map(|status| status.as_str()).collect();
            format!("The transaction is {}; it can become {}.", from.as_str(), names.join(", "))
        }
    };
    Err(Error::new(Code::IllegalTransition, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_documented_one() {
        let legal = |from: TransactionStatus| {
            TransactionStatus::ALL.into_iter().filter(move |to| transition(from, *to) == Ok(Decision::Apply)).count()
        };
        assert_eq!(TransactionStatus::ALL.map(legal), [4, 3, 2, 2, 0, 0, 0]);
    }

    #[test]
    fn nothing_comes_back_to_life() {
        for dead in [Refunded, Failed, Cancelled] {
            for to in TransactionStatus::ALL.into_iter().filter(|to| *to != dead) {
                let refusal = transition(dead, to).expect_err("final");
                assert_eq!(refusal.code(), Code::IllegalTransition);
            }
            assert_eq!(transition(dead, dead), Ok(Decision::AlreadyApplied));
        }
    }
}
