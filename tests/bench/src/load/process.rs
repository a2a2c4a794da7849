//! Starting the load generator and listening to it.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use indicatif::ProgressBar;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::Command,
};

use super::{Load, Report};

/// Has a load sent by a process of its own; `bar` shows how much of it is done.
///
/// # Errors
/// What the load generator says.
pub async fn measure(load: &Load, bar: &ProgressBar) -> Result<Report> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("load").arg(serde_json::to_string(load)?);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("the load generator does not start")?;
    let mut lines = BufReader::new(child.stderr.take().context("a pipe")?).lines();
    let mut complaint = String::new();
    while let Some(line) = lines.next_line().await? {
        match line.parse() {
            Ok(done) => bar.set_position(done),
            Err(_) => complaint.push_str(&line),
        }
    }
    let mut answer = String::new();
    child.stdout.take().context("a pipe")?.read_to_string(&mut answer).await?;
    let status = child.wait().await?;
    ensure!(status.success(), "the load generator failed: {complaint}");
    serde_json::from_str(&answer).with_context(|| format!("the load generator answered {answer:?}"))
}
