//! `/webhooks`: what payment gateways tell.

use dermaga_domain::{Code, Error};
use poem::{http::HeaderMap, web::Data};
use poem_openapi::{Object, OpenApi};

use crate::{
    deps::Deps,
    edge::{ApiResult, Json, Raw},
    tags::Tag,
};

/// `/webhooks`
pub struct InboxApi;

/// What was made of a webhook.
#[derive(Debug, Clone, Object)]
struct Received {
    /// `ACCEPTED`, `DUPLICATE`, `UNMATCHED`, `SUSPICIOUS` or `CONFLICT`: a read at the gateway decides what follows
    verdict: String,
}

async fn take(deps: &Deps, family: &str, headers: &HeaderMap, body: Raw) -> ApiResult<Json<Received>> {
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let verdict = deps.app.payments.take_webhook(family, &headers, &body.0).await.map_err(|error| {
        // A gateway gives up early on a 500 and comes back after a 503.
        if error.code() == Code::Internal {
            tracing::error!(%error, "a webhook could not be taken");
            return Error::new(Code::StoreUnavailable, "The webhook could not be stored. Send it again.");
        }
        error
    })?;
    Ok(Json(Received { verdict: verdict.as_str().to_owned() }))
}

#[OpenApi(prefix_path = "/webhooks", tag = "Tag::Payments")]
impl InboxApi {
    /// A notification of the default gateway
    ///
    /// Stored and answered at once; whatever it says is read again at the gateway before anything changes.
    #[oai(path = "/payment", method = "post", operation_id = "payment_webhook")]
    async fn payment(&self, deps: Data<&Deps>, headers: &HeaderMap, body: Raw) -> ApiResult<Json<Received>> {
        take(&deps, "", headers, body).await
    }

    /// A notification of Midtrans, Core or Snap
    #[oai(path = "/midtrans", method = "post", operation_id = "midtrans_webhook")]
    async fn midtrans(&self, deps: Data<&Deps>, headers: &HeaderMap, body: Raw) -> ApiResult<Json<Received>> {
        take(&deps, "midtrans", headers, body).await
    }

    /// A webhook of Xendit
    #[oai(path = "/xendit", method = "post", operation_id = "xendit_webhook")]
    async fn xendit(&self, deps: Data<&Deps>, headers: &HeaderMap, body: Raw) -> ApiResult<Json<Received>> {
        take(&deps, "xendit", headers, body).await
    }
}
