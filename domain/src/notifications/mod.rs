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

use std::sync::Arc;

use dermaga_ports::{
    auth::{Email, User},
    ids::NotificationId,
    notifications::{Channel, Notification, Recipient},
};

pub use deliver::Delivery;
pub use desk::{NewNotification, NotificationChange};
pub use notice::{Kind, Notice, Sum, What};
pub use plan::{LEASE, TRIES};
pub use words::Words;

use crate::{
    core::Core,
    error::{Code, Error},
};

/// The use cases of notifications, and the subscriber that makes them.
#[derive(Clone)]
pub struct Notifications(Arc<Core>);

impl Notifications {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
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
