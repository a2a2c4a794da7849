//! How Duffel writes: envelopes, errors, amounts and signatures. The ferry writes so too.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{call::Answer, clock::Moment, script::Signature, world::World};

/// What was asked for.
pub fn data(status: u16, value: Value) -> Answer {
    Answer::json(status, json!({"data": value}))
}

/// A list, on one page.
pub fn list(values: Vec<Value>) -> Answer {
    Answer::json(200, json!({"data": values, "meta": {"limit": 50, "before": null, "after": null}}))
}

/// An error of one of Duffel's types.
pub fn error(status: u16, kind: &str, code: &str, message: &str, pointer: Option<&str>) -> Answer {
    let source = pointer.map(|pointer| {
        let field = pointer.rsplit('/').next().unwrap_or_default();
        json!({"field": field, "pointer": pointer})
    });
    let mut one = json!({
        "type": kind, "code": code, "title": code.replace('_', " "), "message": message,
        "documentation_url": "https://duffel.com/docs/api/overview/errors",
    });
    if let Some(source) = source {
        one["source"] = source;
    }
    Answer::json(status, json!({"errors": [one], "meta": {"status": status}}))
}

/// A refusal that is nobody's mistake.
pub fn state(code: &str, message: &str) -> Answer {
    error(422, "invalid_state_error", code, message, None)
}

/// A mistake of the traveller.
pub fn validation(code: &str, pointer: &str, message: &str) -> Answer {
    error(422, "validation_error", code, message, Some(pointer))
}

/// A mistake of the program.
pub fn invalid_request(code: &str, message: &str) -> Answer {
    error(400, "invalid_request_error", code, message, None)
}

/// There is no such thing.
pub fn not_found() -> Answer {
    error(404, "invalid_request_error", "not_found", "The resource you are trying to access does not exist", None)
}

/// A failure that somebody asked for.
pub fn failure(world: &World, status: u16) -> Answer {
    let (kind, code) = match status {
        401 | 403 => ("authentication_error", "insufficient_permissions"),
        429 => ("rate_limit_error", "rate_limit_exceeded"),
        502 => ("airline_error", "airline_unknown"),
        504 => ("api_error", "gateway_timeout_error"),
        400..=499 => ("invalid_request_error", "bad_request"),
        _ => ("api_error", "internal_server_error"),
    };
    let answer = error(status, kind, code, "A fault was asked for", None);
    if status == 429 { answer.with("ratelimit-reset", reset(world)) } else { answer }
}

/// When the limits begin again: an HTTP date.
fn reset(world: &World) -> String {
    world.clock.now().plus(std::time::Duration::from_secs(60)).rfc2822().replace("+0000", "GMT")
}

/// With the id of the request and the limits, which come with every answer.
pub fn told(world: &mut World, answer: Answer) -> Answer {
    let id = world.dice.hex(20);
    let reset = reset(world);
    let answer = answer.with("x-request-id", id).with("ratelimit-limit", 4_000);
    answer.with("ratelimit-remaining", 3_999).with("ratelimit-reset", reset)
}

/// An amount in smallest units as decimal text. Rupiah have none, and two zeros are written behind them all the same.
pub fn amount(units: i64, currency: &str) -> String {
    match currency {
        "IDR" => format!("{units}.00"),
        "JPY" => units.to_string(),
        _ => format!("{}.{:02}", units / 100, units % 100),
    }
}

/// The units of such a text, however many zeros are behind it.
pub fn units(text: &str, currency: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let (whole, decimals): (i64, i64) = (whole.parse().ok()?, format!("{decimals:0<2}").get(..2)?.parse().ok()?);
    match currency {
        "IDR" | "JPY" => (decimals == 0).then_some(whole),
        _ => Some(whole * 100 + decimals),
    }
}

/// `t=<unix>,v1=<hex>` over the time and the bytes.
pub fn signature(secret: &str, now: Moment, body: &Value, how: Signature) -> Option<String> {
    let time = now.millis() / 1_000;
    let secret = match how {
        Signature::Right => secret,
        Signature::Wrong => "somebody-elses-secret",
        Signature::Missing => return None,
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(format!("{time}.{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("t={time},v1={hex}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_decimal_texts() {
        assert_eq!(amount(1_250_000, "IDR"), "1250000.00");
        assert_eq!(amount(4_505, "USD"), "45.05");
        for (text, currency, expected) in [
            ("1250000", "IDR", Some(1_250_000)),
            ("1250000.00", "IDR", Some(1_250_000)),
            ("1.50", "IDR", None),
            ("45.05", "USD", Some(4_505)),
            ("45", "USD", Some(4_500)),
            ("x", "USD", None),
        ] {
            assert_eq!(units(text, currency), expected, "{text} {currency}");
        }
    }

    #[test]
    fn v1_the_time_and_the_bytes_are_signed() {
        let body: Value = serde_json::from_str(
            r#"{"created_at":"2022-01-08T18:44:56.129339Z","data":{"changes":{},"object":{}},
                "id":"eve_0000AFEsrBKZAcKgGtZCnQ","live_mode":false,"object":"order","type":"order.updated"}"#,
        )
        .expect("a body");
        let now = Moment::from_millis(1_641_667_496_000);
        let told = signature("a_secret", now, &body, Signature::Right);
        let right = "t=1641667496,v1=691f25ffb1f206c0fda5bb7b1a9d60fafe42c5f42819d44a06a7cfe09486f102";
        assert_eq!(told.as_deref(), Some(right));
        assert_ne!(signature("a_secret", now, &body, Signature::Wrong), told);
        assert_eq!(signature("a_secret", now, &body, Signature::Missing), None);
    }
}
