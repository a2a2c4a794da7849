//! Sending: claim, hand over, write down what came of it.
//!
//! The claim is committed before the message leaves and the outcome after it, so no unit of work is open during the call
//! and no two hosts send one notification at the same time. A host that dies in between leaves a lease behind; when it has
//! run out, the next one sends again. That is the gap in which a person may get a message twice, never none.

use dermaga_ports::{
    auth::{Principal, User},
    ids::NotificationId,
    notifications::{Channel, Message, Notification, Receipt, Recipient, SendError, Sender, State, Status},
    time::Timestamp,
};

use super::{NotificationView, Notifications, Words, address, not_found, plan, plan::Try};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
};

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: NotificationId,
    pub channel: Channel,
    /// SENT, FAILED, or PENDING if it will be tried again.
    pub status: Status,
    pub tries: u32,
    /// Why not.
    pub error: Option<String>,
}

impl From<&Notification> for Delivery {
    fn from(notification: &Notification) -> Self {
        Self {
            id: notification.id,
            channel: notification.channel,
            status: notification.state.status(),
            tries: notification.tries,
            error: notification.last_error.clone(),
        }
    }
}

impl Notifications {
    /// Tries the one that has been due longest, on the channels that this host serves. `None` if nothing is due. Several
    /// callers and hosts may do so at once: each takes another one.
    ///
    /// # Errors
    /// When the store fails. A message may have left all the same; then it is sent again when its lease has run out.
    pub async fn send_next(&self) -> Result<Option<Delivery>> {
        let Some(mut notification) = self.claim_next().await? else { return Ok(None) };
        if notification.state.status() == Status::Pending {
            notification = self.try_claimed(notification).await?;
        }
        Ok(Some(Delivery::from(&notification)))
    }

    /// Sends a notification now. One that was sent before stays as it is. The retry plan begins anew.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::NotificationNotFound`], [`Code::IllegalTransition`] for one that was withdrawn,
    /// [`Code::ConcurrentChange`] while it is being sent, [`Code::DeliveryFailed`] with the reason: it is PENDING then, or
    /// FAILED if it was refused for good.
    pub async fn send(&self, by: &Principal, id: NotificationId) -> Result<NotificationView> {
        self.0.authorise(by, Permission::ManageNotifications).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut notification = uow.notifications().find(id).await?.ok_or_else(|| not_found(id))?;
        if notification.state.status() == Status::Sent {
            return Ok(notification.into());
        }
        plan::open(&notification, now)?;
        // Before it is claimed: nothing would be tried.
        self.sender(notification.channel)?;
        plan::claim(&mut notification, Try::ByHand, now);
        uow.notifications().save(&notification).await?;
        self.file(&mut *uow, by, "notification.send_requested", &notification, now).await?;
        uow.commit().await?;

        let notification = self.try_claimed(notification).await?;
        match (&notification.state, &notification.last_error) {
            (State::Pending { next_try_at, .. }, Some(reason)) => {
                Err(failed(reason, &format!("It stays PENDING; the next try is at {next_try_at}.")))
            }
            (State::Failed { .. }, Some(reason)) => Err(failed(reason, "It is FAILED and not tried again by itself.")),
            // Somebody else has it now.
            (State::Pending { .. }, None) => plan::open(&notification, now).map(|()| notification.into()),
            _ => Ok(notification.into()),
        }
    }

    fn sender(&self, channel: Channel) -> Result<&dyn Sender> {
        self.0.ports.senders.of(channel).ok_or_else(|| {
            let missing = match channel {
                Channel::Email => "This host has no mail server: set SMTP_SERVER",
                Channel::Sms => "This host has no provider of text messages: set SMS_ACCOUNT",
            };
            failed(missing, "It stays PENDING.")
        })
    }

    async fn claim_next(&self) -> Result<Option<Notification>> {
        let (now, channels) = (self.0.now(), self.0.ports.senders.channels());
        // Without a lock first: mostly nothing is due, and an embedded database has one writer.
        if channels.is_empty() || !self.0.ports.store.notifications().any_due(&channels, now).await? {
            return Ok(None);
        }
        let mut uow = self.0.begin().await?;
        let Some(mut notification) = uow.notifications().due(&channels, now, 1).await?.pop() else { return Ok(None) };
        plan::claim(&mut notification, Try::Planned, now);
        uow.notifications().save(&notification).await?;
        uow.commit().await?;
        Ok(Some(notification))
    }

    /// Hands a claimed notification over and writes down what came of it, unless the claim was lost meanwhile: then
    /// whoever has it now writes.
    async fn try_claimed(&self, claimed: Notification) -> Result<Notification> {
        let outcome = self.hand_over(&claimed).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let Some(mut notification) = uow.notifications().find(claimed.id).await? else {
            // The account was closed meanwhile, and what the person was told is forgotten.
            return Ok(Notification { state: State::Cancelled { at: now }, ..claimed });
        };
        if lease(&notification) != lease(&claimed) {
            return Ok(notification);
        }
        plan::settle(&mut notification, &outcome, now);
        uow.notifications().save(&notification).await?;
        uow.commit().await?;
        Ok(notification)
    }

    async fn hand_over(&self, notification: &Notification) -> Result<std::result::Result<Receipt, SendError>> {
        let sender = self.sender(notification.channel)?;
        let user = self.0.ports.store.users().user(notification.user).await?;
        Ok(match addressed(notification, user.as_ref()) {
            Ok(message) => sender.send(&message).await,
            Err(reason) => Err(SendError::Permanent(reason)),
        })
    }
}

/// The name of a claim.
fn lease(notification: &Notification) -> Option<Timestamp> {
    match notification.state {
        State::Pending { lease_until, .. } => lease_until,
        State::Sent { .. } | State::Failed { .. } | State::Cancelled { .. } => None,
    }
}

/// The message to whoever the user is now, at the address they have now.
fn addressed(notification: &Notification, user: Option<&User>) -> std::result::Result<Message, String> {
    let user = user.filter(|user| user.is_active()).ok_or("the account is closed")?;
    let to = address(user, notification.channel).ok_or(match notification.channel {
        Channel::Email => "the person has no e-mail address",
        Channel::Sms => "the person has no telephone number",
    })?;
    let words = Words::of(notification).map_err(|_| "this version has no words for it".to_owned())?;
    let text = match to {
        Recipient::Email { .. } => words.letter(notification.language, user.full_name.as_deref()),
        Recipient::Phone(_) => words.message,
    };
    Ok(Message { id: notification.id, to, subject: words.subject, text })
}

fn failed(reason: &str, next: &str) -> Error {
    let mut told: String = reason.to_owned();
    if let Some(first) = reason.chars().next() {
        told.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    Error::new(Code::DeliveryFailed, format!("{}. {next}", told.trim_end_matches('.')))
}
