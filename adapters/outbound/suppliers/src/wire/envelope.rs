//! `{"data": ...}` and `{"errors": [...]}`: how Duffel answers, and how the ferry does.

use dermaga_ports::booking::{Refusal, RefusalKind};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    http::{Answer, faulty, unreadable},
    mask,
    outcome::{NotDone, Result, lost},
    text::{Text, list},
};

#[derive(Deserialize)]
struct Whole {
    data: Box<RawValue>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Meta {
    after: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failed {
    #[serde(deserialize_with = "list")]
    errors: Vec<Problem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    kind: Text,
    code: Text,
    title: Text,
    message: Text,
    source: Option<Source>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source {
    field: Text,
    pointer: Text,
}

/// What was asked for. A creation that was merely accepted is not made yet: look for it.
pub(crate) fn read<T: DeserializeOwned>(answer: &Answer, confidential: &[&str]) -> Result<T> {
    page(answer, confidential).map(|(data, _)| data)
}

/// The same of a list, with where its next page begins.
pub(crate) fn page<T: DeserializeOwned>(answer: &Answer, confidential: &[&str]) -> Result<(T, Option<String>)> {
    match answer.status {
        200 | 201 => {
            let whole: Whole = serde_json::from_str(&answer.body).map_err(|error| faulty(answer, &error))?;
            let data = serde_json::from_str(whole.data.get()).map_err(|error| faulty(answer, &error))?;
            Ok((data, whole.meta.and_then(|meta| meta.after.owned())))
        }
        202 => Err(lost(answer.effect, format!("{}: accepted, and not made yet", answer.what))),
        _ => Err(problem(answer, confidential)),
    }
}

/// What an answer that is no success means.
fn problem(answer: &Answer, confidential: &[&str]) -> NotDone {
    let refusal = |kind, code: Option<&str>, reason: String| {
        tracing::info!(call = answer.what, status = answer.status, code, "the supplier refused");
        NotDone::Refused(Refusal { kind, code: code.map(str::to_owned), reason })
    };
    // The only one of which suppliers promise that nothing was made.
    if answer.status == 503 {
        return refusal(RefusalKind::Unavailable, None, format!("{}: the supplier is away", answer.what));
    }
    let failed: Failed = serde_json::from_str(&answer.body).unwrap_or_default();
    let Some(first) = failed.errors.first() else {
        return match answer.status {
            429 => refusal(
                RefusalKind::RateLimited { retry_at: answer.retry_at },
                None,
                format!("{}: too many calls", answer.what),
            ),
            _ => unreadable(answer, "it is neither what was asked for nor an error of the supplier"),
        };
    };
    let code = first.code.or_empty();
    let said = first.message.get().or(first.title.get()).unwrap_or("the supplier gives no reason");
    let reason = format!("{}: {}", answer.what, mask::words(said, confidential));
    if answer.status >= 500 {
        // A guarantee of its own: no side effect.
        if code == "order_not_created" {
            return refusal(RefusalKind::Rejected, Some(code), reason);
        }
        return lost(answer.effect, format!("{reason} (HTTP {}, {code})", answer.status));
    }
    match kind(code, first, answer, confidential) {
        Some(kind) => refusal(kind, Some(code), reason),
        None => lost(answer.effect, format!("{reason} (HTTP {}, {code})", answer.status)),
    }
}

/// `None`: it proves nothing.
fn kind(code: &str, problem: &Problem, answer: &Answer, confidential: &[&str]) -> Option<RefusalKind> {
    Some(match code {
        "offer_no_longer_available"
        | "offer_expired"
        | "order_cancellation_stale"
        | "cancellation_stale"
        | "past_payment_required_by_date"
        | "ancillary_service_not_available"
        | "rate_unavailable"
        | "quote_expired"
        | "sailing_full"
        | "result_no_longer_available" => RefusalKind::OfferGone,
        "price_changed"
        | "payment_amount_does_not_match_order_amount"
        | "payment_currency_does_not_match_order_currency" => RefusalKind::PriceChanged { new: None },
        "schedule_changed" => RefusalKind::ScheduleChanged,
        "insufficient_balance" => RefusalKind::InsufficientSupplierBalance,
        "already_paid" | "already_cancelled" | "duplicate_booking" | "idempotency_conflict" => RefusalKind::AlreadyDone,
        "not_found" => RefusalKind::NotFound,
        "rate_limit_exceeded" => RefusalKind::RateLimited { retry_at: answer.retry_at },
        "insufficient_permissions" | "unavailable_feature" => RefusalKind::Misconfigured,
        "duplicate_passenger_name" | "emails_not_unique" => {
            RefusalKind::InvalidInput { field: "travellers".to_owned() }
        }
        "invalid_loyalty_card" => RefusalKind::InvalidInput { field: "loyalty_number".to_owned() },
        _ => match problem.kind.or_empty() {
            "authentication_error" | "invalid_request_error" => RefusalKind::Misconfigured,
            "validation_error" => RefusalKind::InvalidInput { field: field(problem, confidential) },
            "airline_error" | "invalid_state_error" => RefusalKind::Rejected,
            "rate_limit_error" => RefusalKind::RateLimited { retry_at: answer.retry_at },
            _ => return None,
        },
    })
}

/// `/data/passengers/0/given_name` is `travellers[0].given_name` to us. What is no name of a field is no field.
fn field(problem: &Problem, confidential: &[&str]) -> String {
    let source = problem.source.as_ref();
    let pointer = source.and_then(|source| source.pointer.get()).unwrap_or_default();
    let name = |part: &str| {
        (1..=40).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_'))
    };
    let mut path = String::new();
    for part in pointer.split('/').filter(|part| !part.is_empty() && *part != "data") {
        if part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{part}]"));
        } else if name(part) {
            let dot = if path.is_empty() { "" } else { "." };
            path.push_str(&format!("{dot}{}", if part == "passengers" { "travellers" } else { part }));
        }
    }
    if path.is_empty() {
        path = source.and_then(|source| source.field.owned()).filter(|field| name(field)).unwrap_or_default();
    }
    mask::words(&path, confidential)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::http::Effect;

    fn answer(effect: Effect, status: u16, body: &str) -> Answer {
        Answer { what: "call", effect, status, retry_at: "2026-01-05T03:00:00Z".parse().ok(), body: body.to_owned() }
    }

    fn error(status: u16, kind: &str, code: &str) -> (u16, String) {
        let body = format!(
            r#"{{"errors":[{{"type":"{kind}","code":"{code}","message":"Told KEY.",
                "source":{{"field":"given_name","pointer":"/data/passengers/1/given_name"}}}}],"meta":{{"status":{status}}}}}"#
        );
        (status, body)
    }

    fn made(status: u16, kind: &str, code: &str) -> Result<u8> {
        let (status, body) = error(status, kind, code);
        read(&answer(Effect::Makes, status, &body), &["KEY"])
    }

    #[test]
    fn every_code_that_was_seen_has_a_kind() {
        let retry_at = "2026-01-05T03:00:00Z".parse().ok();
        for (status, kind, code, expected) in [
            (422, "invalid_state_error", "offer_no_longer_available", RefusalKind::OfferGone),
            (422, "invalid_state_error", "order_cancellation_stale", RefusalKind::OfferGone),
            (422, "invalid_state_error", "past_payment_required_by_date", RefusalKind::OfferGone),
            (422, "invalid_state_error", "price_changed", RefusalKind::PriceChanged { new: None }),
            (422, "invalid_state_error", "schedule_changed", RefusalKind::ScheduleChanged),
            (422, "invalid_state_error", "insufficient_balance", RefusalKind::InsufficientSupplierBalance),
            (422, "invalid_state_error", "already_paid", RefusalKind::AlreadyDone),
            (422, "invalid_state_error", "order_not_changeable", RefusalKind::Rejected),
            (422, "airline_error", "airline_internal", RefusalKind::Rejected),
            (
                422,
                "validation_error",
                "validation_required",
                RefusalKind::InvalidInput { field: "travellers[1].given_name".into() },
            ),
            (401, "authentication_error", "expired_access_token", RefusalKind::Misconfigured),
            (403, "authentication_error", "insufficient_permissions", RefusalKind::Misconfigured),
            (400, "invalid_request_error", "unsupported_version", RefusalKind::Misconfigured),
            (404, "invalid_request_error", "not_found", RefusalKind::NotFound),
            (429, "rate_limit_error", "rate_limit_exceeded", RefusalKind::RateLimited { retry_at }),
            (502, "airline_error", "order_not_created", RefusalKind::Rejected),
        ] {
            let Err(NotDone::Refused(refusal)) = made(status, kind, code) else { panic!("{code} is refused") };
            assert_eq!((refusal.kind, refusal.code.as_deref()), (expected, Some(code)));
            assert_eq!(refusal.reason, "call: Told (masked).");
        }
    }

    #[test]
    fn trap_04_of_all_failures_only_503_may_be_repeated() {
        for (status, kind, code) in [
            (500, "api_error", "internal_server_error"),
            (502, "airline_error", "airline_unknown"),
            (504, "api_error", "gateway_timeout_error"),
            (400, "api_error", "something_new"),
        ] {
            assert!(matches!(made(status, kind, code), Err(NotDone::Unknown(_))), "{status} {code}");
            let (status, body) = error(status, kind, code);
            let asked = read::<u8>(&answer(Effect::Nothing, status, &body), &[]);
            assert!(matches!(asked, Err(NotDone::Refused(no)) if no.kind == RefusalKind::Unavailable), "{code}");
        }
        for body in ["<html>", r#"{"errors":[{"type":"api_error","code":"x"}]}"#] {
            let away = read::<u8>(&answer(Effect::Makes, 503, body), &[]);
            assert!(matches!(away, Err(NotDone::Refused(no)) if no.kind == RefusalKind::Unavailable));
        }
    }

    #[test]
    fn trap_03_accepted_is_neither_made_nor_refused() {
        assert!(matches!(read::<u8>(&answer(Effect::Makes, 202, "{}"), &[]), Err(NotDone::Unknown(_))));
    }

    #[test]
    fn what_cannot_be_read_proves_nothing() {
        for (status, body) in [(200, "<html>"), (201, "{"), (200, r#"{"data":"x"}"#), (404, "<html>"), (403, "{}")] {
            assert!(
                matches!(read::<u8>(&answer(Effect::Makes, status, body), &[]), Err(NotDone::Unknown(_))),
                "{body}"
            );
        }
        let limited = read::<u8>(&answer(Effect::Makes, 429, "slow down"), &[]);
        assert!(matches!(limited, Err(NotDone::Refused(no)) if no.kind.may_repeat()));
        assert_eq!(
            page::<u8>(&answer(Effect::Makes, 200, r#"{"data":7,"meta":{"after":"g2"}}"#), &[]),
            Ok((7, Some("g2".into())))
        );
    }
}
