//! Programs that end with this one.
//!
//! A benchmark that is interrupted must not leave a database or a host behind. So each server runs under a shell that
//! reads from a pipe whose other end only this process holds: however this process ends, even by `kill -9`, the pipe
//! closes, and the shell stops the server by its process id and removes what it left.

use std::{
    ffi::OsStr,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// `$1` is the signal that stops the server, `$2` a file that begins with its process id (or nothing), `$3` a folder to
/// remove afterwards (or nothing), and the rest is the server.
const SCRIPT: &str = r#"
    signal=$1; file=$2; folder=$3; shift 3
    "$@" </dev/null &
    pid=$!
    exec >/dev/null 2>&1
    while read -r _; do :; done
    if [ -n "$file" ] && [ -r "$file" ]; then read -r pid <"$file"; fi
    kill "-$signal" "$pid"
    wait
    if [ -n "$folder" ]; then /bin/rm -rf "$folder"; fi
"#;

/// How a server is stopped.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// The signal, without `SIG`.
    pub signal: &'a str,
    /// A file that begins with the process id, if the program we start is not the one that serves.
    pub pid_file: Option<&'a Path>,
    /// What to remove afterwards.
    pub remove: Option<&'a Path>,
}

impl Ending<'_> {
    /// Asked politely, and nothing to tidy up.
    pub const POLITE: Self = Self { signal: "TERM", pid_file: None, remove: None };
}

/// A running server; dropping it stops the server.
#[derive(Debug)]
pub struct Guard {
    shell: Child,
}

impl Guard {
    /// Starts a server as `command` says (its program, arguments, environment and folder). What it prints can be read
    /// from `stdout` and `stderr` if they are pipes.
    ///
    /// # Errors
    /// There is no shell.
    pub fn start(command: &Command, ending: Ending<'_>, stdout: Stdio, stderr: Stdio) -> Result<Self> {
        let path = |path: Option<&Path>| path.map_or_else(Default::default, |path| path.as_os_str().to_owned());
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", SCRIPT, "sh", ending.signal]).args([path(ending.pid_file), path(ending.remove)]);
        shell.arg(command.get_program()).args(command.get_args());
        // A host must not be changed by what somebody has exported; what it needs is set on the command.
        shell.env_clear().envs(std::env::vars_os().filter(|(name, _)| ["PATH", "HOME"].iter().any(|one| name == one)));
        for (name, value) in command.get_envs() {
            shell.env(name, value.unwrap_or(OsStr::new("")));
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        // Its own process group: an interrupt from the keyboard must leave it alive to clean up.
        shell.process_group(0).stdin(Stdio::piped()).stdout(stdout).stderr(stderr);
        Ok(Self { shell: shell.spawn().context("/bin/sh does not start")? })
    }

    /// What the server prints.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.shell.stdout.take()
    }

    /// What the server complains about.
    pub fn stderr(&mut self) -> Option<ChildStderr> {
        self.shell.stderr.take()
    }

    /// Stops the server and waits until it has ended and is tidied up.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        drop(self.shell.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.shell.try_wait()?.is_none() {
            if Instant::now() > deadline {
                bail!("a server does not stop");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("bench: {error}");
        }
    }
}
