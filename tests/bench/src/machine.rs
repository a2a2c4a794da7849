//! The facts about the machine, without which no number means anything.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use dermaga_ports::system::Clock as _;
use dermaga_security::SystemClock;

use crate::{baselines, cluster, host, lab::Lab};

/// Name and value, in the order in which they are told.
pub type Facts = Vec<(&'static str, String)>;

/// Asks the machine; `busy` is what [`busy`] said before anything was started.
///
/// # Errors
/// It does not answer.
pub async fn facts(lab: &Lab, busy: String) -> Result<Facts> {
    let settings = |settings: &[(&str, &str)]| {
        let told: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        told.join(", ")
    };
    let options = &lab.options;
    let cores = thread::available_parallelism()?.get();
    Ok(vec![
        ("Date", SystemClock.now().to_string()[..10].to_owned()),
        ("Version", revision()),
        ("Processor", format!("{} x {}", cores, line("/proc/cpuinfo", "model name").unwrap_or_default())),
        ("Memory", line("/proc/meminfo", "MemTotal").unwrap_or_default()),
        ("System", format!("{}, files on {}", line_of("uname", &["-sr"]), filesystem(lab.folder()))),
        ("One fsync of 4 KiB", format!("{:.0} µs (median of 200)", fsync(lab.folder())?.as_secs_f64() * 1e6)),
        ("Postgres", format!("{}, {}", lab.cluster.version().await?, settings(cluster::SETTINGS))),
        ("SQLite", baselines::sqlite::version().to_owned()),
        ("Host", settings(host::SETTINGS)),
        ("Load average before", busy),
        ("Measured", format!("{} repeats of {} s after 3 s of warm-up", options.repeats(), options.seconds())),
    ])
}

/// How busy the machine is: what others do meanwhile is in every number.
pub fn busy() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// The value of the first line that begins so.
fn line(file: &str, label: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(label))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn line_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// The commit that is measured, and whether anything was changed after it.
fn revision() -> String {
    let root = crate::lab::root();
    let root = root.to_string_lossy();
    let commit = line_of("git", &["-C", &root, "rev-parse", "--short", "HEAD"]);
    let changed = line_of("git", &["-C", &root, "status", "--porcelain", "--untracked-files=no"]);
    if changed.is_empty() { commit } else { format!("{commit} with changes") }
}

/// What kind of file system a folder is on.
pub fn filesystem(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let mut best = ("", "unknown");
    for (place, kind) in mounted {
        // The longest one counts, and of two mounts in one place the later one.
        if folder.starts_with(place) && place.len() >= best.0.len() {
            best = (place, kind);
        }
    }
    best.1.to_owned()
}

/// What a commit costs at least.
fn fsync(folder: &Path) -> Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[0; 4096])?;
        let begin = Instant::now();
        file.sync_data()?;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
