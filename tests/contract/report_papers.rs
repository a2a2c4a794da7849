//! Reports of transactions, and somebody's sums.

use dermaga_ports::{
    StoreError, Unique,
    ids::{ReportId, TransactionId, UserId},
    ledger::{Account, AccountKind, Floor, TransactionKind, TransactionStatus, Wallet},
    money::Currency,
    reports::TransactionReport,
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{commit, fixtures::*};

fn report(n: u32, user: UserId, transaction: u32) -> TransactionReport {
    TransactionReport {
        id: ReportId(id(n)),
        user,
        transaction: TransactionId(id(transaction)),
        kind: TransactionKind::Payment,
        status: TransactionStatus::PartiallyRefunded,
        amount: idr(i64::from(n)),
        created_at: at(i64::from(n)),
    }
}

pub async fn a_transaction_is_reported_to_a_person_once(database: &Database) {
    let (ani, budi) = (add_user(database, 1).await, add_user(database, 2).await);
    let first = report(10, ani.id, 50);
    commit!(database, |unit| unit.reports().add(&first));
    let mut unit = begin(database).await;
    let again = unit.reports().add(&report(11, ani.id, 50)).await;
    assert_eq!(again, Err(StoreError::Conflict(Unique::Reference)));
    let same_id = unit.reports().add(&report(10, budi.id, 51)).await;
    assert_eq!(same_id, Err(StoreError::Conflict(Unique::Id)));
    assert_eq!(unit.reports().find(ani.id, first.transaction).await, Ok(Some(first)), "the unit of work goes on");
    assert_eq!(unit.reports().find(budi.id, first.transaction).await, Ok(None));
    unit.reports().add(&report(12, budi.id, 50)).await.expect("the other side has its own");
    unit.commit().await.expect("commits");
    assert_eq!(database.store.reports().report(first.id).await, Ok(Some(first)));
    assert_eq!(database.store.reports().report(ReportId(id(99))).await, Ok(None));
}

pub async fn reports_are_listed_newest_first_with_their_number(database: &Database) {
    let (ani, budi) = (add_user(database, 1).await, add_user(database, 2).await);
    for n in 10..17 {
        commit!(database, |unit| unit.reports().add(&report(n, ani.id, n)));
    }
    commit!(database, |unit| unit.reports().add(&report(20, budi.id, 10)));
    let listed = async |offset, limit| {
        let (found, total) = database.store.reports().reports(ani.id, offset, limit).await.expect("reads");
        assert_eq!(total, 7);
        found.into_iter().map(|report| report.id).collect::<Vec<_>>()
    };
    let ids = |numbers: &[u32]| numbers.iter().map(|n| ReportId(id(*n))).collect::<Vec<_>>();
    assert_eq!(listed(0, 3).await, ids(&[16, 15, 14]));
    assert_eq!(listed(6, 3).await, ids(&[10]));
    assert_eq!(listed(7, 3).await, []);
    assert_eq!(listed(u64::MAX, 3).await, []);
    assert_eq!(database.store.reports().reports(UserId(id(3)), 0, 3).await, Ok((vec![], 0)));
}

pub async fn sums_of_a_person_are_those_of_the_accounts(database: &Database) {
    let (ani, main) = add_customer(database, 1).await;
    let savings = Wallet { closed: true, ..wallet(2, &ani, "savings") };
    add_wallet(database, &savings).await;
    let dollars = Wallet { currency: Currency::Usd, ..wallet(3, &ani, "dollars") };
    add_wallet(database, &dollars).await;
    add_customer(database, 4).await;
    let own = |wallet: &Wallet| {
        let code = format!("wallet:{}", wallet.id);
        Account::open(wallet.id.into(), AccountKind::Wallet, code, wallet.currency, Floor::AtLeast(0), at(0))
    };
    let (mut one, mut two, mut cash) = (own(&main), own(&savings), system_account(9));
    open(database, &[&cash]).await;
    let lines = vec![
        post(20, &mut cash, &mut one, 100, at(20)),
        post(21, &mut one, &mut two, 30, at(21)),
        post(22, &mut two, &mut cash, 10, at(22)),
    ];
    write(database, &posted(&[&one, &two, &cash], lines)).await.expect("writes");
    let found = database.store.reports().summaries(ani.id).await.expect("reads");
    let rupiah = found.iter().find(|summary| summary.currency == Currency::Idr).expect("rupiah");
    // The one between the two wallets counts for each of them.
    assert_eq!((rupiah.movements, rupiah.spent, rupiah.received, rupiah.last), (4, 40, 130, Some(at(22))));
    let nothing = found.iter().find(|summary| summary.currency == Currency::Usd).expect("dollars");
    assert_eq!((nothing.movements, nothing.spent, nothing.received, nothing.last), (0, 0, 0, None));
    assert_eq!(found.len(), 2);
    assert_eq!(database.store.reports().summaries(UserId(id(99))).await, Ok(vec![]));
}
