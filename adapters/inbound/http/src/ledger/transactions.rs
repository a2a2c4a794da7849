//! `/transactions`

use dermaga_domain::{
    Result,
    ledger::{Movement, NewTransaction, Party, StatusChange},
    payments::{MerchantPayment, MethodChoice, Topup},
};
use dermaga_ports::{
    auth::Principal,
    ids::TransactionId,
    ledger::{TransactionFilter, TransactionKind},
};
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi, Union,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::wire::{MovementBody, Stats, StatusName, TransactionBody, TypeName};
use crate::{
    answer::{Created, Done, Request},
    caller::{Caller, Person},
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{CurrencyCode, List, Moment, currency_text, page},
};

/// `/transactions`
pub struct TransactionsApi;

/// A movement of money, by `type`.
#[derive(Debug, Clone, Union)]
#[oai(rename = "NewTransaction", discriminator_name = "type", one_of = true, rename_all = "snake_case")]
enum NewTransactionBody {
    Transfer(NewTransfer),
    Debit(NewDebit),
    Credit(NewCredit),
    Topup(NewTopup),
    Payment(NewPayment),
    Order(NewOrderPayment),
}

/// Reserves money of the sender for the receiver: PENDING until completed or cancelled.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct NewTransfer {
    sender_id: Uuid,
    receiver_id: Uuid,
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: i64,
    /// IDR unless named
    currency: Option<CurrencyCode>,
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

/// Takes money out of a user's wallet; for services and administrators.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct NewDebit {
    user_id: Uuid,
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: i64,
    /// IDR unless named
    currency: Option<CurrencyCode>,
    /// The caller's own name for it; the same reference moves money once
    #[oai(validator(max_length = 255))]
    reference: Option<String>,
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

/// Puts money into a user's wallet; for services and administrators.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct NewCredit {
    user_id: Uuid,
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: i64,
    /// IDR unless named
    currency: Option<CurrencyCode>,
    /// The caller's own name for it; the same reference moves money once
    #[oai(validator(max_length = 255))]
    reference: Option<String>,
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

/// Puts money into one's own wallet through the payment gateway.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct NewTopup {
    wallet_id: Uuid,
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: i64,
    /// One of the payment gateway's methods; its first unless named
    method: Option<String>,
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

/// Pays a merchant at once.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct NewPayment {
    wallet_id: Uuid,
    merchant: String,
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: i64,
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

/// Pays an order through a gateway: the answer is the order's own transaction, COMPLETED once the money is there.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct NewOrderPayment {
    order_id: Uuid,
    /// As `method` in `POST /payments`
    payment_method: Option<String>,
    /// For `wallet`: one's own wallet to pay from; the one that takes the order's late money unless named
    wallet_id: Option<Uuid>,
}

impl NewTransactionBody {
    async fn run(self, deps: &Deps, by: &Principal, id: TransactionId) -> Result<Movement> {
        let app = &deps.app;
        match self {
            Self::Transfer(NewTransfer { sender_id, receiver_id, amount, currency, description }) => {
                let new = NewTransaction { amount, currency: currency_text(currency), description, reference: None };
                app.transactions.start_transfer(by, id, sender_id.into(), receiver_id.into(), new).await
            }
            Self::Debit(NewDebit { user_id, amount, currency, reference, description }) => {
                let new = NewTransaction { amount, currency: currency_text(currency), description, reference };
                let party = Party::User(user_id.into());
                app.transactions.adjust(by, id, TransactionKind::Debit, party, new).await
            }
            Self::Credit(NewCredit { user_id, amount, currency, reference, description }) => {
                let new = NewTransaction { amount, currency: currency_text(currency), description, reference };
                let party = Party::User(user_id.into());
                app.transactions.adjust(by, id, TransactionKind::Credit, party, new).await
            }
            Self::Topup(NewTopup { wallet_id, amount, method, description }) => {
                let topup = NewTransaction { amount, currency: None, description, reference: None };
                let choice = MethodChoice { method, ..MethodChoice::default() };
                app.payments
                    .topup(by, id, Party::Wallet(wallet_id.into()), Topup { topup, choice })
                    .await
                    .map(|(movement, _)| movement)
            }
            Self::Payment(NewPayment { wallet_id, merchant, amount, description }) => {
                let payment = NewTransaction { amount, currency: None, description, reference: None };
                app.payments.pay(by, id, wallet_id.into(), MerchantPayment { merchant, payment }).await
            }
            Self::Order(NewOrderPayment { order_id, payment_method, wallet_id }) => {
                let wallet = wallet_id.map(Into::into);
                let choice = MethodChoice { method: payment_method, wallet, ..MethodChoice::default() };
                app.payments.pay_order(by, id.0, order_id.into(), choice).await
            }
        }
    }
}

/// A wish for another status, another description or both.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct TransactionUpdate {
    status: Option<StatusName>,
    /// May change while the transaction is PENDING
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

/// Money to give back.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct NewRefund {
    /// In the currency's smallest unit; all that is left unless named
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: Option<i64>,
    /// For the audit trail
    #[oai(validator(min_length = 1, max_length = 255))]
    reason: String,
}

#[OpenApi(prefix_path = "/transactions", tag = "Tag::Transactions")]
impl TransactionsApi {
    /// Start a movement of money
    ///
    /// A `transfer` starts PENDING: its money is reserved until `PUT /transactions/{id}` completes or cancels it, or a
    /// day has passed. All others are done at once.
    #[oai(path = "/", method = "post", operation_id = "create_transaction")]
    async fn create(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewTransactionBody>,
    ) -> ApiResult<Created<MovementBody>> {
        let by = &caller.0;
        let content = body.0.to_json_string();
        let request = Request { deps: &deps, caller: Some(by), operation: "create_transaction", key: key.0, content };
        let once = request.once(|seed| async move {
            let movement = body.0.run(&deps, by, seed.into()).await?;
            Ok(MovementBody::from(movement))
        });
        Ok(once.await?.into())
    }

    /// Transactions, newest first
    ///
    /// One's own; for staff, everybody's.
    #[oai(path = "/", method = "get", operation_id = "list_transactions")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        #[oai(name = "type")] kind: Query<Option<TypeName>>,
        status: Query<Option<StatusName>>,
        /// Created at or after this moment
        from: Query<Option<Moment>>,
        /// Created before this moment
        to: Query<Option<Moment>>,
        min_amount: Query<Option<i64>>,
        max_amount: Query<Option<i64>>,
        /// Part of the description, reference or merchant
        text: Query<Option<String>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<TransactionBody>>> {
        let filter = TransactionFilter {
            user: None,
            wallet: None,
            kind: kind.0.map(TransactionKind::from),
            status: status.0.map(Into::into),
            from: from.0.map(|from| from.0),
            to: to.0.map(|to| to.0),
            min_amount: min_amount.0,
            max_amount: max_amount.0,
            text: text.0,
        };
        let found = deps.app.transactions.transactions(&caller.0, filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }

    /// Sums over my transactions
    #[oai(path = "/stats", method = "get", operation_id = "get_transaction_stats")]
    async fn stats(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// IDR unless named
        currency: Query<Option<CurrencyCode>>,
        /// Created at or after this moment
        from: Query<Option<Moment>>,
        /// Created before this moment
        to: Query<Option<Moment>>,
    ) -> ApiResult<Json<Stats>> {
        let currency = currency.0.unwrap_or(CurrencyCode::Idr);
        let (from, to) = (from.0.map(|from| from.0), to.0.map(|to| to.0));
        let sums = deps.app.transactions.stats(&person.0, currency.into(), from, to).await?;
        Ok(Json(Stats::of(sums, currency)))
    }

    /// A user's transactions, newest first
    #[oai(path = "/user/:user_id", method = "get", operation_id = "list_transactions_of_user")]
    async fn of_user(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        user_id: Path<Uuid>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<TransactionBody>>> {
        let filter = TransactionFilter { user: Some(user_id.0.into()), ..TransactionFilter::default() };
        let found = deps.app.transactions.transactions(&caller.0, filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }

    /// A wallet's transactions, newest first
    #[oai(path = "/wallet/:wallet_id", method = "get", operation_id = "list_transactions_of_wallet")]
    async fn of_wallet(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        wallet_id: Path<Uuid>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<TransactionBody>>> {
        let filter = TransactionFilter { wallet: Some(wallet_id.0.into()), ..TransactionFilter::default() };
        let found = deps.app.transactions.transactions(&caller.0, filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }

    /// A transaction
    #[oai(path = "/:id", method = "get", operation_id = "get_transaction")]
    async fn get(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<TransactionBody>> {
        Ok(Json(deps.app.transactions.transaction(&caller.0, id.0.into()).await?.into()))
    }

    /// Complete, fail or cancel a pending transfer
    ///
    /// `COMPLETED` moves the reserved money, `FAILED` and `CANCELLED` release it.
    #[oai(path = "/:id", method = "put", operation_id = "update_transaction")]
    async fn update(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<TransactionUpdate>,
    ) -> ApiResult<Json<TransactionBody>> {
        let TransactionUpdate { status, description } = body.0;
        let change = StatusChange { status: status.map(Into::into), description };
        Ok(Json(deps.app.transactions.change(&caller.0, id.0.into(), change).await?.into()))
    }

    /// Cancel a pending transfer
    #[oai(path = "/:id/cancel", method = "post", operation_id = "cancel_transaction")]
    async fn cancel(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<TransactionBody>> {
        Ok(Json(deps.app.transactions.cancel(&caller.0, id.0.into()).await?.into()))
    }

    /// The same as cancelling: records of money are never erased
    #[oai(path = "/:id", method = "delete", operation_id = "delete_transaction")]
    async fn delete(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<TransactionBody>> {
        Ok(Json(deps.app.transactions.cancel(&caller.0, id.0.into()).await?.into()))
    }

    /// Give money back, in one or several parts up to the amount
    #[oai(path = "/:id/refund", method = "post", operation_id = "refund_transaction")]
    async fn refund(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewRefund>,
    ) -> ApiResult<Done<TransactionBody>> {
        let by = &person.0;
        let content = format!("{} {}", id.0, body.0.to_json_string());
        let request = Request { deps: &deps, caller: Some(by), operation: "refund_transaction", key: key.0, content };
        let once = request.once(|seed| async move {
            let NewRefund { amount, reason } = body.0;
            let transactions = &deps.app.transactions;
            let refunded = transactions.refund(by, seed.into(), id.0.into(), amount, &reason).await?;
            Ok(TransactionBody::from(refunded))
        });
        Ok(once.await?.into())
    }
}
