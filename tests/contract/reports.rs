//! Roll-ups of the journal, and what ended without moving money.

use std::collections::BTreeMap;

use dermaga_ports::{
    StoreError,
    ids::{AccountId, TransactionId},
    ledger::{
        Account, Changes, Floor, Purpose, SystemAccount, Transaction, TransactionKind, TransactionStatus, Transfer,
        TransferKind,
    },
    money::{Currency, Money},
    reports::{Day, DayKey, DayOffset, DayTotal, EndingKey, EndingTotal, MovedLine, Progress, SealedLines},
    store::Store as _,
    time::Timestamp,
};
use dermaga_tests::databases::Database;

use crate::{commit, fixtures::*};

/// Two wallets and the accounts of a gateway and a merchant.
struct Cast {
    ani: Account,
    budi: Account,
    cash: Account,
    shop: Account,
}

impl Cast {
    async fn on(database: &Database) -> Self {
        let cash = SystemAccount::GatewayCash { gateway: "midtrans".to_owned() }.open(Currency::Idr, at(0));
        let shop = SystemAccount::Merchant { slug: "kopi".to_owned() }.open(Currency::Idr, at(0));
        let free = |n| Account { floor: Floor::Unlimited, ..account(n) };
        let cast = Self { ani: free(1), budi: free(2), cash, shop };
        open(database, &[&cast.ani, &cast.budi, &cast.cash, &cast.shop]).await;
        cast
    }
}

/// One more sealed batch.
async fn seal(database: &Database, lines: Vec<Transfer>) {
    write(database, &Changes { transfers: lines, ..Changes::default() }).await.expect("writes");
}

fn moved(n: u32, purpose: Purpose, from: &Account, to: &Account, amount: i64, when: Timestamp) -> Transfer {
    Transfer { purpose, ..line(n, TransferKind::Post, from, to, amount, when) }
}

async fn progress(database: &Database) -> Progress {
    database.store.reports().progress().await.expect("reads")
}

async fn restart(database: &Database, offset: DayOffset) {
    commit!(database, |unit| unit.reports().restart(offset));
}

async fn sealed(database: &Database, after: u64, lines: u32) -> Option<SealedLines> {
    database.store.reports().sealed_lines(after, lines).await.expect("reads")
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn total(text: &str, credit: Option<AccountId>, count: i64, amount: i64) -> DayTotal {
    let key = DayKey { day: day(text), currency: Currency::Idr, purpose: Purpose::Payment, debit: None, credit };
    DayTotal { key, count, amount }
}

async fn days(database: &Database, first: &str, last: &str) -> Vec<DayTotal> {
    database.store.reports().days(day(first), day(last)).await.expect("reads").days
}

pub async fn nothing_is_counted_before_somebody_begins(database: &Database) {
    assert_eq!(progress(database).await, Progress { offset: None, position: 0, head: 0 });
    assert_eq!(sealed(database, 0, 10).await, None);
    let mut unit = begin(database).await;
    let nobody_began = Progress { offset: None, position: 0, head: 0 };
    assert_eq!(unit.reports().advance(nobody_began, 1).await, Ok(false));
    drop(unit);
    restart(database, DayOffset::WIB).await;
    assert_eq!(progress(database).await, Progress { offset: Some(DayOffset::WIB), position: 0, head: 0 });
}

pub async fn sealed_lines_say_what_moved_between_whom(database: &Database) {
    let cast = Cast::on(database).await;
    let hold = line(2, TransferKind::Hold, &cast.ani, &cast.shop, 9, at(2));
    let captured =
        Transfer { purpose: Purpose::Payment, ..line(3, TransferKind::PostHold, &cast.ani, &cast.shop, 9, at(3)) };
    let back = Transfer { purpose: Purpose::Refund, ..line(5, TransferKind::Reverse, &cast.shop, &cast.ani, 4, at(5)) };
    seal(database, vec![moved(1, Purpose::Topup, &cast.cash, &cast.ani, 20, at(1)), hold, captured]).await;
    let void = line(4, TransferKind::VoidHold, &cast.ani, &cast.shop, 9, at(4));
    seal(database, vec![void, back, moved(6, Purpose::Transfer, &cast.ani, &cast.budi, 1, at(6))]).await;

    let (cash, shop) = (Some(cast.cash.id), Some(cast.shop.id));
    let expected = [
        (1, Purpose::Topup, 20, cash, None),
        (3, Purpose::Payment, 9, None, shop),
        (5, Purpose::Refund, 4, shop, None),
        (6, Purpose::Transfer, 1, None, None),
    ];
    let expected = expected.map(|(n, purpose, amount, debit, credit)| MovedLine {
        at: at(n),
        purpose,
        amount: idr(amount),
        debit,
        credit,
    });
    let mut all = sealed(database, 0, 100).await.expect("two batches");
    all.lines.sort_by_key(|line| line.at);
    assert_eq!((all.lines.as_slice(), all.end), (expected.as_slice(), 2));
    let mut second = sealed(database, 1, 100).await.expect("a batch");
    second.lines.sort_by_key(|line| line.at);
    assert_eq!((second.lines.as_slice(), second.end), (&expected[2..], 2));
    assert_eq!(sealed(database, 2, 100).await, None);
}

pub async fn stretches_of_any_size_have_every_line_once(database: &Database) {
    let cast = Cast::on(database).await;
    let (mut dice, mut made) = (Dice(7), 0);
    for _ in 0..60 {
        let size = dice.pick(&[1, 1, 2, 30]);
        let lines = (0..size)
            .map(|n| moved(made + n + 1, Purpose::Transfer, &cast.ani, &cast.budi, 1, at(i64::from(made + n + 1))));
        seal(database, lines.collect()).await;
        made += size;
    }
    for lines in [1, 5, 40, 10_000] {
        let (mut found, mut position) = (Vec::new(), 0);
        while let Some(stretch) = sealed(database, position, lines).await {
            assert!(stretch.end > position && stretch.lines.len() < lines as usize + 30);
            found.extend(stretch.lines.into_iter().map(|line| line.at));
            position = stretch.end;
        }
        found.sort_unstable();
        let expected: Vec<Timestamp> = (1..=made).map(|n| at(i64::from(n))).collect();
        assert_eq!((found, position), (expected, 60), "stretches of {lines}");
    }
}

pub async fn totals_of_a_day_add_up(database: &Database) {
    let cast = Cast::on(database).await;
    restart(database, DayOffset::WIB).await;
    let shop = Some(cast.shop.id);
    let first = [total("2026-01-01", shop, 2, 20), total("2026-01-02", shop, 1, 5), total("2026-01-01", None, 1, 1)];
    let second = [total("2026-01-01", shop, 3, 30), total("2025-12-31", shop, 1, 7)];
    commit!(database, |unit| unit.reports().add_days(&first));
    commit!(database, |unit| unit.reports().add_days(&second));
    commit!(database, |unit| unit.reports().add_days(&[]));
    let both = [total("2026-01-01", None, 1, 1), total("2026-01-01", shop, 5, 50)];
    assert_eq!(days(database, "2026-01-01", "2026-01-01").await, both);
    assert_eq!(days(database, "2025-12-31", "2026-01-02").await.len(), 4);
    assert_eq!(days(database, "2026-01-03", "2026-02-02").await, []);
    // More than fit into one statement.
    let many: Vec<DayTotal> =
        (0..700).map(|n| DayTotal { count: 2, ..total("2026-03-01", Some(AccountId(id(n + 10))), 1, 3) }).collect();
    commit!(database, |unit| unit.reports().add_days(&many));
    assert_eq!(days(database, "2026-03-01", "2026-03-01").await, many);
    restart(database, DayOffset::WIB).await;
    assert_eq!(days(database, "2025-01-01", "2026-12-31").await, []);
}

pub async fn whoever_counts_what_was_counted_is_told_so(database: &Database) {
    restart(database, DayOffset::WIB).await;
    let before = progress(database).await;
    let advance = async |from: Progress, to: u64| {
        let mut unit = begin(database).await;
        let moved = unit.reports().advance(from, to).await.expect("answers");
        unit.commit().await.expect("commits");
        moved
    };
    assert!(advance(before, 5).await);
    assert!(!advance(before, 7).await, "from where it is no more");
    let other_offset: DayOffset = "+08:00".parse().expect("an offset");
    assert!(!advance(Progress { position: 5, offset: Some(other_offset), ..before }, 7).await, "of other days");
    assert_eq!(progress(database).await.position, 5);
    assert!(advance(Progress { position: 5, ..before }, 7).await);
    // What is rolled back was not counted.
    let mut unit = begin(database).await;
    assert_eq!(unit.reports().advance(Progress { position: 7, ..before }, 9).await, Ok(true));
    drop(unit);
    assert_eq!(progress(database).await.position, 7);
}

pub async fn of_two_who_count_the_same_one_waits_and_is_late(database: &Database) {
    restart(database, DayOffset::WIB).await;
    let before = progress(database).await;
    let mut first = begin(database).await;
    assert_eq!(first.reports().advance(before, 3).await, Ok(true));
    let second = must_wait(database, move |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.reports().advance(before, 3).await
    });
    let second = second.await;
    first.reports().add_days(&[total("2026-01-01", None, 1, 1)]).await.expect("adds");
    first.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Ok(false));
}

pub async fn a_total_is_read_with_the_position_that_it_belongs_to(database: &Database) {
    let cast = Cast::on(database).await;
    seal(database, vec![moved(1, Purpose::Transfer, &cast.ani, &cast.budi, 1, at(1))]).await;
    let nothing = database.store.reports().days(day("2026-01-01"), day("2026-01-31")).await.expect("reads");
    assert_eq!((nothing.progress, nothing.days), (Progress { offset: None, position: 0, head: 1 }, vec![]));
    restart(database, DayOffset::WIB).await;
    let mut unit = begin(database).await;
    let before = unit.reports().lock().await.expect("locks");
    assert_eq!(before, Progress { offset: Some(DayOffset::WIB), position: 0, head: 1 });
    assert_eq!(unit.reports().advance(before, 1).await, Ok(true));
    unit.reports().add_days(&[total("2026-01-01", None, 1, 1)]).await.expect("adds");
    unit.commit().await.expect("commits");
    let read = database.store.reports().days(day("2026-01-01"), day("2026-01-31")).await.expect("reads");
    assert_eq!((read.progress.position, read.progress.head, read.days.len()), (1, 1, 1));
}

/// Against a sum that is made here, line by line.
pub async fn the_plain_count_of_the_journal_knows_days_at_any_offset(database: &Database) {
    let cast = Cast::on(database).await;
    let usd = SystemAccount::Merchant { slug: "kopi".to_owned() }.open(Currency::Usd, at(0));
    let dollars = Account { currency: Currency::Usd, floor: Floor::Unlimited, ..account(9) };
    open(database, &[&usd, &dollars]).await;
    let mut dice = Dice(11);
    let ways = [
        (Purpose::Topup, &cast.cash, &cast.ani),
        (Purpose::Payment, &cast.ani, &cast.shop),
        (Purpose::Transfer, &cast.ani, &cast.budi),
        (Purpose::Refund, &cast.shop, &cast.cash),
        (Purpose::Payment, &dollars, &usd),
    ];
    let mut lines = Vec::new();
    for n in 1..=300 {
        let (purpose, from, to) = dice.pick(&ways);
        // Half of them right at an edge of an hour, where days end.
        let hour = i64::try_from(dice.throw(24 * 10)).expect("small") * 3_600_000_000;
        let when = at(hour + dice.pick(&[-1, 0, 1, 1_234_567_890]));
        let mut line = moved(n, purpose, from, to, i64::from(n), when);
        line.amount = Money::new(i64::from(n), from.currency).expect("in range");
        lines.push(line);
    }
    lines.push(line(400, TransferKind::Hold, &cast.ani, &cast.shop, 1, at(1)));
    for chunk in lines.chunks(37) {
        seal(database, chunk.to_vec()).await;
    }
    for offset in ["+00:00", "+07:00", "-03:30", "+14:00"] {
        let offset: DayOffset = offset.parse().expect("an offset");
        let mut expected: BTreeMap<DayKey, (i64, i64)> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.kind.moves_money()) {
            let side = |account: AccountId| {
                [&cast.cash, &cast.shop, &usd].into_iter().any(|system| system.id == account).then_some(account)
            };
            let local = line.at.micros() + i64::from(offset.minutes()) * 60_000_000;
            let number = i32::try_from(local.div_euclid(86_400_000_000)).expect("a day");
            let (debit, credit) = (side(line.debit), side(line.credit));
            let (currency, purpose) = (line.amount.currency(), line.purpose);
            let key = DayKey { day: Day::from_number(number), currency, purpose, debit, credit };
            let sum = expected.entry(key).or_default();
            *sum = (sum.0 + 1, sum.1 + line.amount.amount());
        }
        let mut check = database.store.reports().check().await.expect("begins");
        let counted = check.journal(offset).await.expect("counts");
        let found: BTreeMap<DayKey, (i64, i64)> =
            counted.iter().map(|total| (total.key, (total.count, total.amount))).collect();
        assert_eq!((found, counted.len()), (expected.clone(), expected.len()), "{offset}");
    }
}

/// A transaction that ended without moving money.
fn ended(n: u32, wallet: &dermaga_ports::ledger::Wallet, status: TransactionStatus, when: Timestamp) -> Transaction {
    Transaction { status, updated_at: when, ..payment(n, wallet, i64::from(n)) }
}

fn ending(text: &str, status: TransactionStatus, count: i64, amount: i64) -> EndingTotal {
    let key = EndingKey { day: day(text), currency: Currency::Idr, kind: TransactionKind::Payment, status };
    EndingTotal { key, count, amount }
}

async fn endings(database: &Database) -> Vec<EndingTotal> {
    database.store.reports().endings(day("2025-01-01"), day("2026-12-31")).await.expect("reads")
}

pub async fn an_ending_is_counted_once(database: &Database) {
    let failed = ending("2026-01-01", TransactionStatus::Failed, 1, 10);
    for (n, new) in [(1, true), (1, false), (2, true)] {
        let done = commit!(database, |unit| unit.reports().add_ending(TransactionId(id(n)), &failed));
        assert_eq!(done, new, "{n}");
    }
    commit!(database, |unit| unit
        .reports()
        .add_ending(TransactionId(id(3)), &ending("2026-01-02", TransactionStatus::Cancelled, 1, 5)));
    let two = ending("2026-01-01", TransactionStatus::Failed, 2, 20);
    assert_eq!(endings(database).await, [two, ending("2026-01-02", TransactionStatus::Cancelled, 1, 5)]);
    let first = database.store.reports().endings(day("2026-01-01"), day("2026-01-01")).await;
    assert_eq!(first, Ok(vec![two]));
}

pub async fn a_restart_counts_what_has_ended_anew(database: &Database) {
    let (_, wallet) = add_customer(database, 1).await;
    let (failed, cancelled) = (TransactionStatus::Failed, TransactionStatus::Cancelled);
    // 17 and 24 hours after midnight.
    let (evening, midnight) = (at(17 * 3_600_000_000), at(24 * 3_600_000_000));
    let mut unit = begin(database).await;
    for transaction in [
        ended(11, &wallet, failed, at(0)),
        ended(12, &wallet, failed, evening),
        ended(13, &wallet, failed, midnight),
        ended(14, &wallet, cancelled, midnight),
        payment(15, &wallet, 1),
    ] {
        unit.transactions().add(&transaction).await.expect("adds");
    }
    unit.commit().await.expect("commits");
    // Something that never was.
    commit!(database, |unit| unit.reports().add_ending(TransactionId(id(99)), &ending("2026-01-09", failed, 1, 1)));
    let mut check = database.store.reports().check().await.expect("begins");
    assert_eq!(check.uncounted().await, Ok(4));
    assert_eq!(check.transactions(DayOffset::WIB).await, Ok(vec![]), "none of them was counted");
    drop(check);

    restart(database, DayOffset::WIB).await;
    let anew = [
        ending("2026-01-01", failed, 1, 11),
        ending("2026-01-02", cancelled, 1, 14),
        ending("2026-01-02", failed, 2, 25),
    ];
    assert_eq!(endings(database).await, anew);
    let known = commit!(database, |unit| unit.reports().add_ending(TransactionId(id(12)), &anew[0]));
    assert!(!known, "it was counted with the others");
    let mut check = database.store.reports().check().await.expect("begins");
    assert_eq!(check.uncounted().await, Ok(0));
    for counted in [check.endings().await, check.transactions(DayOffset::WIB).await] {
        let mut counted = counted.expect("reads");
        counted.sort_by_key(|total| (total.key.day, total.key.status.as_str()));
        assert_eq!(counted, anew);
    }
}

pub async fn a_check_is_of_one_moment(database: &Database) {
    let cast = Cast::on(database).await;
    restart(database, DayOffset::WIB).await;
    seal(database, vec![moved(1, Purpose::Transfer, &cast.ani, &cast.budi, 1, at(1))]).await;
    let mut check = database.store.reports().check().await.expect("begins");
    let before = check.progress().await.expect("reads");
    seal(database, vec![moved(2, Purpose::Transfer, &cast.ani, &cast.budi, 1, at(2))]).await;
    commit!(database, |unit| unit.reports().add_days(&[total("2026-01-01", None, 1, 1)]));
    assert_eq!(before.head, 1);
    assert_eq!(check.days().await, Ok(vec![]));
    assert_eq!(check.journal(DayOffset::WIB).await.expect("counts")[0].count, 1);
    assert_eq!(check.sealed_lines(0, 100).await.expect("reads").expect("a batch").end, 1);
    drop(check);
    let mut check = database.store.reports().check().await.expect("begins");
    assert_eq!(check.days().await.expect("reads").len(), 1);
    assert_eq!(check.journal(DayOffset::WIB).await.expect("counts")[0].count, 2);
}

pub async fn impossible_totals_are_refused_without_the_rules(database: &Database) {
    restart(database, DayOffset::WIB).await;
    for sql in [
        "UPDATE report_state SET position = -1",
        "UPDATE report_state SET utc_offset = 900",
        "UPDATE report_state SET utc_offset = NULL, position = 4",
        "INSERT INTO report_state (id, position) VALUES (2, 0)",
        "INSERT INTO report_endings (day, currency, kind, status, transactions, amount) \
            VALUES (1, 'IDR', 'payment', 'COMPLETED', 1, 1)",
        "INSERT INTO report_endings (day, currency, kind, status, transactions, amount) \
            VALUES (1, 'IDR', 'payment', 'FAILED', 0, 1)",
    ] {
        assert!(database.execute(sql).await.is_err(), "{sql}");
    }
    let nothing = DayTotal { count: 0, ..total("2026-01-01", None, 1, 1) };
    let mut unit = begin(database).await;
    assert!(matches!(unit.reports().add_days(&[nothing]).await, Err(StoreError::Corrupt(_))));
}
