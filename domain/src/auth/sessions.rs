//! What keeps a login alive and what ends it; and who a token belongs to.

use dermaga_ports::auth::{Claims, Principal, TokenError, User};

use super::{Auth, Tokens};
use crate::{
    core::Note,
    error::{Code, Error, Result},
};

impl Auth {
    /// Exchanges a refresh token for the next pair.
    ///
    /// A refresh token that comes a second time was stolen, from the caller or by the caller: the whole login ends.
    ///
    /// # Errors
    /// [`Code::RefreshTokenInvalid`] for an unknown, expired or revoked token, [`Code::RefreshTokenReused`].
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens> {
        let invalid = || Error::new(Code::RefreshTokenInvalid, "This login has ended. Log in again.");
        let now = self.0.now();
        let digest = self.0.ports.secrets.digest(refresh_token);
        let mut uow = self.0.begin().await?;
        let (token, session) = uow.sessions().find_token(digest).await?.ok_or_else(invalid)?;
        if session.revoked_at.is_some() || token.expires_at <= now {
            return Err(invalid());
        }
        let user = uow.users().find(session.user).await?.filter(User::is_active).ok_or_else(invalid)?;
        let actor = Principal::User { id: user.id, role: user.role, session: session.id };
        let note = |action| Note {
            actor: Some(&actor),
            action,
            subject: format!("session:{}", session.id),
            detail: String::new(),
        };
        if token.used_at.is_some() {
            uow.sessions().revoke(session.id, now).await?;
            uow.audit().record(&self.0.entry(note("auth.refresh_reused"), now)).await?;
            uow.commit().await?;
            let told = "This refresh token was used before, so the login was ended for safety. Log in again.";
            return Err(Error::new(Code::RefreshTokenReused, told));
        }
        uow.sessions().mark_used(digest, now).await?;
        let tokens = self.issue(&mut *uow, user, session.id, now).await?;
        uow.audit().record(&self.0.entry(note("auth.refreshed"), now)).await?;
        uow.commit().await?;
        Ok(tokens)
    }

    /// Ends the login that the access token belongs to. Ending it again changes nothing.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`] for callers without a login.
    pub async fn logout(&self, principal: &Principal) -> Result<()> {
        let Principal::User { session, .. } = principal else {
            return Err(Error::new(Code::PermissionDenied, "Only a person's login can be ended."));
        };
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        uow.sessions().revoke(*session, now).await?;
        let note = Note {
            actor: Some(principal),
            action: "auth.logged_out",
            subject: format!("session:{session}"),
            detail: String::new(),
        };
        uow.audit().record(&self.0.entry(note, now)).await?;
        Ok(uow.commit().await?)
    }

    /// What an access token says.
    ///
    /// # Errors
    /// [`Code::TokenExpired`] or [`Code::TokenInvalid`].
    pub fn claims(&self, access_token: &str) -> Result<Claims> {
        self.0.ports.tokens.verify(access_token, self.0.now()).map_err(|error| match error {
            TokenError::Expired => {
                Error::new(Code::TokenExpired, "The access token has expired. Refresh it or log in again.")
            }
            TokenError::Invalid => Error::new(Code::TokenInvalid, "The access token is not valid. Log in again."),
        })
    }

    /// Who an access token belongs to.
    ///
    /// # Errors
    /// As [`Auth::claims`].
    pub fn principal(&self, access_token: &str) -> Result<Principal> {
        let claims = self.claims(access_token)?;
        Ok(Principal::User { id: claims.user, role: claims.role, session: claims.session })
    }
}
