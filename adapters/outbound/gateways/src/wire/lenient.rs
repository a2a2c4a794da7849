//! Reading what a gateway sends today and what it may send tomorrow: numbers as text, nulls, members nobody knows.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A member that is text, or a number written as one. A number keeps the digits that were sent: it never is a float.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(Option<String>);

impl Text {
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, or nothing.
    pub fn or_empty(&self) -> &str {
        self.get().unwrap_or_default()
    }

    pub fn owned(&self) -> Option<String> {
        self.0.clone()
    }

    /// As a word to compare: trimmed and in capitals.
    pub fn word(&self) -> String {
        self.or_empty().trim().to_ascii_uppercase()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let told = match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).ok(),
            Some(b'0'..=b'9' | b'-' | b't' | b'f') => Some(raw.get().to_owned()),
            // Null, or something with an inside where text was expected: not there.
            _ => None,
        };
        Ok(Self(told.filter(|text: &String| !text.is_empty())))
    }
}

/// For lists that may be null.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Sample {
        amount: Text,
        name: Text,
        #[serde(deserialize_with = "list")]
        rows: Vec<Text>,
    }

    #[test]
    fn c10_41_numbers_as_text_nulls_and_strangers_are_read() {
        let read = |json| serde_json::from_str::<Sample>(json).expect("readable");
        let sample = read(r#"{"amount": 150000.00, "name": null, "rows": null, "stranger": {"a": [1]}}"#);
        assert_eq!((sample.amount.get(), sample.name.get(), sample.rows.len()), (Some("150000.00"), None, 0));
        let sample = read(r#"{"amount": "1e4", "name": "a\u0062", "rows": [1, "2", {}]}"#);
        assert_eq!((sample.amount.get(), sample.name.get()), (Some("1e4"), Some("ab")));
        assert_eq!(sample.rows.iter().map(Text::get).collect::<Vec<_>>(), [Some("1"), Some("2"), None]);
        let huge = read(r#"{"amount": 123456789012345678901234567890.10}"#);
        assert_eq!(huge.amount.get(), Some("123456789012345678901234567890.10"));
    }
}
