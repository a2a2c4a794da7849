//! The log, on standard error: what a person or a collector reads later.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::{HostError, Settings, settings::LogFormat};

/// Starts the log as the settings say. A second start changes nothing.
pub fn start(settings: &Settings) -> Result<(), HostError> {
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| HostError::Settings(format!("log = {:?}: {error}", settings.log)))?;
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    // A log that runs already is as good: only tests start two.
    let _ = match settings.log_format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    Ok(())
}
