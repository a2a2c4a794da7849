//! What happens to a booking after it was bought: papers that come later, a carrier that moves the departure, a supplier
//! that takes it back.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingStatus, OrderState, Outcome},
};

use super::{Bookings, missing, reach::Reach, schedule::next_question, standing::Standing, supplied::Supplied};
use crate::error::Result;

/// What is told of a departure that was moved.
pub const MOVED: &str = "the carrier has changed the departure: ask us what it is now";
/// How often a supplier that has knocked and then does not answer is asked why: for about a day.
const LOOKS: u32 = 100;

/// What a look found.
enum Seen {
    Same,
    /// The supplier did not answer. It has knocked once and will not do so again.
    Nothing,
    /// The departure is another one.
    Moved(Standing),
    /// The papers are other ones.
    Papers(Standing),
    /// Only a person can say what that means.
    Odd(String),
}

impl Bookings {
    /// Looks at what was bought, because its supplier knocked.
    pub(super) async fn look_again(&self, by: &Principal, reach: Option<&Reach>, booking: &Booking) -> Result<()> {
        let seen = match (reach, &booking.supplier_id) {
            (Some(reach), Some(id)) => match reach.read(id).await {
                Outcome::Done(standing) => compare(booking, standing),
                Outcome::Refused(_) | Outcome::Unknown(_) => Seen::Nothing,
            },
            _ => match self.ask(reach, booking).await? {
                Supplied::Returned(why) => Seen::Odd(format!("the supplier gave the money back: {why}")),
                Supplied::Refused(why) => Seen::Odd(format!("the supplier says now that it failed: {why}")),
                Supplied::Unsure(_) => Seen::Nothing,
                _ => Seen::Same,
            },
        };
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut found = uow.bookings().find(booking.id).await?.ok_or_else(|| missing(booking.id))?;
        if found.revision != booking.revision || found.status != BookingStatus::Fulfilled || found.frozen {
            return Ok(());
        }
        let checks = std::mem::take(&mut found.checks);
        // It may have knocked again while it answered. Then that was perhaps old, and it is asked once more.
        found.next_check_at = found.next_check_at.filter(|at| Some(*at) != booking.next_check_at);
        match seen {
            Seen::Same => uow.bookings().save(&found).await?,
            // What was bought stays bought, whatever it was.
            Seen::Nothing => {
                if checks < LOOKS {
                    found.checks = checks + 1;
                    found.next_check_at = found.next_check_at.or_else(|| next_question(now, checks, now));
                }
                uow.bookings().save(&found).await?;
            }
            Seen::Moved(standing) => {
                found.reason = Some(MOVED.to_owned());
                if !standing.documents.is_empty() {
                    found.delivery.documents = standing.documents;
                }
                self.0.save_booking(&mut *uow, by, "booking.moved", &mut found, now).await?;
            }
            Seen::Papers(standing) => {
                found.supplier_reference = standing.reference.or(found.supplier_reference.take());
                found.delivery.documents = standing.documents;
                self.0.save_booking(&mut *uow, by, "booking.papers_changed", &mut found, now).await?;
            }
            Seen::Odd(why) => self.freeze(&mut *uow, by, &mut found, &why, now).await?,
        }
        Ok(uow.commit().await?)
    }
}

fn compare(booking: &Booking, standing: Standing) -> Seen {
    match standing.state {
        OrderState::Ticketed | OrderState::Used | OrderState::Confirmed => {
            if standing.moved && booking.reason.as_deref() != Some(MOVED) {
                Seen::Moved(standing)
            } else if !standing.documents.is_empty() && standing.documents != booking.delivery.documents {
                Seen::Papers(standing)
            } else {
                Seen::Same
            }
        }
        OrderState::Cancelled => Seen::Odd("it was cancelled at the supplier, and not by us".to_owned()),
        OrderState::Held | OrderState::Lapsed | OrderState::Failed => {
            Seen::Odd("the supplier says that it is not sold".to_owned())
        }
        // A new word says nothing that we know.
        OrderState::Unrecognised(_) => Seen::Same,
    }
}
