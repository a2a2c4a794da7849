//! Idempotency keys.

use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    idempotency::{KeyRecord, KeyScope, KeyState},
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine};

use crate::{commit, fixtures::*};

fn scope(key: &str) -> KeyScope {
    KeyScope { caller: "user:1".to_owned(), operation: "create_payment", key: key.to_owned() }
}

fn record(n: u8) -> KeyRecord {
    KeyRecord {
        fingerprint: [n; 32],
        seed: id(n.into()),
        state: KeyState::Running { lease_until: at(100) },
        created_at: at(n.into()),
    }
}

fn answered(body: &str) -> KeyState {
    KeyState::Answered { status: 201, body: body.to_owned() }
}

pub async fn records_read_back_as_written(database: &Database) {
    assert_eq!(commit!(database, |unit| unit.idempotency_keys().find(&scope("a"))), None);
    commit!(database, |unit| unit.idempotency_keys().add(&scope("a"), &record(1)));
    assert_eq!(commit!(database, |unit| unit.idempotency_keys().find(&scope("a"))), Some(record(1)));
    let (running, answered) = (KeyState::Running { lease_until: at(200) }, answered("{\"id\":\"ü\"}"));
    for (lease_until, state) in [(at(100), running), (at(200), answered)] {
        commit!(database, |unit| unit.idempotency_keys().save(&scope("a"), lease_until, &state));
        let expected = KeyRecord { state, ..record(1) };
        assert_eq!(commit!(database, |unit| unit.idempotency_keys().find(&scope("a"))), Some(expected));
    }
    commit!(database, |unit| unit.idempotency_keys().add(&scope("b"), &record(2)));
    let empty = KeyState::Answered { status: 204, body: String::new() };
    commit!(database, |unit| unit.idempotency_keys().save(&scope("b"), at(100), &empty));
    let expected = KeyRecord { state: empty, ..record(2) };
    assert_eq!(commit!(database, |unit| unit.idempotency_keys().find(&scope("b"))), Some(expected));
}

pub async fn whoever_is_late_changes_nothing(database: &Database) {
    let states = [record(1).state, answered("second")];
    let stale = Err(StoreError::Stale(Entity::IdempotencyKey));
    for (key, first) in [("a", record(1).state), ("b", answered("first"))] {
        commit!(database, |unit| unit.idempotency_keys().add(&scope(key), &record(1)));
        commit!(database, |unit| unit.idempotency_keys().save(&scope(key), at(100), &first));
        // Only to a key that is at work until 100 is there anything to say, and only for that claim.
        let leases: &[_] = if key == "a" { &[at(99), at(101)] } else { &[at(99), at(100), at(101)] };
        for (lease_until, state) in leases.iter().flat_map(|lease| states.iter().map(move |state| (*lease, state))) {
            let mut unit = begin(database).await;
            assert_eq!(unit.idempotency_keys().save(&scope(key), lease_until, state).await, stale);
            unit.commit().await.expect("the unit is still good");
        }
        let expected = KeyRecord { state: first, ..record(1) };
        assert_eq!(commit!(database, |unit| unit.idempotency_keys().find(&scope(key))), Some(expected));
    }
    let mut unit = begin(database).await;
    for state in &states {
        assert_eq!(unit.idempotency_keys().save(&scope("unknown"), at(100), state).await, stale);
    }
}

pub async fn a_key_is_added_once(database: &Database) {
    let mut unit = begin(database).await;
    unit.idempotency_keys().add(&scope("a"), &record(1)).await.expect("adds");
    let again = unit.idempotency_keys().add(&scope("a"), &record(2)).await;
    assert_eq!(again, Err(StoreError::Conflict(Unique::Id)));
    assert_eq!(unit.idempotency_keys().find(&scope("a")).await, Ok(Some(record(1))));
    unit.commit().await.expect("the unit is still good");
}

pub async fn of_two_callers_one_waits(database: &Database) {
    let mut unit = begin(database).await;
    assert_eq!(unit.idempotency_keys().find(&scope("a")).await, Ok(None));
    unit.idempotency_keys().add(&scope("a"), &record(1)).await.expect("adds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        let found = unit.idempotency_keys().find(&scope("a")).await.expect("reads");
        let added = unit.idempotency_keys().add(&scope("a"), &record(2)).await;
        let then = unit.idempotency_keys().find(&scope("a")).await.expect("reads");
        unit.commit().await.expect("commits");
        (found, added, then)
    })
    .await;
    unit.commit().await.expect("commits");
    let (found, added, then) = second.await.expect("ends");
    // SQLite waits at the beginning and finds it; Postgres waits at the end and is refused.
    let expected = match database.engine {
        Engine::Sqlite => Some(record(1)),
        Engine::Postgres => None,
    };
    assert_eq!(found, expected);
    assert_eq!(added, Err(StoreError::Conflict(Unique::Id)));
    assert_eq!(then, Some(record(1)));

    // The first one may also give up; then the second one goes on.
    let mut unit = begin(database).await;
    unit.idempotency_keys().add(&scope("b"), &record(1)).await.expect("adds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.idempotency_keys().add(&scope("b"), &record(2)).await.expect("adds");
        unit.commit().await.expect("commits");
    })
    .await;
    drop(unit);
    second.await.expect("ends");
    assert_eq!(commit!(database, |unit| unit.idempotency_keys().find(&scope("b"))), Some(record(2)));
}

pub async fn a_found_key_is_locked(database: &Database) {
    commit!(database, |unit| unit.idempotency_keys().add(&scope("a"), &record(1)));
    let mut unit = begin(database).await;
    unit.idempotency_keys().find(&scope("a")).await.expect("finds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.idempotency_keys().find(&scope("a")).await.expect("finds")
    })
    .await;
    let state = answered("done");
    unit.idempotency_keys().save(&scope("a"), at(100), &state).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Some(KeyRecord { state, ..record(1) }));
}

pub async fn scopes_do_not_meet(database: &Database) {
    let scopes = [
        scope("a"),
        scope("A"),
        KeyScope { caller: "user:2".to_owned(), ..scope("a") },
        KeyScope { operation: "create_topup", ..scope("a") },
    ];
    for (n, scope) in (1..).zip(&scopes) {
        commit!(database, |unit| unit.idempotency_keys().add(scope, &record(n)));
    }
    commit!(database, |unit| unit.idempotency_keys().save(&scopes[0], at(100), &answered("done")));
    for (n, scope) in (1..).zip(&scopes) {
        let state = if n == 1 { answered("done") } else { record(n).state };
        let expected = KeyRecord { state, ..record(n) };
        assert_eq!(commit!(database, |unit| unit.idempotency_keys().find(scope)), Some(expected));
    }
}

pub async fn old_keys_are_forgotten(database: &Database) {
    for n in 1..=4 {
        commit!(database, |unit| unit.idempotency_keys().add(&scope(&n.to_string()), &record(n)));
    }
    assert_eq!(commit!(database, |unit| unit.idempotency_keys().forget(at(3))), 2);
    for n in 1..=4 {
        let found = commit!(database, |unit| unit.idempotency_keys().find(&scope(&n.to_string())));
        assert_eq!(found.is_some(), n >= 3, "key {n}");
    }
    assert_eq!(commit!(database, |unit| unit.idempotency_keys().forget(at(3))), 0);
}
