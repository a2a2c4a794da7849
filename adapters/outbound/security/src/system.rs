//! The machine's clock, fresh ids and randomness: the ambient things, behind their ports.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dermaga_ports::{
    system::{Clock, IdGenerator, Secrets},
    time::Timestamp,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's adapter")]
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            // A machine that believes it is before 1970 still has an order of moments.
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
        };
        Timestamp::from_micros(micros)
    }
}

/// UUIDv7, ascending within a process even inside one millisecond.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidV7Ids;

impl IdGenerator for UuidV7Ids {
    #[expect(clippy::disallowed_methods, reason = "this is the IdGenerator port's adapter")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsSecrets;

impl Secrets for OsSecrets {
    #[expect(clippy::disallowed_methods, reason = "this is the Secrets port's adapter")]
    fn token(&self) -> String {
        let mut bytes = [0; 32];
        // There is no safe way on without randomness, and no system we run on is without it after start-up.
        getrandom::fill(&mut bytes).expect("the operating system has randomness");
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn digest(&self, token: &str) -> [u8; 32] {
        Sha256::digest(token.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_clock_is_of_this_century() {
        let now = SystemClock.now();
        assert!(now > Timestamp::from_micros(1_767_225_600_000_000), "{now}");
        assert!(now <= SystemClock.now());
    }

    #[test]
    fn ids_ascend_and_are_version_7() {
        let ids: Vec<Uuid> = (0..1_000).map(|_| UuidV7Ids.next()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn tokens_are_long_fresh_and_fit_for_urls() {
        let tokens: HashSet<String> = (0..100).map(|_| OsSecrets.token()).collect();
        assert_eq!(tokens.len(), 100);
        for token in tokens {
            assert_eq!(token.len(), 43, "256 bits");
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{token}");
        }
    }

    #[test]
    fn a_digest_is_sha_256_everywhere() {
        let hex: String = OsSecrets.digest("abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
