//! What stays: bytes on the disk, and the time to count all of it again.

use anyhow::Result;

use super::{growth::fill, mark};
use crate::{
    arena::{Arena, Engine},
    lab::Lab,
    load::{Amount, Kind},
    progress,
    row::{Row, number},
};

const CONNECTIONS: usize = 64;
/// Enough that the room which databases take in advance does not count.
const TRANSFERS: u64 = 100_000;
/// What a transfer may take, with every index and everything else that is written for it.
const BYTES: f64 = 350.0;
/// What counting the books again may take.
const SECONDS: f64 = 10.0;

/// Sent one by one, as customers do: that writes everything that belongs to a transfer.
pub async fn bytes(lab: &Lab) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (engine, title) in
        [(Engine::Postgres, "Bytes of a transfer on Postgres"), (Engine::Sqlite, "Bytes of a transfer on SQLite")]
    {
        let mut arena = Arena::open(lab, engine, 0).await?;
        let before = arena.bytes().await?;
        arena.serve()?;
        let transfers = if lab.options.quick { TRANSFERS / 10 } else { TRANSFERS };
        let report = arena.load(Kind::Uniform, Amount::Requests(transfers), CONNECTIONS).await?;
        arena.stop()?;
        let after = arena.bytes().await?;
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let (grown, done) = ((after - before) as f64, arena.done() as f64);
        let mut row = Row::at_most(title, grown / done, BYTES, "bytes");
        row.notes.push(format!("{} bytes more after {} transfers sent one by one", number(grown), number(done)));
        if let Some(fault) = report.fault() {
            row.fault(fault);
        }
        mark(std::slice::from_mut(&mut row), arena.close().await?);
        rows.push(row);
    }
    Ok(rows)
}

pub async fn verify(lab: &Lab) -> Result<Vec<Row>> {
    let transfers = lab.options.verify_rows();
    let mut rows = Vec::new();
    for (engine, name) in [(Engine::Postgres, "Postgres"), (Engine::Sqlite, "SQLite")] {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let title = format!("`verify` of {} transfers on {name}", number(transfers as f64));
        let mut arena = Arena::open(lab, engine, 1).await?;
        let filled = fill(&arena, transfers).await;
        arena.stop()?;
        let mut row = match filled {
            Err(error) => Row::not_measured(&title, &format!("{error:#}")),
            Ok(_) => {
                arena.checkpoint().await?;
                let bar = progress::spinner("the host counts the books again");
                let verified = arena.verify();
                progress::done(
                    &bar,
                    &match &verified {
                        Ok((told, time)) => format!("{:.1} s: {told}", time.as_secs_f64()),
                        Err(error) => format!("{error:#}"),
                    },
                );
                match verified {
                    Ok((told, time)) => {
                        let mut row = Row::at_most(&title, time.as_secs_f64(), SECONDS, "s");
                        row.notes.push(told);
                        row
                    }
                    Err(error) => {
                        let mut row = Row::not_measured(&title, "the books are not whole");
                        row.fault(format!("{error:#}"));
                        row
                    }
                }
            }
        };
        mark(std::slice::from_mut(&mut row), arena.close().await?);
        rows.push(row);
    }
    Ok(rows)
}
