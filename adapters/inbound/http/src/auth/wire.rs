//! What accounts and logins look like on the wire.

use dermaga_domain::{
    Error, Fault,
    auth::{GuestDetails, LoginAttempt, Permission, ProfileChange, Registration, Security, Tokens},
};
use dermaga_ports::auth::{Claims, Role, User, UserStatus};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::wire::{LanguageCode, Moment};

/// What a person may do, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Role", rename_all = "lowercase")]
pub enum RoleName {
    /// A buyer without a password
    Guest,
    User,
    Committee,
    Admin,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Guest => Self::Guest,
            Role::User => Self::User,
            Role::Committee => Self::Committee,
            Role::Admin => Self::Admin,
        }
    }
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Guest => Self::Guest,
            RoleName::User => Self::User,
            RoleName::Committee => Self::Committee,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "UPPERCASE")]
pub enum AccountStatus {
    Active,
    Closed,
}

/// A new account. An e-mail address, a username or both.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct NewUser {
    pub email: Option<String>,
    /// 3 to 50 letters, digits, dots, dashes and underscores
    pub username: Option<String>,
    /// 8 to 200 characters
    pub password: String,
    pub full_name: Option<String>,
    pub phone: Option<String>,
    /// Only a role that is open for registration
    pub role: Option<RoleName>,
}

impl NewUser {
    /// What a repetition of the request must say again. Without the password: not even its hash is kept here.
    pub fn content(&self) -> String {
        format!("{:?}", (&self.email, &self.username, &self.full_name, &self.phone, self.role))
    }
}

impl From<NewUser> for Registration {
    fn from(new: NewUser) -> Self {
        let NewUser { email, username, password, full_name, phone, role } = new;
        Self { email, username, password, full_name, phone, role: role.map(Role::from) }
    }
}

/// A new account with a password; or without one, a guest's.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct NewAccount {
    pub email: Option<String>,
    /// 3 to 50 letters, digits, dots, dashes and underscores
    pub username: Option<String>,
    /// 8 to 200 characters; absent for a guest
    pub password: Option<String>,
    /// Required of a guest
    pub full_name: Option<String>,
    /// Required of a guest
    pub phone: Option<String>,
    pub role: Option<RoleName>,
}

impl NewAccount {
    /// As an account with a password.
    ///
    /// # Errors
    /// A fault if there is none.
    pub fn account(self) -> Result<NewUser, Error> {
        let Self { email, username, password, full_name, phone, role } = self;
        let password = password.ok_or_else(|| Error::fault("/password", "is required"))?;
        Ok(NewUser { email, username, password, full_name, phone, role })
    }

    /// As a guest.
    ///
    /// # Errors
    /// Faults for what a guest does not have: a login, for which one registers.
    pub fn guest(self) -> Result<GuestDetails, Error> {
        let given = [
            ("/email", self.email.is_some()),
            ("/username", self.username.is_some()),
            ("/password", self.password.is_some()),
            ("/role", self.role.is_some()),
        ];
        let told = "is nothing that a guest has: POST /auth/register makes an account, or send an access token";
        let faults: Vec<Fault> =
            given.into_iter().filter(|(_, given)| *given).map(|(pointer, _)| Fault::new(pointer, told)).collect();
        if faults.is_empty() {
            return Ok(GuestDetails { full_name: self.full_name, phone: self.phone });
        }
        Err(Error::invalid(faults))
    }
}

/// An account that was made; a guest's with its tokens.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewlyMadeAccount", skip_serializing_if_is_none)]
pub struct AccountBody {
    #[oai(flatten)]
    pub user: UserBody,
    /// Of a guest: send it as `Authorization: Bearer <access_token>`
    pub access_token: Option<String>,
    /// Always `bearer`
    pub token_type: Option<String>,
    /// Seconds that the access token is good for
    pub expires_in: Option<u64>,
    /// Good for one use: `POST /auth/refresh` answers the next pair
    pub refresh_token: Option<String>,
}

impl From<User> for AccountBody {
    fn from(user: User) -> Self {
        Self { user: user.into(), access_token: None, token_type: None, expires_in: None, refresh_token: None }
    }
}

impl From<Tokens> for AccountBody {
    fn from(tokens: Tokens) -> Self {
        Self {
            user: tokens.user.into(),
            access_token: Some(tokens.access_token),
            token_type: Some("bearer".to_owned()),
            expires_in: Some(tokens.expires_in.as_secs()),
            refresh_token: Some(tokens.refresh_token),
        }
    }
}

/// A person's account.
#[derive(Debug, Clone, Object)]
#[oai(rename = "User", skip_serializing_if_is_none)]
pub struct UserBody {
    pub id: Uuid,
    pub email: Option<String>,
    pub username: Option<String>,
    pub full_name: Option<String>,
    pub phone: Option<String>,
    pub role: RoleName,
    /// What messages to this person are written in
    pub language: LanguageCode,
    pub status: AccountStatus,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.into(),
            email: user.email.map(|email| email.to_string()),
            username: user.username.map(|username| username.to_string()),
            full_name: user.full_name,
            phone: user.phone.map(|phone| phone.to_string()),
            role: user.role.into(),
            language: user.language.into(),
            status: match user.status {
                UserStatus::Active => AccountStatus::Active,
                UserStatus::Closed { .. } => AccountStatus::Closed,
            },
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
        }
    }
}

/// An account with its state, for administrators.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Account {
    pub user: UserBody,
    pub last_login_at: Option<Moment>,
    /// Failed logins in a row
    pub failed_attempts: u32,
    /// No login counts before this
    pub blocked_until: Option<Moment>,
}

impl From<Security> for Account {
    fn from(security: Security) -> Self {
        Self {
            last_login_at: security.user.last_login_at.map(Moment),
            user: security.user.into(),
            failed_attempts: security.failed_attempts,
            blocked_until: security.blocked_until.map(Moment),
        }
    }
}

/// Who am I, and what may I do.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Me {
    pub id: Uuid,
    pub username: Option<String>,
    pub email: Option<String>,
    pub full_name: Option<String>,
    pub role: RoleName,
    pub permissions: Vec<String>,
}

impl From<User> for Me {
    fn from(user: User) -> Self {
        Self {
            id: user.id.into(),
            username: user.username.map(|username| username.to_string()),
            email: user.email.map(|email| email.to_string()),
            full_name: user.full_name,
            role: user.role.into(),
            permissions: Permission::of(user.role).map(|permission| permission.as_str().to_owned()).collect(),
        }
    }
}

/// Who logs in. An e-mail address or a username.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Credentials {
    pub email: Option<String>,
    pub username: Option<String>,
    pub password: String,
}

impl Credentials {
    /// As an attempt from that address.
    pub fn tried_from(self, address: Option<String>) -> LoginAttempt {
        LoginAttempt { email: self.email, username: self.username, password: self.password, address }
    }
}

/// A login.
#[derive(Debug, Clone, Object)]
pub struct Login {
    /// Send it as `Authorization: Bearer <access_token>`
    pub access_token: String,
    /// Always `bearer`
    pub token_type: String,
    /// Seconds that the access token is good for
    pub expires_in: u64,
    /// Good for one use: `POST /auth/refresh` answers the next pair
    pub refresh_token: String,
    pub user: UserBody,
}

impl From<Tokens> for Login {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "bearer".to_owned(),
            expires_in: tokens.expires_in.as_secs(),
            refresh_token: tokens.refresh_token,
            user: tokens.user.into(),
        }
    }
}

/// What keeps a login alive.
#[derive(Debug, Clone, Object)]
pub struct Refresh {
    pub refresh_token: String,
}

/// What an access token says.
#[derive(Debug, Clone, Object)]
pub struct TokenClaims {
    pub valid: bool,
    pub user_id: Uuid,
    pub role: RoleName,
    pub issued_at: Moment,
    pub expires_at: Moment,
}

impl From<Claims> for TokenClaims {
    fn from(claims: Claims) -> Self {
        Self {
            valid: true,
            user_id: claims.user.into(),
            role: claims.role.into(),
            issued_at: claims.issued_at.into(),
            expires_at: claims.expires_at.into(),
        }
    }
}

/// New values of a profile; what is absent stays.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct UserUpdate {
    pub email: Option<String>,
    pub username: Option<String>,
    pub full_name: Option<String>,
    pub phone: Option<String>,
    /// What messages to this person are written in
    pub language: Option<LanguageCode>,
    /// A new password; it ends all logins of the account
    pub password: Option<String>,
    /// The present password, when the owner sets a new one
    pub current_password: Option<String>,
}

impl From<UserUpdate> for ProfileChange {
    fn from(update: UserUpdate) -> Self {
        let UserUpdate { email, username, full_name, phone, language, password, current_password } = update;
        let language = language.map(Into::into);
        Self { email, username, full_name, phone, language, password, current_password }
    }
}

/// A new role.
#[derive(Debug, Clone, Object)]
pub struct RoleChange {
    pub role: RoleName,
}
