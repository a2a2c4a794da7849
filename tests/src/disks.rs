//! Disks that fill up.
//!
//! [`SmallDisk`] is a real file system that is really full: a tmpfs in a mount namespace of its own, which nobody else
//! sees and which goes with its last process. Root may make one, and so may everybody where the kernel hands out user
//! namespaces; a container may forbid both.
//!
//! [`Ceiling`] needs no rights: a limit on the size of files, which a running process gets and loses again. Writes fail
//! with EFBIG instead of ENOSPC, so a database cannot tell that it is the room that is missing.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, ErrorKind, Write},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::postgres::{as_user, run, server_user};

/// A file system with little room.
#[derive(Debug)]
pub struct SmallDisk {
    /// Holds the namespace until its input is closed, which the end of this process does.
    holder: Child,
    /// Where it is, inside.
    place: PathBuf,
}

impl SmallDisk {
    /// One of so many MiB.
    ///
    /// # Errors
    /// Why this machine does not allow it.
    pub fn new(mebibytes: u32) -> Result<Self, String> {
        let place = tempfile::Builder::new().prefix("dermaga-disk-").tempdir().expect("a temporary folder").keep();
        // The folder below is removed last: it stays empty, and the mount over it is seen by nobody else.
        const SCRIPT: &str = r#"
            mount -t tmpfs -o size="$2"m,mode=1777 dermaga-tests "$1" && echo mounted
            while read -r _; do :; done
            umount -l "$1"; rmdir "$1"
        "#;
        let mut holder = Command::new("unshare");
        holder.args(own_namespace()).args(["sh", "-c", SCRIPT, "sh"]).arg(&place).arg(mebibytes.to_string());
        holder.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut holder = holder.spawn().map_err(|error| format!("unshare: {error}"))?;
        let mut told = String::new();
        let stdout = holder.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut told).expect("a text");
        if told.trim() != "mounted" {
            let output = holder.wait_with_output().expect("ends");
            let _ = fs::remove_dir(&place);
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(Self { holder, place })
    }

    /// Where it is for whoever was started [`SmallDisk::beside`] it.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// A folder on it that a Postgres server may use.
    pub fn server_folder(&self, name: &str) -> PathBuf {
        let seen_from_here = self.seen_from_here().join(name);
        fs::create_dir(&seen_from_here).expect("can be made");
        if let Some(user) = server_user() {
            run(Command::new("chown").arg(user).arg(&seen_from_here));
        }
        self.place.join(name)
    }

    /// The same command, where this disk can be seen. It becomes the same process: its id and its end are its own.
    pub fn beside(&self, command: &Command) -> Command {
        let mut entering = Command::new("nsenter");
        entering.arg("--mount").arg(format!("--target={}", self.holder.id()));
        if !is_root() {
            entering.args(["--user", "--preserve-credentials"]);
        }
        behind(entering, command)
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut file = File::create(self.filler()).expect("can be made");
        let mut piece = vec![0; 1 << 16];
        while !piece.is_empty() {
            match file.write(&piece) {
                Ok(written) if written == piece.len() => {}
                // Down to the last byte.
                Ok(_) => piece.truncate(piece.len() / 2),
                Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
                Err(error) => panic!("the disk cannot be filled: {error}"),
            }
        }
    }

    /// Gives it back.
    pub fn empty(&self) {
        fs::remove_file(self.filler()).expect("was filled");
    }

    fn filler(&self) -> PathBuf {
        self.seen_from_here().join("filler")
    }

    fn seen_from_here(&self) -> PathBuf {
        let inside = self.place.strip_prefix("/").expect("is absolute");
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(inside)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // It ends as soon as nobody uses the disk any more; nothing waits for that.
        drop(self.holder.stdin.take());
    }
}

/// A limit on the size of files.
#[derive(Debug)]
pub struct Ceiling;

impl Ceiling {
    /// The same command, prepared for the limit: without this the first write beyond it would kill the process.
    pub fn below(command: &Command) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"trap "" XFSZ; exec "$@""#, "sh"]);
        behind(shell, command)
    }

    /// From now on no file of this process takes a byte.
    pub fn lower(pid: u32) {
        Self::set(&mut Command::new("prlimit"), pid, "0");
    }

    /// The same for a process of a Postgres server, which expects such limits.
    pub fn lower_for_server(pid: u32) {
        // Even root needs a privilege for other people's processes, and their owner needs none.
        Self::set(&mut as_user(server_user().as_deref(), Path::new("prlimit")), pid, "0");
    }

    /// As before.
    pub fn lift(pid: u32) {
        Self::set(&mut Command::new("prlimit"), pid, "unlimited");
    }

    fn set(prlimit: &mut Command, pid: u32, soft: &str) {
        run(prlimit.arg(format!("--pid={pid}")).arg(format!("--fsize={soft}:")));
    }
}

/// The same command as somebody for whom the modes of files count: root is nobody special in it.
pub fn obeying_modes(command: &Command) -> Command {
    if !is_root() {
        return behind(Command::new("env"), command);
    }
    let mut humble = Command::new("setpriv");
    humble.args(["--bounding-set=-dac_override", "--inh-caps=-dac_override"]);
    behind(humble, command)
}

/// A command as the arguments of another one that ends by executing it.
fn behind(mut first: Command, command: &Command) -> Command {
    first.arg(command.get_program()).args(command.get_args());
    first.env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            first.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        first.current_dir(folder);
    }
    first
}

fn own_namespace() -> &'static [&'static str] {
    if is_root() { &["--mount"] } else { &["--user", "--map-current-user", "--keep-caps", "--mount"] }
}

fn is_root() -> bool {
    server_user().is_some()
}
