//! How fast Dermaga is, over HTTP and on real disks, beside baselines that are measured in the same run.
//!
//! # Shape
//! [`lab::Lab`] is what all scenarios share: a private durable Postgres ([`cluster`]), the people ([`world`]) and the
//! released host ([`host`]). A scenario opens an [`arena::Arena`], which is a database with hosts on it, has the load
//! generator ([`load`], a process of its own) send requests to it and to a baseline ([`baselines`]) by turns, and answers
//! rows ([`row`]). They become a table and a page ([`table`]) with the facts about the machine ([`machine`]).
//!
//! Whatever is started ends with this program, however this program ends ([`guard`]).

mod arena;
mod baselines;
mod cluster;
mod guard;
mod host;
mod lab;
mod load;
mod machine;
mod options;
mod progress;
mod row;
mod scenarios;
mod table;
mod world;

use std::{fs, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::{Parser as _, ValueEnum as _};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};

use crate::{
    lab::Lab,
    options::{Cli, Options, Part},
    row::{Met, Row},
    scenarios::Scenario,
};

/// The hosts' own: the baseline of HTTP must not have a slower one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Cli { options, part } = Cli::parse();
    let done = match part {
        Some(Part::Load { order }) => load(&order),
        Some(Part::Hello) => baselines::hello::serve().map(|()| ExitCode::SUCCESS),
        None if options.list => {
            list();
            Ok(ExitCode::SUCCESS)
        }
        None => runtime().and_then(|runtime| runtime.block_on(until_interrupted(options))),
    };
    done.unwrap_or_else(|error| {
        eprintln!("bench: {error:#}");
        ExitCode::from(2)
    })
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// The load generator: an order in, a report out.
fn load(order: &str) -> Result<ExitCode> {
    let load = serde_json::from_str(order).context("an order")?;
    let report = runtime()?.block_on(load::run(load))?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(ExitCode::SUCCESS)
}

fn list() {
    for scenario in Scenario::value_variants() {
        println!("{:18} {}", scenario.name(), scenario.title());
    }
}

/// Runs to the end, or until somebody has had enough; either way everything that was started ends.
async fn until_interrupted(options: Options) -> Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = measure(options) => done,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(130)),
        _ = terminate.recv() => Ok(ExitCode::from(143)),
    }
}

async fn measure(options: Options) -> Result<ExitCode> {
    let chosen = |scenario: &&Scenario| options.only.is_empty() || options.only.contains(scenario);
    let chosen: Vec<_> = Scenario::value_variants().iter().filter(chosen).copied().collect();
    let busy = machine::busy();
    let lab = Lab::open(options).await?;
    let options = &lab.options;
    let facts = machine::facts(&lab, busy).await?;
    let (mut rows, mut limits) = (Vec::new(), Vec::new());
    for (number, scenario) in chosen.iter().enumerate() {
        eprintln!("{} of {}: {}", number + 1, chosen.len(), scenario.title());
        if scenario.is_growth() && options.skip_growth {
            rows.push(Row::not_measured(&scenario.title(), "left out on demand"));
            continue;
        }
        match scenario.run(&lab).await {
            Ok(found) => {
                rows.extend(found.rows);
                limits.extend(found.limits);
            }
            // One that cannot be measured does not take the others with it.
            Err(error) => {
                eprintln!("  {error:#}");
                let mut row = Row::not_measured(&scenario.title(), "it did not come to an end");
                row.fault(format!("{error:#}"));
                rows.push(row);
            }
        }
    }

    println!("\n{}", table::table(&rows));
    if !limits.is_empty() {
        println!("{}", table::limits(&limits));
    }
    println!("{}", table::notes(&rows));
    let page = lab::root().join("docs/performance.md");
    if options.is_complete() && !options.no_write {
        fs::write(&page, table::page(&rows, &limits, &facts, options.indexes))?;
        eprintln!("written to {}", page.display());
    } else {
        for (name, value) in &facts {
            println!("{name}: {value}");
        }
        eprintln!("docs/performance.md is left as it is");
    }
    let missed = rows.iter().any(|row| matches!(row.met, Met::No | Met::Faulty));
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
