//! Transfers per second: few and many connections, one account and many, one host and two.

use anyhow::Result;

use super::{by_turns, growth::require_batches, mark};
use crate::{
    arena::{Arena, Engine},
    baselines::pgbench::{CLIENTS, Spread},
    lab::Lab,
    load::{Amount, Kind},
    progress,
    row::{Pair, Row, Wanted},
};

/// Connections of a load that shall use everything there is.
const MANY: usize = 64;
/// Connections of a load that waits more than it works.
const FEW: usize = 8;
/// Connections that send batches.
const SENDERS: usize = 16;
/// Transfers in each batch.
const BATCH: usize = 100;

const UNIFORM: &str = "pgbench, 16 clients";
const HOT: &str = "pgbench, 16 clients, one account";

fn closed(lab: &Lab) -> Amount {
    Amount::Closed { seconds: lab.options.seconds() }
}

async fn pgbench(lab: &Lab, spread: Spread) -> Result<f64> {
    let what = if spread == Spread::Hot { HOT } else { UNIFORM };
    let bar = progress::spinner(what);
    let rate = lab.pgbench.measure(spread, CLIENTS, lab.options.seconds()).await?;
    progress::done(&bar, &format!("{what}: {rate:.0}/s"));
    Ok(rate)
}

async fn one_load(
    lab: &Lab,
    engine: Engine,
    kind: Kind,
    connections: usize,
    title: &str,
    wanted: &[Wanted],
) -> Result<Vec<Row>> {
    let arena = Arena::open(lab, engine, 1).await?;
    if let Kind::Batch(size) = kind
        && let Err(error) = require_batches(&arena, size).await
    {
        arena.close().await?;
        return Ok(vec![Row::not_measured(title, &format!("{error:#}"))]);
    }
    let baseline = async || pgbench(lab, Spread::Uniform).await;
    let ours = async || arena.load(kind, closed(lab), connections).await;
    let pairs = by_turns(lab, baseline, ours).await?;
    let mut rows = vec![Row::compared(title, UNIFORM, &pairs, wanted)];
    mark(&mut rows, arena.close().await?);
    Ok(rows)
}

pub async fn uniform(lab: &Lab, engine: Engine) -> Result<Vec<Row>> {
    let (title, wanted) = match engine {
        Engine::Postgres => ("Postgres, 64 connections, 10,000 accounts", 2.0),
        Engine::Sqlite => ("SQLite, 64 connections, 10,000 accounts", 1.5),
    };
    one_load(lab, engine, Kind::Uniform, MANY, title, &[Wanted::Ratio(wanted)]).await
}

pub async fn few(lab: &Lab) -> Result<Vec<Row>> {
    let wanted = [Wanted::Ratio(0.5), Wanted::P99(5.0)];
    one_load(lab, Engine::Postgres, Kind::Uniform, FEW, "Postgres, 8 connections", &wanted).await
}

pub async fn batches(lab: &Lab) -> Result<Vec<Row>> {
    let title = "Postgres, batches of 100, 16 connections";
    one_load(lab, Engine::Postgres, Kind::Batch(BATCH), SENDERS, title, &[Wanted::Ratio(5.0)]).await
}

/// One account that everybody pays: a shop on the day of its sale.
pub async fn hot(lab: &Lab) -> Result<Vec<Row>> {
    let arena = Arena::open(lab, Engine::Postgres, 1).await?;
    let (mut to_pgbench, mut to_uniform) = (Vec::new(), Vec::new());
    for _ in 0..lab.options.repeats() {
        let uniform = arena.load(Kind::Uniform, closed(lab), MANY).await?;
        lab.rest().await;
        let ours = arena.load(Kind::Hot, closed(lab), MANY).await?;
        lab.rest().await;
        let baseline = pgbench(lab, Spread::Hot).await?;
        lab.rest().await;
        to_pgbench.push(Pair { ours: ours.clone(), baseline, baseline_p99: None });
        to_uniform.push(Pair { ours, baseline: uniform.rate, baseline_p99: Some(uniform.p99) });
    }
    let title = "Postgres, 64 connections, one hot account";
    let mut rows = vec![
        Row::compared(title, HOT, &to_pgbench, &[Wanted::Ratio(9.0)]),
        Row::compared(title, "ours, 10,000 accounts", &to_uniform, &[Wanted::Ratio(1.0)]),
    ];
    mark(&mut rows, arena.close().await?);
    Ok(rows)
}

/// Two hosts want the same account: neither may lose, and neither may lock the other out.
pub async fn two_hosts(lab: &Lab) -> Result<Vec<Row>> {
    let log = lab.cluster.log_length()?;
    let mut arena = Arena::open(lab, Engine::Postgres, 2).await?;
    let both = arena.addresses();
    let baseline = async || Ok(arena.load_at(both[..1].to_vec(), Kind::Hot, closed(lab), MANY).await?.rate);
    let ours = async || arena.load_at(both.clone(), Kind::Hot, closed(lab), MANY).await;
    let pairs = by_turns(lab, baseline, ours).await?;
    let title = "Two hosts on one Postgres, one hot account, 32 connections each";
    let mut rows = vec![Row::compared(title, "one host, 64 connections", &pairs, &[Wanted::Ratio(0.8)])];
    arena.stop()?;
    match arena.verify() {
        Ok((told, _)) => rows[0].notes.push(told),
        Err(error) => rows[0].fault(format!("the books: {error:#}")),
    }
    mark(&mut rows, arena.close().await?);
    let deadlocks = lab.cluster.log_since(log)?.matches("deadlock detected").count();
    match deadlocks {
        0 => rows[0].notes.push("no deadlock in the log of Postgres".to_owned()),
        _ => rows[0].fault(format!("{deadlocks} deadlocks in the log of Postgres")),
    }
    Ok(rows)
}

/// What a customer waits when the host has half of what it could do to do.
pub async fn open_loop(lab: &Lab) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (engine, title) in
        [(Engine::Postgres, "Postgres, half of that rate"), (Engine::Sqlite, "SQLite, half of that rate")]
    {
        let arena = Arena::open(lab, engine, 1).await?;
        let mut pairs = Vec::new();
        for _ in 0..lab.options.repeats() {
            let most = arena.load(Kind::Uniform, closed(lab), MANY).await?;
            lab.rest().await;
            let half = Amount::Open { seconds: lab.options.seconds(), rate: most.rate / 2.0 };
            let ours = arena.load(Kind::Uniform, half, MANY).await?;
            pairs.push(Pair { ours, baseline: most.rate, baseline_p99: Some(most.p99) });
            lab.rest().await;
        }
        let mut found = [Row::compared(title, "back to back, 64 connections", &pairs, &[])];
        mark(&mut found, arena.close().await?);
        rows.extend(found);
    }
    Ok(rows)
}
