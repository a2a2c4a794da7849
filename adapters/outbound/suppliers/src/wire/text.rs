//! Reading what a supplier sends today and what it may send tomorrow: numbers as text, nulls, members nobody knows.

use dermaga_ports::time::Timestamp;
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

    /// As a moment in UTC. A text without an offset is none.
    pub fn moment(&self) -> Option<Timestamp> {
        self.get()?.parse().ok()
    }

    pub fn number<T: std::str::FromStr>(&self) -> Option<T> {
        self.get()?.parse().ok()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
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
