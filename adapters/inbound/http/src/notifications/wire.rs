//! What notifications look like on the wire.

use dermaga_domain::notifications::{NewNotification, NotificationChange, NotificationView};
use dermaga_ports::notifications::{Channel, State, Status};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::wire::{LanguageCode, Moment};

/// The way on which a person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Channel", rename_all = "UPPERCASE")]
pub enum ChannelName {
    Email,
    Sms,
}

impl From<Channel> for ChannelName {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
        }
    }
}

impl From<ChannelName> for Channel {
    fn from(name: ChannelName) -> Self {
        match name {
            ChannelName::Email => Self::Email,
            ChannelName::Sms => Self::Sms,
        }
    }
}

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "NotificationStatus", rename_all = "UPPERCASE")]
pub enum StatusName {
    Pending,
    Sent,
    Failed,
    Cancelled,
}

impl From<Status> for StatusName {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Sent => Self::Sent,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
        }
    }
}

impl From<StatusName> for Status {
    fn from(name: StatusName) -> Self {
        match name {
            StatusName::Pending => Self::Pending,
            StatusName::Sent => Self::Sent,
            StatusName::Failed => Self::Failed,
            StatusName::Cancelled => Self::Cancelled,
        }
    }
}

/// What somebody shall be told.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewNotification", skip_serializing_if_is_none)]
pub struct NewNotificationBody {
    pub user_id: Uuid,
    #[oai(validator(min_length = 1, max_length = 1600))]
    pub message: String,
    /// `EMAIL` unless named, or `SMS` to somebody who has only a telephone
    pub channel: Option<ChannelName>,
}

impl From<NewNotificationBody> for NewNotification {
    fn from(body: NewNotificationBody) -> Self {
        Self { user: body.user_id.into(), message: body.message, channel: body.channel.map(Channel::from) }
    }
}

/// New values of a notification; what is absent stays.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct NotificationUpdate {
    #[oai(validator(min_length = 1, max_length = 1600))]
    pub message: Option<String>,
    pub channel: Option<ChannelName>,
    /// `PENDING` puts it back into the queue; the others are what happened and cannot be set
    pub status: Option<StatusName>,
}

impl From<NotificationUpdate> for NotificationChange {
    fn from(update: NotificationUpdate) -> Self {
        let NotificationUpdate { message, channel, status } = update;
        Self { message, channel: channel.map(Channel::from), status: status.map(Status::from) }
    }
}

/// Something that a person is told.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Notification", skip_serializing_if_is_none)]
pub struct NotificationBody {
    pub id: Uuid,
    pub user_id: Uuid,
    pub channel: ChannelName,
    pub status: StatusName,
    pub language: LanguageCode,
    /// The subject of an e-mail
    pub subject: String,
    pub message: String,
    /// The kind of thing that is told; absent for what staff wrote
    pub template: Option<String>,
    /// How often it was tried
    pub tries: u32,
    /// When it is tried next; only while it is PENDING
    pub next_try_at: Option<Moment>,
    /// Why the last try failed
    pub last_error: Option<String>,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub sent_at: Option<Moment>,
}

impl From<NotificationView> for NotificationBody {
    fn from(view: NotificationView) -> Self {
        let NotificationView { notification, words } = view;
        let (next_try_at, sent_at) = match notification.state {
            State::Pending { next_try_at, .. } => (Some(Moment(next_try_at)), None),
            State::Sent { at, .. } => (None, Some(Moment(at))),
            State::Failed { .. } | State::Cancelled { .. } => (None, None),
        };
        Self {
            id: notification.id.into(),
            user_id: notification.user.into(),
            channel: notification.channel.into(),
            status: notification.state.status().into(),
            language: notification.language.into(),
            subject: words.subject,
            message: words.message,
            template: notification.template().map(str::to_owned),
            tries: notification.tries,
            next_try_at,
            last_error: notification.last_error,
            created_at: notification.created_at.into(),
            updated_at: notification.updated_at.into(),
            sent_at,
        }
    }
}
