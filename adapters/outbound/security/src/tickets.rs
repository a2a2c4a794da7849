//! Ed25519 for the codes of tickets.

use dermaga_ports::attendance::{SecretKey, TicketSigner};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// Signs with Ed25519 as RFC 8032 has it; the same code is signed the same way every time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ed25519Signer;

impl TicketSigner for Ed25519Signer {
    #[expect(
        clippy::disallowed_methods,
        reason = "a key is made of the system's randomness, and nothing decides on it"
    )]
    fn fresh(&self) -> SecretKey {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system has randomness");
        SecretKey::new(bytes)
    }

    fn public(&self, key: &SecretKey) -> [u8; 32] {
        SigningKey::from_bytes(key.expose()).verifying_key().to_bytes()
    }

    fn sign(&self, key: &SecretKey, body: &[u8]) -> [u8; 64] {
        SigningKey::from_bytes(key.expose()).sign(body).to_bytes()
    }

    /// Strictly: without it, there are keys for which a signature is good for several bodies.
    fn verify(&self, public: &[u8; 32], body: &[u8], signature: &[u8; 64]) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(public) else { return false };
        key.verify_strict(body, &Signature::from_bytes(signature)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_key_and_its_body_alone() {
        let (signer, body) = (Ed25519Signer, b"evt1 and so on".as_slice());
        let (key, other) = (signer.fresh(), signer.fresh());
        assert_ne!(key, other);
        let signature = signer.sign(&key, body);
        assert!(signer.verify(&signer.public(&key), body, &signature));
        assert!(!signer.verify(&signer.public(&other), body, &signature));
        assert!(!signer.verify(&signer.public(&key), b"evt2 and so on", &signature));
        for place in 0..signature.len() {
            let mut bent = signature;
            bent[place] ^= 1;
            assert!(!signer.verify(&signer.public(&key), body, &bent), "{place}");
        }
    }

    #[test]
    fn a_public_key_of_small_order_verifies_nothing() {
        // The neutral element: with it and an all-zero scalar, a lenient check accepts any body.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!Ed25519Signer.verify(&neutral, b"anything", &signature));
    }

    #[test]
    fn it_signs_as_the_standard_says() {
        // RFC 8032, section 7.1, test 1: an empty body.
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).expect("hexadecimal")).collect()
        };
        let secret = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let signature = hex(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        );
        let key = SecretKey::new(secret.try_into().expect("32 bytes"));
        assert_eq!(Ed25519Signer.public(&key).to_vec(), public);
        assert_eq!(Ed25519Signer.sign(&key, b"").to_vec(), signature);
    }
}
