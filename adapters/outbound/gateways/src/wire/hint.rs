//! What webhooks of all gateways need: texts that fit where they are stored, whatever was sent.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{mask, reference};

/// The same for the same parts in the same order, and always 64 characters: a sender decides about the parts' length.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With their lengths, so that no two lists of parts are one text.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A name that we or the gateway can have given; anything else belongs to nobody.
pub(crate) fn known_name(name: Option<&str>) -> Option<String> {
    name.filter(|name| reference::foreign(name).is_ok()).map(str::to_owned)
}

/// A word for a list that people read.
pub(crate) fn word(text: &str) -> String {
    reference::clip(&mask::words(text, &[]), 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_not_one_text() {
        assert_eq!(digest(&["a", "b"]), digest(&["a", "b"]));
        assert_ne!(digest(&["a", "b"]), digest(&["ab", ""]));
        assert_eq!(digest(&[&"x".repeat(60_000)]).len(), 64);
    }
}
