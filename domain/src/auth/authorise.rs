//! Whether a caller may: the matrix, ownership, and a second look at those who run the system.

use dermaga_ports::{
    auth::{Principal, Role, User},
    ids::UserId,
};

use super::Permission;
use crate::{
    core::Core,
    error::{Code, Error, Result},
};

impl Core {
    /// Checks the matrix. What customers cannot do is also checked against the account as it is now: an access token
    /// outlives the role it was made for by a few minutes, and that must not be enough to run the system.
    pub async fn authorise(&self, principal: &Principal, permission: Permission) -> Result<()> {
        self.authorised(principal, permission).await.map(drop)
    }

    /// The same, and the account that was looked at.
    pub async fn authorised(&self, principal: &Principal, permission: Permission) -> Result<Option<User>> {
        permission.check(principal)?;
        let Principal::User { id, role, .. } = principal else { return Ok(None) };
        if permission.granted_to(Role::User) {
            return Ok(None);
        }
        let account = self.ports.store.users().user(*id).await?;
        let still_held = account.filter(|user| user.is_active() && user.role == *role);
        let changed = || Error::new(Code::PermissionDenied, "Your role has changed. Log in again.");
        Ok(Some(still_held.ok_or_else(changed)?))
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
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{auth::UserFilter, paging::PageRequest};

    use super::*;
    use crate::testing::{Bench, Shelf, account, logged_in};

    async fn list_as(claimed: Role, stored: Option<Role>) -> Result<()> {
        let user = account(1, claimed);
        let mut shelf = Shelf::default();
        // A customer's token is refused by the matrix alone; then nobody is looked up.
        if let Some(stored) = stored {
            shelf.users.expect_user().times(1).returning(move |_| Ok(Some(account(1, stored))));
            shelf.users.expect_users().returning(|_, _| Ok(dermaga_ports::paging::Page { items: vec![], next: None }));
        }
        let app = Bench::default().app(shelf);
        app.auth.profiles(&logged_in(&user), &UserFilter::default(), PageRequest::first(1)).await.map(drop)
    }

    #[tokio::test]
    async fn whoever_runs_the_system_is_looked_at_twice() {
        let denied = Err(Code::PermissionDenied);
        assert_eq!(list_as(Role::User, None).await.map_err(|e| e.code()), denied);
        assert_eq!(list_as(Role::Admin, Some(Role::User)).await.map_err(|e| e.code()), denied);
        assert_eq!(list_as(Role::Admin, Some(Role::Admin)).await, Ok(()));
    }
}
