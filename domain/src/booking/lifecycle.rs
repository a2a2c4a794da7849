//! Which status a booking may move to.
//!
//! ```text
//! QUOTED ───────────────┐
//! HOLDING ─> HELD ──────┴> COMMITTING ─> FULFILLED ─> CANCELLING ─> CANCELLED
//!                             │  └─────> FAILED
//! any of these ─> LAPSED      └──> UNKNOWN ─> FULFILLED or FAILED
//! ```

use dermaga_ports::booking::{Booking, BookingStatus};

use crate::error::{Error, Result};

/// Where a booking may go from a status.
pub fn successors(status: BookingStatus) -> &'static [BookingStatus] {
    use BookingStatus::{Cancelled, Cancelling, Committing, Failed, Fulfilled, Held, Holding, Lapsed, Quoted, Unknown};
    match status {
        Quoted => &[Committing, Lapsed],
        Holding => &[Held, Lapsed],
        Held => &[Committing, Lapsed],
        Committing => &[Fulfilled, Failed, Unknown],
        Unknown => &[Fulfilled, Failed],
        // A cancellation that the supplier refuses leaves what was bought.
        Fulfilled => &[Cancelling],
        Cancelling => &[Cancelled, Fulfilled],
        Lapsed | Failed | Cancelled => &[],
    }
}

/// Moves a booking.
///
/// # Errors
/// An internal one if there is no such move: whoever calls this has looked.
pub(super) fn go(booking: &mut Booking, to: BookingStatus) -> Result<()> {
    if !successors(booking.status).contains(&to) {
        let told = format!("booking {} cannot go from {} to {}", booking.id, booking.status.as_str(), to.as_str());
        return Err(Error::internal(told));
    }
    booking.status = to;
    booking.checks = 0;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_bought_unpaid_and_what_is_over_stays_over() {
        for status in BookingStatus::ALL {
            let next = successors(status);
            assert_eq!(status.is_void(), next.is_empty(), "{status:?}");
            assert_eq!(status.is_under_way(), next.contains(&BookingStatus::Failed), "{status:?}");
            let unpaid = status.is_for_sale() || status == BookingStatus::Holding;
            assert_eq!(unpaid, next.contains(&BookingStatus::Lapsed), "{status:?}");
            assert_eq!(status.is_for_sale(), next.contains(&BookingStatus::Committing), "{status:?}");
            let bought = next.contains(&BookingStatus::Fulfilled);
            assert_eq!(bought, status.is_under_way() || status == BookingStatus::Cancelling, "{status:?}");
        }
    }

    #[test]
    fn what_nobody_knows_is_not_begun_again() {
        assert!(!successors(BookingStatus::Unknown).contains(&BookingStatus::Committing));
        assert!(!successors(BookingStatus::Failed).contains(&BookingStatus::Committing));
    }
}
