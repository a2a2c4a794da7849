//! `migrate`: brings the schema up to date.

use std::process::ExitCode;

use crate::{HostError, Settings, profile};

pub async fn migrate(settings: &Settings) -> Result<ExitCode, HostError> {
    let store = profile::open_store(settings).await?;
    let pending = store.pending_migrations().await?;
    store.migrate().await?;
    for name in &pending {
        println!("applied {name}");
    }
    println!("The schema is up to date.");
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
