//! `verify`: counts every balance again from the journal.

use std::process::ExitCode;

use dermaga_ports::auth::Principal;
use indicatif::{ProgressBar, ProgressStyle};

use crate::{HostError, Settings, profile};

pub async fn verify(settings: &Settings) -> Result<ExitCode, HostError> {
    let (store, app) = profile::operate(settings).await?;
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} lines, {eta} left");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let report = app.books.verify(&Principal::Operator, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    let report = report.await?;
    bar.finish_and_clear();
    store.close().await;
    for finding in &report.findings {
        println!("{finding}");
    }
    if report.is_clean() {
        println!(
            "{} lines of the journal counted again, {} accounts: the books are whole.",
            report.lines, report.accounts
        );
        println!("Seal {} {}", report.head.number, report.head);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} lines counted again, {} accounts: {} findings.", report.lines, report.accounts, report.findings.len());
    Ok(ExitCode::FAILURE)
}
