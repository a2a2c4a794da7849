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
use sqlx::FromRow;
use uuid::Uuid;

use super::throttles;
use crate::{
    codec::{Moment, named, parsed_if_any, search_pattern, search_text, unfindable},
    db::Dialects,
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
const BY_EMAIL: &str = concat!(select_credentials!(), " WHERE email = $1 AND password IS NOT NULL");
const BY_USERNAME: &str = concat!(select_credentials!(), " WHERE username = $1 AND password IS NOT NULL");
const LIST: &str = concat!(
    select_user!(),
    " WHERE id < $1 AND ($2 IS NULL OR role = $2) AND ($3 IS NULL OR search LIKE $3 ESCAPE '\\') \
     ORDER BY id DESC LIMIT $4"
);
const INSERT: &str = "INSERT INTO users (id, email, username, full_name, phone, role, language, password, closed_at, \
    last_login_at, created_at, updated_at, search) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
    ON CONFLICT DO NOTHING";
/// Of several conflicts, the databases tell one or another; this asks for all, so that both tell the same.
const TAKEN: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1) AS id, \
    EXISTS (SELECT 1 FROM users WHERE email = $2 AND id <> $1) AS email, \
    EXISTS (SELECT 1 FROM users WHERE username = $3 AND id <> $1) AS username";
const UPDATE: &str = "UPDATE users SET email = $2, username = $3, full_name = $4, phone = $5, role = $6, \
    language = $7, closed_at = $8, last_login_at = $9, created_at = $10, updated_at = $11, search = $12 WHERE id = $1";
const SET_PASSWORD: &str = "UPDATE users SET password = $2 WHERE id = $1";
const ADMINS: Dialects = locking!("SELECT id FROM users WHERE role = 'admin' AND closed_at IS NULL ORDER BY id");

#[derive(FromRow)]
struct UserRow {
    id: Uuid,
    email: Option<String>,
    username: Option<String>,
    full_name: Option<String>,
    phone: Option<String>,
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

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: UserId(row.id),
            email: parsed_if_any::<Email>(row.email.as_deref())?,
            username: parsed_if_any::<Username>(row.username.as_deref())?,
            full_name: row.full_name,
            phone: parsed_if_any::<Phone>(row.phone.as_deref())?,
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

/// The columns of a record that need a word of translation.
struct Columns<'u> {
    email: Option<&'u str>,
    username: Option<&'u str>,
    phone: Option<&'u str>,
    closed_at: Option<Moment>,
    search: String,
}

impl<'u> From<&'u User> for Columns<'u> {
    fn from(user: &'u User) -> Self {
        let email = user.email.as_ref().map(Email::as_str);
        let username = user.username.as_ref().map(Username::as_str);
        Self {
            email,
            username,
            phone: user.phone.as_ref().map(Phone::as_str),
            closed_at: match user.status {
                UserStatus::Active => None,
                UserStatus::Closed { at } => Some(Moment(at)),
            },
            search: search_text(&[email, username, user.full_name.as_deref()]),
        }
    }
}

impl SqlUnitOfWork {
    async fn taken(&mut self, user: &User) -> Result<Taken, StoreError> {
        let columns = Columns::from(user);
        on_tx!(self, |x| {
            let query = sqlx::query_as(TAKEN).bind(user.id.0).bind(columns.email).bind(columns.username);
            query.fetch_one(x).await
        })
    }
}

#[async_trait]
impl Users for SqlUnitOfWork {
    async fn add(&mut self, user: &User, password: &PasswordHash) -> Result<(), StoreError> {
        let columns = Columns::from(user);
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(user.id.0)
                .bind(columns.email)
                .bind(columns.username)
                .bind(user.full_name.as_deref())
                .bind(columns.phone)
                .bind(user.role.as_str())
                .bind(user.language.as_str())
                .bind(password.0.as_str())
                .bind(columns.closed_at)
                .bind(user.last_login_at.map(Moment))
                .bind(Moment(user.created_at))
                .bind(Moment(user.updated_at))
                .bind(columns.search.as_str())
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
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
        row.map(User::try_from).transpose()
    }

    async fn save(&mut self, user: &User) -> Result<(), StoreError> {
        let columns = Columns::from(user);
        let changed = on_savepoint!(self, |x| {
            sqlx::query(UPDATE)
                .bind(user.id.0)
                .bind(columns.email)
                .bind(columns.username)
                .bind(user.full_name.as_deref())
                .bind(columns.phone)
                .bind(user.role.as_str())
                .bind(user.language.as_str())
                .bind(columns.closed_at)
                .bind(user.last_login_at.map(Moment))
                .bind(Moment(user.created_at))
                .bind(Moment(user.updated_at))
                .bind(columns.search.as_str())
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
        row.map(User::try_from).transpose()
    }

    async fn throttles(&self, keys: &[String]) -> Result<HashMap<String, Throttle>, StoreError> {
        throttles::among(self, keys).await
    }

    async fn credentials(&self, login: &Login) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let (sql, name) = match login {
            Login::Email(email) => (BY_EMAIL, email.as_str()),
            Login::Username(username) => (BY_USERNAME, username.as_str()),
        };
        if unfindable(&[Some(name)]) {
            return Ok(None);
        }
        let row: Option<CredentialsRow> = on_read!(self, |x| sqlx::query_as(sql).bind(name).fetch_optional(x).await)?;
        row.map(|row| Ok((row.user.try_into()?, PasswordHash(row.password)))).transpose()
    }

    async fn users(&self, filter: &UserFilter, page: PageRequest<UserId>) -> Result<Page<User, UserId>, StoreError> {
        if unfindable(&[filter.text.as_deref()]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let before = page.after.map_or(Uuid::max(), Uuid::from);
        let role = filter.role.map(Role::as_str);
        let pattern = filter.text.as_deref().map(search_pattern);
        let limit = i64::from(page.limit()) + 1;
        let rows: Vec<UserRow> = on_read!(self, |x| {
            sqlx::query_as(LIST).bind(before).bind(role).bind(pattern.as_deref()).bind(limit).fetch_all(x).await
        })?;
        let users = rows.into_iter().map(User::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(users, page.limit(), |user: &User| user.id))
    }
}
