//! Databases to test on: fresh, migrated, private to one test, and gone afterwards.
//!
//! SQLite is a file in a temporary folder. Postgres is one private cluster for each test process, made by its own
//! binaries on first use: a socket in a temporary folder and no port, so nothing can collide. It runs without fsync,
//! because no test here pulls the plug. A shell that holds the other end of a pipe stops it: however this process
//! ends, the pipe closes with it.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use dermaga_sql::{SqlOptions, SqlStore};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
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
        SqlStore::connect(&self.url, options).await.expect("connects")
    }

    /// Removes the database. One that is dropped without this goes with the process.
    pub async fn dispose(self) {
        self.store.close().await;
        if self.engine == Engine::Postgres {
            cluster().execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.expect("drops");
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
        let store = SqlStore::connect(&url, options).await.expect("connects");
        Self { engine: Engine::Sqlite, url, store, name: "main".to_owned(), folder: Some(folder) }
    }

    async fn postgres(template: Option<&str>, options: SqlOptions) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let cluster = cluster();
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        cluster.execute(&format!("CREATE DATABASE {name}{template}")).await.expect("creates");
        let url = cluster.url(&name);
        let store = SqlStore::connect(&url, options).await.expect("connects");
        Self { engine: Engine::Postgres, url, store, name, folder: None }
    }
}

const TEMPLATE: &str = "dermaga_template";
const OWNER: &str = "dermaga";
const MISSING: &str = "this test needs the programs of a Postgres server (initdb, postgres) in PATH or below \
    /usr/lib/postgresql; on Debian: apt-get install postgresql";

struct Cluster {
    folder: PathBuf,
}

/// The cluster of this process.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    // On a thread of its own, because it waits for processes and has a runtime of its own.
    CLUSTER.get_or_init(|| thread::spawn(Cluster::start).join().expect("a Postgres cluster"))
}

impl Cluster {
    fn start() -> Self {
        let programs = programs().expect(MISSING);
        let folder = tempfile::Builder::new().prefix("dermaga-pg-").tempdir().expect("a temporary folder").keep();
        let cluster = Self { folder };
        let user = server_user();
        if let Some(user) = &user {
            run(Command::new("chown").arg(user).arg(&cluster.folder));
        }
        let data = cluster.folder.join("data");
        let mut initdb = as_user(user.as_deref(), &programs.join("initdb"));
        run(initdb.args(["--no-sync", "-A", "trust", "-E", "UTF8", "--locale=C", "-U", OWNER, "-D"]).arg(&data));
        cluster.guard(as_user(user.as_deref(), &programs.join("postgres")).arg("-D").arg(&data));
        cluster.wait_until_ready();
        cluster
    }

    /// Starts the server under a shell that waits for the end of this process and then stops and removes everything.
    fn guard(&self, server: &Command) {
        const SCRIPT: &str = r#"
            folder=$1; shift
            "$@" -c listen_addresses= -c unix_socket_directories="$folder" -c max_connections=300 \
                -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
                </dev/null >"$folder/log" 2>&1 &
            while read -r _; do :; done
            kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null
            wait
            rm -rf "$folder"
        "#;
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(&self.folder).arg(server.get_program()).args(server.get_args());
        // Its own process group: an interrupt from the keyboard must leave it alive to clean up.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let shell = shell.spawn().expect("sh starts");
        // Never closed by hand: the end of the process closes it.
        static PIPE: OnceLock<std::process::Child> = OnceLock::new();
        assert!(PIPE.set(shell).is_ok(), "one cluster for each process");
    }

    fn wait_until_ready(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let deadline = Instant::now() + Duration::from_secs(60);
            while let Err(error) = PgConnection::connect(&self.url("postgres")).await {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                assert!(Instant::now() < deadline, "Postgres does not start: {error}\n{log}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            self.execute(&format!("CREATE DATABASE {TEMPLATE}")).await.expect("creates");
            let store = SqlStore::connect(&self.url(TEMPLATE), OPTIONS).await.expect("connects");
            store.migrate().await.expect("migrates");
            store.close().await;
        });
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://{OWNER}@localhost/{database}?host={}", self.folder.display())
    }

    async fn execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
        connection.close().await
    }
}

/// The folder of the server's programs: what is in PATH, or else the newest of Debian's versions.
fn programs() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).find(complete);
    let newest = || {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path());
        let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = versions.filter(|folder| complete(&folder.join("bin"))).max_by_key(number)?;
        Some(newest.join("bin"))
    };
    in_path.or_else(newest)
}

/// Postgres refuses to run as root: then somebody without rights runs it.
fn server_user() -> Option<String> {
    let answer = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if answer(&["-u"])? != "0" {
        return None;
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| answer(&["-u", user]).is_some());
    Some(user.expect("a user besides root who can run Postgres: postgres or nobody").to_owned())
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        }
    }
}

fn run(command: &mut Command) {
    let output = command.current_dir("/").output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
