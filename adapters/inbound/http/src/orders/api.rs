//! `/orders`, for those who buy.

use dermaga_ports::orders::{OrderFilter, OrderNumber};
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::{
    basket::NewOrderBody,
    wire::{Cancellation, OrderBody, OrderDetail, OrderStatusName, PlacedOrder, Placement},
};
use crate::{
    answer::{Created, Done, Request},
    caller::{Caller, Person},
    deps::Deps,
    edge::{ApiResult, Json, MaybeJson},
    payments::{PaymentBody, PaymentChoice},
    tags::Tag,
    wire::{List, page},
};

/// `/orders`
pub struct OrdersApi;

#[OpenApi(tag = "Tag::Orders")]
impl OrdersApi {
    /// Order
    ///
    /// Everything is reserved until the time to pay is over, or nothing is: a refusal names what is missing and what is
    /// there.
    #[oai(path = "/orders", method = "post", operation_id = "create_order")]
    async fn create(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewOrderBody>,
    ) -> ApiResult<Created<PlacedOrder>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let form = body.0.form();
        let new = body.0.read()?;
        let request = Request { deps: &deps, caller: Some(by), operation: "create_order", key: key.0, content };
        let once = request.once(|seed| async move {
            let orders = &deps.app.orders;
            let created = orders.create(by, seed.into(), new).await.map_err(|error| form.named(error))?;
            Ok(PlacedOrder::at(orders.now(), created))
        });
        Ok(once.await?.into())
    }

    /// Orders, newest first
    ///
    /// One's own; for staff, everybody's.
    #[oai(path = "/orders", method = "get", operation_id = "list_orders")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        status: Query<Option<OrderStatusName>>,
        /// As people call it
        number: Query<Option<String>>,
        /// Only those that name this product
        product_id: Query<Option<Uuid>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<OrderBody>>> {
        let filter = OrderFilter {
            buyer: None,
            status: status.0.map(Into::into),
            number: number.0.map(|number| OrderNumber(number.trim().to_uppercase())),
            product: product_id.0.map(Into::into),
        };
        let orders = &deps.app.orders;
        let found = orders.orders(&caller.0, filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found.map(OrderBody::at(orders.now())))))
    }

    /// The orders of a user, newest first
    #[oai(path = "/orders/user/:user_id", method = "get", operation_id = "list_orders_of_user")]
    async fn of_user(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        user_id: Path<Uuid>,
        status: Query<Option<OrderStatusName>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<OrderBody>>> {
        let filter =
            OrderFilter { buyer: Some(user_id.0.into()), status: status.0.map(Into::into), ..OrderFilter::default() };
        let orders = &deps.app.orders;
        let found = orders.orders(&caller.0, filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found.map(OrderBody::at(orders.now())))))
    }

    /// An order
    #[oai(path = "/orders/:id", method = "get", operation_id = "get_order")]
    async fn get(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<OrderBody>> {
        let orders = &deps.app.orders;
        let order = orders.order(&caller.0, id.0.into()).await?;
        Ok(Json(OrderBody::at(orders.now())(order)))
    }

    /// An order with buyer, payments and timeline
    #[oai(path = "/orders/:id/detail", method = "get", operation_id = "get_order_detail")]
    async fn detail(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<OrderDetail>> {
        let orders = &deps.app.orders;
        let view = orders.detail(&caller.0, id.0.into()).await?;
        Ok(Json(OrderDetail::at(orders.now(), view)))
    }

    /// Place a draft
    ///
    /// Its prices are looked at again; if the total is another one by now, it is refused and names the new one.
    #[oai(path = "/orders/:id/place", method = "post", operation_id = "place_order")]
    async fn place(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: MaybeJson<Placement>,
    ) -> ApiResult<Done<PlacedOrder>> {
        let Placement { expected_total, payment } = body.0.unwrap_or_default();
        let choice = payment.map(PaymentChoice::read).transpose().map_err(|error| error.within("/payment"))?;
        let orders = &deps.app.orders;
        let placed = orders.place(&person.0, id.0.into(), expected_total, choice).await?;
        Ok(Done::Done(Json(PlacedOrder::at(orders.now(), placed)), None))
    }

    /// Call an order off
    ///
    /// What is reserved is free again. The money of an order that is paid goes back the way it came, or to the buyer's
    /// wallet where that way does not exist.
    #[oai(path = "/orders/:id/cancel", method = "post", operation_id = "cancel_order")]
    async fn cancel(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: MaybeJson<Cancellation>,
    ) -> ApiResult<Json<OrderBody>> {
        let orders = &deps.app.orders;
        let Cancellation { reason, revision } = body.0.unwrap_or_default();
        let order = orders.cancel(&person.0, id.0.into(), reason.as_deref(), revision).await?;
        Ok(Json(OrderBody::at(orders.now())(order)))
    }

    /// The attempts to pay an order, newest first
    #[oai(
        path = "/payments/order/:order_id",
        method = "get",
        operation_id = "list_payments_of_order",
        tag = "Tag::Payments"
    )]
    async fn payments(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        order_id: Path<Uuid>,
    ) -> ApiResult<Json<List<PaymentBody>>> {
        let found = deps.app.orders.payments(&caller.0, order_id.0.into()).await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }
}
