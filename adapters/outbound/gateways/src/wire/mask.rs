//! What may be kept of an answer: what helps to look into a payment, and nothing that lets anybody pay or be found.

use serde_json::Value;

use super::reference::clip;

const MASK: &str = "(masked)";

/// Members that are masked with everything in them.
const PEOPLE: &[&str] = &[
    "customer",
    "customer_details",
    "customer_detail",
    "individual_detail",
    "billing_address",
    "shipping_address",
    "address",
    "addresses",
    "payer",
    "card_details",
    "card_information",
];

/// Members whose name has one of these in it.
const PRIVATE: &[&str] = &[
    "email",
    "phone",
    "mobile",
    "token",
    "signature",
    "secret",
    "password",
    "cvv",
    "cvn",
    "card_number",
    "cardholder",
    "first_name",
    "last_name",
    "given_name",
    "surname",
    "payer_name",
    "display_name",
    "customer_name",
    "holder_name",
    "recipient_name",
    "redirect_url",
    "server_key",
    "client_key",
    "api_key",
    "street",
    "postal_code",
    "account_details",
];

/// The answer without card numbers, tokens, signatures, names, addresses and the parameters of links.
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
                if name == "masked_card" {
                    *value = last_four(value);
                } else if PEOPLE.contains(&name.as_str()) || PRIVATE.iter().any(|part| name.contains(part)) {
                    if !value.is_null() {
                        *value = MASK.into();
                    }
                } else {
                    walk(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::String(text) => {
            if text.contains("://")
                && let Some(at) = text.find('?')
            {
                text.truncate(at);
                text.push_str("?(masked)");
            }
        }
        _ => {}
    }
}

fn last_four(value: &Value) -> Value {
    let digits = value.as_str().and_then(|text| text.char_indices().rev().nth(3).map(|(at, _)| &text[at..]));
    digits.map_or_else(|| MASK.into(), |digits| format!("{MASK}-{digits}").into())
}

/// The most characters of a gateway's words that are passed on.
const MAX_WORDS: usize = 300;

/// Runs of so many digits are card numbers or may be.
const CARD_DIGITS: usize = 12;

/// A gateway's own words, fit to be shown: on one line, without long numbers and without what we told it in confidence.
pub(crate) fn words(text: &str, confidential: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in confidential.iter().filter(|secret| secret.len() > 3) {
        text = text.replace(secret, MASK);
    }
    let mut shown = String::with_capacity(text.len());
    let mut digits = String::new();
    let flush = |shown: &mut String, digits: &mut String| {
        shown.push_str(if digits.len() >= CARD_DIGITS { MASK } else { digits });
        digits.clear();
    };
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        flush(&mut shown, &mut digits);
        shown.push(if c.is_control() { ' ' } else { c });
    }
    flush(&mut shown, &mut digits);
    clip(shown.trim(), MAX_WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c10_56_what_is_kept_has_no_secret_and_no_person() {
        let body = r#"{"order_id":"A-1","gross_amount":"5.00","signature_key":"SECRET1","masked_card":"48111111-1114",
            "saved_token_id":"SECRET2","redirect_url":"https://x/SECRET3","customer_details":{"any":"SECRET4"},
            "data":{"payer_email":"SECRET5","payment_details":{"payer_name":"SECRET6","source":"GOPAY"}},
            "actions":[{"name":"deeplink-redirect","url":"gojek://pay?tref=SECRET7"}],"email":null,"shopper":"kept"}"#;
        let kept = answer(body);
        assert!(!kept.contains("SECRET") && !kept.contains("4811"), "{kept}");
        for part in ["A-1", "5.00", "(masked)-1114", "GOPAY", "gojek://pay?(masked)", "kept", r#""email":null"#] {
            assert!(kept.contains(part), "{part} in {kept}");
        }
        assert_eq!(answer("<html>SECRET</html>"), "(19 bytes that are not JSON)");
    }

    #[test]
    fn words_lose_long_numbers_and_what_was_told_in_confidence() {
        let told = words("card 4811111111111114 of\nsari@example.com, try 123", &["sari@example.com", ""]);
        assert_eq!(told, "card (masked) of (masked), try 123");
        assert_eq!(words(&"x".repeat(1_000), &[]).len(), MAX_WORDS);
    }
}
