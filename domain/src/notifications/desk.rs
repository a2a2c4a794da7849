//! What staff and services do with notifications, and what people see of theirs.

use dermaga_ports::{
    StoreError, Unique,
    auth::{Principal, User},
    ids::{NotificationId, UserId},
    notifications::{Channel, Content, Notification, NotificationFilter, State, Status},
    paging::{Page, PageRequest},
    store::UnitOfWork,
    time::Timestamp,
};
use serde_json::json;

use super::{NotificationView, Notifications, address, not_found, plan};
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
    ledger::person,
};

/// The longest message, in characters: what a provider of text messages takes.
const MAX_MESSAGE: usize = 1_600;

/// What somebody shall be told.
#[derive(Debug, Clone)]
pub struct NewNotification {
    pub user: UserId,
    pub message: String,
    /// E-mail unless named, or a text message to somebody who has only a telephone.
    pub channel: Option<Channel>,
}

/// New values of a notification; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct NotificationChange {
    pub message: Option<String>,
    pub channel: Option<Channel>,
    /// PENDING puts it back into the queue. Nothing else can be wished for: the other statuses are what happened.
    pub status: Option<Status>,
}

impl Notifications {
    /// Asks for somebody to be told something. It is sent by itself a little later, or at once with
    /// [`Notifications::send`]. Idempotent by `id`.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::Invalid`], [`Code::UserNotFound`] also for a closed account.
    pub async fn create(&self, by: &Principal, id: NotificationId, new: NewNotification) -> Result<NotificationView> {
        self.0.authorise(by, Permission::ManageNotifications).await?;
        let message = message(&new.message)?;
        let user = self.0.ports.store.users().user(new.user).await?.filter(User::is_active);
        let user = user
            .ok_or_else(|| Error::new(Code::UserNotFound, format!("There is no user {}.", new.user)).at("/user_id"))?;
        let now = self.0.now();
        let notification = Notification {
            id,
            user: user.id,
            channel: new.channel.unwrap_or_else(|| usual_channel(&user)),
            language: user.language,
            content: Content::Plain { message },
            cause: None,
            state: self.waiting(now),
            tries: 0,
            last_error: None,
            created_at: now,
            updated_at: now,
        };
        let mut uow = self.0.begin().await?;
        match uow.notifications().add(&notification).await {
            Ok(()) => {}
            Err(StoreError::Conflict(Unique::Id)) => {
                let made_before = uow.notifications().find(id).await?.ok_or_else(|| not_found(id))?;
                return Ok(made_before.into());
            }
            Err(error) => return Err(error.into()),
        }
        self.file(&mut *uow, by, "notification.created", &notification, now).await?;
        uow.commit().await?;
        Ok(notification.into())
    }

    /// A notification: one's own, or any for staff.
    ///
    /// # Errors
    /// [`Code::NotificationNotFound`], for somebody else's too.
    pub async fn notification(&self, by: &Principal, id: NotificationId) -> Result<NotificationView> {
        let found = self.0.ports.store.notifications().notification(id).await?.ok_or_else(|| not_found(id))?;
        let (own, any) = (Permission::OwnNotifications, Permission::ReadNotifications);
        let allowed = self.0.authorise_owner(by, found.user, own, any).await;
        allowed.map_err(|error| error.hidden_behind(|| not_found(id)))?;
        Ok(found.into())
    }

    /// Notifications, newest first: one's own, or anybody's for staff.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`] for somebody else's.
    pub async fn list(
        &self,
        by: &Principal,
        filter: NotificationFilter,
        page: PageRequest<NotificationId>,
    ) -> Result<Page<NotificationView, NotificationId>> {
        let filter = if Permission::ReadNotifications.check(by).is_ok() {
            self.0.authorise(by, Permission::ReadNotifications).await?;
            filter
        } else {
            Permission::OwnNotifications.check(by)?;
            let own = person(by)?;
            if filter.user.is_some_and(|user| user != own) {
                return Permission::ReadNotifications.check(by).map(|()| Page { items: Vec::new(), next: None });
            }
            NotificationFilter { user: Some(own), ..filter }
        };
        let found = self.0.ports.store.notifications().notifications(&filter, page).await?;
        Ok(found.map(NotificationView::from))
    }

    /// Changes what is said or how, and puts it back into the queue.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::NotificationNotFound`], [`Code::Invalid`], [`Code::IllegalTransition`] for one
    /// that was sent or withdrawn, [`Code::ConcurrentChange`] while it is being sent.
    pub async fn change(
        &self,
        by: &Principal,
        id: NotificationId,
        change: NotificationChange,
    ) -> Result<NotificationView> {
        self.0.authorise(by, Permission::ManageNotifications).await?;
        let words = change.message.as_deref().map(message).transpose()?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut notification = uow.notifications().find(id).await?.ok_or_else(|| not_found(id))?;
        plan::open(&notification, now)?;
        if let Some(wish) = change.status.filter(|wish| *wish != Status::Pending) {
            let told =
                format!("A notification cannot be made {}; it can be sent, withdrawn or PENDING.", wish.as_str());
            return Err(Error::new(Code::IllegalTransition, told).at("/status"));
        }
        if let Some(message) = words {
            notification.content = Content::Plain { message };
        }
        notification.channel = change.channel.unwrap_or(notification.channel);
        notification.state = self.waiting(now);
        notification.tries = 0;
        notification.last_error = None;
        notification.updated_at = now;
        uow.notifications().save(&notification).await?;
        self.file(&mut *uow, by, "notification.changed", &notification, now).await?;
        uow.commit().await?;
        Ok(notification.into())
    }

    /// Withdraws one that was not sent. Withdrawing it again changes nothing.
    ///
    /// The record stays, so that the event it tells of does not make it a second time.
    ///
    /// # Errors
    /// As [`Notifications::change`], for one that was sent.
    pub async fn withdraw(&self, by: &Principal, id: NotificationId) -> Result<NotificationView> {
        self.0.authorise(by, Permission::ManageNotifications).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut notification = uow.notifications().find(id).await?.ok_or_else(|| not_found(id))?;
        if notification.state.status() == Status::Cancelled {
            return Ok(notification.into());
        }
        plan::open(&notification, now)?;
        notification.state = State::Cancelled { at: now };
        notification.updated_at = now;
        uow.notifications().save(&notification).await?;
        self.file(&mut *uow, by, "notification.cancelled", &notification, now).await?;
        uow.commit().await?;
        Ok(notification.into())
    }

    /// In the queue, with a moment left in which whoever asked for it can change or withdraw it, or send it at once.
    fn waiting(&self, now: Timestamp) -> State {
        State::Pending { next_try_at: now + self.0.policy.notification_delay, lease_until: None }
    }

    /// The papers of what staff did. Without the words: they are the person's.
    pub(super) async fn file(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        action: &'static str,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<()> {
        let Notification { id, user, channel, .. } = notification;
        let detail = format!("{} to user {user}", channel.as_str());
        let note = Note { actor: Some(by), action, subject: format!("notification:{id}"), detail };
        let status = notification.state.status().as_str();
        let payload = json!({ "notification_id": id, "user_id": user, "channel": channel.as_str(), "status": status });
        self.0.file(uow, note, payload, now).await
    }
}

/// By e-mail, unless the person can be reached by telephone alone.
fn usual_channel(user: &User) -> Channel {
    Channel::ALL.into_iter().find(|channel| address(user, *channel).is_some()).unwrap_or(Channel::Email)
}

/// A message of bounded length whose only control character is the end of a line.
fn message(text: &str) -> Result<String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    let mut faults = Faults::default();
    if !(1..=MAX_MESSAGE).contains(&text.chars().count()) {
        faults.add("/message", format!("must have 1 to {MAX_MESSAGE} characters"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        faults.add("/message", "must not contain control characters other than ends of lines");
    }
    faults.check()?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_words_and_lines_and_nothing_else() {
        assert_eq!(message(" Halo\r\nBudi \n"), Ok("Halo\nBudi".to_owned()));
        assert!(message(&"é".repeat(MAX_MESSAGE)).is_ok());
        for bad in ["", "  \n ", "a\tb", "a\0b", "\u{1b}[31m", &"x".repeat(MAX_MESSAGE + 1)] {
            let refused = message(bad).expect_err(bad);
            assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (Code::Invalid, "/message"));
        }
    }
}
