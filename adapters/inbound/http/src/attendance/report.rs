//! `/attendance`: who has come.

use std::sync::Arc;

use dermaga_domain::App;
use dermaga_ports::{
    attendance::CheckinFilter,
    auth::Principal,
    ids::CheckinId,
    paging::{MAX_LIMIT, PageRequest},
};
use futures::stream;
use poem::{Body, http::HeaderMap, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::{
    live::{Live, follow},
    wire::{AttendanceBody, ConflictBody, CsvRow, OutcomeWord, RevocationList},
};
use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{Csv, CsvRows, DEFAULT_LIMIT, List, Moment, page, wants_csv},
};

/// `/attendance`
pub struct AttendanceApi;

/// Attendance in the form that the caller accepts: a part of it as JSON, or the whole as CSV.
#[derive(ResponseContent)]
enum AttendanceContent {
    Json(Json<AttendanceBody>),
    Csv(Csv),
}

#[derive(ApiResponse)]
enum Attendance {
    /// A part of the records as JSON, or all of them as CSV
    #[oai(status = 200)]
    Found(AttendanceContent),
}

#[OpenApi(prefix_path = "/attendance", tag = "Tag::Attendance")]
impl AttendanceApi {
    /// Who has come
    ///
    /// In the order in which it was recorded. With `Accept: text/csv`, all of it as CSV.
    #[oai(path = "/:event_id", method = "get", operation_id = "get_attendance")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn get(
        &self,
        person: Person,
        deps: Data<&Deps>,
        headers: &HeaderMap,
        event_id: Path<String>,
        /// What counts unless given
        outcome: Query<Option<OutcomeWord>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        /// `next` of the part before
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Attendance> {
        let filter = CheckinFilter { outcome: outcome.0.map(Into::into) };
        let page = page(limit.0, after.0);
        // Refusals must come before the first byte of a stream.
        let found = deps.app.attendance.attendance(&person.0, &event_id, filter, page).await?;
        if wants_csv(headers) {
            let csv = csv(deps.app.clone(), person.0, event_id.0, filter);
            return Ok(Attendance::Found(AttendanceContent::Csv(csv)));
        }
        Ok(Attendance::Found(AttendanceContent::Json(Json(found.into()))))
    }

    /// Follow an event as it happens
    ///
    /// Server-sent events: `checked_in`, `checked_out`, `refused`, `conflict` and `annulled`, each with the record. The
    /// stream ends with the access token; whoever comes back with `Last-Event-ID` misses nothing and may hear things twice.
    #[oai(path = "/:event_id/live", method = "get", operation_id = "follow_attendance")]
    async fn live(
        &self,
        person: Person,
        deps: Data<&Deps>,
        request: &poem::Request,
        event_id: Path<String>,
        /// The id of the last event that was heard
        #[oai(name = "Last-Event-ID")]
        last: Header<Option<String>>,
    ) -> ApiResult<Live> {
        let header = request.header("authorization").unwrap_or_default();
        let token = header.split_once(' ').map_or("", |(_, token)| token.trim()).to_owned();
        follow(deps.app.clone(), person.0, token, event_id.0, last.0.as_deref()).await
    }

    /// Tickets that went through the door against the rules
    ///
    /// What devices that could not ask have let through, and should not have.
    #[oai(path = "/:event_id/conflicts", method = "get", operation_id = "list_conflicts")]
    async fn conflicts(
        &self,
        person: Person,
        deps: Data<&Deps>,
        event_id: Path<String>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        /// `next` of the part before
        after: Query<Option<String>>,
    ) -> ApiResult<Json<List<ConflictBody>>> {
        let page = PageRequest::new(after.0, limit.0.unwrap_or(DEFAULT_LIMIT));
        Ok(Json(List::of(deps.app.attendance.conflicts(&person.0, &event_id, page).await?)))
    }

    /// Tickets that do not let in any more
    ///
    /// For devices that will not be able to ask: they refuse these, whatever the code says.
    #[oai(path = "/:event_id/revocations", method = "get", operation_id = "list_revocations")]
    async fn revocations(
        &self,
        person: Person,
        deps: Data<&Deps>,
        event_id: Path<String>,
        /// `next_since` of the answer before
        since: Query<Option<Moment>>,
    ) -> ApiResult<Json<RevocationList>> {
        let since = since.0.map(|since| since.0);
        Ok(Json(deps.app.attendance.revocations(&person.0, &event_id, since).await?.into()))
    }
}

/// Where the table stands.
struct Reader {
    app: Arc<App>,
    principal: Principal,
    event: String,
    filter: CheckinFilter,
    after: Option<CheckinId>,
    begun: bool,
    done: bool,
}

/// All records, streamed part by part: how many there are costs no memory.
fn csv(app: Arc<App>, principal: Principal, event: String, filter: CheckinFilter) -> Csv {
    let start = Reader { app, principal, event, filter, after: None, begun: false, done: false };
    let parts = stream::try_unfold(start, |mut reader| async move {
        if reader.done {
            return Ok(None);
        }
        let page = PageRequest::new(reader.after, MAX_LIMIT);
        let read = reader.app.attendance.checkins(&reader.principal, &reader.event, reader.filter, page).await;
        let records = read.map_err(std::io::Error::other)?;
        let mut rows = CsvRows::default();
        if !reader.begun {
            rows.row(CsvRow::HEADER);
            reader.begun = true;
        }
        for record in records.items {
            let CsvRow(cells) = record.into();
            rows.row(cells.each_ref().map(String::as_str));
        }
        reader.after = records.next;
        reader.done = records.next.is_none();
        Ok::<_, std::io::Error>(Some((rows.into_bytes(), reader)))
    });
    Csv(Body::from_bytes_stream(parts))
}
