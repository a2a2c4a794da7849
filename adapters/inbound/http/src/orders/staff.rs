//! `/orders`, for those who sell.

use dermaga_domain::orders::TakenElsewhere;
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::wire::{OrderBody, RecordedPayment, StatusChange};
use crate::{
    caller::{Caller, Person},
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::currency_text,
};

/// What staff does about orders.
pub struct OrderDeskApi;

#[OpenApi(prefix_path = "/orders", tag = "Tag::Orders")]
impl OrderDeskApi {
    /// Deliver a paid order
    ///
    /// PAID to COMPLETED: what was put aside leaves the stock. Of two who do it at once one succeeds, and the other hears
    /// how the order stands.
    #[oai(path = "/:id/confirm", method = "put", operation_id = "complete_order")]
    async fn complete(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// The revision that the decision was made on; a newer one refuses it
        revision: Query<Option<u64>>,
    ) -> ApiResult<Json<OrderBody>> {
        let orders = &deps.app.orders;
        let order = orders.complete(&person.0, id.0.into(), revision.0).await?;
        Ok(Json(OrderBody::at(orders.now())(order)))
    }

    /// Move an order along
    ///
    /// DRAFT to CONFIRMED, PAID to COMPLETED, and whatever is not over to CANCELLED. PAID is decided by payments, EXPIRED
    /// by the deadline.
    #[oai(path = "/:id/status", method = "put", operation_id = "set_order_status")]
    async fn status(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<StatusChange>,
    ) -> ApiResult<Json<OrderBody>> {
        let orders = &deps.app.orders;
        let StatusChange { status, reason, revision } = body.0;
        let order = orders.set_status(&person.0, id.0.into(), status.into(), reason.as_deref(), revision).await?;
        Ok(Json(OrderBody::at(orders.now())(order)))
    }

    /// Write down that an order was paid elsewhere
    ///
    /// Idempotent by the reference. If the order's time is over, the money goes to the buyer's wallet.
    #[oai(path = "/:id/payment", method = "put", operation_id = "record_order_payment")]
    async fn payment(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<RecordedPayment>,
    ) -> ApiResult<Json<OrderBody>> {
        let orders = &deps.app.orders;
        let RecordedPayment { reference, amount, currency } = body.0;
        let taken = TakenElsewhere { reference, amount, currency: currency_text(currency) };
        let order = orders.record_payment(&caller.0, id.0.into(), taken).await?;
        Ok(Json(OrderBody::at(orders.now())(order)))
    }
}
