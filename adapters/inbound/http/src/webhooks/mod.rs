//! `/webhook-endpoints`: where webhooks go, and what became of them.

mod wire;

use std::sync::Mutex;

use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use self::wire::{DeliveryBody, EndpointBody, NewEndpointBody};
use crate::{
    answer::{Created, Request},
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{List, NoContent, page},
};

/// `/webhook-endpoints`
pub struct WebhooksApi;

#[OpenApi(prefix_path = "/webhook-endpoints", tag = "Tag::Events")]
impl WebhooksApi {
    /// Where webhooks go
    #[oai(path = "/", method = "get", operation_id = "list_webhook_endpoints")]
    async fn list(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<List<EndpointBody>>> {
        let items = deps.app.webhooks.endpoints(&person.0).await?.into_iter().map(EndpointBody::from).collect();
        Ok(Json(List { items, next: None }))
    }

    /// Send webhooks to an address
    ///
    /// The answer holds the secret that they are signed with, this once: a repetition with the same key does not.
    #[oai(path = "/", method = "post", operation_id = "create_webhook_endpoint")]
    async fn create(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewEndpointBody>,
    ) -> ApiResult<Created<EndpointBody>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let request =
            Request { deps: &deps, caller: Some(by), operation: "create_webhook_endpoint", key: key.0, content };
        // Past the answer that is kept for repetitions: a secret is kept in one place only.
        let told = Mutex::new(None);
        let told_here = &told;
        let mut once = request
            .once(|seed| async move {
                let (endpoint, secret) = deps.app.webhooks.create(by, seed.into(), body.0.into()).await?;
                if let Ok(mut told) = told_here.lock() {
                    *told = secret;
                }
                Ok(EndpointBody::from(endpoint))
            })
            .await?;
        once.body = once.body.telling(told.into_inner().unwrap_or_default());
        Ok(once.into())
    }

    /// An address that webhooks go to
    #[oai(path = "/:id", method = "get", operation_id = "get_webhook_endpoint")]
    async fn get(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<EndpointBody>> {
        Ok(Json(deps.app.webhooks.endpoint(&person.0, id.0.into()).await?.into()))
    }

    /// Send no more webhooks to an address, and forget what was sent there
    #[oai(path = "/:id", method = "delete", operation_id = "delete_webhook_endpoint")]
    async fn remove(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<NoContent> {
        deps.app.webhooks.remove(&person.0, id.0.into()).await?;
        Ok(NoContent::Done)
    }

    /// Replace the secret
    ///
    /// The answer holds the new one, this once. For a day webhooks are signed with both.
    #[oai(path = "/:id/rotate-secret", method = "post", operation_id = "rotate_webhook_secret")]
    async fn rotate(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<EndpointBody>> {
        let (endpoint, secret) = deps.app.webhooks.rotate(&person.0, id.0.into()).await?;
        Ok(Json(EndpointBody::from(endpoint).telling(Some(secret))))
    }

    /// Send webhooks to a disabled address again
    #[oai(path = "/:id/enable", method = "post", operation_id = "enable_webhook_endpoint")]
    async fn enable(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<EndpointBody>> {
        Ok(Json(deps.app.webhooks.enable(&person.0, id.0.into()).await?.into()))
    }

    /// What was sent to an address, newest first, with every attempt
    #[oai(path = "/:id/deliveries", method = "get", operation_id = "list_webhook_deliveries")]
    async fn deliveries(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<DeliveryBody>>> {
        let found = deps.app.webhooks.deliveries(&person.0, id.0.into(), page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }

    /// Send a webhook again
    ///
    /// Whatever became of it before. Its `webhook-id` stays the same, so whoever has it already can tell.
    #[oai(path = "/:id/deliveries/:delivery_id/replay", method = "post", operation_id = "replay_webhook_delivery")]
    async fn replay(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        delivery_id: Path<Uuid>,
    ) -> ApiResult<Json<DeliveryBody>> {
        let webhook = deps.app.webhooks.replay(&person.0, id.0.into(), delivery_id.0.into()).await?;
        Ok(Json(webhook.into()))
    }
}
