//! The books without locks: what was decided on remembered accounts is stored if they are still so.

use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    ids::{AccountId, TransferId},
    ledger::{
        Account, Changes, Transfer,
        seal::{self, Head},
    },
    store::Store as _,
};
use dermaga_sql::SqlStore;
use dermaga_tests::databases::Database;

use crate::{clerk::recount, commit, fixtures::*};

const STALE: Result<(), StoreError> = Err(StoreError::Stale(Entity::Account));

/// Two accounts without a floor.
pub async fn pair(database: &Database) -> (Account, Account) {
    let (one, other) = (system_account(1), system_account(2));
    open(database, &[&one, &other]).await;
    (one, other)
}

async fn accounts(database: &Database, ids: &[AccountId]) -> Vec<Account> {
    database.store.journal().accounts(ids).await.expect("reads")
}

async fn append(database: &Database, changes: &Changes) -> Result<(), StoreError> {
    database.store.journal().append(changes).await.map(drop)
}

async fn lines(database: &Database, ids: &[TransferId]) -> Vec<Transfer> {
    let mut lines = commit!(database, |unit| unit.books().transfers(ids));
    lines.sort_by_key(|line| line.id);
    lines
}

/// Everything that an append could change.
async fn everything(database: &Database) -> (Vec<Account>, Option<Head>, u64, u64) {
    let mut snapshot = database.store.snapshot().await.expect("begins");
    let accounts = snapshot.accounts(None, 1_000).await.expect("reads");
    let head = snapshot.head().await.expect("reads");
    let extent = snapshot.extent().await.expect("reads");
    (accounts, head, extent.lines, extent.waypoints)
}

/// Decides on a transfer between accounts as they are now.
pub async fn decide(store: &SqlStore, n: u32, debit: AccountId, credit: AccountId) -> Changes {
    let found = store.journal().accounts(&[debit, credit]).await.expect("reads");
    let [Some(mut debit), Some(mut credit)] =
        [debit, credit].map(|id| found.iter().find(|account| account.id == id).cloned())
    else {
        panic!("the accounts are there: {found:?}");
    };
    let when = at(debit.touched_at.max(credit.touched_at).since(at(0)).as_micros() as i64 + 1);
    let line = post(n, &mut debit, &mut credit, 1, when);
    posted(&[&debit, &credit], vec![line])
}

pub async fn what_is_appended_is_stored_and_sealed(database: &Database) {
    let (mut one, mut other) = pair(database).await;
    let first: Vec<_> = (1..=70).map(|n| post(100 + n, &mut one, &mut other, 1, at(i64::from(n)))).collect();
    let changes = posted(&[&one, &other], first.clone());
    assert_eq!(changes.waypoints.len(), 2);
    assert_eq!(append(database, &changes).await, Ok(()));
    let [mut one, mut other] = stored([&one, &other]);
    assert_eq!(accounts(database, &[other.id, one.id, account(9).id, one.id]).await, [one.clone(), other.clone()]);
    assert_eq!(accounts(database, &[]).await, []);
    let described = Some("Sate 🍢".to_owned());
    let second = Transfer { description: described, ..post(200, &mut other, &mut one, 7, at(90)) };
    let next = posted(&[&one, &other], vec![second.clone()]);
    assert_eq!(database.store.journal().append(&next).await, Ok(2), "the number of the batch");

    let ids: Vec<_> = first.iter().map(|line| line.id).collect();
    assert_eq!(lines(database, &ids).await, first);
    assert_eq!(lines(database, &[second.id]).await, std::slice::from_ref(&second));
    let mut snapshot = database.store.snapshot().await.expect("begins");
    assert_eq!(snapshot.waypoints(None, 10).await, Ok(changes.waypoints));
    let after_first = Head::GENESIS.extend(&seal::content(first.iter()));
    let after_second = after_first.extend(&seal::content([second].iter()));
    let queries = database.store.ledger();
    assert_eq!(queries.head().await, Ok(after_second));
    assert_eq!(queries.head_at(1).await, Ok(Some(after_first)));
    assert_eq!(queries.head_at(2).await, Ok(Some(after_second)));
    assert_eq!(queries.head_at(3).await, Ok(None));
    assert_eq!(queries.head_at(u64::MAX).await, Ok(None));
    assert_eq!(recount(database).await.findings, []);
}

pub async fn a_stale_revision_refuses_everything(database: &Database) {
    let (mut one, mut other) = pair(database).await;
    let mut third = system_account(3);
    open(database, &[&third]).await;
    let line = post(10, &mut one, &mut other, 1, at(1));
    append(database, &posted(&[&one, &other], vec![line])).await.expect("appends");
    let [one, mut other] = stored([&one, &other]);
    let before = everything(database).await;

    // As many lines as make a waypoint, and one account of three that is not as it was: earlier, later or unknown.
    let mut transfers: Vec<_> =
        (1..=70).map(|n| post(100 + n, &mut other, &mut third, 1, at(10 + i64::from(n)))).collect();
    for revision in [0, 2, 99] {
        let mut one = Account { revision, ..one.clone() };
        transfers.push(post(300, &mut one, &mut third.clone(), 1, at(500)));
        let changes = posted(&[&one, &other, &third], transfers.clone());
        assert_eq!(append(database, &changes).await, STALE, "decided on revision {revision}");
        transfers.pop();
    }
    let mut nobody = system_account(9);
    transfers.push(post(300, &mut nobody, &mut third.clone(), 1, at(500)));
    assert_eq!(append(database, &posted(&[&nobody, &other, &third], transfers.clone())).await, STALE);
    assert_eq!(everything(database).await, before, "nothing was written");

    transfers.pop();
    assert_eq!(append(database, &posted(&[&other, &third], transfers)).await, Ok(()));
}

pub async fn a_known_id_refuses_everything(database: &Database) {
    let (mut one, mut other) = pair(database).await;
    let known = post(10, &mut one, &mut other, 1, at(1));
    append(database, &posted(&[&one, &other], vec![known.clone()])).await.expect("appends");
    let (mut third, mut fourth) = (system_account(3), system_account(4));
    open(database, &[&third, &fourth]).await;
    let before = everything(database).await;

    // Between the same accounts or others, first or last of many.
    for place in [0, 70] {
        let (mut debit, mut credit) = (third.clone(), fourth.clone());
        let mut transfers = Vec::new();
        for n in 0..=70 {
            let id = if n == place { 10 } else { 100 + n };
            transfers.push(post(id, &mut debit, &mut credit, 1, at(5 + i64::from(n))));
        }
        let changes = posted(&[&debit, &credit], transfers);
        assert_eq!(append(database, &changes).await, Err(StoreError::Conflict(Unique::Id)), "at {place}");
    }
    let [mut one, mut other] = stored([&one, &other]);
    let again = post(10, &mut one, &mut other, 1, at(2));
    let refused = append(database, &posted(&[&one, &other], vec![again])).await;
    assert_eq!(refused, Err(StoreError::Conflict(Unique::Id)));
    assert_eq!(everything(database).await, before, "nothing was written");
    assert_eq!(lines(database, &[known.id]).await, [known]);

    let next = post(11, &mut third, &mut fourth, 1, at(2));
    assert_eq!(append(database, &posted(&[&third, &fourth], vec![next])).await, Ok(()));
}

/// Whatever a unit of work does to an account makes another revision of it.
pub async fn what_a_unit_of_work_changed_has_to_be_read_again(database: &Database) {
    let (one, other) = pair(database).await;
    for n in 0..3 {
        let remembered = decide(&database.store, 100 + n, one.id, other.id).await;
        let mut unit = begin(database).await;
        let mut locked = unit.books().lock(&[one.id, other.id]).await.expect("locks");
        let [debit, credit] = &mut locked[..] else { panic!("both are there") };
        let changes = match n {
            0 => {
                let line = post(200, &mut *debit, &mut *credit, 5, at(20));
                posted(&[&*debit, &*credit], vec![line])
            }
            // Holds and releases change what is available and nothing else.
            _ => {
                let held = hold(201, &mut *debit, &mut *credit, 5, None);
                Changes { accounts: vec![credit.clone()], holds: vec![held], ..Changes::default() }
            }
        };
        unit.books().write(&changes).await.expect("writes");
        unit.commit().await.expect("commits");
        assert_eq!(append(database, &remembered).await, STALE, "after unit {n}");
        let read_again = decide(&database.store, 100 + n, one.id, other.id).await;
        assert_eq!(append(database, &read_again).await, Ok(()), "after unit {n}");
    }
    let remembered = decide(&database.store, 300, one.id, other.id).await;
    commit!(database, |unit| unit.books().close(other.id));
    assert_eq!(append(database, &remembered).await, STALE, "closed in between");
}

/// The other way round: a unit of work that reads after an append sees it, and one that read before cannot write.
pub async fn a_unit_of_work_sees_what_was_appended(database: &Database) {
    let (one, other) = pair(database).await;
    let before = accounts(database, &[one.id, other.id]).await;
    append(database, &decide(&database.store, 10, one.id, other.id).await).await.expect("appends");
    let after = accounts(database, &[one.id, other.id]).await;
    assert_eq!(commit!(database, |unit| unit.books().lock(&[one.id, other.id])), after);
    assert_eq!(write(database, &Changes { accounts: before, ..Changes::default() }).await, STALE);
    write(database, &Changes { accounts: after, ..Changes::default() }).await.expect("writes");
}

pub async fn of_two_decisions_on_one_account_one_is_stored(database: &Database) {
    let (one, other) = pair(database).await;
    let third = system_account(3);
    open(database, &[&third]).await;
    let second_host = database.second_store(dermaga_tests::databases::OPTIONS).await;
    for round in 0..20 {
        let first = decide(&database.store, 100 + round, one.id, other.id).await;
        // Only one of the two accounts is the same.
        let second = decide(&second_host, 200 + round, third.id, one.id).await;
        let answers = tokio::join!(database.store.journal().append(&first), second_host.journal().append(&second));
        let is_one = matches!(answers, (Ok(_), Err(StoreError::Stale(Entity::Account))))
            || matches!(answers, (Err(StoreError::Stale(Entity::Account)), Ok(_)));
        assert!(is_one, "round {round}: {answers:?}");
    }
    second_host.close().await;
    let report = recount(database).await;
    assert_eq!((report.lines, report.findings), (20, vec![]));
}

/// Money that goes both ways at once, and units of work that lock the same accounts in between.
pub async fn crossing_appends_do_not_deadlock(database: &Database) {
    let (one, other) = pair(database).await;
    let workers = (0..4_u32).map(|worker| {
        let store = database.store.clone();
        let (debit, credit) = if worker.is_multiple_of(2) { (one.id, other.id) } else { (other.id, one.id) };
        tokio::spawn(async move {
            let mut appended = 0_u64;
            for round in 0..50 {
                let mut changes = decide(&store, 1_000 * worker + 1_000 + round, debit, credit).await;
                if worker < 2 {
                    // The caller's order is not that of the locks.
                    changes.accounts.sort_by_key(|account| std::cmp::Reverse(account.id));
                }
                let done = if worker == 3 {
                    let mut unit = store.begin().await.expect("begins");
                    let written = unit.books().write(&changes).await;
                    written.and(unit.commit().await)
                } else {
                    store.journal().append(&changes).await.map(drop)
                };
                match done {
                    Ok(()) => appended += 1,
                    Err(StoreError::Stale(Entity::Account)) => {}
                    Err(error) => panic!("worker {worker}, round {round}: {error:?}"),
                }
            }
            appended
        })
    });
    let mut appended = 0;
    for worker in workers.collect::<Vec<_>>() {
        appended += worker.await.expect("ends");
    }
    let report = recount(database).await;
    assert_eq!((report.lines, report.findings), (appended, vec![]));
    assert!(appended >= 50, "of four that decide at once, one is stored");
}

/// The end of the chain is locked last: whoever waits for an id must not keep others from sealing.
pub async fn an_id_that_is_being_written_is_waited_for(database: &Database) {
    let (mut one, mut other) = pair(database).await;
    open(database, &[&system_account(3), &system_account(4)]).await;
    let mut unit = begin(database).await;
    unit.books().lock(&[one.id, other.id]).await.expect("locks");
    let line = post(10, &mut one, &mut other, 1, at(1));
    unit.books().write(&posted(&[&one, &other], vec![line])).await.expect("writes");
    let second = must_wait(database, |store| async move {
        let (mut third, mut fourth) = (system_account(3), system_account(4));
        let same = post(10, &mut third, &mut fourth, 1, at(1));
        store.journal().append(&posted(&[&third, &fourth], vec![same])).await
    })
    .await;
    assert_eq!(unit.commit().await, Ok(()));
    assert_eq!(second.await.expect("ends"), Err(StoreError::Conflict(Unique::Id)));
    assert_eq!(recount(database).await.findings, []);
}

/// Stores what is decided on accounts that are locked for it; answers which accounts the decision saw.
async fn append_locked(
    store: &SqlStore,
    ids: &[AccountId],
    mut decide: impl FnMut(Vec<Account>) -> Option<Changes> + Send,
) -> (Result<(), StoreError>, Vec<Account>) {
    let mut seen = Vec::new();
    let done = store
        .journal()
        .append_locked(ids, &mut |accounts| {
            seen = accounts.clone();
            decide(accounts)
        })
        .await;
    (done, seen)
}

/// A transfer between the first two of some accounts, a microsecond after whatever touched them last.
fn first_to_second(n: u32, mut accounts: Vec<Account>) -> Option<Changes> {
    let [debit, credit, ..] = &mut accounts[..] else { return None };
    let when = at(debit.touched_at.max(credit.touched_at).since(at(0)).as_micros() as i64 + 1);
    let line = post(n, debit, credit, 1, when);
    Some(posted(&[debit, credit], vec![line]))
}

pub async fn what_is_decided_under_locks_is_stored_and_sealed(database: &Database) {
    let (one, other) = pair(database).await;
    let ids = [other.id, account(9).id, one.id, other.id];
    let mut decided = Changes::default();
    let (done, seen) = append_locked(&database.store, &ids, |mut accounts| {
        let [debit, credit] = &mut accounts[..] else { return None };
        let lines = (1..=70).map(|n| post(100 + n, debit, credit, 1, at(i64::from(n)))).collect();
        decided = posted(&[debit, credit], lines);
        Some(decided.clone())
    })
    .await;
    assert_eq!(done, Ok(()));
    assert_eq!(seen, [one.clone(), other.clone()], "each once, in ascending order, and none that is not there");
    let [debit, credit] = &decided.accounts[..] else { panic!("both have changed") };
    assert_eq!(accounts(database, &[one.id, other.id]).await, stored([debit, credit]));
    let line_ids: Vec<_> = decided.transfers.iter().map(|line| line.id).collect();
    assert_eq!(lines(database, &line_ids).await, decided.transfers);
    let sealed = Head::GENESIS.extend(&seal::content(decided.transfers.iter()));
    let (_, head, count, waypoints) = everything(database).await;
    assert_eq!((head, count, waypoints), (Some(sealed), 70, 2));
    assert_eq!(recount(database).await.findings, []);
}

pub async fn nothing_decided_under_locks_is_nothing_stored(database: &Database) {
    let (one, other) = pair(database).await;
    let before = everything(database).await;
    let (done, seen) = append_locked(&database.store, &[one.id, other.id], |_| None).await;
    assert_eq!((done, seen.len()), (Ok(()), 2));
    let (done, seen) = append_locked(&database.store, &[account(9).id], |_| None).await;
    assert_eq!((done, seen), (Ok(()), Vec::new()));
    assert_eq!(everything(database).await, before);
    // And nobody holds a lock.
    append(database, &decide(&database.store, 10, one.id, other.id).await).await.expect("appends");
}

pub async fn under_locks_a_known_id_refuses_everything(database: &Database) {
    let (one, other) = pair(database).await;
    let (third, fourth) = (system_account(3), system_account(4));
    open(database, &[&third, &fourth]).await;
    append(database, &decide(&database.store, 10, one.id, other.id).await).await.expect("appends");
    let before = everything(database).await;
    for ids in [[one.id, other.id], [third.id, fourth.id]] {
        let (done, _) = append_locked(&database.store, &ids, |accounts| first_to_second(10, accounts)).await;
        assert_eq!(done, Err(StoreError::Conflict(Unique::Id)));
        assert_eq!(everything(database).await, before, "nothing was written");
    }
    let (done, _) = append_locked(&database.store, &[one.id, third.id], |accounts| first_to_second(11, accounts)).await;
    assert_eq!(done, Ok(()), "the next one is free");
}

pub async fn whoever_decides_under_locks_sees_what_was_waited_for(database: &Database) {
    let (one, other) = pair(database).await;
    let mut unit = begin(database).await;
    let mut locked = unit.books().lock(&[one.id]).await.expect("locks");
    let second = must_wait(database, move |store| async move {
        append_locked(&store, &[other.id, one.id], |accounts| first_to_second(10, accounts)).await
    })
    .await;
    let counters = &mut locked[0].counters;
    (counters.debits_posted, counters.credits_posted) = (500, 500);
    let changes = Changes { accounts: locked.clone(), ..Changes::default() };
    unit.books().write(&changes).await.expect("writes");
    unit.commit().await.expect("commits");
    let (done, seen) = second.await.expect("ends");
    assert_eq!((done, &seen[0]), (Ok(()), &stored([&locked[0]])[0]));
}

/// Whatever the order in which accounts are named: all are stored, none is lost, and nobody waits in a circle.
pub async fn decisions_under_locks_are_made_one_after_the_other(database: &Database) {
    let (one, other) = pair(database).await;
    let second_host = database.second_store(dermaga_tests::databases::OPTIONS).await;
    let workers = (0..4_u32).map(|worker| {
        let store = if worker < 2 { database.store.clone() } else { second_host.clone() };
        let ids = if worker.is_multiple_of(2) { [one.id, other.id] } else { [other.id, one.id] };
        tokio::spawn(async move {
            for round in 0..25 {
                let n = 1_000 * (worker + 1) + round;
                let (done, _) = append_locked(&store, &ids, |accounts| first_to_second(n, accounts)).await;
                assert_eq!(done, Ok(()), "worker {worker}, round {round}");
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.expect("ends");
    }
    second_host.close().await;
    let report = recount(database).await;
    assert_eq!((report.lines, report.findings), (100, vec![]));
    let counters = accounts(database, &[one.id]).await.remove(0).counters;
    assert_eq!(counters.debits_posted, 100);
}
