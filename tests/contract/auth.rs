//! Accounts of people.

use dermaga_ports::{
    StoreError, Unique,
    auth::{Login, Role, User, UserFilter, UserStatus},
    error::Entity,
    ids::UserId,
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{commit, fixtures::*};

async fn read(database: &Database, id: UserId) -> Option<User> {
    database.store.users().user(id).await.expect("reads")
}

/// The ids that a filter finds, newest first.
async fn found(database: &Database, filter: &UserFilter) -> Vec<UserId> {
    let page = database.store.users().users(filter, PageRequest::first(100)).await.expect("reads");
    page.items.into_iter().map(|user| user.id).collect()
}

pub async fn users_read_back_as_written(database: &Database) {
    let full = add_user(database, 1).await;
    assert_eq!(read(database, full.id).await, Some(full.clone()));

    for role in Role::ALL {
        let changed = User {
            role,
            email: Some("other@example.com".parse().expect("an address")),
            username: None,
            full_name: None,
            phone: None,
            last_login_at: Some(at(123_456)),
            updated_at: at(123_457),
            ..full.clone()
        };
        commit!(database, |unit| unit.users().save(&changed));
        assert_eq!(read(database, full.id).await, Some(changed));
    }

    let closed = User { email: None, username: None, status: UserStatus::Closed { at: at(9) }, ..full };
    commit!(database, |unit| unit.users().save(&closed));
    assert_eq!(read(database, closed.id).await, Some(closed.clone()));
    assert_eq!(commit!(database, |unit| unit.users().find(closed.id)), Some(closed));
    assert_eq!(commit!(database, |unit| unit.users().find(user(2).id)), None);
    assert_eq!(read(database, user(2).id).await, None);
}

pub async fn emails_are_unique(database: &Database) {
    let first = add_user(database, 1).await;
    let second = add_user(database, 2).await;
    let conflict = Err(StoreError::Conflict(Unique::UserEmail));

    let mut unit = begin(database).await;
    let third = User { email: first.email.clone(), ..user(3) };
    assert_eq!(unit.users().add(&third, Some(&hash("hash"))).await, conflict);
    let renamed = User { email: first.email.clone(), ..second.clone() };
    assert_eq!(unit.users().save(&renamed).await, conflict);
    unit.commit().await.expect("commits");

    assert_eq!(read(database, third.id).await, None);
    assert_eq!(read(database, second.id).await, Some(second));
}

pub async fn usernames_are_unique(database: &Database) {
    let first = add_user(database, 1).await;
    let second = add_user(database, 2).await;
    let conflict = Err(StoreError::Conflict(Unique::UserUsername));

    let mut unit = begin(database).await;
    let third = User { username: first.username.clone(), ..user(3) };
    assert_eq!(unit.users().add(&third, Some(&hash("hash"))).await, conflict);
    let renamed = User { username: first.username.clone(), ..second };
    assert_eq!(unit.users().save(&renamed).await, conflict);
}

pub async fn user_ids_are_unique(database: &Database) {
    let first = add_user(database, 1).await;
    let mut unit = begin(database).await;
    let again = User { id: first.id, ..user(2) };
    assert_eq!(unit.users().add(&again, Some(&hash("hash"))).await, Err(StoreError::Conflict(Unique::Id)));
}

pub async fn of_several_conflicts_the_same_is_told(database: &Database) {
    let (first, second) = (add_user(database, 1).await, add_user(database, 2).await);
    let mut unit = begin(database).await;
    let users = unit.users();
    assert_eq!(users.add(&first, Some(&hash("hash"))).await, Err(StoreError::Conflict(Unique::Id)));
    let email = Err(StoreError::Conflict(Unique::UserEmail));
    assert_eq!(users.add(&User { id: user(3).id, ..first.clone() }, Some(&hash("hash"))).await, email);
    assert_eq!(users.save(&User { id: second.id, ..first }).await, email);
    // A record is no conflict with itself.
    assert_eq!(users.save(&second).await, Ok(()));
}

pub async fn who_has_no_address_conflicts_with_nobody(database: &Database) {
    for n in 1..=2 {
        let nameless = User { email: None, ..user(n) };
        commit!(database, |unit| unit.users().add(&nameless, Some(&hash("hash"))));
    }
    for n in 3..=4 {
        let nameless = User { username: None, ..user(n) };
        commit!(database, |unit| unit.users().add(&nameless, Some(&hash("hash"))));
    }
    assert_eq!(found(database, &UserFilter::default()).await.len(), 4);
}

pub async fn what_is_not_there_cannot_be_saved(database: &Database) {
    let stale = Err(StoreError::Stale(Entity::User));
    let mut unit = begin(database).await;
    assert_eq!(unit.users().save(&user(1)).await, stale);
    assert_eq!(unit.users().set_password(user(1).id, None).await, stale);
}

pub async fn a_found_user_is_locked(database: &Database) {
    let before = add_user(database, 1).await;
    let mut unit = begin(database).await;
    unit.users().find(before.id).await.expect("finds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.users().find(user(1).id).await.expect("finds")
    })
    .await;
    let after = User { full_name: Some("Somebody else".to_owned()), ..before };
    unit.users().save(&after).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Some(after));
}

pub async fn credentials_are_found_by_either_name(database: &Database) {
    let person = add_user(database, 1).await;
    add_user(database, 2).await;
    let by_email = Login::Email("user1@example.com".parse().expect("an address"));
    let by_username = Login::Username("user1".parse().expect("a username"));
    let nobody = Login::Username("user3".parse().expect("a username"));
    assert_eq!(database.store.users().credentials(&nobody).await, Ok(None));
    let credentials = |login| database.store.users().credentials(login);

    for login in [&by_email, &by_username] {
        assert_eq!(credentials(login).await, Ok(Some((person.clone(), hash("hash")))));
    }
    commit!(database, |unit| unit.users().add(&user(3), None));
    assert_eq!(credentials(&nobody).await, Ok(None), "who has no password logs in with none");

    commit!(database, |unit| unit.users().set_password(person.id, Some(&hash("new"))));
    assert_eq!(credentials(&by_email).await, Ok(Some((person.clone(), hash("new")))));
    commit!(database, |unit| unit.users().set_password(person.id, None));
    assert_eq!(credentials(&by_email).await, Ok(None));
    // A change of the record is no change of the password.
    commit!(database, |unit| unit.users().set_password(person.id, Some(&hash("again"))));
    commit!(database, |unit| unit.users().save(&person));
    assert_eq!(credentials(&by_username).await, Ok(Some((person, hash("again")))));
}

pub async fn the_list_is_newest_first_and_pages(database: &Database) {
    for n in 1..=5 {
        let role = if n % 2 == 0 { Role::Committee } else { Role::User };
        let user = User { role, ..user(n) };
        commit!(database, |unit| unit.users().add(&user, Some(&hash("hash"))));
    }
    let ids = |numbers: &[u32]| numbers.iter().map(|n| UserId(id(*n))).collect::<Vec<_>>();
    assert_eq!(found(database, &UserFilter::default()).await, ids(&[5, 4, 3, 2, 1]));

    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest::new(after, 2);
        let page = database.store.users().users(&UserFilter::default(), request).await.expect("reads");
        pages.push(page.items.iter().map(|user| user.id).collect::<Vec<_>>());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, [ids(&[5, 4]), ids(&[3, 2]), ids(&[1])]);
    // A last page that is exactly full has no next one.
    let full = database.store.users().users(&UserFilter::default(), PageRequest::first(5)).await.expect("reads");
    assert_eq!((full.items.len(), full.next), (5, None));

    let committee = UserFilter { role: Some(Role::Committee), text: None };
    assert_eq!(found(database, &committee).await, ids(&[4, 2]));
}

pub async fn the_list_is_searched_in_any_case(database: &Database) {
    let named = User { full_name: Some("Élodie Ångström".to_owned()), ..user(1) };
    commit!(database, |unit| unit.users().add(&named, Some(&hash("hash"))));
    add_user(database, 2).await;
    for text in ["USER1", "sEr1", "r1", "USER1@Example.com", " user1@example.com "] {
        let filter = UserFilter { text: Some(text.to_owned()), role: None };
        assert_eq!(found(database, &filter).await, [UserId(id(1))], "{text}");
    }
    // What is sealed is found as a whole or not at all.
    for text in ["lodie", "Person 2", "user1@", "example.com", "+628123456"] {
        let filter = UserFilter { text: Some(text.to_owned()), role: None };
        assert!(found(database, &filter).await.is_empty(), "{text}");
    }
    let other_role = UserFilter { text: Some("r1".to_owned()), role: Some(Role::Admin) };
    assert!(found(database, &other_role).await.is_empty());

    // What was erased is not found any more.
    let erased = User { email: None, ..named };
    commit!(database, |unit| unit.users().save(&erased));
    let filter = UserFilter { text: Some("user1@example.com".to_owned()), role: None };
    assert!(found(database, &filter).await.is_empty());
}

pub async fn what_is_typed_is_no_pattern(database: &Database) {
    let odd = User { username: Some("a_real.one".parse().expect("a username")), ..user(1) };
    commit!(database, |unit| unit.users().add(&odd, Some(&hash("hash"))));
    add_user(database, 2).await;
    for (text, hits) in [("%", 0), ("_", 1), ("\\", 0), ("'", 0), ("A_R", 1), ("%r%", 0), ("u_er", 0), ("\0", 0)] {
        let filter = UserFilter { text: Some(text.to_owned()), role: None };
        assert_eq!(found(database, &filter).await.len(), hits, "{text:?}");
    }
}

pub async fn administrators_are_counted_and_locked(database: &Database) {
    let admin = |n| User { role: Role::Admin, ..user(n) };
    for n in 1..=2 {
        commit!(database, |unit| unit.users().add(&admin(n), Some(&hash("hash"))));
    }
    let gone = User { status: UserStatus::Closed { at: at(9) }, ..admin(3) };
    commit!(database, |unit| unit.users().add(&gone, Some(&hash("hash"))));
    add_user(database, 4).await;

    let mut unit = begin(database).await;
    assert_eq!(unit.users().count_admins().await, Ok(2));
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.users().count_admins().await
    })
    .await;
    unit.users().save(&User { role: Role::User, ..admin(1) }).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Ok(1));
}
