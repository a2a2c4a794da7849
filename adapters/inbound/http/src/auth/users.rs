//! Profiles, and what is in a user's default wallet.

use dermaga_domain::ledger::{NewTransaction, Party};
use dermaga_ports::{
    auth::{Role, UserFilter},
    ledger::TransactionKind,
};
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::wire::{AccountBody, NewAccount, RoleName, UserBody, UserUpdate};
use crate::{
    answer::{Created, Done, Request, Taken},
    caller::{Anyone, Caller, Person, Service},
    deps::Deps,
    edge::{ApiResult, Json},
    ledger::{AdjustAction, Adjustment, MovementBody, TopupAnswer, TopupBody, UserBalance, top_up},
    tags::Tag,
    wire::{List, NoContent, currency_text, page},
};

/// `/users` and `/internal/users`
pub struct UsersApi;

#[OpenApi(tag = "Tag::Users")]
impl UsersApi {
    /// Create an account for someone, or a guest's
    ///
    /// An administrator makes an account with a password. Whoever sends no access token becomes a guest by name and
    /// telephone number, where the host has guests: the answer then carries the tokens, which are good for the guest's own
    /// orders. They are not kept, so a repetition makes another guest.
    #[oai(path = "/users", method = "post", operation_id = "create_user")]
    async fn create(
        &self,
        caller: Anyone,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer. Not for guests
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewAccount>,
    ) -> ApiResult<Created<AccountBody>> {
        let Some(by) = &caller.0 else {
            let details = body.0.guest()?;
            let tokens = deps.app.auth.create_guest(deps.app.idempotency.fresh().into(), details).await?;
            return Ok(Created::Created(Json(tokens.into()), None));
        };
        let new = body.0.account()?;
        let content = new.content();
        let request = Request { deps: &deps, caller: Some(by), operation: "create_user", key: key.0, content };
        let once = request.once(|seed| async move {
            let user = deps.app.auth.create_account(by, seed.into(), new.into()).await?;
            Ok(AccountBody::from(user))
        });
        Ok(once.await?.into())
    }

    /// List and search profiles
    #[oai(path = "/users", method = "get", operation_id = "list_users")]
    async fn list(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        /// Part of the username, or a whole e-mail address
        text: Query<Option<String>>,
        role: Query<Option<RoleName>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<UserBody>>> {
        let filter = UserFilter { text: text.0, role: role.0.map(Role::from) };
        let found = deps.app.auth.profiles(&caller.0, &filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }

    /// A profile
    #[oai(path = "/users/:id", method = "get", operation_id = "get_user")]
    async fn get(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<UserBody>> {
        Ok(Json(deps.app.auth.profile(&caller.0, id.0.into()).await?.into()))
    }

    /// Change a profile
    #[oai(path = "/users/:id", method = "put", operation_id = "update_user")]
    async fn update(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<UserUpdate>,
    ) -> ApiResult<Json<UserBody>> {
        let user = deps.app.auth.change_profile(&person.0, id.0.into(), body.0.into()).await?;
        Ok(Json(user.into()))
    }

    /// Close an account
    ///
    /// Personal data is erased, the books stay. Refused while money, a reservation or an unfinished transaction remains.
    #[oai(path = "/users/:id", method = "delete", operation_id = "close_user")]
    async fn close(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<NoContent> {
        deps.app.auth.close_account(&person.0, id.0.into()).await?;
        Ok(NoContent::Done)
    }

    /// What is in a user's default wallet
    #[oai(path = "/users/:id/balance", method = "get", operation_id = "get_user_balance", tag = "Tag::Wallets")]
    async fn balance(&self, caller: Caller, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<UserBalance>> {
        Ok(Json(deps.app.wallets.balance_of_user(&caller.0, id.0.into()).await?.into()))
    }

    /// Top up one's default wallet
    #[oai(path = "/users/:id/topup", method = "post", operation_id = "top_up_user", tag = "Tag::Wallets")]
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
        let into = Party::User(id.0.into());
        top_up(&deps, &person.0, "top_up_user", key.0, into, body.0).await
    }

    /// A profile, for services
    #[oai(path = "/internal/users/:id", method = "get", operation_id = "get_user_internally", tag = "Tag::Internal")]
    async fn internal_get(&self, service: Service, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<UserBody>> {
        Ok(Json(deps.app.auth.profile(&service.0, id.0.into()).await?.into()))
    }

    /// Move money into or out of a user's default wallet, for services
    ///
    /// Idempotent by reference: the same reference, action and amount again change nothing and get the first result.
    #[oai(
        path = "/internal/users/:id/balance",
        method = "put",
        operation_id = "adjust_user_balance",
        tag = "Tag::Internal"
    )]
    async fn internal_adjust(
        &self,
        service: Service,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<Adjustment>,
    ) -> ApiResult<Done<MovementBody>> {
        let Adjustment { action, amount, currency, reference, description } = body.0;
        let kind = match action {
            AdjustAction::Debit => TransactionKind::Debit,
            AdjustAction::Credit => TransactionKind::Credit,
        };
        let new = NewTransaction { amount, currency: currency_text(currency), description, reference: Some(reference) };
        let id_of_movement = deps.app.idempotency.fresh().into();
        let party = Party::User(id.0.into());
        let movement = deps.app.transactions.adjust(&service.0, id_of_movement, kind, party, new).await?;
        Ok(Done::Done(Json(movement.into()), None))
    }
}
