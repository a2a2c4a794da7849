//! What every use case needs: the ports, the policy, permission checks, and the papers that go with a change.

use dermaga_ports::{
    audit::AuditEntry,
    auth::{Principal, Role},
    events::Event,
    ids::{AuditId, EventId, UserId},
    store::UnitOfWork,
    time::Timestamp,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    app::{Policy, Ports},
    auth::Permission,
    error::{Code, Error, Result},
};

/// Shared by the handles of all contexts.
pub(crate) struct Core {
    pub ports: Ports,
    pub policy: Policy,
}

/// How a change is written down: who, what, on what, and what a reviewer needs besides.
pub(crate) struct Note<'a> {
    /// Nobody in particular, if the caller has not shown who they are.
    pub actor: Option<&'a Principal>,
    pub action: &'static str,
    pub subject: String,
    pub detail: String,
}

impl Core {
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    pub fn id<T: From<Uuid>>(&self) -> T {
        self.ports.ids.next().into()
    }

    pub async fn begin(&self) -> Result<Box<dyn UnitOfWork>> {
        Ok(self.ports.store.begin().await?)
    }

    /// Checks the matrix. What customers cannot do is also checked against the account as it is now: an access token
    /// outlives the role it was made for by a few minutes, and that must not be enough to run the system.
    pub async fn authorise(&self, principal: &Principal, permission: Permission) -> Result<()> {
        permission.check(principal)?;
        if let Principal::User { id, role, .. } = principal
            && !permission.granted_to(Role::User)
        {
            let account = self.ports.store.users().user(*id).await?;
            let role_still_held = account.is_some_and(|user| user.is_active() && user.role == *role);
            if !role_still_held {
                return Err(Error::new(Code::PermissionDenied, "Your role has changed. Log in again."));
            }
        }
        Ok(())
    }

    /// Whether the principal may touch what belongs to `owner`: as the owner with `own`, as anybody with `any`.
    pub async fn authorise_owner(
        &self,
        principal: &Principal,
        owner: UserId,
        own: Permission,
        any: Permission,
    ) -> Result<()> {
        if let Principal::User { id, .. } = principal
            && *id == owner
        {
            return own.check(principal);
        }
        self.authorise(principal, any).await
    }

    /// The audit entry of a change.
    pub fn entry(&self, note: Note<'_>, now: Timestamp) -> AuditEntry {
        AuditEntry {
            id: self.id::<AuditId>(),
            at: now,
            actor: note.actor.map_or_else(|| "anyone".to_owned(), String::from),
            action: note.action,
            subject: note.subject,
            detail: note.detail,
        }
    }

    /// The event of a change.
    pub fn event(&self, topic: &'static str, subject: String, payload: Value, now: Timestamp) -> Event {
        Event { id: self.id::<EventId>(), at: now, topic, subject, payload }
    }

    /// Files the audit entry and the event of a change in its unit of work. The event is called as the audited action.
    pub async fn file(&self, uow: &mut dyn UnitOfWork, note: Note<'_>, payload: Value, now: Timestamp) -> Result<()> {
        let event = self.event(note.action, note.subject.clone(), payload, now);
        uow.outbox().publish(&event).await?;
        uow.audit().record(&self.entry(note, now)).await?;
        Ok(())
    }
}
