//! A private Postgres server, made by its own binaries: a socket in a temporary folder and no port, so nothing can
//! collide.
//!
//! A shell is its parent. It starts and kills the server when it is told to, line by line, and when nobody is left to
//! tell it anything it stops the server and removes everything: however this process ends, the pipe closes with it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::disks::SmallDisk;

const OWNER: &str = "dermaga";
const MISSING: &str = "this test needs the programs of a Postgres server (initdb, postgres) in PATH or below \
    /usr/lib/postgresql; on Debian: apt-get install postgresql";
/// How long a server may take to start, to recover or to die.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server promises about commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: quick, for tests that pull no plug.
    None,
    /// What Postgres promises by default: what was acknowledged is on the disk.
    Default,
}

/// How a server is ended without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// SIGKILL to the postmaster, as the kernel does when memory is short. Its children find out by themselves.
    Kill,
    /// SIGQUIT, which is `pg_ctl stop -m immediate`: no checkpoint, so the next start has to recover.
    Immediate,
}

/// A server that may be killed and started again on the same data.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    parent: Mutex<Parent>,
}

#[derive(Debug)]
struct Parent {
    orders: ChildStdin,
    done: mpsc::Receiver<String>,
}

impl Server {
    /// A new one that answers.
    pub async fn start(durability: Durability) -> Self {
        Self::start_beside(durability, None).await
    }

    /// A new one that sees a small disk and may put tablespaces there.
    pub async fn start_on(disk: &SmallDisk) -> Self {
        Self::start_beside(Durability::Default, Some(disk)).await
    }

    async fn start_beside(durability: Durability, disk: Option<&SmallDisk>) -> Self {
        let programs = programs().expect(MISSING);
        let folder = tempfile::Builder::new().prefix("dermaga-pg-").tempdir_in(place(durability));
        let folder = folder.expect("a temporary folder").keep();
        let user = server_user();
        if let Some(user) = &user {
            run(Command::new("chown").arg(user).arg(&folder));
        }
        let data = folder.join("data");
        let mut initdb = as_user(user.as_deref(), &programs.join("initdb"));
        run(initdb.args(["--no-sync", "-A", "trust", "-E", "UTF8", "--locale=C", "-U", OWNER, "-D"]).arg(&data));
        let mut server = as_user(user.as_deref(), &programs.join("postgres"));
        server.arg("-D").arg(&data);
        if durability == Durability::None {
            server.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
        }
        let parent = Mutex::new(Parent::of(&server, &folder, disk));
        let server = Self { folder, parent };
        server.restart().await;
        server
    }

    /// Where a host would find a database of it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{OWNER}@localhost/{database}?host={}", self.folder.display())
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Ends it, without asking its clients. Returns when the postmaster is gone.
    pub fn die(&self, death: Death) {
        self.order(match death {
            Death::Kill => "KILL",
            Death::Immediate => "QUIT",
        });
    }

    /// Starts it again on the same data and waits until it answers.
    pub async fn restart(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut read = self.log().len();
        self.order("start");
        while let Err(error) = PgConnection::connect(&self.url("postgres")).await {
            let log = self.log();
            assert!(Instant::now() < deadline, "Postgres does not start: {error}\n{log}");
            // The children of a killed postmaster may outlive it for a moment; until then nobody may take its place.
            if log[read..].contains("pre-existing shared memory block") {
                read = log.len();
                self.order("start");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Executes SQL as its owner.
    ///
    /// # Errors
    /// What the server says.
    pub async fn execute(&self, database: &str, sql: &str) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect(&self.url(database)).await?;
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
        connection.close().await
    }

    /// The answers to a question of its owner: one number for each row.
    pub async fn numbers(&self, database: &str, sql: &str) -> Vec<i32> {
        let mut connection = PgConnection::connect(&self.url(database)).await.expect("connects");
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.expect("answers")
    }

    fn order(&self, order: &str) {
        let mut parent = self.parent.lock().expect("no panic");
        writeln!(parent.orders, "{order}").expect("the shell listens");
        parent.done.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{order}` takes too long:\n{}", self.log()));
    }
}

impl Parent {
    fn of(server: &Command, folder: &Path, disk: Option<&SmallDisk>) -> Self {
        const SCRIPT: &str = r#"
            folder=$1; shift
            runs=
            postmaster() { head -n 1 "$folder/data/postmaster.pid"; }
            while read -r order; do
                case $order in
                    start)
                        "$@" -c listen_addresses= -c unix_socket_directories="$folder" -c max_connections=300 \
                            -c autovacuum=off </dev/null >>"$folder/log" 2>&1 &
                        runs=yes ;;
                    *)
                        kill "-$order" "$(postmaster)"
                        wait
                        runs= ;;
                esac
                echo done
            done
            if [ "$runs" ]; then kill -QUIT "$(postmaster)"; fi
            wait
            rm -rf "$folder"
        "#;
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(folder).arg(server.get_program()).args(server.get_args());
        let mut shell = match disk {
            Some(disk) => disk.beside(&shell),
            None => shell,
        };
        // Its own process group: an interrupt from the keyboard must leave it alive to clean up.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).current_dir("/");
        let mut shell = shell.spawn().expect("sh starts");
        let orders = shell.stdin.take().expect("piped");
        let stdout = shell.stdout.take().expect("piped");
        let (tell, done) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| tell.send(line).ok());
            let _ = shell.wait();
        });
        Self { orders, done }
    }
}

/// Where a server has its data. One that promises nothing has it in memory if there is room: a database is more than
/// five hundred files, and each test has one of its own. Some file systems take longer to make them than the test takes.
fn place(durability: Durability) -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const ROOM: u64 = 4 << 30;
    let free = || rustix::fs::statvfs(MEMORY).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    if durability == Durability::None && free() >= ROOM { MEMORY.into() } else { std::env::temp_dir() }
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
pub(crate) fn server_user() -> Option<String> {
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

pub(crate) fn as_user(user: Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        }
    }
}

pub(crate) fn run(command: &mut Command) {
    let output = command.current_dir("/").output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
