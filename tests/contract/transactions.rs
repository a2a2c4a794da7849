//! Transactions inside a unit of work.

use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    ids::{TransactionId, TransferId, UserId},
    ledger::{Counterparty, Transaction, TransactionKind, TransactionStatus},
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine};

use crate::{commit, fixtures::*};

async fn add(database: &Database, transaction: &Transaction) {
    commit!(database, |unit| unit.transactions().add(transaction));
}

pub async fn every_counterparty_reads_back(database: &Database) {
    let (_, wallet) = add_customer(database, 1).await;
    let (_, other) = add_customer(database, 2).await;
    let counterparties = [
        (TransactionKind::Transfer, Counterparty::User { user: other.owner, wallet: other.id }),
        (TransactionKind::Payment, Counterparty::Merchant { name: "Warung Bu Sri".to_owned() }),
        (TransactionKind::Topup, Counterparty::Gateway { name: "sandbox".to_owned(), method: "instant".to_owned() }),
        (TransactionKind::Debit, Counterparty::Staff { name: "service:shop".to_owned() }),
        (TransactionKind::Credit, Counterparty::Staff { name: "operator".to_owned() }),
    ];
    for (n, (kind, counterparty)) in (10..).zip(counterparties) {
        let full = Transaction {
            kind,
            counterparty,
            refunded: 3,
            description: Some("lunch".to_owned()),
            reference: Some("invoice 1".to_owned()),
            failure: Some("no".to_owned()),
            transfer: Some(TransferId(id(n))),
            expires_at: Some(at(1_000)),
            updated_at: at(999),
            ..payment(n, &wallet, 10)
        };
        add(database, &full).await;
        assert_eq!(database.store.transactions().transaction(full.id).await, Ok(Some(full.clone())));
        assert_eq!(commit!(database, |unit| unit.transactions().find(full.id)), Some(full));
    }
    for (n, status) in (20..).zip(TransactionStatus::ALL) {
        let bare = Transaction { status, ..payment(n, &wallet, 10) };
        add(database, &bare).await;
        assert_eq!(database.store.transactions().transaction(bare.id).await, Ok(Some(bare)));
    }
    assert_eq!(database.store.transactions().transaction(TransactionId(id(99))).await, Ok(None));
    assert_eq!(commit!(database, |unit| unit.transactions().find(TransactionId(id(99)))), None);
}

pub async fn ids_are_unique(database: &Database) {
    let (_, wallet) = add_customer(database, 1).await;
    let first = Transaction { reference: Some("a".to_owned()), ..payment(10, &wallet, 10) };
    add(database, &first).await;
    let mut unit = begin(database).await;
    // With the same reference as well, it is the id that is told.
    for reference in [Some("a".to_owned()), Some("b".to_owned()), None] {
        let again = Transaction { reference, ..payment(10, &wallet, 11) };
        assert_eq!(unit.transactions().add(&again).await, Err(StoreError::Conflict(Unique::Id)));
    }
    assert_eq!(unit.transactions().find(first.id).await, Ok(Some(first)));
    unit.commit().await.expect("the unit is still good");
}

pub async fn references_are_unique_for_wallet_and_kind(database: &Database) {
    let (user, wallet) = add_customer(database, 1).await;
    let second = crate::fixtures::wallet(20, &user, "second");
    add_wallet(database, &second).await;
    let named = |n, wallet, kind| Transaction { kind, reference: Some("A-1".to_owned()), ..payment(n, wallet, 10) };
    let first = named(30, &wallet, TransactionKind::Payment);
    add(database, &first).await;

    let mut unit = begin(database).await;
    let again = named(31, &wallet, TransactionKind::Payment);
    assert_eq!(unit.transactions().add(&again).await, Err(StoreError::Conflict(Unique::Reference)));
    unit.transactions().add(&named(32, &wallet, TransactionKind::Debit)).await.expect("another kind");
    unit.transactions().add(&named(33, &second, TransactionKind::Payment)).await.expect("another wallet");
    unit.transactions().add(&payment(34, &wallet, 10)).await.expect("no reference");
    unit.transactions().add(&payment(35, &wallet, 10)).await.expect("no reference either");
    unit.commit().await.expect("commits");

    let mut unit = begin(database).await;
    let transactions = unit.transactions();
    let found = transactions.find_by_reference(wallet.id, TransactionKind::Payment, "A-1").await;
    assert_eq!(found, Ok(Some(first)));
    let found = transactions.find_by_reference(second.id, TransactionKind::Payment, "A-1").await;
    assert_eq!(found.map(|found| found.map(|found| found.id)), Ok(Some(TransactionId(id(33)))));
    for (kind, reference) in [(TransactionKind::Topup, "A-1"), (TransactionKind::Payment, "a-1")] {
        assert_eq!(transactions.find_by_reference(wallet.id, kind, reference).await, Ok(None));
    }
    assert_eq!(transactions.find_by_reference(wallet.id, TransactionKind::Payment, "\0").await, Ok(None));
}

pub async fn a_save_writes_what_may_change(database: &Database) {
    let (_, wallet) = add_customer(database, 1).await;
    let before = Transaction { status: TransactionStatus::Pending, ..payment(10, &wallet, 10) };
    add(database, &before).await;
    let after = Transaction {
        status: TransactionStatus::PartiallyRefunded,
        refunded: 4,
        failure: Some("half of it".to_owned()),
        transfer: Some(TransferId(id(11))),
        description: Some("dinner".to_owned()),
        updated_at: at(500),
        ..before.clone()
    };
    // The rest of the record is what it was when it was made.
    let forged = Transaction {
        amount: idr(1_000_000),
        user: UserId(id(77)),
        reference: Some("other".to_owned()),
        created_at: at(1),
        ..after.clone()
    };
    commit!(database, |unit| unit.transactions().save(&forged));
    assert_eq!(database.store.transactions().transaction(before.id).await, Ok(Some(after)));

    let mut unit = begin(database).await;
    let stale = Err(StoreError::Stale(Entity::Transaction));
    assert_eq!(unit.transactions().save(&payment(11, &wallet, 10)).await, stale);
    let too_much = Transaction { refunded: 11, ..before };
    let refused = unit.transactions().save(&too_much).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

pub async fn a_found_transaction_is_locked(database: &Database) {
    let (_, wallet) = add_customer(database, 1).await;
    let before = payment(10, &wallet, 10);
    add(database, &before).await;
    let mut unit = begin(database).await;
    unit.transactions().find(before.id).await.expect("finds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.transactions().find(TransactionId(id(10))).await.expect("finds")
    })
    .await;
    let after = Transaction { refunded: 10, status: TransactionStatus::Refunded, ..before };
    unit.transactions().save(&after).await.expect("saves");
    unit.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Some(after));
}

pub async fn unfinished_transactions_are_known_on_either_side(database: &Database) {
    let (payer, wallet) = add_customer(database, 1).await;
    let (payee, other) = add_customer(database, 2).await;
    let (bystander, _) = add_customer(database, 3).await;
    add(database, &transfer(10, &wallet, &other, 10)).await;
    for status in TransactionStatus::ALL {
        let changed = Transaction { status, ..transfer(10, &wallet, &other, 10) };
        commit!(database, |unit| unit.transactions().save(&changed));
        let unfinished = matches!(status, TransactionStatus::Pending | TransactionStatus::Processing);
        let mut unit = begin(database).await;
        assert_eq!(unit.transactions().has_unfinished(payer.id).await, Ok(unfinished), "{status:?}");
        assert_eq!(unit.transactions().has_unfinished(payee.id).await, Ok(unfinished), "{status:?}");
        assert_eq!(unit.transactions().has_unfinished(bystander.id).await, Ok(false));
    }
}

/// Pending transfers with these deadlines, numbered from 10.
async fn add_pending(database: &Database, deadlines: &[Option<i64>]) {
    let (_, wallet) = add_customer(database, 1).await;
    let (_, other) = add_customer(database, 2).await;
    for (n, deadline) in (10..).zip(deadlines) {
        let (status, expires_at) = (TransactionStatus::Pending, deadline.map(at));
        add(database, &Transaction { status, expires_at, ..transfer(n, &wallet, &other, 10) }).await;
    }
}

fn numbers(found: &[Transaction]) -> Vec<TransactionId> {
    found.iter().map(|transaction| transaction.id).collect()
}

pub async fn overdue_transfers_and_payments_are_found(database: &Database) {
    add_pending(database, &[Some(300), Some(100), None, Some(200)]).await;
    let (_, wallet) = add_customer(database, 3).await;
    let (_, other) = add_customer(database, 4).await;
    let expires_at = Some(at(50));
    for (n, status) in (20..).zip(TransactionStatus::ALL) {
        add(database, &Transaction { status, expires_at, ..transfer(n, &wallet, &other, 10) }).await;
    }
    let payment = Transaction { status: TransactionStatus::Pending, expires_at, ..payment(40, &wallet, 10) };
    add(database, &payment).await;
    let adjusted = Transaction { kind: TransactionKind::Debit, id: TransactionId(id(41)), ..payment };
    add(database, &adjusted).await;

    let mut unit = begin(database).await;
    let transactions = unit.transactions();
    let ids = |wanted: &[u32]| wanted.iter().map(|n| TransactionId(id(*n))).collect::<Vec<_>>();
    // Number 20 is pending, 21 is processing; the others are finished.
    for (now, limit, expected) in [
        (49, 10, ids(&[])),
        (50, 10, ids(&[20, 21, 40])),
        (199, 10, ids(&[20, 21, 40, 11])),
        (200, 10, ids(&[20, 21, 40, 11, 13])),
        (9_999, 10, ids(&[20, 21, 40, 11, 13, 10])),
        (9_999, 4, ids(&[20, 21, 40, 11])),
    ] {
        let found = transactions.overdue(at(now), limit).await.expect("reads");
        assert_eq!(numbers(&found), expected, "at {now}");
    }
}

pub async fn overdue_transfers_are_not_taken_twice(database: &Database) {
    add_pending(database, &[Some(100), Some(200), Some(300)]).await;
    let mut unit = begin(database).await;
    let first = unit.transactions().overdue(at(999), 2).await.expect("reads");
    assert_eq!(numbers(&first), [TransactionId(id(10)), TransactionId(id(11))]);
    let work = async |store: dermaga_sql::SqlStore| {
        let mut unit = store.begin().await.expect("begins");
        let found = unit.transactions().overdue(at(999), 10).await.expect("reads");
        // Not dropped: that lets go of the rows a moment later.
        unit.commit().await.expect("commits");
        numbers(&found)
    };
    let finish = Transaction { status: TransactionStatus::Cancelled, ..first[0].clone() };
    match database.engine {
        // Postgres skips what another host is at work on.
        Engine::Postgres => {
            assert_eq!(work(database.store.clone()).await, [TransactionId(id(12))]);
            unit.transactions().save(&finish).await.expect("saves");
            unit.commit().await.expect("commits");
        }
        // SQLite waits for it.
        Engine::Sqlite => {
            let second = must_wait(database, |store| async move {
                let mut unit = store.begin().await.expect("begins");
                numbers(&unit.transactions().overdue(at(999), 10).await.expect("reads"))
            })
            .await;
            unit.transactions().save(&finish).await.expect("saves");
            unit.commit().await.expect("commits");
            assert_eq!(second.await.expect("ends"), [TransactionId(id(11)), TransactionId(id(12))]);
        }
    }
    assert_eq!(work(database.store.clone()).await, [TransactionId(id(11)), TransactionId(id(12))]);
}
