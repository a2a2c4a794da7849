//! Notifications as they are kept.

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    StoreError,
    auth::Language,
    ids::{EventId, NotificationId, UserId},
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// The way on which a person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    Email,
    Sms,
}

impl Channel {
    /// Every channel, the one that says most first.
    pub const ALL: [Channel; 2] = [Self::Email, Self::Sms];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Sms => "SMS",
        }
    }
}

/// What a person is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// In the words of whoever asked for it.
    Plain { message: String },
    /// By a template of `domain`, with the facts that it needs. Never a secret.
    Template { name: String, data: Value },
}

/// The name of a [`State`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// To be sent.
    Pending,
    /// Accepted by the sender.
    Sent,
    /// Refused for good, or not sent in all its tries.
    Failed,
    /// Withdrawn before it was sent.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 4] = [Self::Pending, Self::Sent, Self::Failed, Self::Cancelled];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// Where a notification stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Pending {
        /// Not sent by itself before this moment.
        next_try_at: Timestamp,
        /// Until then it is in the hands of a sender, and nobody else may touch it. The moment is also the name of the
        /// claim: whoever finds another one here has lost it.
        lease_until: Option<Timestamp>,
    },
    Sent {
        at: Timestamp,
        /// The sender's own name for it.
        reference: Option<String>,
    },
    Failed {
        at: Timestamp,
    },
    Cancelled {
        at: Timestamp,
    },
}

impl State {
    /// Its name.
    pub fn status(&self) -> Status {
        match self {
            Self::Pending { .. } => Status::Pending,
            Self::Sent { .. } => Status::Sent,
            Self::Failed { .. } => Status::Failed,
            Self::Cancelled { .. } => Status::Cancelled,
        }
    }
}

/// Something that a person shall be told, once, on one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    pub id: NotificationId,
    /// Who is told. The address is looked up when it is sent.
    pub user: UserId,
    pub channel: Channel,
    pub language: Language,
    pub content: Content,
    /// The event that it tells of. The same event tells one person of the same thing once.
    pub cause: Option<EventId>,
    pub state: State,
    /// How often a sender was given it, with the try that is under way.
    pub tries: u32,
    /// Why the last try failed, fit to be read by the person and by staff.
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Notification {
    /// The name of its template.
    pub fn template(&self) -> Option<&str> {
        match &self.content {
            Content::Plain { .. } => None,
            Content::Template { name, .. } => Some(name),
        }
    }

    /// Whether a sender has it in hand at that moment.
    pub fn is_claimed(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Pending { lease_until: Some(until), .. } if until > now)
    }
}

/// Which notifications a list shows; everything that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotificationFilter {
    pub user: Option<UserId>,
    pub status: Option<Status>,
    pub channel: Option<Channel>,
}

/// Notifications inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Notifications: Send {
    /// # Errors
    /// [`crate::Unique::Id`] if the id is there, [`crate::Unique::NotificationCause`] if its cause has told this user of
    /// this template before. Neither spends the unit of work.
    async fn add(&mut self, notification: &Notification) -> Result<(), StoreError>;

    /// The notification, locked until the unit of work ends.
    async fn find(&mut self, id: NotificationId) -> Result<Option<Notification>, StoreError>;

    /// Writes channel, content, state, tries, last error and time of change.
    async fn save(&mut self, notification: &Notification) -> Result<(), StoreError>;

    /// Locked PENDING ones of these channels whose next try is due and that nobody holds a lease on, longest due first.
    /// MUST leave out what another unit of work has locked.
    async fn due(&mut self, channels: &[Channel], now: Timestamp, limit: u32) -> Result<Vec<Notification>, StoreError>;

    /// Removes everything that a person was told; answers how much it was.
    async fn forget(&mut self, user: UserId) -> Result<u64, StoreError>;

    /// Erases what was settled before that moment, the oldest first; answers how many.
    async fn forget_old(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// Notifications, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait NotificationQueries: Send + Sync {
    async fn notification(&self, id: NotificationId) -> Result<Option<Notification>, StoreError>;

    /// Newest first.
    async fn notifications(
        &self,
        filter: &NotificationFilter,
        page: PageRequest<NotificationId>,
    ) -> Result<Page<Notification, NotificationId>, StoreError>;

    /// Whether [`Notifications::due`] would find anything. Cheap: it is asked every second.
    async fn any_due(&self, channels: &[Channel], now: Timestamp) -> Result<bool, StoreError>;

    /// How many are not settled, up to [`COUNTED`](crate::paging::COUNTED). Cheap.
    async fn waiting(&self) -> Result<u64, StoreError>;
}
