//! Notifications.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    auth::Language,
    error::Entity,
    ids::{EventId, NotificationId, UserId},
    notifications::{
        Channel, Content, Notification, NotificationFilter, NotificationQueries, Notifications, State, Status,
    },
    paging::{Page, PageRequest},
    time::Timestamp,
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt, named},
    db::Dialects,
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
const ANY_DUE: &str = concat!("SELECT EXISTS (SELECT 1", is_due!(), ")");

#[derive(FromRow)]
struct NotificationRow {
    id: Uuid,
    user_id: Uuid,
    channel: String,
    language: String,
    message: Option<String>,
    template: Option<String>,
    data: Option<Json<serde_json::Value>>,
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

impl TryFrom<NotificationRow> for Notification {
    type Error = StoreError;

    fn try_from(row: NotificationRow) -> Result<Self, StoreError> {
        let content = match (row.message, row.template, row.data) {
            (Some(message), None, None) => Content::Plain { message },
            (None, Some(name), Some(Json(data))) => Content::Template { name, data },
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
        Ok(Self {
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

fn notification(row: Option<NotificationRow>) -> Result<Option<Notification>, StoreError> {
    row.map(Notification::try_from).transpose()
}

/// The columns of a record that need a word of translation.
#[derive(Default)]
struct Columns<'n> {
    message: Option<&'n str>,
    template: Option<&'n str>,
    data: Option<Json<&'n serde_json::Value>>,
    status: &'static str,
    next_try_at: Option<Moment>,
    lease_until: Option<Moment>,
    settled_at: Option<Moment>,
    reference: Option<&'n str>,
}

impl<'n> From<&'n Notification> for Columns<'n> {
    fn from(notification: &'n Notification) -> Self {
        let mut columns = Self { status: notification.state.status().as_str(), ..Self::default() };
        match &notification.content {
            Content::Plain { message } => columns.message = Some(message),
            Content::Template { name, data } => {
                columns.template = Some(name);
                columns.data = Some(Json(data));
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
        columns
    }
}

/// The first and the last of the channels, which are all of them.
fn ends(channels: &[Channel]) -> Option<(&'static str, &'static str)> {
    channels.first().zip(channels.last()).map(|(first, last)| (first.as_str(), last.as_str()))
}

#[async_trait]
impl Notifications for SqlUnitOfWork {
    async fn add(&mut self, notification: &Notification) -> Result<(), StoreError> {
        let columns = Columns::from(notification);
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(notification.id.0)
                .bind(notification.user.0)
                .bind(notification.channel.as_str())
                .bind(notification.language.as_str())
                .bind(columns.message)
                .bind(columns.template)
                .bind(columns.data)
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
        notification(on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?)
    }

    async fn save(&mut self, notification: &Notification) -> Result<(), StoreError> {
        let columns = Columns::from(notification);
        let changed = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(notification.id.0)
                .bind(notification.channel.as_str())
                .bind(columns.message)
                .bind(columns.template)
                .bind(columns.data)
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
        rows.into_iter().map(Notification::try_from).collect()
    }

    async fn forget(&mut self, user: UserId) -> Result<u64, StoreError> {
        on_tx!(self, |x| {
            let done = sqlx::query(FORGET).bind(user.0).execute(x).await;
            done.map(|done| done.rows_affected())
        })
    }
}

#[async_trait]
impl NotificationQueries for SqlStore {
    async fn notification(&self, id: NotificationId) -> Result<Option<Notification>, StoreError> {
        notification(on_read!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?)
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
        let found = rows.into_iter().map(Notification::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(found, page.limit(), |notification: &Notification| notification.id))
    }

    async fn any_due(&self, channels: &[Channel], now: Timestamp) -> Result<bool, StoreError> {
        let Some((first, last)) = ends(channels) else { return Ok(false) };
        on_read!(self, |x| sqlx::query_scalar(ANY_DUE).bind(Moment(now)).bind(first).bind(last).fetch_one(x).await)
    }
}
