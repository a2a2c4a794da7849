//! The keys that sign codes, and who signs with them.

use std::fmt;

use uuid::Uuid;

use crate::time::Timestamp;

/// What signs. It never appears in a log: what `Debug` writes says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// From its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to sign with or to be stored.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// A key as everybody may know it. What it has signed stays good when a newer one signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketKey {
    pub id: Uuid,
    /// What codes call it; the one with the highest number signs.
    pub number: u32,
    pub public: [u8; 32],
    pub created_at: Timestamp,
}

/// Ed25519.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait TicketSigner: Send + Sync {
    /// A fresh key that nobody can guess.
    fn fresh(&self) -> SecretKey;

    /// What verifies what this key signs.
    fn public(&self, key: &SecretKey) -> [u8; 32];

    fn sign(&self, key: &SecretKey, body: &[u8]) -> [u8; 64];

    /// Whether the signature is good. MUST refuse what another key has signed, whatever the bytes of `public` are.
    fn verify(&self, public: &[u8; 32], body: &[u8], signature: &[u8; 64]) -> bool;
}
