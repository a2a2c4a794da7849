//! The books, read: balances of now and of the past, statements and the trial balance.

use dermaga_ports::{
    ids::AccountId,
    ledger::{Account, AccountKind, Changes, Counters, Entry, Floor, Hold, HoldState, TransferKind, TrialBalance},
    money::{Currency, MAX_AMOUNT},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{all_pages, fixtures::*};

/// Two accounts with five lines between them, at 10, 20 .. 50; the hold at 30 moves nothing:
/// in 100, out 30, (hold 5), in 20, out 40.
async fn busy_accounts(database: &Database) -> (Account, Account) {
    let (mut one, mut other) = (system_account(1), system_account(2));
    open(database, &[&one, &other]).await;
    let mut transfers = vec![post(10, &mut other, &mut one, 100, at(10)), post(20, &mut one, &mut other, 30, at(20))];
    transfers.push(line(30, TransferKind::Hold, &one, &other, 5, at(30)));
    let held = hold(30, &mut one, &mut other, 5, None);
    // Long settled: no longer in the counters of either account.
    let settled = Hold { state: HoldState::Posted, ..hold(5, &mut one.clone(), &mut other.clone(), 1_000, None) };
    transfers.push(post(40, &mut other, &mut one, 20, at(40)));
    transfers.push(post(50, &mut one, &mut other, 40, at(50)));
    let changes = Changes { holds: vec![held, settled], ..posted(&[&one, &other], transfers) };
    write(database, &changes).await.expect("writes");
    let [one, other] = stored([&one, &other]);
    (one, other)
}

async fn entries(database: &Database, id: AccountId, from: Option<i64>, to: Option<i64>) -> Vec<(i64, i64)> {
    let (from, to) = (from.map(at), to.map(at));
    let page = database.store.ledger().entries(id, from, to, PageRequest::first(100)).await.expect("reads");
    assert_eq!(page.next, None);
    page.items.iter().map(|entry| (entry.amount, entry.balance)).collect()
}

pub async fn overdue_holds_reserve_nothing(database: &Database) {
    let (mut one, mut other) = (system_account(1), system_account(2));
    open(database, &[&one, &other]).await;
    let mut holds = vec![
        hold(10, &mut one, &mut other, 1, Some(at(100))),
        hold(11, &mut one, &mut other, 10, Some(at(200))),
        hold(12, &mut other, &mut one, 100, Some(at(100))),
        hold(13, &mut one, &mut other, 1_000, None),
    ];
    // Tidied up already: no longer in the counters, and not to be subtracted again.
    let (mut spare, mut copy) = (one.clone(), other.clone());
    holds.push(Hold { state: HoldState::Expired, ..hold(14, &mut spare, &mut copy, 5, Some(at(50))) });
    let changes = Changes { accounts: vec![one.clone(), other.clone()], holds, ..Changes::default() };
    write(database, &changes).await.expect("writes");

    let pending = async |id, now| {
        let account = database.store.ledger().account(id, at(now)).await.expect("reads").expect("is there");
        (account.counters.debits_pending, account.counters.credits_pending)
    };
    assert_eq!(pending(one.id, 99).await, (1_011, 100));
    assert_eq!(pending(one.id, 100).await, (1_010, 0));
    assert_eq!(pending(other.id, 100).await, (0, 1_010));
    assert_eq!(pending(one.id, 200).await, (1_000, 0));
    assert_eq!(database.store.ledger().account(account(9).id, at(0)).await, Ok(None));
    // What is stored is untouched.
    let stored = database.store.ledger().accounts(PageRequest::first(10)).await.expect("reads");
    assert_eq!(stored.items, crate::fixtures::stored([&one, &other]));
}

pub async fn accounts_page_in_order(database: &Database) {
    let accounts: Vec<Account> = (1..=5).map(account).collect();
    open(database, &accounts.iter().rev().collect::<Vec<_>>()).await;
    let found = all_pages!(2, |request| database.store.ledger().accounts(request));
    assert_eq!(found, accounts);
    assert_eq!(database.store.ledger().accounts(PageRequest::first(5)).await.expect("reads").next, None);
}

pub async fn past_balances_are_known(database: &Database) {
    let (one, other) = busy_accounts(database).await;
    for (moment, balance) in
        [(9, 0), (10, 100), (19, 100), (20, 70), (30, 70), (39, 70), (40, 90), (49, 90), (50, 50), (9_999, 50)]
    {
        assert_eq!(database.store.ledger().balance_at(one.id, at(moment)).await, Ok(balance), "at {moment}");
        assert_eq!(database.store.ledger().balance_at(other.id, at(moment)).await, Ok(-balance), "at {moment}");
    }
    assert_eq!(database.store.ledger().balance_at(account(9).id, at(50)).await, Ok(0));
}

pub async fn a_statement_has_both_sides_in_order(database: &Database) {
    let (one, other) = busy_accounts(database).await;
    let lines = [(100, 100), (-30, 70), (20, 90), (-40, 50)];
    assert_eq!(entries(database, one.id, None, None).await, lines);
    assert_eq!(entries(database, other.id, None, None).await, lines.map(|(amount, balance)| (-amount, -balance)));
    assert_eq!(entries(database, account(9).id, None, None).await, []);

    let page = database.store.ledger().entries(one.id, None, None, PageRequest::first(1)).await.expect("reads");
    let Entry { transfer, .. } = &page.items[0];
    assert_eq!((transfer.id, transfer.amount, transfer.at), (transfer_id(10), idr(100), at(10)));
    assert_eq!((transfer.debit, transfer.credit), (other.id, one.id));
}

pub async fn a_statement_is_cut_by_time(database: &Database) {
    let (one, _) = busy_accounts(database).await;
    assert_eq!(entries(database, one.id, Some(20), None).await, [(-30, 70), (20, 90), (-40, 50)]);
    assert_eq!(entries(database, one.id, Some(21), None).await, [(20, 90), (-40, 50)]);
    assert_eq!(entries(database, one.id, None, Some(50)).await, [(100, 100), (-30, 70), (20, 90)]);
    assert_eq!(entries(database, one.id, Some(20), Some(40)).await, [(-30, 70)]);
    assert_eq!(entries(database, one.id, Some(40), Some(20)).await, []);
}

pub async fn a_statement_pages_without_gaps(database: &Database) {
    // Lines at successive microseconds, and more of them on one side than a page can take.
    let (mut one, mut other) = (system_account(1), system_account(2));
    open(database, &[&one, &other]).await;
    let mut transfers = Vec::new();
    for n in 1..=23_u32 {
        let when = at(i64::from(n));
        transfers.push(match n {
            5 | 6 | 19 => post(100 + n, &mut one, &mut other, i64::from(n), when),
            _ => post(100 + n, &mut other, &mut one, i64::from(n), when),
        });
    }
    write(database, &posted(&[&one, &other], transfers.clone())).await.expect("writes");
    for limit in [1, 4, 5, 22, 23, 24] {
        let found = all_pages!(limit, |request| {
            // A lower bound before the page's own changes nothing.
            database.store.ledger().entries(one.id, Some(at(1)), None, request)
        });
        let found: Vec<_> = found.into_iter().map(|entry| entry.transfer).collect();
        assert_eq!(found, transfers, "pages of {limit}");
    }
}

pub async fn the_trial_balance_sums_by_kind_and_currency(database: &Database) {
    let (one, other) = busy_accounts(database).await;
    let mut dollars = Account { currency: Currency::Usd, ..account(3) };
    dollars.counters = Counters { debits_posted: 3, credits_posted: MAX_AMOUNT, ..Counters::default() };
    let rupiah = account(4);
    open(database, &[&dollars, &rupiah]).await;
    let mut found = database.store.ledger().trial_balance().await.expect("reads");
    found.sort_by_key(|line| (line.kind.as_str(), line.currency.code()));
    let line = |kind, currency, accounts, debits: i64, credits: i64| TrialBalance {
        kind,
        currency,
        accounts,
        debits: debits.into(),
        credits: credits.into(),
    };
    assert_eq!(one.counters.debits_posted + other.counters.debits_posted, 190);
    assert_eq!(
        found,
        [
            line(AccountKind::Clearing, Currency::Idr, 2, 190, 190),
            line(AccountKind::Wallet, Currency::Idr, 1, 0, 0),
            line(AccountKind::Wallet, Currency::Usd, 1, 3, MAX_AMOUNT),
        ]
    );
}

pub async fn the_trial_balance_does_not_overflow(database: &Database) {
    let full = |n| {
        let counters = Counters { credits_posted: MAX_AMOUNT, debits_posted: MAX_AMOUNT - 1, ..Counters::default() };
        Account { counters, floor: Floor::Unlimited, ..account(n) }
    };
    let accounts: Vec<Account> = (1..=1_100).map(full).collect();
    open(database, &accounts.iter().collect::<Vec<_>>()).await;
    let found = database.store.ledger().trial_balance().await.expect("reads");
    assert_eq!(found[0].credits, 1_100 * i128::from(MAX_AMOUNT));
    assert_eq!(found[0].debits, 1_100 * i128::from(MAX_AMOUNT - 1));
}
