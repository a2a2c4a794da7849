//! The use cases in a world that goes wrong: lost answers, late payers, forged and repeated webhooks, people who cancel,
//! refund and dispute, in a random order that one seed repeats.
//!
//! The gateway keeps books of its own, and after everything has come to rest both must agree to the rupiah. A failing seed
//! is printed; `SEED=<number> cargo test --test simulation` runs it alone.

mod journeys;
mod world;

use dermaga_tests::databases::Engine;

/// Journeys in each world.
const JOURNEYS: usize = 1_000;

async fn runs(engine: Engine, seeds: std::ops::Range<u64>) {
    let seeds: Vec<u64> = match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().expect("SEED is a number")],
        Err(_) => seeds.collect(),
    };
    for seed in seeds {
        let world = world::World::new(engine, seed).await;
        journeys::run(&world, JOURNEYS).await;
        world.settle().await;
        world.audit().await;
    }
}

// 10,000 journeys in all; several tests for SQLite, because they run side by side.
#[tokio::test]
async fn three_thousand_journeys_on_sqlite_end_with_both_books_in_agreement() {
    runs(Engine::Sqlite, 1..4).await;
}

#[tokio::test]
async fn three_thousand_more_on_sqlite() {
    runs(Engine::Sqlite, 4..7).await;
}

#[tokio::test]
async fn the_last_three_thousand_on_sqlite() {
    runs(Engine::Sqlite, 7..10).await;
}

#[tokio::test]
async fn a_thousand_on_postgres() {
    runs(Engine::Postgres, 10..11).await;
}
