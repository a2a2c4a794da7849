//! Logins, refresh tokens and throttles.

use dermaga_ports::{
    StoreError,
    auth::{RefreshToken, Session, Throttle, User},
    error::Entity,
    ids::SessionId,
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{commit, fixtures::*};

fn session(n: u32, user: &User) -> Session {
    Session { id: SessionId(id(n)), user: user.id, created_at: at(i64::from(n)), revoked_at: None }
}

fn token(n: u8, session: &Session) -> RefreshToken {
    RefreshToken { digest: [n; 32], session: session.id, expires_at: at(1_000), used_at: None }
}

/// A login with one token, whose digest is `[n; 32]`.
async fn add_login(database: &Database, n: u8, user: &User) -> (RefreshToken, Session) {
    let session = session(u32::from(n), user);
    let token = token(n, &session);
    let mut unit = begin(database).await;
    unit.sessions().add(&session).await.expect("adds");
    unit.sessions().add_token(&token).await.expect("adds");
    unit.commit().await.expect("commits");
    (token, session)
}

pub async fn tokens_read_back_with_their_sessions(database: &Database) {
    let user = add_user(database, 1).await;
    let (first, session) = add_login(database, 1, &user).await;
    let used = RefreshToken { used_at: Some(at(7)), ..token(2, &session) };
    commit!(database, |unit| unit.sessions().add_token(&used));
    assert_eq!(commit!(database, |unit| unit.sessions().find_token([1; 32])), Some((first, session.clone())));
    assert_eq!(commit!(database, |unit| unit.sessions().find_token([2; 32])), Some((used, session)));
    assert_eq!(commit!(database, |unit| unit.sessions().find_token([3; 32])), None);
}

pub async fn a_token_is_used_once(database: &Database) {
    let user = add_user(database, 1).await;
    add_login(database, 1, &user).await;
    commit!(database, |unit| unit.sessions().mark_used([1; 32], at(5)));
    let mut unit = begin(database).await;
    assert_eq!(unit.sessions().mark_used([1; 32], at(6)).await, Err(StoreError::Stale(Entity::Session)));
    assert_eq!(unit.sessions().mark_used([9; 32], at(6)).await, Err(StoreError::Stale(Entity::Session)));
    let (token, _) = unit.sessions().find_token([1; 32]).await.expect("reads").expect("is there");
    assert_eq!(token.used_at, Some(at(5)));
}

pub async fn the_second_use_sees_the_first(database: &Database) {
    let user = add_user(database, 1).await;
    let (_, session) = add_login(database, 1, &user).await;
    let mut unit = begin(database).await;
    unit.sessions().find_token([1; 32]).await.expect("finds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.sessions().find_token([1; 32]).await.expect("finds").expect("is there")
    })
    .await;
    unit.sessions().mark_used([1; 32], at(5)).await.expect("marks");
    unit.sessions().revoke(session.id, at(6)).await.expect("revokes");
    unit.commit().await.expect("commits");
    let (token, session) = second.await.expect("ends");
    assert_eq!((token.used_at, session.revoked_at), (Some(at(5)), Some(at(6))));
}

pub async fn ending_a_login_again_changes_nothing(database: &Database) {
    let user = add_user(database, 1).await;
    let (_, session) = add_login(database, 1, &user).await;
    commit!(database, |unit| unit.sessions().revoke(session.id, at(5)));
    commit!(database, |unit| unit.sessions().revoke(session.id, at(6)));
    commit!(database, |unit| unit.sessions().revoke(SessionId(id(99)), at(6)));
    let (_, ended) = commit!(database, |unit| unit.sessions().find_token([1; 32])).expect("is there");
    assert_eq!(ended.revoked_at, Some(at(5)));
}

pub async fn all_logins_of_one_user_end(database: &Database) {
    let (one, other) = (add_user(database, 1).await, add_user(database, 2).await);
    for n in 1..=3 {
        add_login(database, n, &one).await;
    }
    add_login(database, 4, &other).await;
    commit!(database, |unit| unit.sessions().revoke(SessionId(id(1)), at(5)));
    commit!(database, |unit| unit.sessions().revoke_all(one.id, at(6)));
    for (n, revoked_at) in [(1, Some(at(5))), (2, Some(at(6))), (3, Some(at(6))), (4, None)] {
        let (_, session) = commit!(database, |unit| unit.sessions().find_token([n; 32])).expect("is there");
        assert_eq!(session.revoked_at, revoked_at, "login {n}");
    }
}

pub async fn throttles_are_kept_and_cleared(database: &Database) {
    let throttle = |failures| Throttle { failures, blocked_until: at(50), last_failure_at: at(40) };
    let key = "login:john@example.com";
    assert_eq!(commit!(database, |unit| unit.throttles().find(key)), None);
    for failures in [1, u32::MAX] {
        commit!(database, |unit| unit.throttles().save(key, &throttle(failures)));
        assert_eq!(commit!(database, |unit| unit.throttles().find(key)), Some(throttle(failures)));
    }
    assert_eq!(commit!(database, |unit| unit.throttles().find("login:jane@example.com")), None);
    commit!(database, |unit| unit.throttles().clear(key));
    commit!(database, |unit| unit.throttles().clear(key));
    assert_eq!(commit!(database, |unit| unit.throttles().find(key)), None);
}

pub async fn throttles_are_read_together(database: &Database) {
    let throttle = |failures| Throttle { failures, blocked_until: at(50), last_failure_at: at(40) };
    commit!(database, |unit| unit.throttles().save("login:ani", &throttle(1)));
    commit!(database, |unit| unit.throttles().save("login:budi", &throttle(2)));
    commit!(database, |unit| unit.throttles().save("login:cici", &throttle(3)));
    let keys = ["login:ani", "login:cici", "login:nobody"].map(str::to_owned);
    let found = database.store.users().throttles(&keys).await.expect("answers");
    assert_eq!(found.len(), 2);
    assert_eq!((found["login:ani"], found["login:cici"]), (throttle(1), throttle(3)));
    assert!(database.store.users().throttles(&[]).await.expect("answers").is_empty());
}

pub async fn first_failures_at_once_are_both_counted(database: &Database) {
    let mut unit = begin(database).await;
    assert_eq!(unit.throttles().find("address:192.0.2.1").await, Ok(None));
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.throttles().find("address:192.0.2.1").await
    })
    .await;
    let first = Throttle { failures: 1, blocked_until: at(0), last_failure_at: at(0) };
    unit.throttles().save("address:192.0.2.1", &first).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Ok(Some(first)));
}
