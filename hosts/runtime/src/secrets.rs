//! Secrets for development: made once, kept beside the database, readable by their owner alone.
//!
//! There is no default secret: two installations never share one, and production refuses to start without its own.

use std::{fs, io::Write, path::Path};

use dermaga_ports::system::Secrets;
use dermaga_security::OsSecrets;

use crate::{HostError, error::about};

/// The secret that was given, or the one in the data folder, which is made if it is not there.
pub fn given_or_made(given: Option<&str>, folder: &Path, name: &str) -> Result<String, HostError> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let path = folder.join(name);
    if path.exists() {
        let kept = fs::read_to_string(&path).map_err(about(&path))?;
        return Ok(kept.trim().to_owned());
    }
    fs::create_dir_all(folder).map_err(about(folder))?;
    let secret = OsSecrets.token();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&path).and_then(|mut file| writeln!(file, "{secret}"));
    written.map_err(about(&path))?;
    Ok(secret)
}
