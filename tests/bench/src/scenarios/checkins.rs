//! The door on the first half hour: everybody comes at once, each with a ticket that nobody has shown.
//!
//! The baseline is what the same database can do at all: one row a transaction, nothing else. A check-in is that, with who
//! may, what was there before, an event and an audit entry.

use anyhow::Result;

use super::by_turns;
use crate::{
    arena::{Arena, Engine},
    baselines::{
        pgbench::{CLIENTS, Spread},
        sqlite,
    },
    lab::Lab,
    load::{Amount, Kind},
    progress,
    row::{Row, Wanted},
    world::CAME,
};

const CONNECTIONS: usize = 64;
/// Nobody at a door waits longer, in milliseconds.
const PATIENCE: f64 = 100.0;

pub async fn checkins(lab: &Lab) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (engine, title, limit) in [
        (Engine::Postgres, "Postgres, check-ins, 64 connections", "pgbench, 16 clients, one row a transaction"),
        (Engine::Sqlite, "SQLite, check-ins, 64 connections", "SQLite, one row a transaction"),
    ] {
        let arena = Arena::open_with(lab, engine, 1, lab.door.clone()).await?;
        let seconds = lab.options.seconds();
        let baseline = async || {
            let bar = progress::spinner(limit);
            let rate = match engine {
                Engine::Postgres => lab.pgbench.measure(Spread::Row, CLIENTS, seconds).await?,
                Engine::Sqlite => sqlite::measure(lab.folder(), lab.options.indexes, 1, seconds)?,
            };
            progress::done(&bar, &format!("{limit}: {rate:.0}/s"));
            Ok(rate)
        };
        let ours = async || arena.load(Kind::Checkin, Amount::Closed { seconds }, CONNECTIONS).await;
        let pairs = by_turns(lab, baseline, ours).await?;
        let mut row = Row::compared(title, limit, &pairs, &[Wanted::P99(PATIENCE)]);
        let (came, said) = (arena.number(CAME).await?, pairs.iter().map(|pair| pair.ours.done).sum::<u64>());
        // Whoever got no answer may have come as well.
        let unknown = pairs.iter().map(|pair| pair.ours.unknown).sum::<u64>();
        let came = u64::try_from(came)?;
        if came < said || came > said + unknown {
            row.fault(format!("the hosts said that {said} came, and {came} are on record"));
        }
        arena.close().await?;
        rows.push(row);
    }
    Ok(rows)
}
