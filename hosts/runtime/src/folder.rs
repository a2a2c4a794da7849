//! Who uses a data folder: any number of hosts share it, and whoever throws it away must be alone.

use std::fs::{self, File, TryLockError};

use crate::{HostError, Settings, error::about};

/// Held for as long as the folder is in use; the operating system lets go of it with the process.
pub struct InUse(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

/// Uses the folder together with other hosts.
pub fn share(settings: &Settings) -> Result<InUse, HostError> {
    lock(settings, File::try_lock_shared)
}

/// Uses the folder alone.
pub fn exclude(settings: &Settings) -> Result<InUse, HostError> {
    lock(settings, File::try_lock)
}

fn lock(settings: &Settings, attempt: fn(&File) -> Result<(), TryLockError>) -> Result<InUse, HostError> {
    let folder = &settings.data_dir;
    fs::create_dir_all(folder).map_err(about(folder))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(about(&path))?;
    match attempt(&file) {
        Ok(()) => Ok(InUse(file)),
        Err(TryLockError::WouldBlock) => {
            let told = format!("The data in {} is in use by another process. Stop it first.", folder.display());
            Err(HostError::Refused(told))
        }
        Err(TryLockError::Error(error)) => Err(about(path)(error)),
    }
}
