//! Databases to test on: fresh, migrated, private to one test, and gone afterwards.
//!
//! SQLite is a file in a temporary folder. Postgres is one private server for each test process, started on first use.
//! It runs without fsync, because who pulls the plug has a server of their own; see [`crate::postgres`].

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use dermaga_sql::{PersonalKeys, SqlOptions, SqlStore};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

use crate::postgres::{Durability, Server};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// Both.
    pub const ALL: [Engine; 2] = [Self::Sqlite, Self::Postgres];
}

/// A database of one test.
#[derive(Debug)]
pub struct Database {
    pub engine: Engine,
    /// Where a host would find it.
    pub url: String,
    pub store: SqlStore,
    name: String,
    folder: Option<TempDir>,
}

/// Few connections, so that many tests fit into one cluster; little patience, so that none of them hangs.
pub const OPTIONS: SqlOptions = SqlOptions { connections: 5, readers: 2, patience: Duration::from_secs(10) };

/// What personal data is sealed with wherever a test does not say otherwise.
pub const PERSONAL_DATA_KEYS: &str = "tests:dGhpcnR5LXR3byBieXRlcyB0aGF0IGFyZSBubyBzZWM=";

/// The same, read.
pub fn personal_keys() -> PersonalKeys {
    PERSONAL_DATA_KEYS.parse().expect("a key")
}

impl Database {
    /// A database with the schema of today.
    pub async fn migrated(engine: Engine) -> Self {
        let database = match engine {
            Engine::Sqlite => Self::sqlite(OPTIONS).await,
            Engine::Postgres => Self::postgres(Some(TEMPLATE), OPTIONS).await,
        };
        database.store.migrate().await.expect("migrates");
        database
    }

    /// A database without a schema.
    pub async fn empty(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite(OPTIONS).await,
            Engine::Postgres => Self::postgres(None, OPTIONS).await,
        }
    }

    /// Another store on the same database, as a second host would have it.
    pub async fn second_store(&self, options: SqlOptions) -> SqlStore {
        SqlStore::connect(&self.url, options, personal_keys()).await.expect("connects")
    }

    /// The same with other keys of personal data.
    pub async fn store_with(&self, keys: &str) -> SqlStore {
        SqlStore::connect(&self.url, OPTIONS, keys.parse().expect("keys")).await.expect("connects")
    }

    /// Everything that is stored, byte for byte: a SQLite database's files, the rows of all tables as Postgres shows them.
    pub async fn everything(&self) -> Vec<u8> {
        match self.engine {
            Engine::Sqlite => {
                let path = self.url.trim_start_matches("sqlite://");
                let files = ["", "-wal"].map(|suffix| std::fs::read(format!("{path}{suffix}")).expect("is there"));
                files.concat()
            }
            Engine::Postgres => {
                let mut all = String::new();
                for table in self.texts("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").await {
                    all.extend(self.texts(&format!("SELECT t::text FROM {table} t")).await);
                }
                all.into_bytes()
            }
        }
    }

    /// Removes the database. One that is dropped without this goes with the process.
    pub async fn dispose(self) {
        self.store.close().await;
        if self.engine == Engine::Postgres {
            cluster().execute("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.expect("drops");
        }
        drop(self.folder);
    }

    /// Executes SQL behind the store's back.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&self, sql: &str) -> Result<u64, String> {
        let sql = AssertSqlSafe(sql.to_owned());
        let done = match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("connects");
                sqlx::query(sql).execute(&mut connection).await.map(|done| done.rows_affected())
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("connects");
                sqlx::query(sql).execute(&mut connection).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|error| error.to_string())
    }

    /// The answers to a question behind the store's back: one text for each row, from its first column.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("connects");
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("answers");
                rows.iter().map(|row| row.get(0)).collect()
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("connects");
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("answers");
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    async fn sqlite(options: SqlOptions) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/dermaga.db", folder.path().display());
        let store = SqlStore::connect(&url, options, personal_keys()).await.expect("connects");
        Self { engine: Engine::Sqlite, url, store, name: "main".to_owned(), folder: Some(folder) }
    }

    async fn postgres(template: Option<&str>, options: SqlOptions) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let cluster = cluster();
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        cluster.execute("postgres", &format!("CREATE DATABASE {name}{template}")).await.expect("creates");
        let url = cluster.url(&name);
        let store = SqlStore::connect(&url, options, personal_keys()).await.expect("connects");
        Self { engine: Engine::Postgres, url, store, name, folder: None }
    }
}

const TEMPLATE: &str = "dermaga_template";

/// The cluster of this process, with an empty database of today's schema to copy.
fn cluster() -> &'static Server {
    static CLUSTER: OnceLock<Server> = OnceLock::new();
    // On a thread of its own, because it has a runtime of its own.
    CLUSTER.get_or_init(|| thread::spawn(start).join().expect("a Postgres cluster"))
}

fn start() -> Server {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = Server::start(Durability::None).await;
        server.execute("postgres", &format!("CREATE DATABASE {TEMPLATE}")).await.expect("creates");
        let store = SqlStore::connect(&server.url(TEMPLATE), OPTIONS, personal_keys()).await.expect("connects");
        store.migrate().await.expect("migrates");
        store.close().await;
        server
    })
}
