//! Statements and balances of the past, found by walking back along an account's trail, against a plain list.

use std::time::{Duration, Instant};

use dermaga_ports::{
    ids::{AccountId, WalletId},
    ledger::{LedgerQueries, TransactionFilter, Transfer, WAYPOINT_EVERY},
    money::MAX_AMOUNT,
    paging::PageRequest,
    store::Store as _,
    time::Timestamp,
};
use dermaga_tests::databases::{Database, Engine, OPTIONS};

use crate::{
    clerk::{Clerk, funding, holding, reversing},
    fixtures::*,
};

/// What the account saw, oldest first.
struct Model {
    account: AccountId,
    lines: Vec<Transfer>,
}

impl Model {
    fn balance_at(&self, moment: Timestamp) -> i64 {
        let line = self.lines.iter().rfind(|line| line.at <= moment);
        line.map_or(0, |line| if line.debit == self.account { line.debit_balance } else { line.credit_balance })
    }

    /// One page and whether there is another.
    fn page(
        &self,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        request: PageRequest<Timestamp>,
    ) -> (&[Transfer], bool) {
        let is_before = |line: &Transfer| {
            from.is_some_and(|from| line.at < from) || request.after.is_some_and(|after| line.at <= after)
        };
        let first = self.lines.partition_point(is_before);
        let end = self.lines.partition_point(|line| to.is_none_or(|to| line.at < to)).max(first);
        let last = end.min(first + request.limit() as usize);
        (&self.lines[first..last], last < end)
    }

    async fn compare(
        &self,
        queries: &dyn LedgerQueries,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        request: PageRequest<Timestamp>,
    ) {
        let (lines, has_more) = self.page(from, to, request);
        let page = queries.entries(self.account, from, to, request).await.expect("reads");
        let found: Vec<_> = page.items.iter().map(|entry| &entry.transfer).collect();
        assert_eq!(found, lines.iter().collect::<Vec<_>>(), "from {from:?} to {to:?}, {request:?}");
        assert_eq!(page.next, has_more.then(|| lines[lines.len() - 1].at), "from {from:?} to {to:?}, {request:?}");
        for entry in page.items {
            let sign = if entry.transfer.debit == self.account { -1 } else { 1 };
            assert_eq!(entry.amount, sign * entry.transfer.amount.amount());
            assert_eq!(entry.balance, self.balance_at(entry.transfer.at));
        }
    }
}

/// An account with 300 lines that moved money, and others in between that did not: in batches of many sizes, some in
/// successive microseconds and some far apart, on both sides and with several others.
async fn three_hundred_lines(database: &Database) -> Model {
    let (main, cash, other) = (account(1), system_account(2), system_account(3));
    open(database, &[&main, &cash, &other]).await;
    let (clerk, mut dice) = (Clerk::of(database), Dice(0x9e37_79b9_7f4a_7c15));
    let mut lines = clerk.post(vec![funding(1_000, cash.id, main.id, 1_000_000)]).await;
    let (mut moment, mut n) = (0, 1_000);
    while lines.len() < 300 {
        moment += if dice.throw(2) == 0 { 0 } else { dice.throw(50) as i64 };
        clerk.wait_until(moment);
        let wanted = (1 + dice.throw(12)).min(300 - lines.len() as u64) as u32;
        let batch = (1..=wanted).map(|next| {
            let amount = 1 + dice.throw(500) as i64;
            match dice.throw(5) {
                0 | 1 => funding(n + next, main.id, cash.id, amount),
                2 => funding(n + next, other.id, main.id, amount),
                _ => funding(n + next, cash.id, main.id, amount),
            }
        });
        lines.extend(clerk.post(batch.collect()).await);
        n += wanted;
        if dice.throw(3) == 0 && lines.len() < 300 {
            lines.extend(clerk.post(vec![reversing(n + 1, n, Some(1))]).await);
            // Neither of these is on a statement of the account.
            clerk.post(vec![holding(n + 2, main.id, cash.id, 3, None), funding(n + 3, cash.id, other.id, 9)]).await;
            n += 3;
        }
    }
    Model { account: main.id, lines }
}

pub async fn a_long_account_reads_like_a_plain_list(database: &Database) {
    let model = three_hundred_lines(database).await;
    assert_eq!(model.lines.len(), 300);
    assert!(model.lines.is_sorted_by(|one, next| one.at < next.at));
    let queries = database.store.ledger();
    let waypoints = database.store.snapshot().await.expect("begins").waypoints(None, 100).await.expect("reads");
    let of_account = waypoints.iter().filter(|waypoint| waypoint.account == model.account);
    let expected = model.lines.iter().skip(63).step_by(WAYPOINT_EVERY as usize);
    assert!(of_account.map(|waypoint| waypoint.line).eq(expected.map(|line| line.id)), "every 64th line");

    let (first, last) = (model.lines[0].at.micros(), model.lines[299].at.micros());
    let mut dice = Dice(42);
    let moment = |dice: &mut Dice| {
        let span = (last - first + 40) as u64;
        Timestamp::from_micros(first - 20 + dice.throw(span) as i64)
    };
    for _ in 0..150 {
        let some = |dice: &mut Dice| (dice.throw(4) != 0).then(|| moment(dice));
        let (from, to, after) = (some(&mut dice), some(&mut dice), some(&mut dice));
        let limit = [1, 2, 10, 63, 64, 65, 100, 128, 199, 200][dice.throw(10) as usize];
        model.compare(queries, from, to, PageRequest::new(after, limit)).await;
        let when = moment(&mut dice);
        assert_eq!(queries.balance_at(model.account, when).await, Ok(model.balance_at(when)), "at {when}");
    }
}

pub async fn nothing_is_lost_at_the_edges_of_waypoints(database: &Database) {
    let model = three_hundred_lines(database).await;
    let queries = database.store.ledger();
    let places = [1_usize, 2, 62, 63, 64, 65, 66, 127, 128, 129, 191, 192, 193, 255, 256, 257, 299, 300];
    for place in places {
        let exact = model.lines[place - 1].at;
        for off in [-1, 0, 1] {
            let edge = Timestamp::from_micros(exact.micros() + off);
            assert_eq!(
                queries.balance_at(model.account, edge).await,
                Ok(model.balance_at(edge)),
                "line {place} {off:+}"
            );
            for limit in [1, 64, 200] {
                model.compare(queries, Some(edge), None, PageRequest::first(limit)).await;
                model.compare(queries, None, Some(edge), PageRequest::first(limit)).await;
                model.compare(queries, None, None, PageRequest::new(Some(edge), limit)).await;
            }
        }
        // From each of them to every other.
        for other in places {
            let to = model.lines[other - 1].at;
            model.compare(queries, Some(exact), Some(to), PageRequest::first(200)).await;
        }
    }
    for far in [i64::MIN, 0, MAX_AMOUNT, i64::MAX] {
        let far = Timestamp::from_micros(far);
        assert_eq!(queries.balance_at(model.account, far).await, Ok(model.balance_at(far)), "at {far}");
        model.compare(queries, Some(far), None, PageRequest::first(200)).await;
        model.compare(queries, None, Some(far), PageRequest::first(200)).await;
    }
}

pub async fn a_long_statement_pages_without_gaps(database: &Database) {
    let model = three_hundred_lines(database).await;
    for limit in [1, 63, 64, 65, 100] {
        let queries = database.store.ledger();
        let found = crate::all_pages!(limit, |request| queries.entries(model.account, None, None, request));
        assert!(found.iter().map(|entry| &entry.transfer).eq(&model.lines), "pages of {limit}");
    }
}

/// Lines that are there only to be in the way.
const FILLER: u32 = 20_000;

async fn fill_the_journal(database: &Database) {
    let columns = "id, kind, purpose, debit, credit, amount, at, debit_balance, credit_balance";
    let rows = match database.engine {
        Engine::Sqlite => format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {FILLER}) \
             SELECT randomblob(16), 1, 3, x'01', x'02', 1, n, 0, 0 FROM n"
        ),
        Engine::Postgres => format!(
            "SELECT gen_random_uuid(), 1, 3, gen_random_uuid(), gen_random_uuid(), 1, now(), 0, 0 \
             FROM generate_series(1, {FILLER})"
        ),
    };
    let filled = database.execute(&format!("INSERT INTO ledger_transfers ({columns}) {rows}")).await;
    assert_eq!(filled, Ok(u64::from(FILLER)));
}

/// What Postgres has read of the journal so far: scans of the whole table, and rows through an index.
pub async fn reads_of_the_journal(database: &Database) -> (u64, u64) {
    let counter = async |column: &str| {
        let sql = format!("SELECT CAST({column} AS text) FROM pg_stat_user_tables WHERE relname = 'ledger_transfers'");
        database.texts(&sql).await[0].parse::<u64>().expect("a number")
    };
    (counter("seq_scan").await, counter("idx_tup_fetch").await)
}

/// Lines of other accounts do not matter, however many there are: a walk is a few questions for a primary key.
pub async fn a_statement_does_not_read_the_whole_journal(database: &Database) {
    let model = three_hundred_lines(database).await;
    fill_the_journal(database).await;
    for is_analyzed in [false, true] {
        if is_analyzed {
            database.execute("ANALYZE").await.expect("analyzes");
        }
        // A host of its own, because Postgres adds up what a connection has read when it is closed.
        let host = database.second_store(OPTIONS).await;
        let before = if database.engine == Engine::Postgres { reads_of_the_journal(database).await } else { (0, 0) };
        let (mut fastest, mut most) = (Duration::MAX, 0);
        for line in model.lines.iter().step_by(15) {
            let begin = Instant::now();
            assert_eq!(host.ledger().balance_at(model.account, line.at).await, Ok(model.balance_at(line.at)));
            fastest = fastest.min(begin.elapsed());
            most += WAYPOINT_EVERY + 1;
        }
        model.compare(host.ledger(), Some(at(0)), None, PageRequest::first(1)).await;
        most += 3 * WAYPOINT_EVERY;
        // None of the lines is a transfer between wallets, so all of them are looked at, by two questions.
        let wallet = TransactionFilter { wallet: Some(WalletId(model.account.0)), ..TransactionFilter::default() };
        let listed = host.transactions().transactions(&wallet, PageRequest::first(1)).await.expect("reads");
        assert_eq!(listed.items, []);
        most += 300 + 2 * WAYPOINT_EVERY;
        host.close().await;
        match database.engine {
            Engine::Postgres => {
                let after = reads_of_the_journal(database).await;
                assert_eq!(after.0, before.0, "the journal is never scanned");
                assert!(after.1 > before.1 && after.1 - before.1 <= most, "{} rows were read", after.1 - before.1);
            }
            // SQLite keeps no count. The fastest of many is the one that nothing else disturbed: a walk takes less than
            // a millisecond, and with a scan at each of its steps it would take hundreds.
            Engine::Sqlite => assert!(fastest < Duration::from_millis(40), "the fastest walk took {fastest:?}"),
        }
    }
}
