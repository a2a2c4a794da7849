//! `/bookings`

use dermaga_ports::booking::BookingFilter;
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::wire::{BookingBody, BookingKindName, BookingStatusName};
use crate::{
    caller::Caller,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{List, page},
};

/// `/bookings`
pub struct BookingsApi;

#[OpenApi(prefix_path = "/bookings", tag = "Tag::Travel")]
impl BookingsApi {
    /// Bookings, newest first
    ///
    /// One's own; for staff, everybody's. `frozen=true` lists what waits for a person.
    #[oai(path = "/", method = "get", operation_id = "list_bookings")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        kind: Query<Option<BookingKindName>>,
        /// As it was written down last
        status: Query<Option<BookingStatusName>>,
        /// Whether a person has to say what comes next
        frozen: Query<Option<bool>>,
        order_id: Query<Option<Uuid>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<BookingBody>>> {
        let filter = BookingFilter {
            user: None,
            kind: kind.0.map(Into::into),
            status: status.0.map(Into::into),
            frozen: frozen.0,
            order: order_id.0.map(Into::into),
        };
        let now = deps.app.orders.now();
        let found = deps.app.bookings.bookings(&caller.0, filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found.map(|booking| BookingBody::in_a_list(now, booking)))))
    }

    /// A booking
    ///
    /// What was delivered is shown to whoever bought it.
    #[oai(path = "/:id", method = "get", operation_id = "get_booking")]
    async fn get(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<BookingBody>> {
        let view = deps.app.bookings.booking(&caller.0, id.0.into()).await?;
        Ok(Json(BookingBody::at(deps.app.orders.now(), view)))
    }
}
