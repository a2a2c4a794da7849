//! `/webhooks`: what suppliers tell.

use dermaga_domain::Result;
use poem::{http::HeaderMap, web::Data};
use poem_openapi::{Object, OpenApi};

use crate::{
    deps::Deps,
    edge::{ApiResult, Json, Raw},
    tags::Tag,
};

/// `/webhooks`, of suppliers
pub struct SupplierInboxApi;

/// What was made of a webhook.
#[derive(Debug, Clone, Object)]
struct Heard {
    /// It is about a booking of this host, which is asked about now
    known: bool,
}

#[OpenApi(prefix_path = "/webhooks", tag = "Tag::Travel")]
impl SupplierInboxApi {
    /// A webhook of Digiflazz
    ///
    /// It changes nothing by itself: the purchase that it names is asked about.
    #[oai(path = "/digiflazz", method = "post", operation_id = "digiflazz_webhook")]
    async fn digiflazz(&self, deps: Data<&Deps>, headers: &HeaderMap, body: Raw) -> ApiResult<Json<Heard>> {
        Ok(hear(&deps, "digiflazz", headers, &body).await?)
    }

    /// A webhook of Duffel
    ///
    /// It changes nothing by itself: the order that it names is asked about.
    #[oai(path = "/duffel", method = "post", operation_id = "duffel_webhook")]
    async fn duffel(&self, deps: Data<&Deps>, headers: &HeaderMap, body: Raw) -> ApiResult<Json<Heard>> {
        Ok(hear(&deps, "duffel", headers, &body).await?)
    }

    /// A webhook of the ferries
    ///
    /// It changes nothing by itself: the booking that it names is asked about.
    #[oai(path = "/ferry", method = "post", operation_id = "ferry_webhook")]
    async fn ferry(&self, deps: Data<&Deps>, headers: &HeaderMap, body: Raw) -> ApiResult<Json<Heard>> {
        Ok(hear(&deps, "ferry", headers, &body).await?)
    }
}

async fn hear(deps: &Deps, supplier: &str, headers: &HeaderMap, body: &Raw) -> Result<Json<Heard>> {
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let known = deps.app.bookings.take_webhook(supplier, &headers, &body.0).await?;
    Ok(Json(Heard { known }))
}
