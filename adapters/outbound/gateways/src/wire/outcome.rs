//! The two ways in which a call is not done, as an error, so that the steps of a call can be joined with `?`.

use dermaga_ports::{
    money::Money,
    payments::{ChargeRef, Outcome, Refusal, RefusalKind},
};

/// Why a call is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotDone {
    Refused(Refusal),
    /// See [`Outcome::Unknown`].
    Unknown(String),
}

/// As the port tells it.
pub(crate) fn outcome<T>(result: Result<T, NotDone>) -> Outcome<T> {
    match result {
        Ok(done) => Outcome::Done(done),
        Err(NotDone::Refused(refusal)) => Outcome::Refused(refusal),
        Err(NotDone::Unknown(told)) => Outcome::Unknown(told),
    }
}

/// The gateway said no, or would have.
pub(crate) fn refused(kind: RefusalKind, reason: impl Into<String>) -> NotDone {
    NotDone::Refused(Refusal { kind, reason: reason.into() })
}

/// What was asked for cannot be, so the gateway was not called.
pub(crate) fn invalid(reason: impl Into<String>) -> NotDone {
    refused(RefusalKind::Invalid, reason)
}

/// Nobody knows.
pub(crate) fn unknown(told: impl Into<String>) -> NotDone {
    NotDone::Unknown(told.into())
}

/// A part of what was authorised, in its currency.
pub(crate) fn captures(charge: &ChargeRef, amount: Money) -> Result<(), NotDone> {
    if amount.currency() != charge.amount.currency() || !amount.is_positive() {
        return Err(invalid(format!("a capture is of more than 0 {}", charge.amount.currency())));
    }
    if amount.amount() > charge.amount.amount() {
        return Err(refused(RefusalKind::AmountTooLarge, format!("only {} was authorised", charge.amount)));
    }
    Ok(())
}

/// What a refused read is to whoever asked.
pub(crate) fn unread(refusal: &Refusal) -> NotDone {
    unknown(format!("the read was refused as {}: {}", refusal.kind.as_str(), refusal.reason))
}

/// A read that is refused has read nothing; only what cannot be asked at all is refused.
pub(crate) fn as_read<T>(result: Result<T, NotDone>) -> Outcome<T> {
    outcome(result.map_err(|not_done| match not_done {
        NotDone::Refused(refusal) if refusal.kind != RefusalKind::Invalid => unread(&refusal),
        other => other,
    }))
}
