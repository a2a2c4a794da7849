//! Personal data at rest: sealed, found by a digest, and sealed anew when keys change.

use dermaga_ports::{
    StoreError, Unique,
    auth::{Login, Throttle, User, UserFilter},
    ids::{EndpointId, PaymentId, UserId},
    paging::PageRequest,
    payments::{CardToken, Method, MethodKind, Payment, PaymentState, Sums, Use},
    store::Store as _,
    webhooks::{Endpoint, EndpointState, PreviousKey, SigningKey, SigningKeys},
};
use dermaga_sql::{Rotation, SqlStore};
use dermaga_tests::databases::{Database, Engine, PERSONAL_DATA_KEYS};

use crate::{commit, fixtures::*, papers};

const NEW: &str = "new:bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE=";

/// The new key first, and the one that the database was written with.
fn both() -> String {
    format!("{NEW},{PERSONAL_DATA_KEYS}")
}

fn signing_key(text: &str) -> SigningKey {
    SigningKey::new(text.as_bytes().to_vec()).expect("long enough")
}

fn endpoint() -> Endpoint {
    let previous = PreviousKey { key: signing_key("a-key-that-signed-until-today!"), until: at(9) };
    Endpoint {
        id: EndpointId(id(1)),
        url: "https://example.com/hook".to_owned(),
        topics: vec!["payment.*".to_owned()],
        description: None,
        keys: SigningKeys { current: signing_key("a-key-that-signs-from-today-on"), previous: Some(previous) },
        state: EndpointState::Enabled { failing_since: None },
        created_at: at(1),
    }
}

/// An account, an endpoint with two keys, an attempt to pay with a card, and what [`papers`] writes.
async fn fill(database: &Database) -> (User, Payment, Endpoint) {
    let (user, wallet) = add_customer(database, 1).await;
    let transaction = payment(1, &wallet, 500);
    commit!(database, |unit| unit.transactions().add(&transaction));
    let token = Some(CardToken("token-of-a-card-4711".to_owned()));
    let payment = Payment {
        id: PaymentId(id(1)),
        transaction: transaction.id,
        user: user.id,
        gateway: "played".to_owned(),
        reference: "DMG-1".to_owned(),
        provider_id: None,
        amount: idr(500),
        method: Method { token, ..Method::plain(MethodKind::CreditCard) },
        state: PaymentState::Created,
        used: Use::Nothing,
        sums: Sums::default(),
        settled: false,
        late: false,
        reason: None,
        frozen: false,
        action: None,
        description: None,
        idempotency_key: "1".to_owned(),
        sent_at: None,
        expires_at: at(9),
        verified_at: None,
        next_check_at: None,
        checks: 0,
        raw: None,
        created_at: at(1),
        updated_at: at(1),
        revision: 0,
    };
    commit!(database, |unit| unit.payments().add(&payment));
    let endpoint = endpoint();
    commit!(database, |unit| unit.webhooks().add_endpoint(&endpoint));
    papers::write(database).await;
    (user, payment, endpoint)
}

/// How many values [`fill`] leaves behind.
const FILLED: u64 = 6 + papers::COUNT;

/// That a store reads all of it, and finds the account by its address.
async fn assert_reads(store: &SqlStore, (user, payment, endpoint): &(User, Payment, Endpoint)) {
    assert_eq!(store.users().user(user.id).await, Ok(Some(user.clone())));
    let login = Login::Email(user.email.clone().expect("has one"));
    let known = store.users().credentials(&login).await;
    assert_eq!(known, Ok(Some((user.clone(), hash("hash")))));
    let filter = UserFilter { text: Some(login.to_string()), role: None };
    let listed = store.users().users(&filter, PageRequest::first(9)).await.expect("reads");
    assert_eq!(listed.items, std::slice::from_ref(user));
    assert_eq!(store.payments().payment(payment.id).await, Ok(Some(payment.clone())));
    assert_eq!(store.webhooks().endpoint(endpoint.id).await, Ok(Some(endpoint.clone())));
    papers::assert_reads(store).await;
}

/// A sealed value in hexadecimal digits.
async fn sealed(database: &Database, column: &str, number: u32) -> String {
    let row = id(number).simple();
    let sql = match database.engine {
        Engine::Sqlite => format!("SELECT hex({column}) FROM users WHERE id = x'{row}'"),
        Engine::Postgres => format!("SELECT upper(encode({column}, 'hex')) FROM users WHERE id = '{row}'"),
    };
    database.texts(&sql).await.remove(0)
}

/// Puts a value there behind the store's back.
async fn put(database: &Database, column: &str, number: u32, hex: &str) {
    assert_eq!(try_put(database, column, number, hex).await, Ok(1));
}

async fn try_put(database: &Database, column: &str, number: u32, hex: &str) -> Result<u64, String> {
    let row = id(number).simple();
    let sql = match database.engine {
        Engine::Sqlite => format!("UPDATE users SET {column} = x'{hex}' WHERE id = x'{row}'"),
        Engine::Postgres => format!("UPDATE users SET {column} = '\\x{hex}' WHERE id = '{row}'"),
    };
    database.execute(&sql).await
}

/// Why the account cannot be read.
async fn corrupt(store: &SqlStore, number: u32) -> String {
    let listed = store.users().users(&UserFilter::default(), PageRequest::first(9)).await;
    assert!(matches!(listed, Err(StoreError::Corrupt(_))), "{listed:?}");
    match store.users().user(UserId(id(number))).await {
        Err(StoreError::Corrupt(why)) => why,
        other => panic!("{other:?}"),
    }
}

pub async fn nothing_personal_is_stored_in_the_clear(database: &Database) {
    let (user, payment, endpoint) = fill(database).await;
    let throttle = Throttle { failures: 1, blocked_until: at(1), last_failure_at: at(1) };
    commit!(database, |unit| unit.throttles().save("login:user1@example.com", &throttle));
    let everything = database.everything().await;
    let has = |needle: &[u8]| {
        let hex: String = needle.iter().map(|byte| format!("{byte:02x}")).collect();
        [needle, hex.as_bytes()].iter().any(|part| everything.windows(part.len()).any(|window| window == *part))
    };
    assert!(
        has(b"user1") && has(b"https://example.com/hook") && has(papers::CLEAR.as_bytes()),
        "what is not hidden is found, so the search works"
    );
    let texts = [user.email.map(|e| e.to_string()), user.full_name, user.phone.map(|p| p.to_string())];
    let words = papers::WORDS.map(str::to_owned);
    for text in texts.into_iter().flatten().chain(words).chain(payment.method.token.map(|token| token.0)) {
        assert!(!has(text.as_bytes()), "{text}");
    }
    let keys = [Some(endpoint.keys.current), endpoint.keys.previous.map(|previous| previous.key)];
    for key in keys.iter().flatten() {
        assert!(!has(key.expose()));
    }
}

pub async fn what_is_sealed_reads_back(database: &Database) {
    let mut filled = fill(database).await;
    assert_reads(&database.store, &filled).await;
    filled.0.full_name = Some("Élodie \0 Ångström".to_owned());
    filled.0.email = Some("another@example.com".parse().expect("an address"));
    filled.1.method.token = None;
    filled.2.keys.previous = None;
    commit!(database, |unit| unit.users().save(&filled.0));
    commit!(database, |unit| unit.payments().save(&filled.1));
    commit!(database, |unit| unit.webhooks().save_endpoint(&filled.2));
    filled.1.revision += 1;
    assert_reads(&database.store, &filled).await;
    let before = Login::Email("user1@example.com".parse().expect("an address"));
    assert_eq!(database.store.users().credentials(&before).await, Ok(None));
}

pub async fn an_address_is_unique_by_its_digest(database: &Database) {
    add_user(database, 1).await;
    let second = User { email: Some("USER1@Example.COM".parse().expect("an address")), ..user(2) };
    let mut unit = begin(database).await;
    let added = unit.users().add(&second, Some(&hash("hash"))).await;
    assert_eq!(added, Err(StoreError::Conflict(Unique::UserEmail)));
    drop(unit);
    // And without the questions of the program: the schema has the rule.
    add_user(database, 2).await;
    let digest = sealed(database, "email_digest", 1).await;
    let refused = try_put(database, "email_digest", 2, &digest).await.expect_err("is refused");
    assert!(refused.contains("users_email") || refused.contains("users.email_digest"), "{refused}");
}

pub async fn a_value_of_another_row_or_column_is_refused(database: &Database) {
    add_user(database, 1).await;
    add_user(database, 2).await;
    for column in ["email", "full_name", "phone"] {
        let own = sealed(database, column, 1).await;
        let foreign = sealed(database, column, 2).await;
        put(database, column, 1, &foreign).await;
        let why = corrupt(&database.store, 1).await;
        assert!(why.contains(&format!("users.{column}")) && why.contains("cannot be opened"), "{why}");
        put(database, column, 1, &own).await;
        assert_eq!(database.store.users().user(UserId(id(1))).await, Ok(Some(user(1))));
    }
    let name = sealed(database, "full_name", 1).await;
    put(database, "phone", 1, &name).await;
    assert!(corrupt(&database.store, 1).await.contains("users.phone"));
}

pub async fn a_changed_value_is_refused(database: &Database) {
    add_user(database, 1).await;
    let own = sealed(database, "email", 1).await;
    let last = if own.ends_with('0') { "1" } else { "0" };
    let cut = &own[..own.len() - 2];
    for changed in [format!("{}{last}", &own[..own.len() - 1]), cut.to_owned(), "00".to_owned(), String::new()] {
        put(database, "email", 1, &changed).await;
        let why = corrupt(&database.store, 1).await;
        assert!(why.contains("users.email") && !why.contains("user1"), "{why}");
        let login = Login::Email("user1@example.com".parse().expect("an address"));
        let known = database.store.users().credentials(&login).await;
        assert!(matches!(known, Err(StoreError::Corrupt(_))), "{known:?}");
    }
    put(database, "email", 1, &own).await;
    assert_eq!(database.store.users().user(UserId(id(1))).await, Ok(Some(user(1))));
}

pub async fn a_key_that_is_missing_or_wrong_is_refused(database: &Database) {
    let filled = fill(database).await;
    let stranger = database.store_with(NEW).await;
    let why = corrupt(&stranger, 1).await;
    assert!(why.contains("\"tests\"") && why.contains("PERSONAL_DATA_KEYS"), "{why}");
    let impostor = database.store_with(&NEW.replace("new:", "tests:")).await;
    assert!(corrupt(&impostor, 1).await.contains("a wrong key"));
    for store in [stranger, impostor] {
        let payment = store.payments().payment(filled.1.id).await;
        assert!(matches!(payment, Err(StoreError::Corrupt(_))), "{payment:?}");
        let endpoints = store.webhooks().endpoints().await;
        assert!(matches!(endpoints, Err(StoreError::Corrupt(_))), "{endpoints:?}");
        papers::assert_refuses(&store).await;
        let rotated = store.rotate_personal_data(|_, _| ()).await;
        assert!(matches!(rotated, Err(StoreError::Corrupt(_))), "{rotated:?}");
        store.close().await;
    }
    assert_reads(&database.store, &filled).await;
}

pub async fn after_a_rotation_the_old_key_can_go(database: &Database) {
    let filled = fill(database).await;
    // More than one batch.
    let mut unit = begin(database).await;
    for n in 2..=300 {
        unit.users().add(&User { full_name: None, phone: None, ..user(n) }, Some(&hash("hash"))).await.expect("adds");
    }
    unit.commit().await.expect("commits");
    let all = FILLED + 299;

    let changing = database.store_with(&both()).await;
    assert_reads(&changing, &filled).await;
    let mut told = Vec::new();
    let rotated = changing.rotate_personal_data(|done, total| told.push((done, total))).await;
    assert_eq!(rotated, Ok(Rotation { seen: all, rewritten: all }));
    assert_eq!(told.last(), Some(&(all, all)));
    assert!(told.iter().any(|(done, _)| *done < all), "in steps: {told:?}");
    assert_reads(&changing, &filled).await;
    let again = changing.rotate_personal_data(|_, _| ()).await;
    assert_eq!(again, Ok(Rotation { seen: all, rewritten: 0 }));
    changing.close().await;

    let changed = database.store_with(NEW).await;
    assert_reads(&changed, &filled).await;
    changed.close().await;
    assert!(corrupt(&database.store, 1).await.contains("\"new\""), "and the old key alone opens nothing");
}

pub async fn nobody_is_unknown_while_keys_are_changed(database: &Database) {
    let mut unit = begin(database).await;
    for n in 1..=300 {
        unit.users().add(&user(n), Some(&hash("hash"))).await.expect("adds");
    }
    unit.commit().await.expect("commits");
    let changing = database.store_with(&both()).await;
    let rotating = changing.clone();
    let rotation = tokio::spawn(async move { rotating.rotate_personal_data(|_, _| ()).await });
    let mut asked = 0;
    while asked < 300 || !rotation.is_finished() {
        let person = user(asked % 300 + 1);
        let login = Login::Email(person.email.clone().expect("has one"));
        assert_eq!(changing.users().credentials(&login).await, Ok(Some((person, hash("hash")))));
        asked += 1;
    }
    assert_eq!(rotation.await.expect("ends"), Ok(Rotation { seen: 900, rewritten: 900 }));
    changing.close().await;
}

pub async fn an_address_under_another_key_is_taken(database: &Database) {
    let first = add_user(database, 1).await;
    let changing = database.store_with(&both()).await;
    let mut unit = changing.begin().await.expect("begins");
    let same = User { email: first.email.clone(), ..user(2) };
    let added = unit.users().add(&same, Some(&hash("hash"))).await;
    assert_eq!(added, Err(StoreError::Conflict(Unique::UserEmail)));
    // The unit goes on, and so it is with a change.
    unit.users().add(&user(2), Some(&hash("hash"))).await.expect("adds");
    assert_eq!(unit.users().save(&same).await, Err(StoreError::Conflict(Unique::UserEmail)));
    // Whoever has the address may be saved, and is sealed anew by it.
    unit.users().save(&first).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(changing.users().user(first.id).await, Ok(Some(first)));
    changing.close().await;
    let changed = database.store_with(NEW).await;
    assert_eq!(changed.users().user(UserId(id(1))).await, Ok(Some(user(1))));
    changed.close().await;
}

pub async fn hosts_with_other_first_keys_do_not_give_an_address_twice(database: &Database) {
    let ahead = database.store_with(&both()).await;
    let behind = database.store_with(&format!("{PERSONAL_DATA_KEYS},{NEW}")).await;
    let mut unit = ahead.begin().await.expect("begins");
    unit.users().add(&user(1), Some(&hash("hash"))).await.expect("adds");
    let second = must_wait(database, |_| async move {
        let mut unit = behind.begin().await.expect("begins");
        let same = User { email: user(1).email, ..user(2) };
        let added = unit.users().add(&same, Some(&hash("hash"))).await;
        drop(unit);
        behind.close().await;
        added
    })
    .await;
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Err(StoreError::Conflict(Unique::UserEmail)));
    ahead.close().await;
}

pub async fn a_rotation_keeps_what_a_host_writes_meanwhile(database: &Database) {
    let before = add_user(database, 1).await;
    let changing = database.store_with(&both()).await;
    let mut unit = begin(database).await;
    let found = unit.users().find(before.id).await;
    assert_eq!(found, Ok(Some(before.clone())));
    let rotation = must_wait(database, |_| async move {
        let rotated = changing.rotate_personal_data(|_, _| ()).await;
        changing.close().await;
        rotated
    })
    .await;
    let after = User { full_name: Some("A new name".to_owned()), ..before };
    unit.users().save(&after).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(rotation.await.expect("ends"), Ok(Rotation { seen: 3, rewritten: 3 }));
    let changed = database.store_with(NEW).await;
    assert_eq!(changed.users().user(after.id).await, Ok(Some(after)));
    changed.close().await;
}

pub async fn a_rotation_goes_on_where_it_was_interrupted(database: &Database) {
    add_user(database, 1).await;
    add_user(database, 2).await;
    let own = sealed(database, "phone", 2).await;
    put(database, "phone", 2, "00").await;
    let changing = database.store_with(&both()).await;
    let stopped = changing.rotate_personal_data(|_, _| ()).await;
    assert!(matches!(&stopped, Err(StoreError::Corrupt(why)) if why.contains("users.phone")), "{stopped:?}");
    put(database, "phone", 2, &own).await;
    // Both addresses were done; a batch with a value that cannot be opened is not done at all.
    let rotated = changing.rotate_personal_data(|_, _| ()).await;
    assert_eq!(rotated, Ok(Rotation { seen: 6, rewritten: 4 }));
    changing.close().await;
    let changed = database.store_with(NEW).await;
    for n in [1, 2] {
        assert_eq!(changed.users().user(UserId(id(n))).await, Ok(Some(user(n))));
    }
    changed.close().await;
}
