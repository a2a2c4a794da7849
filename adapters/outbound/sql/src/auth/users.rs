//! Accounts of people.

use std::collections::HashMap;

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    auth::{
        Email, Language, Login, PasswordHash, Phone, Role, Throttle, User, UserFilter, UserQueries, UserStatus,
        Username, Users,
    },
    error::Entity,
    ids::UserId,
    paging::{Page, PageRequest},
};
use sqlx::{AssertSqlSafe, FromRow, QueryBuilder};
use uuid::Uuid;

use super::throttles;
use crate::{
    codec::{Moment, named, parsed_if_any, search_pattern, unfindable},
    db::Dialects,
    personal::{Column, PersonalKeys},
    store::SqlStore,
    unit_of_work::SqlUnitOfWork,
};

macro_rules! select_user {
    () => {
        "SELECT id, email, username, full_name, phone, role, language, closed_at, last_login_at, created_at, updated_at \
         FROM users"
    };
}

macro_rules! select_credentials {
    () => {
        "SELECT id, email, username, full_name, phone, role, language, closed_at, last_login_at, created_at, updated_at, \
         password FROM users"
    };
}

const FIND: &str = concat!(select_user!(), " WHERE id = $1");
const FIND_LOCKED: Dialects = locking!(select_user!(), " WHERE id = $1");
const BY_DIGEST: &str = concat!(select_credentials!(), " WHERE password IS NOT NULL AND email_digest IN (");
const BY_USERNAME: &str = concat!(select_credentials!(), " WHERE username = $1 AND password IS NOT NULL");
const INSERT: &str = "INSERT INTO users (id, email, username, full_name, phone, role, language, password, closed_at, \
    last_login_at, created_at, updated_at, email_digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
    ON CONFLICT DO NOTHING";
/// Of several conflicts, the databases tell one or another; this asks for all, so that both tell the same.
const TAKEN: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1) AS id, \
    EXISTS (SELECT 1 FROM users WHERE username = $2 AND id <> $1) AS username, \
    EXISTS (SELECT 1 FROM users WHERE id <> $1 AND email_digest IN (NULL";
/// While keys are changed, two hosts may write one address under two digests, and the unique rule would not see it.
const LOCK: Dialects = Dialects { postgres: "SELECT pg_advisory_xact_lock($1)", sqlite: "SELECT $1" };
const UPDATE: &str = "UPDATE users SET email = $2, username = $3, full_name = $4, phone = $5, role = $6, \
    language = $7, closed_at = $8, last_login_at = $9, created_at = $10, updated_at = $11, email_digest = $12 WHERE id = $1";
const SET_PASSWORD: &str = "UPDATE users SET password = $2 WHERE id = $1";
const ADMINS: Dialects = locking!("SELECT id FROM users WHERE role = 'admin' AND closed_at IS NULL ORDER BY id");

#[derive(FromRow)]
struct UserRow {
    id: Uuid,
    email: Option<Vec<u8>>,
    username: Option<String>,
    full_name: Option<Vec<u8>>,
    phone: Option<Vec<u8>>,
    role: String,
    language: String,
    closed_at: Option<Moment>,
    last_login_at: Option<Moment>,
    created_at: Moment,
    updated_at: Moment,
}

#[derive(FromRow)]
struct CredentialsRow {
    #[sqlx(flatten)]
    user: UserRow,
    password: String,
}

impl UserRow {
    fn open(self, keys: &PersonalKeys) -> Result<User, StoreError> {
        let row = self;
        let text = |column, sealed: Option<&[u8]>| keys.open_text(column, row.id, sealed);
        let email = text(Column::UserEmail, row.email.as_deref())?;
        let phone = text(Column::UserPhone, row.phone.as_deref())?;
        let full_name = text(Column::UserFullName, row.full_name.as_deref())?;
        Ok(User {
            id: UserId(row.id),
            email: parsed_if_any::<Email>(email.as_deref())?,
            username: parsed_if_any::<Username>(row.username.as_deref())?,
            full_name,
            phone: parsed_if_any::<Phone>(phone.as_deref())?,
            role: named(&Role::ALL, Role::as_str, &row.role)?,
            language: named(&Language::ALL, Language::as_str, &row.language)?,
            status: match row.closed_at {
                None => UserStatus::Active,
                Some(Moment(at)) => UserStatus::Closed { at },
            },
            last_login_at: row.last_login_at.map(|moment| moment.0),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

/// What other accounts have of the names of one.
#[derive(FromRow)]
struct Taken {
    id: bool,
    email: bool,
    username: bool,
}

/// The columns of a record that need a word of translation, or a seal.
struct Columns<'u> {
    email: Option<Vec<u8>>,
    email_digest: Option<Vec<u8>>,
    username: Option<&'u str>,
    full_name: Option<Vec<u8>>,
    phone: Option<Vec<u8>>,
    closed_at: Option<Moment>,
}

impl<'u> Columns<'u> {
    fn of(user: &'u User, keys: &PersonalKeys) -> Result<Self, StoreError> {
        let seal = |column, text| keys.seal_text(column, user.id.0, text);
        Ok(Self {
            email: seal(Column::UserEmail, user.email.as_ref().map(Email::as_str))?,
            email_digest: user.email.as_ref().and_then(|email| keys.digest(email)),
            username: user.username.as_ref().map(Username::as_str),
            full_name: seal(Column::UserFullName, user.full_name.as_deref())?,
            phone: seal(Column::UserPhone, user.phone.as_ref().map(Phone::as_str))?,
            closed_at: match user.status {
                UserStatus::Active => None,
                UserStatus::Closed { at } => Some(Moment(at)),
            },
        })
    }
}

impl SqlUnitOfWork {
    async fn taken(&mut self, user: &User) -> Result<Taken, StoreError> {
        let digests = user.email.as_ref().map(|email| self.keys.digests(email)).unwrap_or_default();
        let username = user.username.as_ref().map(Username::as_str);
        on_tx!(self, |x| {
            let mut sql = TAKEN.to_owned();
            for place in 3..digests.len() + 3 {
                sql.push_str(&format!(", ${place}"));
            }
            sql.push_str(")) AS email");
            let query = sqlx::query_as(AssertSqlSafe(sql)).bind(user.id.0).bind(username);
            digests.iter().fold(query, |query, digest| query.bind(digest.as_slice())).fetch_one(x).await
        })
    }

    /// Whether somebody else has the address under the digest of another key. With one key the unique rule tells.
    async fn taken_under_another_key(&mut self, user: &User) -> Result<bool, StoreError> {
        let Some(email) = user.email.as_ref().filter(|_| self.keys.are_several()) else { return Ok(false) };
        let digests = self.keys.digests(email);
        let mut locks: Vec<i64> =
            digests.iter().filter_map(|digest| digest.first_chunk()).map(|head| i64::from_be_bytes(*head)).collect();
        locks.sort_unstable();
        let sql = self.dialect(LOCK);
        for lock in locks {
            on_tx!(self, |x| sqlx::query(sql).bind(lock).execute(x).await.map(drop))?;
        }
        Ok(self.taken(user).await?.email)
    }
}

#[async_trait]
impl Users for SqlUnitOfWork {
    async fn add<'h>(&mut self, user: &User, password: Option<&'h PasswordHash>) -> Result<(), StoreError> {
        let columns = Columns::of(user, &self.keys)?;
        if !self.taken_under_another_key(user).await? {
            let added = on_tx!(self, |x| {
                sqlx::query(INSERT)
                    .bind(user.id.0)
                    .bind(columns.email.as_deref())
                    .bind(columns.username)
                    .bind(columns.full_name.as_deref())
                    .bind(columns.phone.as_deref())
                    .bind(user.role.as_str())
                    .bind(user.language.as_str())
                    .bind(password.map(|hash| hash.0.as_str()))
                    .bind(columns.closed_at)
                    .bind(user.last_login_at.map(Moment))
                    .bind(Moment(user.created_at))
                    .bind(Moment(user.updated_at))
                    .bind(columns.email_digest.as_deref())
                    .execute(x)
                    .await
                    .map(|done| done.rows_affected())
            })?;
            if added == 1 {
                return Ok(());
            }
        }
        let taken = self.taken(user).await?;
        Err(StoreError::Conflict(match taken {
            Taken { id: true, .. } => Unique::Id,
            Taken { email: true, .. } => Unique::UserEmail,
            Taken { username: true, .. } => Unique::UserUsername,
            // Whoever had it has let go of it in between.
            _ => return Err(StoreError::Busy),
        }))
    }

    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let sql = self.dialect(FIND_LOCKED);
        let row: Option<UserRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn save(&mut self, user: &User) -> Result<(), StoreError> {
        let columns = Columns::of(user, &self.keys)?;
        if self.taken_under_another_key(user).await? {
            return Err(StoreError::Conflict(Unique::UserEmail));
        }
        let changed = on_savepoint!(self, |x| {
            sqlx::query(UPDATE)
                .bind(user.id.0)
                .bind(columns.email.as_deref())
                .bind(columns.username)
                .bind(columns.full_name.as_deref())
                .bind(columns.phone.as_deref())
                .bind(user.role.as_str())
                .bind(user.language.as_str())
                .bind(columns.closed_at)
                .bind(user.last_login_at.map(Moment))
                .bind(Moment(user.created_at))
                .bind(Moment(user.updated_at))
                .bind(columns.email_digest.as_deref())
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        });
        match changed {
            Ok(0) => Err(StoreError::Stale(Entity::User)),
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(_)) if self.taken(user).await?.email => {
                Err(StoreError::Conflict(Unique::UserEmail))
            }
            Err(error) => Err(error),
        }
    }

    async fn set_password<'a>(&mut self, id: UserId, password: Option<&'a PasswordHash>) -> Result<(), StoreError> {
        let password = password.map(|hash| hash.0.as_str());
        let changed = on_tx!(self, |x| {
            let done = sqlx::query(SET_PASSWORD).bind(id.0).bind(password).execute(x).await;
            done.map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(StoreError::Stale(Entity::User)) } else { Ok(()) }
    }

    async fn count_admins(&mut self) -> Result<u64, StoreError> {
        let sql = self.dialect(ADMINS);
        let admins: Vec<Uuid> = on_tx!(self, |x| sqlx::query_scalar(sql).fetch_all(x).await)?;
        Ok(admins.len() as u64)
    }
}

#[async_trait]
impl UserQueries for SqlStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row: Option<UserRow> = on_read!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn throttles(&self, keys: &[String]) -> Result<HashMap<String, Throttle>, StoreError> {
        throttles::among(self, keys).await
    }

    async fn credentials(&self, login: &Login) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let row = match login {
            Login::Email(email) => self.credentials_of(email).await?,
            Login::Username(username) if unfindable(&[Some(username.as_str())]) => None,
            Login::Username(username) => {
                on_read!(self, |x| sqlx::query_as(BY_USERNAME).bind(username.as_str()).fetch_optional(x).await)?
            }
        };
        row.map(|row: CredentialsRow| Ok((row.user.open(&self.keys)?, PasswordHash(row.password)))).transpose()
    }

    async fn users(&self, filter: &UserFilter, page: PageRequest<UserId>) -> Result<Page<User, UserId>, StoreError> {
        if unfindable(&[filter.text.as_deref()]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<UserRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(concat!(select_user!(), " WHERE id < "));
            query.push_bind(page.after.map_or(Uuid::max(), Uuid::from));
            if let Some(role) = filter.role {
                query.push(" AND role = ").push_bind(role.as_str());
            }
            if let Some(text) = filter.text.as_deref() {
                query.push(" AND (username LIKE ").push_bind(search_pattern(text)).push(" ESCAPE '\\'");
                // What is sealed can only be found as a whole.
                for digest in text.trim().parse().map(|email| self.keys.digests(&email)).unwrap_or_default() {
                    query.push(" OR email_digest = ").push_bind(digest);
                }
                query.push(")");
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(x).await
        })?;
        let users = rows.into_iter().map(|row| row.open(&self.keys)).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(users, page.limit(), |user: &User| user.id))
    }
}

impl SqlStore {
    /// The account of an address, under whichever key it is found.
    async fn credentials_of(&self, email: &Email) -> Result<Option<CredentialsRow>, StoreError> {
        let digests = self.keys.digests(email);
        // One question for all of them: between two, a rotation could move the account from one digest to the other.
        on_read!(self, |x| {
            let mut query = QueryBuilder::new(BY_DIGEST);
            let mut list = query.separated(", ");
            digests.iter().for_each(|digest| {
                list.push_bind(digest.as_slice());
            });
            list.push_unseparated(")");
            query.build_query_as().fetch_optional(x).await
        })
    }
}
