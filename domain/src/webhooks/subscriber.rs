//! Hears of every event and puts a webhook on its way to each endpoint that wants it. The calls are the courier's.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    events::{Event, NotHandled, Subscriber},
    ids::WebhookId,
    webhooks::{Webhook, WebhookState},
};

use super::Webhooks;

#[async_trait]
impl Subscriber for Webhooks {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn topics(&self) -> &'static [&'static str] {
        &["*"]
    }

    async fn handle(&self, event: &Event) -> Result<(), NotHandled> {
        self.enqueue(event).await.map_err(|error| NotHandled::Later(error.to_string()))
    }

    async fn is_idle(&self) -> bool {
        // If that cannot be told, the attempt will say why.
        matches!(self.0.ports.store.webhooks().has_enabled().await, Ok(false))
    }
}

impl Webhooks {
    /// Idempotent: an event goes to an endpoint once.
    async fn enqueue(&self, event: &Event) -> Result<(), StoreError> {
        let store = &self.0.ports.store;
        let endpoints = store.webhooks().endpoints().await?;
        let now = self.0.now();
        let wanted = endpoints.iter().filter(|endpoint| endpoint.wants(&event.topic));
        let webhooks: Vec<Webhook> = wanted
            .map(|endpoint| Webhook {
                id: self.0.id::<WebhookId>(),
                endpoint: endpoint.id,
                event: event.clone(),
                state: WebhookState::Waiting { next_try_at: now },
                tries: 0,
                created_at: now,
                attempts: Vec::new(),
            })
            .collect();
        if webhooks.is_empty() {
            return Ok(());
        }
        let mut uow = store.begin().await?;
        uow.webhooks().add(&webhooks).await?;
        uow.commit().await
    }
}
