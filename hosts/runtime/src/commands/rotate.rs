//! `rotate-personal-data`: seals all personal data with the first key of the ring, so that the others can be removed.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{HostError, Settings, profile};

pub async fn rotate_personal_data(settings: &Settings) -> Result<ExitCode, HostError> {
    let (store, _) = profile::operate(settings).await?;
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} values, {eta} left");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let done = store.rotate_personal_data(|done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    let done = done.await?;
    bar.finish_and_clear();
    store.close().await;
    println!("{} values are sealed with the first key, {} of them anew.", done.seen, done.rewritten);
    Ok(ExitCode::SUCCESS)
}
