//! What Midtrans answers, read leniently, and its many ways to say no.

use dermaga_ports::payments::RefusalKind;
use serde::Deserialize;

use crate::wire::{
    NotDone,
    http::{Answer, object, unreadable},
    lenient::{Text, list},
    mask, refused, unknown,
};

/// A transaction, in answers and notifications alike. Everything may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Transaction {
    pub status_code: Text,
    pub status_message: Text,
    pub transaction_id: Text,
    pub order_id: Text,
    pub gross_amount: Text,
    pub currency: Text,
    pub payment_type: Text,
    pub transaction_status: Text,
    pub fraud_status: Text,
    pub channel_response_message: Text,
    pub expiry_time: Text,
    /// One of its pages spells it like this.
    pub expire_time: Text,
    #[serde(deserialize_with = "list")]
    pub va_numbers: Vec<VaNumber>,
    /// Permata's instead of `va_numbers`.
    pub permata_va_number: Text,
    pub bill_key: Text,
    pub biller_code: Text,
    pub qr_string: Text,
    #[serde(deserialize_with = "list")]
    pub actions: Vec<Action>,
    pub redirect_url: Text,
    pub payment_code: Text,
    pub store: Text,
    /// The sum so far in reads, that of this refund in its answer.
    pub refund_amount: Text,
    pub refund_key: Text,
    #[serde(deserialize_with = "list")]
    pub refunds: Vec<Refund>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VaNumber {
    pub bank: Text,
    pub va_number: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Action {
    pub name: Text,
    pub url: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refund {
    pub refund_chargeback_id: Text,
    pub refund_amount: Text,
    pub refund_key: Text,
    pub refund_method: Text,
    pub bank_confirmed_at: Text,
}

/// What is said around a transaction, or instead of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    status_code: Text,
    status_message: Text,
    #[serde(deserialize_with = "list")]
    validation_messages: Vec<Text>,
    #[serde(deserialize_with = "list")]
    error_messages: Vec<Text>,
}

/// The first call with the same idempotency key still runs.
const IN_PROCESS: u16 = 202;

/// A transaction, or why there is none. `confidential` is kept out of the reason.
///
/// The answer MUST speak of the reference that was asked about.
pub(super) fn transaction(
    answer: &Answer,
    reference: &str,
    confidential: &[&str],
) -> Result<(u16, Transaction), NotDone> {
    let code = code(answer, confidential)?;
    let transaction: Transaction = object(answer)?;
    if transaction.order_id.get() != Some(reference) {
        return Err(unreadable(answer, "it speaks of another payment"));
    }
    if transaction.transaction_status.get().is_none() {
        return Err(unreadable(answer, "it does not say where the payment stands"));
    }
    Ok((code, transaction))
}

/// The code of an answer that is not an error: 2xx, or 407 for what has expired.
pub(super) fn code(answer: &Answer, confidential: &[&str]) -> Result<u16, NotDone> {
    if answer.status == IN_PROCESS {
        return Err(unknown(format!("{}: the same call is still in process", answer.what)));
    }
    let envelope: Envelope = match object(answer) {
        // The limit stands before everything else, so nothing was done.
        Err(_) if answer.status == 429 => Envelope::default(),
        read => read?,
    };
    let code = match envelope.status_code.get() {
        None => answer.status,
        Some(text) => text.parse().map_err(|_| unreadable(answer, "its code is no number"))?,
    };
    let told = || words(&envelope, confidential);
    match code {
        200..=299 | 407 if answer.status < 400 || answer.status == code => Ok(code),
        200..=299 | 407 => Err(unreadable(answer, "status and code contradict each other")),
        _ => match kind(code, &told()) {
            Some(kind) => Err(refused(kind, told())),
            None => Err(unknown(format!("{}: the gateway failed with code {code}", answer.what))),
        },
    }
}

/// What a code means; `None` if it leaves open whether anything happened.
fn kind(code: u16, words: &str) -> Option<RefusalKind> {
    Some(match code {
        // Snap has no code for it, and says it in two languages.
        400 if is_taken(words) => RefusalKind::Duplicate,
        401 => RefusalKind::Credentials,
        404 => RefusalKind::NotFound,
        406 => RefusalKind::Duplicate,
        409 | 410 => RefusalKind::Declined,
        412 => RefusalKind::WrongState,
        414 => RefusalKind::AmountTooLarge,
        // 505: the bank made no number for it.
        429 | 505 => RefusalKind::TryLater,
        501 => RefusalKind::NotSupported,
        400..=499 => RefusalKind::Invalid,
        _ => return None,
    })
}

fn is_taken(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("order_id")
        && ["utilized", "has been paid", "sudah digunakan"].iter().any(|told| words.contains(told))
}

fn words(envelope: &Envelope, confidential: &[&str]) -> String {
    let details = envelope.validation_messages.iter().chain(&envelope.error_messages).filter_map(Text::get);
    let told: Vec<&str> = envelope.status_message.get().into_iter().chain(details).collect();
    if told.is_empty() { "no reason was given".to_owned() } else { mask::words(&told.join("; "), confidential) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { what: "status", status, body: body.to_owned() }
    }

    fn refusal(status: u16, body: &str) -> (RefusalKind, String) {
        match code(&answer(status, body), &["SB-Mid-server-x"]) {
            Err(NotDone::Refused(refusal)) => (refusal.kind, refusal.reason),
            other => panic!("{other:?}"),
        }
    }

    fn is_unknown(status: u16, body: &str) -> bool {
        matches!(transaction(&answer(status, body), "A-1", &[]), Err(NotDone::Unknown(_)))
    }

    #[test]
    fn c10_17_errors_in_a_200_are_typed() {
        for (code, kind) in [
            ("400", RefusalKind::Invalid),
            ("401", RefusalKind::Credentials),
            ("402", RefusalKind::Invalid),
            ("404", RefusalKind::NotFound),
            ("406", RefusalKind::Duplicate),
            ("410", RefusalKind::Declined),
            ("411", RefusalKind::Invalid),
            ("412", RefusalKind::WrongState),
            ("414", RefusalKind::AmountTooLarge),
            ("429", RefusalKind::TryLater),
            ("505", RefusalKind::TryLater),
        ] {
            let body = format!(r#"{{"status_code":"{code}","status_message":"No."}}"#);
            assert_eq!(refusal(200, &body), (kind, "No.".to_owned()), "{code}");
            assert_eq!(refusal(200, &body.replace(&format!("\"{code}\""), code)).0, kind, "{code} as a number");
        }
        for code in ["500", "502", "503", "504", "300", "999"] {
            let body = format!(r#"{{"status_code":"{code}","status_message":"Oh."}}"#);
            assert!(is_unknown(200, &body), "{code}");
        }
    }

    #[test]
    fn c10_18_a_real_400_keeps_what_is_wrong_with_each_member() {
        let body =
            r#"{"status_code":"400","status_message":"Invalid.","validation_messages":["gross_amount differs"]}"#;
        assert_eq!(refusal(400, body), (RefusalKind::Invalid, "Invalid.; gross_amount differs".to_owned()));
        let snap = r#"{"error_messages":["Access denied for SB-Mid-server-x"]}"#;
        assert_eq!(refusal(401, snap), (RefusalKind::Credentials, "Access denied for (masked)".to_owned()));
        let used = r#"{"error_messages":["transaction_details.order_id sudah digunakan"]}"#;
        assert_eq!(refusal(400, used).0, RefusalKind::Duplicate);
    }

    #[test]
    fn c10_19_what_has_expired_is_no_error() {
        let body = r#"{"status_code":"407","order_id":"A-1","transaction_status":"expire"}"#;
        assert_eq!(code(&answer(200, body), &[]), Ok(407));
        assert_eq!(code(&answer(407, body), &[]), Ok(407));
    }

    #[test]
    fn c10_54_what_proves_nothing_is_unknown_and_a_limit_is_not() {
        for body in ["", "<html>", "[]", "{\"status_code\":\"200\"", r#"{"status_code":"ok"}"#] {
            assert!(is_unknown(200, body), "{body}");
            assert!(is_unknown(400, body), "{body}");
        }
        assert!(is_unknown(400, r#"{"status_code":"200"}"#), "a contradiction");
        assert_eq!(refusal(429, "<html>slow down</html>").0, RefusalKind::TryLater);
    }

    #[test]
    fn c10_16_a_call_in_process_is_unknown_whatever_it_says() {
        assert!(is_unknown(202, "{}"));
        assert!(is_unknown(202, r#"{"status_code":"404"}"#));
    }

    #[test]
    fn an_answer_about_another_payment_proves_nothing() {
        assert!(is_unknown(200, r#"{"status_code":"200","order_id":"B-2","transaction_status":"settlement"}"#));
    }
}
