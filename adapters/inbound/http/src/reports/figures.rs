//! `/reports` of the business: transactions, revenue and refunds, and the proof that they are right.

use dermaga_domain::reports::Question;
use poem::{http::HeaderMap, web::Data};
use poem_openapi::{ApiResponse, OpenApi, ResponseContent, param::Query};

use super::wire::{CheckupBody, CountReport, CountRow, ProgressBody, RevenueReport, RevenueRow};
use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{Csv, CsvRows, CurrencyCode, currency_text, wants_csv},
};

/// `/reports` of the business
pub struct FiguresApi;

#[derive(ResponseContent)]
enum CountContent {
    Json(Json<CountReport>),
    Csv(Csv),
}

#[derive(ApiResponse)]
enum CountAnswer {
    /// The report as JSON, or its rows as CSV
    #[oai(status = 200)]
    Found(CountContent),
}

impl CountAnswer {
    fn of(report: CountReport, headers: &HeaderMap) -> Self {
        if !wants_csv(headers) {
            return Self::Found(CountContent::Json(Json(report)));
        }
        let mut rows = CsvRows::default();
        rows.row(["period", "currency", "key", "count", "amount"]);
        for CountRow { period, currency, key, count, amount } in &report.rows {
            rows.row([period, currency.code(), key, &count.to_string(), &amount.to_string()]);
        }
        Self::Found(CountContent::Csv(Csv(rows.into_bytes().into())))
    }
}

#[derive(ResponseContent)]
enum RevenueContent {
    Json(Json<RevenueReport>),
    Csv(Csv),
}

#[derive(ApiResponse)]
enum RevenueAnswer {
    /// The report as JSON, or its rows as CSV
    #[oai(status = 200)]
    Found(RevenueContent),
}

impl RevenueAnswer {
    fn of(report: RevenueReport, headers: &HeaderMap) -> Self {
        if !wants_csv(headers) {
            return Self::Found(RevenueContent::Json(Json(report)));
        }
        let mut rows = CsvRows::default();
        rows.row([
            "period",
            "currency",
            "key",
            "payments",
            "gross",
            "refund_count",
            "refunds",
            "net",
            "chargebacks",
            "fees",
        ]);
        for RevenueRow { period, currency, key, figures } in &report.rows {
            let fees = figures.fees.map(|fees| fees.to_string()).unwrap_or_default();
            rows.row([
                period,
                currency.code(),
                key,
                &figures.payments.to_string(),
                &figures.gross.to_string(),
                &figures.refund_count.to_string(),
                &figures.refunds.to_string(),
                &figures.net.to_string(),
                &figures.chargebacks.to_string(),
                &fees,
            ]);
        }
        Self::Found(RevenueContent::Csv(Csv(rows.into_bytes().into())))
    }
}

/// The parameters of a report.
fn question(
    from: Query<Option<String>>,
    to: Query<Option<String>>,
    group_by: Query<Option<String>>,
    by: Query<Option<String>>,
    currency: Query<Option<CurrencyCode>>,
) -> Question {
    Question { from: from.0, to: to.0, group_by: group_by.0, by: by.0, currency: currency_text(currency.0) }
}

#[OpenApi(prefix_path = "/reports", tag = "Tag::Reports")]
impl FiguresApi {
    /// What people did, and how much money it moved
    ///
    /// By status it also tells what failed or was cancelled, with the amounts that would have moved. With
    /// `Accept: text/csv`, the rows as CSV.
    #[oai(path = "/transactions", method = "get", operation_id = "report_transactions")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn transactions(
        &self,
        person: Person,
        deps: Data<&Deps>,
        headers: &HeaderMap,
        /// The first day, such as 2026-01-31; thirty days up to the last unless named
        from: Query<Option<String>>,
        /// The last day; today unless named. At most three years lie between
        to: Query<Option<String>>,
        /// `day`, `week` (from Monday) or `month`; `day` unless named
        group_by: Query<Option<String>>,
        /// `kind`, `context`, `gateway` or `status`; `kind` unless named
        by: Query<Option<String>>,
        /// All of them unless named; sums are of one currency each
        currency: Query<Option<CurrencyCode>>,
    ) -> ApiResult<CountAnswer> {
        let question = question(from, to, group_by, by, currency);
        let report = deps.app.reports.transactions(&person.0, &question).await?;
        Ok(CountAnswer::of(CountReport::read(report)?, headers))
    }

    /// What merchants were paid and gave back
    ///
    /// `gross` is what they were paid, by the day on which they were; `refunds` what they gave back, by the day on which they
    /// did; `net` is gross less refunds. What gateways took back (`chargebacks`) and what they keep (`fees`) stand
    /// apart. With `Accept: text/csv`, the rows as CSV.
    #[oai(path = "/revenue", method = "get", operation_id = "report_revenue")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn revenue(
        &self,
        person: Person,
        deps: Data<&Deps>,
        headers: &HeaderMap,
        /// The first day, such as 2026-01-31; thirty days up to the last unless named
        from: Query<Option<String>>,
        /// The last day; today unless named. At most three years lie between
        to: Query<Option<String>>,
        /// `day`, `week` (from Monday) or `month`; `day` unless named
        group_by: Query<Option<String>>,
        /// `context` or `gateway`; `context` unless named
        by: Query<Option<String>>,
        /// All of them unless named; sums are of one currency each
        currency: Query<Option<CurrencyCode>>,
    ) -> ApiResult<RevenueAnswer> {
        let question = question(from, to, group_by, by, currency);
        let report = deps.app.reports.revenue(&person.0, &question).await?;
        Ok(RevenueAnswer::of(RevenueReport::read(report)?, headers))
    }

    /// What was given back, by the day on which it was
    ///
    /// By merchants, and between wallets. With `Accept: text/csv`, the rows as CSV.
    #[oai(path = "/refunds", method = "get", operation_id = "report_refunds")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn refunds(
        &self,
        person: Person,
        deps: Data<&Deps>,
        headers: &HeaderMap,
        /// The first day, such as 2026-01-31; thirty days up to the last unless named
        from: Query<Option<String>>,
        /// The last day; today unless named. At most three years lie between
        to: Query<Option<String>>,
        /// `day`, `week` (from Monday) or `month`; `day` unless named
        group_by: Query<Option<String>>,
        /// `context` or `gateway`; `context` unless named
        by: Query<Option<String>>,
        /// All of them unless named; sums are of one currency each
        currency: Query<Option<CurrencyCode>>,
    ) -> ApiResult<CountAnswer> {
        let question = question(from, to, group_by, by, currency);
        let report = deps.app.reports.refunds(&person.0, &question).await?;
        Ok(CountAnswer::of(CountReport::read(report)?, headers))
    }

    /// Count the roll-ups again and compare
    #[oai(path = "/verify", method = "post", operation_id = "verify_reports")]
    async fn verify(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<CheckupBody>> {
        Ok(Json(deps.app.reports.verify(&person.0).await?.into()))
    }

    /// Throw the roll-ups away and count them anew
    ///
    /// It takes a moment for each million lines; reports tell by `behind` how much is missing meanwhile.
    #[oai(path = "/rebuild", method = "post", operation_id = "rebuild_reports")]
    async fn rebuild(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<ProgressBody>> {
        Ok(Json(deps.app.reports.rebuild(&person.0).await?.into()))
    }
}
