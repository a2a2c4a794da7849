//! `/notifications`: what people are told, and whether it has reached them.

mod wire;

use dermaga_ports::notifications::{Channel, NotificationFilter, Status};
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use self::wire::{ChannelName, NewNotificationBody, NotificationBody, NotificationUpdate, StatusName};
use crate::{
    answer::{Created, Request},
    caller::Caller,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{List, page},
};

/// `/notifications`
pub struct NotificationsApi;

#[OpenApi(prefix_path = "/notifications", tag = "Tag::Notifications")]
impl NotificationsApi {
    /// Tell somebody something
    ///
    /// It is sent by itself after a moment in which it can still be changed or withdrawn, or at once with
    /// `POST /notifications/{id}/send`.
    #[oai(path = "/", method = "post", operation_id = "create_notification")]
    async fn create(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewNotificationBody>,
    ) -> ApiResult<Created<NotificationBody>> {
        let by = &caller.0;
        let content = body.0.to_json_string();
        let request = Request { deps: &deps, caller: Some(by), operation: "create_notification", key: key.0, content };
        let once = request.once(|seed| async move {
            Ok(NotificationBody::from(deps.app.notifications.create(by, seed.into(), body.0.into()).await?))
        });
        Ok(once.await?.into())
    }

    /// Notifications, newest first
    ///
    /// One's own; staff and services see everybody's.
    #[oai(path = "/", method = "get", operation_id = "list_notifications")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        user_id: Query<Option<Uuid>>,
        status: Query<Option<StatusName>>,
        channel: Query<Option<ChannelName>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<NotificationBody>>> {
        let filter = NotificationFilter {
            user: user_id.0.map(Into::into),
            status: status.0.map(Status::from),
            channel: channel.0.map(Channel::from),
        };
        let found = deps.app.notifications.list(&caller.0, filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }

    /// A notification
    #[oai(path = "/:id", method = "get", operation_id = "get_notification")]
    async fn get(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<NotificationBody>> {
        Ok(Json(deps.app.notifications.notification(&caller.0, id.0.into()).await?.into()))
    }

    /// Change what is said or how, while it is not sent
    ///
    /// Puts it back into the queue.
    #[oai(path = "/:id", method = "put", operation_id = "update_notification")]
    async fn update(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<NotificationUpdate>,
    ) -> ApiResult<Json<NotificationBody>> {
        Ok(Json(deps.app.notifications.change(&caller.0, id.0.into(), body.0.into()).await?.into()))
    }

    /// Withdraw a notification, while it is not sent
    ///
    /// The record stays, as CANCELLED.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_notification")]
    async fn delete(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<NotificationBody>> {
        Ok(Json(deps.app.notifications.withdraw(&caller.0, id.0.into()).await?.into()))
    }

    /// Send a notification now
    ///
    /// 502 with the reason if nobody takes it: it stays PENDING and is tried again, or is FAILED if it was refused for
    /// good. One that was sent before is not sent again.
    #[oai(path = "/:id/send", method = "post", operation_id = "send_notification")]
    async fn send(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<NotificationBody>> {
        Ok(Json(deps.app.notifications.send(&caller.0, id.0.into()).await?.into()))
    }
}
