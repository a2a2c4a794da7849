//! Opening a database by its URL, and the questions that need no transaction.

use std::{fs, io, path::Path, str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    attendance::AttendanceQueries,
    audit::AuditQueries,
    auth::UserQueries,
    booking::BookingQueries,
    events::EventQueries,
    inventory::InventoryQueries,
    ledger::{Journal, LedgerQueries, Snapshot, TransactionQueries, WalletQueries},
    notifications::NotificationQueries,
    orders::OrderQueries,
    payments::PaymentQueries,
    reports::ReportQueries,
    store::{Store, UnitOfWork},
    webhooks::WebhookQueries,
};
use sqlx::{
    ConnectOptions, Connection, Executor,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tokio::sync::Notify;

use crate::{
    db::Db,
    deadline::in_time,
    desk,
    error::{from_connecting, from_driver},
    lane::{CHECK_AFTER, Lane},
    ledger::{scribe::Scribe, snapshot::SqlSnapshot, teller::Teller},
    migrations,
    personal::PersonalKeys,
    presence::Presence,
    turns::Turns,
    unit_of_work::SqlUnitOfWork,
};

/// What every connection to SQLite is told.
pub(crate) const FILE_SETTINGS: &[(&str, &str)] = &[
    ("foreign_keys", "ON"),
    // The log reaches the disk before a commit is acknowledged.
    ("synchronous", "FULL"),
    ("temp_store", "memory"),
    // Kibibytes: the accounts and the ends of all tables fit in, and the rest is only read.
    ("cache_size", "-65536"),
    // Pages: a checkpoint is work for the writer, so rather a large one now and then; the log grows to 64 MiB.
    ("wal_autocheckpoint", "16384"),
];

/// How to use a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlOptions {
    /// Connections to Postgres. Fewer than its `max_connections` divided by the number of hosts.
    pub connections: u32,
    /// Connections that read from SQLite, beside the one that writes.
    pub readers: u32,
    /// How long to wait for a connection, for the write lock or for a row before the store is called busy.
    pub patience: Duration,
}

impl Default for SqlOptions {
    fn default() -> Self {
        Self { connections: 16, readers: 4, patience: Duration::from_secs(5) }
    }
}

/// The store in SQLite or Postgres. Clones share the connections.
#[derive(Debug, Clone)]
pub struct SqlStore {
    pub(crate) db: Db,
    /// Of Postgres; a file is always there.
    presence: Option<Presence>,
    /// See [`SqlStore::bell`].
    pub(crate) bell: Arc<Notify>,
    /// What personal data is sealed with.
    pub(crate) keys: PersonalKeys,
}

impl SqlStore {
    /// Opens a database: `sqlite:path`, `sqlite://path` or `postgres://..`. A SQLite file that is not there is created,
    /// readable by its owner alone, and so is its folder. The schema is not touched; see [`SqlStore::migrate`]. Personal
    /// data is sealed with the first of the keys and opened with any; whether they are the right ones shows with the
    /// first person who is read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], with the reason.
    pub async fn connect(url: &str, options: SqlOptions, keys: PersonalKeys) -> Result<Self, StoreError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => sqlite(url, options, keys).await,
            Some("postgres" | "postgresql") => postgres(url, options, keys).await,
            _ => Err(StoreError::Unavailable("the URL must begin with sqlite: or postgres:".to_owned())),
        }
    }

    /// Brings the schema up to date. Several hosts may do so at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], also for a database that a newer program has migrated.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        migrations::run(&self.db).await
    }

    /// The migrations that [`SqlStore::migrate`] would apply, as `number name`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], also for a database that a newer program has migrated.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        migrations::pending(&self.db).await
    }

    /// Rings after each commit of this store that left something to tell: an event in the outbox, or lines of the journal.
    /// It rings once for whatever happened since somebody listened; what other hosts commit does not ring here.
    pub fn bell(&self) -> Arc<Notify> {
        self.bell.clone()
    }

    /// Waits for open work and closes all connections. Every later call is [`StoreError::Unavailable`].
    pub async fn close(&self) {
        match &self.db {
            Db::Postgres { pool, append, gather } => {
                pool.close().await;
                append.close().await;
                gather.close().await;
            }
            Db::Sqlite { read, write, append, tell, .. } => {
                append.close().await;
                tell.close().await;
                // The last one to leave merges the write-ahead log into the file, which a reader may not.
                read.close().await;
                write.close().await;
            }
        }
    }
}

async fn sqlite(url: &str, options: SqlOptions, keys: PersonalKeys) -> Result<SqlStore, StoreError> {
    let settings = SqliteConnectOptions::from_str(url)
        .map_err(from_connecting)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(options.patience)
        .statement_cache_capacity(256);
    let settings = FILE_SETTINGS.iter().fold(settings, |settings, (name, value)| settings.pragma(*name, *value));
    let path = settings.get_filename().to_owned();
    if url.contains(":memory:") || url.contains("mode=memory") || path.as_os_str().is_empty() {
        return Err(StoreError::Unavailable("SQLite needs a file: its connections share no memory".to_owned()));
    }
    create_private(&path).map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;

    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(options.patience)
            // A file does not hang up.
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            // A full disk makes SQLite roll back by itself, the driver's own attempt then fails, and it would count
            // one transaction too many for ever.
            .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
    };
    // The writer first: it turns on the write-ahead log, which a reader may not.
    let write = pool().max_connections(1).connect_with(settings.clone()).await.map_err(from_connecting)?;
    let readers = options.readers.max(1);
    let read = pool().max_connections(readers).connect_with(settings.read_only(true)).await.map_err(from_connecting)?;
    let connection = |mode| desk::connect(&path, mode, options.patience, FILE_SETTINGS);
    let append = Arc::new(Scribe::start(connection(desk::WRITES)?)?);
    let tell = Arc::new(Teller::start(connection(desk::READS)?)?);
    let turns = Turns::new(options.patience);
    Ok(SqlStore { db: Db::Sqlite { read, write, turns, append, tell }, presence: None, bell: Arc::default(), keys })
}

/// Creates the file and its folder for their owner alone. SQLite gives its log files the mode of the database.
fn create_private(path: &Path) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    folders.recursive(true);
    let mut file = fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folders.mode(0o700);
        file.mode(0o600);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        folders.create(folder)?;
    }
    match file.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn postgres(url: &str, options: SqlOptions, keys: PersonalKeys) -> Result<SqlStore, StoreError> {
    let settings = PgConnectOptions::from_str(url)
        .map_err(from_connecting)?
        .application_name("dermaga")
        .statement_cache_capacity(256);
    // One connection outside the pool: the pool would try again and again and never say what is wrong.
    let probe = tokio::time::timeout(options.patience, settings.connect()).await;
    let probe = probe.map_err(|_| StoreError::Unavailable("the database does not answer".to_owned()))?;
    probe.map_err(from_connecting)?.close().await.map_err(from_connecting)?;

    let patience = options.patience.as_millis();
    // A host that vanished in the middle of a unit of work must not keep its rows locked for ever.
    let session = format!("SET lock_timeout = {patience}; SET idle_in_transaction_session_timeout = '60s'");
    let lane = || Arc::new(Lane::to(settings.clone(), &session, options.patience));
    let (append, gather) = (lane(), lane());
    let pool = PgPoolOptions::new()
        .max_connections(options.connections.max(1))
        .acquire_timeout(options.patience)
        // The pool asks every connection that comes back how it is; asking it again at once tells nothing new.
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for > CHECK_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        // It asks without end, and a place in the pool is taken meanwhile; so it is asked here before, with an end.
        .after_release(move |connection, _| {
            Box::pin(async move { in_time(options.patience, connection.ping()).await.map(|()| true) })
        })
        .after_connect(move |connection, _| {
            let session = session.clone();
            Box::pin(async move { connection.execute(sqlx::AssertSqlSafe(session)).await.map(drop) })
        })
        .connect_lazy_with(settings.clone());
    let db = Db::Postgres { pool, append, gather };
    Ok(SqlStore { db, presence: Some(Presence::of(settings)), bell: Arc::default(), keys })
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.reachable().await?;
        let (transaction, turn) = self.heard(self.db.begin().await).await?;
        Ok(Box::new(SqlUnitOfWork::new(transaction, turn, self.bell.clone(), self.keys.clone())))
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.reachable().await?;
        let transaction = self.heard(self.db.begin_snapshot().await).await?;
        Ok(Box::new(SqlSnapshot::new(SqlUnitOfWork::new(transaction, None, self.bell.clone(), self.keys.clone()))))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let answer: Result<i32, StoreError> = on_read!(self, |x| sqlx::query_scalar("SELECT 1").fetch_one(x).await);
        answer.map(drop)
    }

    fn users(&self) -> &dyn UserQueries {
        self
    }

    fn ledger(&self) -> &dyn LedgerQueries {
        self
    }

    fn journal(&self) -> &dyn Journal {
        self
    }

    fn wallets(&self) -> &dyn WalletQueries {
        self
    }

    fn transactions(&self) -> &dyn TransactionQueries {
        self
    }

    fn payments(&self) -> &dyn PaymentQueries {
        self
    }

    fn audit(&self) -> &dyn AuditQueries {
        self
    }

    fn notifications(&self) -> &dyn NotificationQueries {
        self
    }

    fn events(&self) -> &dyn EventQueries {
        self
    }

    fn webhooks(&self) -> &dyn WebhookQueries {
        self
    }

    fn inventory(&self) -> &dyn InventoryQueries {
        self
    }

    fn orders(&self) -> &dyn OrderQueries {
        self
    }

    fn bookings(&self) -> &dyn BookingQueries {
        self
    }

    fn reports(&self) -> &dyn ReportQueries {
        self
    }

    fn attendance(&self) -> &dyn AttendanceQueries {
        self
    }
}

impl SqlStore {
    /// Whether it makes sense to wait for a connection.
    pub(crate) async fn reachable(&self) -> Result<(), StoreError> {
        match &self.presence {
            Some(presence) => presence.check().await,
            None => Ok(()),
        }
    }

    /// What the database answered; or why there was no connection, or what went wrong with it.
    pub(crate) async fn heard<T>(&self, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        match (done, &self.presence) {
            (Ok(answer), _) => Ok(answer),
            (Err(sqlx::Error::PoolTimedOut), Some(presence)) => Err(presence.why().await),
            (Err(error), _) => Err(from_driver(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no other test can see without pulling the plug.
    #[tokio::test]
    async fn sqlite_commits_are_on_the_disk_and_its_readers_read_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}/dermaga.db", folder.path().display());
        let keys = format!("a:{}=", "A".repeat(43)).parse().expect("a key");
        let store = SqlStore::connect(&url, SqlOptions::default(), keys).await.expect("connects");
        let Db::Sqlite { read, write, .. } = &store.db else { panic!("SQLite") };
        let pragma = async |name: &'static str| -> i64 {
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("PRAGMA {name}"))).fetch_one(write).await.expect("answers")
        };
        // 2 is FULL.
        assert_eq!(pragma("synchronous").await, 2);
        assert_eq!(pragma("foreign_keys").await, 1);
        assert_eq!(pragma("busy_timeout").await, 5_000);
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(write).await.expect("answers");
        assert_eq!(mode, "wal");
        let refused = sqlx::query("CREATE TABLE t (n INTEGER)").execute(read).await.map_err(from_driver).map(drop);
        assert_eq!(refused, Err(StoreError::Unavailable("the database is read-only".to_owned())));
    }

    /// Over another connection SQLite would wait too, but out of turn.
    #[tokio::test]
    async fn a_unit_of_work_has_the_turn_until_it_ends_and_a_snapshot_has_none() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}/dermaga.db", folder.path().display());
        let keys = format!("a:{}=", "A".repeat(43)).parse().expect("a key");
        let options = SqlOptions { patience: Duration::from_millis(50), ..SqlOptions::default() };
        let store = SqlStore::connect(&url, options, keys).await.expect("connects");
        let Db::Sqlite { turns, .. } = &store.db else { panic!("SQLite") };
        let unit = store.begin().await.expect("begins");
        assert!(matches!(turns.next().await, Err(sqlx::Error::PoolTimedOut)));
        unit.commit().await.expect("commits");
        let dropped = store.begin().await.expect("begins");
        drop(dropped);
        let _snapshot = store.snapshot().await.expect("begins");
        turns.next().await.expect("both have ended, and who only reads takes none");
    }
}
