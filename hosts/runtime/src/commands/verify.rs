//! `verify`: counts every balance again from the journal, and every roll-up of the reports.

use std::process::ExitCode;

use dermaga_domain::reports::Checkup;
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
    let (report, checkup) = tokio::join!(report, app.reports.verify(&Principal::Operator));
    let (report, checkup) = (report?, checkup?);
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
    } else {
        let (lines, accounts) = (report.lines, report.accounts);
        println!("{lines} lines counted again, {accounts} accounts: {} findings.", report.findings.len());
    }
    told(&checkup);
    let clean = report.is_clean() && checkup.is_clean();
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What came of counting the roll-ups again.
fn told(checkup: &Checkup) {
    checkup.findings.iter().for_each(|finding| println!("{finding}"));
    let Checkup { lines, totals, position, head, .. } = checkup;
    let so_far = format!("{totals} totals of {lines} lines up to batch {position} of {head}");
    if checkup.is_clean() {
        println!("Reports: {so_far}: the roll-ups say what the journal says.");
    } else {
        println!("Reports: {so_far}: {} findings. POST /v1/reports/rebuild counts them anew.", checkup.findings.len());
    }
}
