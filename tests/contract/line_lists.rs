//! Transfers at once, which are only lines of the journal, in the lists of transactions.

use dermaga_ports::{
    ids::{TransactionId, UserId},
    ledger::{Transaction, TransactionFilter, TransactionKind, TransactionStats, TransactionStatus, Wallet},
    money::Currency,
    paging::PageRequest,
    store::Store as _,
    time::Timestamp,
};
use dermaga_tests::databases::Database;

use crate::{
    all_pages,
    clerk::{Clerk, funding, holding, moving, reversing, seen},
    commit,
    fixtures::*,
};

/// Two people and four wallets, all with money; one person has two of them. The last is kept in dollars and empty.
async fn people(database: &Database) -> (Clerk, [Wallet; 4]) {
    let (one, first) = add_customer(database, 1).await;
    let (_, second) = add_customer(database, 2).await;
    let savings = wallet(3, &one, "savings");
    add_wallet(database, &savings).await;
    let dollars = Wallet { currency: Currency::Usd, ..wallet(4, &one, "dollars") };
    add_wallet(database, &dollars).await;
    let cash = system_account(5);
    open(database, &[&cash]).await;
    let clerk = Clerk::of(database);
    let wallets = [first, second, savings, dollars];
    clerk.post((0..3).map(|n| funding(10 + n, cash.id, wallets[n as usize].id, 1_000_000)).collect()).await;
    (clerk, wallets)
}

async fn list(database: &Database, filter: &TransactionFilter) -> Vec<Transaction> {
    let page = database.store.transactions().transactions(filter, PageRequest::first(200)).await.expect("reads");
    page.items
}

async fn stats(database: &Database, user: UserId, from: Option<Timestamp>, to: Option<Timestamp>) -> TransactionStats {
    database.store.transactions().stats(user, Currency::Idr, from, to).await.expect("reads")
}

fn everything() -> TransactionFilter {
    TransactionFilter::default()
}

pub async fn a_line_reads_like_a_transaction(database: &Database) {
    let (clerk, [first, second, ..]) = people(database).await;
    let asked = moving(50, first.id, second.id, 700).described(Some("Sarapan".to_owned()));
    let line = clerk.pay(100, asked.by(Some("service:shop".to_owned()))).await;
    let expected = seen(&line, &first, &second);
    assert_eq!(database.store.transactions().transaction(expected.id).await, Ok(Some(expected.clone())));
    assert_eq!(commit!(database, |unit| unit.transactions().find(expected.id)), Some(expected.clone()));
    assert_eq!(list(database, &everything()).await, [expected]);

    // Other lines are not: money from outside, holds and what becomes of them, and what goes back.
    let (one, two) = (first.id.into(), second.id.into());
    clerk.post(vec![holding(60, one, two, 5, None), reversing(61, 50, Some(1)), funding(62, one, two, 3)]).await;
    for n in [10, 60, 61, 62, 99] {
        let id = TransactionId(id(n));
        assert_eq!(database.store.transactions().transaction(id).await, Ok(None), "{n}");
        assert_eq!(commit!(database, |unit| unit.transactions().find(id)), None, "{n}");
    }
    assert_eq!(list(database, &everything()).await.len(), 1);
}

/// What went back of a transfer can only change while its line is not locked.
pub async fn a_found_line_is_locked(database: &Database) {
    let (clerk, [first, second, ..]) = people(database).await;
    let line = clerk.pay(100, moving(50, first.id, second.id, 700)).await;
    let id = seen(&line, &first, &second).id;
    let mut unit = begin(database).await;
    unit.transactions().find(id).await.expect("finds");
    let other = must_wait(database, move |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.transactions().find(id).await.expect("finds")
    })
    .await;
    let changes = dermaga_ports::ledger::Changes {
        reversed: vec![dermaga_ports::ledger::Reversed { original: line.id, total: 200, at: at(999) }],
        ..Default::default()
    };
    unit.books().write(&changes).await.expect("writes");
    unit.commit().await.expect("commits");
    let found = other.await.expect("ends").expect("is there");
    assert_eq!((found.refunded, found.status), (200, TransactionStatus::PartiallyRefunded));
}

pub async fn what_went_back_is_shown(database: &Database) {
    let (clerk, [first, second, savings, _]) = people(database).await;
    for (n, amount) in [(50, 100), (51, 200), (52, 400)] {
        clerk.pay(i64::from(n), moving(n, first.id, second.id, amount)).await;
    }
    clerk.pay(60, moving(60, first.id, savings.id, 1_000)).await;
    clerk.wait_until(70);
    clerk.post(vec![reversing(70, 50, Some(30))]).await;
    clerk.post(vec![reversing(71, 51, Some(150)), reversing(72, 60, Some(1))]).await;
    clerk.post(vec![reversing(73, 51, None)]).await;
    let found = list(database, &everything()).await;
    let told: Vec<_> = found.iter().map(|found| (found.status, found.refunded, found.created_at)).collect();
    use TransactionStatus::{Completed, PartiallyRefunded, Refunded};
    let expected = [
        (PartiallyRefunded, 1, at(60)),
        (Completed, 0, at(52)),
        (Refunded, 200, at(51)),
        (PartiallyRefunded, 30, at(50)),
    ];
    assert_eq!(told, expected);
    // The moments of the last reversal: each of an account's lines is later than the one before.
    let updated: Vec<_> = found.iter().map(|found| found.updated_at).collect();
    assert_eq!(updated, [at(72), at(52), at(73), at(70)]);
    for (status, expected) in [(Completed, 1), (PartiallyRefunded, 2), (Refunded, 1), (TransactionStatus::Pending, 0)] {
        for user in [None, Some(first.owner)] {
            let filter = TransactionFilter { status: Some(status), user, ..everything() };
            let found = list(database, &filter).await;
            assert_eq!(found.len(), expected, "{status:?}");
            assert!(found.iter().all(|transaction| transaction.status == status));
        }
    }
    // 70 + 0 + 400 to the other, 999 to a wallet of one's own, which is one transaction.
    let expected = TransactionStats { transactions: 4, sent: 1_469, received: 999, ..TransactionStats::default() };
    assert_eq!(stats(database, first.owner, None, None).await, expected);
    let expected = TransactionStats { transactions: 3, received: 470, ..TransactionStats::default() };
    assert_eq!(stats(database, second.owner, None, None).await, expected);
}

pub async fn sums_count_lines_and_rows(database: &Database) {
    let (clerk, [first, second, savings, dollars]) = people(database).await;
    for (n, from, to, amount) in [
        (50, &first, &second, 1),
        (51, &second, &first, 10),
        (52, &first, &savings, 100),
        (53, &savings, &second, 1_000),
    ] {
        clerk.pay(i64::from(n), moving(n, from.id, to.id, amount)).await;
        let row = transfer(n + 50, from, to, amount * 10_000);
        commit!(database, |unit| unit.transactions().add(&Transaction { created_at: at(i64::from(n)), ..row }));
    }
    commit!(database, |unit| unit.transactions().add(&payment(110, &first, 7)));
    for (from, to, transactions, sent, received) in [
        (None, None, 8, 1_101, 110),
        (Some(51), None, 6, 1_100, 110),
        (Some(52), None, 4, 1_100, 100),
        (None, Some(52), 4, 1, 10),
        (Some(52), Some(53), 2, 100, 100),
        (Some(54), None, 0, 0, 0),
    ] {
        let found = stats(database, first.owner, from.map(at), to.map(at)).await;
        let all = (found.transactions - i64::from(found.payment > 0), found.sent, found.received);
        assert_eq!(all, (transactions, sent * 10_001, received * 10_001), "{from:?} to {to:?}");
    }
    assert_eq!(stats(database, first.owner, None, None).await.payment, 7);
    let in_dollars = database.store.transactions().stats(dollars.owner, Currency::Usd, None, None).await;
    assert_eq!(in_dollars, Ok(TransactionStats::default()));
}

pub async fn text_on_lines_is_found_in_any_case(database: &Database) {
    let (clerk, [first, second, ..]) = people(database).await;
    let texts = ["Café au lait", "ÜMIT 100%", "a_b\\c", "ПРИВЕТ мир", "Straße", "🍜 mie"];
    for (n, text) in (50..).zip(texts) {
        clerk.pay(i64::from(n), moving(n, first.id, second.id, 1).described(Some(text.to_owned()))).await;
        let row = Transaction { description: Some(text.to_owned()), ..payment(n + 50, &first, 1) };
        commit!(database, |unit| unit.transactions().add(&row));
    }
    clerk.pay(90, moving(90, first.id, second.id, 1)).await;
    for (text, expected) in [
        ("CAFÉ", vec![0]),
        ("café AU", vec![0]),
        ("ümit", vec![1]),
        ("100%", vec![1]),
        ("%", vec![1]),
        ("_", vec![2]),
        ("B\\C", vec![2]),
        ("привет МИР", vec![3]),
        ("STRAß", vec![4]),
        ("🍜", vec![5]),
        ("mi", vec![5, 1]),
        ("\0", vec![]),
        ("nothing", vec![]),
    ] {
        for user in [None, Some(second.owner), Some(first.owner)] {
            let filter = TransactionFilter { text: Some(text.to_owned()), user, ..everything() };
            let found = list(database, &filter).await;
            let (lines, rows): (Vec<_>, Vec<_>) = found.into_iter().partition(Transaction::is_line);
            let numbers = |base: u32| expected.iter().map(move |n| TransactionId(id(base + n))).collect::<Vec<_>>();
            assert_eq!(lines.iter().map(|line| line.id).collect::<Vec<_>>(), numbers(50), "{text:?}");
            if user != Some(second.owner) {
                assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), numbers(100), "{text:?}");
            }
        }
    }
}

/// A list is read in stretches of 256 lines: what is wanted may be beyond them.
pub async fn what_is_far_back_is_found(database: &Database) {
    let (clerk, [first, second, ..]) = people(database).await;
    let described = |n, text: &str| moving(n, first.id, second.id, 1).described(Some(text.to_owned()));
    for n in [100, 101] {
        clerk.pay(i64::from(n), described(n, "needle")).await;
    }
    clerk.wait_until(1_000);
    clerk.post((1_000..1_700).map(|n| described(n, "hay")).collect()).await;
    clerk.pay(5_000, described(5_000, "needle")).await;
    let text = Some("needle".to_owned());
    let expected = [5_000, 101, 100].map(|n| TransactionId(id(n)));
    for filter in [
        TransactionFilter { text: text.clone(), ..everything() },
        TransactionFilter { text: text.clone(), user: Some(second.owner), ..everything() },
        TransactionFilter { text, wallet: Some(first.id), ..everything() },
    ] {
        for limit in [1, 2, 3, 4] {
            let found = all_pages!(limit, |request| database.store.transactions().transactions(&filter, request));
            assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), expected, "pages of {limit}");
        }
    }
    let of_user = TransactionFilter { user: Some(first.owner), ..everything() };
    for filter in [everything(), of_user] {
        let found = all_pages!(200, |request| database.store.transactions().transactions(&filter, request));
        let numbers = (100..102).chain(1_000..1_700).chain([5_000]).rev();
        assert!(found.iter().map(|found| found.id).eq(numbers.map(|n| TransactionId(id(n)))));
    }
    assert_eq!(stats(database, first.owner, Some(at(100)), Some(at(4_000))).await.sent, 702);
    let early = TransactionFilter { to: Some(at(101)), ..everything() };
    for user in [None, Some(first.owner)] {
        assert_eq!(list(database, &TransactionFilter { user, ..early.clone() }).await.len(), 1);
    }
}

/// Whether a filter wants a transaction, in the plainest words.
fn wants(filter: &TransactionFilter, found: &Transaction) -> bool {
    let other = match &found.counterparty {
        dermaga_ports::ledger::Counterparty::User { wallet, .. } => Some(*wallet),
        _ => None,
    };
    let amount = found.amount.amount();
    filter.user.is_none_or(|user| found.concerns(user))
        && filter.wallet.is_none_or(|wallet| found.wallet == wallet || other == Some(wallet))
        && filter.kind.is_none_or(|kind| kind == found.kind)
        && filter.status.is_none_or(|status| status == found.status)
        && filter.from.is_none_or(|from| found.created_at >= from)
        && filter.to.is_none_or(|to| found.created_at < to)
        && filter.min_amount.is_none_or(|least| amount >= least)
        && filter.max_amount.is_none_or(|most| amount <= most)
        && filter.text.as_ref().is_none_or(|text| found.description.as_ref().is_some_and(|words| words.contains(text)))
}

/// Lines and rows in one list, in every order and cut in every way, against a plain list. Ids are in another order than
/// moments, and some moments are those of a line and a row at once.
pub async fn mixed_lists_are_like_a_plain_list(database: &Database) {
    let (clerk, wallets) = people(database).await;
    let mut dice = Dice(7);
    let mut all = Vec::new();
    for n in 0..100_i64 {
        let number = 1_000 + (n as u32 * 37) % 101;
        let mut pair = [0, 1, 2];
        pair.rotate_left(dice.throw(3) as usize);
        let (from, to) = (&wallets[pair[0]], &wallets[pair[1]]);
        let description = dice.maybe(&["makan siang", "kopi", "taksi"]).map(str::to_owned);
        let amount = 1 + dice.throw(9) as i64;
        let moment = 100 + n / 2 * 2;
        if dice.throw(2) == 0 {
            let line = clerk.pay(moment, moving(number, from.id, to.id, amount).described(description)).await;
            all.push(seen(&line, from, to));
        } else {
            let row =
                if dice.throw(2) == 0 { transfer(number, from, to, amount) } else { payment(number, from, amount) };
            let status = dice.pick(&[TransactionStatus::Completed, TransactionStatus::Pending]);
            let row = Transaction { created_at: at(moment), status, description, ..row };
            commit!(database, |unit| unit.transactions().add(&row));
            all.push(row);
        }
    }
    assert!(
        all.iter().any(|one| all.iter().any(|two| one.created_at == two.created_at && one.is_line() != two.is_line()))
    );
    let (users, ids) = ([wallets[0].owner, wallets[1].owner], wallets.clone().map(|wallet| wallet.id));
    for _ in 0..120 {
        let filter = TransactionFilter {
            user: dice.maybe(&users),
            wallet: dice.maybe(&ids),
            kind: dice.maybe(&[TransactionKind::Transfer, TransactionKind::Transfer, TransactionKind::Payment]),
            status: dice.maybe(&[
                TransactionStatus::Completed,
                TransactionStatus::Completed,
                TransactionStatus::Pending,
            ]),
            from: dice.maybe(&[at(100), at(120), at(150)]),
            to: dice.maybe(&[at(140), at(180), at(199)]),
            min_amount: dice.maybe(&[1, 4]),
            max_amount: dice.maybe(&[6, 9]),
            text: dice.maybe(&["k", "makan"]).filter(|_| wallets[0].id == ids[0]).map(str::to_owned),
        };
        let mut expected: Vec<_> = all.iter().filter(|found| wants(&filter, found)).cloned().collect();
        if filter.user.is_some() || filter.wallet.is_some() {
            expected.sort_by_key(|found| std::cmp::Reverse((found.created_at, found.id)));
        } else {
            expected.sort_by_key(|found| std::cmp::Reverse(found.id));
        }
        let limit = dice.pick(&[1, 3, 10, 200]);
        let found = all_pages!(limit, |request| database.store.transactions().transactions(&filter, request));
        assert_eq!(found, expected, "pages of {limit}: {filter:?}");
    }
}
