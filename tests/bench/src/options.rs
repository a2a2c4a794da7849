//! What a person can ask the benchmark for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::scenarios::Scenario;

/// Measures Dermaga over HTTP against baselines, in one run on one machine.
///
/// Everything is durable: the database acknowledges nothing that a power cut could take back. Expect half an hour, most
/// of it for filling journals; `--quick` takes minutes and is for finding out whether everything works.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub part: Option<Part>,
}

/// What the benchmark starts itself.
#[derive(Debug, Subcommand)]
pub enum Part {
    /// Send a load
    #[command(hide = true)]
    Load { order: String },
    /// Say hello
    #[command(hide = true)]
    Hello,
}

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// One repeat, windows of two seconds, small journals; nothing is written
    #[arg(long)]
    pub quick: bool,
    /// Only this scenario (repeatable); nothing is written
    #[arg(long, value_name = "SCENARIO", value_enum)]
    pub only: Vec<Scenario>,
    /// Tell which scenarios there are
    #[arg(long)]
    pub list: bool,
    /// Leave docs/performance.md as it is
    #[arg(long)]
    pub no_write: bool,
    /// How often baseline and ours are measured by turns [default: 3, quick: 1]
    #[arg(long)]
    pub repeats: Option<usize>,
    /// Seconds of one measurement [default: 6, quick: 2]
    #[arg(long)]
    pub seconds: Option<f64>,
    /// Transfers in the full journal on Postgres; SQLite gets 3 for 10 [default: 10000000, quick: 200000]
    #[arg(long)]
    pub growth_rows: Option<u64>,
    /// Leave out the comparison of an empty with a full journal
    #[arg(long)]
    pub skip_growth: bool,
    /// Seconds of one measurement of growth [default: 10, quick: 2]
    #[arg(long)]
    pub growth_seconds: Option<f64>,
    /// Transfers that `verify` counts again [default: 1000000, quick: 100000]
    #[arg(long)]
    pub verify_rows: Option<u64>,
    /// Transfers that reports are made of [default: 1000000, quick: 100000]
    #[arg(long)]
    pub report_rows: Option<u64>,
    /// Indexes for statements on the baseline's journal: Dermaga needs two
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub indexes: u8,
    /// Where databases are made; must be a real disk [default: the folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

impl Options {
    fn either<T>(&self, given: Option<T>, full: T, quick: T) -> T {
        given.unwrap_or(if self.quick { quick } else { full })
    }

    pub fn repeats(&self) -> usize {
        self.either(self.repeats, 3, 1).max(1)
    }

    pub fn seconds(&self) -> f64 {
        self.either(self.seconds, 6.0, 2.0)
    }

    pub fn growth_rows(&self) -> u64 {
        self.either(self.growth_rows, 10_000_000, 200_000)
    }

    pub fn growth_seconds(&self) -> f64 {
        self.either(self.growth_seconds, 10.0, 2.0)
    }

    pub fn verify_rows(&self) -> u64 {
        self.either(self.verify_rows, 1_000_000, 100_000)
    }

    pub fn report_rows(&self) -> u64 {
        self.either(self.report_rows, 1_000_000, 100_000)
    }

    /// Whether this run is complete enough to be written down.
    pub fn is_complete(&self) -> bool {
        !self.quick && self.only.is_empty()
    }
}
