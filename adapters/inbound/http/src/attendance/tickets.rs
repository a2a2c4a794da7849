//! `/tickets`: a ticket, its code and its QR; and the keys that codes are verified with.

use poem::web::Data;
use poem_openapi::{OpenApi, param::Path};
use uuid::Uuid;

use super::wire::{KeyBody, RevokeBody, TicketBody};
use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{
        List,
        qr::{Picture, picture},
    },
};

/// `/tickets`, `/ticket-keys`
pub struct TicketsApi;

#[OpenApi(tag = "Tag::Attendance")]
impl TicketsApi {
    /// A ticket, with its code
    ///
    /// For its holder and for those who run events.
    #[oai(path = "/tickets/:id", method = "get", operation_id = "get_ticket")]
    async fn get(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<TicketBody>> {
        let (ticket, code) = deps.app.attendance.ticket(&person.0, id.0.into()).await?;
        Ok(Json(TicketBody::from(ticket).with_code(code)))
    }

    /// The QR of a ticket
    #[oai(path = "/tickets/:id/qr.svg", method = "get", operation_id = "get_ticket_qr")]
    async fn qr(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Picture> {
        let code = deps.app.attendance.ticket_code(&person.0, id.0.into()).await?;
        Ok(picture(&code)?)
    }

    /// Take a ticket back
    ///
    /// Nobody is let in with it any more. Repeated, it changes nothing.
    #[oai(path = "/tickets/:id/revoke", method = "post", operation_id = "revoke_ticket")]
    async fn revoke(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<RevokeBody>,
    ) -> ApiResult<Json<TicketBody>> {
        let ticket = deps.app.attendance.revoke(&person.0, id.0.into(), body.reason.as_deref()).await?;
        Ok(Json(ticket.into()))
    }

    /// The keys that codes are verified with
    ///
    /// Newest first. A device that knows them tells a genuine code without asking anybody.
    #[oai(path = "/ticket-keys", method = "get", operation_id = "list_ticket_keys")]
    async fn keys(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<List<KeyBody>>> {
        let items = deps.app.attendance.keys(&person.0).await?.into_iter().map(KeyBody::from).collect();
        Ok(Json(List { items, next: None }))
    }

    /// Sign codes with a new key from now on
    ///
    /// What older keys have signed stays good.
    #[oai(path = "/ticket-keys/rotate", method = "post", operation_id = "rotate_ticket_key")]
    async fn rotate(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<KeyBody>> {
        Ok(Json(deps.app.attendance.rotate_key(&person.0).await?.into()))
    }
}
