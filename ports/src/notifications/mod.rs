//! What people are told: messages by e-mail and as text messages, from the wish to tell until they have left.
//!
//! # Shape
//! - [`Notification`]: the wish, kept with its [`State`]; [`Notifications`] and [`NotificationQueries`] store it.
//! - [`Message`]: what leaves, put into words and addressed at the last moment.
//! - [`Sender`]: the socket for whoever carries messages of one [`Channel`]; [`Senders`] are all of a host.
//!
//! # At least once
//! A claim ([`Notifications::due`] and a lease) is committed before a message is handed to a sender, and what came of it
//! is committed after that. A host that dies in between leaves it open whether the message left. When the lease has run
//! out it is sent again, under the same id, by which a mail program or a provider may recognise it.

mod notification;
mod sender;

pub use notification::{
    Channel, Content, Notification, NotificationFilter, NotificationQueries, Notifications, State, Status,
};
pub use sender::{Message, PATIENCE, Receipt, Recipient, SendError, Sender, Senders};

#[cfg(feature = "mocks")]
pub use {
    notification::{MockNotificationQueries, MockNotifications},
    sender::MockSender,
};
