//! Reports: what an administrator waits for, beside the same figures added up from the journal by the database.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::{growth::fill, mark};
use crate::{
    arena::{Arena, Engine},
    lab::Lab,
    load::Connection,
    progress,
    row::{Row, Spread, number},
};

/// A report may take this part of the plain question's time.
const RATIO: f64 = 0.05;
/// How often both are measured by turns.
const TURNS: usize = 5;
/// How long the roll-ups may take to catch up once the journal is full.
const PATIENCE: Duration = Duration::from_secs(600);

/// How many sealed batches the roll-ups are behind.
const BEHIND: &str = "SELECT s.number - r.position FROM ledger_seal s CROSS JOIN report_state r";
/// The figures of the report, from the journal: how many rows there are of it.
const PLAIN_POSTGRES: &str = "SELECT count(*) FROM (SELECT ((t.at AT TIME ZONE 'UTC') + interval '7 hours')::date AS day, \
    t.purpose, d.kind AS debited, c.kind AS credited, count(*), sum(t.amount) FROM ledger_transfers t \
    JOIN ledger_accounts d ON d.id = t.debit JOIN ledger_accounts c ON c.id = t.credit \
    WHERE t.kind <= 3 GROUP BY 1, 2, 3, 4) AS figures";
const PLAIN_SQLITE: &str = "SELECT count(*) FROM (SELECT (t.at + 25200000000) / 86400000000 AS day, \
    t.purpose, d.kind AS debited, c.kind AS credited, count(*), sum(t.amount) FROM ledger_transfers t \
    JOIN ledger_accounts d ON d.id = t.debit JOIN ledger_accounts c ON c.id = t.credit \
    WHERE t.kind <= 3 GROUP BY 1, 2, 3, 4) AS figures";

/// Fills a journal, lets the roll-ups catch up, and measures both by turns.
///
/// # Errors
/// Something does not work.
pub async fn reports(lab: &Lab) -> Result<Vec<Row>> {
    let transfers = lab.options.report_rows();
    let mut rows = Vec::new();
    for (engine, name) in [(Engine::Postgres, "Postgres"), (Engine::Sqlite, "SQLite")] {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let title =
            format!("Report over {} transfers on {name}, as part of the plain question", number(transfers as f64));
        let arena = Arena::open(lab, engine, 1).await?;
        let mut row = match measure(lab, &arena, transfers).await {
            Ok((ratio, notes)) => {
                let mut row = Row::at_most(&title, ratio, RATIO, "x");
                row.notes.extend(notes);
                row
            }
            Err(error) => {
                let mut row = Row::not_measured(&title, "it did not come to an end");
                row.fault(format!("{error:#}"));
                row
            }
        };
        // The roll-ups are proven by the host's own command, which ends badly if they are wrong.
        match arena.verify() {
            Ok((told, _)) => row.notes.push(told),
            Err(error) => row.fault(format!("{error:#}")),
        }
        mark(std::slice::from_mut(&mut row), arena.close().await?);
        rows.push(row);
    }
    Ok(rows)
}

/// The ratio of the medians, and what else is to be said.
async fn measure(lab: &Lab, arena: &Arena<'_>, transfers: u64) -> Result<(f64, Vec<String>)> {
    let filled = fill(arena, transfers).await?;
    let caught_up = catch_up(arena).await?;
    arena.checkpoint().await?;
    let plain = match arena.engine() {
        Engine::Postgres => PLAIN_POSTGRES,
        Engine::Sqlite => PLAIN_SQLITE,
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let begin = Instant::now();
        ensure!(arena.number(plain).await? > 0, "the plain question finds nothing");
        theirs.push(begin.elapsed().as_secs_f64() * 1_000.0);
        lab.rest().await;
        ours.push(ask(lab, arena).await?.as_secs_f64() * 1_000.0);
        lab.rest().await;
    }
    let (ours, theirs) = (Spread::of(ours), Spread::of(theirs));
    let notes = vec![
        format!("the report took {ours} ms over HTTP, the plain question {theirs} ms in the database"),
        format!(
            "filled at {} transfers/s while the roll-ups were kept; {:.1} s later they had all of it",
            number(filled.rate),
            caught_up.as_secs_f64()
        ),
    ];
    Ok((ours.median / theirs.median, notes))
}

/// Waits until everything that was sealed is in the roll-ups; answers how long that took.
async fn catch_up(arena: &Arena<'_>) -> Result<Duration> {
    let bar = progress::spinner("the roll-ups catch up");
    let begin = Instant::now();
    while arena.number(BEHIND).await? > 0 {
        ensure!(begin.elapsed() < PATIENCE, "the roll-ups do not catch up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    progress::done(&bar, &format!("the roll-ups had everything after {:.1} s", begin.elapsed().as_secs_f64()));
    Ok(begin.elapsed())
}

/// Asks for the report over HTTP; answers how long it took.
async fn ask(lab: &Lab, arena: &Arena<'_>) -> Result<Duration> {
    let address = *arena.addresses().first().context("a host")?;
    let token = lab.world.admin_token();
    let request = format!(
        "GET /v1/reports/transactions?by=kind HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    let mut connection = Connection::open(address).await?;
    let begin = Instant::now();
    let answer = connection.exchange(request.as_bytes()).await?;
    let took = begin.elapsed();
    let body = String::from_utf8_lossy(answer.body).into_owned();
    ensure!(answer.status == 200 && body.contains("\"behind\":0"), "{} {body}", answer.status);
    Ok(took)
}
