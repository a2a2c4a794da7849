//! Transfers that a person finds on a bank's statement: their amounts, and what payers show to prove them.

use std::fmt;

use async_trait::async_trait;

use crate::{StoreError, ids::PaymentId, money::Money, time::Timestamp};

/// A picture that a payer shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/png`, `image/jpeg` or `image/webp`.
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

impl Picture {
    /// What kind of picture these bytes begin like, if it is one that is kept.
    pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
            [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
            _ => None,
        }
    }
}

/// What a payer shows to prove a transfer. Personal: it names people and accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub payment: PaymentId,
    /// Where the money came from.
    pub bank: Option<String>,
    pub sender: Option<String>,
    /// As the payer says, in smallest units of the payment's currency.
    pub amount: Option<i64>,
    pub transferred_at: Option<Timestamp>,
    pub note: Option<String>,
    pub picture: Option<Picture>,
    pub shown_at: Timestamp,
}

/// Manual transfers inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ManualTransfers: Send {
    /// Which amounts above `base`, and at most `most` above it, somebody else may be transferring right now.
    async fn taken_amounts(&mut self, base: Money, most: i64, now: Timestamp) -> Result<Vec<i64>, StoreError>;

    /// Keeps an amount for a payment until that moment; answers whether it was free.
    async fn take_amount(
        &mut self,
        payment: PaymentId,
        amount: Money,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Keeps what a payer shows; it replaces what was shown before.
    async fn show(&mut self, proof: &Proof) -> Result<(), StoreError>;

    /// What was shown.
    async fn proof(&mut self, payment: PaymentId) -> Result<Option<Proof>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_how_they_begin() {
        assert_eq!(Picture::media_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(Picture::media_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(Picture::media_type(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b""[..], b"<svg/>", b"GIF89a", b"%PDF-1.7", b"RIFF\0\0\0\0WAVE"] {
            assert_eq!(Picture::media_type(other), None);
        }
    }
}
