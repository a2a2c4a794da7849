//! Addresses that webhooks go to.

use std::fmt;

use crate::{events::covers, ids::EndpointId, time::Timestamp};

/// The most endpoints there may be: every event is compared with all of them.
pub const MAX_ENDPOINTS: usize = 100;

/// The shared secret of an endpoint: the bytes, not the text that begins with `whsec_`.
///
/// It is told once, when it is made. It never appears in a log: what `Debug` writes says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// From its bytes; `None` outside of 24 to 64, which is what the specification of Standard Webhooks allows.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The bytes, to sign with or to be stored.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// A key that was replaced and is still good for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousKey {
    pub key: SigningKey,
    pub until: Timestamp,
}

/// What an endpoint's webhooks are signed with: during a rotation with both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeys {
    pub current: SigningKey,
    pub previous: Option<PreviousKey>,
}

impl SigningKeys {
    /// The keys that count at that moment, the newest first.
    pub fn at(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        let previous = self.previous.as_ref().filter(|previous| now < previous.until);
        std::iter::once(&self.current).chain(previous.map(|previous| &previous.key))
    }
}

/// Whether webhooks go to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointState {
    /// They do. If the last attempt failed: since when none has gone well.
    Enabled { failing_since: Option<Timestamp> },
    /// They do not, because of this.
    Disabled { since: Timestamp, reason: String },
}

/// An address that webhooks go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: EndpointId,
    /// `https`, or `http` where the host's settings allow it.
    pub url: String,
    /// Patterns as in [`crate::events::Subscriber::topics`]; at least one.
    pub topics: Vec<String>,
    pub description: Option<String>,
    pub keys: SigningKeys,
    pub state: EndpointState,
    pub created_at: Timestamp,
}

impl Endpoint {
    /// Whether events of that topic go there now.
    pub fn wants(&self, topic: &str) -> bool {
        matches!(self.state, EndpointState::Enabled { .. }) && self.topics.iter().any(|pattern| covers(pattern, topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::new(vec![byte; 32]).expect("long enough")
    }

    #[test]
    fn a_key_has_a_length_and_is_not_shown() {
        assert!(SigningKey::new(vec![0; 23]).is_none() && SigningKey::new(vec![0; 65]).is_none());
        assert_eq!(format!("{:?}", key(77)), "SigningKey(..)");
    }

    #[test]
    fn a_replaced_key_counts_until_its_time_is_over() {
        let until = Timestamp::from_micros(10);
        let keys = SigningKeys { current: key(1), previous: Some(PreviousKey { key: key(2), until }) };
        assert_eq!(keys.at(Timestamp::from_micros(9)).collect::<Vec<_>>(), [&key(1), &key(2)]);
        assert_eq!(keys.at(until).collect::<Vec<_>>(), [&key(1)]);
    }
}
