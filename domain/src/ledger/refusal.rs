//! The ledger's refusals in the words of the caller: accounts and counters become wallets and balances.

use dermaga_ports::{
    ledger::{Outcome, Posted, RefusalReason},
    money::Currency,
};

use crate::error::{Code, Error, Result};

/// The line of a posting with a single transfer, or its refusal in words; `currency` is that of the amount.
pub(crate) fn settled(outcome: Outcome, currency: Currency) -> Result<Posted> {
    let lines = outcome.map_err(|refusal| explain(&refusal.reason, currency))?;
    lines.into_iter().next().ok_or_else(|| Error::internal("the ledger answered no line for a transfer"))
}

pub(super) fn explain(reason: &RefusalReason, currency: Currency) -> Error {
    match reason {
        RefusalReason::IdTaken => Error::new(Code::TransferConflict, "This id was used for a different transfer."),
        RefusalReason::InsufficientFunds { available, needed, .. } => {
            let told = format!("{currency} {needed} is needed, {currency} {available} is available.");
            Error::new(Code::InsufficientFunds, told)
        }
        RefusalReason::AccountClosed(_) => Error::new(Code::AccountClosed, "One of the accounts is closed."),
        RefusalReason::CurrencyMismatch { currency: kept, .. } => {
            Error::new(Code::CurrencyMismatch, format!("The amount is in {currency}, the wallet is kept in {kept}."))
        }
        RefusalReason::CounterOverflow(_) => {
            Error::new(Code::BalanceLimit, "The balance would exceed what can be kept exactly.")
        }
        RefusalReason::HoldExpired(_) => {
            Error::new(Code::HoldExpired, "The reservation has expired and its money is free again.")
        }
        RefusalReason::HoldNotOpen(_) => {
            Error::new(Code::IllegalTransition, "The reservation has been completed or cancelled already.")
        }
        RefusalReason::ExceedsReference { left } => {
            Error::new(Code::RefundExceeds, format!("Only {currency} {left} is left."))
        }
        // These name records that the use case itself has just looked up.
        RefusalReason::AccountNotFound(_) | RefusalReason::ReferenceNotFound(_) | RefusalReason::WrongKind(_) => {
            Error::internal(reason)
        }
    }
}
