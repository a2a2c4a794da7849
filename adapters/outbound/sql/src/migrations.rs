//! The schema: two folders with the same numbers, which end in the same tables and columns.

use dermaga_ports::StoreError;
use sqlx::{Connection, PgConnection, migrate::Migrator};

use crate::{
    db::Db,
    error::{from_connecting, from_driver, from_migration},
};

static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";

/// Applies what is missing. Two programs may do so at once: one does it, the other waits and finds it done.
///
/// `run_direct` is `Migrator::run` without its generic connection, which would keep this future on one thread.
pub(crate) async fn run(db: &Db) -> Result<(), StoreError> {
    match db {
        Db::Postgres { pool, .. } => {
            // On a connection of its own: the advisory lock belongs to the session, and if a migration fails, closing
            // the session is what releases it.
            let mut connection = PgConnection::connect_with(&pool.connect_options()).await.map_err(from_connecting)?;
            let done = POSTGRES.run_direct(None, &mut connection, false).await.map_err(from_migration);
            connection.close().await.map_err(from_driver)?;
            done
        }
        Db::Sqlite { write, .. } => {
            // There is no lock but the writer's: take it for all of them together.
            let mut transaction = write.begin_with("BEGIN IMMEDIATE").await.map_err(from_driver)?;
            SQLITE.run_direct(None, &mut *transaction, false).await.map_err(from_migration)?;
            transaction.commit().await.map_err(from_driver)
        }
    }
}

/// What [`run`] would apply, as `number name`.
pub(crate) async fn pending(db: &Db) -> Result<Vec<String>, StoreError> {
    let (migrator, applied) = match db {
        Db::Postgres { pool, .. } => {
            let exists = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
            let applied: Vec<i64> = match exists.fetch_one(pool).await.map_err(from_driver)? {
                true => sqlx::query_scalar(APPLIED).fetch_all(pool).await.map_err(from_driver)?,
                false => Vec::new(),
            };
            (&POSTGRES, applied)
        }
        Db::Sqlite { read, .. } => {
            let exists =
                sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations')");
            let applied: Vec<i64> = match exists.fetch_one(read).await.map_err(from_driver)? {
                true => sqlx::query_scalar(APPLIED).fetch_all(read).await.map_err(from_driver)?,
                false => Vec::new(),
            };
            (&SQLITE, applied)
        }
    };
    if let Some(version) = applied.iter().find(|version| !migrator.version_exists(**version)) {
        return Err(from_migration(sqlx::migrate::MigrateError::VersionMissing(*version)));
    }
    let missing = migrator.iter().filter(|migration| !applied.contains(&migration.version));
    Ok(missing.map(|migration| format!("{:04} {}", migration.version, migration.description)).collect())
}
