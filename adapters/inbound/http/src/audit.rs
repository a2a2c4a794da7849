//! `/audit`: who did what.

use dermaga_ports::audit::{AuditFilter, AuditRecord};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Query};
use uuid::Uuid;

use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{List, Moment, page},
};

/// `/audit`
pub struct AuditApi;

/// An entry of the audit trail.
#[derive(Debug, Clone, Object)]
#[oai(rename = "AuditEntry")]
struct AuditBody {
    id: Uuid,
    at: Moment,
    /// `user:<id>`, `service:<name>`, `operator` or `anyone`
    actor: String,
    /// What was done
    action: String,
    /// What it was done to
    subject: String,
    detail: String,
}

impl From<AuditRecord> for AuditBody {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { id, at, actor, action, subject, detail } = record;
        Self { id: id.into(), at: at.into(), actor, action, subject, detail }
    }
}

#[OpenApi(tag = "Tag::Ledger")]
impl AuditApi {
    /// The audit trail, newest first
    #[oai(path = "/audit", method = "get", operation_id = "list_audit_entries")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        person: Person,
        deps: Data<&Deps>,
        actor: Query<Option<String>>,
        action: Query<Option<String>>,
        subject: Query<Option<String>>,
        /// Not before this moment
        from: Query<Option<Moment>>,
        /// Before this moment
        to: Query<Option<Moment>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<AuditBody>>> {
        let filter = AuditFilter {
            actor: actor.0,
            action: action.0,
            subject: subject.0,
            from: from.0.map(|from| from.0),
            to: to.0.map(|to| to.0),
        };
        let found = deps.app.audit.entries(&person.0, &filter, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }
}
