//! Who looks after which payment, and when; and how many wait.

use std::collections::BTreeSet;

use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::PaymentId,
    payments::{Payment, Refund, RefundState, Waiting},
    store::Store as _,
    time::Timestamp,
};
use dermaga_tests::databases::{Database, Engine};

use crate::{
    clerk::{nonsense, sql_id},
    commit,
    fixtures::*,
    payments::{add, attempt, found, purchases},
};

fn numbers(claimed: &[Payment]) -> BTreeSet<u32> {
    let number = |payment: &Payment| (1..=20).find(|n| payment.id.0 == id(*n)).expect("a known id");
    claimed.iter().map(number).collect()
}

/// Claims in a unit of work of its own.
async fn claim(database: &Database, now: i64, limit: u32) -> Vec<Payment> {
    commit!(database, |unit| unit.payments().claim_due(at(now), at(now + 60), limit))
}

pub async fn what_is_due_is_claimed_once_and_not_before(database: &Database) {
    purchases(database, 1, 1, 1).await;
    let due: [Option<Timestamp>; 4] = [Some(at(30)), Some(at(10)), Some(at(41)), None];
    for (n, next_check_at) in (1..).zip(due) {
        add(database, &Payment { next_check_at, revision: 7, ..attempt(n, 1, 1) }).await;
    }
    assert_eq!(claim(database, 9, 10).await, []);
    assert_eq!(numbers(&claim(database, 40, 1).await), BTreeSet::from([2]), "longest due first");
    let second = claim(database, 40, 10).await;
    let put_off = Payment { next_check_at: Some(at(100)), revision: 7, ..attempt(1, 1, 1) };
    assert_eq!(second, std::slice::from_ref(&put_off), "put off, and its revision stays");
    assert_eq!(found(database, 1).await, Some(put_off));
    assert_eq!(claim(database, 40, 10).await, []);
    assert_eq!(numbers(&claim(database, 99, 10).await), BTreeSet::from([3]));
    // Whoever claimed it died: after a while it is somebody else's.
    assert_eq!(numbers(&claim(database, 100, 10).await), BTreeSet::from([1, 2]));
}

pub async fn one_that_cannot_be_read_holds_up_nobody(database: &Database) {
    purchases(database, 1, 1, 1).await;
    for n in 1..=2 {
        add(database, &Payment { next_check_at: Some(at(i64::from(n))), ..attempt(n, 1, 1) }).await;
    }
    let ruin = format!("UPDATE payments SET token = {} WHERE id = {}", nonsense(database), sql_id(database, id(1)));
    assert_eq!(database.execute(&ruin).await, Ok(1));
    assert_eq!(numbers(&claim(database, 40, 10).await), BTreeSet::from([2]));
    assert_eq!(claim(database, 40, 10).await, [], "it is put off like any other");
}

pub async fn two_hosts_do_not_look_after_the_same(database: &Database) {
    purchases(database, 1, 1, 1).await;
    for n in 1..=4 {
        add(database, &Payment { next_check_at: Some(at(i64::from(n))), ..attempt(n, 1, 1) }).await;
    }
    let claim = |store: dermaga_sql::SqlStore| async move {
        let mut unit = store.begin().await.expect("begins");
        let claimed = unit.payments().claim_due(at(40), at(100), 2).await.expect("claims");
        unit.commit().await.expect("commits");
        claimed
    };
    let mut first = begin(database).await;
    let mine = first.payments().claim_due(at(40), at(100), 2).await.expect("claims");
    let theirs = match database.engine {
        // The other host takes the next ones without waiting for the first.
        Engine::Postgres => {
            let theirs = claim(database.store.clone()).await;
            first.commit().await.expect("commits");
            theirs
        }
        // There is one writer.
        Engine::Sqlite => {
            let second = must_wait(database, claim).await;
            first.commit().await.expect("commits");
            second.await.expect("ends")
        }
    };
    assert_eq!((numbers(&mine), numbers(&theirs)), (BTreeSet::from([1, 2]), BTreeSet::from([3, 4])));
}

pub async fn whoever_is_woken_is_due_and_counted_on(database: &Database) {
    purchases(database, 1, 1, 1).await;
    let before = Payment { next_check_at: Some(at(500)), checks: 4, revision: 3, ..attempt(1, 1, 1) };
    add(database, &before).await;
    add(database, &Payment { next_check_at: Some(at(500)), ..attempt(2, 1, 1) }).await;
    commit!(database, |unit| unit.payments().wake(before.id, at(20)));
    let woken = Payment { next_check_at: Some(at(20)), checks: 0, revision: 4, ..before.clone() };
    assert_eq!(found(database, 1).await, Some(woken));
    assert_eq!(numbers(&claim(database, 20, 10).await), BTreeSet::from([1]));
    // A read that began before is not applied any more.
    let mut unit = begin(database).await;
    assert_eq!(unit.payments().save(&before).await, Err(StoreError::Stale(Entity::Payment)));
    drop(unit);
    // Also one that nobody looks after any more; and nothing happens to one that is not there.
    add(database, &attempt(3, 1, 1)).await;
    commit!(database, |unit| unit.payments().wake(PaymentId(id(3)), at(25)));
    commit!(database, |unit| unit.payments().wake(PaymentId(id(19)), at(25)));
    assert_eq!(numbers(&claim(database, 25, 10).await), BTreeSet::from([3]));
}

pub async fn anything_due_is_payments_and_refunds(database: &Database) {
    purchases(database, 1, 1, 1).await;
    let any = async |now: i64| database.store.payments().anything_due(at(now)).await.expect("reads");
    assert!(!any(1_000_000).await);
    let payment = Payment { next_check_at: Some(at(10)), ..attempt(1, 1, 1) };
    add(database, &payment).await;
    assert_eq!((any(9).await, any(10).await), (false, true));
    commit!(database, |unit| unit.payments().save(&Payment { next_check_at: None, ..payment.clone() }));
    assert!(!any(1_000_000).await);
    let refund = Refund::requested(dermaga_ports::ids::RefundId(id(5)), &payment, idr(100), "broken", at(20));
    commit!(database, |unit| unit.refunds().add(&refund));
    assert_eq!((any(19).await, any(20).await), (false, true));
    let over = Refund { state: RefundState::Succeeded, next_check_at: None, ..refund };
    commit!(database, |unit| unit.refunds().save(&over));
    assert!(!any(1_000_000).await);
}

pub async fn what_waits_is_counted(database: &Database) {
    purchases(database, 1, 1, 1).await;
    let waiting = async |now| database.store.payments().waiting(at(now)).await.expect("counts");
    assert_eq!(waiting(1_000_000).await, Waiting::default());
    for n in 1..=4 {
        let next_check_at = (n < 4).then(|| at(i64::from(n) * 10));
        add(database, &Payment { next_check_at, frozen: n > 2, ..attempt(n, 1, 1) }).await;
    }
    let refund = Refund::requested(dermaga_ports::ids::RefundId(id(5)), &attempt(1, 1, 1), idr(100), "broken", at(20));
    commit!(database, |unit| unit.refunds().add(&refund));
    assert_eq!(waiting(9).await, Waiting { due: 0, frozen: 2 });
    assert_eq!(waiting(20).await, Waiting { due: 3, frozen: 2 });
    assert_eq!(waiting(30).await, Waiting { due: 4, frozen: 2 });
}
