//! Naming the addresses that webhooks go to, and looking at what was sent there.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    ids::{EndpointId, WebhookId},
    paging::{Page, PageRequest},
    store::UnitOfWork,
    time::{DAY, Timestamp},
    webhooks::{Endpoint, EndpointState, MAX_ENDPOINTS, PreviousKey, SigningKey, SigningKeys, Webhook, WebhookState},
};
use serde_json::json;

use super::{Webhooks, address, sign};
use crate::{
    auth::Permission,
    core::{Core, Note},
    error::{Code, Error, Result},
    faults::Faults,
};

/// How long a replaced secret still signs: a day to change it at the other end.
const OVERLAP: Duration = DAY;
/// The most patterns of topics that one endpoint may have.
const MAX_TOPICS: usize = 20;

/// What a new endpoint shall be.
#[derive(Debug, Clone, Default)]
pub struct NewEndpoint {
    pub url: String,
    pub topics: Vec<String>,
    pub description: Option<String>,
}

/// The text of a secret, to be shown once. It begins with `whsec_`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Webhooks {
    /// Names an address. Its secret comes with it, this once; a repetition with the same `id` finds the endpoint and
    /// answers no secret.
    ///
    /// # Errors
    /// [`Code::Invalid`] for faults of the fields or beyond [`MAX_ENDPOINTS`], [`Code::PermissionDenied`].
    pub async fn create(&self, by: &Principal, id: EndpointId, new: NewEndpoint) -> Result<(Endpoint, Option<Secret>)> {
        self.0.authorise(by, Permission::ManageWebhooks).await?;
        let mut faults = Faults::default();
        let url = address::checked(&new.url, self.0.policy.private_webhooks);
        let url = url.map_err(|fault| faults.add("/url", fault)).unwrap_or_default();
        check_topics(&new.topics, &mut faults);
        let description = faults.text("/description", new.description.as_deref(), 200);
        faults.check()?;

        let known = self.0.ports.store.webhooks().endpoints().await?;
        if let Some(made_before) = known.iter().find(|endpoint| endpoint.id == id) {
            return Ok((made_before.clone(), None));
        }
        if known.len() >= MAX_ENDPOINTS {
            return Err(Error::new(Code::Invalid, format!("There may be at most {MAX_ENDPOINTS} endpoints.")));
        }
        let now = self.0.now();
        let current = self.fresh_key()?;
        let secret = Secret(sign::text(&current));
        let keys = SigningKeys { current, previous: None };
        let state = EndpointState::Enabled { failing_since: None };
        let endpoint = Endpoint { id, url, topics: new.topics, description, keys, state, created_at: now };
        let mut uow = self.0.begin().await?;
        match uow.webhooks().add_endpoint(&endpoint).await {
            Err(StoreError::Conflict(Unique::Id)) => return Ok((self.endpoint(by, id).await?, None)),
            added => added?,
        }
        self.0.file_endpoint(&mut *uow, by, "webhook.endpoint_created", &endpoint, now).await?;
        uow.commit().await?;
        Ok((endpoint, Some(secret)))
    }

    fn fresh_key(&self) -> Result<SigningKey> {
        let bytes = URL_SAFE_NO_PAD.decode(self.0.ports.secrets.token());
        let key = bytes.ok().and_then(SigningKey::new);
        key.ok_or_else(|| Error::internal("the port for secrets has made none that signs"))
    }

    /// All endpoints, oldest first.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn endpoints(&self, by: &Principal) -> Result<Vec<Endpoint>> {
        self.0.authorise(by, Permission::ManageWebhooks).await?;
        Ok(self.0.ports.store.webhooks().endpoints().await?)
    }

    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::EndpointNotFound`].
    pub async fn endpoint(&self, by: &Principal, id: EndpointId) -> Result<Endpoint> {
        self.0.authorise(by, Permission::ManageWebhooks).await?;
        self.0.ports.store.webhooks().endpoint(id).await?.ok_or_else(no_endpoint)
    }

    /// Removes an endpoint with everything that was sent there. Webhooks under way to it may still arrive.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::EndpointNotFound`].
    pub async fn remove(&self, by: &Principal, id: EndpointId) -> Result<()> {
        self.0.authorise(by, Permission::ManageWebhooks).await?;
        let mut uow = self.0.begin().await?;
        let endpoint = uow.webhooks().find_endpoint(id).await?.ok_or_else(no_endpoint)?;
        uow.webhooks().remove_endpoint(id).await?;
        self.0.file_endpoint(&mut *uow, by, "webhook.endpoint_removed", &endpoint, self.0.now()).await?;
        Ok(uow.commit().await?)
    }

    /// Replaces the secret. For a day, webhooks are signed with the old one as well.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::EndpointNotFound`].
    pub async fn rotate(&self, by: &Principal, id: EndpointId) -> Result<(Endpoint, Secret)> {
        self.0.authorise(by, Permission::ManageWebhooks).await?;
        let (now, current) = (self.0.now(), self.fresh_key()?);
        let secret = Secret(sign::text(&current));
        let mut uow = self.0.begin().await?;
        let found = uow.webhooks().find_endpoint(id).await?.ok_or_else(no_endpoint)?;
        let previous = Some(PreviousKey { key: found.keys.current, until: now + OVERLAP });
        let endpoint = Endpoint { keys: SigningKeys { current, previous }, ..found };
        uow.webhooks().save_endpoint(&endpoint).await?;
        self.0.file_endpoint(&mut *uow, by, "webhook.secret_rotated", &endpoint, now).await?;
        uow.commit().await?;
        Ok((endpoint, secret))
    }

    /// Lets webhooks go to an endpoint again. What waited is sent; what happened in the meantime was never addressed to it.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::EndpointNotFound`].
    pub async fn enable(&self, by: &Principal, id: EndpointId) -> Result<Endpoint> {
        self.0.authorise(by, Permission::ManageWebhooks).await?;
        let mut uow = self.0.begin().await?;
        let found = uow.webhooks().find_endpoint(id).await?.ok_or_else(no_endpoint)?;
        if matches!(found.state, EndpointState::Enabled { .. }) {
            return Ok(found);
        }
        let endpoint = Endpoint { state: EndpointState::Enabled { failing_since: None }, ..found };
        uow.webhooks().save_endpoint(&endpoint).await?;
        self.0.file_endpoint(&mut *uow, by, "webhook.endpoint_enabled", &endpoint, self.0.now()).await?;
        uow.commit().await?;
        Ok(endpoint)
    }

    /// What was sent to an endpoint, newest first, with every attempt.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::EndpointNotFound`].
    pub async fn deliveries(
        &self,
        by: &Principal,
        id: EndpointId,
        page: PageRequest<WebhookId>,
    ) -> Result<Page<Webhook, WebhookId>> {
        self.endpoint(by, id).await?;
        Ok(self.0.ports.store.webhooks().webhooks(id, page).await?)
    }

    /// Sends a webhook again, from the first attempt on, whatever became of it before.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::WebhookNotFound`], [`Code::IllegalTransition`] while the endpoint is disabled.
    pub async fn replay(&self, by: &Principal, endpoint: EndpointId, id: WebhookId) -> Result<Webhook> {
        self.0.authorise(by, Permission::ManageWebhooks).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let to = uow.webhooks().find_endpoint(endpoint).await?.ok_or_else(no_endpoint)?;
        let found = uow.webhooks().find(id).await?.filter(|webhook| webhook.endpoint == endpoint);
        let found = found.ok_or_else(|| {
            Error::new(Code::WebhookNotFound, "Nothing of that id was sent to this endpoint, or it was forgotten.")
        })?;
        if let EndpointState::Disabled { reason, .. } = to.state {
            let told = format!("The endpoint is disabled: {reason}. Enable it first.");
            return Err(Error::new(Code::IllegalTransition, told));
        }
        let webhook = Webhook { state: WebhookState::Waiting { next_try_at: now }, tries: 0, ..found };
        uow.webhooks().save(&webhook).await?;
        let note = Note {
            actor: Some(by),
            action: "webhook.replayed",
            subject: format!("webhook:{id}"),
            detail: format!("{} to {endpoint}", webhook.event.topic),
        };
        let payload = json!({ "delivery_id": id, "endpoint_id": endpoint, "event_id": webhook.event.id });
        self.0.file(&mut *uow, note, payload, now).await?;
        uow.commit().await?;
        Ok(webhook)
    }
}

impl Core {
    /// Files what was done with an endpoint: never its secret.
    pub(super) async fn file_endpoint(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        action: &'static str,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<()> {
        let subject = format!("webhook_endpoint:{}", endpoint.id);
        let note = Note { actor: Some(by), action, subject, detail: endpoint.url.clone() };
        let payload = json!({ "endpoint_id": endpoint.id, "url": endpoint.url, "topics": endpoint.topics });
        self.file(uow, note, payload, now).await
    }
}

pub(super) fn no_endpoint() -> Error {
    Error::new(Code::EndpointNotFound, "There is no webhook endpoint of that id.")
}

/// A topic is a context and what happened, or all of a context (`payment.*`), or everything (`*`).
fn check_topics(topics: &[String], faults: &mut Faults) {
    if !(1..=MAX_TOPICS).contains(&topics.len()) {
        faults.add("/topics", format!("must have 1 to {MAX_TOPICS} topics"));
    }
    for (place, topic) in topics.iter().enumerate() {
        if !is_pattern(topic) {
            let expected = "must be a topic such as transaction.completed, all of a context as transaction.*, or *";
            faults.add(&format!("/topics/{place}"), expected);
        }
    }
}

fn is_pattern(topic: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    topic == "*"
        || topic.len() <= 100
            && topic.split_once('.').is_some_and(|(context, what)| is_word(context) && (what == "*" || is_word(what)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_whole_or_all_of_a_context_or_everything() {
        for right in ["*", "transaction.*", "transaction.completed", "dead_letter.replayed"] {
            assert!(is_pattern(right), "{right}");
        }
        for wrong in ["", "transaction", "transaction.", "trans*", "*.completed", "a.b.c", "A.b", "a.b*", ".a", "a b.c"]
        {
            assert!(!is_pattern(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_not_shown_by_accident() {
        assert_eq!(format!("{:?}", Secret("whsec_abc".to_owned())), "Secret(..)");
    }
}
