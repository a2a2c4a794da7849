//! Registering, logging in and out, and who a token belongs to.

use poem::web::Data;
use poem_openapi::{OpenApi, param::Header};

use super::wire::{Credentials, Login, Me, NewUser, Refresh, TokenClaims, UserBody};
use crate::{
    answer::{Created, Request},
    caller::Person,
    deps::Deps,
    edge::{ApiResult, ClientAddress, Json},
    tags::Tag,
    wire::NoContent,
};

/// `/auth`
pub struct LoginApi;

#[OpenApi(tag = "Tag::Auth")]
impl LoginApi {
    /// Register
    ///
    /// Anyone may register and gets a wallet in rupiah. The role `admin` cannot be chosen.
    #[oai(path = "/auth/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewUser>,
    ) -> ApiResult<Created<UserBody>> {
        let content = body.content();
        let request = Request { deps: &deps, caller: None, operation: "register", key: key.0, content };
        let once = request.once(|seed| async move {
            let user = deps.app.auth.register(seed.into(), body.0.into()).await?;
            Ok(UserBody::from(user))
        });
        Ok(once.await?.into())
    }

    /// Log in
    ///
    /// Unknown logins and wrong passwords get the same answer after the same time. Too many failures have to wait.
    #[oai(path = "/auth/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        deps: Data<&Deps>,
        address: ClientAddress,
        body: Json<Credentials>,
    ) -> ApiResult<Json<Login>> {
        let address = address.0.map(|address| address.to_string());
        let tokens = deps.app.auth.login(body.0.tried_from(address)).await?;
        Ok(Json(tokens.into()))
    }

    /// Exchange a refresh token for the next pair
    ///
    /// A refresh token is good for one use. One that comes a second time was stolen, so it ends the whole login.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(&self, deps: Data<&Deps>, body: Json<Refresh>) -> ApiResult<Json<Login>> {
        Ok(Json(deps.app.auth.refresh(&body.refresh_token).await?.into()))
    }

    /// Log out
    ///
    /// Ends the login: its refresh token is no longer good, and the access token runs out by itself within minutes.
    #[oai(path = "/auth/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, person: Person, deps: Data<&Deps>) -> ApiResult<NoContent> {
        deps.app.auth.logout(&person.0).await?;
        Ok(NoContent::Done)
    }

    /// Who am I
    #[oai(path = "/auth/me", method = "get", operation_id = "me")]
    async fn me(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<Me>> {
        Ok(Json(deps.app.auth.me(&person.0).await?.into()))
    }

    /// What my access token says
    #[oai(path = "/users/verify", method = "get", operation_id = "verify_token")]
    async fn verify(&self, person: Person, deps: Data<&Deps>, request: &poem::Request) -> ApiResult<Json<TokenClaims>> {
        // The account may have been closed since; then the token is worth nothing.
        deps.app.auth.me(&person.0).await?;
        let header = request.header("authorization").unwrap_or_default();
        let token = header.split_once(' ').map_or("", |(_, token)| token.trim());
        Ok(Json(deps.app.auth.claims(token)?.into()))
    }
}
