//! Random operations against an independent model.
//!
//! The model knows nothing of counters, locks or batches. It keeps the accepted operations as a plain list and answers
//! every question by adding the list up, slowly and obviously. Whatever it predicts, the ledger must answer, and after
//! every operation the balances must agree.

use std::{collections::HashMap, time::Duration};

use dermaga_ports::{
    ledger::{Instruction, NewTransfer, Outcome, RefusalReason},
    system::Clock,
    time::Timestamp,
};
use dermaga_tests::databases::Engine;
use proptest::prelude::*;

use crate::world::{CASH, CUSTOMERS, World, account, idr, new, post, transfer};

#[derive(Debug, Clone)]
enum Operation {
    Post { id: u8, from: usize, to: usize, amount: i64 },
    Hold { id: u8, from: usize, to: usize, amount: i64, seconds: Option<u64> },
    Capture { id: u8, hold: u8, amount: Option<i64> },
    Void { id: u8, hold: u8 },
    Reverse { id: u8, original: u8, amount: Option<i64> },
    Tick(u64),
}

/// The customers, and cash as the last one.
const NAMES: [&str; 4] = [CUSTOMERS[0], CUSTOMERS[1], CUSTOMERS[2], CASH];

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    // Few ids and small amounts: collisions, repetitions and refusals are what is interesting.
    let id = || 0..40_u8;
    let pair = || (0..NAMES.len(), 1..NAMES.len()).prop_map(|(from, step)| (from, (from + step) % NAMES.len()));
    let one = prop_oneof![
        4 => (id(), pair(), 1..60_i64).prop_map(|(id, (from, to), amount)| Operation::Post { id, from, to, amount }),
        3 => (id(), pair(), 1..60_i64, prop::option::of(1..30_u64))
            .prop_map(|(id, (from, to), amount, seconds)| Operation::Hold { id, from, to, amount, seconds }),
        3 => (id(), id(), prop::option::of(1..60_i64))
            .prop_map(|(id, hold, amount)| Operation::Capture { id, hold, amount }),
        2 => (id(), id()).prop_map(|(id, hold)| Operation::Void { id, hold }),
        2 => (id(), id(), prop::option::of(1..60_i64))
            .prop_map(|(id, original, amount)| Operation::Reverse { id, original, amount }),
        1 => (1..20_u64).prop_map(Operation::Tick),
    ];
    prop::collection::vec(one, 1..80)
}

/// What was accepted: `moved` of `amount` went from one place to another, or was reserved to.
#[derive(Debug, Clone)]
struct Accepted {
    operation: Operation,
    from: usize,
    to: usize,
    amount: i64,
    deadline: Option<Timestamp>,
}

#[derive(Default)]
struct Model {
    accepted: Vec<(u8, Accepted)>,
}

impl Model {
    fn find(&self, id: u8) -> Option<&Accepted> {
        self.accepted.iter().find(|(known, _)| *known == id).map(|(_, accepted)| accepted)
    }

    fn moves(accepted: &Accepted) -> bool {
        matches!(accepted.operation, Operation::Post { .. } | Operation::Capture { .. } | Operation::Reverse { .. })
    }

    fn settled(&self, hold: u8) -> bool {
        self.accepted.iter().any(|(_, accepted)| {
            matches!(accepted.operation, Operation::Capture { hold: h, .. } | Operation::Void { hold: h, .. } if h == hold)
        })
    }

    fn posted(&self, name: usize) -> i64 {
        let sign = |a: &Accepted| i64::from(a.to == name) - i64::from(a.from == name);
        self.accepted.iter().filter(|(_, a)| Self::moves(a)).map(|(_, a)| sign(a) * a.amount).sum()
    }

    fn reserved(&self, name: usize, now: Timestamp) -> i64 {
        let open = |(id, a): &&(u8, Accepted)| {
            matches!(a.operation, Operation::Hold { .. })
                && !self.settled(*id)
                && a.from == name
                && a.deadline.is_none_or(|deadline| now < deadline)
        };
        self.accepted.iter().filter(open).map(|(_, a)| a.amount).sum()
    }

    fn reversed(&self, original: u8) -> i64 {
        let of = |a: &Accepted| matches!(a.operation, Operation::Reverse { original: o, .. } if o == original);
        self.accepted.iter().filter(|(_, a)| of(a)).map(|(_, a)| a.amount).sum()
    }

    fn affords(&self, name: usize, amount: i64, now: Timestamp) -> bool {
        NAMES[name] == CASH || self.posted(name) - self.reserved(name, now) >= amount
    }

    /// What the ledger must answer; accepted operations are written down.
    fn predict(&mut self, operation: &Operation, now: Timestamp) -> &'static str {
        use Operation::{Capture, Hold, Post, Reverse, Tick, Void};
        let id = match operation {
            Post { id, .. } | Hold { id, .. } | Capture { id, .. } | Void { id, .. } | Reverse { id, .. } => *id,
            Tick(_) => unreachable!("time is no operation"),
        };
        if let Some(known) = self.find(id) {
            return if repeats(known, operation) { "again" } else { "id_taken" };
        }
        let (from, to, amount, deadline) = match *operation {
            Post { from, to, amount, .. } => (from, to, amount, None),
            Hold { from, to, amount, seconds, .. } => {
                (from, to, amount, seconds.map(|seconds| now + Duration::from_secs(seconds)))
            }
            Capture { hold, .. } | Void { hold, .. } => {
                let Some(held) = self.find(hold) else { return "reference_not_found" };
                if !matches!(held.operation, Hold { .. }) {
                    return "wrong_kind";
                }
                if self.settled(hold) {
                    return "hold_not_open";
                }
                if held.deadline.is_some_and(|deadline| deadline <= now) {
                    return "hold_expired";
                }
                let part = if let Capture { amount, .. } = *operation { amount } else { None };
                if part.is_some_and(|part| part > held.amount) {
                    return "exceeds_reference";
                }
                (held.from, held.to, part.unwrap_or(held.amount), None)
            }
            Reverse { original, amount, .. } => {
                let Some(moved) = self.find(original) else { return "reference_not_found" };
                if !matches!(moved.operation, Post { .. } | Capture { .. }) {
                    return "wrong_kind";
                }
                let left = moved.amount - self.reversed(original);
                let amount = amount.unwrap_or(left);
                if left == 0 || amount > left {
                    return "exceeds_reference";
                }
                (moved.to, moved.from, amount, None)
            }
            Tick(_) => unreachable!("time is no operation"),
        };
        let spends = matches!(operation, Post { .. } | Hold { .. } | Reverse { .. });
        if spends && !self.affords(from, amount, now) {
            return "insufficient_funds";
        }
        self.accepted.push((id, Accepted { operation: operation.clone(), from, to, amount, deadline }));
        "ok"
    }
}

/// Whether an operation asks for what was accepted before. What is left open fits every amount.
fn repeats(known: &Accepted, again: &Operation) -> bool {
    use Operation::{Capture, Hold, Post, Reverse, Void};
    match (&known.operation, again) {
        (Post { .. }, Post { from, to, amount, .. }) | (Hold { .. }, Hold { from, to, amount, .. }) => {
            (known.from, known.to, known.amount) == (*from, *to, *amount)
        }
        (Capture { hold: before, .. }, Capture { hold, amount, .. }) => {
            before == hold && amount.is_none_or(|amount| amount == known.amount)
        }
        (Reverse { original: before, .. }, Reverse { original, amount, .. }) => {
            before == original && amount.is_none_or(|amount| amount == known.amount)
        }
        (Void { hold: before, .. }, Void { hold, .. }) => before == hold,
        _ => false,
    }
}

fn name_of(id: u8) -> String {
    format!("op{id}")
}

/// The operation as the ledger takes it; `None` if it cannot even be asked for.
fn as_transfer(operation: &Operation, now: Timestamp) -> Option<NewTransfer> {
    let reference = |id: u8| transfer(&name_of(id));
    Some(match *operation {
        Operation::Post { id, from, to, amount } => post(&name_of(id), NAMES[from], NAMES[to], amount),
        Operation::Hold { id, from, to, amount, seconds } => {
            let expires_at = seconds.map(|seconds| now + Duration::from_secs(seconds));
            let (debit, credit) = (account(NAMES[from]), account(NAMES[to]));
            new(&name_of(id), Instruction::Hold { debit, credit, amount: idr(amount), expires_at })
        }
        Operation::Capture { id, hold, amount } if id != hold => {
            new(&name_of(id), Instruction::PostHold { hold: reference(hold), amount: amount.map(idr) })
        }
        Operation::Void { id, hold } if id != hold => {
            new(&name_of(id), Instruction::VoidHold { hold: reference(hold) })
        }
        Operation::Reverse { id, original, amount } if id != original => {
            new(&name_of(id), Instruction::Reverse { original: reference(original), amount: amount.map(idr) })
        }
        _ => return None,
    })
}

fn told(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(lines) if lines[0].replayed => "again",
        Ok(_) => "ok",
        Err(refusal) => match refusal.reason {
            RefusalReason::IdTaken => "id_taken",
            RefusalReason::ReferenceNotFound(_) => "reference_not_found",
            RefusalReason::WrongKind(_) => "wrong_kind",
            RefusalReason::HoldNotOpen(_) => "hold_not_open",
            RefusalReason::HoldExpired(_) => "hold_expired",
            RefusalReason::ExceedsReference { .. } => "exceeds_reference",
            RefusalReason::InsufficientFunds { .. } => "insufficient_funds",
            _ => "something the model does not know",
        },
    }
}

async fn agree(engine: Engine, operations: Vec<Operation>) {
    let world = World::on(engine, false).await;
    let mut model = Model::default();
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for (step, operation) in operations.iter().enumerate() {
        if let Operation::Tick(seconds) = operation {
            world.clock.advance(Duration::from_secs(*seconds));
            continue;
        }
        let now = world.clock.now();
        let Some(transfer) = as_transfer(operation, now) else { continue };
        let predicted = model.predict(operation, now);
        let answered = world.post(transfer).await;
        assert_eq!(told(&answered), predicted, "step {step}: {operation:?}");
        *counts.entry(predicted).or_default() += 1;
        for (index, name) in NAMES.iter().enumerate() {
            let balance = world.counters(name).await.balance();
            let posted = model.posted(index);
            let expected = (posted, posted - model.reserved(index, now));
            assert_eq!((balance.posted, balance.available), expected, "{name} after step {step}: {operation:?}");
        }
    }
    world.end().await;
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn cases(count: u32) -> ProptestConfig {
    // No file of past failures: a failing case is printed whole and is worth a table of its own.
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn the_ledger_agrees_with_the_model_on_sqlite(operations in operations()) {
        runtime().block_on(agree(Engine::Sqlite, operations));
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn the_ledger_agrees_with_the_model_on_postgres(operations in operations()) {
        runtime().block_on(agree(Engine::Postgres, operations));
    }
}
