//! What a device tells after it could not ask: many scans, each with its own answer.

use dermaga_ports::{auth::Principal, time::Timestamp};

use super::{Attendance, Scan, Scanned};
use crate::{
    auth::Permission,
    error::{Error, Result},
    faults::Faults,
};

/// The most scans of one batch.
pub const MAX_BATCH: usize = 100;

/// What came of one scan of a batch: on record, or wrong in itself.
pub type BatchResult = std::result::Result<Scanned, Error>;

impl Attendance {
    /// Puts scans on record one after the other, each by itself. `sent_at` is what the device's clock says now: its error is
    /// taken off what it says of each scan, and nothing has happened later than now.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], [`crate::Code::Invalid`] for an empty or too large batch and for scans without a
    /// nonce. When the system fails in the middle, what was put on record stays, and a repetition goes on.
    pub async fn check_in_batch(
        &self,
        by: &Principal,
        scans: Vec<Scan>,
        sent_at: Option<Timestamp>,
    ) -> Result<Vec<BatchResult>> {
        let staff = self.staff(by, Permission::CheckIn).await?;
        let mut faults = Faults::default();
        if scans.is_empty() || scans.len() > MAX_BATCH {
            faults.add("/checkins", format!("must have 1 to {MAX_BATCH} scans"));
        }
        for (place, scan) in scans.iter().enumerate().take(MAX_BATCH) {
            if scan.nonce.as_deref().is_none_or(|nonce| nonce.trim().is_empty()) {
                faults.add(&format!("/checkins/{place}/nonce"), "must be given, so that the batch can be repeated");
            }
        }
        if scans.first().is_some_and(|scan| scan.device.as_deref().is_none_or(|device| device.trim().is_empty())) {
            faults.add("/device", "must name the device");
        }
        faults.check()?;
        let mut results = Vec::with_capacity(scans.len());
        for (place, scan) in scans.into_iter().enumerate() {
            let now = self.0.now();
            let at = scan.at.map_or(now, |at| corrected(at, sent_at, now));
            let checked = scan.checked(at).map_err(|error| error.within(&format!("/checkins/{place}")));
            let result = match checked {
                Ok(scan) => self.pass(by, &staff, self.0.id(), &scan).await,
                Err(error) => Err(error),
            };
            match result {
                Err(error) if error.code().is_about_the_system() => return Err(error),
                result => results.push(result),
            }
        }
        Ok(results)
    }
}

/// What a clock that is wrong has shown, put right.
fn corrected(at: Timestamp, sent_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let error = sent_at.map_or(0, |sent| now.micros().saturating_sub(sent.micros()));
    Timestamp::from_micros(at.micros().saturating_add(error)).min(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_is_put_right_and_the_future_has_not_happened() {
        let at = Timestamp::from_micros;
        assert_eq!(corrected(at(50), None, at(100)), at(50));
        assert_eq!(corrected(at(50), Some(at(70)), at(100)), at(80), "it is 30 slow");
        assert_eq!(corrected(at(150), Some(at(170)), at(100)), at(80), "it is 70 fast");
        assert_eq!(corrected(at(150), None, at(100)), at(100));
        assert_eq!(corrected(at(i64::MAX), Some(at(i64::MIN)), at(100)), at(100));
    }
}
