//! The programs that are measured: released hosts, started as an operator would start them.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::guard::{Ending, Guard};

/// Signs the access tokens of the host and of the world.
pub const JWT_SECRET: &str = "a secret of at least thirty-two characters";
/// Seals the personal data of the world.
pub const PERSONAL_DATA_KEYS: &str = "bench:dGhpcnR5LXR3byBieXRlcyB0aGF0IGFyZSBubyBzZWM=";
/// The token of the trusted service.
pub const SERVICE_TOKEN: &str = "a-service-token-for-measurements";
/// Everything a host is told besides its database and its secrets. They are printed with the results.
pub const SETTINGS: &[(&str, &str)] = &[
    ("DERMAGA_PROFILE", "standalone"),
    // It would measure the limiter.
    ("DERMAGA_RATE_PER_SECOND", "0"),
    ("DERMAGA_LOG", "warn"),
    ("DERMAGA_SHUTDOWN_GRACE", "5"),
];

/// The host that has wallets.
pub const WALLET: &str = "dermaga-wallet";
/// The host that has a door.
pub const DOOR: &str = "dermaga-events";

/// A running host; dropping it stops the program.
#[derive(Debug)]
pub struct Host {
    address: SocketAddr,
    guard: Guard,
}

/// A command of the host on a database, with no settings but ours.
fn command(program: &Path, url: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.envs(SETTINGS.iter().copied()).current_dir(folder);
    command.env("DERMAGA_DATA_DIR", folder).env("DATABASE_URL", url).env("PORT", "0");
    command.env("JWT_SECRET", JWT_SECRET).env("SERVICE_TOKEN", SERVICE_TOKEN);
    command.env("PERSONAL_DATA_KEYS", PERSONAL_DATA_KEYS);
    command
}

impl Host {
    /// Starts serving a database on any free port of the loopback.
    ///
    /// # Errors
    /// What the host says instead of its address.
    pub fn start(program: &Path, url: &str, folder: &Path) -> Result<Self> {
        let command = command(program, url, folder);
        let mut guard = Guard::start(&command, Ending::POLITE, Stdio::piped(), Stdio::piped())?;
        let mut stderr = guard.stderr().context("a pipe")?;
        let log = thread::spawn(move || {
            // Kept flowing, so that a full pipe never stops the host; only the beginning is of use.
            let (mut text, mut rest) = (String::new(), Vec::new());
            let _ = (&mut stderr).take(16_384).read_to_string(&mut text);
            let _ = stderr.read_to_end(&mut rest);
            text
        });
        let stdout = guard.stdout().context("a pipe")?;
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let home = line.trim().strip_prefix("Home").and_then(|rest| rest.trim().strip_prefix("http://"));
                if let Some(address) = home {
                    let _ = tell.send(address.trim_end_matches('/').parse());
                }
            }
        });
        match told.recv_timeout(Duration::from_secs(60)) {
            Ok(address) => Ok(Self { address: address?, guard }),
            Err(_) => {
                guard.stop()?;
                bail!("{} does not start:\n{}", program.display(), log.join().unwrap_or_default())
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it in order and waits for its end.
    ///
    /// # Errors
    /// It does not stop.
    pub fn stop(self) -> Result<()> {
        self.guard.stop()
    }
}

/// Brings the schema of a database up to date.
///
/// # Errors
/// What the host says.
pub fn migrate(program: &Path, url: &str, folder: &Path) -> Result<()> {
    ended_well(command(program, url, folder).arg("migrate")).map(drop)
}

/// Has the books counted again from the journal; answers what the host found, in a line, and how long it took.
///
/// # Errors
/// The books are not whole, or the host cannot say.
pub fn verify(program: &Path, url: &str, folder: &Path) -> Result<(String, Duration)> {
    let start = Instant::now();
    let told = ended_well(command(program, url, folder).arg("verify"))?;
    let took = start.elapsed();
    // Between the first line and the last is the seal, which is of that database alone.
    let mut lines = told.lines();
    let (books, reports) = (lines.next().unwrap_or_default(), lines.next_back().unwrap_or_default());
    Ok((format!("{books} {reports}"), took))
}

fn ended_well(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?}: {told} {}", command.get_program(), complaint.trim());
    Ok(told)
}

/// The released host of that name beside this program, built if it is missing or older than its sources: to measure
/// yesterday's program would be worse than to wait.
///
/// # Errors
/// It cannot be built.
pub fn program(root: &Path, name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let beside = own.parent().context("a program is in a folder")?.join(name);
    let built = fs::metadata(&beside).and_then(|data| data.modified()).ok();
    if built.is_none_or(|built| newest(root).is_some_and(|source| source > built)) {
        ensure!(!cfg!(debug_assertions), "measure a release: cargo run --release -p bench");
        eprintln!("{name} is missing or older than its sources: building it");
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--release", "--workspace"]).current_dir(root);
        ensure!(build.status().context("cargo")?.success(), "the workspace does not build");
    }
    ensure!(beside.is_file(), "{} is not there after the build", beside.display());
    Ok(beside)
}

/// When the youngest source of the host was changed.
fn newest(root: &Path) -> Option<SystemTime> {
    fn below(path: &Path) -> Option<SystemTime> {
        let metadata = fs::metadata(path).ok()?;
        if metadata.is_file() {
            return metadata.modified().ok();
        }
        fs::read_dir(path).ok()?.flatten().filter_map(|entry| below(&entry.path())).max()
    }
    ["Cargo.lock", "ports", "domain", "adapters", "hosts"].iter().filter_map(|part| below(&root.join(part))).max()
}
