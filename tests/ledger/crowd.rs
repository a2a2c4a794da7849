//! Many at once: what must hold when callers race for the same money.

use std::sync::Arc;

use dermaga_ports::{
    ledger::{Floor, Instruction, NewTransfer, Outcome, RefusalReason},
    money::Currency,
};
use futures::future::join_all;

use crate::world::{CASH, World, hold, idr, new, post, transfer};

/// Posts all of them at the same moment, each by a task of its own.
async fn at_once(world: &World, transfers: Vec<NewTransfer>) -> Vec<Outcome> {
    let start = Arc::new(tokio::sync::Barrier::new(transfers.len()));
    let tasks = transfers.into_iter().map(|transfer| {
        let (ledger, start) = (world.ledger.clone(), start.clone());
        tokio::spawn(async move {
            start.wait().await;
            ledger.post(vec![dermaga_ports::ledger::Posting::from(transfer).into()]).await.expect("answers").remove(0)
        })
    });
    join_all(tasks).await.into_iter().map(|task| task.expect("no panic")).collect()
}

const SPENDERS: usize = 64;

pub async fn exactly_what_fits_succeeds(world: &World) {
    world.fund("ani", 10 * 7 + 3).await;
    let spends = (0..SPENDERS).map(|n| post(&format!("s{n}"), "ani", "budi", 7)).collect();
    let outcomes = at_once(world, spends).await;
    let successes = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(successes, 10);
    let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(refused.clone().all(|refusal| matches!(refusal.reason, RefusalReason::InsufficientFunds { .. })));
    assert_eq!((world.balance("ani").await, world.balance("budi").await), (3, 70));
}

/// The counterproof: the floor is what stops them, so without it nothing does.
pub async fn without_a_floor_everything_succeeds(world: &World) {
    world.open("bottomless", Currency::Idr, Floor::Unlimited).await;
    world.post(post("fund", CASH, "bottomless", 73)).await.expect("funded");
    let spends = (0..SPENDERS).map(|n| post(&format!("s{n}"), "bottomless", "budi", 7)).collect();
    let outcomes = at_once(world, spends).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(world.balance("bottomless").await, 73 - 7 * i64::try_from(SPENDERS).expect("few"));
}

pub async fn opposite_transfers_do_not_deadlock(world: &World) {
    for name in ["ani", "budi", "cici"] {
        world.fund(name, 1_000).await;
    }
    let ring = [("ani", "budi"), ("budi", "cici"), ("cici", "ani"), ("budi", "ani"), ("cici", "budi"), ("ani", "cici")];
    let transfers =
        (0..SPENDERS).map(|n| post(&format!("t{n}"), ring[n % ring.len()].0, ring[n % ring.len()].1, 5)).collect();
    assert!(at_once(world, transfers).await.iter().all(Result::is_ok));
    let total = world.balance("ani").await + world.balance("budi").await + world.balance("cici").await;
    assert_eq!(total, 3_000);
}

pub async fn one_id_from_many_callers_moves_money_once(world: &World) {
    world.fund("ani", 1_000).await;
    let same = (0..SPENDERS).map(|_| post("same", "ani", "budi", 10)).collect();
    let outcomes = at_once(world, same).await;
    let lines: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("an answer").remove(0)).collect();
    assert_eq!(lines.iter().filter(|line| !line.replayed).count(), 1);
    assert!(lines.iter().all(|line| line.transfer == lines[0].transfer));
    assert_eq!(world.balance("budi").await, 10);

    // The same id between different accounts: the locks do not meet, the unique id does.
    let mixed = (0..SPENDERS).map(|n| post("mixed", "ani", if n % 2 == 0 { "budi" } else { "cici" }, 10)).collect();
    let outcomes = at_once(world, mixed).await;
    let taken = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(taken.clone().all(|refusal| refusal.reason == RefusalReason::IdTaken));
    assert_eq!(taken.count(), SPENDERS / 2);
    assert_eq!(world.balance("ani").await, 980);
}

pub async fn one_hold_is_settled_once(world: &World) {
    world.fund("ani", 100).await;
    world.post(hold("h", "ani", "budi", 100)).await.expect("reserved");
    let settle = |n: usize| {
        let hold = transfer("h");
        let instruction = match n % 2 {
            0 => Instruction::PostHold { hold, amount: Some(idr(60)) },
            _ => Instruction::VoidHold { hold },
        };
        new(&format!("s{n}"), instruction)
    };
    let outcomes = at_once(world, (0..SPENDERS).map(settle).collect()).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(world.counters("ani").await.debits_pending, 0);
    assert!([0, 60].contains(&world.balance("budi").await));
}
