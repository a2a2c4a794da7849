//! The unit of work and the life of a database.

use std::time::Duration;

use dermaga_ports::{
    StoreError, Unique,
    audit::{AuditEntry, AuditFilter},
    error::Entity,
    events::Event,
    ids::{AuditId, EventId},
    ledger::Changes,
    paging::PageRequest,
    store::Store as _,
};
use dermaga_sql::SqlOptions;
use dermaga_tests::databases::{Database, OPTIONS};

use crate::{
    fixtures::*,
    journal::{decide, pair},
};

pub async fn a_dropped_unit_leaves_nothing_behind(database: &Database) {
    let mut unit = begin(database).await;
    unit.users().add(&user(1), Some(&hash("hash"))).await.expect("adds");
    unit.books().open(&account(1)).await.expect("opens");
    drop(unit);

    assert_eq!(database.store.users().user(user(1).id).await, Ok(None));
    assert_eq!(count_accounts(database).await, 0);
    add_user(database, 1).await;
}

pub async fn nobody_sees_a_unit_before_it_commits(database: &Database) {
    let mut unit = begin(database).await;
    unit.users().add(&user(1), Some(&hash("hash"))).await.expect("adds");
    assert_eq!(database.store.users().user(user(1).id).await, Ok(None));
    unit.commit().await.expect("commits");
    assert_eq!(database.store.users().user(user(1).id).await, Ok(Some(user(1))));
}

pub async fn one_unit_spans_all_repositories(database: &Database) {
    let entry = AuditEntry {
        id: AuditId(id(1)),
        at: at(1),
        actor: "operator".to_owned(),
        action: "auth.registered",
        subject: "user:1".to_owned(),
        detail: String::new(),
    };
    let event = Event {
        id: EventId(id(1)),
        at: at(1),
        topic: "user.registered".into(),
        subject: "user:1".to_owned(),
        payload: serde_json::json!({}),
    };
    for commit in [false, true] {
        let mut unit = begin(database).await;
        unit.users().add(&user(1), Some(&hash("hash"))).await.expect("adds");
        unit.audit().record(&entry).await.expect("records");
        unit.outbox().publish(&event).await.expect("publishes");
        if commit {
            unit.commit().await.expect("commits");
        } else {
            drop(unit);
        }
        let trail = database.store.audit().audit(&AuditFilter::default(), PageRequest::first(10)).await;
        assert_eq!(trail.expect("reads").items.len(), usize::from(commit));
        assert_eq!(database.texts("SELECT topic FROM outbox").await.len(), usize::from(commit));
        assert_eq!(database.store.users().user(user(1).id).await.expect("reads").is_some(), commit);
    }
}

pub async fn whoever_waits_too_long_is_told_so(database: &Database) {
    open(database, &[&account(1)]).await;
    let hasty = SqlOptions { connections: 1, patience: Duration::from_millis(200), ..OPTIONS };
    let second = database.second_store(hasty).await;

    // Another host holds the row.
    let mut first = begin(database).await;
    first.books().lock(&[account(1).id]).await.expect("locks");
    let refused = match second.begin().await {
        Ok(mut unit) => unit.books().lock(&[account(1).id]).await.map(drop),
        Err(error) => Err(error),
    };
    assert_eq!(refused, Err(StoreError::Busy));
    drop(first);

    // This host's own connections are all in use.
    let open = second.begin().await.expect("begins");
    assert_eq!(second.begin().await.map(drop), Err(StoreError::Busy));
    drop(open);
    second.begin().await.expect("begins again");
    second.close().await;
}

pub async fn a_failed_statement_spends_the_unit(database: &Database) {
    let missing = Changes { accounts: vec![account(1)], ..Changes::default() };
    let mut unit = begin(database).await;
    unit.users().add(&user(1), Some(&hash("hash"))).await.expect("adds");
    let failure = Err(StoreError::Stale(Entity::Account));
    assert_eq!(unit.books().write(&missing).await, failure);
    assert_eq!(unit.users().add(&user(2), Some(&hash("hash"))).await, failure);
    assert_eq!(unit.commit().await, failure);
    assert_eq!(database.store.users().user(user(1).id).await, Ok(None));

    // The same for what the database itself refuses.
    let mut poor = account(2);
    open(database, &[&poor]).await;
    poor.counters.debits_posted = 1;
    let mut unit = begin(database).await;
    unit.users().add(&user(1), Some(&hash("hash"))).await.expect("adds");
    let below = Changes { accounts: vec![poor], ..Changes::default() };
    let failure = unit.books().write(&below).await;
    assert!(matches!(failure, Err(StoreError::Corrupt(_))), "{failure:?}");
    assert_eq!(unit.users().find(user(1).id).await.map(drop), failure);
    assert_eq!(unit.commit().await, failure);
    assert_eq!(database.store.users().user(user(1).id).await, Ok(None));
}

pub async fn a_conflict_does_not_spend_the_unit(database: &Database) {
    add_user(database, 1).await;
    let mut unit = begin(database).await;
    let taken = unit.users().add(&user(1), Some(&hash("hash"))).await;
    assert_eq!(taken, Err(StoreError::Conflict(Unique::Id)));
    unit.users().add(&user(2), Some(&hash("hash"))).await.expect("adds another");
    unit.commit().await.expect("commits");
    assert_eq!(database.store.users().user(user(2).id).await, Ok(Some(user(2))));
}

pub async fn a_closed_store_is_unavailable(database: &Database) {
    database.store.ping().await.expect("answers");
    let second = database.second_store(OPTIONS).await;
    let (_, wallet) = add_customer(database, 9).await;
    let (one, other) = pair(database).await;
    let changes = decide(&second, 101, one.id, other.id).await;
    let balances = async || second.wallets().balances(&[wallet.id], at(0)).await;
    balances().await.expect("answers");
    second.journal().append(&changes).await.expect("appends");
    second.close().await;
    let closed = Err(StoreError::Unavailable("the store is closed".to_owned()));
    assert_eq!(second.ping().await, closed);
    assert_eq!(second.begin().await.map(drop), closed);
    assert_eq!(balances().await.map(drop), closed);
    assert_eq!(second.journal().append(&changes).await.map(drop), closed);
    let locked = second.journal().append_locked(&[wallet.id.into()], &mut |_| None).await;
    assert_eq!(locked, closed);
    database.store.ping().await.expect("the other still answers");
}

pub async fn migrations_run_once(database: &Database) {
    assert_eq!(database.store.pending_migrations().await, Ok(vec![]));
    add_user(database, 1).await;
    database.store.migrate().await.expect("has nothing to do");
    assert_eq!(database.store.users().user(user(1).id).await, Ok(Some(user(1))));
}

pub async fn two_hosts_migrate_at_once(database: &Database) {
    for _ in 0..3 {
        let empty = Database::empty(database.engine).await;
        let second = empty.second_store(OPTIONS).await;
        let pending = empty.store.pending_migrations().await.expect("reads");
        assert_eq!(pending.first().map(String::as_str), Some("0001 auth"));
        assert!(!empty.store.pending_migrations().await.expect("answers").is_empty());

        let (one, other) = tokio::join!(empty.store.migrate(), second.migrate());
        assert_eq!((one, other), (Ok(()), Ok(())));
        assert_eq!(second.pending_migrations().await, Ok(Vec::new()));
        let applied = empty.texts("SELECT description FROM _sqlx_migrations ORDER BY version").await;
        assert_eq!(applied.len(), pending.len());
        second.close().await;
        empty.dispose().await;
    }
}

pub async fn a_database_of_a_newer_program_is_refused(database: &Database) {
    let copied = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        SELECT 9999, 'of the future', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1";
    database.execute(copied).await.expect("inserts");
    assert!(matches!(database.store.migrate().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(database.store.pending_migrations().await, Err(StoreError::Unavailable(_))));
}

pub async fn a_changed_migration_is_refused(database: &Database) {
    let checksums = "UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM _sqlx_migrations WHERE version = 1) \
        WHERE version = 2";
    database.execute(checksums).await.expect("updates");
    assert!(matches!(database.store.migrate().await, Err(StoreError::Unavailable(_))));
}
