//! `openapi`: prints the document of a host.

use std::{fs, path::PathBuf, process::ExitCode};

use crate::{Host, HostError, error::about};

pub fn openapi(host: Host, write: Option<PathBuf>) -> Result<ExitCode, HostError> {
    let document = (host.slice)().document;
    match write {
        Some(path) => fs::write(&path, document).map_err(about(path))?,
        None => print!("{document}"),
    }
    Ok(ExitCode::SUCCESS)
}
