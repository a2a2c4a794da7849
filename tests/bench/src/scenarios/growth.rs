//! Growth: a ledger is fast on its first day. This is about the day when the journal is full.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::mark;
use crate::{
    arena::{Arena, Engine},
    lab::Lab,
    load::{Amount, Kind, Report},
    row::{Pair, Row, Wanted, number},
};

const CONNECTIONS: usize = 64;
/// How the journal is filled.
const BATCH: usize = 1_000;
const FILLERS: usize = 4;
/// How long the disk gets to come to rest.
const REST: Duration = Duration::from_secs(3);

/// Refuses to go on if the host does not take batches of transfers.
///
/// # Errors
/// Why it does not.
pub async fn require_batches(arena: &Arena<'_>, size: usize) -> Result<()> {
    let first = arena.load(Kind::Batch(size), Amount::Requests(1), 1).await?;
    let fault = first.fault().unwrap_or_default();
    ensure!(!first.unwanted.contains_key(&404), "this host has no POST /v1/transfers/batch");
    ensure!(fault.is_empty(), "this host refuses batches: {fault}");
    Ok(())
}

/// Fills the journal of an arena through the API.
///
/// # Errors
/// A batch was refused.
pub async fn fill(arena: &Arena<'_>, transfers: u64) -> Result<Report> {
    require_batches(arena, BATCH).await.context("the journal cannot be filled")?;
    let requests = transfers.div_ceil(BATCH as u64).saturating_sub(1);
    let report = arena.load(Kind::Batch(BATCH), Amount::Requests(requests), FILLERS).await?;
    ensure!(report.fault().is_none(), "the journal was not filled: {}", report.fault().unwrap_or_default());
    Ok(report)
}

/// One measurement, with what came before written to its place: a checkpoint in the middle of one window and not of the
/// other would be what is compared.
async fn window(lab: &Lab, arena: &Arena<'_>) -> Result<Report> {
    arena.checkpoint().await?;
    tokio::time::sleep(REST).await;
    arena.load(Kind::Uniform, Amount::Closed { seconds: lab.options.growth_seconds() }, CONNECTIONS).await
}

pub async fn growth(lab: &Lab, engine: Engine) -> Result<Vec<Row>> {
    let (name, transfers) = match engine {
        Engine::Postgres => ("Postgres", lab.options.growth_rows()),
        Engine::Sqlite => ("SQLite", lab.options.growth_rows() / 10 * 3),
    };
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let title = format!("{name} with {} transfers in the journal, 64 connections", number(transfers as f64));
    let full = Arena::open(lab, engine, 1).await?;
    let filled = match fill(&full, transfers).await {
        Ok(filled) => filled,
        Err(error) => {
            full.close().await?;
            return Ok(vec![Row::not_measured(&title, &format!("{error:#}"))]);
        }
    };
    let (mut pairs, mut wrong) = (Vec::new(), None);
    for _ in 0..lab.options.repeats() {
        // Empty every time: after some windows it would not be any more.
        let empty = Arena::open(lab, engine, 1).await?;
        let before = window(lab, &empty).await?;
        wrong = wrong.or(empty.close().await?);
        let ours = window(lab, &full).await?;
        pairs.push(Pair { ours, baseline: before.rate, baseline_p99: Some(before.p99) });
    }
    let wanted = [Wanted::Ratio(0.8), Wanted::P99Ratio(2.0)];
    let mut rows = vec![Row::compared(&title, "ours, empty", &pairs, &wanted)];
    rows[0].notes.push(format!("filled at {} transfers/s by batches of {BATCH}", number(filled.rate)));
    mark(&mut rows, wrong.or(full.close().await?));
    Ok(rows)
}
