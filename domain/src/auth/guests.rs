//! Guests: people who order without choosing a password.

use dermaga_ports::{
    auth::{Language, Principal, Role, Session, User, UserStatus},
    ids::UserId,
};
use serde_json::json;

use super::{Auth, Tokens};
use crate::{
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
};

/// Who orders.
#[derive(Debug, Clone, Default)]
pub struct GuestDetails {
    pub full_name: Option<String>,
    pub phone: Option<String>,
}

impl Auth {
    /// Makes an account without a login, and its only session. Whoever loses the tokens loses the way to the orders, and
    /// asks the staff; the wallet of the account takes money that comes too late.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`] where the host has no guests, [`Code::Invalid`].
    pub async fn create_guest(&self, id: UserId, details: GuestDetails) -> Result<Tokens> {
        if !self.0.policy.guests {
            return Err(Error::new(Code::PermissionDenied, "This host has no guests: register an account."));
        }
        let mut faults = Faults::default();
        let full_name = faults.text("/full_name", details.full_name.as_deref(), 100);
        let phone = faults.parse("/phone", details.phone.as_deref());
        for (pointer, given) in [("/full_name", full_name.is_some()), ("/phone", details.phone.is_some())] {
            if !given {
                faults.add(pointer, "is required of a guest");
            }
        }
        faults.check()?;
        let now = self.0.now();
        let user = User {
            id,
            email: None,
            username: None,
            full_name,
            phone,
            role: Role::Guest,
            language: Language::default(),
            status: UserStatus::Active,
            last_login_at: None,
            created_at: now,
            updated_at: now,
        };
        let mut uow = self.0.begin().await?;
        // No password fits, and there is no name to try one for.
        uow.users().add(&user, None).await?;
        self.open_default_wallet(&mut *uow, id, now).await?;
        let session = Session { id: self.0.id(), user: id, created_at: now, revoked_at: None };
        uow.sessions().add(&session).await?;
        let tokens = self.issue(&mut *uow, user, session.id, now).await?;
        let own = Principal::User { id, role: Role::Guest, session: session.id };
        let note = Note {
            actor: Some(&own),
            action: "auth.guest_created",
            subject: format!("user:{id}"),
            detail: String::new(),
        };
        self.0.file(&mut *uow, note, json!({ "user_id": id, "role": Role::Guest }), now).await?;
        uow.commit().await?;
        Ok(tokens)
    }
}
