//! What may be kept of an answer: what helps to look into an order, and nothing that names a person or opens anything.

use serde_json::Value;

const MASK: &str = "(masked)";

/// Members that are masked with everything in them.
const WHOLE: &[&str] =
    &["passengers", "guests", "contact", "identity", "identity_documents", "desc", "sn", "customer_no", "documents"];

/// Members whose name has one of these in it.
const PRIVATE: &[&str] = &[
    "email",
    "phone",
    "token",
    "sign",
    "secret",
    "password",
    "given_name",
    "family_name",
    "customer_name",
    "born_on",
    "plate",
    "qr_payload",
    "credit_code",
    "loyalty_programme_account_number",
    "key_collection",
    "username",
    "meter_no",
    "subscriber_id",
];

/// Members in which a supplier says something in words, about whomever.
const SENTENCES: &[&str] = &["message", "title", "failure_reason"];

/// The answer without people and proofs.
pub(crate) fn answer(body: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return format!("({} bytes that are not JSON)", body.len());
    };
    walk(&mut value);
    value.to_string()
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.to_ascii_lowercase();
                if WHOLE.contains(&name.as_str()) || PRIVATE.iter().any(|part| name.contains(part)) {
                    let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                    if !empty && value != "" {
                        *value = MASK.into();
                    }
                } else {
                    walk(value);
                    if let (true, Value::String(text)) = (SENTENCES.contains(&name.as_str()), &*value) {
                        *value = words(text, &[]).into();
                    }
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        _ => {}
    }
}

/// The most characters of a supplier's words that are passed on.
const MAX_WORDS: usize = 300;

/// A supplier's own words, fit to be shown: on one line, and without what looks like a key, an address, a telephone
/// number or a customer's number; nor what we told it in confidence.
pub(crate) fn words(text: &str, confidential: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in confidential.iter().filter(|secret| secret.len() > 2) {
        text = text.replace(secret, MASK);
    }
    let shown = text.split_inclusive(|c: char| !of_a_word(c)).fold(String::new(), |mut shown, piece| {
        let word = piece.trim_end_matches(|c| !of_a_word(c));
        shown.push_str(if private(word) { MASK } else { word });
        shown.extend(piece[word.len()..].chars().map(|c| if c.is_control() { ' ' } else { c }));
        shown
    });
    shown.trim().chars().take(MAX_WORDS).collect()
}

fn of_a_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '=' | '.' | '@')
}

fn private(word: &str) -> bool {
    let digits = word.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    let address = word.find('@').is_some_and(|at| at > 0);
    address || digits >= 8 || (word.len() >= 24 && digits > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_names_nobody_and_opens_nothing() {
        let body = r#"{"data":{"id":"ord_1","total_amount":"5.00","passengers":[{"given_name":"SECRET"}],"email":"SECRET",
            "sn":"SECRET","qr_payload":"SECRET","documents":[{"unique_identifier":"SECRET"}],"metadata":{"plate":"SECRET"},
            "airline_credits":[{"credit_code":"SECRET"}],"guests":[],"message":"Nomor 087800001230 salah"}}"#;
        let kept = answer(body);
        assert!(!kept.contains("SECRET") && !kept.contains("0878"), "{kept}");
        for part in ["ord_1", "5.00", r#""guests":[]"#, "Nomor (masked) salah"] {
            assert!(kept.contains(part), "{part} in {kept}");
        }
        assert_eq!(answer("<html>SECRET"), "(12 bytes that are not JSON)");
    }

    #[test]
    fn words_lose_what_could_be_used_or_found() {
        let told =
            words("Nomor 087800001230 of sari@example.com\n(duffel_test_x) Sari W", &["Sari W", "duffel_test_x"]);
        assert_eq!(told, "Nomor (masked) of (masked) ((masked)) (masked)");
        let plain = "Field 'born_on' is not a date of 2027.";
        assert_eq!(words(plain, &[]), plain);
    }
}
