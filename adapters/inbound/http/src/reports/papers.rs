//! `/reports` of single transactions, and `/summaries`.

use dermaga_ports::{ids::UserId, money::Currency};
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::paper_wire::{NewReport, ReportBody, ReportList, SummaryBody};
use crate::{
    answer::{Created, Request},
    caller::{Caller, Person},
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{CurrencyCode, DEFAULT_LIMIT},
};

/// `/reports` of single transactions, `/summaries`
pub struct ReportsApi;

#[OpenApi(tag = "Tag::Reports")]
impl ReportsApi {
    /// Write down a transaction as it is now, for one of its two sides
    ///
    /// The same transaction is written down for the same person once: repeated, it answers the first report.
    #[oai(path = "/reports", method = "post", operation_id = "create_report")]
    async fn create(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewReport>,
    ) -> ApiResult<Created<ReportBody>> {
        let by = &caller.0;
        let content = body.0.to_json_string();
        let request = Request { deps: &deps, caller: Some(by), operation: "create_report", key: key.0, content };
        let NewReport { user_id, transaction_id } = body.0;
        let once = request.once(|seed| async move {
            let made = deps.app.reports.make(by, seed.into(), user_id.into(), transaction_id.into()).await?;
            Ok(ReportBody::from(made))
        });
        Ok(once.await?.into())
    }

    /// A report
    #[oai(path = "/reports/:id", method = "get", operation_id = "get_report")]
    async fn get(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Json<ReportBody>> {
        Ok(Json(deps.app.reports.report(&person.0, id.0.into()).await?.into()))
    }

    /// A user's reports, newest first
    #[oai(path = "/reports/user/:user_id", method = "get", operation_id = "list_reports_of_user")]
    async fn list(
        &self,
        person: Person,
        deps: Data<&Deps>,
        user_id: Path<Uuid>,
        /// From 1 on
        #[oai(validator(minimum(value = "1")))]
        page: Query<Option<u32>>,
        /// At least 1 and at most 200; 50 unless named
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        per_page: Query<Option<u32>>,
    ) -> ApiResult<Json<ReportList>> {
        let (page, per_page) = (page.0.unwrap_or(1), per_page.0.unwrap_or(DEFAULT_LIMIT));
        let found = deps.app.reports.reports_of(&person.0, user_id.0.into(), page, per_page).await?;
        let reports = found.reports.into_iter().map(ReportBody::from).collect();
        Ok(Json(ReportList { user_id: user_id.0, page, per_page, total: found.total, reports }))
    }

    /// What went through a user's wallets so far
    ///
    /// What was given back counts as received by whoever paid, and as spent by whoever had been paid.
    #[oai(path = "/summaries/user/:user_id", method = "get", operation_id = "get_summary_of_user")]
    async fn summary(
        &self,
        person: Person,
        deps: Data<&Deps>,
        user_id: Path<Uuid>,
        /// The currency of the sums; IDR unless named, or the only one there is
        currency: Query<Option<CurrencyCode>>,
    ) -> ApiResult<Json<SummaryBody>> {
        let user = UserId(user_id.0);
        let found = deps.app.reports.summary(&person.0, user).await?;
        Ok(Json(SummaryBody::read(found, currency.0.map(Currency::from))))
    }
}
