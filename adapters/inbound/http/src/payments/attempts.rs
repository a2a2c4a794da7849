//! `/payments`: attempts to pay through a gateway.

use dermaga_domain::payments::Step;
use dermaga_ports::payments::PaymentFilter;
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::{
    checkout::Checkout,
    wire::{PaymentBody, PaymentDetail, RefundBody, StateName, WebhookBody},
};
use crate::{
    answer::{Created, Done, Request},
    caller::{Caller, Person},
    deps::Deps,
    edge::{ApiResult, Json, MaybeJson},
    tags::Tag,
    wire::{List, page},
};

/// `/payments`
pub struct AttemptsApi;

/// Which attempt.
#[derive(Debug, Clone, Object)]
struct Confirmation {
    payment_id: Uuid,
}

/// What is taken of an authorised payment.
#[derive(Debug, Clone, Object)]
struct Capture {
    /// The authorised amount, for callers who want to be sure of it; all that was authorised unless given
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: Option<i64>,
}

/// Money to give back through the gateway that took it.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CheckoutRefund", skip_serializing_if_is_none)]
struct NewRefund {
    /// All that is left unless given; in the currency's smallest unit, more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: Option<i64>,
    /// For the gateway, the payer and the audit trail
    #[oai(validator(max_length = 255))]
    reason: String,
}

#[OpenApi(prefix_path = "/payments", tag = "Tag::Payments")]
impl AttemptsApi {
    /// Payments, newest first
    ///
    /// One's own; for staff, everybody's.
    #[oai(path = "/", method = "get", operation_id = "list_payments")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        state: Query<Option<StateName>>,
        gateway: Query<Option<String>>,
        /// Only those that wait for a person
        frozen: Query<Option<bool>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<PaymentBody>>> {
        let filter = PaymentFilter {
            user: None,
            transaction: None,
            gateway: gateway.0,
            state: state.0.map(Into::into),
            frozen: frozen.0,
        };
        Ok(Json(List::of(deps.app.payments.payments(&caller.0, filter, page(limit.0, after.0)).await?)))
    }

    /// Pay through a gateway
    ///
    /// Starts an attempt and answers what the payer has to do. A purchase that waits may be tried again, also by another
    /// method, until its time is over.
    #[oai(path = "/", method = "post", operation_id = "create_payment")]
    async fn create(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<Checkout>,
    ) -> ApiResult<Created<PaymentBody>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let (payable, choice) = body.0.read()?;
        let request = Request { deps: &deps, caller: Some(by), operation: "create_payment", key: key.0, content };
        let once = request.once(|seed| async move {
            Ok(PaymentBody::from(deps.app.payments.start(by, seed, payable, choice).await?))
        });
        Ok(once.await?.into())
    }

    /// A payment with its refunds and disputes
    #[oai(path = "/:id", method = "get", operation_id = "get_payment")]
    async fn get(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<PaymentDetail>> {
        Ok(Json(deps.app.payments.payment(&caller.0, id.0.into()).await?.into()))
    }

    /// The attempts to pay a transaction, newest first
    #[oai(path = "/transaction/:transaction_id", method = "get", operation_id = "list_payments_of_transaction")]
    async fn of_transaction(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        transaction_id: Path<Uuid>,
    ) -> ApiResult<Json<List<PaymentBody>>> {
        let found = deps.app.payments.payments_of(&caller.0, transaction_id.0.into()).await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// "I have paid"
    ///
    /// Asks the gateway. A payment from a wallet is captured; a manual transfer goes to review.
    #[oai(path = "/confirm", method = "post", operation_id = "confirm_payment")]
    async fn confirm(
        &self,
        person: Person,
        deps: Data<&Deps>,
        body: Json<Confirmation>,
    ) -> ApiResult<Json<PaymentBody>> {
        Ok(Json(deps.app.payments.confirm(&person.0, body.0.payment_id.into()).await?.into()))
    }

    /// Accept a manual transfer that is in review
    ///
    /// Never overrides a gateway.
    #[oai(path = "/:id/confirm", method = "post", operation_id = "accept_payment")]
    async fn accept(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<PaymentBody>> {
        Ok(Json(deps.app.payments.accept(&person.0, id.0.into()).await?.into()))
    }

    /// Take what is authorised
    ///
    /// All of it: a purchase is paid whole. Another amount is refused.
    #[oai(path = "/:id/capture", method = "post", operation_id = "capture_payment")]
    async fn capture(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: MaybeJson<Capture>,
    ) -> ApiResult<Json<PaymentBody>> {
        let amount = body.0.and_then(|body| body.amount);
        Ok(Json(deps.app.payments.capture(&person.0, id.0.into(), amount).await?.into()))
    }

    /// Accept what the gateway wants reviewed
    #[oai(path = "/:id/approve", method = "post", operation_id = "approve_payment")]
    async fn approve(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<PaymentBody>> {
        Ok(Json(deps.app.payments.step(&person.0, id.0.into(), Step::Approve).await?.into()))
    }

    /// Reject what is in review
    #[oai(path = "/:id/deny", method = "post", operation_id = "deny_payment")]
    async fn deny(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<PaymentBody>> {
        Ok(Json(deps.app.payments.step(&person.0, id.0.into(), Step::Deny).await?.into()))
    }

    /// Cancel a payment that is open, or captured and not settled
    #[oai(path = "/:id/cancel", method = "post", operation_id = "cancel_payment")]
    async fn cancel(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<PaymentBody>> {
        Ok(Json(deps.app.payments.step(&person.0, id.0.into(), Step::Cancel).await?.into()))
    }

    /// Give money back through the gateway that took it
    #[oai(path = "/:id/refund", method = "post", operation_id = "refund_payment")]
    async fn refund(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewRefund>,
    ) -> ApiResult<Done<RefundBody>> {
        let by = &person.0;
        let content = format!("{} {}", id.0, body.0.to_json_string());
        let request = Request { deps: &deps, caller: Some(by), operation: "refund_payment", key: key.0, content };
        let once = request.once(|seed| async move {
            let NewRefund { amount, reason } = body.0;
            Ok(RefundBody::from(deps.app.payments.refund(by, seed.into(), id.0.into(), amount, &reason).await?))
        });
        Ok(once.await?.into())
    }

    /// What gateways told of a payment, newest first
    #[oai(path = "/:id/webhooks", method = "get", operation_id = "list_payment_webhooks")]
    async fn webhooks(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<WebhookBody>>> {
        let found = deps.app.payments.webhooks(&person.0, Some(id.0.into()), page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }
}
