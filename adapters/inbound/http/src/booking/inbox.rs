//! `/webhooks`: what suppliers tell.

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
        let headers: Vec<(String, String)> = headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let known = deps.app.bookings.take_webhook("digiflazz", &headers, &body.0).await?;
        Ok(Json(Heard { known }))
    }
}
