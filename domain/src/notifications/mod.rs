//! Telling people what concerns them: an event or a member of staff asks for it, a job or a member of staff sends it.
//!
//! # Shape
//! - [`occasion`]: which events tell whom what. Pure.
//! - [`notice`]: what can be told, and [`words`]: how it is said, in Indonesian and English. Pure.
//! - [`plan`]: what becomes of a notification after a try. Pure.
//! - [`Notifications`]: the use cases ([`desk`], [`deliver`]), and a [`Subscriber`](dermaga_ports::events::Subscriber) of
//!   the events of transactions, payments, refunds and orders ([`announce`]).

mod announce;
mod deliver;
mod desk;
mod notice;
mod occasion;
mod plan;
#[cfg(test)]
mod tests;
mod words;

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    auth::{Email, User},
    ids::NotificationId,
    notifications::{Channel, Notification, Recipient},
    time::DAY,
};

pub use deliver::Delivery;
pub use desk::{NewNotification, NotificationChange};
pub use notice::{Kind, Notice, Sum, What};
pub use plan::{LEASE, TRIES};
pub use words::Words;

use crate::{
    core::Core,
    error::{Code, Error, Result},
    events::before,
};

/// How long what is settled can be read: as long as people ask what they were told.
const KEPT: Duration = DAY.saturating_mul(90);
/// How much is forgotten in one unit of work, so that nobody waits long for it.
const FORGOTTEN_AT_ONCE: u32 = 1_000;

/// The use cases of notifications, and the subscriber that makes them.
#[derive(Clone)]
pub struct Notifications(Arc<Core>);

impl Notifications {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Forgets what was sent, given up or withdrawn long ago; answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&self) -> Result<u64> {
        let before = before(self.0.now(), KEPT);
        let mut forgotten = 0;
        loop {
            let mut uow = self.0.begin().await?;
            let some = uow.notifications().forget_old(before, FORGOTTEN_AT_ONCE).await?;
            uow.commit().await?;
            forgotten += some;
            if some < u64::from(FORGOTTEN_AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }
}

/// A notification with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct NotificationView {
    pub notification: Notification,
    pub words: Words,
}

impl From<Notification> for NotificationView {
    fn from(notification: Notification) -> Self {
        Self { words: Words::shown(&notification), notification }
    }
}

fn not_found(id: NotificationId) -> Error {
    Error::new(Code::NotificationNotFound, format!("There is no notification {id}."))
}

/// Where a person is reached on a channel.
fn address(user: &User, channel: Channel) -> Option<Recipient> {
    match channel {
        Channel::Email => {
            user.email.clone().map(|address: Email| Recipient::Email { address, name: user.full_name.clone() })
        }
        Channel::Sms => user.phone.clone().map(Recipient::Phone),
    }
}
