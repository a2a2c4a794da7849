//! From events to notifications: what the relay calls.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    auth::User,
    events::{Event, NotHandled, Subscriber},
    ids::UserId,
    notifications::{Channel, Notification, State},
    time::Timestamp,
};

use super::{Notifications, address, occasion, occasion::Occasion};

#[async_trait]
impl Subscriber for Notifications {
    fn name(&self) -> &'static str {
        "notifications"
    }

    fn topics(&self) -> &'static [&'static str] {
        occasion::TOPICS
    }

    /// Makes the notifications of an event in one unit of work. An event that comes again finds them made.
    async fn handle(&self, event: &Event) -> Result<(), NotHandled> {
        let occasions = occasion::of(event).map_err(NotHandled::Never)?;
        if occasions.is_empty() {
            return Ok(());
        }
        let people = self.people(&occasions).await.map_err(not_handled)?;
        let now = self.0.now();
        let made = occasions.into_iter().filter_map(|occasion| self.draft(occasion, event, &people, now));
        let made: Vec<Notification> = made.collect();
        if made.is_empty() {
            return Ok(());
        }
        let mut uow = self.0.ports.store.begin().await.map_err(not_handled)?;
        for notification in &made {
            match uow.notifications().add(notification).await {
                Ok(()) | Err(StoreError::Conflict(Unique::NotificationCause)) => {}
                Err(error) => return Err(not_handled(error)),
            }
        }
        uow.commit().await.map_err(not_handled)
    }
}

impl Notifications {
    /// Who wants to hear of events: nobody if this host has no way to reach people. Reading every transfer back to tell of
    /// it costs, and would be for nothing.
    pub fn subscriber(&self) -> Option<Arc<dyn Subscriber>> {
        let heard = !self.0.ports.senders.channels().is_empty();
        heard.then(|| Arc::new(self.clone()) as Arc<dyn Subscriber>)
    }

    /// Everybody who is told, or named.
    async fn people(&self, occasions: &[Occasion]) -> Result<BTreeMap<UserId, User>, StoreError> {
        let mut people = BTreeMap::new();
        let told = occasions.iter().map(|occasion| occasion.user);
        let named = occasions.iter().filter_map(|occasion| occasion.other);
        let concerned: BTreeSet<UserId> = told.chain(named).collect();
        for id in concerned {
            if let Some(user) = self.0.ports.store.users().user(id).await? {
                people.insert(id, user);
            }
        }
        Ok(people)
    }

    /// Nothing for somebody whose account is closed, or whom this host cannot reach: there would never be a good moment
    /// to tell them.
    fn draft(
        &self,
        occasion: Occasion,
        event: &Event,
        people: &BTreeMap<UserId, User>,
        now: Timestamp,
    ) -> Option<Notification> {
        let Occasion { user, mut notice, other } = occasion;
        let user = people.get(&user).filter(|user| user.is_active())?;
        let channel = self.reached_by(user)?;
        // By their full name only: an e-mail address is nobody else's business.
        let other = other.and_then(|other| people.get(&other)).and_then(|other| other.full_name.clone());
        notice.what = notice.what.with(other);
        Some(Notification {
            id: self.0.id(),
            user: user.id,
            channel,
            language: user.language,
            content: notice.content(),
            cause: Some(event.id),
            state: State::Pending { next_try_at: now, lease_until: None },
            tries: 0,
            last_error: None,
            created_at: now,
            updated_at: now,
        })
    }

    /// The first channel that this host serves and the person has an address for.
    fn reached_by(&self, user: &User) -> Option<Channel> {
        let channels = self.0.ports.senders.channels();
        channels.into_iter().find(|channel| address(user, *channel).is_some())
    }
}

fn not_handled(error: StoreError) -> NotHandled {
    match error {
        StoreError::Busy | StoreError::Unavailable(_) | StoreError::Stale(_) => NotHandled::Later(error.to_string()),
        StoreError::Conflict(_) | StoreError::Corrupt(_) => NotHandled::Never(error.to_string()),
    }
}
