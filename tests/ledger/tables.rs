//! The ledger as an accountant checks it: a row for each operation with its result, and the balances after it.
//!
//! ```text
//! post    t1  cash -> ani  100          = ok
//! hold    t2  ani -> budi  60  for 30s  = ok
//! capture t3  t2 [40]                   = ok
//! void    t4  t2                        = hold_not_open
//! reverse t5  t1 [10]                   = ok
//! tick    31s
//! ani     dp=60 dr=0 cp=100 cr=0
//! ```
//!
//! The counters are debits posted and reserved (`dp`, `dr`), credits posted and reserved (`cp`, `cr`). Rows that begin
//! with `+` are linked with the row after them; the result stands behind the last.

use std::time::Duration;

use dermaga_ports::{
    ledger::{Instruction, NewTransfer, Outcome, Posting, RefusalReason},
    system::Clock,
};

use crate::world::{World, account, idr, new, post, transfer};

async fn run(world: &World, table: &str) {
    let mut linked: Vec<NewTransfer> = Vec::new();
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty() && !row.starts_with("--")) {
        if let Some(row) = row.strip_prefix('+') {
            linked.push(read(world, row));
            continue;
        }
        let words: Vec<&str> = row.split_whitespace().collect();
        if words[0] == "tick" {
            world.clock.advance(seconds(words[1]));
        } else if let Some((operation, expected)) = row.split_once('=').filter(|_| words.contains(&"=")) {
            linked.push(read(world, operation));
            let posting = Posting::linked(std::mem::take(&mut linked)).expect("few enough");
            let outcome = world.post_all(vec![posting]).await.remove(0);
            assert_eq!(result(&outcome), expected.trim(), "{row}");
        } else {
            let found = world.counters(words[0]).await;
            let shown = format!(
                "{} dp={} dr={} cp={} cr={}",
                words[0], found.debits_posted, found.debits_pending, found.credits_posted, found.credits_pending
            );
            assert_eq!(shown, words.join(" "), "after the rows above it");
        }
    }
}

fn read(world: &World, operation: &str) -> NewTransfer {
    let words: Vec<&str> = operation.split_whitespace().collect();
    let part = |at: usize| words.get(at).map(|word| idr(word.trim_matches(['[', ']']).parse().expect("an amount")));
    match words[..] {
        ["post", id, from, "->", to, amount] => post(id, from, to, amount.parse().expect("an amount")),
        ["hold", id, from, "->", to, amount, ref rest @ ..] => {
            let expires_at = rest.get(1).map(|length| world.clock.now() + seconds(length));
            let amount = idr(amount.parse().expect("an amount"));
            new(id, Instruction::Hold { debit: account(from), credit: account(to), amount, expires_at })
        }
        ["capture", id, hold, ..] => new(id, Instruction::PostHold { hold: transfer(hold), amount: part(3) }),
        ["void", id, hold] => new(id, Instruction::VoidHold { hold: transfer(hold) }),
        ["reverse", id, original, ..] => {
            new(id, Instruction::Reverse { original: transfer(original), amount: part(3) })
        }
        _ => panic!("no operation: {operation}"),
    }
}

fn seconds(text: &str) -> Duration {
    Duration::from_secs(text.trim_end_matches('s').parse().expect("seconds"))
}

fn result(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(lines) if lines.iter().all(|line| line.replayed) => "again",
        Ok(_) => "ok",
        Err(refusal) => match refusal.reason {
            RefusalReason::IdTaken => "id_taken",
            RefusalReason::AccountNotFound(_) => "account_not_found",
            RefusalReason::ReferenceNotFound(_) => "reference_not_found",
            RefusalReason::AccountClosed(_) => "account_closed",
            RefusalReason::CurrencyMismatch { .. } => "currency_mismatch",
            RefusalReason::WrongKind(_) => "wrong_kind",
            RefusalReason::HoldNotOpen(_) => "hold_not_open",
            RefusalReason::HoldExpired(_) => "hold_expired",
            RefusalReason::ExceedsReference { .. } => "exceeds_reference",
            RefusalReason::InsufficientFunds { .. } => "insufficient_funds",
            RefusalReason::CounterOverflow(_) => "counter_overflow",
        },
    }
}

pub async fn money_goes_round(world: &World) {
    let table = "
        post  t1  cash -> ani   100  = ok
        post  t2  ani -> budi   30   = ok
        post  t3  budi -> cici  31   = insufficient_funds
        post  t4  budi -> cici  30   = ok
        post  t5  cici -> cash  10   = ok
        -- exactly everything may go, one more may not
        post  t6  ani -> cash   70   = ok
        post  t7  ani -> cash   1    = insufficient_funds
        post  t8  ani -> nobody 1    = account_not_found
        ani   dp=100 dr=0 cp=100 cr=0
        budi  dp=30 dr=0 cp=30 cr=0
        cici  dp=10 dr=0 cp=30 cr=0
        cash  dp=100 dr=0 cp=80 cr=0";
    run(world, table).await;
}

pub async fn holds_reserve_and_release(world: &World) {
    let table = "
        post    t1  cash -> ani  100  = ok
        hold    h1  ani -> budi  60   = ok
        ani     dp=0 dr=60 cp=100 cr=0
        budi    dp=0 dr=0 cp=0 cr=60
        -- reserved money cannot be spent, and money on its way does not count
        post    t2  ani -> cici  41   = insufficient_funds
        post    t3  budi -> cici 1    = insufficient_funds
        hold    h2  ani -> cici  41   = insufficient_funds
        hold    h2  ani -> cici  40   = ok
        -- a part is moved, the rest is free again
        capture c1  h1 [61]           = exceeds_reference
        capture c1  h1 [45]           = ok
        ani     dp=45 dr=40 cp=100 cr=0
        budi    dp=0 dr=0 cp=45 cr=0
        void    v1  h1                = hold_not_open
        capture c2  h1                = hold_not_open
        void    v2  h2                = ok
        ani     dp=45 dr=0 cp=100 cr=0
        cici    dp=0 dr=0 cp=0 cr=0
        capture c3  h2                = hold_not_open
        capture c4  t1                = wrong_kind
        void    v3  never             = reference_not_found";
    run(world, table).await;
}

pub async fn deadlines_count_by_themselves(world: &World) {
    let table = "
        post    t1  cash -> ani  100          = ok
        hold    h1  ani -> budi  100  for 30s = ok
        tick    29s
        post    t2  ani -> cici  1            = insufficient_funds
        capture c0  h1 [10]                   = ok
        hold    h2  ani -> budi  90   for 30s = ok
        tick    30s
        -- nobody has tidied up, and yet the money is free
        ani     dp=10 dr=0 cp=100 cr=0
        budi    dp=0 dr=0 cp=10 cr=0
        capture c1  h2                        = hold_expired
        post    t3  ani -> cici  90           = ok
        void    v1  h2                        = hold_expired
        ani     dp=100 dr=0 cp=100 cr=0";
    run(world, table).await;
}

pub async fn reversals_stop_at_the_original(world: &World) {
    let table = "
        post    t1  cash -> ani   100  = ok
        post    t2  ani -> budi   60   = ok
        reverse r1  t2 [61]            = exceeds_reference
        reverse r1  t2 [20]            = ok
        reverse r2  t2 [40]            = ok
        reverse r3  t2 [1]             = exceeds_reference
        reverse r4  t2                 = exceeds_reference
        ani     dp=60 dr=0 cp=160 cr=0
        -- whoever received it must still have it
        post    t3  ani -> budi   50   = ok
        post    t4  budi -> cici  45   = ok
        reverse r5  t3 [6]             = insufficient_funds
        reverse r5  t3 [5]             = ok
        -- a reversal is not reversed, a hold is voided instead, a captured hold can be reversed
        reverse r6  r1                 = wrong_kind
        hold    h1  cici -> ani   10   = ok
        reverse r7  h1                 = wrong_kind
        capture c1  h1                 = ok
        reverse r8  c1                 = ok
        reverse r9  never              = reference_not_found
        cici    dp=10 dr=0 cp=55 cr=0";
    run(world, table).await;
}

pub async fn linked_transfers_stand_or_fall_together(world: &World) {
    let table = "
        post   t1  cash -> ani   100  = ok
        -- the third fails, so none happened
        + post   t2  ani -> budi   60
        + hold   h1  budi -> cici  50
          post   t3  ani -> cici   41  = insufficient_funds
        ani    dp=0 dr=0 cp=100 cr=0
        budi   dp=0 dr=0 cp=0 cr=0
        cici   dp=0 dr=0 cp=0 cr=0
        -- and the ids are free for another attempt; later ones see earlier ones
        + post    t2  ani -> budi   60
        + hold    h1  budi -> cici  50
        + capture c1  h1 [20]
          reverse r1  t2 [40]          = ok
        ani    dp=60 dr=0 cp=140 cr=0
        budi   dp=60 dr=0 cp=60 cr=0
        cici   dp=0 dr=0 cp=20 cr=0
        -- a reversal that is taken back leaves its original whole
        + reverse r2  t2 [20]
          post    t4  budi -> cici  1  = insufficient_funds
        post   t5  cici -> budi  20    = ok
        reverse r2  t2 [20]            = ok";
    run(world, table).await;
}

pub async fn the_same_id_moves_money_once(world: &World) {
    let table = "
        post    t1  cash -> ani  100          = ok
        post    t1  cash -> ani  100          = again
        post    t1  cash -> ani  101          = id_taken
        post    t1  cash -> budi 100          = id_taken
        hold    h1  ani -> budi  60   for 30s = ok
        -- whoever repeats it later names a later deadline
        tick    1s
        hold    h1  ani -> budi  60   for 30s = again
        hold    h1  ani -> budi  61   for 30s = id_taken
        post    h1  ani -> budi  60           = id_taken
        capture c1  h1 [50]                   = ok
        capture c1  h1 [50]                   = again
        capture c1  h1 [49]                   = id_taken
        reverse r1  c1 [10]                   = ok
        reverse r1  c1 [10]                   = again
        reverse r1  t1 [10]                   = id_taken
        -- repeated within one posting
        + post  t2  ani -> budi  10
          post  t2  ani -> budi  10           = ok
        ani     dp=60 dr=0 cp=110 cr=0";
    run(world, table).await;
}
