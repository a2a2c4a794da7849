//! The drivers' errors in the store's own words: nothing else in this crate looks into them.
//!
//! The kind of a failure comes from codes: SQLSTATE, SQLite's result code, the name of a constraint. Only for unique
//! rules on SQLite there is no name; its message lists the columns instead.

use dermaga_ports::{StoreError, Unique, error::Entity};
use sqlx::{
    error::{DatabaseError, ErrorKind},
    migrate::MigrateError,
    sqlite::SqliteError,
};

/// Each unique rule: its name in Postgres, its columns as SQLite lists them, and what the port calls it.
const UNIQUE_RULES: [(&str, &str, Unique); 18] = [
    ("users_pkey", "users.id", Unique::Id),
    ("users_email", "users.email_digest", Unique::UserEmail),
    ("users_username", "users.username", Unique::UserUsername),
    ("sessions_pkey", "sessions.id", Unique::Id),
    ("refresh_tokens_pkey", "refresh_tokens.digest", Unique::Id),
    ("ledger_accounts_pkey", "ledger_accounts.id", Unique::Id),
    ("ledger_accounts_code", "ledger_accounts.code", Unique::Id),
    ("ledger_transfers_pkey", "ledger_transfers.id", Unique::Id),
    ("wallets_pkey", "wallets.id", Unique::Id),
    ("wallets_name", "wallets.owner, wallets.currency, wallets.name", Unique::WalletName),
    ("transactions_pkey", "transactions.id", Unique::Id),
    ("outbox_id", "outbox.id", Unique::Id),
    ("audit_entries_pkey", "audit_entries.id", Unique::Id),
    ("notifications_pkey", "notifications.id", Unique::Id),
    (
        "notifications_cause",
        "notifications.cause, notifications.template, notifications.user_id",
        Unique::NotificationCause,
    ),
    ("webhook_endpoints_pkey", "webhook_endpoints.id", Unique::Id),
    ("reports_pkey", "reports.id", Unique::Id),
    ("reports_transaction", "reports.user_id, reports.transaction_id", Unique::Reference),
];

/// What a driver's error means to whoever called the store.
pub(crate) fn from_driver(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => from_database(error.as_ref()),
        sqlx::Error::PoolTimedOut => StoreError::Busy,
        sqlx::Error::PoolClosed => StoreError::Unavailable("the store is closed".to_owned()),
        sqlx::Error::Io(error) => StoreError::Unavailable(format!("connection: {}", error.kind())),
        sqlx::Error::Migrate(error) => from_migration(*error),
        error @ (sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Configuration(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::InvalidSavePointStatement
        | sqlx::Error::BeginFailed) => StoreError::Unavailable(error.to_string()),
        // What is left is about a row that does not have the columns or the values it should have.
        error => StoreError::Corrupt(error.to_string()),
    }
}

/// The same for migrations.
pub(crate) fn from_migration(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => from_driver(error),
        MigrateError::VersionMissing(version) => {
            StoreError::Unavailable(format!("the database is newer than this program (it has migration {version})"))
        }
        MigrateError::VersionMismatch(version) => {
            StoreError::Unavailable(format!("migration {version} was changed after it was applied"))
        }
        error => StoreError::Unavailable(error.to_string()),
    }
}

/// While connecting nothing can be busy: whatever is wrong, there is no store.
pub(crate) fn from_connecting(error: sqlx::Error) -> StoreError {
    match from_driver(error) {
        StoreError::Busy => StoreError::Unavailable("the database does not answer".to_owned()),
        StoreError::Corrupt(reason) => StoreError::Unavailable(reason),
        error => error,
    }
}

/// What an error of a connection to SQLite means that is not the pool's: see `desk.rs`.
pub(crate) fn from_file(error: rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return StoreError::Corrupt(error.to_string());
    };
    let message = message.clone().unwrap_or_else(|| error.to_string());
    match failure.extended_code {
        // PRIMARYKEY, UNIQUE
        1555 | 2067 => unique(&message),
        code => from_sqlite(code, &message),
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    match error.kind() {
        ErrorKind::UniqueViolation => return from_unique(error),
        ErrorKind::ForeignKeyViolation
        | ErrorKind::NotNullViolation
        | ErrorKind::CheckViolation
        | ErrorKind::ExclusionViolation => return StoreError::Corrupt(error.to_string()),
        _ => {}
    }
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        from_sqlite(code.parse().unwrap_or_default(), error.message())
    } else {
        from_sqlstate(&code, error)
    }
}

fn from_unique(error: &dyn DatabaseError) -> StoreError {
    let Some(constraint) = error.constraint() else { return unique(error.message()) };
    let rule = UNIQUE_RULES.iter().find(|(name, _, _)| *name == constraint);
    rule.map_or_else(|| unknown_rule(error.message()), |(_, _, unique)| StoreError::Conflict(*unique))
}

/// By the columns at the end of SQLite's message.
fn unique(message: &str) -> StoreError {
    let columns = message.rsplit(": ").next().unwrap_or_default();
    let rule = UNIQUE_RULES.iter().find(|(_, listed, _)| *listed == columns);
    rule.map_or_else(|| unknown_rule(message), |(_, _, unique)| StoreError::Conflict(*unique))
}

/// A rule that no caller can run into by what a person asks for: two defaults, two entries of one moment.
fn unknown_rule(message: &str) -> StoreError {
    StoreError::Corrupt(message.to_owned())
}

/// By SQLite's result code; its low byte is the primary one (<https://sqlite.org/rescode.html>).
fn from_sqlite(code: i32, message: &str) -> StoreError {
    match code & 0xff {
        // BUSY, LOCKED, INTERRUPT
        5 | 6 | 9 => StoreError::Busy,
        8 => StoreError::Unavailable("the database is read-only".to_owned()),
        10 => StoreError::Unavailable("the disk failed".to_owned()),
        13 => StoreError::Unavailable("the disk is full".to_owned()),
        14 => StoreError::Unavailable("the database file cannot be opened".to_owned()),
        // CORRUPT, TOOBIG, CONSTRAINT (what is left of it: triggers), MISMATCH, NOTADB
        11 | 18 | 19 | 20 | 26 => StoreError::Corrupt(message.to_owned()),
        _ => StoreError::Unavailable(message.to_owned()),
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn from_sqlstate(code: &str, error: &dyn DatabaseError) -> StoreError {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available, query_canceled, too_many_connections
        "40001" | "40P01" | "55P03" | "57014" | "53300" => StoreError::Busy,
        // Our own: see ledger_store in the migrations.
        "DM001" => StoreError::Stale(Entity::Account),
        "25006" => StoreError::Unavailable("the database is read-only".to_owned()),
        "53100" => StoreError::Unavailable("the disk is full".to_owned()),
        // Data exceptions, what is left of the integrity constraints, and our triggers (P0001).
        _ if code.starts_with("22") || code.starts_with("23") || code == "P0001" => {
            StoreError::Corrupt(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}
