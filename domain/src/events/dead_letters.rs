//! Dead letters: events that a subscriber could not handle, for a person to look at and to hand over once more.

use dermaga_ports::{
    auth::Principal,
    events::{Delivery, DeliveryState},
    ids::EventId,
    paging::{Page, PageRequest},
};
use serde_json::json;

use super::Events;
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
};

impl Events {
    /// Dead letters of one subscriber or of all, the last one first.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn dead_letters(
        &self,
        by: &Principal,
        subscriber: Option<&str>,
        page: PageRequest<i64>,
    ) -> Result<Page<Delivery, i64>> {
        self.0.authorise(by, Permission::ManageEvents).await?;
        Ok(self.0.ports.store.events().dead_letters(subscriber, page).await?)
    }

    /// Hands a dead letter to its subscriber again, from the first try on. Repeated, it finds nothing to do.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::DeadLetterNotFound`] also for an event that is handled by now.
    pub async fn replay(&self, by: &Principal, subscriber: &str, event: EventId) -> Result<Delivery> {
        self.0.authorise(by, Permission::ManageEvents).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let found = uow.deliveries().find(subscriber, event).await?;
        let found = found.ok_or_else(|| {
            Error::new(
                Code::DeadLetterNotFound,
                "This subscriber has no dead letter of that event, or has it no longer.",
            )
        })?;
        if matches!(found.state, DeliveryState::Waiting { .. }) {
            return Ok(found);
        }
        let delivery = Delivery { state: DeliveryState::Waiting { next_try_at: now }, tries: 0, ..found };
        uow.deliveries().save(&delivery).await?;
        let note = Note {
            actor: Some(by),
            action: "dead_letter.replayed",
            subject: format!("event:{event}"),
            detail: format!("{} to {subscriber}", delivery.event.topic),
        };
        let payload = json!({ "event_id": event, "subscriber": subscriber, "topic": delivery.event.topic });
        self.0.file(&mut *uow, note, payload, now).await?;
        uow.commit().await?;
        Ok(delivery)
    }
}
