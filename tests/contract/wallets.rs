//! Wallets.

use dermaga_ports::{
    StoreError, Unique,
    ids::WalletId,
    ledger::{Balance, Changes, MAX_WALLETS, Title, Wallet},
    money::Currency,
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine};

use crate::{commit, fixtures::*};

async fn try_to_add(database: &Database, wallet: &Wallet) -> Result<(), StoreError> {
    let mut unit = begin(database).await;
    unit.books().open(&account_of(wallet)).await.expect("opens");
    unit.wallets().add(wallet).await?;
    unit.commit().await
}

fn account_of(wallet: &Wallet) -> dermaga_ports::ledger::Account {
    let mut account = account(0);
    account.id = wallet.id.into();
    account.code = format!("wallet:{}", wallet.id);
    account.currency = wallet.currency;
    account
}

pub async fn wallets_read_back_as_written(database: &Database) {
    let user = add_user(database, 1).await;
    let main = Wallet { is_default: true, ..wallet(10, &user, "main") };
    let dollars = Wallet { currency: Currency::Usd, closed: true, ..wallet(11, &user, "Tabungan für später") };
    for wallet in [&main, &dollars] {
        add_wallet(database, wallet).await;
        assert_eq!(commit!(database, |unit| unit.wallets().find(wallet.id)).as_ref(), Some(wallet));
    }
    assert_eq!(commit!(database, |unit| unit.wallets().find(wallet(12, &user, "x").id)), None);
}

pub async fn names_are_unique_for_owner_and_currency(database: &Database) {
    let (one, other) = (add_user(database, 1).await, add_user(database, 2).await);
    add_wallet(database, &wallet(10, &one, "travel")).await;
    let conflict = Err(StoreError::Conflict(Unique::WalletName));
    assert_eq!(try_to_add(database, &wallet(11, &one, "travel")).await, conflict);
    assert_eq!(try_to_add(database, &wallet(12, &other, "travel")).await, Ok(()));
    assert_eq!(try_to_add(database, &wallet(13, &one, "Travel")).await, Ok(()));
    let dollars = Wallet { currency: Currency::Usd, ..wallet(14, &one, "travel") };
    assert_eq!(try_to_add(database, &dollars).await, Ok(()));
    let same_id = wallet(14, &one, "another");
    assert_eq!(try_to_add(database, &same_id).await, Err(StoreError::Conflict(Unique::Id)));
}

pub async fn there_is_one_default(database: &Database) {
    let (user, _) = add_customer(database, 1).await;
    let second = Wallet { is_default: true, ..wallet(10, &user, "second") };
    let refused = try_to_add(database, &second).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    add_customer(database, 2).await;
}

pub async fn a_wallet_needs_its_account(database: &Database) {
    let user = add_user(database, 1).await;
    let wallet = wallet(10, &user, "main");
    let mut unit = begin(database).await;
    unit.wallets().add(&wallet).await.expect("the account may follow");
    let refused = unit.commit().await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    assert_eq!(commit!(database, |unit| unit.wallets().find(wallet.id)), None);

    let mut unit = begin(database).await;
    unit.wallets().add(&wallet).await.expect("adds");
    unit.books().open(&account_of(&wallet)).await.expect("opens");
    unit.commit().await.expect("commits");
}

pub async fn wallets_are_listed_oldest_first(database: &Database) {
    let (one, other) = (add_user(database, 1).await, add_user(database, 2).await);
    add_wallet(database, &wallet(9, &other, "main")).await;
    let mut wallets = Vec::new();
    // The ids are in another order than the moments.
    for n in [30, 10, 20] {
        let wallet = Wallet { created_at: at(100 - n), ..wallet(n as u32, &one, &format!("number {n}")) };
        add_wallet(database, &wallet).await;
        wallets.push(wallet);
    }
    wallets.sort_by_key(|wallet| wallet.created_at);
    assert_eq!(commit!(database, |unit| unit.wallets().of_user(one.id)), wallets);
    let read = database.store.wallets().wallets(one.id, at(0)).await.expect("reads");
    assert_eq!(read.into_iter().map(|(wallet, _)| wallet).collect::<Vec<_>>(), wallets);

    for n in 100..100 + MAX_WALLETS as u32 {
        add_wallet(database, &wallet(n, &one, &format!("number {n}"))).await;
    }
    assert_eq!(database.store.wallets().wallets(one.id, at(0)).await.expect("reads").len(), MAX_WALLETS);
}

pub async fn titles_are_told_of_the_wallets_that_exist(database: &Database) {
    let (one, first) = add_customer(database, 1).await;
    let (_, second) = add_customer(database, 2).await;
    let dollars = Wallet { currency: Currency::Usd, closed: true, ..wallet(10, &one, "dollars") };
    add_wallet(database, &dollars).await;
    let ids = [second.id, dollars.id, wallet(99, &one, "unknown").id, first.id, second.id];
    let mut titles = database.store.wallets().titles(&ids).await.expect("reads");
    titles.sort_by_key(|(id, _)| *id);
    let title = |wallet: &Wallet| (wallet.id, Title { owner: wallet.owner, currency: wallet.currency });
    assert_eq!(titles, [title(&first), title(&second), title(&dollars)], "each once, closed or not");
    assert_eq!(database.store.wallets().titles(&[]).await, Ok(Vec::new()));

    // More than one statement can ask for.
    let many: Vec<_> = (1..3_000).map(|n| wallet(n, &one, "any").id).collect();
    assert_eq!(database.store.wallets().titles(&many).await.expect("reads").len(), 3);
}

pub async fn all_wallets_close_together(database: &Database) {
    let (one, first) = add_customer(database, 1).await;
    let (_, others) = add_customer(database, 2).await;
    add_wallet(database, &wallet(10, &one, "second")).await;
    commit!(database, |unit| unit.wallets().close_all(one.id));
    let closed = commit!(database, |unit| unit.wallets().of_user(one.id));
    assert_eq!(closed.iter().map(|wallet| wallet.closed).collect::<Vec<_>>(), [true, true]);
    assert_eq!(commit!(database, |unit| unit.wallets().find(others.id)), Some(others));
    // The account is another record.
    let (wallet, account) = database.store.wallets().wallet(first.id, at(0)).await.expect("reads").expect("is there");
    assert_eq!((wallet.closed, account.closed), (true, false));
}

pub async fn wallets_come_with_their_accounts(database: &Database) {
    let (user, main) = add_customer(database, 1).await;
    let travel = wallet(10, &user, "travel");
    let mut account = add_wallet(database, &travel).await;
    let mut cash = system_account(50);
    open(database, &[&cash]).await;
    account.counters.credits_posted = 100;
    let held = hold(60, &mut account, &mut cash, 30, Some(at(100)));
    let changes = Changes { accounts: vec![account.clone()], holds: vec![held], ..Changes::default() };
    write(database, &changes).await.expect("writes");
    account.revision += 1;

    let wallets = database.store.wallets();
    assert_eq!(wallets.wallet(travel.id, at(99)).await, Ok(Some((travel.clone(), account.clone()))));
    account.counters.debits_pending = 0;
    assert_eq!(wallets.wallet(travel.id, at(100)).await, Ok(Some((travel.clone(), account.clone()))));
    let both = wallets.wallets(user.id, at(100)).await.expect("reads");
    assert_eq!(both, [(main.clone(), account_of(&main)), (travel, account)]);
    assert_eq!(wallets.default_wallet(user.id, at(0)).await, Ok(Some((main.clone(), account_of(&main)))));

    let nobody = add_user(database, 2).await;
    assert_eq!(wallets.default_wallet(nobody.id, at(0)).await, Ok(None));
    assert_eq!(wallets.wallets(nobody.id, at(0)).await, Ok(Vec::new()));
    assert_eq!(wallets.wallet(wallet(99, &nobody, "x").id, at(0)).await, Ok(None));
}

/// In any order, and without what is reserved.
pub async fn several_balances_are_found_at_once(database: &Database) {
    let (one, first) = add_customer(database, 1).await;
    let (_, second) = add_customer(database, 2).await;
    let dollars = Wallet { currency: Currency::Usd, closed: true, ..wallet(10, &one, "dollars") };
    let mut account = add_wallet(database, &dollars).await;
    let mut cash = system_account(50);
    open(database, &[&cash]).await;
    account.counters.credits_posted = 100;
    let held = hold(60, &mut account, &mut cash, 30, Some(at(100)));
    write(database, &Changes { accounts: vec![account], holds: vec![held], ..Changes::default() })
        .await
        .expect("writes");

    // An account that is none of a wallet is not answered as one.
    let cash_in_disguise = WalletId(cash.id.0);
    let wallets = database.store.wallets();
    for (now, available) in [(99, 70), (100, 100)] {
        let ids = [dollars.id, wallet(99, &one, "unknown").id, second.id, cash_in_disguise, dollars.id, first.id];
        let mut found = wallets.balances(&ids, at(now)).await.expect("reads");
        found.sort_by_key(|(wallet, _)| *wallet);
        let expected = [(first.id, 0, 0), (second.id, 0, 0), (dollars.id, 100, available)]
            .map(|(id, posted, available)| (id, Balance { posted, available }));
        assert_eq!(found, expected, "at {now}: each once, open or closed, and none that is not there");
    }
    assert_eq!(wallets.balances(&[], at(0)).await, Ok(Vec::new()));
    assert_eq!(wallets.balances(&[wallet(99, &one, "x").id], at(0)).await, Ok(Vec::new()));

    // More than one statement can ask for.
    let many: Vec<_> = (1..3_000).map(|n| wallet(n, &one, "any").id).collect();
    assert_eq!(wallets.balances(&many, at(0)).await.expect("reads").len(), 3);
}

/// More was reserved than the account says: whoever took that away would tell of money that is not there.
pub async fn a_balance_of_illegal_counters_is_no_answer(database: &Database) {
    let (_, wallet) = add_customer(database, 1).await;
    let mut account = account_of(&wallet);
    let mut cash = system_account(50);
    open(database, &[&cash]).await;
    account.counters.credits_posted = 100;
    let held = hold(60, &mut account, &mut cash, 30, Some(at(100)));
    account.counters.debits_pending = 20;
    write(database, &Changes { accounts: vec![account], holds: vec![held], ..Changes::default() })
        .await
        .expect("writes");

    let wallets = database.store.wallets();
    let before = Balance { posted: 100, available: 80 };
    assert_eq!(wallets.balances(&[wallet.id], at(99)).await, Ok(vec![(wallet.id, before)]));
    let balance = wallets.balances(&[wallet.id], at(100)).await;
    assert!(matches!(balance, Err(StoreError::Corrupt(_))), "{balance:?}");
    let found = wallets.wallet(wallet.id, at(100)).await;
    assert!(matches!(found, Err(StoreError::Corrupt(_))), "{found:?}");
}

/// What changes nothing is asked again, so that nobody hears of a connection that died while it rested.
pub async fn a_question_outlives_a_server_that_hung_up(database: &Database) {
    let (user, wallet) = add_customer(database, 1).await;
    let hang_up = async || {
        if database.engine == Engine::Postgres {
            let ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                WHERE application_name = 'dermaga' AND datname = current_database()";
            assert!(database.execute(ours).await.expect("hangs up") > 0, "somebody was there");
        }
    };
    let wallets = database.store.wallets();
    let balance = Ok(vec![(wallet.id, Balance { posted: 0, available: 0 })]);
    assert_eq!(wallets.balances(&[wallet.id], at(0)).await, balance);
    hang_up().await;
    assert_eq!(wallets.balances(&[wallet.id], at(0)).await, balance);
    hang_up().await;
    let title = Title { owner: user.id, currency: wallet.currency };
    assert_eq!(wallets.titles(&[wallet.id]).await, Ok(vec![(wallet.id, title)]));
}
