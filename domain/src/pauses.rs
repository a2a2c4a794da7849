//! Pauses between tries: longer and longer, and never the same for everybody.

use std::time::Duration;

use uuid::Uuid;

/// How much longer a pause may be than it says: a fifth. Those that failed together shall not come back together.
const SPREAD: u32 = 5;

/// The pause after so many tries that failed; none when there shall be no further one. How much longer it is than the
/// schedule says follows from the id, so that the same question has the same answer.
pub(crate) fn pause(schedule: &[Duration], tries: u32, id: Uuid) -> Option<Duration> {
    let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let least = *schedule.get(place)?;
    // Fibonacci hashing: the last bits of an id are random, and the upper half of the product depends on all of them.
    let mixed = (id.as_u128() as u64).wrapping_add(u64::from(tries)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let part = f64::from(u32::try_from(mixed).unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    Some(least + (least / SPREAD).mul_f64(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: &[Duration] = &[Duration::from_secs(10), Duration::from_secs(100)];

    #[test]
    fn the_schedule_is_kept_and_ends() {
        for n in 0..100 {
            let id = Uuid::from_u128(n);
            let first = pause(SCHEDULE, 1, id).expect("a second try");
            let second = pause(SCHEDULE, 2, id).expect("a third try");
            assert!((10_000..=12_000).contains(&first.as_millis()), "{first:?}");
            assert!((100_000..=120_000).contains(&second.as_millis()), "{second:?}");
            assert_eq!(pause(SCHEDULE, 3, id), None);
        }
    }

    #[test]
    fn whoever_failed_together_does_not_come_back_together() {
        let mut pauses: Vec<_> = (0..50).map(|n| pause(SCHEDULE, 2, Uuid::from_u128(n)).expect("another")).collect();
        pauses.sort();
        pauses.dedup();
        assert!(pauses.len() > 45, "{}", pauses.len());
        assert!(pauses[pauses.len() - 1] - pauses[0] > Duration::from_secs(10));
    }
}
