//! What the schema refuses, should the rules ever fail: each of these writes bypasses the domain.

use dermaga_ports::{
    StoreError,
    ledger::{Account, Changes, Counters, Floor, TransferKind},
    money::MAX_AMOUNT,
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine};

use crate::fixtures::*;

async fn refuses(database: &Database, changes: Changes) {
    let refused = write(database, &changes).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{changes:?}: {refused:?}");
}

pub async fn the_journal_is_append_only(database: &Database) {
    let (mut from, mut to) = (system_account(1), account(2));
    open(database, &[&from, &to]).await;
    let line = post(10, &mut from, &mut to, 5, at(1));
    write(database, &Changes { transfers: vec![line.clone()], ..Changes::default() }).await.expect("writes");

    let mut attempts = vec!["UPDATE ledger_transfers SET amount = 6", "DELETE FROM ledger_transfers"];
    if database.engine == Engine::Postgres {
        attempts.push("TRUNCATE ledger_transfers");
    }
    for attempt in attempts {
        let refused = database.execute(attempt).await.expect_err(attempt);
        assert!(refused.contains("append-only"), "{attempt}: {refused}");
    }
    let mut unit = begin(database).await;
    assert_eq!(unit.books().transfers(&[line.id]).await, Ok(vec![line]));
}

pub async fn the_floor_holds_without_the_rules(database: &Database) {
    let counters = Counters { credits_posted: 100, ..Counters::default() };
    let purse = Account { counters, ..account(1) };
    let line_of_credit = Account { counters, floor: Floor::AtLeast(-50), ..account(2) };
    let unlimited = Account { counters, ..system_account(3) };
    open(database, &[&purse, &line_of_credit, &unlimited]).await;
    let spent = |account: &Account, posted, pending| {
        let counters = Counters { debits_posted: posted, debits_pending: pending, ..account.counters };
        Changes { accounts: vec![Account { counters, ..account.clone() }], ..Changes::default() }
    };
    refuses(database, spent(&purse, 101, 0)).await;
    refuses(database, spent(&purse, 0, 101)).await;
    refuses(database, spent(&purse, 60, 41)).await;
    refuses(database, spent(&line_of_credit, 100, 51)).await;
    write(database, &spent(&purse, 60, 40)).await.expect("writes");
    write(database, &spent(&line_of_credit, 100, 50)).await.expect("writes");
    write(database, &spent(&unlimited, MAX_AMOUNT, 0)).await.expect("writes");
}

pub async fn counters_stay_in_range_without_the_rules(database: &Database) {
    let account = system_account(1);
    open(database, &[&account]).await;
    for wrong in [-1, MAX_AMOUNT + 1] {
        for counters in [
            Counters { debits_posted: wrong, ..Counters::default() },
            Counters { debits_pending: wrong, ..Counters::default() },
            Counters { credits_posted: wrong, ..Counters::default() },
            Counters { credits_pending: wrong, ..Counters::default() },
        ] {
            let accounts = vec![Account { counters, ..account.clone() }];
            refuses(database, Changes { accounts, ..Changes::default() }).await;
        }
    }
}

pub async fn impossible_lines_are_refused_without_the_rules(database: &Database) {
    let (mut from, mut to) = (system_account(1), account(2));
    open(database, &[&from, &to]).await;
    let honest = post(10, &mut from, &mut to, 5, at(1));
    let nothing = dermaga_ports::ledger::Transfer { amount: idr(0), ..honest.clone() };
    let circular = dermaga_ports::ledger::Transfer { credit: honest.debit, ..honest.clone() };
    let unfounded = dermaga_ports::ledger::Transfer { kind: TransferKind::Reverse, ..honest.clone() };
    let founded = dermaga_ports::ledger::Transfer { refers_to: Some(transfer_id(9)), ..honest.clone() };
    let expiring = dermaga_ports::ledger::Transfer { expires_at: Some(at(9)), ..honest };
    for transfer in [nothing, circular, unfounded, founded, expiring] {
        refuses(database, Changes { transfers: vec![transfer], ..Changes::default() }).await;
    }
    let held = hold(20, &mut from, &mut to, 5, None);
    let nothing = dermaga_ports::ledger::Hold { amount: idr(0), ..held.clone() };
    let circular = dermaga_ports::ledger::Hold { credit: held.debit, ..held };
    for hold in [nothing, circular] {
        refuses(database, Changes { holds: vec![hold], ..Changes::default() }).await;
    }
    refuses(database, Changes { reversed: vec![(transfer_id(10), 0)], ..Changes::default() }).await;
}

pub async fn an_account_has_one_line_at_a_time(database: &Database) {
    let (mut one, mut two, mut three) = (system_account(1), system_account(2), system_account(3));
    open(database, &[&one, &two, &three]).await;
    let first = post(10, &mut one, &mut two, 5, at(1));
    write(database, &Changes { transfers: vec![first], ..Changes::default() }).await.expect("writes");
    let same_debit = post(11, &mut one, &mut three, 5, at(1));
    let same_credit = post(12, &mut three, &mut two, 5, at(1));
    refuses(database, Changes { transfers: vec![same_debit], ..Changes::default() }).await;
    refuses(database, Changes { transfers: vec![same_credit], ..Changes::default() }).await;
}

pub async fn a_row_that_cannot_be_is_corrupt(database: &Database) {
    open(database, &[&account(1)]).await;
    assert_eq!(database.execute("UPDATE ledger_accounts SET currency = 'XXX'").await, Ok(1));
    let read = database.store.ledger().account(account(1).id, at(0)).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    database.execute("UPDATE ledger_accounts SET kind = 'piggy_bank'").await.expect_err("no such kind");
}
