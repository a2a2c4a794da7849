//! The stock, for those who keep it.

use dermaga_domain::{Error, inventory::StockChange};
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::wire::{HoldBody, MovementEntry, ProductBody, StockChangeBody, StockReport};
use crate::{
    answer::{Done, Request},
    caller::{Caller, Person},
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{List, page},
};

/// `/products/{id}/stock` and `/inventory`
pub struct StockApi;

#[OpenApi(tag = "Tag::Products")]
impl StockApi {
    /// Say how many of a product are there
    #[oai(path = "/products/:id/stock", method = "put", operation_id = "change_stock")]
    async fn change(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<StockChangeBody>,
    ) -> ApiResult<Done<ProductBody>> {
        let by = &caller.0;
        let content = format!("{} {}", id.0, body.0.to_json_string());
        let change = match (body.0.set, body.0.add) {
            (Some(count), None) => StockChange::Set(count),
            (None, Some(count)) => StockChange::Add(count),
            (Some(_), Some(_)) => return Err(Error::fault("/add", "must not be given together with set").into()),
            (None, None) => return Err(Error::fault("/set", "is required, unless add is given").into()),
        };
        let request = Request { deps: &deps, caller: Some(by), operation: "change_stock", key: key.0, content };
        let once = request.once(|seed| async move {
            let reason = body.0.reason.as_deref();
            let changed = deps.app.inventory.change_stock(by, seed.into(), id.0.into(), change, reason).await?;
            Ok(ProductBody::from(changed))
        });
        Ok(once.await?.into())
    }

    /// The journal of a product's stock, newest first
    #[oai(path = "/products/:id/movements", method = "get", operation_id = "list_stock_movements")]
    async fn movements(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<MovementEntry>>> {
        let page = page(limit.0, after.0);
        Ok(Json(List::of(deps.app.inventory.movements(&caller.0, id.0.into(), page).await?)))
    }

    /// Which orders hold some of a product until they are paid
    #[oai(path = "/products/:id/holds", method = "get", operation_id = "list_stock_holds")]
    async fn holds(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<HoldBody>>> {
        let page = page(limit.0, after.0);
        Ok(Json(List::of(deps.app.inventory.holds(&caller.0, id.0.into(), page).await?)))
    }

    /// Count the stock again
    ///
    /// The counters of each item must be the sums of its journal, and what is put aside must be what paid orders wait for.
    #[oai(path = "/inventory/verify", method = "post", operation_id = "verify_stock")]
    async fn verify(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<StockReport>> {
        Ok(Json(StockReport::of(deps.app.inventory.verify(&person.0).await?)))
    }

    /// Count the stock again and mend what is wrong
    #[oai(path = "/inventory/repair", method = "post", operation_id = "repair_stock")]
    async fn repair(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<StockReport>> {
        Ok(Json(StockReport::of(deps.app.inventory.repair(&person.0).await?)))
    }
}
