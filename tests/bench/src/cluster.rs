//! A private Postgres that is as durable as one in production.
//!
//! The baseline and the hosts use the same cluster with the same settings, each in a database of its own, so neither
//! has an advantage that the other has not. Everything that makes a commit survive a power cut is on; a benchmark
//! without that measures memory. It listens on a socket in its own folder and on no port, so it cannot collide.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::guard::{Ending, Guard};

/// Durable, with room for what is measured: two cores and a journal of some gigabytes. They are printed with the
/// results.
pub const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "1GB"),
    ("wal_compression", "on"),
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "15min"),
    ("max_connections", "200"),
];

/// Owns every database of the cluster.
pub const OWNER: &str = "dermaga";

const MISSING: &str = "the benchmark needs the programs of a Postgres server (initdb, postgres, pgbench) in PATH or \
    below /usr/lib/postgresql; on Debian: apt-get install postgresql";

/// A running cluster; dropping it stops the server and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    _guard: Guard,
}

impl Cluster {
    /// Makes and starts a cluster below `work`, which goes away with it.
    ///
    /// # Errors
    /// There are no programs of Postgres, or the server does not start.
    pub async fn start(work: &Path) -> Result<Self> {
        let programs = programs().context(MISSING)?;
        let folder = work.join("postgres");
        fs::create_dir(&folder)?;
        // The server's user has to get through to its own folder, and nobody needs to see what else is there.
        fs::set_permissions(work, fs::Permissions::from_mode(0o711))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        let user = server_user()?;
        if let Some(user) = &user {
            run(Command::new("chown").arg(user).arg(&folder))?;
        }
        let (data, log) = (folder.join("data"), folder.join("log"));
        let mut initdb = as_user(user.as_deref(), &programs.join("initdb"));
        run(initdb.args(["-A", "trust", "-E", "UTF8", "--locale=C", "-U", OWNER, "-D"]).arg(&data))?;

        let mut server = as_user(user.as_deref(), &programs.join("postgres"));
        server.arg("-D").arg(&data).current_dir("/");
        server.args(["-c", "listen_addresses="]).arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
        for (name, value) in SETTINGS {
            server.arg("-c").arg(format!("{name}={value}"));
        }
        let pid_file = data.join("postmaster.pid");
        // Fast shutdown: it ends sessions instead of waiting for them, and is still in order.
        let ending = Ending { signal: "INT", pid_file: Some(&pid_file), remove: Some(work) };
        let output = fs::File::create(&log)?;
        let guard = Guard::start(&server, ending, output.try_clone()?.into(), output.into())?;
        let cluster = Self { programs, folder, _guard: guard };
        cluster.wait_until_ready().await?;
        Ok(cluster)
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(error) = PgConnection::connect(&self.url("postgres")).await {
            ensure!(Instant::now() < deadline, "Postgres does not start: {error}\n{}", self.log_since(0)?);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Where a program finds a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{OWNER}@localhost/{database}?host={}", self.folder.display())
    }

    /// A program of this Postgres, told where the cluster is.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.arg("-h").arg(&self.folder).args(["-U", OWNER]);
        command
    }

    /// What the server says it is.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn version(&self) -> Result<String> {
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        Ok(sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?)
    }

    /// Runs statements.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&self, database: &str, sql: &str) -> Result<()> {
        let mut connection = PgConnection::connect(&self.url(database)).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.with_context(|| sql.to_owned())?;
        connection.close().await?;
        Ok(())
    }

    /// Asks for one number.
    ///
    /// # Errors
    /// What the database says.
    pub async fn number(&self, database: &str, sql: &str) -> Result<i64> {
        let mut connection = PgConnection::connect(&self.url(database)).await?;
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await;
        number.with_context(|| sql.to_owned())
    }

    /// Makes a database, as a copy of another one or empty.
    ///
    /// # Errors
    /// What the database says.
    pub async fn create(&self, database: &str, template: Option<&str>) -> Result<()> {
        let template = template.unwrap_or("template1");
        self.execute("postgres", &format!("CREATE DATABASE {database} TEMPLATE {template}")).await
    }

    /// Removes a database.
    ///
    /// # Errors
    /// What the database says.
    pub async fn remove(&self, database: &str) -> Result<()> {
        self.execute("postgres", &format!("DROP DATABASE {database} WITH (FORCE)")).await
    }

    /// Writes everything that is only in memory and in the log to its place.
    ///
    /// # Errors
    /// What the database says.
    pub async fn checkpoint(&self) -> Result<()> {
        self.execute("postgres", "CHECKPOINT").await
    }

    /// How long the server's log is now; see [`Cluster::log_since`].
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn log_length(&self) -> Result<usize> {
        Ok(fs::read(self.folder.join("log"))?.len())
    }

    /// What the server has logged since.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn log_since(&self, length: usize) -> Result<String> {
        let log = fs::read(self.folder.join("log"))?;
        Ok(String::from_utf8_lossy(log.get(length..).unwrap_or_default()).into_owned())
    }
}

/// The folder of the server's programs: what is in PATH, or else the newest of Debian's versions.
fn programs() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| ["initdb", "postgres", "pgbench"].iter().all(|name| folder.join(name).is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(complete).or_else(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path());
        let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = versions.filter(|folder| complete(&folder.join("bin"))).max_by_key(number)?;
        Some(newest.join("bin"))
    })
}

/// Postgres refuses to run as root: then somebody without rights runs it.
fn server_user() -> Result<Option<String>> {
    let answer = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if answer(&["-u"]).as_deref() != Some("0") {
        return Ok(None);
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| answer(&["-u", user]).is_some());
    Ok(Some(user.context("there is no user besides root who can run Postgres: postgres or nobody")?.to_owned()))
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

fn run(command: &mut Command) -> Result<()> {
    let output = command.current_dir("/").stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
