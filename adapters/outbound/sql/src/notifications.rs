//! Notifications. What they say is sealed.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    auth::Language,
    error::Entity,
    ids::{EventId, NotificationId, UserId},
    notifications::{
        Channel, Content, Notification, NotificationFilter, NotificationQueries, Notifications, State, Status,
    },
    paging::{COUNTED, Page, PageRequest},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt, named},
    db::Dialects,
    personal::{Column, PersonalKeys},
    store::SqlStore,
    unit_of_work::SqlUnitOfWork,
};

macro_rules! columns {
    () => {
        "id, user_id, channel, language, message, template, data, cause, status, tries, next_try_at, lease_until, \
         last_error, settled_at, reference, created_at, updated_at"
    };
}

macro_rules! select_notification {
    () => {
        concat!("SELECT ", columns!(), " FROM notifications")
    };
}

const INSERT: &str = "INSERT INTO notifications (id, user_id, channel, language, message, template, data, cause, \
    status, tries, next_try_at, lease_until, last_error, settled_at, reference, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING";
/// Which conflict it was, the same on both databases.
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM notifications WHERE id = $1)";
const FIND: &str = concat!(select_notification!(), " WHERE id = $1");
const FIND_LOCKED: Dialects = locking!(select_notification!(), " WHERE id = $1");
const UPDATE: &str = "UPDATE notifications SET channel = $2, message = $3, template = $4, data = $5, status = $6, \
    tries = $7, next_try_at = $8, lease_until = $9, last_error = $10, settled_at = $11, reference = $12, \
    updated_at = $13 WHERE id = $1";
/// Two texts, so that a person's own few are found by their index whatever the planner guesses.
const LIST: &str = concat!(
    select_notification!(),
    " WHERE id < $1 AND ($2 IS NULL OR status = $2) AND ($3 IS NULL OR channel = $3) ORDER BY id DESC LIMIT $4"
);
const LIST_OF_USER: &str = concat!(
    select_notification!(),
    " WHERE id < $1 AND ($2 IS NULL OR status = $2) AND ($3 IS NULL OR channel = $3) AND user_id = $5 \
     ORDER BY id DESC LIMIT $4"
);
/// Who is sent next. There are two channels; a host that serves one names it twice.
macro_rules! is_due {
    () => {
        " FROM notifications WHERE status = 'PENDING' AND next_try_at <= $1 AND channel IN ($2, $3) \
         AND (lease_until IS NULL OR lease_until <= $1)"
    };
}

macro_rules! due {
    ($lock:literal) => {
        concat!("SELECT ", columns!(), is_due!(), " ORDER BY next_try_at, id LIMIT $4", $lock)
    };
}

/// Several hosts send at once: each takes what no other has.
const DUE: Dialects = Dialects { postgres: due!(" FOR NO KEY UPDATE SKIP LOCKED"), sqlite: due!("") };
const FORGET: &str = "DELETE FROM notifications WHERE user_id = $1";
const FORGET_OLD: &str = "DELETE FROM notifications WHERE id IN \
    (SELECT id FROM notifications WHERE settled_at < $1 ORDER BY settled_at LIMIT $2)";
const WAITING: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM notifications WHERE status = 'PENDING' LIMIT $1) AS waiting";
const ANY_DUE: &str = concat!("SELECT EXISTS (SELECT 1", is_due!(), ")");

#[derive(FromRow)]
struct NotificationRow {
    id: Uuid,
    user_id: Uuid,
    channel: String,
    language: String,
    message: Option<Vec<u8>>,
    template: Option<String>,
    data: Option<Vec<u8>>,
    cause: Option<Uuid>,
    status: String,
    tries: i64,
    next_try_at: Option<Moment>,
    lease_until: Option<Moment>,
    last_error: Option<String>,
    settled_at: Option<Moment>,
    reference: Option<String>,
    created_at: Moment,
    updated_at: Moment,
}

impl NotificationRow {
    fn open(self, keys: &PersonalKeys) -> Result<Notification, StoreError> {
        let row = self;
        let message = keys.open_text(Column::NotificationMessage, row.id, row.message.as_deref())?;
        let data = keys.open_text(Column::NotificationData, row.id, row.data.as_deref())?;
        let content = match (message, row.template, data) {
            (Some(message), None, None) => Content::Plain { message },
            (None, Some(name), Some(data)) => {
                Content::Template { name, data: serde_json::from_str(&data).map_err(corrupt)? }
            }
            _ => return Err(corrupt(format_args!("notification {} says nothing or two things", row.id))),
        };
        let status = named(&Status::ALL, Status::as_str, &row.status)?;
        let state = match (status, row.next_try_at, row.settled_at) {
            (Status::Pending, Some(next), None) => {
                State::Pending { next_try_at: next.0, lease_until: row.lease_until.map(|until| until.0) }
            }
            (Status::Sent, None, Some(at)) => State::Sent { at: at.0, reference: row.reference },
            (Status::Failed, None, Some(at)) => State::Failed { at: at.0 },
            (Status::Cancelled, None, Some(at)) => State::Cancelled { at: at.0 },
            _ => return Err(corrupt(format_args!("notification {} that is half {}", row.id, row.status))),
        };
        Ok(Notification {
            id: NotificationId(row.id),
            user: UserId(row.user_id),
            channel: named(&Channel::ALL, Channel::as_str, &row.channel)?,
            language: named(&Language::ALL, Language::as_str, &row.language)?,
            content,
            cause: row.cause.map(EventId),
            state,
            tries: u32::try_from(row.tries).map_err(corrupt)?,
            last_error: row.last_error,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

fn notifications(rows: Vec<NotificationRow>, keys: &PersonalKeys) -> Result<Vec<Notification>, StoreError> {
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// The columns of a record that need a word of translation.
#[derive(Default)]
struct Columns<'n> {
    message: Option<Vec<u8>>,
    template: Option<&'n str>,
    data: Option<Vec<u8>>,
    status: &'static str,
    next_try_at: Option<Moment>,
    lease_until: Option<Moment>,
    settled_at: Option<Moment>,
    reference: Option<&'n str>,
}

impl<'n> Columns<'n> {
    fn of(notification: &'n Notification, keys: &PersonalKeys) -> Result<Self, StoreError> {
        let seal = |column, text: &str| keys.seal(column, notification.id.0, text.as_bytes());
        let mut columns = Self { status: notification.state.status().as_str(), ..Self::default() };
        match &notification.content {
            Content::Plain { message } => columns.message = Some(seal(Column::NotificationMessage, message)?),
            Content::Template { name, data } => {
                columns.template = Some(name);
                columns.data = Some(seal(Column::NotificationData, &data.to_string())?);
            }
        }
        match &notification.state {
            State::Pending { next_try_at, lease_until } => {
                columns.next_try_at = Some(Moment(*next_try_at));
                columns.lease_until = lease_until.map(Moment);
            }
            State::Sent { at, reference } => {
                columns.settled_at = Some(Moment(*at));
                columns.reference = reference.as_deref();
            }
            State::Failed { at } | State::Cancelled { at } => columns.settled_at = Some(Moment(*at)),
        }
        Ok(columns)
    }
}

/// The first and the last of the channels, which are all of them.
fn ends(channels: &[Channel]) -> Option<(&'static str, &'static str)> {
    channels.first().zip(channels.last()).map(|(first, last)| (first.as_str(), last.as_str()))
}

#[async_trait]
impl Notifications for SqlUnitOfWork {
    async fn add(&mut self, notification: &Notification) -> Result<(), StoreError> {
        let columns = Columns::of(notification, &self.keys)?;
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(notification.id.0)
                .bind(notification.user.0)
                .bind(notification.channel.as_str())
                .bind(notification.language.as_str())
                .bind(columns.message.as_deref())
                .bind(columns.template)
                .bind(columns.data.as_deref())
                .bind(notification.cause.map(Uuid::from))
                .bind(columns.status)
                .bind(i64::from(notification.tries))
                .bind(columns.next_try_at)
                .bind(columns.lease_until)
                .bind(notification.last_error.as_deref())
                .bind(columns.settled_at)
                .bind(columns.reference)
                .bind(Moment(notification.created_at))
                .bind(Moment(notification.updated_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
        }
        let id: bool = on_tx!(self, |x| sqlx::query_scalar(EXISTS).bind(notification.id.0).fetch_one(x).await)?;
        Err(StoreError::Conflict(if id { Unique::Id } else { Unique::NotificationCause }))
    }

    async fn find(&mut self, id: NotificationId) -> Result<Option<Notification>, StoreError> {
        let sql = self.dialect(FIND_LOCKED);
        let row: Option<NotificationRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn save(&mut self, notification: &Notification) -> Result<(), StoreError> {
        let columns = Columns::of(notification, &self.keys)?;
        let changed = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(notification.id.0)
                .bind(notification.channel.as_str())
                .bind(columns.message.as_deref())
                .bind(columns.template)
                .bind(columns.data.as_deref())
                .bind(columns.status)
                .bind(i64::from(notification.tries))
                .bind(columns.next_try_at)
                .bind(columns.lease_until)
                .bind(notification.last_error.as_deref())
                .bind(columns.settled_at)
                .bind(columns.reference)
                .bind(Moment(notification.updated_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(StoreError::Stale(Entity::Notification)) } else { Ok(()) }
    }

    async fn due(&mut self, channels: &[Channel], now: Timestamp, limit: u32) -> Result<Vec<Notification>, StoreError> {
        let Some((first, last)) = ends(channels) else { return Ok(Vec::new()) };
        let sql = self.dialect(DUE);
        let rows: Vec<NotificationRow> = on_tx!(self, |x| {
            let query = sqlx::query_as(sql).bind(Moment(now)).bind(first).bind(last).bind(i64::from(limit));
            query.fetch_all(x).await
        })?;
        notifications(rows, &self.keys)
    }

    async fn forget(&mut self, user: UserId) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let done = sqlx::query(FORGET).bind(user.0).execute(x).await;
            done.map(|done| done.rows_affected())
        })
    }

    async fn forget_old(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let done = sqlx::query(FORGET_OLD).bind(Moment(before)).bind(i64::from(limit)).execute(x).await;
            done.map(|done| done.rows_affected())
        })
    }
}

#[async_trait]
impl NotificationQueries for SqlStore {
    async fn notification(&self, id: NotificationId) -> Result<Option<Notification>, StoreError> {
        let row: Option<NotificationRow> = on_read!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn notifications(
        &self,
        filter: &NotificationFilter,
        page: PageRequest<NotificationId>,
    ) -> Result<Page<Notification, NotificationId>, StoreError> {
        let before = page.after.map_or(Uuid::max(), Uuid::from);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<NotificationRow> = on_read!(self, |x| {
            let query = sqlx::query_as(if filter.user.is_some() { LIST_OF_USER } else { LIST })
                .bind(before)
                .bind(filter.status.map(Status::as_str))
                .bind(filter.channel.map(Channel::as_str))
                .bind(limit);
            match filter.user {
                Some(user) => query.bind(user.0).fetch_all(x).await,
                None => query.fetch_all(x).await,
            }
        })?;
        Ok(Page::from_surplus(notifications(rows, &self.keys)?, page.limit(), |notification: &Notification| {
            notification.id
        }))
    }

    async fn any_due(&self, channels: &[Channel], now: Timestamp) -> Result<bool, StoreError> {
        let Some((first, last)) = ends(channels) else { return Ok(false) };
        on_read!(self, |x| sqlx::query_scalar(ANY_DUE).bind(Moment(now)).bind(first).bind(last).fetch_one(x).await)
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        let count: i64 = on_read!(self, |x| sqlx::query_scalar(WAITING).bind(i64::from(COUNTED)).fetch_one(x).await)?;
        Ok(count.unsigned_abs())
    }
}
