//! What is measured, and what is wanted of it.
//!
//! A scenario measures the baseline and ours by turns, so that a machine that gets slower or faster meanwhile does it to
//! both, and compares within a turn.

mod baselines;
mod checkins;
mod disk;
mod growth;
mod reads;
mod reports;
mod transfers;

use anyhow::Result;
use clap::ValueEnum;

use crate::{
    arena::Engine,
    lab::Lab,
    load::Report,
    row::{Pair, Row},
};

/// Everything that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Postgres, 64 connections, any two of 10,000 accounts
    PostgresUniform,
    /// Postgres, 64 connections, all transfers to one account
    PostgresHot,
    /// Postgres, 8 connections
    PostgresFew,
    /// Postgres, 16 connections, 100 transfers a request
    PostgresBatches,
    /// SQLite, 64 connections
    SqliteUniform,
    /// Two hosts on one Postgres, all transfers to one account
    TwoHosts,
    /// Requests at a fixed rate, half of what is possible
    OpenLoop,
    /// Balances with an access token, on Postgres and on SQLite
    Balances,
    /// Check-ins on 64 connections, on Postgres and on SQLite
    Checkins,
    /// What a transfer takes on the disk, on Postgres and on SQLite
    Bytes,
    /// How long it takes to count the books again
    Verify,
    /// Reports over a full journal, beside the plain question
    Reports,
    /// Postgres with a full journal
    PostgresGrowth,
    /// SQLite with a full journal
    SqliteGrowth,
    /// The baselines by themselves
    Baselines,
}

/// A baseline by itself.
#[derive(Debug, Clone)]
pub struct Limit {
    pub what: &'static str,
    pub rate: String,
    pub remark: &'static str,
}

/// What a scenario found.
#[derive(Debug, Default)]
pub struct Found {
    pub rows: Vec<Row>,
    pub limits: Vec<Limit>,
}

impl Scenario {
    /// As it is called on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it measures.
    pub fn title(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }

    /// Whether it fills a journal for a long time.
    pub fn is_growth(self) -> bool {
        matches!(self, Self::PostgresGrowth | Self::SqliteGrowth)
    }

    /// Measures it.
    ///
    /// # Errors
    /// Something does not work. What the hosts refuse is no error: it stands in the rows.
    pub async fn run(self, lab: &Lab) -> Result<Found> {
        let rows = match self {
            Self::PostgresUniform => transfers::uniform(lab, Engine::Postgres).await?,
            Self::PostgresHot => transfers::hot(lab).await?,
            Self::PostgresFew => transfers::few(lab).await?,
            Self::PostgresBatches => transfers::batches(lab).await?,
            Self::SqliteUniform => transfers::uniform(lab, Engine::Sqlite).await?,
            Self::TwoHosts => transfers::two_hosts(lab).await?,
            Self::OpenLoop => transfers::open_loop(lab).await?,
            Self::Balances => reads::balances(lab).await?,
            Self::Checkins => checkins::checkins(lab).await?,
            Self::Bytes => disk::bytes(lab).await?,
            Self::Verify => disk::verify(lab).await?,
            Self::Reports => reports::reports(lab).await?,
            Self::PostgresGrowth => growth::growth(lab, Engine::Postgres).await?,
            Self::SqliteGrowth => growth::growth(lab, Engine::Sqlite).await?,
            Self::Baselines => return Ok(Found { limits: baselines::limits(lab).await?, ..Found::default() }),
        };
        Ok(Found { rows, ..Found::default() })
    }
}

/// Measures the baseline and ours by turns.
async fn by_turns(
    lab: &Lab,
    mut baseline: impl AsyncFnMut() -> Result<f64>,
    mut ours: impl AsyncFnMut() -> Result<Report>,
) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for turn in 0..lab.options.repeats() {
        // Whoever is measured second finds a warmer machine, or a more tired one: so each is second by turns.
        let pair = if turn % 2 == 0 {
            let baseline = baseline().await?;
            lab.rest().await;
            Pair { baseline, ours: ours().await?, baseline_p99: None }
        } else {
            let ours = ours().await?;
            lab.rest().await;
            Pair { baseline: baseline().await?, ours, baseline_p99: None }
        };
        pairs.push(pair);
        lab.rest().await;
    }
    Ok(pairs)
}

/// Notes in every row what was found wrong with the books.
fn mark(rows: &mut [Row], found: Option<String>) {
    if let Some(found) = found {
        rows.iter_mut().for_each(|row| row.fault(format!("the journal does not agree: {found}")));
    }
}
