//! Xendit's errors: the HTTP status, and a code that says more.

use dermaga_ports::payments::RefusalKind;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::wire::{
    NotDone,
    http::{Answer, faulty, object, unreadable},
    lenient::Text,
    mask, refused,
};

/// A refusal. `errors` has details in two shapes, which are not passed on: the message has the gist.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Error {
    error_code: Text,
    message: Text,
}

/// What a 2xx holds, or why there is none. `confidential` is kept out of the reason.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer, confidential: &[&str]) -> Result<T, NotDone> {
    if answer.status < 400 {
        return object(answer);
    }
    Err(refusal(answer, confidential))
}

/// The same for an answer that is a bare list.
pub(super) fn rows(answer: &Answer, confidential: &[&str]) -> Result<Vec<Box<RawValue>>, NotDone> {
    if answer.status < 400 {
        return serde_json::from_str(&answer.body).map_err(|error| faulty(answer, &error));
    }
    Err(refusal(answer, confidential))
}

fn refusal(answer: &Answer, confidential: &[&str]) -> NotDone {
    let error: Error = match object(answer) {
        // The limit stands before everything else, so nothing was done.
        Err(_) if answer.status == 429 => Error::default(),
        Err(unreadable) => return unreadable,
        Ok(error) => error,
    };
    let code = error.error_code.word();
    if code.is_empty() && answer.status != 429 {
        return unreadable(answer, "it has no error code");
    }
    let reason = match error.message.get() {
        Some(message) => format!("{code}: {message}"),
        None if code.is_empty() => "too many calls".to_owned(),
        None => code.clone(),
    };
    refused(kind(&code, answer.status), mask::words(&reason, confidential))
}

/// What a code means; the status decides about codes that nobody knows.
fn kind(code: &str, status: u16) -> RefusalKind {
    match code {
        // Of a refund: the merchant has not enough. Of a payment it comes as a failure, not as an error.
        "INSUFFICIENT_BALANCE" => RefusalKind::AmountTooLarge,
        _ if is_decline(code) => RefusalKind::Declined,
        "INVALID_API_KEY" | "UNAUTHORIZED" => RefusalKind::Credentials,
        "DUPLICATE_ERROR" | "DUPLICATE_REFERENCE" | "IDEMPOTENCY_ERROR" => RefusalKind::Duplicate,
        "REFUND_NOT_SUPPORTED"
        | "PARTIAL_REFUND_NOT_SUPPORTED"
        | "UNAVAILABLE_PAYMENT_METHOD_ERROR"
        | "NO_COLLECTION_METHODS_ERROR" => RefusalKind::NotSupported,
        "REFUND_AMOUNT_EXCEEDED" | "MAXIMUM_REFUND_AMOUNT_REACHED" | "CAPTURE_AMOUNT_EXCEEDED" => {
            RefusalKind::AmountTooLarge
        }
        "REFUND_IN_PROGRESS" | "TEMPORARILY_UNAVAILABLE" | "RATE_LIMIT_EXCEEDED" | "PAYMENT_REQUEST_RATE_LIMITED" => {
            RefusalKind::TryLater
        }
        "INACTIVE_PAYMENT_REQUEST"
        | "INELIGIBLE_TRANSACTION_STATUS"
        | "INELIGIBLE_TRANSACTION"
        | "PAYMENT_REQUEST_ALREADY_COMPLETED" => RefusalKind::WrongState,
        _ if code.contains("NOT_FOUND") => RefusalKind::NotFound,
        _ => match status {
            401 => RefusalKind::Credentials,
            404 => RefusalKind::NotFound,
            409 => RefusalKind::Duplicate,
            429 => RefusalKind::TryLater,
            _ => RefusalKind::Invalid,
        },
    }
}

/// Codes by which a bank, a card or a wallet says no.
pub(super) fn is_decline(code: &str) -> bool {
    const DECLINES: [&str; 15] = [
        "CARD_DECLINED",
        "INSUFFICIENT_BALANCE",
        "CARD_EXPIRED",
        "EXPIRED_CARD",
        "STOLEN_CARD",
        "INACTIVE_OR_UNAUTHORIZED_CARD",
        "DECLINED_BY_ISSUER",
        "DECLINED_BY_PROCESSOR",
        "SUSPECTED_FRAUDULENT",
        "AUTHENTICATION_FAILED",
        "INVALID_CVV",
        "USER_DECLINED_PAYMENT",
        "USER_DID_NOT_AUTHORIZE",
        "PAYMENT_AMOUNT_LIMITS_EXCEEDED",
        "ACCOUNT_NOT_ACTIVATED",
    ];
    DECLINES.contains(&code)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read_as(status: u16, body: &str) -> Result<Value, NotDone> {
        read(&Answer { what: "call", status, body: body.to_owned() }, &["xnd_development_x"])
    }

    #[test]
    fn c10_35_every_code_of_the_reference_has_a_kind() {
        for (status, code, kind) in [
            (400, "API_VALIDATION_ERROR", RefusalKind::Invalid),
            (400, "MINIMAL_TRANSFER_AMOUNT_ERROR", RefusalKind::Invalid),
            (400, "REFUND_IN_PROGRESS", RefusalKind::TryLater),
            (400, "REFUND_AMOUNT_EXCEEDED", RefusalKind::AmountTooLarge),
            (400, "MAXIMUM_REFUND_AMOUNT_REACHED", RefusalKind::AmountTooLarge),
            (400, "INELIGIBLE_TRANSACTION_STATUS", RefusalKind::WrongState),
            (400, "CARD_EXPIRED", RefusalKind::Declined),
            (400, "TRANSACTION_NOT_FOUND", RefusalKind::NotFound),
            (401, "INVALID_API_KEY", RefusalKind::Credentials),
            (403, "REFUND_NOT_SUPPORTED", RefusalKind::NotSupported),
            (403, "ACCESS_SUSPENDED", RefusalKind::Invalid),
            (404, "DATA_NOT_FOUND", RefusalKind::NotFound),
            (409, "DUPLICATE_ERROR", RefusalKind::Duplicate),
            (409, "SOMETHING_NEW", RefusalKind::Duplicate),
            (429, "RATE_LIMIT_EXCEEDED", RefusalKind::TryLater),
        ] {
            let body = format!(r#"{{"error_code":"{code} ","message":"Told xnd_development_x.","errors":["a",{{}}]}}"#);
            let expected = refused(kind, format!("{code}: Told (masked)."));
            assert_eq!(read_as(status, &body), Err(expected), "{code}");
        }
    }

    #[test]
    fn c10_54_only_an_error_of_xendit_refuses() {
        for (status, body) in [(200, "<html>"), (200, "{"), (403, "<html>"), (400, "{}"), (404, "")] {
            assert!(matches!(read_as(status, body), Err(NotDone::Unknown(_))), "{status} {body}");
        }
        assert!(
            matches!(read_as(429, "slow down"), Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::TryLater)
        );
    }
}
