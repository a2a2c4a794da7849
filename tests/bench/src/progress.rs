//! Telling the person at the terminal what is going on and how long it will take.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn ticking(bar: ProgressBar, template: &str, what: impl Into<String>) -> ProgressBar {
    let bar = bar.with_style(style(template)).with_message(what.into());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Something that takes as long as it takes.
pub fn spinner(what: impl Into<String>) -> ProgressBar {
    ticking(ProgressBar::new_spinner(), "{spinner} {msg}, {elapsed}", what)
}

/// Something of which is known how much there is to do.
pub fn bar(what: impl Into<String>, length: u64) -> ProgressBar {
    ticking(ProgressBar::new(length), "{msg} {wide_bar} {human_pos}/{human_len} {per_sec}, {eta} left", what)
}

/// Ends a bar and leaves one line of what came of it.
pub fn done(bar: &ProgressBar, told: &str) {
    bar.finish_and_clear();
    eprintln!("  {told}");
}
