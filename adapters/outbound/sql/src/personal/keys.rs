//! The ring of keys.

use std::{fmt, str::FromStr, sync::Arc};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use dermaga_ports::auth::Email;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key.
const LENGTH: usize = 32;
/// The longest name of a key: it is written in front of every value.
const LONGEST_NAME: usize = 32;
/// What the two keys are for that are made of each key of the ring. Never change them: everything stored depends on it.
const FOR_SEALING: &[u8] = b"dermaga/personal-data/1/seal";
const FOR_FINDING: &[u8] = b"dermaga/personal-data/1/find";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The keys of personal data, each with a name: the first seals, all of them open. Clones share them.
///
/// Written as `name:key,name:key`, where a key is 32 bytes in Base64. Neither errors nor `Debug` show a key.
#[derive(Clone)]
pub struct PersonalKeys(Arc<[Key]>);

/// What is made of one key of the ring.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) cipher: XChaCha20Poly1305,
    finder: Zeroizing<[u8; LENGTH]>,
}

impl Key {
    fn new(name: &str, secret: &[u8; LENGTH]) -> Option<Self> {
        let source = Hkdf::<Sha256>::new(None, secret);
        let mut sealer = Zeroizing::new([0; LENGTH]);
        let mut finder = Zeroizing::new([0; LENGTH]);
        source.expand(FOR_SEALING, &mut sealer[..]).ok()?;
        source.expand(FOR_FINDING, &mut finder[..]).ok()?;
        let cipher = XChaCha20Poly1305::new_from_slice(&sealer[..]).ok()?;
        Some(Self { name: name.to_owned(), cipher, finder })
    }

    fn digest(&self, kind: &str, text: &str) -> Vec<u8> {
        // A key of 32 bytes is never refused; of what cannot happen nothing would be found.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&self.finder[..]) else { return Vec::new() };
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

impl fmt::Debug for PersonalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.name)).finish()
    }
}

impl FromStr for PersonalKeys {
    type Err = String;

    /// # Errors
    /// A sentence that says which key is wrong, and in what.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut ring: Vec<Key> = Vec::new();
        for (place, entry) in text.split(',').map(str::trim).enumerate() {
            let number = place + 1;
            let (name, secret) =
                entry.split_once(':').ok_or_else(|| format!("key {number} must be written as name:key"))?;
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(legal) {
                return Err(format!(
                    "the name of key {number} must have 1 to {LONGEST_NAME} letters, digits, dots, dashes or underscores"
                ));
            }
            if ring.iter().any(|key| key.name == name) {
                return Err(format!("there are two keys with the name {name}"));
            }
            // Both alphabets of Base64 are in use.
            let secret = Zeroizing::new(secret.replace('-', "+").replace('_', "/"));
            let mut bytes = BASE64.decode(secret.as_bytes()).map_err(|_| format!("key {name} is not Base64"))?;
            let key = <&[u8; LENGTH]>::try_from(&bytes[..]).ok().and_then(|secret| Key::new(name, secret));
            bytes.zeroize();
            ring.push(key.ok_or_else(|| format!("key {name} must have {LENGTH} bytes"))?);
        }
        Ok(Self(ring.into()))
    }
}

impl PersonalKeys {
    /// The key that seals. A ring is never empty, because not even an empty text is one.
    pub(super) fn first(&self) -> Option<&Key> {
        self.0.first()
    }

    pub(super) fn named(&self, name: &[u8]) -> Option<&Key> {
        self.0.iter().find(|key| key.name.as_bytes() == name)
    }

    /// Whether an address may be stored under the digest of another key than the first.
    pub(crate) fn are_several(&self) -> bool {
        self.0.len() > 1
    }

    /// What an address is stored under.
    pub(crate) fn digest(&self, email: &Email) -> Option<Vec<u8>> {
        self.first().map(|key| key.digest("users.email", email.as_str()))
    }

    /// What an address may be stored under while keys are changed, likeliest first.
    pub(crate) fn digests(&self, email: &Email) -> Vec<Vec<u8>> {
        self.0.iter().map(|key| key.digest("users.email", email.as_str())).collect()
    }

    /// What attempts to log in are counted under: the name that they are made with is personal, too.
    pub(crate) fn disguise(&self, key: &str) -> String {
        self.first().map(|first| BASE64.encode(first.digest("throttles.key", key))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";

    #[test]
    fn a_ring_is_read_in_order() {
        let ring: PersonalKeys = format!("2026-11:{A}, old_1:{}", "_-".repeat(21) + "8").parse().expect("two keys");
        assert_eq!(format!("{ring:?}"), r#"["2026-11", "old_1"]"#);
        assert_eq!(ring.first().map(|key| key.name.as_str()), Some("2026-11"));
        assert!(ring.are_several());
    }

    #[test]
    fn what_is_wrong_is_told_without_the_key() {
        let twice = format!("a:{A},a:{A}");
        for (text, told) in [
            ("", "key 1 must be written as name:key"),
            (A, "key 1 must be written as name:key"),
            (&format!("a:{A},"), "key 2 must be written as name:key"),
            (&format!(":{A}"), "the name of key 1"),
            (&format!("a b:{A}"), "the name of key 1"),
            ("a:c2hvcnQ=", "key a must have 32 bytes"),
            ("a:???", "key a is not Base64"),
            (&twice, "two keys with the name a"),
        ] {
            let refused = text.parse::<PersonalKeys>().expect_err(text);
            assert!(refused.contains(told), "{text}: {refused}");
            assert!(!refused.contains("QUFB"), "{refused}");
        }
    }

    #[test]
    fn an_address_is_found_by_its_own_digest_under_each_key() {
        let email = |text: &str| text.parse::<Email>().expect("an address");
        let b = A.replace("QUFB", "QkJC");
        let (one, two): (PersonalKeys, PersonalKeys) =
            (format!("a:{A}").parse().expect("a key"), format!("b:{b},a:{A}").parse().expect("two keys"));
        assert_eq!(one.digest(&email("JOHN@example.com")), one.digest(&email("john@Example.com")));
        assert_ne!(one.digest(&email("john@example.com")), one.digest(&email("jane@example.com")));
        let digests = two.digests(&email("john@example.com"));
        assert_eq!(digests.len(), 2);
        assert_eq!(two.digest(&email("john@example.com")).as_ref(), digests.first());
        assert_eq!(one.digest(&email("john@example.com")).as_ref(), digests.last());
        assert_ne!(digests[0], digests[1]);
        assert_ne!(one.disguise("john@example.com"), two.disguise("john@example.com"));
    }
}
