//! `/checkins`: the door.

use poem::web::Data;
use poem_openapi::{OpenApi, param::Path};
use uuid::Uuid;

use super::wire::{BatchBody, BatchResultBody, BatchResults, CheckedIn, RecordBody, ScanBody};
use crate::{
    answer::Created,
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
};

/// `/checkins`
pub struct CheckinsApi;

#[OpenApi(prefix_path = "/checkins", tag = "Tag::Attendance")]
impl CheckinsApi {
    /// Let somebody in
    ///
    /// A refusal is a problem whose `code` says why; `already_entered` tells in `facts.first` when, where and by whom. Every
    /// refusal is on record. A device that gives a `nonce` may repeat the request: it gets the first answer again.
    #[oai(path = "/", method = "post", operation_id = "check_in")]
    async fn check_in(&self, person: Person, deps: Data<&Deps>, body: Json<ScanBody>) -> ApiResult<Created<CheckedIn>> {
        let id = deps.app.idempotency.fresh().into();
        let scanned = deps.app.attendance.check_in(&person.0, id, body.0.into()).await?;
        match scanned.refusal() {
            Some(refusal) => Err(refusal.into()),
            None => Ok(Created::Created(Json(scanned.checkin.into()), None)),
        }
    }

    /// Tell of scans that a device made while it could not ask
    ///
    /// Up to 100, each with its nonce and its own answer. The batch may be repeated.
    #[oai(path = "/batch", method = "post", operation_id = "check_in_batch")]
    async fn batch(&self, person: Person, deps: Data<&Deps>, body: Json<BatchBody>) -> ApiResult<Json<BatchResults>> {
        let nonces: Vec<String> = body.checkins.iter().map(|scan| scan.nonce.clone()).collect();
        let sent_at = body.sent_at.map(|moment| moment.0);
        let results = deps.app.attendance.check_in_batch(&person.0, body.0.scans(), sent_at).await?;
        let results = nonces.into_iter().zip(results).map(|(nonce, result)| BatchResultBody::of(nonce, result));
        Ok(Json(BatchResults { results: results.collect() }))
    }

    /// Annul a check-in
    ///
    /// Within 15 minutes. The ticket lets in again. Repeated, it changes nothing.
    #[oai(path = "/:id/annul", method = "post", operation_id = "annul_checkin")]
    async fn annul(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<RecordBody>> {
        Ok(Json(deps.app.attendance.annul(&person.0, id.0.into()).await?.into()))
    }
}
