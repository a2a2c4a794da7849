//! Logging in.

use std::time::Duration;

use dermaga_ports::{
    auth::{Email, Login, Principal, RefreshToken, Session, User, Username},
    ids::SessionId,
    store::UnitOfWork,
    time::Timestamp,
};

use super::{
    Auth,
    throttle::{Brake, key_of},
};
use crate::{
    core::Note,
    error::{Code, Error, Result},
};

/// Who tries to log in, with what and from where.
#[derive(Debug, Clone)]
pub struct LoginAttempt {
    pub email: Option<String>,
    pub username: Option<String>,
    pub password: String,
    /// The network address of the caller, if it is known.
    pub address: Option<String>,
}

/// What a login or a refresh answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access_token: String,
    /// How long the access token is good for.
    pub expires_in: Duration,
    /// Good for one use; it makes the next.
    pub refresh_token: String,
    pub user: User,
}

impl Auth {
    /// Logs in and starts a session.
    ///
    /// # Errors
    /// [`Code::InvalidCredentials`] for an unknown login and for a wrong password alike, after the same time;
    /// [`Code::Throttled`] after too many failures of the login name or the address.
    pub async fn login(&self, attempt: LoginAttempt) -> Result<Tokens> {
        let invalid = || Error::new(Code::InvalidCredentials, "Invalid credentials");
        let login = read_login(&attempt)?;
        let brakes = self.brakes(login.as_ref(), &attempt);
        self.count_attempt(&brakes).await?;

        let known = match &login {
            Some(login) => self.0.ports.store.users().credentials(login).await?,
            None => None,
        };
        let hash = known.as_ref().map(|(_, hash)| hash);
        let right = self.0.ports.hasher.verify(&attempt.password, hash).await.map_err(Error::internal)?;
        let Some((user, _)) = known.filter(|(user, _)| right && user.is_active()) else {
            self.note_failure(login.as_ref()).await?;
            return Err(invalid());
        };
        self.start_session(user, &brakes).await?.ok_or_else(invalid)
    }

    fn brakes(&self, login: Option<&Login>, attempt: &LoginAttempt) -> Vec<Brake> {
        let policy = &self.0.policy;
        let by_login = login.map(|login| Brake { key: key_of(login), free: policy.login_attempts });
        let by_address = attempt
            .address
            .as_ref()
            .map(|address| Brake { key: format!("address:{address}"), free: policy.address_attempts });
        by_login.into_iter().chain(by_address).collect()
    }

    async fn count_attempt(&self, brakes: &[Brake]) -> Result<()> {
        let mut uow = self.0.begin().await?;
        for brake in brakes {
            brake.attempt(&mut *uow, self.0.now()).await?;
        }
        Ok(uow.commit().await?)
    }

    async fn note_failure(&self, login: Option<&Login>) -> Result<()> {
        let now = self.0.now();
        // The trail never shrinks, so it must not keep a person's address: the digest still groups attempts.
        let name = login.map(Login::to_string).unwrap_or_default();
        let digest = self.0.ports.secrets.digest(&name);
        let short: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let mut uow = self.0.begin().await?;
        let note =
            Note { actor: None, action: "auth.login_failed", subject: format!("login:{short}"), detail: String::new() };
        uow.audit().record(&self.0.entry(note, now)).await?;
        Ok(uow.commit().await?)
    }

    async fn start_session(&self, user: User, brakes: &[Brake]) -> Result<Option<Tokens>> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        // Read again, locked: the account may have been closed while the password was checked.
        let Some(mut user) = uow.users().find(user.id).await?.filter(User::is_active) else { return Ok(None) };
        for brake in brakes {
            brake.forgive(&mut *uow).await?;
        }
        user.last_login_at = Some(now);
        uow.users().save(&user).await?;
        let session = Session { id: self.0.id(), user: user.id, created_at: now, revoked_at: None };
        uow.sessions().add(&session).await?;
        let tokens = self.issue(&mut *uow, user, session.id, now).await?;
        let actor = Principal::User { id: tokens.user.id, role: tokens.user.role, session: session.id };
        let note = Note {
            actor: Some(&actor),
            action: "auth.logged_in",
            subject: format!("session:{}", session.id),
            detail: String::new(),
        };
        uow.audit().record(&self.0.entry(note, now)).await?;
        uow.commit().await?;
        Ok(Some(tokens))
    }

    /// A pair of tokens for a session; the refresh token is stored as its digest.
    pub(super) async fn issue(
        &self,
        uow: &mut dyn UnitOfWork,
        user: User,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Tokens> {
        let refresh_token = self.0.ports.secrets.token();
        let stored = RefreshToken {
            digest: self.0.ports.secrets.digest(&refresh_token),
            session,
            expires_at: now + self.0.policy.session_lifetime,
            used_at: None,
        };
        uow.sessions().add_token(&stored).await?;
        let access = self.0.ports.tokens.issue(user.id, user.role, session, now);
        Ok(Tokens { access_token: access.token, expires_in: access.expires_in, refresh_token, user })
    }
}

/// Which login is meant. One that could not exist is `None`: it is answered like one that does not.
fn read_login(attempt: &LoginAttempt) -> Result<Option<Login>> {
    match (&attempt.email, &attempt.username) {
        (Some(email), None) => Ok(email.parse::<Email>().ok().map(Login::Email)),
        (None, Some(username)) => Ok(username.parse::<Username>().ok().map(Login::Username)),
        (Some(_), Some(_)) => Err(Error::fault("/username", "must not be given together with an e-mail address")),
        (None, None) => Err(Error::fault("/email", "is required, unless a username is given")),
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::auth::PasswordHash;

    use super::*;
    use crate::testing::{Bench, Shelf, Unit, account};

    /// One unit counts the attempt, the other notes the failure.
    fn shelf() -> Shelf {
        let mut counting = Unit::default();
        counting.throttles.expect_find().returning(|_| Ok(None));
        counting.throttles.expect_save().times(2).returning(|_, _| Ok(()));
        let shelf = Shelf::default();
        shelf.units.lock().expect("no panic").extend([counting, Unit::with_papers()]);
        shelf
    }

    fn attempt() -> LoginAttempt {
        LoginAttempt {
            email: None,
            username: Some("somebody".to_owned()),
            password: "guess".to_owned(),
            address: Some("192.0.2.1".to_owned()),
        }
    }

    #[tokio::test]
    async fn nobody_costs_a_hash_like_somebody_and_gets_the_same_answer() {
        let mut answers = Vec::new();
        for known in [true, false] {
            let mut shelf = shelf();
            let found = known.then(|| (account(1, dermaga_ports::auth::Role::User), PasswordHash("hash".to_owned())));
            shelf.users.expect_credentials().return_once(move |_| Ok(found));
            let mut bench = Bench::default();
            bench
                .hasher
                .expect_verify()
                .times(1)
                .withf(move |_, hash| hash.is_some() == known)
                .returning(|_, _| Ok(false));
            bench.secrets.expect_digest().return_const([0; 32]);
            answers.push(bench.app(shelf).auth.login(attempt()).await.expect_err("refused"));
        }
        assert_eq!(answers[0].code(), Code::InvalidCredentials);
        assert_eq!(answers[0], answers[1]);
    }
}
