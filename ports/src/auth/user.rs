//! Accounts of people.

use std::{collections::HashMap, fmt, str::FromStr};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{PasswordHash, Throttle};
use crate::{
    StoreError,
    ids::UserId,
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// What a person may do, in steps; the matrix in `domain::auth` says what each includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A buyer without a password, who has their own orders and nothing else.
    Guest,
    /// A customer.
    User,
    /// Runs events: admits and looks up attendance.
    Committee,
    /// Runs the system.
    Admin,
}

impl Role {
    /// Every role, from least to most.
    pub const ALL: [Role; 4] = [Self::Guest, Self::User, Self::Committee, Self::Admin];

    /// The name in tokens, in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::User => "user",
            Self::Committee => "committee",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or("must be one of guest, user, committee, admin")
    }
}

/// What a person reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Indonesian.
    #[default]
    Id,
    /// English.
    En,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 2] = [Self::Id, Self::En];

    /// The ISO 639-1 code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text! {
    /// An e-mail address, in lower case: two spellings of one mailbox are one account.
    Email
}
text! {
    /// A name to log in with: 3 to 50 letters, digits, dots, dashes and underscores, kept in lower case.
    Username
}
text! {
    /// A telephone number: digits with an optional leading plus.
    Phone
}

impl FromStr for Email {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let options =
            email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
        email_address::EmailAddress::parse_with_options(text, options)
            .map(|address| Self(address.as_str().to_lowercase()))
            .map_err(|_| "must be an e-mail address, for example john@example.com")
    }
}

impl FromStr for Username {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if (3..=50).contains(&text.len()) && text.chars().all(legal) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err("must have 3 to 50 letters, digits, dots, dashes or underscores")
    }
}

impl FromStr for Phone {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
        let digits = number.strip_prefix('+').unwrap_or(&number);
        if (5..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit()) {
            return Ok(Self(number));
        }
        Err("must be a telephone number of 5 to 15 digits, for example +62 812 3456 7890")
    }
}

/// What a person logs in with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Login {
    Email(Email),
    Username(Username),
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => email.fmt(f),
            Self::Username(username) => username.fmt(f),
        }
    }
}

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    Active,
    /// Closed at that moment: personal data is gone, the books are untouched.
    Closed {
        at: Timestamp,
    },
}

/// A person's account. An open one has an e-mail address, a username or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: Option<Email>,
    pub username: Option<Username>,
    pub full_name: Option<String>,
    pub phone: Option<Phone>,
    pub role: Role,
    /// What messages to this person are written in.
    pub language: Language,
    pub status: UserStatus,
    pub last_login_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl User {
    /// Open for use.
    pub fn is_active(&self) -> bool {
        self.status == UserStatus::Active
    }

    /// How messages address this person.
    pub fn display_name(&self) -> &str {
        let login = self.username.as_ref().map(Username::as_str).or(self.email.as_ref().map(Email::as_str));
        self.full_name.as_deref().or(login).unwrap_or("closed account")
    }
}

/// Which accounts a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Part of the username, or a whole e-mail address, in any case. Stores keep names and addresses unreadable.
    pub text: Option<String>,
    pub role: Option<Role>,
}

/// Accounts inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Users: Send {
    /// Nobody logs in to an account without a password.
    ///
    /// # Errors
    /// [`crate::Unique::UserEmail`] or [`crate::Unique::UserUsername`] if taken, [`crate::Unique::Id`] if the id is.
    async fn add<'h>(&mut self, user: &User, password: Option<&'h PasswordHash>) -> Result<(), StoreError>;

    /// The account, locked until the unit of work ends.
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Writes every field of the record. Same conflicts as [`Users::add`].
    async fn save(&mut self, user: &User) -> Result<(), StoreError>;

    /// Replaces the password; `None` makes logging in impossible.
    async fn set_password<'a>(&mut self, id: UserId, password: Option<&'a PasswordHash>) -> Result<(), StoreError>;

    /// How many active administrators there are. MUST lock them, so that two demotions cannot both see "two".
    async fn count_admins(&mut self) -> Result<u64, StoreError>;
}

/// Accounts, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait UserQueries: Send + Sync {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The account of a login and its password; `None` if there is none, or it has no password.
    async fn credentials(&self, login: &Login) -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// The throttles that exist among these keys, without locking them.
    async fn throttles(&self, keys: &[String]) -> Result<HashMap<String, Throttle>, StoreError>;

    /// Newest first.
    async fn users(&self, filter: &UserFilter, page: PageRequest<UserId>) -> Result<Page<User, UserId>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        assert_eq!("John@Example.com".parse::<Email>().map(|e| e.to_string()), Ok("john@example.com".to_owned()));
        for bad in ["", "john", "john@", "@example.com", "john@localhost", "a b@example.com", "John <j@example.com>"] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn usernames_and_phones_are_bounded() {
        assert!("pan".parse::<Username>().is_ok());
        assert!("a".repeat(50).parse::<Username>().is_ok());
        for bad in ["ab", "with space", "naïve", &"a".repeat(51)] {
            assert!(bad.parse::<Username>().is_err(), "{bad:?}");
        }
        assert_eq!("+62 812-3456".parse::<Phone>().map(|p| p.to_string()), Ok("+628123456".to_owned()));
        for bad in ["", "+", "12", "0812x", "1234567890123456"] {
            assert!(bad.parse::<Phone>().is_err(), "{bad:?}");
        }
    }
}
