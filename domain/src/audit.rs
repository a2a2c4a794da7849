//! Reading the audit trail. Writing it is part of each change ([`crate::core::Core::file`]).

use std::sync::Arc;

use dermaga_ports::{
    audit::{AuditFilter, AuditRecord},
    auth::Principal,
    ids::AuditId,
    paging::{Page, PageRequest},
};

use crate::{auth::Permission, core::Core, error::Result};

/// The use cases of the audit trail.
#[derive(Clone)]
pub struct Audit(Arc<Core>);

impl Audit {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Entries, newest first.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`].
    pub async fn entries(
        &self,
        by: &Principal,
        filter: &AuditFilter,
        page: PageRequest<AuditId>,
    ) -> Result<Page<AuditRecord, AuditId>> {
        self.0.authorise(by, Permission::ReadAudit).await?;
        Ok(self.0.ports.store.audit().audit(filter, page).await?)
    }
}
