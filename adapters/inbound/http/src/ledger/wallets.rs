//! `/wallets`

use dermaga_domain::ledger::{NewTransaction, NewWallet, Party};
use dermaga_ports::ledger::TransactionKind;
use poem::{http::HeaderMap, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::{
    statement, top_up,
    wire::{Deduction, EntryBody, MovementBody, NewWalletBody, TopupAnswer, TopupBody, WalletBalance, WalletBody},
};
use crate::{
    answer::{Created, Done, Request, Taken},
    caller::{Caller, Person, Service},
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{Csv, List, Moment, currency_text, page_by_time, wants_csv},
};

/// `/wallets`
pub struct WalletsApi;

/// A statement in the form that the caller accepts: a part of it as JSON, or the whole as CSV.
#[derive(ResponseContent)]
enum StatementContent {
    Json(Json<List<EntryBody>>),
    Csv(Csv),
}

#[derive(ApiResponse)]
enum Statement {
    /// A part of the statement as JSON, or the whole as CSV
    #[oai(status = 200)]
    Found(StatementContent),
}

#[OpenApi(prefix_path = "/wallets", tag = "Tag::Wallets")]
impl WalletsApi {
    /// My wallets
    #[oai(path = "/", method = "get", operation_id = "list_wallets")]
    async fn list(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<List<WalletBody>>> {
        let items = deps.app.wallets.list(&person.0).await?.into_iter().map(WalletBody::from).collect();
        Ok(Json(List { items, next: None }))
    }

    /// Make a wallet
    #[oai(path = "/", method = "post", operation_id = "create_wallet")]
    async fn create(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewWalletBody>,
    ) -> ApiResult<Created<WalletBody>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let request = Request { deps: &deps, caller: Some(by), operation: "create_wallet", key: key.0, content };
        let once = request.once(|seed| async move {
            let NewWalletBody { name, currency } = body.0;
            let new = NewWallet { name, currency: currency_text(currency) };
            Ok(WalletBody::from(deps.app.wallets.create(by, seed.into(), new).await?))
        });
        Ok(once.await?.into())
    }

    /// A wallet with what is in it
    #[oai(path = "/:id", method = "get", operation_id = "get_wallet")]
    async fn get(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<WalletBody>> {
        Ok(Json(deps.app.wallets.wallet(&caller.0, id.0.into()).await?.into()))
    }

    /// A balance, now or at any past moment
    #[oai(path = "/:id/balance", method = "get", operation_id = "get_wallet_balance")]
    async fn balance(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// The balance right after the last movement at or before this moment
        at: Query<Option<Moment>>,
    ) -> ApiResult<Json<WalletBalance>> {
        let funds = deps.app.wallets.balance(&caller.0, id.0.into(), at.0.map(|at| at.0)).await?;
        Ok(Json(WalletBalance::of(funds, at.0)))
    }

    /// A statement
    ///
    /// Movements in order, each with the balance after it. With `Accept: text/csv`, the whole statement as CSV.
    #[oai(path = "/:id/statement", method = "get", operation_id = "get_statement")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn statement(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        headers: &HeaderMap,
        id: Path<Uuid>,
        /// Not before this moment
        from: Query<Option<Moment>>,
        /// Before this moment
        to: Query<Option<Moment>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        /// `next` of the part before
        after: Query<Option<Moment>>,
    ) -> ApiResult<Statement> {
        let (from, to) = (from.0.map(|from| from.0), to.0.map(|to| to.0));
        let (wallets, id) = (&deps.app.wallets, id.0.into());
        if wants_csv(headers) {
            // Refusals must come before the first byte of the stream.
            wallets.wallet(&caller.0, id).await?;
            let csv = statement::csv(deps.app.clone(), caller.0, id, from, to);
            return Ok(Statement::Found(StatementContent::Csv(csv)));
        }
        let (_, entries) = wallets.statement(&caller.0, id, from, to, page_by_time(limit.0, after.0)).await?;
        Ok(Statement::Found(StatementContent::Json(Json(List::of(entries)))))
    }

    /// Top up a wallet
    ///
    /// Settles at once with the sandbox's method `instant`.
    #[oai(path = "/:id/topup", method = "post", operation_id = "top_up_wallet")]
    async fn topup(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<TopupBody>,
    ) -> ApiResult<Taken<TopupAnswer>> {
        let into = Party::Wallet(id.0.into());
        top_up(&deps, &person.0, "top_up_wallet", key.0, into, body.0).await
    }

    /// Take money out of a wallet, for services
    #[oai(path = "/:id/deduct", method = "post", operation_id = "deduct_wallet", tag = "Tag::Internal")]
    async fn deduct(
        &self,
        service: Service,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<Deduction>,
    ) -> ApiResult<Done<MovementBody>> {
        let by = &service.0;
        let content = format!("{} {}", id.0, body.0.to_json_string());
        let request = Request { deps: &deps, caller: Some(by), operation: "deduct_wallet", key: key.0, content };
        let once = request.once(|seed| async move {
            let (party, new) = (Party::Wallet(id.0.into()), NewTransaction::from(body.0));
            let kind = TransactionKind::Debit;
            let movement = deps.app.transactions.adjust(by, seed.into(), kind, party, new).await?;
            Ok(MovementBody::from(movement))
        });
        Ok(once.await?.into())
    }
}
