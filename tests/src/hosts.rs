//! Host binaries to test: started on a free port with their own data folder, stopped when the test ends.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::databases::PERSONAL_DATA_KEYS;

/// The administrator of every host that is started here.
pub const ADMIN_PASSWORD: &str = "administrator";
/// The committee member.
pub const COMMITTEE_PASSWORD: &str = "committee";
/// The token of the trusted service.
pub const SERVICE_TOKEN: &str = "a-service-token-for-tests";
/// Signs the access tokens.
pub const JWT_SECRET: &str = "a secret of at least thirty-two characters";

/// A running host.
pub struct Host {
    child: Child,
    address: SocketAddr,
    folder: Folder,
    log: Log,
}

/// What a host has said on standard error so far.
type Log = Arc<Mutex<String>>;

/// A data folder that outlives a host.
#[derive(Clone)]
pub struct Folder(Arc<TempDir>);

impl Folder {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it makes a folder, which is no default")]
    pub fn new() -> Self {
        Self(Arc::new(tempfile::tempdir().expect("a temporary folder")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The file of a host binary: beside the test's own, where `cargo test --workspace` puts it.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a running test has a file");
    let target = own.parent().and_then(Path::parent).expect("tests are in <target>/<profile>/deps");
    let path = target.join(name);
    assert!(path.is_file(), "{} is not there: build it with `cargo build --workspace`", path.display());
    path
}

/// A command of a host, with a data folder of its own, any free port and no settings from outside.
pub fn command(name: &str, folder: &Folder) -> Command {
    let mut command = Command::new(binary(name));
    command
        .env_clear()
        .env("DERMAGA_DATA_DIR", folder.path())
        .env("PORT", "0")
        .env("DERMAGA_RATE_PER_SECOND", "0")
        .env("JWT_SECRET", JWT_SECRET)
        .env("PERSONAL_DATA_KEYS", PERSONAL_DATA_KEYS)
        .env("SERVICE_TOKEN", SERVICE_TOKEN)
        .env("ADMIN_PASSWORD", ADMIN_PASSWORD)
        .env("COMMITTEE_PASSWORD", COMMITTEE_PASSWORD)
        .current_dir(folder.path());
    command
}

/// How long a command of a host may take.
const COMMAND_PATIENCE: Duration = Duration::from_secs(120);

/// Runs a command of a host to its end.
pub fn run(command: &mut Command, input: &str) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    let pid = child.id();
    // Whoever ends early, with a mistake to tell, reads nothing.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait_with_output()));
    let output = told.recv_timeout(COMMAND_PATIENCE).unwrap_or_else(|_| {
        let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        panic!("{command:?} does not end");
    });
    output.expect("ends")
}

impl Host {
    /// The suite with demo data in a folder of its own.
    pub fn suite() -> Self {
        Self::start("dermaga", Folder::new(), &[])
    }

    /// A host on a folder, with further settings.
    pub fn start(name: &str, folder: Folder, settings: &[(&str, &str)]) -> Self {
        let mut command = command(name, &folder);
        command.envs(settings.iter().copied());
        Self::launch(command, folder)
    }

    /// A host on a folder, started by a command that says everything else.
    pub fn launch(mut command: Command, folder: Folder) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let stderr = child.stderr.take().expect("piped");
        let log = Log::default();
        let writing = log.clone();
        let logging = thread::spawn(move || {
            // Kept flowing, so that a full pipe never stops the host.
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = writing.lock().expect("no panic");
                log.push_str(&line);
                log.push('\n');
            }
        });
        let stdout = child.stdout.take().expect("piped");
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let home = line.trim().strip_prefix("Home").and_then(|rest| rest.trim().strip_prefix("http://"));
                if let Some(address) = home {
                    let _ = tell.send(address.trim_end_matches('/').parse::<SocketAddr>());
                }
            }
        });
        match told.recv_timeout(Duration::from_secs(60)) {
            Ok(Ok(address)) => Self { child, address, folder, log },
            other => {
                let _ = child.kill();
                let _ = child.wait();
                let _ = logging.join();
                panic!("{command:?} did not start ({other:?}):\n{}", log.lock().expect("no panic"));
            }
        }
    }

    /// The address of a path of the host.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its data folder.
    pub fn folder(&self) -> Folder {
        self.folder.clone()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no panic").clone()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without warning, as a power cut would.
    pub fn kill(mut self) -> Folder {
        self.child.kill().expect("is running");
        self.child.wait().expect("ends");
        self.folder.clone()
    }

    /// Asks it to stop and waits until it has; answers whether it ended well.
    pub fn stop(mut self) -> (Folder, bool) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(asked.success());
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return (self.folder.clone(), status.success());
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the host does not stop");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
