//! Accounts as administrators see them.

use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::wire::{Account, RoleChange, UserBody};
use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{List, page},
};

/// `/auth/users`
pub struct RolesApi;

#[OpenApi(prefix_path = "/auth/users", tag = "Tag::Auth")]
impl RolesApi {
    /// List accounts with their state
    #[oai(path = "/", method = "get", operation_id = "list_accounts")]
    async fn list(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<Account>>> {
        let found = deps.app.auth.accounts(&person.0, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }

    /// An account with its state
    #[oai(path = "/:id", method = "get", operation_id = "get_account")]
    async fn get(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<Account>> {
        Ok(Json(deps.app.auth.account(&person.0, id.0.into()).await?.into()))
    }

    /// Change a role
    ///
    /// Ends all logins of the account, so that the new role counts at once. The last administrator stays one.
    #[oai(path = "/:id/role", method = "put", operation_id = "change_role")]
    async fn change_role(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<RoleChange>,
    ) -> ApiResult<Json<UserBody>> {
        let user = deps.app.auth.change_role(&person.0, id.0.into(), body.role.into()).await?;
        Ok(Json(user.into()))
    }
}
