//! The ways in which a call is not done, as an error, so that the steps of a call can be joined with `?`.

use dermaga_ports::{
    booking::{Outcome, Refusal, RefusalKind},
    money::Money,
};

use super::http::Effect;

/// Why a call is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotDone {
    Refused(Refusal),
    /// See [`Outcome::Unknown`].
    Unknown(String),
}

pub(crate) type Result<T> = std::result::Result<T, NotDone>;

/// As the port tells it.
pub(crate) fn outcome<T>(result: Result<T>) -> Outcome<T> {
    match result {
        Ok(done) => Outcome::Done(done),
        Err(NotDone::Refused(refusal)) => Outcome::Refused(refusal),
        Err(NotDone::Unknown(told)) => Outcome::Unknown(told),
    }
}

/// The supplier said no, or would have.
pub(crate) fn refused(kind: RefusalKind, reason: impl Into<String>) -> NotDone {
    NotDone::Refused(Refusal { kind, code: None, reason: reason.into() })
}

/// What the customer gave is wrong.
pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> NotDone {
    refused(RefusalKind::InvalidInput { field: field.into() }, reason)
}

/// No answer that proves anything. Where nothing can have been made, the call may be made again.
pub(crate) fn lost(effect: Effect, told: impl Into<String>) -> NotDone {
    match effect {
        Effect::Nothing => refused(RefusalKind::Unavailable, told),
        Effect::Makes => NotDone::Unknown(told.into()),
    }
}

/// It costs more than whoever asks would pay.
pub(crate) fn within(price: Money, most: Money) -> Result<()> {
    if price.currency() == most.currency() && price.amount() <= most.amount() {
        return Ok(());
    }
    Err(refused(
        RefusalKind::PriceChanged { new: Some(price) },
        format!("it costs {price} now, and {most} was allowed"),
    ))
}

/// Our own names: what every supplier takes and every address can carry.
pub(crate) fn reference(text: &str) -> Result<&str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.');
    if (1..=50).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text);
    }
    Err(invalid("reference", "a reference is 1 to 50 of A-Z a-z 0-9 - _ ~ ."))
}

/// A supplier's name for something, as a part of a path.
pub(crate) fn id(text: &str) -> Result<&str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=100).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text);
    }
    Err(refused(RefusalKind::NotFound, "no supplier gives such an id"))
}
