//! Logins and their families of refresh tokens.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    auth::{RefreshToken, Session, Sessions},
    error::Entity,
    ids::{SessionId, UserId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{self, Moment},
    db::Dialects,
    unit_of_work::SqlUnitOfWork,
};

const INSERT: &str = "INSERT INTO sessions (id, user_id, created_at, revoked_at) VALUES ($1, $2, $3, $4)";
const INSERT_TOKEN: &str =
    "INSERT INTO refresh_tokens (digest, session_id, expires_at, used_at) VALUES ($1, $2, $3, $4)";
const FIND_TOKEN: Dialects = locking!(
    "SELECT t.digest, t.session_id, t.expires_at, t.used_at, s.user_id, s.created_at, s.revoked_at \
     FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.digest = $1"
);
const MARK_USED: &str = "UPDATE refresh_tokens SET used_at = $2 WHERE digest = $1 AND used_at IS NULL";
const REVOKE: &str = "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
const REVOKE_ALL: Dialects = Dialects {
    // Several rows at once: locked in one order before they are changed.
    postgres: "UPDATE sessions SET revoked_at = $2 WHERE id IN (SELECT id FROM sessions \
        WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id FOR NO KEY UPDATE)",
    sqlite: "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
};

#[derive(FromRow)]
struct TokenRow {
    digest: Vec<u8>,
    session_id: Uuid,
    expires_at: Moment,
    used_at: Option<Moment>,
    user_id: Uuid,
    created_at: Moment,
    revoked_at: Option<Moment>,
}

impl TryFrom<TokenRow> for (RefreshToken, Session) {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        let token = RefreshToken {
            digest: codec::digest(&row.digest)?,
            session: SessionId(row.session_id),
            expires_at: row.expires_at.0,
            used_at: row.used_at.map(|moment| moment.0),
        };
        let session = Session {
            id: SessionId(row.session_id),
            user: UserId(row.user_id),
            created_at: row.created_at.0,
            revoked_at: row.revoked_at.map(|moment| moment.0),
        };
        Ok((token, session))
    }
}

#[async_trait]
impl Sessions for SqlUnitOfWork {
    async fn add(&mut self, session: &Session) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(session.id.0)
                .bind(session.user.0)
                .bind(Moment(session.created_at))
                .bind(session.revoked_at.map(Moment))
                .execute(x)
                .await
                .map(drop)
        })
    }

    async fn add_token(&mut self, token: &RefreshToken) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            sqlx::query(INSERT_TOKEN)
                .bind(&token.digest[..])
                .bind(token.session.0)
                .bind(Moment(token.expires_at))
                .bind(token.used_at.map(Moment))
                .execute(x)
                .await
                .map(drop)
        })
    }

    async fn find_token(&mut self, digest: [u8; 32]) -> Result<Option<(RefreshToken, Session)>, StoreError> {
        let sql = self.dialect(FIND_TOKEN);
        let row: Option<TokenRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(&digest[..]).fetch_optional(x).await)?;
        row.map(TryInto::try_into).transpose()
    }

    async fn mark_used(&mut self, digest: [u8; 32], at: Timestamp) -> Result<(), StoreError> {
        let changed = on_tx!(self, |x| {
            let done = sqlx::query(MARK_USED).bind(&digest[..]).bind(Moment(at)).execute(x).await;
            done.map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(StoreError::Stale(Entity::Session)) } else { Ok(()) }
    }

    async fn revoke(&mut self, session: SessionId, at: Timestamp) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(REVOKE).bind(session.0).bind(Moment(at)).execute(x).await.map(drop))
    }

    async fn revoke_all(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError> {
        let sql = self.dialect(REVOKE_ALL);
        on_tx!(self, |x| sqlx::query(sql).bind(user.0).bind(Moment(at)).execute(x).await.map(drop))
    }
}
