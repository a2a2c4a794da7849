//! The baselines by themselves: how much of what they do depends on how they are set up.

use anyhow::Result;

use super::Limit;
use crate::{
    baselines::{
        peer,
        pgbench::{CLIENTS, Pgbench, Spread},
        sqlite,
    },
    lab::Lab,
    progress, row,
};

pub async fn limits(lab: &Lab) -> Result<Vec<Limit>> {
    let seconds = lab.options.seconds();
    let mut limits = Vec::new();
    let mut note = |what, values: Vec<f64>, remark| {
        let rate = row::Spread::of(values).to_string();
        eprintln!("  {what}: {rate}/s");
        limits.push(Limit { what, rate, remark });
    };
    let bar = progress::spinner("the baselines by themselves");
    let other = if lab.options.indexes == 0 { 2 } else { 0 };
    let other = Pgbench::prepare(lab.cluster.clone(), lab.folder(), other).await?;
    let (without, with) = if lab.options.indexes == 0 { (&lab.pgbench, &other) } else { (&other, &lab.pgbench) };
    for (what, spread, clients, pgbench) in [
        ("pgbench, 16 clients, two indexes", Spread::Uniform, CLIENTS, with),
        ("pgbench, 16 clients, no index", Spread::Uniform, CLIENTS, without),
        ("pgbench, 16 clients, one account, two indexes", Spread::Hot, CLIENTS, with),
        ("pgbench, 16 clients, one account, no index", Spread::Hot, CLIENTS, without),
        ("pgbench, 64 clients, two indexes", Spread::Uniform, 4 * CLIENTS, with),
    ] {
        let mut rates = Vec::new();
        for _ in 0..lab.options.repeats() {
            rates.push(pgbench.measure(spread, clients, seconds).await?);
        }
        note(what, rates, "one statement a transfer, no HTTP");
    }
    for (what, rows, remark) in [
        ("SQLite, one row a transaction", 1, "inserts alone, in process, no balances"),
        ("SQLite, 1,000 rows a transaction", 1_000, "inserts alone, in process, no balances"),
    ] {
        let mut rates = Vec::new();
        for _ in 0..lab.options.repeats() {
            rates.push(sqlite::measure(lab.folder(), lab.options.indexes, rows, seconds)?);
        }
        note(what, rates, remark);
    }
    let mut rates = Vec::new();
    for _ in 0..lab.options.repeats() {
        rates.push(peer::measure(lab.folder(), seconds).await?);
    }
    note("doubleentry 0.8 on SQLite", rates, "entries of two postings, in process, one a call; keeps a Merkle log");
    progress::done(&bar, "the baselines are measured");
    Ok(limits)
}
