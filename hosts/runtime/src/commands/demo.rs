//! `demo reset`: throws the demo's data away.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::PathBuf,
    process::ExitCode,
};

use crate::{HostError, Profile, Settings, demo, error::about, folder, profile};

pub async fn reset_demo(settings: &Settings, yes: bool) -> Result<ExitCode, HostError> {
    if settings.profile != Profile::Demo || settings.database_url.is_some() {
        let told = "Only the demo's own database can be reset: run it with the profile demo and without DATABASE_URL.";
        return Err(HostError::Refused(told.to_owned()));
    }
    let database = settings.data_dir.join("demo.db");
    if !yes && !confirmed(&database)? {
        println!("Nothing was changed.");
        return Ok(ExitCode::FAILURE);
    }
    let _alone = folder::exclude(settings)?;
    for suffix in ["", "-wal", "-shm"] {
        let mut path = database.clone().into_os_string();
        path.push(suffix);
        let path = PathBuf::from(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(about(path)(error)),
            _ => {}
        }
    }
    let plugs = profile::plug(settings, &format!("http://{}:{}", settings.bind, settings.port)).await?;
    for line in demo::seed(&plugs.app, settings).await? {
        println!("{line}");
    }
    plugs.store.close().await;
    println!("The demo's data is as new.");
    Ok(ExitCode::SUCCESS)
}

fn confirmed(database: &std::path::Path) -> Result<bool, HostError> {
    print!("Throw away {}? Type yes: ", database.display());
    std::io::stdout().flush().map_err(about(database))?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(about(database))?;
    Ok(answer.trim() == "yes")
}
