//! What the schema refuses, should the rules ever fail: each of these writes bypasses the domain.

use dermaga_ports::{
    StoreError,
    ledger::{Account, Changes, Counters, Floor, Hold, Reversed, Transfer, TransferKind, Waypoint, seal::Head},
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
    let nothing = Transfer { amount: idr(0), ..honest.clone() };
    let circular = Transfer { credit: honest.debit, ..honest.clone() };
    let unfounded = Transfer { kind: TransferKind::Reverse, ..honest.clone() };
    let founded = Transfer { refers_to: Some(transfer_id(9)), ..honest.clone() };
    let expiring = Transfer { expires_at: Some(at(9)), ..honest };
    for transfer in [nothing, circular, unfounded, founded, expiring] {
        refuses(database, Changes { transfers: vec![transfer], ..Changes::default() }).await;
    }
    let held = hold(20, &mut from, &mut to, 5, None);
    let nothing = Hold { amount: idr(0), ..held.clone() };
    let circular = Hold { credit: held.debit, ..held };
    for hold in [nothing, circular] {
        refuses(database, Changes { holds: vec![hold], ..Changes::default() }).await;
    }
    refuses(
        database,
        Changes { reversed: vec![Reversed { original: transfer_id(10), total: 0, at: at(1) }], ..Changes::default() },
    )
    .await;
}

pub async fn waypoints_and_the_seal_are_append_only(database: &Database) {
    let (mut from, mut to) = (system_account(1), system_account(2));
    open(database, &[&from, &to]).await;
    let lines = (1..=64).map(|n| post(100 + n, &mut from, &mut to, 1, at(i64::from(n)))).collect();
    write(database, &posted(&[&from, &to], lines)).await.expect("writes");
    for table in ["ledger_waypoints", "ledger_batches"] {
        let column = if table == "ledger_waypoints" { "line" } else { "lines" };
        let mut attempts = vec![format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")];
        if database.engine == Engine::Postgres {
            attempts.push(format!("TRUNCATE {table}"));
        }
        for attempt in attempts {
            let refused = database.execute(&attempt).await.expect_err(&attempt);
            assert!(refused.contains("append-only"), "{attempt}: {refused}");
        }
    }
}

pub async fn an_account_has_one_waypoint_at_a_time(database: &Database) {
    let (mut from, mut to) = (system_account(1), system_account(2));
    open(database, &[&from, &to]).await;
    let line = post(10, &mut from, &mut to, 5, at(1));
    let waypoint = Waypoint { account: from.id, at: at(1), line: line.id };
    let changes = Changes { waypoints: vec![waypoint; 2], ..posted(&[&from, &to], vec![line]) };
    refuses(database, changes).await;
}

/// A trigger may drop a line without an error. Then the money must not move either.
pub async fn a_line_that_is_dropped_on_its_way_stores_nothing(database: &Database) {
    let (from, to) = (system_account(1), system_account(2));
    open(database, &[&from, &to]).await;
    let swallow: &[&str] = match database.engine {
        Engine::Postgres => &[
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            "CREATE TRIGGER swallow BEFORE INSERT ON ledger_transfers FOR EACH ROW EXECUTE FUNCTION swallow()",
        ],
        Engine::Sqlite => &["CREATE TRIGGER swallow BEFORE INSERT ON ledger_transfers BEGIN SELECT RAISE(IGNORE); END"],
    };
    for statement in swallow {
        database.execute(statement).await.expect(statement);
    }
    let (mut debit, mut credit) = (from.clone(), to.clone());
    let line = post(10, &mut debit, &mut credit, 5, at(1));
    let changes = posted(&[&debit, &credit], vec![line]);
    let appended = database.store.journal().append(&changes).await;
    assert!(matches!(appended, Err(StoreError::Corrupt(_))), "{appended:?}");
    refuses(database, changes).await;
    assert_eq!(database.store.journal().accounts(&[from.id, to.id]).await, Ok(vec![from, to]));
    assert_eq!(database.store.ledger().head().await, Ok(Head::GENESIS));
}

pub async fn a_row_that_cannot_be_is_corrupt(database: &Database) {
    open(database, &[&account(1)]).await;
    assert_eq!(database.execute("UPDATE ledger_accounts SET currency = 'XXX'").await, Ok(1));
    let read = database.store.ledger().account(account(1).id, at(0)).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    database.execute("UPDATE ledger_accounts SET kind = 'piggy_bank'").await.expect_err("no such kind");
}

/// Columns that no record of ours can get wrong, because their types are narrower than the columns'.
pub async fn impossible_values_are_refused_without_the_rules(database: &Database) {
    open(database, &[&account(1)]).await;
    let blob = |bytes: usize| match database.engine {
        Engine::Postgres => format!("'\\x{}'", "ab".repeat(bytes)),
        Engine::Sqlite => format!("x'{}'", "ab".repeat(bytes)),
    };
    let id = |last: u8| match database.engine {
        Engine::Postgres => format!("'00000000-0000-4000-8000-0000000000{last:02x}'"),
        Engine::Sqlite => format!("x'000000000000400080000000000000{last:02x}'"),
    };
    let now = if database.engine == Engine::Postgres { "now()" } else { "0" };
    let line = |n: u8, kind: i64, purpose: i64, amount: i64| {
        format!(
            "INSERT INTO ledger_transfers (id, kind, purpose, debit, credit, amount, at, debit_balance, credit_balance) \
             VALUES ({}, {kind}, {purpose}, {}, {}, {amount}, {now}, 0, 0)",
            id(n),
            id(1),
            id(2)
        )
    };
    let batch = |number: i64, content: usize, link: usize, lines: usize| {
        let (content, link, lines) = (blob(content), blob(link), blob(lines));
        format!(
            "INSERT INTO ledger_batches (number, content, link, lines) VALUES ({number}, {content}, {link}, {lines})"
        )
    };
    let wrong = [
        line(9, 0, 1, 5),
        line(9, 6, 1, 5),
        line(9, 1, 0, 5),
        line(9, 1, 11, 5),
        line(9, 1, 1, -1),
        line(9, 1, 1, MAX_AMOUNT + 1),
        batch(0, 32, 32, 16),
        batch(1, 31, 32, 16),
        batch(1, 32, 33, 16),
        batch(1, 32, 32, 0),
        batch(1, 32, 32, 17),
        format!("UPDATE ledger_seal SET link = {}", blob(31)),
        "UPDATE ledger_accounts SET currency = 'ID'".to_owned(),
        "UPDATE ledger_accounts SET lines = -1".to_owned(),
    ];
    for attempt in wrong {
        let refused = database.execute(&attempt).await.expect_err(&attempt);
        assert!(refused.to_lowercase().contains("check constraint"), "{attempt}: {refused}");
    }
    for right in [line(9, 1, 10, MAX_AMOUNT), batch(1, 32, 32, 32)] {
        assert_eq!(database.execute(&right).await, Ok(1), "{right}");
    }
}
