//! Transactions, read: lists of either side, and sums.

use dermaga_ports::{
    ids::TransactionId,
    ledger::{
        Counterparty, Transaction, TransactionFilter, TransactionKind, TransactionStats, TransactionStatus, Wallet,
    },
    money::{Currency, Money},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::fixtures::*;

async fn add(database: &Database, transactions: &[Transaction]) {
    let mut unit = begin(database).await;
    for transaction in transactions {
        unit.transactions().add(transaction).await.expect("adds");
    }
    unit.commit().await.expect("commits");
}

async fn found(database: &Database, filter: &TransactionFilter) -> Vec<TransactionId> {
    let page = database.store.transactions().transactions(filter, PageRequest::first(200)).await.expect("reads");
    page.items.into_iter().map(|transaction| transaction.id).collect()
}

fn ids(numbers: &[u32]) -> Vec<TransactionId> {
    numbers.iter().map(|n| TransactionId(id(*n))).collect()
}

fn everything() -> TransactionFilter {
    TransactionFilter::default()
}

pub async fn a_user_sees_both_sides_once(database: &Database) {
    let (one, wallet) = add_customer(database, 1).await;
    let (two, other) = add_customer(database, 2).await;
    let (three, third) = add_customer(database, 3).await;
    let savings = crate::fixtures::wallet(4, &one, "savings");
    add_wallet(database, &savings).await;
    let transactions = [
        payment(10, &wallet, 1),
        transfer(11, &wallet, &other, 1),
        transfer(12, &other, &wallet, 1),
        transfer(13, &wallet, &savings, 1),
        transfer(14, &other, &third, 1),
    ];
    add(database, &transactions).await;
    for (user, expected) in [(&one, ids(&[13, 12, 11, 10])), (&two, ids(&[14, 12, 11])), (&three, ids(&[14]))] {
        let filter = TransactionFilter { user: Some(user.id), ..everything() };
        assert_eq!(found(database, &filter).await, expected);
    }
    assert_eq!(found(database, &everything()).await, ids(&[14, 13, 12, 11, 10]));
    // The records are whole.
    let page = database.store.transactions().transactions(&everything(), PageRequest::first(2)).await.expect("reads");
    assert_eq!(page.items, [transactions[4].clone(), transactions[3].clone()]);
}

pub async fn a_wallet_sees_both_sides(database: &Database) {
    let (one, wallet) = add_customer(database, 1).await;
    let (two, other) = add_customer(database, 2).await;
    let savings = crate::fixtures::wallet(4, &one, "savings");
    add_wallet(database, &savings).await;
    add(
        database,
        &[
            payment(10, &savings, 1),
            transfer(11, &wallet, &savings, 1),
            transfer(12, &savings, &other, 1),
            payment(13, &wallet, 1),
        ],
    )
    .await;
    let of_wallet = |wallet: &Wallet| TransactionFilter { wallet: Some(wallet.id), ..everything() };
    assert_eq!(found(database, &of_wallet(&savings)).await, ids(&[12, 11, 10]));
    assert_eq!(found(database, &of_wallet(&other)).await, ids(&[12]));
    // Somebody else's wallet shows what one had to do with oneself.
    let both = |user| TransactionFilter { user: Some(user), ..of_wallet(&savings) };
    assert_eq!(found(database, &both(two.id)).await, ids(&[12]));
    assert_eq!(found(database, &both(one.id)).await, ids(&[12, 11, 10]));
}

pub async fn every_filter_counts(database: &Database) {
    let (user, wallet) = add_customer(database, 1).await;
    let (_, other) = add_customer(database, 2).await;
    let mut transactions = Vec::new();
    for n in 10..20 {
        let kind = if n < 15 { TransactionKind::Payment } else { TransactionKind::Debit };
        let status = if n % 2 == 0 { TransactionStatus::Completed } else { TransactionStatus::Failed };
        transactions.push(Transaction { kind, status, ..payment(n, &wallet, i64::from(n)) });
    }
    transactions.push(Transaction { kind: TransactionKind::Debit, ..payment(20, &other, 14) });
    add(database, &transactions).await;

    let by_kind = TransactionFilter { kind: Some(TransactionKind::Debit), ..everything() };
    assert_eq!(found(database, &by_kind).await, ids(&[20, 19, 18, 17, 16, 15]));
    let by_status = TransactionFilter { status: Some(TransactionStatus::Failed), ..everything() };
    assert_eq!(found(database, &by_status).await, ids(&[19, 17, 15, 13, 11]));
    let by_time = TransactionFilter { from: Some(at(12)), to: Some(at(15)), ..everything() };
    assert_eq!(found(database, &by_time).await, ids(&[14, 13, 12]));
    let by_amount = TransactionFilter { min_amount: Some(13), max_amount: Some(14), ..everything() };
    assert_eq!(found(database, &by_amount).await, ids(&[20, 14, 13]));
    let by_all = TransactionFilter {
        user: Some(user.id),
        wallet: Some(wallet.id),
        kind: Some(TransactionKind::Payment),
        status: Some(TransactionStatus::Completed),
        from: Some(at(11)),
        to: Some(at(19)),
        min_amount: Some(12),
        max_amount: Some(18),
        text: Some("WAR".to_owned()),
    };
    assert_eq!(found(database, &by_all).await, ids(&[14, 12]));
}

pub async fn text_is_found_in_any_case(database: &Database) {
    let (_, wallet) = add_customer(database, 1).await;
    let merchant = |name: &str| Counterparty::Merchant { name: name.to_owned() };
    add(
        database,
        &[
            Transaction { description: Some("Café au lait".to_owned()), ..payment(10, &wallet, 1) },
            Transaction { reference: Some("INV_100%".to_owned()), ..payment(11, &wallet, 1) },
            Transaction { counterparty: merchant("Toko Ümit"), ..payment(12, &wallet, 1) },
            Transaction {
                kind: TransactionKind::Debit,
                counterparty: Counterparty::Staff { name: "user:secret".to_owned() },
                ..payment(13, &wallet, 1)
            },
        ],
    )
    .await;
    for (text, expected) in [
        ("CAFÉ", vec![10]),
        ("inv_1", vec![11]),
        ("inv%", vec![]),
        ("100%", vec![11]),
        ("i_v", vec![]),
        ("toko ü", vec![12]),
        ("warung", vec![11, 10]),
        ("secret", vec![]),
        ("\0", vec![]),
    ] {
        let filter = TransactionFilter { text: Some(text.to_owned()), ..everything() };
        assert_eq!(found(database, &filter).await, ids(&expected), "{text:?}");
    }

    let changed = Transaction { description: Some("Tea".to_owned()), ..payment(10, &wallet, 1) };
    let mut unit = begin(database).await;
    unit.transactions().save(&changed).await.expect("saves");
    unit.commit().await.expect("commits");
    let filter = |text: &str| TransactionFilter { text: Some(text.to_owned()), ..everything() };
    assert_eq!(found(database, &filter("tea")).await, ids(&[10]));
    assert_eq!(found(database, &filter("café")).await, ids(&[]));
}

pub async fn lists_page_without_gaps(database: &Database) {
    let (user, wallet) = add_customer(database, 1).await;
    let (_, other) = add_customer(database, 2).await;
    let transactions: Vec<Transaction> = (10..33)
        .map(|n| match n % 3 {
            0 => transfer(n, &other, &wallet, 1),
            _ => payment(n, &wallet, 1),
        })
        .collect();
    add(database, &transactions).await;
    let expected: Vec<TransactionId> = transactions.iter().rev().map(|transaction| transaction.id).collect();
    for filter in [everything(), TransactionFilter { user: Some(user.id), ..everything() }] {
        for limit in [1, 4, 22, 23, 24] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let request = PageRequest::new(after, limit);
                let page = database.store.transactions().transactions(&filter, request).await.expect("reads");
                found.extend(page.items.into_iter().map(|transaction| transaction.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "pages of {limit}");
        }
    }
}

pub async fn sums_are_less_what_was_refunded(database: &Database) {
    let (user, wallet) = add_customer(database, 1).await;
    let (receiver, other) = add_customer(database, 2).await;
    let savings = crate::fixtures::wallet(4, &user, "savings");
    add_wallet(database, &savings).await;
    let kind = |n, kind, amount| Transaction { kind, ..payment(n, &wallet, amount) };
    let mut transactions = vec![
        kind(10, TransactionKind::Topup, 1_000_000),
        kind(11, TransactionKind::Payment, 100),
        Transaction { status: TransactionStatus::PartiallyRefunded, refunded: 60, ..payment(12, &wallet, 200) },
        Transaction { status: TransactionStatus::Refunded, refunded: 300, ..payment(13, &wallet, 300) },
        kind(14, TransactionKind::Debit, 7),
        kind(15, TransactionKind::Credit, 9),
        transfer(16, &wallet, &other, 1_000),
        transfer(17, &other, &wallet, 30),
        transfer(18, &wallet, &savings, 5),
    ];
    let unmoved = [
        TransactionStatus::Pending,
        TransactionStatus::Processing,
        TransactionStatus::Failed,
        TransactionStatus::Cancelled,
    ];
    for (n, status) in (20..).zip(unmoved) {
        transactions.push(Transaction { status, ..payment(n, &wallet, 5_000) });
        transactions.push(Transaction { status, ..transfer(n + 10, &other, &wallet, 5_000) });
    }
    add(database, &transactions).await;

    let stats = async |user| database.store.transactions().stats(user, Currency::Idr, None, None).await;
    let expected = TransactionStats {
        transactions: 9,
        topup: 1_000_000,
        payment: 240,
        // What goes to another wallet of one's own is sent and received, but is one transaction.
        sent: 1_005,
        received: 35,
        debited: 7,
        credited: 9,
    };
    assert_eq!(stats(user.id).await, Ok(expected));
    let expected = TransactionStats { transactions: 2, sent: 30, received: 1_000, ..TransactionStats::default() };
    assert_eq!(stats(receiver.id).await, Ok(expected));
    assert_eq!(stats(crate::fixtures::user(9).id).await, Ok(TransactionStats::default()));
}

pub async fn sums_are_cut_by_time_and_currency(database: &Database) {
    let (user, wallet) = add_customer(database, 1).await;
    let dollars = Money::new(50, Currency::Usd).expect("in range");
    add(
        database,
        &[
            payment(10, &wallet, 1),
            payment(20, &wallet, 10),
            payment(30, &wallet, 100),
            Transaction { amount: dollars, ..payment(40, &wallet, 1) },
        ],
    )
    .await;
    for (from, to, expected) in [
        (None, None, 111),
        (Some(20), None, 110),
        (Some(21), None, 100),
        (None, Some(30), 11),
        (Some(20), Some(30), 10),
        (Some(31), None, 0),
    ] {
        let queries = database.store.transactions();
        let stats = queries.stats(user.id, Currency::Idr, from.map(at), to.map(at)).await.expect("reads");
        assert_eq!(stats.payment, expected, "{from:?} to {to:?}");
    }
    let stats = database.store.transactions().stats(user.id, Currency::Usd, None, None).await.expect("reads");
    assert_eq!((stats.transactions, stats.payment), (1, 50));
}
