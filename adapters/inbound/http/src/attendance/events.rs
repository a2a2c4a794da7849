//! `/events`: what people attend, and what is sold of it.

use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::wire::{
    EventBody, EventChangeBody, NewEventBody, NewTicketBody, NewTicketTypeBody, TicketBody, TicketStateWord,
    TicketTypeBody,
};
use crate::{
    answer::{Created, Request},
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{DEFAULT_LIMIT, List, page},
};
use dermaga_domain::Error;
use dermaga_ports::{
    attendance::{EventSlug, TicketFilter},
    paging::PageRequest,
};

/// `/events`
pub struct AttendedEventsApi;

#[OpenApi(prefix_path = "/events", tag = "Tag::Attendance")]
impl AttendedEventsApi {
    /// Events
    #[oai(path = "/", method = "get", operation_id = "list_events")]
    async fn list(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        /// `next` of the part before
        after: Query<Option<String>>,
    ) -> ApiResult<Json<List<EventBody>>> {
        let after = after.0.map(|after| after.parse::<EventSlug>()).transpose();
        let after = after.map_err(|_| Error::fault("/after", "must be `next` of the part before"))?;
        let page = PageRequest::new(after, limit.0.unwrap_or(DEFAULT_LIMIT));
        Ok(Json(List::of(deps.app.attendance.events(&person.0, page).await?)))
    }

    /// Make an event
    #[oai(path = "/", method = "post", operation_id = "create_event")]
    async fn create(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewEventBody>,
    ) -> ApiResult<Created<EventBody>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let request = Request { deps: &deps, caller: Some(by), operation: "create_event", key: key.0, content };
        // The event has a name of its own; no id is needed for it.
        let once =
            request.once(|_| async move { Ok(EventBody::from(deps.app.attendance.create(by, body.0.into()).await?)) });
        Ok(once.await?.into())
    }

    /// An event
    #[oai(path = "/:event_id", method = "get", operation_id = "get_event")]
    async fn get(&self, person: Person, deps: Data<&Deps>, event_id: Path<String>) -> ApiResult<Json<EventBody>> {
        Ok(Json(deps.app.attendance.event(&person.0, &event_id).await?.into()))
    }

    /// Change an event
    ///
    /// The body says all of it. Whoever else has changed it since `version` was read is not overwritten.
    #[oai(path = "/:event_id", method = "put", operation_id = "update_event")]
    async fn update(
        &self,
        person: Person,
        deps: Data<&Deps>,
        event_id: Path<String>,
        body: Json<EventChangeBody>,
    ) -> ApiResult<Json<EventBody>> {
        // A name that no event can have is one that none has.
        deps.app.attendance.event(&person.0, &event_id).await?;
        let change = body.0.of(event_id.0);
        Ok(Json(deps.app.attendance.change(&person.0, change).await?.into()))
    }

    /// What is sold of an event
    #[oai(path = "/:event_id/ticket-types", method = "get", operation_id = "list_ticket_types")]
    async fn types(
        &self,
        person: Person,
        deps: Data<&Deps>,
        event_id: Path<String>,
    ) -> ApiResult<Json<List<TicketTypeBody>>> {
        let found = deps.app.attendance.ticket_types(&person.0, &event_id).await?;
        Ok(Json(List { items: found.into_iter().map(TicketTypeBody::from).collect(), next: None }))
    }

    /// Sell something of an event
    #[oai(path = "/:event_id/ticket-types", method = "post", operation_id = "create_ticket_type")]
    async fn create_type(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        event_id: Path<String>,
        body: Json<NewTicketTypeBody>,
    ) -> ApiResult<Created<TicketTypeBody>> {
        let (by, event) = (&person.0, event_id.0.as_str());
        let content = format!("{event} {}", body.0.to_json_string());
        let request = Request { deps: &deps, caller: Some(by), operation: "create_ticket_type", key: key.0, content };
        let once = request.once(|seed| async move {
            let made = deps.app.attendance.create_type(by, seed.into(), event, body.0.into()).await?;
            Ok(TicketTypeBody::from(made))
        });
        Ok(once.await?.into())
    }

    /// The tickets of an event
    #[oai(path = "/:event_id/tickets", method = "get", operation_id = "list_tickets")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn tickets(
        &self,
        person: Person,
        deps: Data<&Deps>,
        event_id: Path<String>,
        state: Query<Option<TicketStateWord>>,
        /// In whose account they are
        user_id: Query<Option<Uuid>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<TicketBody>>> {
        let filter = TicketFilter { state: state.0.map(Into::into), user: user_id.0.map(Into::into) };
        let page = page(limit.0, after.0);
        Ok(Json(List::of(deps.app.attendance.tickets(&person.0, &event_id, filter, page).await?)))
    }

    /// Give a ticket away
    ///
    /// Its code is in the ticket, when that is read, and in its QR.
    #[oai(path = "/:event_id/tickets", method = "post", operation_id = "issue_ticket")]
    async fn issue(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        event_id: Path<String>,
        body: Json<NewTicketBody>,
    ) -> ApiResult<Created<TicketBody>> {
        let (by, event) = (&person.0, event_id.0.as_str());
        let content = format!("{event} {}", body.0.to_json_string());
        let request = Request { deps: &deps, caller: Some(by), operation: "issue_ticket", key: key.0, content };
        let once = request.once(|seed| async move {
            Ok(TicketBody::from(deps.app.attendance.issue(by, seed.into(), event, body.0.into()).await?))
        });
        Ok(once.await?.into())
    }
}
