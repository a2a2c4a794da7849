//! Reads: what rights, routes and a database cost on top of HTTP.

use anyhow::Result;

use super::by_turns;
use crate::{
    arena::{self, Arena, Engine},
    baselines::hello::Hello,
    lab::Lab,
    load::{Amount, Kind},
    row::{Row, Wanted},
};

const CONNECTIONS: usize = 64;

pub async fn balances(lab: &Lab) -> Result<Vec<Row>> {
    let hello = Hello::start()?;
    let amount = Amount::Closed { seconds: lab.options.seconds() };
    let mut rows = Vec::new();
    for (engine, title) in [
        (Engine::Postgres, "Balance with an access token, Postgres, 64 connections"),
        (Engine::Sqlite, "Balance with an access token, SQLite, 64 connections"),
    ] {
        let arena = Arena::open(lab, engine, 1).await?;
        let baseline = async || Ok(arena::send(lab, vec![hello.address], Kind::Hello, amount, CONNECTIONS).await?.rate);
        let ours = async || arena.load(Kind::Balance, amount, CONNECTIONS).await;
        let pairs = by_turns(lab, baseline, ours).await?;
        rows.push(Row::compared(title, "poem saying hello", &pairs, &[Wanted::Ratio(0.5)]));
        arena.close().await?;
    }
    Ok(rows)
}
