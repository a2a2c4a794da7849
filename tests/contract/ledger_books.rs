//! The books inside a unit of work.

use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    ids::AccountId,
    ledger::{Account, Changes, Floor, Hold, HoldState, Purpose, Reversed, Trail, Transfer, TransferKind, Waypoint},
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{commit, fixtures::*};

async fn lock(database: &Database, ids: &[AccountId]) -> Vec<Account> {
    commit!(database, |unit| unit.books().lock(ids))
}

pub async fn an_account_is_opened_once(database: &Database) {
    let mut credit_line = Account { floor: Floor::AtLeast(-500), ..account(1) };
    open(database, &[&credit_line, &system_account(2)]).await;
    assert_eq!(lock(database, &[credit_line.id, system_account(2).id]).await, [credit_line.clone(), system_account(2)]);

    credit_line.counters.credits_posted = 100;
    write(database, &Changes { accounts: vec![credit_line.clone()], ..Changes::default() }).await.expect("writes");
    open(database, &[&account(1)]).await;
    assert_eq!(lock(database, &[credit_line.id]).await, stored([&credit_line]));

    // One code is one account.
    let mut unit = begin(database).await;
    let other = Account { code: account(1).code, ..account(3) };
    assert_eq!(unit.books().open(&other).await, Err(StoreError::Conflict(Unique::Id)));
}

pub async fn locking_finds_what_is_there_in_order(database: &Database) {
    // More than one statement can ask for.
    let accounts: Vec<Account> = (1..=1_100).map(account).collect();
    open(database, &accounts.iter().collect::<Vec<_>>()).await;
    let mut ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    ids.push(account(5_000).id);
    ids.push(ids[0]);
    ids.reverse();
    assert_eq!(lock(database, &ids).await, accounts);
    assert_eq!(lock(database, &[]).await, []);
}

pub async fn the_second_lock_sees_the_first_write(database: &Database) {
    let mut rich = account(1);
    open(database, &[&rich]).await;
    let mut unit = begin(database).await;
    unit.books().lock(&[rich.id]).await.expect("locks");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.books().lock(&[account(1).id]).await.expect("locks")
    })
    .await;
    rich.counters.credits_posted = 42;
    unit.books().write(&Changes { accounts: vec![rich.clone()], ..Changes::default() }).await.expect("writes");
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), stored([&rich]));
}

pub async fn locks_in_any_order_do_not_deadlock(database: &Database) {
    let accounts: Vec<Account> = (1..=6).map(account).collect();
    open(database, &accounts.iter().collect::<Vec<_>>()).await;
    let workers = (0..4).map(|worker: usize| {
        let store = database.store.clone();
        let mut ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
        tokio::spawn(async move {
            for round in 0..15 {
                ids.rotate_left((worker + round) % 6);
                if worker.is_multiple_of(2) {
                    ids.reverse();
                }
                let mut unit = store.begin().await.expect("begins");
                let mut locked = unit.books().lock(&ids).await.expect("locks");
                for account in &mut locked {
                    account.counters.credits_posted += 1;
                }
                unit.books().write(&Changes { accounts: locked, ..Changes::default() }).await.expect("writes");
                unit.commit().await.expect("commits");
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.expect("ends");
    }
    for account in lock(database, &accounts.iter().map(|account| account.id).collect::<Vec<_>>()).await {
        assert_eq!(account.counters.credits_posted, 60);
    }
}

pub async fn everything_written_reads_back(database: &Database) {
    let (mut from, mut to) = (system_account(1), account(2));
    open(database, &[&from, &to]).await;
    let mut transfers = Vec::new();
    let kinds = TransferKind::ALL.into_iter().cycle().zip(Purpose::ALL.into_iter().cycle());
    for (n, (kind, purpose)) in (10..22).zip(kinds) {
        let expires_at = (kind == TransferKind::Hold).then(|| at(99));
        let line = line(n, kind, &from, &to, 7, at(i64::from(n)));
        let previous = kind.moves_money().then(|| transfer_id(n - 5));
        transfers.push(Transfer {
            purpose,
            expires_at,
            debit_balance: -5,
            credit_balance: 5,
            debit_previous: previous,
            credit_previous: previous.filter(|_| n > 15),
            description: (n % 2 == 0).then(|| "Soto 🍜 für Ümit".to_owned()),
            actor: (n % 3 == 0).then(|| "service:shop".to_owned()),
            ..line
        });
    }
    let mut holds = vec![hold(30, &mut from, &mut to, 1, None), hold(31, &mut from, &mut to, 2, Some(at(99)))];
    for (n, state) in (32..).zip(HoldState::ALL) {
        holds.push(Hold { state, ..hold(n, &mut from, &mut to, 3, None) });
    }
    from.touched_at = at(77);
    from.trail = Trail { lines: 64, last: Some(transfer_id(10)) };
    let reversed = |n, total| Reversed { original: transfer_id(n), total, at: at(40 + total) };
    let reversed = vec![reversed(10, 3), reversed(15, 7)];
    let waypoints = vec![Waypoint { account: from.id, at: at(10), line: transfer_id(10) }];
    let changes = Changes { accounts: vec![from.clone(), to.clone()], transfers, waypoints, holds, reversed };
    write(database, &changes).await.expect("writes");

    let mut ids: Vec<_> = (1..50).map(transfer_id).collect();
    ids.reverse();
    let mut unit = begin(database).await;
    assert_eq!(unit.books().lock(&[from.id, to.id]).await, Ok(stored([&from, &to]).to_vec()));
    let mut transfers = unit.books().transfers(&ids).await.expect("reads");
    transfers.sort_by_key(|transfer| transfer.id);
    assert_eq!(transfers, changes.transfers);
    let mut holds = unit.books().holds(&ids).await.expect("reads");
    holds.sort_by_key(|hold| hold.id);
    assert_eq!(holds, changes.holds);
    let mut reversed = unit.books().reversed(&ids).await.expect("reads");
    reversed.sort_by_key(|reversed| reversed.original);
    assert_eq!(reversed, changes.reversed);
    assert_eq!(unit.books().transfers(&[]).await, Ok(Vec::new()));
    drop(unit);
    let mut snapshot = database.store.snapshot().await.expect("begins");
    assert_eq!(snapshot.waypoints(None, 10).await, Ok(changes.waypoints));
}

pub async fn a_thousand_of_everything_is_one_batch(database: &Database) {
    let accounts: Vec<Account> = (1..=1_100).map(system_account).collect();
    open(database, &accounts.iter().collect::<Vec<_>>()).await;
    let mut changes = Changes { accounts, ..Changes::default() };
    for n in 0..1_100_u32 {
        let (first, rest) = changes.accounts.split_at_mut(1);
        let other = &mut rest[n as usize % 1_099];
        changes.transfers.push(post(10_000 + n, &mut first[0], other, 1, at(i64::from(n) + 1)));
        changes.holds.push(hold(20_000 + n, &mut first[0], other, 1, None));
        changes.reversed.push(Reversed { original: transfer_id(10_000 + n), total: 1, at: at(1) });
    }
    write(database, &changes).await.expect("writes");

    let ids: Vec<_> = (10_000..21_100).map(transfer_id).collect();
    let mut unit = begin(database).await;
    let accounts: Vec<_> = changes.accounts.iter().map(|account| account.id).collect();
    let expected = changes.accounts.iter().flat_map(|account| stored([account])).collect();
    assert_eq!(unit.books().lock(&accounts).await, Ok(expected));
    assert_eq!(unit.books().transfers(&ids).await.map(|found| found.len()), Ok(1_100));
    assert_eq!(unit.books().holds(&ids).await.map(|found| found.len()), Ok(1_100));
    assert_eq!(unit.books().reversed(&ids).await.map(|found| found.len()), Ok(1_100));
}

pub async fn the_last_state_of_a_record_counts(database: &Database) {
    let (mut from, mut to) = (system_account(1), account(2));
    open(database, &[&from, &to]).await;
    let opened = hold(10, &mut from, &mut to, 5, None);
    let before = from.clone();
    from.counters.debits_pending = 0;
    let reversed = |total| Reversed { original: transfer_id(9), total, at: at(total) };
    let changes = Changes {
        accounts: vec![before, from.clone()],
        holds: vec![opened.clone(), Hold { state: HoldState::Posted, ..opened.clone() }],
        reversed: vec![reversed(1), reversed(2)],
        ..Changes::default()
    };
    write(database, &changes).await.expect("writes");
    let voided = Changes { holds: vec![Hold { state: HoldState::Voided, ..opened.clone() }], ..Changes::default() };
    let mut unit = begin(database).await;
    assert_eq!(unit.books().holds(&[opened.id]).await.expect("reads")[0].state, HoldState::Posted);
    unit.books().write(&voided).await.expect("writes");
    assert_eq!(unit.books().holds(&[opened.id]).await.expect("reads")[0].state, HoldState::Voided);
    assert_eq!(unit.books().reversed(&[transfer_id(9)]).await, Ok(vec![reversed(2)]));
    assert_eq!(unit.books().lock(&[from.id]).await, Ok(stored([&from]).to_vec()));
}

pub async fn an_unknown_account_cannot_be_written(database: &Database) {
    open(database, &[&account(1)]).await;
    let changes = Changes { accounts: vec![account(1), account(2)], ..Changes::default() };
    assert_eq!(write(database, &changes).await, Err(StoreError::Stale(Entity::Account)));
    assert_eq!(count_accounts(database).await, 1);
}

pub async fn a_transfer_is_written_once(database: &Database) {
    let (mut from, mut to) = (system_account(1), account(2));
    open(database, &[&from, &to]).await;
    let first = post(10, &mut from, &mut to, 5, at(1));
    write(database, &Changes { transfers: vec![first.clone()], ..Changes::default() }).await.expect("writes");

    let other = post(11, &mut from, &mut to, 5, at(2));
    let again = post(10, &mut from, &mut to, 6, at(3));
    let changes = Changes { transfers: vec![other.clone(), again], ..Changes::default() };
    assert_eq!(write(database, &changes).await, Err(StoreError::Conflict(Unique::Id)));
    let found = commit!(database, |unit| unit.books().transfers(&[first.id, other.id]));
    assert_eq!(found, [first]);
}

pub async fn overdue_holds_are_found_from_both_sides(database: &Database) {
    let (mut from, mut to, mut other) = (system_account(1), system_account(2), system_account(3));
    open(database, &[&from, &to, &other]).await;
    let deadline = at(100);
    let overdue = hold(10, &mut from, &mut to, 1, Some(deadline));
    let older = hold(11, &mut to, &mut from, 1, Some(at(50)));
    let open = hold(12, &mut from, &mut to, 1, Some(at(101)));
    let endless = hold(13, &mut from, &mut to, 1, None);
    let elsewhere = hold(14, &mut other, &mut to, 1, Some(deadline));
    let mut holds = vec![overdue.clone(), older.clone(), open, endless, elsewhere.clone()];
    for (n, state) in (20..).zip([HoldState::Posted, HoldState::Voided, HoldState::Expired]) {
        holds.push(Hold { state, ..hold(n, &mut from, &mut to, 1, Some(deadline)) });
    }
    write(database, &Changes { holds, ..Changes::default() }).await.expect("writes");

    let mut unit = begin(database).await;
    let books = unit.books();
    assert_eq!(books.overdue_holds(&[from.id], at(99)).await, Ok(vec![older.clone()]));
    // The moment of the deadline itself is too late.
    assert_eq!(books.overdue_holds(&[from.id], deadline).await, Ok(vec![older.clone(), overdue.clone()]));
    let both = books.overdue_holds(&[to.id, from.id], deadline).await;
    assert_eq!(both, Ok(vec![older, overdue, elsewhere.clone()]));
    assert_eq!(books.overdue_holds(&[other.id], deadline).await, Ok(vec![elsewhere]));
    assert_eq!(books.overdue_holds(&[], deadline).await, Ok(Vec::new()));
}

pub async fn no_more_than_a_thousand_overdue_holds(database: &Database) {
    let (mut from, mut to) = (system_account(1), system_account(2));
    open(database, &[&from, &to]).await;
    let holds = (10..1_020).map(|n| hold(n, &mut from, &mut to, 1, Some(at(i64::from(n))))).collect();
    write(database, &Changes { holds, ..Changes::default() }).await.expect("writes");
    let found = commit!(database, |unit| unit.books().overdue_holds(&[from.id, to.id], at(5_000)));
    let ids: Vec<_> = found.iter().map(|hold| hold.id).collect();
    assert_eq!(ids, (10..1_010).map(transfer_id).collect::<Vec<_>>(), "the oldest deadlines first");
}

pub async fn open_holds_are_known_on_either_side(database: &Database) {
    let (mut from, mut to) = (system_account(1), account(2));
    open(database, &[&from, &to, &account(3)]).await;
    let held = hold(10, &mut from, &mut to, 5, Some(at(1)));
    for (state, expected) in [(HoldState::Open, true), (HoldState::Expired, false)] {
        let changes = Changes { holds: vec![Hold { state, ..held.clone() }], ..Changes::default() };
        write(database, &changes).await.expect("writes");
        let mut unit = begin(database).await;
        assert_eq!(unit.books().has_open_holds(from.id).await, Ok(expected));
        assert_eq!(unit.books().has_open_holds(to.id).await, Ok(expected));
        assert_eq!(unit.books().has_open_holds(account(3).id).await, Ok(false));
    }
}

pub async fn a_closed_account_stays_closed(database: &Database) {
    let mut closed = account(1);
    open(database, &[&closed]).await;
    commit!(database, |unit| unit.books().close(closed.id));
    // Whoever writes what was read before does not open it again: closing made another revision of it.
    closed.counters.credits_posted = 1;
    let late = Changes { accounts: vec![closed.clone()], ..Changes::default() };
    assert_eq!(write(database, &late).await, Err(StoreError::Stale(Entity::Account)));
    closed.revision += 1;
    write(database, &Changes { accounts: vec![closed.clone()], ..Changes::default() }).await.expect("writes");
    closed.closed = true;
    assert_eq!(lock(database, &[closed.id]).await, stored([&closed]));
    let mut unit = begin(database).await;
    assert_eq!(unit.books().close(account(9).id).await, Err(StoreError::Stale(Entity::Account)));
}
