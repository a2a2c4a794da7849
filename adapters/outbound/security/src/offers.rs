//! HMAC-SHA256 for offers that go out to people and come back.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as TEXT};
use dermaga_ports::booking::OfferSeal;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Sets the key apart from what else is made of the same secret.
const PURPOSE: &[u8] = b"dermaga/offers/1";

/// Seals with a key that is derived from a secret which all hosts of a deployment share.
pub struct HmacSeal(Hmac<Sha256>);

impl HmacSeal {
    /// From the secret that signs access tokens.
    pub fn of(secret: &[u8]) -> Self {
        let derived = keyed(secret).chain_update(PURPOSE).finalize().into_bytes();
        Self(keyed(&derived))
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

impl OfferSeal for HmacSeal {
    fn seal(&self, content: &str) -> String {
        let tag = self.0.clone().chain_update(content).finalize().into_bytes();
        format!("{}.{}", TEXT.encode(content), TEXT.encode(tag))
    }

    fn open(&self, sealed: &str) -> Option<String> {
        let (content, tag) = sealed.split_once('.')?;
        let (content, tag) = (TEXT.decode(content).ok()?, TEXT.decode(tag).ok()?);
        self.0.clone().chain_update(&content).verify_slice(&tag).ok()?;
        String::from_utf8(content).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_what_went_out() {
        let seal = HmacSeal::of(b"a secret of thirty-two characters");
        let content = r#"{"offer":"off_1","total":1250000}"#;
        let sealed = seal.seal(content);
        assert_eq!(sealed, seal.seal(content), "the same each time");
        assert!(sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{sealed}");
        assert_eq!(seal.open(&sealed).as_deref(), Some(content));
        assert_eq!(HmacSeal::of(b"a secret of thirty-two characters").open(&sealed).as_deref(), Some(content));
    }

    #[test]
    fn what_somebody_else_wrote_is_nothing() {
        let seal = HmacSeal::of(b"a secret of thirty-two characters");
        let sealed = seal.seal("it costs 1250000");
        let (_, tag) = sealed.split_once('.').expect("two parts");
        let cheaper = format!("{}.{tag}", TEXT.encode("it costs 1"));
        let elsewhere = HmacSeal::of(b"another secret of as many letters").seal("it costs 1250000");
        for forged in
            [cheaper.as_str(), &elsewhere, &sealed[1..], &sealed[..sealed.len() - 4], "", ".", "a.b", "\u{e9}.x"]
        {
            assert_eq!(seal.open(forged), None, "{forged}");
        }
        // The very secret is no key for this: who can sign tokens elsewhere cannot make offers.
        let plain = keyed(b"a secret of thirty-two characters").chain_update("x").finalize().into_bytes();
        assert_eq!(seal.open(&format!("{}.{}", TEXT.encode("x"), TEXT.encode(plain))), None);
    }
}
