//! Names that may stand in a path, checked here because what a gateway does with others is not known.

use dermaga_ports::{ids::TransferId, payments::NewRefund};
use uuid::Uuid;

use super::{NotDone, invalid};

/// The name space of ids that follow from our names: this project's own, drawn once.
const NAMES: Uuid = Uuid::from_u128(0x8a0d_64f1_2b7c_4e59_9f3a_c6d0_51b8_7e24);

/// Our name for a payment: 1 to 50 of `A-Z a-z 0-9 - _ ~ .`, and no name of a folder.
pub(crate) fn reference(text: &str) -> Result<&str, NotDone> {
    if (1..=50).contains(&text.len()) && is_safe(text) {
        return Ok(text);
    }
    Err(invalid("a payment's reference has 1 to 50 letters, digits, dashes, underscores, tildes and points"))
}

/// The gateway's name for something, as it may stand in a path or a query.
pub(crate) fn foreign(id: &str) -> Result<&str, NotDone> {
    if (1..=100).contains(&id.len()) && is_safe(id) {
        return Ok(id);
    }
    Err(invalid("the gateway's id has characters that no path may have"))
}

/// The name of a refund, with its amount and reason checked as well.
pub(crate) fn refund(refund: &NewRefund) -> Result<(), NotDone> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(1..=50).contains(&refund.key.len()) || !refund.key.chars().all(legal) {
        return Err(invalid("a refund's key has 1 to 50 letters, digits, dashes and underscores"));
    }
    if !refund.amount.is_positive() {
        return Err(invalid("a refund is of more than 0"));
    }
    if !(1..=255).contains(&refund.reason.chars().count()) {
        return Err(invalid("a refund has a reason of 1 to 255 characters"));
    }
    Ok(())
}

/// Characters that mean nothing in a URL, and not all points: `..` would lead elsewhere.
fn is_safe(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~' | '.'))
        && text.chars().any(|c| c != '.')
}

/// A text of 36 characters that is the same for the same key.
pub(crate) fn idempotency_key(key: &str) -> String {
    key.parse().unwrap_or_else(|_| derived(&["key", key])).hyphenated().to_string()
}

/// The id of a movement that follows from our names for it.
pub(crate) fn movement(parts: &[&str]) -> TransferId {
    TransferId(derived(parts))
}

fn derived(parts: &[&str]) -> Uuid {
    // A slash is in none of our names, so two lists of parts never make one text.
    Uuid::new_v5(&NAMES, parts.join("/").as_bytes())
}

/// No more than so many characters.
pub(crate) fn clip(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c10_55_a_reference_that_a_path_cannot_carry_is_refused_here() {
        let fifty = "a".repeat(50);
        for good in ["DCF-20260105-000123", "a", "a~pay1s.x_Y", &fifty, "..a"] {
            assert_eq!(reference(good), Ok(good));
        }
        let long = "a".repeat(51);
        for bad in ["", &long, "a b", "a#b", "a/b", "a?b", "a%2Fb", "ä", "..", ".", "a\n"] {
            assert!(matches!(reference(bad), Err(NotDone::Refused(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_key_is_36_characters_and_stays_the_same() {
        let uuid = "0f6f3c55-6f52-4c38-9a8f-0c7b6f1f9a20";
        assert_eq!(idempotency_key(uuid), uuid);
        let derived = idempotency_key("charge 1");
        assert_eq!((derived.len(), &derived), (36, &idempotency_key("charge 1")));
        assert_ne!(derived, idempotency_key("charge 2"));
    }
}
