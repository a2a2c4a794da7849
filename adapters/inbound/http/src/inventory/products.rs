//! `/products`

use dermaga_domain::inventory::Removal;
use dermaga_ports::inventory::ProductFilter;
use poem::web::Data;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::wire::{NewProductBody, ProductBody, ProductStatusName, ProductUpdate, StockCheck};
use crate::{
    answer::{Created, Request},
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{List, page},
};

/// `/products`
pub struct ProductsApi;

#[derive(ApiResponse)]
enum Removed {
    /// It was sold before, so it is kept and no longer offered
    #[oai(status = 200)]
    Retired(Json<ProductBody>),
    /// It is gone
    #[oai(status = 204)]
    Removed,
}

#[OpenApi(prefix_path = "/products", tag = "Tag::Products")]
impl ProductsApi {
    /// Products, newest first
    #[oai(path = "/", method = "get", operation_id = "list_products")]
    async fn list(
        &self,
        deps: Data<&Deps>,
        /// Part of the name or description
        text: Query<Option<String>>,
        /// Those that are offered unless named
        status: Query<Option<ProductStatusName>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<ProductBody>>> {
        let status = status.0.unwrap_or(ProductStatusName::Active);
        let filter = ProductFilter { text: text.0, status: Some(status.into()) };
        Ok(Json(List::of(deps.app.inventory.offers(&filter, page(limit.0, after.0)).await?)))
    }

    /// Offer a product
    #[oai(path = "/", method = "post", operation_id = "create_product")]
    async fn create(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewProductBody>,
    ) -> ApiResult<Created<ProductBody>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let request = Request { deps: &deps, caller: Some(by), operation: "create_product", key: key.0, content };
        let once = request.once(|seed| async move {
            Ok(ProductBody::from(deps.app.inventory.create(by, seed.into(), body.0.into()).await?))
        });
        Ok(once.await?.into())
    }

    /// A product
    #[oai(path = "/:id", method = "get", operation_id = "get_product")]
    async fn get(&self, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<ProductBody>> {
        Ok(Json(deps.app.inventory.offer(id.0.into()).await?.into()))
    }

    /// Change a product
    ///
    /// Orders that are placed keep the name and the price that they were placed at.
    #[oai(path = "/:id", method = "put", operation_id = "update_product")]
    async fn update(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        body: Json<ProductUpdate>,
    ) -> ApiResult<Json<ProductBody>> {
        Ok(Json(deps.app.inventory.change(&person.0, id.0.into(), body.0.into()).await?.into()))
    }

    /// Remove a product
    ///
    /// One that was ever ordered is retired instead. Refused while orders wait for it.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_product")]
    async fn remove(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Removed> {
        Ok(match deps.app.inventory.remove(&person.0, id.0.into()).await? {
            Removal::Removed => Removed::Removed,
            Removal::Retired(offer) => Removed::Retired(Json(offer.into())),
        })
    }

    /// Whether so many can be ordered right now
    #[oai(path = "/:id/check-stock", method = "get", operation_id = "check_stock")]
    async fn check_stock(
        &self,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000000")))] quantity: Query<i64>,
    ) -> ApiResult<Json<StockCheck>> {
        Ok(Json(deps.app.inventory.check_stock(id.0.into(), quantity.0).await?.into()))
    }
}
