//! One value, sealed.
//!
//! `version (1 byte) | length of the key's name (1 byte) | the key's name | nonce (24 bytes) | ciphertext and tag`,
//! with XChaCha20-Poly1305. Everything before the nonce, the column and the row's id are authenticated with it: what is
//! moved to another row or column, or said to be under another key, is refused.

use chacha20poly1305::{
    XNonce,
    aead::{Aead, Payload},
};
use dermaga_ports::StoreError;
use uuid::Uuid;

use super::keys::PersonalKeys;
use crate::codec::corrupt;

const VERSION: u8 = 1;
/// Random and so long that two never meet.
const NONCE: usize = 24;

/// The columns that are sealed. Their names are authenticated with each value: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    UserEmail,
    UserPhone,
    UserFullName,
    PaymentToken,
    SigningKey,
    PreviousKey,
    NoticeBody,
    NotificationMessage,
    NotificationData,
    /// Of the row whose seed this is.
    KeptAnswer,
    ProofDetails,
    ProofPicture,
    TicketHolder,
    TicketKey,
    BookingCustomer,
    BookingDelivery,
}

impl Column {
    pub(crate) const ALL: [Column; 16] = [
        Self::UserEmail,
        Self::UserPhone,
        Self::UserFullName,
        Self::PaymentToken,
        Self::SigningKey,
        Self::PreviousKey,
        Self::NoticeBody,
        Self::NotificationMessage,
        Self::NotificationData,
        Self::KeptAnswer,
        Self::ProofDetails,
        Self::ProofPicture,
        Self::TicketHolder,
        Self::TicketKey,
        Self::BookingCustomer,
        Self::BookingDelivery,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::UserEmail => "users.email",
            Self::UserPhone => "users.phone",
            Self::UserFullName => "users.full_name",
            Self::PaymentToken => "payments.token",
            Self::SigningKey => "webhook_endpoints.signing_key",
            Self::PreviousKey => "webhook_endpoints.previous_key",
            Self::NoticeBody => "payment_webhooks.body",
            Self::NotificationMessage => "notifications.message",
            Self::NotificationData => "notifications.data",
            Self::KeptAnswer => "idempotency_keys.sealed",
            Self::ProofDetails => "payment_proofs.details",
            Self::ProofPicture => "payment_proofs.picture",
            Self::TicketHolder => "tickets.holder",
            Self::TicketKey => "ticket_keys.secret_key",
            Self::BookingCustomer => "bookings.customer",
            Self::BookingDelivery => "bookings.delivery",
        }
    }
}

/// What goes with a value without being hidden.
fn context(header: &[u8], column: Column, row: Uuid) -> Vec<u8> {
    [header, column.as_str().as_bytes(), &[0], row.as_bytes()].concat()
}

/// The name of the key that a value is sealed with, and the rest behind it.
fn split(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    match sealed {
        [VERSION, length, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        _ => None,
    }
}

impl PersonalKeys {
    /// Seals a value for this place.
    pub(crate) fn seal(&self, column: Column, row: Uuid, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let key = self.first().ok_or_else(|| StoreError::Unavailable("no key of personal data".to_owned()))?;
        let mut nonce = [0; NONCE];
        fresh(&mut nonce)?;
        let length = u8::try_from(key.name.len()).map_err(corrupt)?;
        let header = [&[VERSION, length], key.name.as_bytes()].concat();
        let payload = Payload { msg: value, aad: &context(&header, column, row) };
        let hidden = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(corrupt)?;
        Ok([&header[..], &nonce, &hidden].concat())
    }

    /// The same for a text that may be missing.
    pub(crate) fn seal_text(
        &self,
        column: Column,
        row: Uuid,
        text: Option<&str>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        text.map(|text| self.seal(column, row, text.as_bytes())).transpose()
    }

    /// The value at this place. What cannot be opened is [`StoreError::Corrupt`], with the place and never the value.
    pub(crate) fn open(&self, column: Column, row: Uuid, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let place = || format!("{} of {row}", column.as_str());
        let (name, rest) = split(sealed).ok_or_else(|| corrupt(format_args!("{} is not sealed", place())))?;
        let Some(key) = self.named(name) else {
            let name = String::from_utf8_lossy(name);
            return Err(corrupt(format_args!("{} needs the key {name:?}, which PERSONAL_DATA_KEYS lacks", place())));
        };
        let refused = || corrupt(format_args!("{} cannot be opened: a wrong key, or somebody changed it", place()));
        let header = sealed.get(..sealed.len() - rest.len()).ok_or_else(refused)?;
        let (nonce, hidden) = rest.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let payload = Payload { msg: hidden, aad: &context(header, column, row) };
        key.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| refused())
    }

    /// The same for a text that may be missing.
    pub(crate) fn open_text(
        &self,
        column: Column,
        row: Uuid,
        sealed: Option<&[u8]>,
    ) -> Result<Option<String>, StoreError> {
        let text = |sealed| {
            String::from_utf8(self.open(column, row, sealed)?).map_err(|_| corrupt("a sealed text that is none"))
        };
        sealed.map(text).transpose()
    }

    /// Whether a value is sealed with the first key.
    pub(super) fn is_fresh(&self, sealed: &[u8]) -> bool {
        let with = split(sealed).map(|(name, _)| name);
        with.is_some() && with == self.first().map(|key| key.name.as_bytes())
    }
}

#[expect(clippy::disallowed_methods, reason = "a nonce belongs to the cipher and decides nothing")]
fn fresh(nonce: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(nonce).map_err(|error| StoreError::Unavailable(format!("no randomness: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Uuid = Uuid::from_u128(7);

    fn ring(keys: &[(&str, &str)]) -> PersonalKeys {
        let keys: Vec<String> = keys.iter().map(|(name, letter)| format!("{name}:{}A=", letter.repeat(42))).collect();
        keys.join(",").parse().expect("a ring")
    }

    fn refused(keys: &PersonalKeys, column: Column, row: Uuid, sealed: &[u8]) -> String {
        match keys.open(column, row, sealed) {
            Err(StoreError::Corrupt(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let keys = ring(&[("a", "A")]);
        let sealed = keys.seal(Column::UserEmail, ROW, b"john@example.com").expect("seals");
        assert_eq!(keys.open(Column::UserEmail, ROW, &sealed), Ok(b"john@example.com".to_vec()));
        assert!(!sealed.windows(4).any(|part| part == b"john"));
        for column in Column::ALL.into_iter().filter(|column| *column != Column::UserEmail) {
            assert!(refused(&keys, column, ROW, &sealed).contains("cannot be opened"), "{column:?}");
        }
        assert!(refused(&keys, Column::UserEmail, Uuid::from_u128(8), &sealed).contains("cannot be opened"));
    }

    #[test]
    fn the_same_value_is_never_sealed_alike() {
        let keys = ring(&[("a", "A")]);
        let seal = || keys.seal(Column::UserPhone, ROW, b"+62812").expect("seals");
        assert_ne!(seal(), seal());
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_refused() {
        let keys = ring(&[("a", "A"), ("b", "B")]);
        let sealed = keys.seal(Column::PaymentToken, ROW, b"token").expect("seals");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            refused(&keys, Column::PaymentToken, ROW, &changed);
            refused(&keys, Column::PaymentToken, ROW, &sealed[..place]);
        }
        // Said to be under another key that is there.
        let mut renamed = sealed;
        renamed[2] = b'b';
        assert!(refused(&keys, Column::PaymentToken, ROW, &renamed).contains("cannot be opened"));
    }

    #[test]
    fn a_key_that_is_missing_is_named_and_a_wrong_one_refused() {
        let sealed = ring(&[("old", "A")]).seal(Column::UserEmail, ROW, b"x").expect("seals");
        let why = refused(&ring(&[("new", "A")]), Column::UserEmail, ROW, &sealed);
        assert!(why.contains("needs the key \"old\""), "{why}");
        let why = refused(&ring(&[("old", "B")]), Column::UserEmail, ROW, &sealed);
        assert!(why.contains("a wrong key"), "{why}");
        let both = ring(&[("new", "B"), ("old", "A")]);
        assert_eq!(both.open(Column::UserEmail, ROW, &sealed), Ok(b"x".to_vec()));
        assert!(!both.is_fresh(&sealed));
        assert!(both.is_fresh(&both.seal(Column::UserEmail, ROW, b"x").expect("seals")));
    }
}
