//! How messages leave: the socket for mail servers and providers of text messages.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::Channel;
use crate::{
    auth::{Email, Phone},
    ids::NotificationId,
};

/// How long a sender may take for one message at most. Leases are longer, request time-outs should be.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    Email {
        address: Email,
        /// How the person is called.
        name: Option<String>,
    },
    Phone(Phone),
}

/// A message in words, ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same in every try, so that a repetition can be recognised.
    pub id: NotificationId,
    pub to: Recipient,
    /// One line. Text messages leave without it.
    pub subject: String,
    /// Plain text, lines end with `\n`.
    pub text: String,
}

/// Somebody has accepted the message. Whether it is read, nobody knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The sender's own name for it.
    pub reference: Option<String>,
}

/// Why a message did not leave. The texts are read by people: what was refused, never a credential or a host's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It will not leave however often it is tried: no such address, unsubscribed.
    #[error("{0}")]
    Permanent(String),
    /// Nothing is wrong with the message: the server is away, busy or wrongly configured. Also when it is not known
    /// whether it has left.
    #[error("{0}")]
    Transient(String),
}

/// Whoever carries messages of one channel.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Sender: Send + Sync {
    /// The channel that it serves.
    fn channel(&self) -> Channel;

    /// Hands a message over. MUST answer within [`PATIENCE`], MUST NOT repeat by itself what may have left, and MUST NOT be
    /// called while a unit of work is open.
    async fn send(&self, message: &Message) -> Result<Receipt, SendError>;
}

/// The senders of a host: at most one for each channel.
#[derive(Clone, Default)]
pub struct Senders(Vec<Arc<dyn Sender>>);

impl Senders {
    /// These. Of two for one channel the first counts.
    pub fn new(senders: impl IntoIterator<Item = Arc<dyn Sender>>) -> Self {
        Self(senders.into_iter().collect())
    }

    /// Who serves a channel.
    pub fn of(&self, channel: Channel) -> Option<&dyn Sender> {
        self.0.iter().find(|sender| sender.channel() == channel).map(AsRef::as_ref)
    }

    /// The channels that are served.
    pub fn channels(&self) -> Vec<Channel> {
        Channel::ALL.into_iter().filter(|channel| self.of(*channel).is_some()).collect()
    }
}
