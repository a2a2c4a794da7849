//! The signature of Standard Webhooks, version 1: HMAC-SHA256 over id, time and body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dermaga_ports::{
    time::Timestamp,
    webhooks::{SigningKey, SigningKeys},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What the text of a secret begins with.
const PREFIX: &str = "whsec_";

/// A key as it is told to whoever shall check signatures with it.
pub(super) fn text(key: &SigningKey) -> String {
    format!("{PREFIX}{}", STANDARD.encode(key.expose()))
}

/// The header `webhook-signature`: one signature for each key that counts, so that a receiver may still know the old one.
pub(super) fn header(keys: &SigningKeys, id: &str, at: Timestamp, body: &str) -> String {
    let content = format!("{id}.{}.{body}", seconds(at));
    let signatures = keys.at(at).map(|key| format!("v1,{}", STANDARD.encode(hmac(key, content.as_bytes()))));
    signatures.collect::<Vec<_>>().join(" ")
}

/// The header `webhook-timestamp`.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}

fn hmac(key: &SigningKey, content: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes keys of any length");
    mac.update(content);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use dermaga_ports::webhooks::PreviousKey;

    use super::*;

    fn key(text: &str) -> SigningKey {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).expect("a secret")).expect("base64");
        SigningKey::new(bytes).expect("of a legal length")
    }

    /// The example that the libraries of Standard Webhooks are tested with.
    #[test]
    fn a_signature_is_what_the_specification_says() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let keys = SigningKeys { current: key, previous: None };
        let at = Timestamp::from_micros(1_614_265_330_999_999);
        let body = r#"{"test": 2432232314}"#;
        let signed = header(&keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn during_a_rotation_both_keys_sign() {
        let (new, old) = (SigningKey::new(vec![1; 32]).expect("legal"), SigningKey::new(vec![2; 32]).expect("legal"));
        let until = Timestamp::from_micros(2_000_000);
        let alone = |key: &SigningKey, at| header(&SigningKeys { current: key.clone(), previous: None }, "a", at, "{}");
        let keys = SigningKeys { current: new.clone(), previous: Some(PreviousKey { key: old.clone(), until }) };
        let now = Timestamp::from_micros(1_000_000);
        assert_eq!(header(&keys, "a", now, "{}"), format!("{} {}", alone(&new, now), alone(&old, now)));
        assert_eq!(header(&keys, "a", until, "{}"), alone(&new, until));
    }

    #[test]
    fn the_text_of_a_key_reads_back() {
        let key = SigningKey::new((0..32).collect()).expect("legal");
        let text = text(&key);
        assert_eq!(self::key(&text), key);
    }
}
