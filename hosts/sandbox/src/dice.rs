//! Chance that can be repeated: ids, numbers and jitter come from one seed.

use std::time::Duration;

use uuid::Uuid;

/// A seeded source of chance. Not for secrets.
#[derive(Debug, Clone)]
pub struct Dice(fastrand::Rng);

impl Dice {
    /// The same seed gives the same sequence.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A random UUID.
    pub fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.0.u128(..).to_be_bytes()).into_uuid()
    }

    /// That many decimal digits, of which the first is not 0.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count).map(|place| char::from(b'0' + self.0.u8(u8::from(place == 0)..10))).collect()
    }

    /// That many lower-case hexadecimal digits.
    pub fn hex(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b"0123456789abcdef"[self.0.usize(..16)])).collect()
    }

    /// Up to this much.
    pub fn jitter(&mut self, most: Duration) -> Duration {
        Duration::from_millis(self.0.u64(..=u64::try_from(most.as_millis()).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (mut one, mut other, mut third) = (Dice::new(7), Dice::new(7), Dice::new(8));
        let first = one.uuid();
        assert_eq!(first, other.uuid());
        assert_ne!(first, third.uuid());
        assert_eq!(first.get_version_num(), 4);
        assert_eq!(one.digits(11).len(), 11);
        assert!(!one.digits(300).starts_with('0'));
        assert_eq!(one.hex(24).len(), 24);
    }
}
