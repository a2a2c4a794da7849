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

/// So many digits in a row are a card's number or may be.
const CARD_DIGITS: usize = 12;

/// Words of so many characters with a digit in them are keys, tokens or ids.
const TOKEN_LENGTH: usize = 20;

/// A gateway's own words, fit to be shown: on one line, and without anything that looks like a card, a key, a token, an
/// address or a telephone number; nor what we told it in confidence.
pub(crate) fn words(text: &str, confidential: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in confidential.iter().filter(|secret| secret.len() > 3) {
        text = text.replace(secret, MASK);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c| !is_of_a_word(c)).unwrap_or(rest.len()));
        shown.push_str(if is_private(word) { MASK } else { word });
        let between = after.find(is_of_a_word).unwrap_or(after.len());
        shown.extend(after[..between].chars().map(|c| if c.is_control() { ' ' } else { c }));
        rest = &after[between..];
    }
    clip(shown.trim(), MAX_WORDS)
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '=' | '.' | '@')
}

fn is_private(word: &str) -> bool {
    let digits = word.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    let address = word.find('@').is_some_and(|at| at > 0);
    let telephone = word.starts_with('+') && digits >= 8;
    address || telephone || digits >= CARD_DIGITS || (word.len() >= TOKEN_LENGTH && digits > 0)
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
    fn words_lose_what_could_be_used_or_found() {
        let told =
            words("card 4811111111111114 of\nsari@example.com (+628110000001) Sari W, try 123.", &["Sari W", ""]);
        assert_eq!(told, "card (masked) of (masked) ((masked)) (masked), try 123.");
        for token in ["481111-1114-0f6f3c55-6f52", "SB-Mid-server-0000000000", "U0ItTWlkLXNlcnZlci1FWEFNUExFMDAw"] {
            assert_eq!(words(&format!("no {token}!"), &[]), "no (masked)!");
        }
        let plain = "transaction_details.gross_amount of DCF-7 is not 150000.00";
        assert_eq!(words(plain, &[]), plain);
        assert_eq!(words(&"x ".repeat(1_000), &[]).len(), MAX_WORDS);
    }
}
